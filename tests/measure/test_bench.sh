#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_bench.sh RUN: arguments that are wrong are told before minutes of measuring
set -u
failed=0
# refused PATTERN ARGUMENT…
refused() {
    pattern=$1
    shift
    said=$(timeout 20 "$run" "$@" 2>&1)
    rc=$?
    case $rc:$said in
    124:* | 0:*) said="exit code $rc" ;;
    *:*"$pattern"*) return ;;
    esac
    echo "FAIL bench $*: $said" | tail -n 5
    failed=1
}
run=$1
refused 'usage: ./dev bench' --json
refused 'usage: ./dev bench' --json a b
refused 'usage: ./dev bench' --nonsense
refused 'bench: /nonexistent/folder/file: No such file or directory' --json /nonexistent/folder/file
exit $failed
