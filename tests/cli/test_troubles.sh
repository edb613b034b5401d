#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_troubles.sh HLSIM HLTHUNK HOLD: the commands where something is held, fails, is not
# there or says nonsense
set -u
hlsim=$(readlink -f "$1") hlthunk=$(readlink -f "$2") hold=$(readlink -f "$3")
. "$(dirname "$0")/runs.sh"
room=$(mktemp -d)
trap 'rm -rf "$room" "$out" "$err"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

first=sys/devices/pci0000:00/0000:10:00.0

# changed CODE CHANGE COMMAND…: in a simulation of gaudi2 and gaudi whose tree of files was changed
# by CHANGE, a shell's command, in the folder of the tree
changed() {
    code=$1 change=$2
    shift 2
    TMPDIR=$room runs "$code" "$hlsim" run --quiet --device gaudi2 --device gaudi -- \
        sh -c "cd $room/hlsim-* && { $change; } && shift && exec \"\$@\"" sh x "$@"
}
# faulty CODE FAULT COMMAND…: with this fault of the simulated driver
faulty() {
    code=$1 fault=$2
    shift 2
    runs "$code" "$hlsim" run --quiet --fault "$fault" -- "$@"
}

# devices by the forms of their address
for address in 0000:11:00.0 11:00.0; do
    changed 0 : "$hlthunk" topology $address && says '^gaudi 1 at 0000:11:00.0'
    [ "$(grep -c '^gaudi' "$out")" = 1 ] || bad "not one device alone"
done
changed 3 : "$hlthunk" who 0000:77:00.0 && warns '"0000:77:00.0"'
changed 3 : "$hlthunk" who 1:00.0 && warns '"1:00.0"'
changed 0 : "$hlthunk" monitor --count 1 gaudi && says 'of 32256 MiB'
changed 3 : "$hlthunk" monitor --count 1 goya && warns '"goya"'

# wrong usage
for arguments in 'list 0' 'doctor 0 1' 'demo 0' 'demo --json' 'monitor --interval x' 'monitor --interval 1x' 'monitor --interval 1e9' \
    'monitor --prometheus --json' 'monitor --prometheus --count 2' 'monitor --prometheus --interval 2' 'monitor --count 0' 'monitor --count 1x' 'monitor 0 1' 'topology 0 1' 'topology --what' 'doctor --what' 'info --what'; do
    # shellcheck disable=SC2086
    changed 2 : "$hlthunk" $arguments && warns '^usage: hlthunk '
done

# no sysfs that can be read: what is known without it, and what is not known is not said to be there
for change in 'rm -r sys/class/accel && ln -s accel sys/class/accel' "rm $first/uevent && mkdir $first/uevent"; do
    changed 0 "$change" "$hlthunk" list && says '^0  *gaudi2  *?  .*/dev/accel/accel0$'
    changed 0 "$change" "$hlthunk" info && says 'gaudi2 0 (PCI address not known)'
    changed 0 "$change" "$hlthunk" monitor --count 1 && says 'operational .* -  *-  .*nobody'
    changed 0 "$change" "$hlthunk" monitor --json --count 1
    ! grep -q temperature "$out" || bad "a temperature that nobody told"
    changed 0 "$change" "$hlthunk" monitor --prometheus && says '^hlthunk_up{device="0",.*} 1$'
    ! grep -q '^hlthunk_temperature' "$out" || bad "a temperature that nobody told"
    for command in topology 'doctor 0'; do
        # shellcheck disable=SC2086
        changed 1 "$change" "$hlthunk" $command && warns "${command% 0}: gaudi2 0 has no PCI address here: no sysfs"
    done
done
# attributes that cannot be read, or say nonsense
changed 0 "rm $first/status $first/module_id" "$hlthunk" list && says '^0  *gaudi2  *0000:10:00.0  *-  *-  '
changed 0 "rm $first/status" "$hlthunk" list --json && says '"device_type":.*"GAUDI2"'
changed 0 "rm $first/hard_reset_cnt $first/hwmon/hwmon0/*_input" "$hlthunk" monitor --count 1
says 'operational .* -  *-  *-  nobody'
changed 0 "rm $first/hwmon/hwmon0/temp1_input && echo warm >$first/hwmon/hwmon0/temp1_input" "$hlthunk" monitor --count 1 && says ' MiB  *-  *150.0 W'
changed 0 "rm $first/hard_reset_cnt" "$hlthunk" monitor --json --count 1
! grep -q hard_resets "$out" || bad "a number of resets that nobody told"
changed 1 "rm -r $first/config sys/bus/pci/devices/0000:10:00.0" "$hlthunk" topology && warns 'topology: .*0000:10:00.0'
changed 1 "rm -r $first/config sys/bus/pci/devices/0000:10:00.0" "$hlthunk" topology --json && warns '0000:10:00.0'
[ ! -s "$out" ] || bad "half an object"
changed 0 "echo 0 >$first/numa_node" "$hlthunk" topology 0 && says '^gaudi2 0 at .*: NUMA node 0, processors'
changed 0 "echo 0 >$first/numa_node" "$hlthunk" topology --json 0 && says '"numa_node":.*0'
changed 0 "echo 0 >$first/numa_node; echo 1 >sys/devices/pci0000:00/0000:11:00.0/numa_node" "$hlthunk" topology 0
says '0000:11:00.0 .*, another NUMA node$'

# a driver that does not answer
faulty 1 'info:*:EIO' "$hlthunk" info && warns 'info: .*Input/output error'
changed 3 'rm dev/accel/accel_controlD0' "$hlthunk" info 0 && warns 'not passed to this container'
changed 0 'rm dev/accel/accel_controlD0' "$hlthunk" monitor --count 1 0 && says '^[0-9:]*  operational  *-  '
faulty 0 'info:*:EIO' "$hlthunk" monitor --count 2 --interval 0.05 && says '^[0-9:]*  operational  *-  '
faulty 0 'info:*:EIO' "$hlthunk" monitor --prometheus && says '^hlthunk_up{.*} 1$'
! grep -q '^hlthunk_memory_bytes{' "$out" || bad "memory that nobody told"
TMPDIR=$room faulty 0 'info:*:EIO' sh -c "cd $room/hlsim-*/$first && rm status && printf 'a\"b\\\\c\\033' >status &&
    '$hlthunk' monitor --prometheus" && says 'status="a\\"b\\\\c?"'
TMPDIR=$room faulty 0 'info:*:EIO' sh -c "cd $room/hlsim-*/$first && rm status && mkdir status && '$hlthunk' monitor --count 1"
says 'unknown: '

# the demonstration, step by step
faulty 1 open:1:EBUSY "$hlthunk" demo && warns 'demo: '
faulty 1 'open:2+:EIO' "$hlthunk" demo && says 'nobody can open it meanwhile *FAILED' && says 'opens again *FAILED'
faulty 1 alloc:1:ENOMEM "$hlthunk" demo && says 'allocate 64 MiB *FAILED: .*no 67108864 bytes'
faulty 1 info:1:EIO "$hlthunk" demo && warns 'demo: '

# what is held, and how
runs 0 "$hlsim" run -- "$hold" twice mapping -- "$hlthunk" who
says ' hold .* dma-buf .* 2 MiB .*identity [1-9]' && says ' hold .* mapping .* at 0x'
runs 0 "$hlsim" run -- "$hold" twice mapping -- "$hlthunk" who --json && says '"kind":.*"mapping"'
says '"age_seconds":' && says '"address":.*"0x'
# one dma-buf, however many descriptors
runs 0 "$hlsim" run -- "$hold" twice -- "$hlthunk" monitor --count 1 && says ' hold ([0-9]*) .* 1, 2 MiB$'
runs 0 "$hlsim" run -- "$hold" twice -- "$hlthunk" monitor --json --count 1 && says '"dmabufs":1,"dmabuf_bytes":2097152'
# its user has gone: of 6.1 the driver says so, of later ones whoever sees that nobody else can have it
runs 0 "$hlsim" run --device gaudi --kernel 6.1 -- "$hold" closed -- "$hlthunk" monitor --count 1
says ' gone, not free .* 1, 2 MiB$'
runs 0 "$hlsim" run -- "$hlthunk" who --json
if tr -d ' \t\n' <"$out" | grep -q '"hidden_processes":0,"unlisted_processes":false,"other_namespace":false'; then
    runs 0 "$hlsim" run -- "$hold" closed -- "$hlthunk" monitor --count 1 && says ' gone, not free .* 1, 2 MiB$'
    runs 4 "$hlsim" run -- "$hold" closed -- "$hlthunk" doctor && says 'holders  *PROBLEM .* 1 dma-bufs'
else
    runs 0 "$hlsim" run -- "$hold" closed -- "$hlthunk" monitor --count 1 && says ' not seen .* 1, 2 MiB$'
    runs 4 "$hlsim" run -- "$hold" closed -- "$hlthunk" doctor
    tr -s ' \n' ' ' <"$out" | grep -q 'holders PROBLEM .* cannot .*; 1 dma-bufs of it are seen, the first in hold ' || bad "no dma-buf"
fi
runs 0 "$hlsim" run -- "$hold" many -- "$hlthunk" monitor --count 1 && says ' hold ([0-9]*) .* 300, 1200 KiB$'
# whose dma-bufs they are is not known where there are several devices
runs 0 "$hlsim" run --device gaudi2 --device gaudi -- "$hold" twice -- "$hlthunk" monitor --count 1 && says ' hold ([0-9]*)  *?$'
runs 0 "$hlsim" run --device gaudi2 --device gaudi -- "$hold" twice -- "$hlthunk" monitor --count 1 --json
! grep -q dmabuf "$out" || bad "dma-bufs of nobody knows which device"
runs 0 "$hlsim" run --device gaudi2 --device gaudi -- "$hold" twice -- "$hlthunk" monitor --prometheus
! grep -q '^hlthunk_dmabuf' "$out" || bad "dma-bufs of nobody knows which device"
runs 0 "$hlsim" run -- "$hold" twice -- "$hlthunk" monitor --prometheus && says '^hlthunk_dmabufs{.*} 1$'
says '^hlthunk_dmabuf_bytes{.*} 2097152$'
runs 4 "$hlsim" run --device gaudi --device gaudi --kernel 6.1 -- "$hold" closed -- "$hlthunk" doctor 0
says 'holders  *PROBLEM .*last user has closed it, but 1 dma-bufs (of it' && says 'another device) and 0 mappings'
# of a user without a name
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    runs 0 "$hlsim" run -- sh -c "exec 3<>/dev/accel/accel0; setpriv --reuid 54321 --clear-groups sleep 60 & sleeper=\$!
        exec 3>&-; n=0
        until '$hlthunk' who >$room/seen && grep -q '54321  *sleep ' $room/seen; do
            n=\$((n + 1)); [ \$n -lt 200 ] || exit 9; sleep 0.05; done; kill \$sleeper"
fi

# what happens is told once, after the look that sees it: an engine reads from nowhere
seen=$room/seen
told() {
    asic=$1 what=$2 event=$3
    rm -f "$seen"
    # shellcheck disable=SC2016 # the inner shell's
    runs 0 "$hlsim" run --quiet --device "$asic" -- sh -c '
        hlthunk=$1 hold=$2 what=$3 event=$4 seen=$5
        "$hlthunk" monitor --json --interval 0.1 >"$seen" & m=$!
        until_seen="n=0; until grep -q \"\$0\" \"$seen\"; do n=\$((n + 1)); [ \$n -lt 600 ] || exit 9; sleep 0.05; done"
        sh -c "$until_seen" operational &&
            "$hold" "$what" -- sh -c "$until_seen" "\"events\":\".*$event"
        rc=$?
        kill $m; wait $m; exit $rc' sh "$hlthunk" "$hold" "$what" "$event" "$seen"
}
told gaudi fault 'forbidden access (RAZWI); page fault'
told gaudi2 opcode 'undefined opcode; engine error'

# a kernel's log has a line for each question that it does not know: on 6.1 only the one that tells
# the kernels apart is left, and metrics ask for no records
unknown() { grep -c 'INFO .* EINVAL' "$room/trace"; }
runs 0 "$hlsim" run --device gaudi --kernel 6.1 --trace "$room/trace" -- "$hlthunk" monitor --count 1
once=$(unknown)
runs 0 "$hlsim" run --device gaudi --kernel 6.1 --trace "$room/trace" -- "$hlthunk" monitor --count 5 --interval 0.02
[ "$(unknown)" = "$once" ] && [ "$once" -le 1 ] || bad "$once unknown questions, and $(unknown) in 5 looks"
runs 0 "$hlsim" run --trace "$room/trace" -- "$hlthunk" monitor --prometheus
! grep -q 'INFO .*_EVENT ' "$room/trace" || bad "metrics ask for records: $(grep 'INFO .*_EVENT ' "$room/trace")"

# a reader that has gone ends it
runs 0 "$hlsim" run -- sh -c "'$hlthunk' monitor --interval 0.05 | head -n 1" && says '^TIME'
runs 1 "$hlsim" run -- sh -c "'$hlthunk' monitor --prometheus >/dev/full"
# on a full disk
for command in --help --version list 'list --json' info who 'topology --json' demo; do
    runs 1 "$hlsim" run -- sh -c "'$hlthunk' $command >/dev/full" && warns 'could not be written'
done

exit $failed
