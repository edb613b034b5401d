#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: size.sh KIB LIBRARY [KIB LIBRARY]...
# What applications load stays small: no stripped library is larger than that many KiB.
set -u
command -v strip >/dev/null || { echo "no strip (package binutils)"; exit 77; }
work=$(mktemp -d) failed=0
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
while [ $# -gt 1 ]; do
    strip -o "$work/stripped" "$2" || exit 1
    size=$(wc -c <"$work/stripped")
    echo "${2##*/}: $size bytes stripped, the limit is $(($1 * 1024))"
    [ "$size" -le $(($1 * 1024)) ] || failed=1
    shift 2
done
exit $failed
