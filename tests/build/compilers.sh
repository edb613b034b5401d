#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: compilers.sh [gcc|clang]...
# The tree as it is now, with Debian testing's compilers (both by default) in a clean folder:
# everything builds without a warning, and the fast suite runs.  See packaging/folders.sh for what it needs.
set -eu
cd "$(dirname "$0")/../.."
. packaging/folders.sh
[ $# != 0 ] || set -- gcc clang
folder testing compilers ca-certificates,clang,g++,gcc,git,libc6-dev,libcjson-dev,libcmocka-dev,libibverbs-dev,mandoc,meson,ninja-build,pciutils,pkgconf,python3,xz-utils
root=$work/testing-compilers
tarball "$work/tree.tar"
tar -xf "$work/tree.tar" -C "$root/root"
for compiler; do
    # shellcheck disable=SC2016
    within "$root" sh -euc '
        cd "/root/hlthunk-$1"
        $2 --version | head -n 1
        CC=$2 CXX=$3 meson setup "build-$2" --werror >log 2>&1 || { cat log; exit 1; }
        ninja -C "build-$2" -k 0 >log 2>&1 || { grep -E -A6 "FAILED|error:" log; exit 1; }
        meson test -C "build-$2" --no-rebuild --print-errorlogs --timeout-multiplier 10 --suite fast >log || { cat log; exit 1; }
        cat log
        count() { sed -n "s/^$1: *\([0-9]*\).*/\1/p" log; }
        echo "$2: $(count Ok) passed, $(count Skipped) skipped"' \
        within "$version" "$compiler" "$([ "$compiler" = gcc ] && echo g++ || echo clang++)"
done
