#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: own_files.sh HLSIM LIBRARY PROGRAM: a program's own files are as without the simulator,
# in a simulation, with its library alone, and where the simulation has ended
set -u
hlsim=$1 library=$(realpath "$2") program=$3 failed=0
unset LD_PRELOAD HLSIM_STATE
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM

# same NAME COMMAND…
same() {
    name=$1
    shift
    if "$@" >"$folder/$name" 2>"$folder/$name.errors" &&
        cmp -s "$folder/plain" "$folder/$name"; then
        echo "ok   $name"
    else
        echo "FAIL $name"
        diff "$folder/plain" "$folder/$name"
        cat "$folder/$name.errors"
        failed=1
    fi
}

"$program" >"$folder/plain" || exit 1
[ "$(wc -l <"$folder/plain")" -gt 200 ] || exit 1
same again "$program"
same 6.1 "$hlsim" run --kernel 6.1 -- "$program"
same 6.12 "$hlsim" run --kernel 6.12 -- "$program"
same alone env LD_PRELOAD="$library" "$program"
if [ -s "$folder/alone.errors" ]; then
    echo "FAIL alone: it says something"
    cat "$folder/alone.errors"
    failed=1
fi
same ended env LD_PRELOAD="$library" HLSIM_STATE=/nowhere "$program"
if ! grep -q "cannot reach its simulation" "$folder/ended.errors"; then
    echo "FAIL ended: it does not say so"
    failed=1
fi
exit $failed
