/* SPDX-License-Identifier: MIT */
/*
 * The other driver, for tests: imports a dma-buf of a simulated device and reaches its memory, as
 * a NIC or another accelerator would.  Resolved at run time: a program that uses it links with
 * nothing, and finds no importer outside of a simulation.
 */
#ifndef HLSIM_IMPORTER_H
#define HLSIM_IMPORTER_H

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hlsim_attachment;

/* The functions that the simulator provides. */
struct hlsim_importer {
    /*
     * Attaches to a dma-buf (dma_buf_attach).  peer_to_peer: as a driver that can reach other
     * devices' memory.  The attachment holds the dma-buf.  0 or -errno.
     */
    int (*attach)(int dmabuf_fd, bool peer_to_peer, struct hlsim_attachment **attachment);
    /* dma_buf_map_attachment(): -EPERM without peer-to-peer. */
    int (*map)(struct hlsim_attachment *attachment);
    /* Moves bytes of the mapped dma-buf: n, or -errno (-EINVAL outside of it). */
    ssize_t (*read)(struct hlsim_attachment *attachment, uint64_t offset, void *data, size_t n);
    ssize_t (*write)(struct hlsim_attachment *attachment, uint64_t offset, const void *data,
                     size_t n);
    void (*unmap)(struct hlsim_attachment *attachment);
    void (*detach)(struct hlsim_attachment *attachment);
};

/* The simulator's importer, or NULL where the program does not run in a simulation. */
static inline const struct hlsim_importer *hlsim_importer(void)
{
    const struct hlsim_importer *(*get)(void);
    void *symbol = dlsym(RTLD_DEFAULT, "hlsim_get_importer");

    if (!symbol)
        return NULL;
    *(void **)&get = symbol;
    return get();
}

#ifdef __cplusplus
}
#endif

#endif
