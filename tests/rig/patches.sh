#!/bin/sh
# SPDX-License-Identifier: MIT
# patches.sh BUILD [6.12|7]: contrib's patches apply to the kernel's driver, it builds with them, and
# they do what they say. The first time it downloads the kernel's source and a compiler, and takes
# some minutes.
set -u
tree=$(cd "$(dirname "$0")/../.." && pwd)
build=$(readlink -f "$1") kernel=${2:-6.12} failed=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
patches=
for patch in "$tree"/contrib/*.patch; do patches="$patches --patch $patch"; done

# machine ASIC PROGRAM…: it ends with 0 there, and the kernel warns of nothing
machine() {
    asic=$1
    shift
    # shellcheck disable=SC2086
    HLTHUNK_RIG_BUILD=$build "$tree/rig/run" --kernel "$kernel" --asic "$asic" --logs "$logs" \
        $patches -- "$@"
    rc=$?
    [ $rc != 77 ] || exit 77
    [ $rc = 0 ] || { echo "FAIL $asic: $*: exit code $rc"; failed=1; }
    ! grep -A 20 'WARNING:\|BUG:' "$logs/kernel.log" || { echo "FAIL $asic: a warning"; failed=1; }
}

# the node can be opened (0001), its memory is seen (0003), timestamps are put (0004)
machine gaudi2 "$build/tests/rig/rig_patches"
# a Goya has a node and works (0002)
machine goya "$build/tests/rig/rig_patches"
machine goya "$build/tests/sim/sim_objects"
exit $failed
