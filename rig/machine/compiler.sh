# SPDX-License-Identifier: MIT
# Sourced. The compiler of a Debian suite: it is unpacked into a folder, and runs with that
# folder as its root, in its own namespaces; an ordinary user can do that where the host allows
# user namespaces.

# rig_compiler FOLDER PACKAGE...: a compiler, the usual tools of builds, and these packages.
rig_compiler() {
    rig_apt_unpack "$@" make gcc binutils dash bash coreutils sed grep mawk findutils diffutils
    for rig_program in awk=mawk sh=dash cc=gcc; do
        [ -e "$1/usr/bin/${rig_program%=*}" ] ||
            ln -s "${rig_program#*=}" "$1/usr/bin/${rig_program%=*}"
    done
    # these two have their version in their names, and the short one from a maintainer's script
    for rig_program in aclocal automake; do
        for rig_versioned in "$1/usr/bin/$rig_program"-*; do
            [ ! -e "$rig_versioned" ] || ln -sf "${rig_versioned##*/}" "$1/usr/bin/$rig_program"
        done
    done
}

# rig_make WHAT FOLDER COMMAND...: runs a build with that folder as its root, its output in
# FOLDER/log; where it fails, what needs it is skipped with the reason.
rig_make() {
    rig_what=$1 rig_folder=$2
    shift 2
    rig_chroot "$rig_folder" "$@" > "$rig_folder/log" 2>&1
    case $? in
    0) ;;
    78) rig_skip "no mount namespace for the build of $rig_what (user namespaces are off?)" ;;
    *) rig_skip "$rig_what does not build (see $rig_folder/log)" ;;
    esac
}

# rig_chroot FOLDER COMMAND...: the command with this folder as its root, and its own /proc and
# /dev/null there.
rig_chroot() {
    rig_map=
    [ "$(id -u)" = 0 ] || rig_map=--map-root-user
    # shellcheck disable=SC2016
    unshare $rig_map --mount sh -c 'root=$1; shift
        mkdir -p "$root/proc" "$root/dev" "$root/tmp" && : > "$root/dev/null" &&
        mount --rbind /proc "$root/proc" && mount --bind /dev/null "$root/dev/null" || exit 78
        exec chroot "$root" /usr/bin/env -i PATH=/usr/bin:/usr/sbin TMPDIR=/tmp "$@"' sh "$@"
}
