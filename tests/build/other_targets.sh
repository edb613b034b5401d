#!/bin/sh
# SPDX-License-Identifier: MIT
# The tree as it is configured by default builds for a 32-bit machine and with musl, and leaves out
# what cannot be.  other_targets.sh MESON SOURCE-DIR
set -e
meson=$1 source=$2
tmp=$(mktemp -d "${TMPDIR:-/tmp}/hlthunk-targets-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise
tested=0

# target NAME COMPILER
target() {
    CC=$2 "$meson" setup "$tmp/$1" "$source" >"$tmp/$1.log" 2>&1 || { cat "$tmp/$1.log"; exit 1; }
    grep -q 'simulated device *: NO' "$tmp/$1.log"
    ninja -C "$tmp/$1" >"$tmp/$1.log" 2>&1 || { tail -30 "$tmp/$1.log"; exit 1; }
    if grep warning: "$tmp/$1.log"; then
        exit 1
    fi
    [ -f "$tmp/$1/lib/libhlthunk.so" ] && [ -f "$tmp/$1/lib/libhl-thunk.so" ]
    tested=$((tested + 1))
}

echo 'int main(void) { return 0; }' >"$tmp/try.c"
if gcc -m32 "$tmp/try.c" -o "$tmp/try" 2>/dev/null && "$tmp/try"; then
    target 32 'gcc -m32'
    # handles are above what mmap() takes there: that is said, not EINVAL
    cat >"$tmp/cb.c" <<'EOF'
#include <errno.h>
#include <string.h>

#include <hlthunk/error.h>

#include "lib/kernel/map.h"

int main(void)
{
    void *p = (void *)1;

    return hl_map_node(0, 2ull << 59, 4096, &p) != -EOPNOTSUPP || p != (void *)1 ||
           !strstr(hlthunk_last_error(), "32-bit");
}
EOF
    gcc -m32 -D_GNU_SOURCE -I "$source" -I "$source/include" "$tmp/cb.c" \
        "$tmp/32/lib/libhlthunk_objects.a" -pthread -o "$tmp/cb"
    "$tmp/cb" || { echo "a command buffer on a 32-bit machine is not explained"; exit 1; }
else
    echo "no 32-bit compiler (gcc-multilib)"
fi
if command -v musl-gcc >/dev/null; then
    # the kernel's headers, without those of the other C library beside them
    mkdir "$tmp/kernel"
    for d in linux asm-generic; do
        ln -s "/usr/include/$d" "$tmp/kernel/$d"
    done
    ln -s "/usr/include/$(gcc -print-multiarch)/asm" "$tmp/kernel/asm"
    target musl "musl-gcc -idirafter $tmp/kernel"
else
    echo "no musl-gcc (musl-tools)"
fi
[ $tested != 0 ] || exit 77
echo "$tested targets"
