#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_valgrind.sh HLSIM ASIC PROGRAM: errors, leaks, and descriptors left open
set -u
command -v valgrind >/dev/null 2>&1 || { echo "no valgrind on this machine"; exit 77; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
TEST_VALGRIND=1 TEST_ASIC=$2 "$1" run --quiet --device "$2" -- valgrind --vgdb=no --fair-sched=try --track-fds=yes --leak-check=full \
    --errors-for-leak-kinds=definite --error-exitcode=9 "$3" >"$out" 2>&1
rc=$?
# what is open at the end must have been open at the start; of children their exit codes tell
left=$(grep "^$(sed -n 's/^\(==[0-9]*==\) Memcheck.*/\1/p' "$out" | head -n 1)" "$out" |
       awk '/Open (file descriptor|AF_UNIX socket)/ { what = $0; next }
            what != "" { if (!/inherited from parent/) print what; what = "" }')
if [ $rc != 0 ] || [ -n "$left" ]; then
    cat "$out"
    echo "exit $rc, left open: ${left:-nothing}"
    exit 1
fi
grep -E "PASSED" "$out"
