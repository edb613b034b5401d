# SPDX-License-Identifier: MIT
# Sourced. Starts the emulated devices and the machine, passes its output on, ends all of it.

RIG_PIDS= RIG_EMUS= RIG_JANITOR=
rig_cleanup() {
    trap - EXIT INT TERM HUP
    for rig_pid in $RIG_PIDS; do
        kill "$rig_pid" 2> /dev/null
    done
    for rig_pid in $RIG_PIDS; do
        rig_end "$rig_pid"
    done
    kill "$RIG_JANITOR" 2> /dev/null
    wait 2> /dev/null
    rm -rf "$RIG_WORK"
}

# rig_end PID: ends a process of ours; one that hangs, whatever in, is killed.
rig_end() {
    kill "$1" 2> /dev/null
    rig_tenths=0
    while kill -0 "$1" 2> /dev/null; do
        [ $rig_tenths -lt 100 ] || {
            kill -9 "$1" 2> /dev/null
            return
        }
        sleep 0.1
        rig_tenths=$((rig_tenths + 1))
    done
}

# rig_started PID: one more process that ends with us.
rig_started() {
    RIG_PIDS="$RIG_PIDS $1"
    echo "$1" >> "$RIG_WORK/pids"
}

# When we, or our whole process group, are killed, another process cleans up.
rig_janitor() {
    : > "$RIG_WORK/pids"
    # shellcheck disable=SC2016
    setsid sh -c 'while kill -0 "$1"; do sleep 0.5; done
        for pid in $(cat "$2/pids"); do kill "$pid"; done
        sleep 0.5
        for pid in $(cat "$2/pids"); do kill -9 "$pid"; done
        rm -rf "$2"' sh $$ "$RIG_WORK" > /dev/null 2>&1 < /dev/null &
    RIG_JANITOR=$!
}

rig_work() {
    RIG_WORK=$(mktemp -d "${TMPDIR:-/tmp}/hlthunk-rig-XXXXXX") || rig_skip "no temporary folder"
    RIG_STAGE=$RIG_WORK/stage
    mkdir -p "$RIG_STAGE/rig"
    trap rig_cleanup EXIT
    trap 'rig_cleanup; exit 130' INT
    trap 'rig_cleanup; exit 143' TERM HUP
    rig_janitor
}

# An emulated device that ended by itself while the machine runs: the machine is useless now.
rig_devices_live() {
    for rig_pid in $RIG_EMUS; do
        kill -0 "$rig_pid" 2> /dev/null || return 1
    done
}

# rig_device_ended PID: how it ended, if not normally.
rig_device_ended() {
    rig_end "$1"
    wait "$1" 2> /dev/null
    rig_status=$?
    case $rig_status in
    0 | 127 | 143) ;;
    *) rig_say "an emulated device ended with $rig_status (128 + a signal; see its log)" ;;
    esac
}

# KVM where it boots the kernel, TCG otherwise. What was found is remembered.
rig_accel() {
    RIG_ACCEL=${HLTHUNK_RIG_ACCEL:-}
    [ -z "$RIG_ACCEL" ] || return 0
    RIG_ACCEL=tcg
    [ -r /dev/kvm ] && [ -w /dev/kvm ] || return 0
    rig_known=$RIG_CACHE/accel-$(uname -n)
    if [ ! -e "$rig_known" ]; then
        mkdir -p "$RIG_WORK/kvm"
        printf '#!/bin/busybox sh\necho alive > /dev/ttyS0\n' > "$RIG_WORK/kvm/init"
        printf '/bin/busybox mount -t devtmpfs d /dev\necho alive > /dev/ttyS0\n' \
            >> "$RIG_WORK/kvm/init"
        chmod 755 "$RIG_WORK/kvm/init"
        mkdir -p "$RIG_WORK/kvm/bin" "$RIG_WORK/kvm/dev"
        cp "$RIG_BUSYBOX" "$RIG_WORK/kvm/bin/busybox"
        (cd "$RIG_WORK/kvm" && find . | cpio -o -H newc -R 0:0 --quiet) > "$RIG_WORK/kvm.cpio"
        (rig_qemu -nodefaults -no-user-config -no-reboot -display none -machine q35 -accel kvm \
            -cpu host -m 512M -kernel "$RIG_VMLINUZ" -initrd "$RIG_WORK/kvm.cpio" \
            -append 'console=ttyS0 quiet panic=-1' -serial "file:$RIG_WORK/kvm.log" \
            > "$RIG_WORK/kvm.said" 2>&1 < /dev/null) & rig_pid=$!
        rig_started $rig_pid
        rig_i=0
        # QEMU stays, stopped, when KVM gives up
        while kill -0 $rig_pid 2> /dev/null && [ $rig_i -lt 200 ] &&
            ! grep -qi 'internal error\|emulation failure' "$RIG_WORK/kvm.said"; do
            sleep 0.1
            rig_i=$((rig_i + 1))
        done
        kill -9 $rig_pid 2> /dev/null
        wait $rig_pid 2> /dev/null
        if grep -q alive "$RIG_WORK/kvm.log" 2> /dev/null; then
            echo kvm > "$rig_known"
        else
            rig_say "KVM does not boot this kernel, so emulation (tcg) is used from now on:" \
                "$(grep -i -m 1 'error\|failure\|denied' "$RIG_WORK/kvm.said" || echo no sign of life)"
            echo tcg > "$rig_known"
        fi
    fi
    RIG_ACCEL=$(cat "$rig_known")
}

rig_await() {
    rig_i=0
    while [ ! -S "$1" ] && [ $rig_i -lt 100 ]; do
        sleep 0.02
        rig_i=$((rig_i + 1))
    done
}

# rig_vfio SOCKET PLACE: adds a device to the machine.
rig_vfio() {
    rig_devices="$rig_devices -device {\"driver\":\"vfio-user-pci\",\"rombar\":0,$2,\"socket\":{\"type\":\"unix\",\"path\":\"$1\"}}"
}

# rig_port VARIABLE: adds a port to the switch, by name.
rig_port() {
    rig_ports=$((rig_ports + 1))
    rig_devices="$rig_devices -device xio3130-downstream,id=d$rig_ports,bus=up,chassis=$((rig_ports + 1)),slot=$rig_ports"
    eval "$1=d$rig_ports"
}

# The network cards: one process for all, which is their network, and which reaches the memory of
# the accelerators through their windows.
rig_cards() {
    rig_seats=
    rig_i=0
    while [ $rig_i -lt "$RIG_NICS" ]; do
        rig_seats="$rig_seats --socket $RIG_WORK/nic$rig_i.sock --log $RIG_LOGS/efa-$rig_i.device.log"
        rig_i=$((rig_i + 1))
    done
    rig_network=
    [ "$RIG_NIC_PLACE" != acs ] || rig_network=--acs
    case $RIG_END in
    0) rig_network="$rig_network --link-listen $RIG_LINK/cards" ;;
    1) # numbers after the other machine's
        rig_await_peer "$RIG_LINK/cards"
        rig_network="$rig_network --link $RIG_LINK/cards --first 8"
        ;;
    esac
    # shellcheck disable=SC2086
    "$RIG_BUILD/rig/rig-efa" $RIG_EMU_OPTIONS $rig_network $rig_windows $rig_seats &
    RIG_EMUS="$RIG_EMUS $!"
    rig_started $!
    rig_c=0
    while [ $rig_c -lt "$RIG_NICS" ]; do
        rig_await "$RIG_WORK/nic$rig_c.sock"
        rig_place="\"addr\":\"$((rig_c + 16))\""
        if [ "$RIG_NIC_PLACE" != apart ]; then
            rig_port rig_bus
            rig_place="\"bus\":\"$rig_bus\""
        fi
        rig_vfio "$RIG_WORK/nic$rig_c.sock" "$rig_place"
        rig_c=$((rig_c + 1))
    done
}

# rig_await_peer SOCKET: the other machine's, which may have to download or build something first.
rig_await_peer() {
    rig_i=0
    until [ -S "$1" ]; do
        [ $rig_i -lt 3000 ] || rig_skip "the other machine has not come: $1"
        sleep 0.2
        rig_i=$((rig_i + 1))
    done
}

# The Ethernet between the two machines, for what programs exchange first.
rig_ethernet() {
    rig_where="addr.type=unix,addr.path=$RIG_LINK/ethernet"
    if [ "$RIG_END" = 0 ]; then
        rig_where="$rig_where,server=on"
    else
        rig_where="$rig_where,server=off,reconnect-ms=200"
    fi
    rig_devices="$rig_devices -netdev stream,id=ethernet,$rig_where"
    rig_devices="$rig_devices -device virtio-net-pci,netdev=ethernet,mac=52:54:00:77:00:0$RIG_END,romfile="
}

# The coverage data of programs that end in the machine (./dev coverage --rig): facts, too.
rig_counters_wanted() {
    echo 'export GCOV_PREFIX=/rig/counters GCOV_ERROR_FILE=/dev/null
        mkdir -m 777 /rig/counters' >> "$RIG_STAGE/rig/config"
    echo '(cd /rig/counters && find . -name "*.gcda" | busybox cpio -o -H newc 2> /dev/null |
        busybox gzip | busybox base64 | sed "s/^/counters /" > /dev/ttyS3)' >> "$RIG_STAGE/rig/job"
}

rig_counters_take() {
    rig_counters=$(mktemp -d "$HLTHUNK_RIG_COUNTERS/XXXXXX") || return
    sed -n 's/^counters //p' "$RIG_FACTS" | base64 -d | gunzip |
        (cd "$rig_counters" && cpio -id --quiet) || rig_say "no coverage data from the machine"
}

# rig_boot KERNEL ASIC...: the machine with the job in $RIG_STAGE; sets RIG_FACTS, the file with
# what the machine reported. Its output goes to RIG_OUT and RIG_ERR (files or "-" for our own).
rig_boot() {
    rig_kernel=$1
    shift
    rig_accel
    rig_devices=
    rig_ports=0
    rig_n=0
    if [ -n "$RIG_P2P$RIG_NICS" ]; then
        rig_devices="-device pcie-root-port,id=rp,chassis=1 -device x3130-upstream,id=up,bus=rp"
    fi
    if [ -n "$RIG_P2P" ]; then
        rig_gpu_bus=pcie.0
        [ "$RIG_P2P" = no ] || rig_port rig_gpu_bus
        rig_devices="$rig_devices -device virtio-gpu-pci,blob=on,bus=$rig_gpu_bus"
    fi
    rig_windows=
    for rig_asic in "$@"; do
        rig_driver=
        [ "$rig_kernel" != 6.1 ] || rig_driver="--driver 6.1"
        rig_window=
        if [ -n "$RIG_NICS" ]; then
            rig_window="--window $RIG_WORK/$rig_n.window"
            rig_windows="$rig_windows $rig_window"
        fi
        # shellcheck disable=SC2086
        "$RIG_BUILD/rig/rig-emu" --asic "$rig_asic" --socket "$RIG_WORK/$rig_n.sock" \
            --log "$RIG_LOGS/$rig_asic-$rig_n.device.log" $rig_window $rig_driver \
            $RIG_EMU_OPTIONS &
        RIG_EMUS="$RIG_EMUS $!"
        rig_started $!
        rig_await "$RIG_WORK/$rig_n.sock"
        rig_place="\"addr\":\"$((rig_n + 4))\""
        if [ -n "$RIG_P2P$RIG_NICS" ]; then
            rig_port rig_bus
            rig_place="\"bus\":\"$rig_bus\""
        fi
        rig_vfio "$RIG_WORK/$rig_n.sock" "$rig_place"
        rig_n=$((rig_n + 1))
    done
    [ -z "$RIG_NICS" ] || rig_cards
    [ -z "$RIG_LINK" ] || rig_ethernet
    {
        echo "DEVICES=$rig_n"
        echo "STRICT=$RIG_STRICT"
        rig_environment
    } > "$RIG_STAGE/rig/config"
    [ -z "${HLTHUNK_RIG_COUNTERS:-}" ] || rig_counters_wanted
    (cd "$RIG_STAGE" && find . | cpio -o -H newc -R 0:0 --quiet) > "$RIG_WORK/job.cpio"
    if [ -n "$RIG_NICS" ]; then
        rig_efa_overlay "$RIG_WORK/overlay"
        [ -z "$RIG_PERFTEST" ] || rig_perftest_overlay "$RIG_WORK/overlay"
        [ -z "$RIG_FABTESTS" ] || rig_fabtests_overlay "$RIG_WORK/overlay"
        (cd "$RIG_WORK/overlay" && find . | cpio -o -H newc -R 0:0 --quiet) >> "$RIG_WORK/job.cpio"
    fi
    cat "$RIG_BASE" "$RIG_WORK/job.cpio" > "$RIG_WORK/initrd"
    mkfifo "$RIG_WORK/out" "$RIG_WORK/err"
    RIG_FACTS=$RIG_WORK/facts
    : > "$RIG_FACTS"
    if [ "$RIG_OUT" = - ]; then
        cat "$RIG_WORK/out" & rig_cat1=$!
    else
        cat "$RIG_WORK/out" > "$RIG_OUT" & rig_cat1=$!
    fi
    if [ "$RIG_ERR" = - ]; then
        cat "$RIG_WORK/err" >&2 & rig_cat2=$!
    else
        cat "$RIG_WORK/err" > "$RIG_ERR" & rig_cat2=$!
    fi
    # Guest RAM must be shareable: the emulated device maps it. no_timer_check: on a busy host the
    # timer of an emulated processor may miss the moment when the kernel tests it.
    # shellcheck disable=SC2086
    (rig_qemu -nodefaults -no-user-config -no-reboot -display none \
        -machine q35,memory-backend=ram -accel "$RIG_ACCEL" -cpu max -smp 2 -m "$RIG_RAM" \
        -object "memory-backend-memfd,id=ram,size=$RIG_RAM,share=on" \
        -kernel "$RIG_VMLINUZ" -initrd "$RIG_WORK/initrd" \
        -append "console=ttyS0 loglevel=${RIG_LOGLEVEL:-4} panic=-1 oops=panic no_timer_check $RIG_APPEND" \
        -chardev "file,id=s0,path=$RIG_LOGS/kernel.log" -serial chardev:s0 \
        -chardev "file,id=s1,path=$RIG_WORK/out" -serial chardev:s1 \
        -chardev "file,id=s2,path=$RIG_WORK/err" -serial chardev:s2 \
        -chardev "file,id=s3,path=$RIG_FACTS" -serial chardev:s3 \
        -chardev "socket,id=gdb,path=$RIG_WORK/gdb.sock,server=on,wait=off" -gdb chardev:gdb \
        $rig_devices > "$RIG_LOGS/qemu.log" 2>&1 < /dev/null) & rig_vm=$!
    rig_started $rig_vm
    rig_started $rig_cat1
    rig_started $rig_cat2
    RIG_LATE=
    rig_i=0
    rig_poked=$((1 - RIG_STRICT))
    while kill -0 $rig_vm 2> /dev/null; do
        sleep 0.1
        rig_i=$((rig_i + 1))
        if [ $rig_poked = 0 ] && grep -q '^hl_fops [0-9a-f]*[1-9a-f]' "$RIG_FACTS"; then
            rig_poked=1
            rig_word=$("$RIG_BUILD/rig/rig-fops" poke "$RIG_WORK/gdb.sock" \
                "$(sed -n 's/^hl_fops \([0-9a-f]*\).*/\1/p' "$RIG_FACTS")") &&
                rig_say "strict: $rig_word"
        fi
        if [ $rig_i -gt $((RIG_TIMEOUT * 10)) ]; then
            rig_say "the machine did not end within $RIG_TIMEOUT s"
            RIG_LATE=1
            rig_end $rig_vm
            break
        fi
        rig_devices_live && continue
        sleep 1 # the devices end with their machine
        if kill -0 $rig_vm 2> /dev/null; then
            rig_say "an emulated device is gone: the machine is ended"
            rig_end $rig_vm
            break
        fi
    done
    if ! wait $rig_vm; then
        rig_say "QEMU: $(grep -v warning: "$RIG_LOGS/qemu.log" | head -n 3)"
        # It may not even have opened them.
        kill $rig_cat1 $rig_cat2 2> /dev/null
    fi
    wait $rig_cat1 $rig_cat2 2> /dev/null
    for rig_pid in $RIG_EMUS; do
        rig_device_ended "$rig_pid"
    done
    RIG_PIDS= RIG_EMUS=
    : > "$RIG_WORK/pids"
    [ -z "${HLTHUNK_RIG_COUNTERS:-}" ] || rig_counters_take
}

# rig_fact NAME: the rest of the last line that begins with it.
rig_fact() {
    sed -n "s/^$1 //p" "$RIG_FACTS" | tail -n 1
}
