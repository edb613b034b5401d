#!/bin/sh
# SPDX-License-Identifier: MIT
# conformance.sh BUILD ASIC KERNEL [RECORD]: hlthunk-conformance in the rig, and its report beside the
# simulator's and the one that is recorded; RECORD is where the report is to be kept.
set -u
build=$1 asic=$2 kernel=$3 record=${4:-}
tree=$(cd "$(dirname "$0")/../.." && pwd)
out=$build/rig-logs/conformance-$asic-$kernel
mkdir -p "$out"
HLTHUNK_RIG_BUILD=$build "$tree/rig/run" --asic "$asic" --kernel "$kernel" --timeout 3600 --logs "$out" -- \
    "$build/tools/hlthunk-conformance" --output - >"$out/report" 2>"$out/errors"
rc=$?
if [ $rc != 0 ]; then
    cat "$out/errors" >&2
    exit $rc
fi
[ -z "$record" ] || cp "$out/report" "$record"
exec "$tree/tests/rig/compare" "$build" "$out/report"
