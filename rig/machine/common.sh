# SPDX-License-Identifier: MIT
# Sourced by the other scripts of the rig: locations, and how to give up.

RIG_CACHE=${HLTHUNK_RIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hlthunk-rig}

# The test cannot be run here: 77 is "skipped" for Meson and Automake alike.
rig_skip() {
    echo "rig: skipped: $*" >&2
    exit 77
}

rig_say() {
    echo "rig: $*" >&2
}

# rig_lock NAME COMMAND...: one process at a time fills a folder of the cache.
rig_lock() {
    mkdir -p "$RIG_CACHE" || rig_skip "cannot write $RIG_CACHE"
    rig_lock_name=$1
    shift
    (
        flock 9
        "$@"
    ) 9> "$RIG_CACHE/.$rig_lock_name.lock"
}
