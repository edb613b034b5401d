#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_install.sh SOURCE BUILD
# A program built with pkg-config from an installed prefix, in C and in C++, against the shared and
# the static library; headers that stand alone; the project as a subproject of another.
set -u
. "$(dirname "$0")/own_usr_local.sh"
source=$1 build=$2 failed=0
[ "$(meson introspect "$build" --buildoptions |
    python3 -c 'import json, sys; print(*(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')" = \
    /usr/local ] || skip "this build is for another place than /usr/local"
own_usr_local "$@"
work=$OWN_USR_LOCAL/work
mkdir "$work"
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

# no path is set: a program has to find all of it where a plain installation leaves it
check "meson install" meson install -C "$build" --no-rebuild
[ $failed = 0 ] || exit 1
flags=$(pkg-config --cflags --libs hlthunk)
libdir=$(pkg-config --variable=libdir hlthunk)
# what programs load by another way than -l does not lie among what they link
for file in "$libdir/hlthunk/libhlsim.so" /usr/local/lib/habanalabs/libhl-thunk.so; do
    check "$file" test -f "$file"
    check "no ${file##*/} beside the libraries" test ! -e "$libdir/${file##*/}"
done

# shellcheck disable=SC2086
check "C with pkg-config" cc -Wall -Wextra -Werror "$source/examples/export.c" $flags -o "$work/c"
check "it runs" hlsim run --device gaudi2 -- "$work/c"
check "it runs on 6.1" hlsim run --device gaudi --kernel 6.1 -- "$work/c"
# shellcheck disable=SC2046
check "the static library" cc "$source/examples/export.c" $(pkg-config --cflags hlthunk) \
    "$libdir/libhlthunk.a" -pthread -o "$work/static"
check "it runs, too" hlsim run -- "$work/static"
printf '#include <hlthunk/hlthunk.h>\nint main() { return hlthunk_last_error()[0]; }\n' >"$work/x.cc"
if command -v c++ >/dev/null 2>&1; then
    for std in 11 17 20; do
        # shellcheck disable=SC2086
        check "C++$std" c++ -std=c++$std -Wall -Wextra -Werror "$work/x.cc" $flags -o "$work/cc"
    done
fi
for header in $(cd /usr/local/include && find . -name '*.h'); do
    echo "#include <${header#./}>" >"$work/h.c"
    # shellcheck disable=SC2046
    check "<${header#./}> alone" cc -Wall -Wextra -Werror -fsyntax-only \
        $(pkg-config --cflags hlthunk) "$work/h.c"
done

# shellcheck disable=SC2086
check "two processes" cc -Wall -Wextra -Werror "$source/examples/share.c" $flags -o "$work/share"
check "they share" hlsim run --device gaudi2 -- \
    sh -c "'$work/share' export '$work/s' & '$work/share' import '$work/s'; wait"
grep -q '4 MiB from offset 12 MiB of a buffer on 0000:10:00.0, "activations"' "$log" ||
    { echo "FAIL it said: $(cat "$log")"; failed=1; }
# the companion that looks at the machine, shared and static, with a text of its own
cat >"$work/diag.c" <<'TEXT'
#include <stdio.h>
#include <string.h>
#include <hlthunk-diag/diag.h>
#include <hlthunk/hlthunk.h>

static int count(const struct hlthunk_check *check, void *user)
{
    *(unsigned *)user += !strcmp(check->id, "device");
    return 0;
}

int main(void)
{
    struct hlthunk_preflight_options o = { .struct_size = sizeof(o), .importer = "nonsense" };
    unsigned devices = 0;

    if (hlthunk_preflight_run(&o, count, NULL, NULL) == 0 ||
        !strstr(hlthunk_diag_last_error(), "nonsense") ||
        hlthunk_preflight_run(NULL, count, &devices, NULL))
        return 1;
    printf("%u devices\n", devices);
    return 0;
}
TEXT
# shellcheck disable=SC2046
check "diag with pkg-config" cc -Wall -Wextra -Werror "$work/diag.c" \
    $(pkg-config --cflags --libs hlthunk-diag) -o "$work/diag"
check "it finds the device" hlsim run -- "$work/diag"
grep -q '^1 devices' "$log" || { echo "FAIL it said: $(cat "$log")"; failed=1; }
# shellcheck disable=SC2046
check "the static companion" cc "$work/diag.c" $(pkg-config --cflags hlthunk-diag) \
    "$libdir/libhlthunk-diag.a" "$libdir/libhlthunk.a" -pthread -o "$work/diag-static"
check "it finds it, too" hlsim run -- "$work/diag-static"
grep -q '^1 devices' "$log" || { echo "FAIL it said: $(cat "$log")"; failed=1; }

# the companion for RDMA, where it is built
if pkg-config --exists hlthunk-verbs; then
    # shellcheck disable=SC2046
    check "RDMA with pkg-config" cc -Wall -Wextra -Werror "$source/examples/register.c" \
        $(pkg-config --cflags --libs hlthunk-verbs) $(pkg-config --libs libibverbs) -o "$work/register"
    check "it runs beside no card" hlsim run -- "$work/register"
    grep -q 'RDMA cards' "$log" || { echo "FAIL it said: $(cat "$log")"; failed=1; }
    # libhlthunk itself needs nothing of it
    if readelf -d "$libdir/libhlthunk.so" | grep NEEDED | grep -q ibverbs; then
        echo "FAIL libhlthunk needs libibverbs"
        failed=1
    fi
fi

# in the build folder, as "meson devenv" has it
cat >"$work/devenv.sh" <<'TEXT'
set -eux
case $(pkg-config --libs hlthunk) in */usr/local*) exit 1 ;; esac
cc -Wall -Wextra -Werror "$1/examples/export.c" $(pkg-config --cflags --libs hlthunk) -o "$2/devenv"
hlsim run -- "$2/devenv"
cc -Wall -Wextra -Werror "$2/classic.c" $(pkg-config --cflags --libs hlthunk) -o "$2/classic"
TEXT
printf '#include <hlthunk.h>\nint main(void) { return hlthunk_close(-1) == 0; }\n' >"$work/classic.c"
check "not installed, in meson devenv" meson devenv -C "$build" sh "$work/devenv.sh" "$source" "$work"

mkdir -p "$work/other/subprojects"
ln -s "$source" "$work/other/subprojects/hlthunk"
cp "$source/examples/export.c" "$work/other/"
cat >"$work/other/meson.build" <<'TEXT'
project('other', 'c')
executable('other', 'export.c',
  dependencies: dependency('hlthunk', fallback: ['hlthunk', 'hlthunk_dep']))
TEXT
check "as a subproject" sh -c "meson setup '$work/ob' '$work/other' --wrap-mode=forcefallback && ninja -C '$work/ob'"
check "that runs" hlsim run -- "$work/ob/other"
# nothing but the libraries, whatever this machine has for the rest
programs=$(find "$work/ob/subprojects" -type f -perm -100 ! -name '*.so*' ! -path '*/meson-private/*')
[ -z "$programs" ] || { echo "FAIL a subproject builds: $programs"; failed=1; }

# the same by its name alone, with a wrap that says who has it
sed "s/, fallback: .*/))/" "$work/other/meson.build" >"$work/meson.build" && mv "$work/meson.build" "$work/other/"
printf '[wrap-file]\ndirectory = hlthunk\n\n[provide]\n%s\n' \
    "$(grep '^dependency_names' "$source/packaging/hlthunk.wrap")" >"$work/other/subprojects/hlthunk.wrap"
check "with a wrap" sh -c "meson setup '$work/wb' '$work/other' --wrap-mode=forcefallback && ninja -C '$work/wb'"
check "without one, installed" sh -c "meson setup '$work/nb' '$work/other' --wrap-mode=nofallback && ninja -C '$work/nb'"
check "that runs, too" hlsim run -- "$work/nb/other"
check "linked statically" sh -c \
    "meson setup '$work/sb' '$work/other' --wrap-mode=nofallback -Dprefer_static=true && ninja -C '$work/sb'"
check "which needs no library" sh -c "! readelf -d '$work/sb/other' | grep hlthunk"
check "and runs" hlsim run -- "$work/sb/other"

# CMake's way
if command -v cmake >/dev/null 2>&1; then
    mkdir "$work/cmake"
    cp "$source/examples/export.c" "$work/cmake/"
    cat >"$work/cmake/CMakeLists.txt" <<'TEXT'
cmake_minimum_required(VERSION 3.18)
project(other C)
find_package(hlthunk VERSION REQUIRED)
add_executable(other export.c)
target_link_libraries(other PRIVATE hlthunk::hlthunk)
TEXT
    version=$(pkg-config --modversion hlthunk | cut -d. -f1,2)
    sed -i "s/hlthunk VERSION/hlthunk $version/" "$work/cmake/CMakeLists.txt"
    check "CMake" sh -c "cmake -G Ninja -S '$work/cmake' -B '$work/cb' && cmake --build '$work/cb'"
    check "whose program runs" hlsim run -- "$work/cb/other"
    sed -i "s/hlthunk $version/hlthunk 99/" "$work/cmake/CMakeLists.txt"
    check "CMake refuses a later version" sh -c "! cmake -G Ninja -S '$work/cmake' -B '$work/cc'"
    # staged or moved: nothing is where it was meant to be
    sed -i "s/hlthunk 99/hlthunk $version/" "$work/cmake/CMakeLists.txt"
    mkdir "$work/moved"
    mv "${libdir:?}" "$work/moved/lib"
    mv /usr/local/include "$work/moved/include"
    check "CMake, moved" sh -c "cmake -G Ninja -S '$work/cmake' -B '$work/cd' \
        -Dhlthunk_DIR='$work/moved/lib/cmake/hlthunk' && cmake --build '$work/cd'"
else
    echo "note: no cmake here, the package for it is not tried"
fi
exit $failed
