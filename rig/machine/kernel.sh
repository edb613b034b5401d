# SPDX-License-Identifier: MIT
# Sourced. Debian's kernels, unpacked: 6.12 is trixie's, 7 is testing's, both with their own
# habanalabs module; 6.1 is bookworm's, which ships without the module but with its source.

# rig_kernel_suites 6.1|6.12|7: the suites that have it.
rig_kernel_suites() {
    case $1 in
    6.1) echo bookworm bookworm-security ;;
    6.12) echo trixie ;;
    7) echo testing ;;
    esac
}

# rig_kernel_setup 6.1|6.12|7: sets RIG_VMLINUZ, RIG_MODULES, RIG_RELEASE.
rig_kernel_setup() {
    case $1 in
    6.1 | 6.12 | 7) ;;
    *) rig_skip "no recipe for kernel $1 (6.1, 6.12 and 7 are known)" ;;
    esac
    rig_lock "kernel-$1" rig_kernel_fill "$1" || exit
    RIG_KERNEL=$RIG_CACHE/kernel-$1
    for RIG_MODULES in "$RIG_KERNEL"/usr/lib/modules/*; do :; done
    RIG_RELEASE=${RIG_MODULES##*/}
    RIG_VMLINUZ=$RIG_KERNEL/boot/vmlinuz-$RIG_RELEASE
    [ -e "$RIG_VMLINUZ" ] || RIG_VMLINUZ=$RIG_MODULES/vmlinuz
    [ -e "$RIG_VMLINUZ" ] || rig_skip "no kernel image in $RIG_KERNEL"
    [ -d "$RIG_MODULES" ] || rig_skip "no modules in $RIG_KERNEL"
}

rig_kernel_fill() {
    [ -e "$RIG_CACHE/kernel-$1/.complete" ] && return 0
    rig_suite_name=$(rig_kernel_suites "$1")
    rig_say "downloading Debian's kernel $1 from $rig_suite_name (once, about 100 MiB)"
    # shellcheck disable=SC2086
    rig_apt_setup "kernel-$1" $rig_suite_name
    rig_image=$(rig_apt_depends linux-image-amd64 'linux-image-[0-9].*')
    case $rig_image in
    linux-image-$1*) ;;
    *) rig_skip "$rig_suite_name has ${rig_image:-no kernel}, not a kernel $1" ;;
    esac
    # Since 7.0 the image package is empty, and depends on those with the image and the modules.
    rig_modules=$(rig_apt_depends "$rig_image" 'linux-modules-.*')
    rig_binary=$(rig_apt_depends "$rig_image" 'linux-binary-.*')
    # shellcheck disable=SC2086
    rig_apt_unpack_only "$RIG_CACHE/kernel-$1" "$rig_image" $rig_modules $rig_binary
    if [ "$1" = 6.1 ]; then
        rig_module_fill "${rig_image#linux-image-}"
    fi
    date > "$RIG_CACHE/kernel-$1/.complete"
}

# The habanalabs module of 6.1, unmodified, from the distribution's own source package.
rig_module_fill() {
    for rig_tool in make gcc xz; do
        command -v $rig_tool > /dev/null || rig_skip "$rig_tool is needed for the module of 6.1"
    done
    rig_build=$RIG_CACHE/module-6.1
    rm -rf "$rig_build"
    rig_headers=linux-headers-$1
    rig_common=$(rig_apt_depends "$rig_headers" 'linux-headers-.*-common')
    rig_kbuild=$(rig_apt_depends "$rig_headers" 'linux-kbuild-.*')
    rig_apt_unpack_only "$rig_build" "$rig_headers" "$rig_common" "$rig_kbuild" linux-source-6.1
    tar -C "$rig_build" -xf "$rig_build/usr/src/linux-source-6.1.tar.xz" \
        linux-source-6.1/drivers/misc/habanalabs || rig_skip "the source of the driver is missing"
    rig_h=$rig_build/usr/src/$rig_headers
    rig_hc=$rig_build/usr/src/$rig_common
    # The packages' makefiles name each other by absolute paths; these are ours.
    sed -i "s,/usr/src/linux-headers,$rig_build/usr/src/linux-headers,g" "$rig_h/Makefile"
    rm -f "$rig_hc/scripts" "$rig_hc/tools" "$rig_h/scripts" "$rig_h/tools"
    for rig_l in scripts tools; do
        ln -s "$rig_build/usr/lib/$rig_kbuild/$rig_l" "$rig_hc/$rig_l"
        ln -s "$rig_build/usr/lib/$rig_kbuild/$rig_l" "$rig_h/$rig_l"
    done
    make -j"$(nproc)" -C "$rig_h" -f "$rig_hc/Makefile" \
        M="$rig_build/linux-source-6.1/drivers/misc/habanalabs" CONFIG_HABANA_AI=m \
        ${CC:+CC="$CC"} modules > "$rig_build/log" 2>&1 ||
        rig_skip "the module of 6.1 does not build (see $rig_build/log)"
    strip --strip-debug "$rig_build/linux-source-6.1/drivers/misc/habanalabs/habanalabs.ko" \
        -o "$RIG_CACHE/kernel-6.1/habanalabs.ko"
}
