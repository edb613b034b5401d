#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_faults.sh HLSIM SHIFT: each call of the work fails once, with each errno of its kind
set -u
hlsim=$1 shift=$2 failed=0 runs=0
trace=$(mktemp) || exit 1
trap 'rm -f "$trace"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

# try ASIC OP N ERRNO
try() {
    runs=$((runs + 1))
    got=$("$hlsim" run --device "$1" --fault "$2:$3:$4" -- "$shift" 2>&1)
    status=$?
    case $status:$got in
    0:*right | 0:*lost) ;;
    *)
        echo "FAIL $1 $2:$3:$4: $got"
        failed=1
        ;;
    esac
    # what the driver says in passing loses nothing
    case $4:$got in
    EAGAIN:*lost | EINTR:*lost | ENOMEM:*lost)
        echo "FAIL $1 $2:$3:$4: the queue was lost"
        failed=1
        ;;
    esac
}

for asic in gaudi2 goya; do
    # without a fault: how many calls there are of each kind, and that the bytes are right
    got=$("$hlsim" run --device "$asic" --trace "$trace" -- "$shift")
    [ "$got" = right ] || { echo "FAIL $asic: $got"; exit 1; }
    for op in cs wait cb alloc map; do
        case $op in
        cs) errors="EAGAIN EINTR ENOMEM EBUSY EINVAL EFAULT EIO ENODEV" name=CS ;;
        wait) errors="EINTR ENOMEM EBUSY EINVAL EIO ETIMEDOUT ENODEV" name=WAIT ;;
        cb) errors="ENOMEM EINVAL EBUSY" name=CB ;;
        alloc) errors="ENOMEM" name="MEMORY ALLOC" ;;
        map) errors="ENOMEM EBUSY" name="MEMORY MAP" ;;
        esac
        calls=$(grep -c "accel[0-9]* $name " "$trace")
        [ "$calls" -gt 0 ] || { echo "FAIL $asic: no call $name in the trace"; exit 1; }
        n=1
        while [ "$n" -le "$calls" ]; do
            for error in $errors; do
                try "$asic" "$op" "$n" "$error"
            done
            n=$((n + 1))
        done
    done
done
echo "$runs runs"
exit "$failed"
