# SPDX-License-Identifier: MIT
# Sourced. libfabric with its efa provider and its tests, fabtests, that know the accelerators'
# memory: from Debian's source, unmodified, as perftest is (perftest.sh).

RIG_FABTESTS_PROGRAMS="fi_rdm_pingpong fi_rdm_tagged_pingpong fi_rdm_bw fi_rma_bw fi_rma_pingpong"

# rig_fabtests_setup: built and in the cache; sets RIG_FABTESTS.
rig_fabtests_setup() {
    rig_hl_built
    rig_lock fabtests rig_fabtests_fill || exit
    RIG_FABTESTS=$RIG_CACHE/fabtests
}

rig_fabtests_fill() {
    [ -e "$RIG_CACHE/fabtests/.complete" ] && return 0
    command -v unshare > /dev/null || rig_skip "unshare is needed to build libfabric"
    rig_build=$RIG_CACHE/build-fabtests
    rm -rf "$rig_build" "$RIG_CACHE/fabtests"
    rig_say "building libfabric and fabtests (once, some minutes; downloads about 130 MiB)"
    rig_apt_setup fabtests testing
    rig_apt_source "$rig_build/build" libfabric
    rig_compiler "$rig_build" libibverbs-dev librdmacm-dev autoconf automake libtool perl m4
    rig_hl_headers "$rig_build"
    rig_hl_libraries "$rig_build"
    rig_make libfabric "$rig_build" sh -c "cd /build && autoreconf -fi &&
        ./configure --prefix=$RIG_HL --disable-static --enable-only --enable-efa=yes \
            --with-synapseai=$RIG_HL && make -j$(nproc) && make install && cd fabtests &&
        autoreconf -fi &&
        ./configure --prefix=$RIG_HL --with-libfabric=$RIG_HL --with-synapseai=$RIG_HL &&
        for program in $RIG_FABTESTS_PROGRAMS; do
            make -j$(nproc) benchmarks/\$program || exit
        done"
    mkdir -p "$RIG_CACHE/fabtests"
    for rig_program in $RIG_FABTESTS_PROGRAMS; do
        # libtool's binary: the script beside it only works in the build
        rig_from=$rig_build/build/fabtests/benchmarks
        [ ! -x "$rig_from/.libs/$rig_program" ] || rig_from=$rig_from/.libs
        cp "$rig_from/$rig_program" "$RIG_CACHE/fabtests/" || rig_skip "no $rig_program was built"
    done
    cp -L "$rig_build$RIG_HL/lib/libfabric.so.1" "$rig_build$RIG_HL/bin/fi_info" \
        "$RIG_CACHE/fabtests/" || rig_skip "no libfabric was built"
    rm -rf "$rig_build"
    date > "$RIG_CACHE/fabtests/.complete"
}

# rig_fabtests_overlay FOLDER: into the machine, with the libraries.
rig_fabtests_overlay() {
    rig_hl_libraries "$1"
    mkdir -p "$1$RIG_HL/bin"
    cp "$RIG_FABTESTS"/fi_* "$1$RIG_HL/bin/"
    cp "$RIG_FABTESTS/libfabric.so.1" "$1$RIG_HL/lib/habanalabs/"
}
