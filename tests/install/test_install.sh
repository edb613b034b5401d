#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_install.sh SOURCE BUILD HLSIM
# A program built with pkg-config from an installed prefix, in C and in C++, against the shared and
# the static library; headers that stand alone; the project as a subproject of another.
set -u
source=$1 build=$2 hlsim=$3 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

check() {
    what=$1
    shift
    if "$@" >"$log" 2>&1; then
        echo "ok   $what"
    else
        echo "FAIL $what"
        tail -n 30 "$log"
        failed=1
    fi
}

check "meson install" meson install -C "$build" --no-rebuild --destdir "$work/root"
pc=$(find "$work/root" -name hlthunk.pc)
[ -n "$pc" ] || exit 1
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$work/root"
libdir=$work/root$(pkg-config --variable=libdir hlthunk | sed "s|^$work/root||")
flags=$(pkg-config --cflags --libs hlthunk)

# shellcheck disable=SC2086
check "C with pkg-config" cc -Wall -Wextra -Werror "$source/examples/export.c" $flags -o "$work/c"
check "it runs" env LD_LIBRARY_PATH="$libdir" "$hlsim" run --device gaudi2 -- "$work/c"
check "it runs on 6.1" env LD_LIBRARY_PATH="$libdir" "$hlsim" run --device gaudi --kernel 6.1 -- "$work/c"
# shellcheck disable=SC2046
check "the static library" cc "$source/examples/export.c" $(pkg-config --cflags hlthunk) \
    "$libdir/libhlthunk.a" -pthread -o "$work/static"
check "it runs, too" "$hlsim" run -- "$work/static"
printf '#include <hlthunk/hlthunk.h>\nint main() { return hlthunk_last_error()[0]; }\n' >"$work/x.cc"
if command -v c++ >/dev/null 2>&1; then
    for std in 11 17 20; do
        # shellcheck disable=SC2086
        check "C++$std" c++ -std=c++$std -Wall -Wextra -Werror "$work/x.cc" $flags -o "$work/cc"
    done
fi
for header in "$work"/root/*/*/include/hlthunk/*.h "$work"/root/*/include/hlthunk/*.h; do
    [ -f "$header" ] || continue
    echo "#include <hlthunk/${header##*/}>" >"$work/h.c"
    # shellcheck disable=SC2046
    check "<hlthunk/${header##*/}> alone" cc -Wall -Wextra -Werror -fsyntax-only \
        $(pkg-config --cflags hlthunk) "$work/h.c"
done

# shellcheck disable=SC2086
check "two processes" cc -Wall -Wextra -Werror "$source/examples/share.c" $flags -o "$work/share"
check "they share" env LD_LIBRARY_PATH="$libdir" "$hlsim" run --device gaudi2 -- \
    sh -c "'$work/share' export '$work/s' & '$work/share' import '$work/s'; wait"
grep -q '4 MiB from offset 12 MiB of a buffer on 0000:10:00.0, "activations"' "$log" ||
    { echo "FAIL it said: $(cat "$log")"; failed=1; }
# the companion, where it is built
if pkg-config --exists hlthunk-verbs; then
    # shellcheck disable=SC2046
    check "RDMA with pkg-config" cc -Wall -Wextra -Werror "$source/examples/register.c" \
        $(pkg-config --cflags --libs hlthunk-verbs) $(env -u PKG_CONFIG_SYSROOT_DIR pkg-config --libs libibverbs) \
        -Wl,-rpath-link,"$libdir" -o "$work/register"
    check "it runs beside no card" env LD_LIBRARY_PATH="$libdir" "$hlsim" run -- "$work/register"
    grep -q 'RDMA cards' "$log" || { echo "FAIL it said: $(cat "$log")"; failed=1; }
    # libhlthunk itself needs nothing of it
    if readelf -d "$libdir/libhlthunk.so" | grep NEEDED | grep -q ibverbs; then
        echo "FAIL libhlthunk needs libibverbs"
        failed=1
    fi
fi

# in the build folder, as "meson devenv" has it
flags=$(env -u PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH="$build/meson-uninstalled" \
    pkg-config --cflags --libs hlthunk)
# shellcheck disable=SC2086
check "C with pkg-config, not installed" cc -Wall -Wextra -Werror "$source/examples/export.c" $flags \
    -o "$work/devenv"
check "it runs from there" env LD_LIBRARY_PATH="$build/lib" "$hlsim" run -- "$work/devenv"
printf '#include <hlthunk.h>\nint main(void) { return hlthunk_close(-1) == 0; }\n' >"$work/classic.c"
# shellcheck disable=SC2086
check "classic, not installed" cc -Wall -Wextra -Werror "$work/classic.c" $flags -o "$work/classic"

mkdir -p "$work/other/subprojects"
ln -s "$source" "$work/other/subprojects/hlthunk"
cp "$source/examples/export.c" "$work/other/"
cat >"$work/other/meson.build" <<'TEXT'
project('other', 'c')
executable('other', 'export.c',
  dependencies: dependency('hlthunk', fallback: ['hlthunk', 'hlthunk_dep'],
    default_options: ['tests=disabled', 'tools=disabled', 'sim=disabled', 'rig=disabled',
                      'docs=disabled', 'verbs=disabled']))
TEXT
unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
check "as a subproject" sh -c "meson setup '$work/ob' '$work/other' --wrap-mode=forcefallback && ninja -C '$work/ob'"
check "that runs" "$hlsim" run -- "$work/ob/other"
exit $failed
