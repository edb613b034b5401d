# SPDX-License-Identifier: MIT
# Sourced. What an emulated EFA card needs in the machine: the kernel's own efa module, which
# Debian does not build, from the distribution's source package (source.sh), unmodified, and
# rdma-core's userspace of the same suite.

# rig_efa_setup KERNEL: the module beside the kernel's own; sets RIG_RDMA, rdma-core's folder.
rig_efa_setup() {
    rig_kernel_setup "$1"
    rig_lock "efa-$1" rig_efa_fill "$1" || exit
    rig_lock rdma rig_rdma_fill || exit
    RIG_RDMA=$RIG_CACHE/rdma
}

rig_efa_fill() {
    [ -e "$RIG_KERNEL/extra/efa.ko" ] && return 0
    rig_say "building the efa module of $RIG_RELEASE (once, downloads about 400 MiB)"
    rig_source "$RIG_CACHE/efa-$1" "$1" drivers/infiniband/hw/efa
    rig_source_build "$RIG_CACHE/efa-$1" efa.ko CONFIG_INFINIBAND_EFA=m
    mkdir -p "$RIG_KERNEL/extra"
    mv "$RIG_CACHE/efa-$1/efa.ko" "$RIG_KERNEL/extra/efa.ko"
}

rig_rdma_fill() {
    [ -e "$RIG_CACHE/rdma/.complete" ] && return 0
    rm -rf "$RIG_CACHE/rdma"
    rig_say "downloading rdma-core's userspace from testing (once, about 20 MiB)"
    rig_apt_setup rdma testing
    rig_apt_unpack "$RIG_CACHE/rdma" ibverbs-utils ibverbs-providers perftest
    date > "$RIG_CACHE/rdma/.complete"
}

# rig_efa_overlay FOLDER: rdma-core's programs and libraries with the C library that they were made
# for, as they are. Laid over all else in the machine: programs of this host, made for an older C
# library, run with a newer one.
rig_efa_overlay() {
    rig_lib=$1/lib/x86_64-linux-gnu
    rig_from=$RIG_RDMA/usr/lib/x86_64-linux-gnu
    mkdir -p "$rig_lib" "$1/lib64" "$1/usr/bin" "$1/etc/libibverbs.d" \
        "$1/usr/lib/x86_64-linux-gnu/libibverbs"
    cp -L "$rig_from/ld-linux-x86-64.so.2" "$1/lib64/"
    for rig_so in libc.so.6 libm.so.6 libmvec.so.1 libpthread.so.0 libdl.so.2 librt.so.1 \
        libresolv.so.2 libibverbs.so.1 libefa.so.1 librdmacm.so.1 libibumad.so.3 libnl-3.so.200 \
        libnl-route-3.so.200 libpci.so.3 libz.so.1 libudev.so.1 libcap.so.2 libkmod.so.2 \
        libzstd.so.1 liblzma.so.5 libcrypto.so.3 libmlx4.so.1 libmlx5.so.1 libhns.so.1; do
        [ ! -e "$rig_from/$rig_so" ] || cp -L "$rig_from/$rig_so" "$rig_lib/"
    done
    for rig_so in "$rig_from"/libibverbs/libefa-rdmav*.so; do
        ln -s /lib/x86_64-linux-gnu/libefa.so.1 \
            "$1/usr/lib/x86_64-linux-gnu/libibverbs/${rig_so##*/}"
    done
    cp "$RIG_RDMA/etc/libibverbs.d/efa.driver" "$1/etc/libibverbs.d/"
    echo '127.0.0.1 localhost' > "$1/etc/hosts"
    cp "$RIG_RDMA"/usr/bin/ibv_* "$RIG_RDMA"/usr/bin/ib_*_bw "$RIG_RDMA"/usr/bin/ib_*_lat \
        "$1/usr/bin/"
}
