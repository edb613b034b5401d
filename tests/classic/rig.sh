#!/bin/sh
# SPDX-License-Identifier: MIT
# rig/run for a test: only where ./dev rig has fetched what it needs before, as that takes minutes.
# rig.sh RIG/RUN ARGUMENTS…
cache=${HLTHUNK_RIG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hlthunk-rig}
[ -d "$cache" ] || { echo "the rig was never used on this machine: ./dev rig"; exit 77; }
exec "$@"
