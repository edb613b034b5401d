#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: seeds.sh HLSIM RACE ASIC: a missing wait is a visible race, and a seed repeats it
set -u
hlsim=$1 race=$2 asic=$3 failed=0 seen=

# one SEED [wait]: which pieces were new
one() {
    seed=$1
    shift
    "$hlsim" run --device "$asic" --seed "$seed" -- "$race" "$@" || echo "seed $seed: exit code $?"
}

right=$(one 0 wait)
case $right in
*[!1]* | '') echo "FAIL with a wait not all is new: $right"; failed=1 ;;
esac
for seed in 0 1 2 3 4 5 6 7 8; do
    first=$(one $seed)
    echo "seed $seed: $first"
    for again in 1 2; do
        second=$(one $seed)
        [ "$first" = "$second" ] || { echo "FAIL seed $seed, run $again after: $second"; failed=1; }
    done
    [ "$(one $seed wait)" = "$right" ] || { echo "FAIL seed $seed with a wait"; failed=1; }
    seen="$seen $first"
done
# shellcheck disable=SC2086
orders=$(printf '%s\n' $seen | sort -u | wc -l)
[ "$orders" -gt 1 ] || { echo "FAIL all seeds give one order"; failed=1; }
case $seen in
*0*) ;;
*) echo "FAIL no seed shows the race"; failed=1 ;;
esac
exit $failed
