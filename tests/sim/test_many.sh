#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_many.sh HLSIM PROGRAM [HLTHUNK]: simulations of 1, 2, 8 and 64 devices
set -u
hlsim=$1 program=$2 hlthunk=${3-} failed=0

for n in 1 2 8 64; do
    devices=$(yes -- '--device gaudi2' | head -n "$n")
    # shellcheck disable=SC2086 # words
    "$hlsim" run $devices -- "$program" "$n" || failed=1
    [ -n "$hlthunk" ] || continue
    # shellcheck disable=SC2086
    listed=$("$hlsim" run $devices -- "$hlthunk" list | grep -c '/dev/accel/accel')
    if [ "$listed" != "$n" ]; then
        echo "FAIL hlthunk list shows $listed of $n devices"
        failed=1
    fi
done
# shellcheck disable=SC2046
if "$hlsim" run $(yes -- '--device goya' | head -n 65) -- true 2>/dev/null; then
    echo "FAIL 65 devices were accepted"
    failed=1
fi
# nothing is left of a simulation
left=$(mktemp -d) || exit 1
TMPDIR=$left "$hlsim" run -- sh -c "test -n \"\$(ls '$left')\"" || failed=1
rmdir "$left" || failed=1
exit $failed
