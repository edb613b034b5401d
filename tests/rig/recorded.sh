#!/bin/sh
# SPDX-License-Identifier: MIT
# recorded.sh BUILD REPORT.xz: the simulator answers hlthunk-conformance as the driver did in the rig
set -u
command -v xz >/dev/null || { echo "xz is missing"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
xz -dc "$2" >"$work/report" || exit 1
"$(dirname "$0")/compare" "$1" "$work/report"
