#!/bin/sh
# SPDX-License-Identifier: MIT
# The drop-in against the corpus of the original library of 2023: nothing removed, nothing changed.
# abi.sh LIBRARY CORPUS
command -v abidiff >/dev/null || { echo "abidiff (abigail-tools) is not installed"; exit 77; }
readelf -S "$1" | grep -q '\.debug_info' || { echo "$1 has no debug information"; exit 77; }
# LTO describes a function by the code that is left of it, with parameters in another order and all
! readelf --debug-dump=info "$1" 2>/dev/null | grep -q 'DW_AT_producer.* -flto' ||
    { echo "$1 was linked with LTO, and its debug information is of no use to abidiff"; exit 77; }
out=$(abidiff --suppressions "$(dirname "$2")/classic.suppr" --no-added-syms "$2" "$1")
rc=$?
echo "$out"
[ $rc -eq 0 ] || exit 1
# it would say so if it had compared nothing
n=$(grep -c '<elf-symbol ' "$2")
[ "$n" -ge 100 ] || { echo "the corpus has $n symbols"; exit 1; }
# no version nodes, and the name that programs load
readelf -d "$1" | grep -q 'soname: \[libhl-thunk.so\]' || { echo "soname"; exit 1; }
if readelf -V "$1" | grep -q '\.gnu\.version_d'; then
    echo "$1 has symbol versions; the original had none"
    exit 1
fi
