#!/bin/sh
# SPDX-License-Identifier: MIT
# killed.sh RIG-RUN: whatever is killed, the rig's command ends, says why, and leaves nothing.
set -u
run=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export TMPDIR="$folder"     # what the rig leaves is here
failed=0

# left: processes and files of this test's machines
left() {
    sleep 2
    for pid in $(grep -alsE "$folder/hlthunk-rig" /proc/[0-9]*/cmdline | sed 's,/proc/\([0-9]*\)/.*,\1,'); do
        case $({ tr '\0' ' ' < "/proc/$pid/cmdline"; } 2> /dev/null) in
        *rig-emu* | *qemu-system* | *hlthunk-rig-*) echo "process $pid is left"; failed=1 ;;
        esac
    done
    for file in "$folder"/hlthunk-rig-*; do
        [ ! -e "$file" ] || { echo "$file is left"; failed=1; }
    done
}

# start: a machine whose program never ends, until its driver is up
start() {
    "$run" --kernel 6.12 --asic gaudi --logs "$folder/logs" --timeout 200 -- /bin/sleep 1000 \
        > "$folder/out" 2>&1 &
    rig=$!
    i=0
    until grep -q 'Heartbeat\|CPUCP packet 18' "$folder"/logs/*.device.log 2> /dev/null; do
        kill -0 $rig 2> /dev/null || break
        i=$((i + 1))
        [ $i -lt 1500 ] || break
        sleep 0.1
    done
    emu=$(grep -alsE 'rig-emu' /proc/[0-9]*/cmdline | sed 's,/proc/\([0-9]*\)/.*,\1,' |
        while read -r pid; do
            grep -qa "$folder/hlthunk-rig" "/proc/$pid/cmdline" 2> /dev/null && echo "$pid"
        done | head -n 1)
}

expect() {
    if [ "$2" != "$3" ]; then
        echo "$1: $2 and not $3"
        tail -n 5 "$folder/out"
        failed=1
    fi
}

start
kill -9 "$emu"
wait $rig
rc=$?
[ $rc != 77 ] || { cat "$folder/out"; exit 77; }
expect "the emulator killed" $rc 70
expect "its end is reported" "$(grep -c 'emulated device' "$folder/out")" 2
left
rm -rf "$folder/logs"

start
kill -TERM $rig
wait $rig
expect "terminated" $? 143
left
rm -rf "$folder/logs"

start
kill -9 $rig
wait $rig 2> /dev/null
expect "killed" $? 137
left
exit $failed
