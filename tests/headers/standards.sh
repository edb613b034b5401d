#!/bin/sh
# SPDX-License-Identifier: MIT
# The public headers in each standard of C from C11 and of C++ from C++11 that the compilers
# here know, with pedantic warnings as errors.  standards.sh ROOT BUILD
set -u
root=$1 build=$2 failed=0 tried=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/hlthunk-standards-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
echo 'int main(void) { return 0; }' >"$tmp/empty.c"
cp "$tmp/empty.c" "$tmp/empty.cc"

# standards COMPILER SUFFIX STANDARD…
standards() {
    compiler=$1 suffix=$2
    shift 2
    command -v "$compiler" >/dev/null 2>&1 || return
    for std in "$@"; do
        "$compiler" -std="$std" -fsyntax-only "$tmp/empty.$suffix" 2>/dev/null || continue
        tried=$((tried + 1))
        for list in "$tmp"/*.h.list; do
            cp "$list" "$tmp/one.$suffix"
            "$compiler" -std="$std" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$root/include" \
                -I"$build/include" -I"$root/include/habanalabs" "$tmp/one.$suffix" >"$tmp/log" 2>&1 && continue
            echo "FAIL $compiler -std=$std: $(basename "$list")"
            head -5 "$tmp/log"
            failed=1
        done
    done
}

# All of ours, all of the original's, and both in either order.
cd "$root/include" || exit 1
for header in hlthunk/*.h hlthunk-diag/*.h; do
    [ -f "$header" ] || continue
    case $header in
    hlthunk/verbs.h) [ -f /usr/include/infiniband/verbs.h ] || continue ;;
    esac
    echo "#include <$header>" >>"$tmp/ours.h.list"
done
for header in habanalabs/*.h; do
    echo "#include <$header>" >>"$tmp/original.h.list"
done
cat "$tmp/original.h.list" "$tmp/ours.h.list" >"$tmp/both.h.list"
cat "$tmp/ours.h.list" "$tmp/original.h.list" >"$tmp/reverse.h.list"

for compiler in gcc clang; do
    standards $compiler c c11 c17 c2x c23 gnu11
done
for compiler in g++ clang++; do
    standards $compiler cc c++11 c++14 c++17 c++20 c++23
done
[ $tried != 0 ] || { echo "no compiler"; exit 1; }
echo "$tried standards"
exit $failed
