#!/bin/sh
# SPDX-License-Identifier: MIT
# fates.sh HLSIM PROGRAM ASIC KERNEL RECORD [LIBRARY]: what fates.c is told with the library that it
# was built with, compared with what the original library told it, line by line. With LIBRARY, the
# path of another libhl-thunk.so (the original), its answers are taken live and become the RECORD:
#   tests/classic/fates.sh build/sim/hlsim build/tests/classic/fates gaudi 6.1 \
#       tests/classic/fates/gaudi ORIGINAL/libhl-thunk.so
set -eu
hlsim=$1 program=$2 asic=$3 kernel=$4 record=$5 library=${6:-}
export HLSIM_PROGRAM="$hlsim"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/hlthunk-fates-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
if [ -n "$library" ]; then
    mkdir "$tmp/lib"
    cp "$library" "$tmp/lib/libhl-thunk.so"
    LD_LIBRARY_PATH="$tmp/lib" ldd "$program" | grep -q "$tmp/lib/libhl-thunk.so"
    LD_LIBRARY_PATH="$tmp/lib" "$hlsim" run --device "$asic" --kernel "$kernel" -- "$program" \
        > "$tmp/record"
    cp "$tmp/record" "$record"
fi
# A machine that is late looks when the reset is over: then once more. Goya's is of the engines alone.
late='EIO status 3'
[ "$asic" != goya ] || late="($late|ETIMEDOUT status 2)"
for try in 1 2 3 4 5; do
    "$hlsim" run --device "$asic" --kernel "$kernel" -- "$program" > "$tmp/ours"
    if diff "$record" "$tmp/ours" > "$tmp/differ"; then
        break
    fi
    cat "$tmp/differ"
    if [ $try = 5 ] || grep '^>' "$tmp/differ" | grep -Evq " before, .*: $late\$"; then
        exit 1
    fi
done
echo "$asic on $kernel: $(wc -l < "$record") lines compared, 0 differ"
