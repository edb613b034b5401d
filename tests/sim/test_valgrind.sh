#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_valgrind.sh HLSIM ASIC PROGRAM: errors, leaks, and descriptors left open
set -u
command -v valgrind >/dev/null 2>&1 || { echo "no valgrind on this machine"; exit 77; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
# From 3.24 descriptors are errors: those of a child that its parent has, too, and what tests do with closed ones, which
# 3.24 cannot suppress.  Older ones count what is open at the end.
track=--track-fds=yes
[ "$(printf '%s\n' valgrind-3.24 "$(valgrind --version)" | sort -V | head -n 1)" != valgrind-3.24 ] || track=
TEST_VALGRIND=1 TEST_ASIC=$2 "$1" run --quiet --device "$2" -- valgrind --vgdb=no --fair-sched=try ${track:+"$track"} --leak-check=full \
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
