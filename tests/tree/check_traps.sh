#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: check_traps.sh SOURCE
# A script that tidies up at its end does so when a signal ends it, too: dash ends without the trap on EXIT.
set -u
cd "$1" || exit
scripts=$(grep -rlE "^[[:space:]]*trap .* EXIT$" .ci dev integrations packaging rig tests) failed=0
[ -n "$scripts" ] || failed=1
for script in $scripts; do
    grep -qE "^[[:space:]]*trap '.*exit [0-9]+' .*TERM" "$script" || {
        echo "FAIL $script has a trap on EXIT, none on TERM" >&2
        failed=1
    }
done
exit $failed
