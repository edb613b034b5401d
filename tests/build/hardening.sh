#!/bin/sh
# SPDX-License-Identifier: MIT
# What is built has the hardening that meson.build asks for.
# hardening.sh FORTIFIED FILE…      FORTIFIED: yes when the C library's checked calls are asked for
fortified=$1
shift
failed=0
fault() {
    echo "$1"
    failed=1
}
checked=0 guarded=0
for file; do
    readelf -lW "$file" | grep -q GNU_RELRO || fault "$file: no RELRO"
    readelf -dW "$file" | grep -Eq 'BIND_NOW|Flags:.* NOW' || fault "$file: no BIND_NOW"
    readelf -lW "$file" | grep 'GNU_STACK' | grep -q 'RW ' || fault "$file: the stack is executable"
    readelf -hW "$file" | grep -q 'Type: *DYN' || fault "$file: not position independent"
    readelf -sW "$file" | grep -q '__stack_chk_fail' && guarded=$((guarded + 1))
    readelf -sW "$file" | grep -Eq '__(snprintf|vsnprintf|memcpy|read|fprintf|printf)_chk' &&
        checked=$((checked + 1))
done
[ $guarded -eq $# ] || fault "the stack is guarded in $guarded of $# files"
# not in the preloaded library, which defines the C library's functions itself
[ "$fortified" = no ] || [ $checked -ge $(($# - 1)) ] ||
    fault "calls of the C library are checked in $checked of $# files"
exit $failed
