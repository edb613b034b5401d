#!/bin/sh
# SPDX-License-Identifier: MIT
# Defect 30: a pointer that becomes a 64-bit number directly is sign-extended on 32-bit machines.
# The compiler says where: the library is parsed as for one.  pointers.sh ROOT BUILD
root=$1
arch=$(cc -print-multiarch 2>/dev/null)
[ "$arch" = x86_64-linux-gnu ] || { echo "no 32-bit parsing on $arch"; exit 77; }
tmp=$(mktemp -d "${TMPDIR:-/tmp}/hlthunk-pointers-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
# the one header that 64-bit systems lack, and that has nothing to say here
mkdir "$tmp/gnu"
: > "$tmp/gnu/stubs-32.h"
flags="-m32 -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DHL_VERSION=\"\" -I$root
       -I$root/include -I$2/include -I$tmp -I/usr/include/$arch -fsyntax-only
       -Werror=pointer-to-int-cast -Werror=int-to-pointer-cast"
printf '#include <stdint.h>\nuint64_t f(void *p);\nuint64_t f(void *p) { return (uint64_t)p; }\n' \
    > "$tmp/bad.c"
printf '#include <stdlib.h>\n' > "$tmp/good.c"
cc $flags "$tmp/good.c" 2>/dev/null || { echo "this compiler does not parse for 32 bits"; exit 77; }
cc $flags "$tmp/bad.c" 2>/dev/null && { echo "the check finds nothing"; exit 1; }
failed=0
for f in $(find "$root/lib" -name '*.c'); do
    cc $flags "$f" || failed=1
done
exit $failed
