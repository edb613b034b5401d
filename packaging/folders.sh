# SPDX-License-Identifier: MIT
# For the checks of packages to source, in the tree's root folder: clean folders of Debian, and the
# tree as a tarball.  Needs root and mmdebstrap.  Folders are kept in $HLTHUNK_PACKAGES_CACHE
# (~/.cache/hlthunk-packages).  $HLTHUNK_APT_OPTION is one of apt's options, for mirrors that need
# it: 'Acquire::Check-Valid-Until "false"' for one whose release files are old.
# Exit code 77: something is missing here, and a message says what.
cache=${HLTHUNK_PACKAGES_CACHE:-$HOME/.cache/hlthunk-packages}
mirror=${HLTHUNK_RIG_MIRROR:-http://deb.debian.org/debian}
version=$(sed -n "s/^ *version: '\(.*\)',$/\1/p" meson.build)
[ "$(id -u)" = 0 ] || { echo "check: needs root"; exit 77; }
command -v mmdebstrap >/dev/null || { echo "check: mmdebstrap is missing"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT # dash ends without the trap above otherwise
trap 'exit 143' TERM HUP

# folder SUITE KIND PACKAGES [ARCHITECTURES]: a clean root folder at $work/SUITE-KIND
folder() {
    # other packages mean another folder
    kept=$2-$1-$(echo "$3" | cksum | cut -d ' ' -f 1).tar
    if [ ! -f "$cache/$kept" ]; then
        mkdir -p "$cache"
        mmdebstrap --quiet --variant=apt --include="$3" ${4:+--architectures="$4"} \
            ${HLTHUNK_APT_OPTION:+--aptopt="$HLTHUNK_APT_OPTION"} "$1" "$cache/part-$kept" "$mirror"
        mv "$cache/part-$kept" "$cache/$kept"
    fi
    mkdir "$work/$1-$2"
    tar -xf "$cache/$kept" -C "$work/$1-$2"
    cp /etc/resolv.conf "$work/$1-$2/etc/"
}

# within FOLDER COMMAND…: in mount and PID namespaces of its own, which end with it
within() {
    root=$1
    shift
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child sh -euc '
        root=$1
        shift
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs shm "$root/dev/shm"
        mount -t tmpfs tmp "$root/tmp"
        exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive "$@"' within "$root" "$@"
}

# tarball FILE: all tracked files, as they are in the working tree now, and nothing else
tarball() {
    git ls-files | tar -cf "$1" --transform "s,^,hlthunk-$version/,S" --sort=name \
        --mtime="@$(git log -1 --format=%ct)" --owner=0 --group=0 --numeric-owner --no-recursion -T -
}
