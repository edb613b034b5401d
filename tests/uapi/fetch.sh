#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares uapi/ with the kernel header of a later Debian, whose package is unpacked into a folder
# of its own and nothing of it installed, and includes the two together in both orders.  Skipped
# without apt, the network or that package.
# fetch.sh LAYOUT.PY ROOT FOLDER
layout=$1 root=$2 dir=$3

# compare HEADER INCLUDE-DIR
compare() {
    python3 "$layout" "$root" 6.12 "$1" "$2" || exit
    for first in "$1" hlthunk.h; do
        for language in c c++; do
            printf '#include "%s"\n#include <hlthunk.h>\n#include "%s"\nstruct hlthunk_hw_ip_info i;\n' \
                "$first" "$1" |
                cc -x $language -Wall -Wextra -Werror -I "$root/include/habanalabs" -I "$2" \
                    -fsyntax-only - || { echo "$language, $first first"; exit 1; }
        done
    done
    exit 0
}

if [ -f /usr/include/drm/habanalabs_accel.h ] && [ -f /usr/include/drm/drm.h ]; then
    compare /usr/include/drm/habanalabs_accel.h /usr/include
fi
header=$dir/root/usr/include/drm/habanalabs_accel.h
if [ ! -f "$header" ]; then
    RIG_CACHE=$dir
    . "$root/rig/machine/apt.sh"
    rig_skip() { echo "$*"; exit 77; }
    rig_apt_setup uapi trixie
    rig_apt_unpack_only "$dir/root" linux-libc-dev
fi
[ -f "$header" ] || { echo "that linux-libc-dev has no drm/habanalabs_accel.h"; exit 77; }
compare "$header" "$dir/root/usr/include"
