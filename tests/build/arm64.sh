#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: arm64.sh
# The tree as it is now, cross-built for arm64 in a clean folder of Debian 12 without a warning, and the
# programs of the fast suite under qemu-user, with pages of 4 and of 64 KiB.  Debian 12, because newer
# versions of the emulator take no other page size.  See packaging/folders.sh for what it needs.
set -eu
cd "$(dirname "$0")/../.."
# shellcheck source=packaging/folders.sh
. packaging/folders.sh
folder bookworm arm64 \
    gcc,gcc-aarch64-linux-gnu,libc6-dev,libc6-dev:arm64,libcjson-dev:arm64,libcmocka-dev:arm64,libibverbs-dev:arm64,meson,ninja-build,pkgconf,python3,qemu-user \
    amd64,arm64
root=$work/bookworm-arm64
tarball "$work/tree.tar"
tar -xf "$work/tree.tar" -C "$root/root"
cat >"$root/root/cross" <<'TEXT'
[binaries]
c = 'aarch64-linux-gnu-gcc'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64']

[properties]
pkg_config_libdir = '/usr/lib/aarch64-linux-gnu/pkgconfig'

[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
TEXT
# The tests that are programs of the tree: scripts run what they build without the emulator, and the fuzzers'
# arenas have pages of 4 KiB.
cat >"$root/root/programs.py" <<'TEXT'
import json, sys
for test in json.load(sys.stdin):
    program = test["cmd"][0]
    if any(s.endswith("fast") for s in test["suite"]) and program.startswith("/root/") \
            and not program.endswith((".sh", ".py")) and "/tests/fuzz/" not in program:
        print(test["name"], *test["cmd"], sep="\t")
TEXT
# shellcheck disable=SC2016
within "$root" sh -euc '
    cd "/root/hlthunk-$1"
    meson setup build --cross-file /root/cross --werror -Ddocs=disabled >log 2>&1 || { cat log; exit 1; }
    ninja -C build -k 0 >log 2>&1 || { grep -E -A6 "FAILED|error:" log; exit 1; }
    meson introspect build --tests | python3 /root/programs.py >programs
    failed=0
    for page in 4096 65536; do
        passed=0 skipped=0
        while IFS="	" read -r name command; do
            rc=0
            # shellcheck disable=SC2086
            (cd build && IFS="	" && exec timeout 600 qemu-aarch64 -p $page $command) >log 2>&1 </dev/null || rc=$?
            case $rc in
            0) passed=$((passed + 1)) ;;
            77) skipped=$((skipped + 1)) ;;
            *) failed=$((failed + 1)); echo "failed with pages of $page bytes: $name"; tail -n 20 log ;;
            esac
        done <programs
        echo "pages of $page bytes: $passed passed, $skipped skipped"
    done
    [ $failed = 0 ] && [ $passed -gt 30 ]' within "$version"
