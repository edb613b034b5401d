#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_containers.sh HLSIM HLTHUNK HOLD: in containers the commands are as docs/operators.md says
set -u
hlsim=$(readlink -f "$1") hlthunk=$(readlink -f "$2") hold=$(readlink -f "$3") failed=0 tried=0
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
# LeakSanitizer cannot look at a process that is the first of its PID namespace
export ASAN_OPTIONS=detect_leaks=0

# run CODE COMMAND…: in a simulation whose files are in $room; its output is kept
run() {
    code=$1
    shift
    TMPDIR=$room "$hlsim" run --quiet --device gaudi2 "$@" >"$room/out" 2>&1
    rc=$?
    tried=$((tried + 1))
    [ $rc = "$code" ] || bad "$*: exit code $rc, not $code"
}
bad() {
    echo "FAIL $*"
    sed 's/^/  /' "$room/out"
    failed=1
}
says() { tr -s ' \n' ' ' <"$room/out" | grep -q -- "$1" || bad "it does not say: $1"; }

# without /sys: the nodes are asked
if bwrap --dev-bind / / --tmpfs /sys true 2>/dev/null; then
    # masked CODE COMMAND…: hlthunk's, there
    masked() {
        code=$1
        shift
        run "$code" -- sh -c "rm -r $room/hlsim-*/sys
            exec bwrap --dev-bind / / --tmpfs /sys '$hlthunk' $*"
    }
    masked 0 list && says ' gaudi2 ? - - /dev/accel/accel0'
    masked 0 info && says 'gaudi2 0 (PCI address not known)' && says 'status operational'
    masked 0 doctor && says ' gaudi2 0 device ok gaudi2 0 at an unknown PCI address' && says 'open ok '
    masked 0 doctor --json && says '"device":."gaudi2 0"'
    masked 0 who && says 'No holder of a device was found'
    masked 0 monitor --count 1 && says ' operational 0 of 97536 MiB - - - nobody '
    masked 0 demo && says '13 steps done, 0 failed, 0 skipped' && says 'between processes: gaudi2 allocate'
    masked 1 topology && says 'has no PCI address here: no sysfs'
fi

# a device cgroup
run 4 --fault open:1+:EPERM -- "$hlthunk" doctor
says "this container's device cgroup does not allow it: .*add \"c 261:0 rw\""

# nodes under other names
run 0 -- sh -c "cd $room/hlsim-*/dev/accel && mv accel0 accel7 && mv accel_controlD0 accel_controlD7 && exec '$hlthunk' doctor"
says 'Its nodes are /dev/accel/accel7 ' && says 'open ok /dev/accel/accel7 was opened'

# a user namespace, whose root is not the machine's
if unshare -Ur true 2>/dev/null; then
    run 0 -- sh -c "ulimit -l 64 && exec unshare -Ur '$hlthunk' doctor --passive"
    says 'memlock warning RLIMIT_MEMLOCK is 64 KiB. The accelerator'
    if [ "$(id -u)" = 0 ]; then
        run 4 -- sh -c "cd $room/hlsim-*/dev/accel && chown 1234:1234 * && chmod 660 * && exec unshare -Ur '$hlthunk' doctor --passive"
        says 'permission PROBLEM This user (uid 0) may not read and write /dev/accel/accel0: its owner is uid 65534'
    fi
fi

# a PID namespace, with the device held from outside
if unshare -Urpf --mount-proc true 2>/dev/null; then
    # inside CODE COMMAND…
    inside() {
        code=$1
        shift
        run "$code" -- sh -c "exec 3<>/dev/accel/accel0
            unshare -Urpf --mount-proc sh -c \"'$hlthunk' $* 3<&-\" 3<&-"
    }
    inside 0 who && says 'No holder of a device was found' && says 'Not seen: processes outside this container'
    inside 0 monitor --count 1 && says ' not seen '
    inside 0 monitor --json --count 1 && says '"other_namespace":true'
    inside 4 doctor && says 'holders PROBLEM .*nobody is seen to hold it: processes outside this container cannot be seen'
    # whether somebody has it is not known without a control node
    run 0 -- sh -c "rm $room/hlsim-*/dev/accel/accel_controlD0
        exec unshare -Urpf --mount-proc '$hlthunk' monitor --count 1"
    says ' not known '

    # beside two devices CODE COMMAND…: the second is held from outside, a dma-buf of the first here
    beside() {
        code=$1
        shift
        run "$code" --device gaudi2 -- sh -c "exec 3<>/dev/accel/accel1
            unshare -Urpf --mount-proc sh -c \"'$hold' dmabuf -- '$hlthunk' $* 3<&-\" 3<&-"
    }
    beside 4 doctor 1
    says 'nobody is seen to hold it: processes outside this container cannot be seen; 1 dma-bufs, the first in hold '
    beside 0 monitor --count 1 1 && says ' not seen ?'
fi
[ $failed = 0 ] || exit 1
[ $tried -gt 1 ] || { echo "neither bubblewrap nor a user namespace: only a device cgroup was tried"; exit 77; }
