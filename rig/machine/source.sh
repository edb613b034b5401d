# SPDX-License-Identifier: MIT
# Sourced. Modules that are built: from the distribution's own source of exactly the kernel that
# runs, with the compiler of its suite (compiler.sh), as the host's may not know the kernel's flags.

# rig_source FOLDER KERNEL DRIVER: the source of the driver (drivers/…) in FOLDER/build, and what
# builds it.
rig_source() {
    command -v unshare > /dev/null || rig_skip "unshare is needed to build a module"
    command -v xz > /dev/null || rig_skip "xz is needed to unpack the kernel's source"
    rm -rf "$1"
    # shellcheck disable=SC2046
    rig_apt_setup "${1##*/}" $(rig_kernel_suites "$2")
    rig_version=$(echo "$RIG_RELEASE" | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')
    rig_apt_unpack_only "$1" "linux-source-$rig_version"
    mkdir -p "$1/build"
    rig_depth=$(echo "$3" | tr -dc / | wc -c)
    tar -C "$1/build" --strip-components=$((rig_depth + 2)) -xf \
        "$1/usr/src/linux-source-$rig_version.tar.xz" "linux-source-$rig_version/$3" ||
        rig_skip "linux-source-$rig_version has no $3"
    rm -rf "$1/usr/src/linux-source-$rig_version.tar.xz"
    rig_compiler "$1" "linux-headers-$RIG_RELEASE"
}

# rig_source_build FOLDER NAME.ko CONFIG=m: the module, stripped, at FOLDER/NAME.ko; the rest of
# the folder goes.
rig_source_build() {
    rig_make "$2" "$1" make -j"$(nproc)" -C "/usr/src/linux-headers-$RIG_RELEASE" M=/build "$3" \
        modules
    rig_chroot "$1" strip --strip-debug "/build/$2" -o "/$2" || rig_skip "no $2 was built"
    rm -rf "${1:?}/usr" "$1/etc" "$1/var" "$1/boot" "$1/build"
}
