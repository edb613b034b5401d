#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_example_share.sh SHARE: the example leaves files alone that are not its own, and none of its own
set -u
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
failed=0

# refuses SHARE SENTENCE PATH
refuses() {
    "$1" export "$3" >"$work/said" 2>&1
    rc=$?
    if [ $rc != 1 ] || ! grep -q "^share: $2$" "$work/said"; then
        echo "FAIL share export $3: $rc"
        cat "$work/said"
        failed=1
    fi
}
echo "of somebody" >"$work/notes"
refuses "$1" "Address already in use" "$work/notes"
[ "$(cat "$work/notes")" = "of somebody" ] || { echo "FAIL the file is gone"; failed=1; }
refuses "$1" "No such file or directory" "$work/none/socket"
refuses "$1" "PATH is longer than a socket's name may be" "$work/$(printf '%0200d' 0)"

"$1" export "$work/socket" &
"$1" import "$work/socket" || failed=1
wait $! || failed=1
[ ! -e "$work/socket" ] || { echo "FAIL the socket is left"; failed=1; }
exit $failed
