#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_supervisor_killed.sh HLSIM PROGRAM [ROUNDS]: the simulation is killed wherever it is:
# its program ends with errors, and nothing of it is left
set -u
hlsim=$1 program=$2 rounds=${3:-${TEST_ROUNDS:-15}}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
mkdir "$folder/tmp"
mkfifo "$folder/output"
export TMPDIR="$folder/tmp" TEST_ASIC=gaudi2 TEST_KERNEL=6.12
failed=0 round=0

# gone: nothing is left of it; the guard has as long as a busy machine takes
gone() {
    tries=0
    while [ -n "$(ls "$TMPDIR")" ]; do
        tries=$((tries + 1))
        [ $tries -lt 3000 ] || return 1
        sleep 0.01
    done
}

while [ $round -lt "$rounds" ] && [ $failed = 0 ]; do
    round=$((round + 1))
    # who still has the other end of this when it is at its end: no process of the simulation
    timeout 120 cat "$folder/output" >"$folder/said" &
    reader=$!
    exec 3>"$folder/output" # until it is killed, which may be before it has any output
    "$hlsim" run --device gaudi2 -- "$program" 100000 >&3 2>&1 3>&- &
    simulation=$!
    # from before its first file to the midst of its work, as the rounds go
    sleep "0.$(printf %03d $((round * 37 % 200)))"
    kill -9 $simulation
    wait $simulation 2>/dev/null
    exec 3>&-
    wait $reader || { echo "round $round: a process is left"; failed=1; }
    gone || { echo "round $round: left: $(ls -R "$TMPDIR")"; failed=1; }
done
[ $failed = 0 ] || cat "$folder/said"
echo "killed $round times"
exit $failed
