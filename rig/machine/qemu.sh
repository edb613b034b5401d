# SPDX-License-Identifier: MIT
# Sourced. QEMU >= 10.1, the first with a client for vfio-user, and a static busybox. The host's own
# QEMU is used when it is new enough; otherwise Debian's, from trixie-backports, unpacked into a
# folder and started by that folder's own dynamic loader: no chroot, no mount, no root.

rig_qemu_fill() {
    [ -e "$RIG_CACHE/trixie/.complete" ] && return 0
    rig_say "bringing QEMU from trixie-backports (once, about 250 MiB)"
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

# Runs QEMU with the libraries of its own folder.
rig_qemu() {
    set -- "$RIG_QEMU_ROOT/usr/bin/qemu-system-x86_64" -L "$RIG_QEMU_ROOT/usr/share/qemu" \
        -L "$RIG_QEMU_ROOT/usr/share/seabios" -L "$RIG_QEMU_ROOT/usr/lib/ipxe/qemu" "$@"
    QEMU_MODULE_DIR=$RIG_QEMU_ROOT/usr/lib/x86_64-linux-gnu/qemu \
    exec "$RIG_QEMU_ROOT/usr/lib64/ld-linux-x86-64.so.2" --inhibit-cache --library-path \
        "$RIG_QEMU_ROOT/usr/lib/x86_64-linux-gnu:$RIG_QEMU_ROOT/usr/lib" "$@"
}
