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
    command -v apt-get >/dev/null || { echo "no apt-get to fetch a later linux-libc-dev with"; exit 77; }
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -f $keys ] || { echo "no Debian keyring"; exit 77; }
    mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" "$dir/root"
    echo "deb [signed-by=$keys] http://deb.debian.org/debian trixie main" > "$dir/sources.list"
    : > "$dir/status"
    apt="-o Dir::State=$dir/state -o Dir::State::status=$dir/status -o Dir::Cache=$dir/cache
         -o Dir::Etc::SourceList=$dir/sources.list -o Dir::Etc::SourceParts=/dev/null
         -o Acquire::Languages=none -o APT::Sandbox::User=root -o Acquire::Retries=1"
    apt-get $apt -qq update || { echo "the package lists of trixie cannot be fetched"; exit 77; }
    (cd "$dir" && apt-get $apt -qq download linux-libc-dev) ||
        { echo "linux-libc-dev of trixie cannot be fetched"; exit 77; }
    dpkg-deb -x "$dir"/linux-libc-dev_*.deb "$dir/root" || exit 77
fi
[ -f "$header" ] || { echo "that linux-libc-dev has no drm/habanalabs_accel.h"; exit 77; }
compare "$header" "$dir/root/usr/include"
