# SPDX-License-Identifier: MIT
# Sourced. The kernel's habanalabs module, built from its source with patches (contrib/).

# rig_patched_setup KERNEL, after rig_kernel_setup: sets RIG_PATCHED, the folder with the module.
rig_patched_setup() {
    [ "$1" != 6.1 ] || rig_skip "patches are tried on 6.12 and 7"
    # shellcheck disable=SC2086
    RIG_PATCHED=$RIG_CACHE/patched-$RIG_RELEASE-$(cat $RIG_PATCHES | sha256sum | cut -c 1-12)
    rig_lock patched rig_patched_fill "$1" || exit
}

rig_patched_fill() {
    [ ! -e "$RIG_PATCHED/habanalabs.ko" ] || return 0
    command -v patch > /dev/null || rig_skip "patch is missing"
    rig_say "building the habanalabs module of $RIG_RELEASE (once, downloads about 400 MiB)"
    rig_source "$RIG_PATCHED" "$1" drivers/accel/habanalabs
    for rig_patch in $RIG_PATCHES; do
        patch -d "$RIG_PATCHED/build" -p4 -s --no-backup-if-mismatch < "$rig_patch" >&2 || {
            rig_say "$rig_patch does not apply to $RIG_RELEASE's driver"
            exit 1
        }
    done
    rig_source_build "$RIG_PATCHED" habanalabs.ko CONFIG_DRM_ACCEL_HABANALABS=m
}
