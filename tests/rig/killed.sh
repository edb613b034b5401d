#!/bin/sh
# SPDX-License-Identifier: MIT
# killed.sh RIG-RUN [ROUNDS]: whatever is killed, the rig's command ends, says why, and leaves nothing.
# With ROUNDS so many machines instead, each killed at another moment of its life.
set -u
run=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
export TMPDIR="$folder"     # what the rig leaves is here
failed=0

# of_it: processes of this test's machines
of_it() {
    for pid in $(grep -alsE "$folder/hlthunk-rig" /proc/[0-9]*/cmdline | sed 's,/proc/\([0-9]*\)/.*,\1,'); do
        case $({ tr '\0' ' ' < "/proc/$pid/cmdline"; } 2> /dev/null) in
        *rig-emu* | *qemu-system* | *hlthunk-rig-*) echo "process $pid" ;;
        esac
    done
    for file in "$folder"/hlthunk-rig-*; do
        [ ! -e "$file" ] || echo "$file"
    done
}

# left: nothing, once they had the time that a busy machine needs
left() {
    i=0
    while [ -n "$(of_it)" ] && [ $i -lt 300 ]; do
        i=$((i + 1))
        sleep 0.1
    done
    [ -z "$(of_it)" ] || { echo "left: $(of_it)"; failed=1; }
}

begin() {
    "$run" --kernel 6.12 --asic gaudi --logs "$folder/logs" --timeout 200 -- /bin/sleep 1000 \
        > "$folder/out" 2>&1 &
    rig=$!
}

# start: a machine whose program never ends, until its driver is up
start() {
    begin
    i=0
    until grep -q 'Heartbeat\|CPUCP packet 18' "$folder"/logs/*.device.log 2> /dev/null; do
        kill -0 $rig 2> /dev/null || break
        i=$((i + 1))
        [ $i -lt 1500 ] || break
        sleep 0.1
    done
    emu=$(emulator)
}

# emulator: its process, if it has started
emulator() {
    grep -alsE 'rig-emu' /proc/[0-9]*/cmdline | sed 's,/proc/\([0-9]*\)/.*,\1,' |
        while read -r pid; do
            grep -qa "$folder/hlthunk-rig" "/proc/$pid/cmdline" 2> /dev/null && echo "$pid"
        done | head -n 1
}

expect() {
    if [ "$2" != "$3" ]; then
        echo "$1: $2 and not $3"
        tail -n 5 "$folder/out"
        failed=1
    fi
}

if [ $# = 2 ]; then
    round=0
    while [ $round -lt "$2" ] && [ $failed = 0 ]; do
        begin
        sleep "$(awk -v seed="$$$round" 'BEGIN { srand(seed); print 12 * rand() }')"
        victim=$(emulator)
        case $((round % 4)) in
        0) kill -9 $rig ;;
        1) kill -9 "${victim:-$rig}" ;;
        2) kill -HUP $rig ;;
        3) kill -TERM $rig ;;
        esac
        wait $rig 2> /dev/null
        rc=$?
        [ $rc != 77 ] || { cat "$folder/out"; exit 77; }
        left
        rm -rf "$folder/logs"
        round=$((round + 1))
    done
    echo "$round machines killed"
    exit $failed
fi

start
kill -9 "$emu"
wait $rig
rc=$?
[ $rc != 77 ] || { cat "$folder/out"; exit 77; }
expect "the emulator killed" $rc 70
# once or twice: QEMU at times fails an assertion of its own before the rig has seen it
expect "its end is reported" "$(grep -q 'an emulated device ended with 137' "$folder/out" && echo yes)" yes
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
