#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_namespaces.sh HLSIM: a program that goes to namespaces of its own keeps its devices, or
# is told at once why it cannot have them
set -u
hlsim=$(realpath "$1")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
failed=0 tried=0
# LeakSanitizer cannot look at a process that is the first of its PID namespace
export ASAN_OPTIONS=detect_leaks=0

# A shell that opens a node, and says what it has.
node='exec 3<>/dev/accel/accel0 && readlink /proc/self/fd/3'

# served COMMAND…: runs the shell in there
served() {
    tried=$((tried + 1))
    out=$("$hlsim" run --device gaudi2 -- "$@" sh -c "$node" 2>&1)
    [ "$out" = /dev/accel/accel0 ] && return
    echo "FAIL: $*: $out"
    failed=1
}

# told COMMAND…: it is not served, and a line says so
told() {
    tried=$((tried + 1))
    out=$("$hlsim" run --device gaudi2 -- "$@" sh -c "$node" 2>&1) && {
        echo "FAIL: $*: served: $out"
        failed=1
        return
    }
    case $out in
    *"cannot reach its simulation"*) ;;
    *)
        echo "FAIL: $*: $out"
        failed=1
        ;;
    esac
}

if unshare -Ur true 2>/dev/null; then
    served unshare -Ur
    served unshare -Urm
    served unshare -Urn
    served unshare -Uri
    # PID 1 of a namespace, and of one with its own /proc
    served unshare -Urpf
    unshare -Urpf --mount-proc true 2>/dev/null && served unshare -Urpf --mount-proc
else
    echo "no user namespaces"
fi
if bwrap --ro-bind / / --dev /dev --proc /proc true 2>/dev/null; then
    # where the tree stands is visible
    TMPDIR=$dir served bwrap --bind / / --dev /dev --proc /proc
    # where it is not
    TMPDIR=$dir told bwrap --ro-bind / / --tmpfs "$dir" --dev /dev --proc /proc
    # with a user namespace, which nobody gets in a chroot
    if bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all true 2>/dev/null; then
        TMPDIR=$dir served bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all
        TMPDIR=$dir served bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all --as-pid-1
        TMPDIR=/dev/shm told bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all
    fi
else
    echo "no bubblewrap, or no right to use it"
fi
[ $tried != 0 ] || exit 77
exit $failed
