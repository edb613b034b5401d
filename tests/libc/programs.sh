#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: programs.sh HLSIM: ordinary programs look at the simulated device
set -u
hlsim=$1 failed=0

# expect KERNEL "OUTPUT" COMMAND…: what a shell in the simulation prints, on one line
expect() {
    kernel=$1 want=$2
    shift 2
    got=$("$hlsim" run --kernel "$kernel" -- sh -c "$*" 2>&1 </dev/null | tr '\n' ' ')
    if [ "$got" = "$want${want:+ }" ]; then
        echo "ok   $*"
    else
        echo "FAIL $*"
        echo "  want $want"
        echo "  got  $got"
        failed=1
    fi
}
have() { command -v "$1" >/dev/null 2>&1 || { echo "note: no $1 here"; false; }; }

accel="/dev/accel/accel0 /dev/accel/accel_controlD0"
expect 6.12 "$accel" 'find /dev/accel -type c | sort'
# not where other simulations, which run beside this one, make and remove folders
expect 6.12 "$accel" 'find /dev -maxdepth 2 -path /dev/shm -prune -o -name "accel*" -type c -print | sort'
expect 6.1 "/dev/hl0 /dev/hl_controlD0" 'find /dev -maxdepth 1 -name "hl*" -type c | sort'
expect 6.12 "$accel" 'echo /dev/accel/*'
expect 6.1 "hl0 hl_controlD0" 'cd /dev && ls -d hl*'
expect 6.12 "accel" 'ls /sys/class | grep accel'
expect 6.12 "accel0 accel_controlD0" 'cd /sys/class/accel && ls'
expect 6.12 "/sys/class/accel" 'cd /sys/class/accel && /bin/pwd'
expect 6.12 "GAUDI2" 'cat /sys/class/accel/accel0/device/device_type'
expect 6.12 "GAUDI2" 'cd /sys/class/accel/accel0/device; cat device_type'
expect 6.12 "character special file 105:0 666" 'cd /dev/accel; stat -c "%F %t:%T %a" accel0'
expect 6.12 "/dev/accel/accel0" 'exec 3<>/dev/accel/accel0; readlink /proc/self/fd/3'
expect 6.12 "/dev/accel/accel0" 'cd /dev/accel; exec 3<>accel0; readlink /proc/self/fd/3'
expect 6.12 "busy" 'exec 3<>/dev/accel/accel0; (exec 4<>/dev/accel/accel0) 2>/dev/null || echo busy'
# without a trace of the simulation in the environment
expect 6.12 "accel0 accel_controlD0" 'env -i ls /dev/accel'
expect 6.1 "GAUDI2" 'env -i sh -c "cat /sys/class/habanalabs/hl0/device_type"'
expect 6.12 "accel0" 'unset LD_PRELOAD; ls /dev/accel | head -n 1'
if have python3; then
    expect 6.12 "['accel0', 'accel_controlD0']" \
        'python3 -c "import os; print(sorted(os.listdir(\"/dev/accel\")))"'
    expect 6.12 "True" \
        'python3 -c "import pathlib; print(pathlib.Path(\"/dev/accel/accel0\").is_char_device())"'
    expect 6.12 "['/dev/accel/accel0', '/dev/accel/accel_controlD0']" \
        'python3 -c "import glob; print(sorted(glob.glob(\"/dev/accel/*\")))"'
    expect 6.12 "[('/dev/accel', [], ['accel0', 'accel_controlD0'])]" \
        'python3 -c "import os; print([(a, b, sorted(c)) for a, b, c in os.walk(\"/dev/accel\")])"'
    expect 6.12 "accel0" 'python3 -c "import subprocess as s
print(s.run([\"ls\", \"/dev/accel\"], env={}, capture_output=True, text=True).stdout.split()[0])"'
fi
address=/sys/kernel/debug/habanalabs/hl0/addr
expect 6.12 "0x0000000000001000 0x00000000000007d0 0x3000 0x0000000000003000" \
    "/bin/echo 0x1000 >$address; cat $address; printf 2000 >$address; cat $address
     echo 0x3000 | tee $address; sed '' $address"
if have bash; then
    expect 6.1 "0x0000000000001000 0x00000000000007d0" \
        "bash -c 'echo 0x1000 >$address; cat $address; printf 2000 >$address; cat $address'"
    expect 6.12 "0x0000000000000000 0x0000000000000000 0x0000000000000000 0" \
        "bash -c 'read a <$address; read b <$address; echo \$a \$b; cp $address /dev/stdout
         stat -c %s $address'"
fi
expect 6.12 "0000000" 'od /dev/accel/accel0' # the kernel says EINVAL; it does not wait
if have busybox && ldd "$(command -v busybox)" >/dev/null 2>&1; then
    expect 6.12 "$accel" 'busybox find /dev/accel -type c | sort'
    expect 6.12 "GAUDI2" 'busybox cat /sys/class/accel/accel0/device/device_type'
fi
have strace && expect 6.12 "accel0 accel_controlD0" 'strace -f -o /dev/null ls /dev/accel'
exit $failed
