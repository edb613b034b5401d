#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_reset_faults.sh HLSIM PROBE ASIC KERNEL: a reset or a removal in the middle of any call
set -u
hlsim=$1 probe=$2 asic=$3 kernel=$4 failed=0

# fault SPEC WHAT-FOLLOWS
fault() {
    if "$hlsim" run --device "$asic" --kernel "$kernel" --fault "$1" -- "$probe" "$2"; then
        echo "ok   $1 $2"
    else
        echo "FAIL $1 $2"
        failed=1
    fi
}

fault info:10:reset reset
fault info:10:remove gone
fault alloc:2:reset reset
fault alloc:3:remove gone
fault map:1:reset reset         # an allocation is undone
fault map:2:reset reset
fault map:2:remove gone
fault unmap:2:reset reset       # while something is released
fault unmap:2:remove gone
fault free:2:reset reset
fault cb:3:reset reset
fault cb:6:remove gone
case $kernel:$asic in
6.1:goya | 6.1:gaudi2) ;;       # no export there
*)
    fault export:2:reset reset
    fault export:2:remove gone
    ;;
esac
# what looks like a reset and is none
fault alloc:2:EBUSY neither
fault map:2:EBUSY neither
fault alloc:2:EIO neither
fault info:10:EBUSY neither
exit $failed
