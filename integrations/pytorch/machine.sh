# SPDX-License-Identifier: MIT
# Sourced by run. A folder of the cache with Debian's PyTorch and its compiler, and programs in
# it: they see that folder as /, and the host's /proc, /dev, /sys, /tmp, this tree and the build.

torch_packages="python3-torch libtorch-dev pybind11-dev g++ ninja-build dash coreutils python3-setuptools
    python3-pytest python3-hypothesis python3-expecttest python3-psutil python3-scipy"

torch_bring() {
    [ ! -e "$root/.complete" ] || return 0
    rm -rf "$root"
    mkdir -p "$root"
    rig_say "installing PyTorch of Debian $suite (300 MB; two minutes)"
    rig_apt_setup "$torch" "$suite"
    # shellcheck disable=SC2086
    rig_apt_unpack "$root" $torch_packages
    touch "$root/.complete"
}

# PyTorch's own tests: Debian's source package, unpatched.
torch_bring_source() {
    [ ! -e "$source/.complete" ] || return 0
    rm -rf "$source"
    mkdir -p "$source"
    rig_apt_setup "$torch" "$suite"
    sed 's/^deb /deb-src /' "$RIG_APT/sources.list" > "$RIG_APT/sources"
    cat "$RIG_APT/sources" >> "$RIG_APT/sources.list"
    (cd "$RIG_APT" && export APT_CONFIG="$RIG_APT/apt.conf" && apt-get -q update &&
        apt-get -q source --download-only pytorch) >> "$RIG_APT/log" 2>&1 ||
        rig_skip "cannot download the source of pytorch$(rig_apt_why)"
    tar -x -C "$source" --strip-components 1 --wildcards -f "$RIG_APT"/pytorch_*.orig.tar.xz \
        '*/test/*' || rig_skip "cannot unpack the source of pytorch"
    rm -f "$RIG_APT"/pytorch_*
    touch "$source/.complete"
}

# torch_in COMMAND...: in the folder.
torch_in() {
    if [ "$(id -u)" = 0 ]; then torch_unshare="unshare -m"; else torch_unshare="unshare -Urm"; fi
    # shellcheck disable=SC2016,SC2086
    ROOT=$root TOP=$top SHARED="/proc /dev /sys /tmp $top $build $RIG_CACHE" $torch_unshare sh -euc '
        for dir in $SHARED; do
            mkdir -p "$ROOT$dir"
            mount --rbind "$dir" "$ROOT$dir"
        done
        exec chroot "$ROOT" /usr/bin/env -i -C "$TOP" PATH=/usr/bin:/bin LANG=C.UTF-8 HOME=/tmp \
            LD_LIBRARY_PATH="$TORCH_LIBRARIES" PYTHONPATH="$TORCH_PYTHON" \
            PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 "$@"' sh "$@"
}

torch_build() {
    mkdir -p "$RIG_CACHE/$torch-build"
    torch_in PYTHONPATH= CC=gcc CXX=g++ MAX_JOBS="$(($(nproc) * 2))" CFLAGS="-I$top/include -I$build/include" \
        LDFLAGS="-L$build/lib" sh -euc 'cd "$1" && exec python3 setup.py -q build --build-base "$2" \
        egg_info --egg-base "$2"' sh "$top/integrations/pytorch" "$RIG_CACHE/$torch-build" \
        > "$RIG_CACHE/$torch-build.log" 2>&1 && return
    tail -n 40 "$RIG_CACHE/$torch-build.log" >&2
    exit 1
}
