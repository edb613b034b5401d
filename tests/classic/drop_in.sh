#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs into an empty folder and does what other people do with it: a program built with nothing
# but the two folders, in C and C++11, run on each simulated device of each kernel; headers in any
# order, with the system's own; and a new program with what pkg-config says.
# drop_in.sh MESON BUILD-DIR HLSIM SOURCE
set -e
meson=$1 build=$2 hlsim=$3 source=$4
here=$(dirname "$source")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/hlthunk-drop-in-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

DESTDIR=$tmp $meson install -C "$build" --no-rebuild --quiet >/dev/null
inc=$(dirname "$(find "$tmp" -path '*/include/habanalabs/hlthunk.h' -not -path '*/habanalabs/habanalabs/*')")
lib=$(dirname "$(find "$tmp" -path '*/lib/habanalabs/libhl-thunk.so')")
[ -n "$inc" ] && [ -n "$lib" ]

# every function of the interface is in it
for f in $(cat "$here/../abi/classic-symbols.txt"); do
    grep -q "$f(" "$source" || { echo "$source does not call $f"; exit 1; }
done

languages="c c++"
command -v c++ >/dev/null || { languages=c; echo "no C++ compiler here"; }
# compile LANGUAGE ARGUMENT…
compile() {
    language=$1
    shift
    case $language in
    c) cc -std=c99 "$@" ;;
    c++) c++ -std=c++11 "$@" ;;
    esac
}

strict="-Wall -Wextra -pedantic -Werror"
for language in $languages; do
    compile $language -D_DEFAULT_SOURCE $strict -x $language "$source" -x none -I "$inc" -L "$lib" \
        -lhl-thunk -o "$tmp/$language"
done

# headers: every pair of names in either order, and the system's kernel header before and after
names="hlthunk.h habanalabs/hlthunk.h misc/habanalabs.h drm/habanalabs_accel.h"
[ -f /usr/include/misc/habanalabs.h ] && names="$names /usr/include/misc/habanalabs.h"
n=0
for a in $names; do
    for b in $names; do
        for c in hlthunk.h drm/habanalabs_accel.h; do
            for x in $a $b $c hlthunk.h; do
                case $x in
                /*) echo "#include \"$x\"" ;;
                *) echo "#include <$x>" ;;
                esac
            done > "$tmp/order.c"
            cat "$here/header_use.inc" >> "$tmp/order.c"
            for language in $languages; do
                compile $language -Wall -Wextra -Werror -x $language -I "$inc" -c "$tmp/order.c" \
                    -o "$tmp/order.o"
                n=$((n + 1))
            done
        done
    done
done
echo "$n orders of headers"

# each header of the objects alone, strictly
for h in "$(dirname "$inc")"/hlthunk/*.h; do
    printf '#include <hlthunk/%s>\nextern int unused;\n' "$(basename "$h")" > "$tmp/alone.c"
    for language in $languages; do
        compile $language $strict -I "$(dirname "$inc")" -fsyntax-only -x $language "$tmp/alone.c"
    done
done

failed=0
# a new program, with what pkg-config says
if command -v pkg-config >/dev/null; then
    pc=$(dirname "$(find "$tmp" -name hlthunk.pc)")
    flags=$(PKG_CONFIG_PATH=$pc PKG_CONFIG_SYSROOT_DIR=$tmp pkg-config --cflags --libs hlthunk)
    so=$(dirname "$(find "$tmp" -name 'libhlthunk.so.?')")
    for language in $languages; do
        cc -x $language $strict "$here/both_interfaces.c" -x none $flags -o "$tmp/both"
        LD_LIBRARY_PATH=$so "$hlsim" run --quiet -- "$tmp/both" ||
            { echo "failed: both interfaces, $language"; failed=1; }
    done
fi

for kernel in 6.1 6.6 6.12 vendor; do
    for asic in goya gaudi gaudi2; do
        for program in $languages; do
            TEST_ASIC=$asic TEST_KERNEL=$kernel LD_LIBRARY_PATH=$lib \
                "$hlsim" run --quiet --device $asic --kernel $kernel -- "$tmp/$program" ||
                { echo "failed: $program on $asic, $kernel"; failed=1; }
        done
    done
done
# a program that cannot ask for the sentence of a failure: one line for each, when it is wanted
TEST_ASIC=gaudi2 TEST_KERNEL=6.12 LD_LIBRARY_PATH=$lib HLTHUNK_LOG=error \
    "$hlsim" run --quiet --device gaudi2 -- "$tmp/c" 2>"$tmp/log" || failed=1
grep -q '^hlthunk: error: .*query' "$tmp/log" ||
    { echo "failed: HLTHUNK_LOG shows no sentence"; failed=1; }

[ $failed = 0 ] && [ "$languages" = c ] && { echo "no C++ compiler: C alone was tested"; exit 77; }
exit $failed
