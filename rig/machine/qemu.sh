# SPDX-License-Identifier: MIT
# Sourced. QEMU >= 10.1, the first with a client for vfio-user, and a static busybox: Debian's, from
# trixie-backports, unpacked into a folder and started by that folder's own dynamic loader: no chroot, no
# mount, no root.

rig_qemu_fill() {
    [ -e "$RIG_CACHE/trixie/.complete" ] && return 0
    rig_say "downloading QEMU from trixie-backports (once, about 250 MiB)"
    rig_apt_setup trixie trixie trixie-backports
    rig_apt_unpack "$RIG_CACHE/trixie" -t trixie-backports qemu-system-x86 busybox-static
    date > "$RIG_CACHE/trixie/.complete"
}

rig_qemu_setup() {
    rig_lock trixie rig_qemu_fill || exit
    RIG_QEMU_ROOT=$RIG_CACHE/trixie
    RIG_BUSYBOX=$(ls "$RIG_QEMU_ROOT"/usr/bin/busybox "$RIG_QEMU_ROOT"/bin/busybox 2>/dev/null |
        head -n 1)
    [ -n "$RIG_BUSYBOX" ] || rig_skip "no busybox in $RIG_QEMU_ROOT"
}

# Runs QEMU with the libraries in its own folder.
rig_qemu() {
    set -- "$RIG_QEMU_ROOT/usr/bin/qemu-system-x86_64" -L "$RIG_QEMU_ROOT/usr/share/qemu" \
        -L "$RIG_QEMU_ROOT/usr/share/seabios" -L "$RIG_QEMU_ROOT/usr/lib/ipxe/qemu" "$@"
    # A virtio-gpu that imports wants /dev/udmabuf to exist, and does without it. Where the host
    # has none QEMU gets a /dev of its own, in a mount namespace that ends with it.
    if [ -n "$RIG_P2P" ] && [ ! -e /dev/udmabuf ]; then
        rig_unshare="unshare --mount"
        [ "$(id -u)" = 0 ] || rig_unshare="unshare --mount --map-root-user"
        # shellcheck disable=SC2016
        set -- $rig_unshare sh -c 'w=$1; shift
            mkdir -p "$w/dev" && mount -t tmpfs dev "$w/dev" && mkdir "$w/dev/shm" &&
            : > "$w/dev/udmabuf" || exit 77
            for n in null zero urandom random kvm; do
                [ ! -e /dev/$n ] || { : > "$w/dev/$n"; mount --bind /dev/$n "$w/dev/$n"; }
            done
            mount --rbind "$w/dev" /dev && exec "$@"' sh "$RIG_WORK" "$RIG_QEMU_ROOT/usr/lib64/ld-linux-x86-64.so.2" \
            --inhibit-cache --library-path \
            "$RIG_QEMU_ROOT/usr/lib/x86_64-linux-gnu:$RIG_QEMU_ROOT/usr/lib" "$@"
        QEMU_MODULE_DIR=$RIG_QEMU_ROOT/usr/lib/x86_64-linux-gnu/qemu exec "$@"
    fi
    QEMU_MODULE_DIR=$RIG_QEMU_ROOT/usr/lib/x86_64-linux-gnu/qemu \
    exec "$RIG_QEMU_ROOT/usr/lib64/ld-linux-x86-64.so.2" --inhibit-cache --library-path \
        "$RIG_QEMU_ROOT/usr/lib/x86_64-linux-gnu:$RIG_QEMU_ROOT/usr/lib" "$@"
}
