#!/bin/sh
# SPDX-License-Identifier: MIT
# Public structs have no hole and no tail padding: what a later version wants to use must be zero in
# today's programs, and nobody zeroes padding.  padding.sh ROOT BUILD
set -u
root=$1
tmp=$(mktemp -d "${TMPDIR:-/tmp}/hlthunk-padding-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

check() {
    cc -std=gnu11 -Wpadded -Werror -fsyntax-only -I"$root/include" -I"$2/include" "$1"
}

printf '#include <stddef.h>\nstruct hole { size_t size; char c; };\n' > "$tmp/hole.c"
check "$tmp/hole.c" "$2" 2>/dev/null && { echo "the check finds no padding"; exit 1; }
for header in "$root"/include/hlthunk/*.h "$root"/include/hlthunk-diag/*.h; do
    echo "#include <${header#"$root"/include/}>"
done > "$tmp/all.c"
check "$tmp/all.c" "$2"
