#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_full_disk.sh HLSIM: no program runs on half a tree, and nothing is left of it
set -u
if ! unshare -Urm true 2>/dev/null; then
    echo "skipped: no user namespace with mounts"
    exit 77
fi
disk=$(mktemp -d) || exit 1
trap 'rmdir "$disk"' EXIT
# shellcheck disable=SC2016 # the inner shell's
unshare -Urm sh -c '
    mount -t tmpfs -o "$3" none "$2" || exit 77
    TMPDIR=$2 "$1" run --device gaudi2 -- touch "$2/ran"
    rc=$?
    [ "$rc" = "$4" ] || { echo "FAIL $3: exit $rc instead of $4"; exit 1; }
    [ "$rc" = 0 ] || [ -z "$(ls "$2")" ] || { echo "FAIL $3: left: $(ls "$2")"; exit 1; }
' sh "$1" "$disk" size=64k 125 &&
unshare -Urm sh -c '
    mount -t tmpfs -o "$3" none "$2" || exit 77
    TMPDIR=$2 "$1" run --device gaudi2 -- true
    rc=$?
    [ "$rc" = "$4" ] || { echo "FAIL $3: exit $rc instead of $4"; exit 1; }
    [ -z "$(ls "$2")" ] || { echo "FAIL $3: left: $(ls "$2")"; exit 1; }
' sh "$1" "$disk" size=64m 0
