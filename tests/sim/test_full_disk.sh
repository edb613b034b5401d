#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_full_disk.sh HLSIM: no program runs on half a tree, and nothing is left of it
set -u
if ! unshare -Urm true 2>/dev/null; then
    echo "skipped: no user namespace with mounts"
    exit 77
fi
hlsim=$1
disk=$(mktemp -d) || exit 1
said=$(mktemp) || exit 1
trap 'rmdir "$disk"; rm -f "$said"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

# on FOLDER SIZE CODE: the program runs only when CODE is 0
on() {
    # shellcheck disable=SC2016 # the inner shell's
    unshare -Urm sh -c '
        mount -t tmpfs -o "size=$3" none "$2" || exit 77
        # /dev/shm is where it goes by itself
        [ "$2" = /dev/shm ] && unset TMPDIR || export TMPDIR="$2"
        "$1" run --device gaudi2 -- sh -c "echo ran"
        rc=$?
        [ "$rc" = "$4" ] || { echo "FAIL $2, $3: exit $rc instead of $4"; exit 1; }
        [ -z "$(ls "$2")" ] || { echo "FAIL $2, $3: left: $(ls "$2")"; exit 1; }
    ' sh "$hlsim" "$1" "$2" "$3" >"$said"
    rc=$?
    [ "$rc" != 0 ] && cat "$said"
    [ "$3" = 0 ] || ! grep -q ran "$said" || { echo "FAIL $1, $2: the program ran"; rc=1; }
    return $rc
}

on "$disk" 64k 125 && on "$disk" 64m 0 && on /dev/shm 64k 125 && on /dev/shm 64m 0
