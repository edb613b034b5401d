# SPDX-License-Identifier: MIT
# Sourced. Third-party programs that can use an accelerator's memory, which Debian builds without it:
# perftest, from Debian's source, unmodified, with the suite's own compiler (efa.sh), against the
# library for programs of the original one and the double of the vendor's (tests/rig/synapse).

RIG_HL=/opt/hl # where they look for the libraries, when they are built and in the machine

rig_hl_built() {
    [ -e "$RIG_BUILD/tests/rig/libSynapse.so" ] && [ -e "$RIG_BUILD/lib/libhl-thunk.so" ] ||
        rig_skip "libSynapse.so (tests/rig) or libhl-thunk.so is not built"
}

# rig_perftest_setup: built and in the cache; sets RIG_PERFTEST.
rig_perftest_setup() {
    rig_hl_built
    rig_lock perftest rig_perftest_fill || exit
    RIG_PERFTEST=$RIG_CACHE/perftest
}

# rig_hl_libraries FOLDER: the libraries as they are built here.
rig_hl_libraries() {
    mkdir -p "$1$RIG_HL/lib/habanalabs"
    cp -L "$RIG_BUILD/lib/libhl-thunk.so" "$RIG_BUILD"/lib/libhlthunk.so.? \
        "$RIG_BUILD/tests/rig/libSynapse.so" "$1$RIG_HL/lib/habanalabs/"
}

rig_hl_headers() {
    mkdir -p "$1$RIG_HL/include"
    cp -RL "$RIG_TREE/include/habanalabs" "$1$RIG_HL/include/"
    mkdir -p "$1$RIG_HL/include/habanalabs/uapi"
    cp "$RIG_TREE"/uapi/*.h "$1$RIG_HL/include/habanalabs/uapi/"
    cp "$RIG_TREE/tests/rig/synapse/synapse_api.h" "$1$RIG_HL/include/habanalabs/"
}

rig_perftest_fill() {
    [ -e "$RIG_CACHE/perftest/.complete" ] && return 0
    command -v unshare > /dev/null || rig_skip "unshare is needed to build perftest"
    rig_build=$RIG_CACHE/build-perftest
    rm -rf "$rig_build" "$RIG_CACHE/perftest"
    rig_say "building perftest (once, downloads about 100 MiB)"
    rig_apt_setup perftest testing
    rig_apt_source "$rig_build/build" perftest
    rig_compiler "$rig_build" libibverbs-dev librdmacm-dev libibumad-dev libpci-dev
    rig_hl_headers "$rig_build"
    rig_hl_libraries "$rig_build"
    # the tarball has its configure script: nothing has to be regenerated
    # shellcheck disable=SC2016
    rig_make perftest "$rig_build" sh -c "cd /build &&
        ./configure --enable-hl --with-hl=$RIG_HL \
            LDFLAGS=-Wl,-rpath-link=$RIG_HL/lib/habanalabs &&
        make -j$(nproc) AUTOCONF=: AUTOMAKE=: ACLOCAL=: AUTOHEADER=: ib_write_bw ib_read_bw"
    mkdir -p "$RIG_CACHE/perftest"
    cp "$rig_build/build/ib_write_bw" "$rig_build/build/ib_read_bw" "$RIG_CACHE/perftest/" ||
        rig_skip "no ib_write_bw was built"
    rm -rf "$rig_build"
    date > "$RIG_CACHE/perftest/.complete"
}

# rig_perftest_overlay FOLDER: into the machine, beside Debian's own, with the libraries.
rig_perftest_overlay() {
    rig_hl_libraries "$1"
    mkdir -p "$1$RIG_HL/bin"
    cp "$RIG_PERFTEST/ib_write_bw" "$RIG_PERFTEST/ib_read_bw" "$1$RIG_HL/bin/"
}
