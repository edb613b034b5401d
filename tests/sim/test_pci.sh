#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_pci.sh HLSIM: libpci reads the simulated device; the machine's own stay beside it
set -u
hlsim=$1 failed=0 address=0000:10:00.0

fail() {
    echo "FAIL $1"
    failed=1
}

inside=$("$hlsim" run --device gaudi2 -- ls /sys/bus/pci/devices) || fail "ls: $?"
for entry in $(ls /sys/bus/pci/devices 2>/dev/null) $address; do
    echo "$inside" | grep -qxF "$entry" || fail "$entry is not in /sys/bus/pci/devices"
done

# memory_bar "OPTION…" SIZE: BAR 4, the device memory's, in resource (start, end and flags a line)
memory_bar() {
    # shellcheck disable=SC2086
    set -- "$1" "$2" $("$hlsim" run $1 -- sed -n 5p /sys/class/accel/accel0/device/resource)
    size=$(($4 - $3 + 1))
    [ "$size" = "$2" ] || fail "with \"$1\" the memory's BAR has $size bytes, not $2"
}
memory_bar "--device gaudi2" $((128 << 30))
memory_bar "--device gaudi2 --bar 256" $((256 << 20))
memory_bar "--device gaudi2 --bar 300" $((512 << 20))
memory_bar "--device gaudi --bar 1048576" $((32 << 30))

if ! command -v lspci >/dev/null; then
    [ $failed = 0 ] || exit 1
    echo "skipped: no lspci (package pciutils)"
    exit 77
fi

# shown DEVICE ID KERNEL: lspci has no complaint and shows this
shown() {
    text=$("$hlsim" run --device "$1" --kernel "$3" -- lspci -D -n -v -k -d 1da3: 2>&1) ||
        fail "lspci for $1 on $3: $?"
    for line in "^$address 1200: 1da3:$2" "Subsystem: 1da3:$2" '64-bit, prefetchable' \
        'Kernel driver in use: habanalabs'; do
        echo "$text" | grep -q "$line" || fail "$1 on $3: no \"$line\" in: $text"
    done
    # without the machine's kernel modules libkmod complains, outside of a simulation as well
    ! echo "$text" | grep -v libkmod | grep -qi 'lspci:\|cannot\|unable' || fail "$1 on $3: $text"
}

for kernel in 6.1 6.12; do
    shown goya 0001 $kernel
    shown gaudi 1000 $kernel
    shown gaudi2 1020 $kernel
done
"$hlsim" run --device gaudi2 -- lspci -v >/dev/null || fail "lspci -v of all devices"
exit $failed
