/* SPDX-License-Identifier: MIT */
#include "sim/importer.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

struct hlsim_attachment {
    int fd; /* of the dma-buf: holds it */
    uint32_t file;
    bool peer_to_peer, mapped;
    int memory; /* of the device */
};

static int importer_attach(int dmabuf_fd, bool peer_to_peer, struct hlsim_attachment **out)
{
    uint32_t file = sim ? fd_find(dmabuf_fd) : SIM_NONE;
    struct hlsim_attachment *a;

    if (file == SIM_NONE || sim->files[file].kind != SIM_FILE_DMABUF)
        return -EINVAL;
    a = calloc(1, sizeof(*a));
    if (!a)
        return -ENOMEM;
    a->fd = dup(dmabuf_fd);
    a->memory = client_open_shared(sim, sim->devices[sim->files[file].device].memory_fd);
    if (a->fd < 0 || a->memory < 0) {
        if (a->fd >= 0)
            close(a->fd);
        free(a);
        return -EMFILE;
    }
    a->file = file;
    a->peer_to_peer = peer_to_peer;
    *out = a;
    return 0;
}

static int importer_map(struct hlsim_attachment *a)
{
    if (!a->peer_to_peer)
        return -EPERM;
    a->mapped = true;
    return 0;
}

static ssize_t move(struct hlsim_attachment *a, uint64_t offset, void *data, size_t n, bool write)
{
    const struct sim_dmabuf *b = &sim->files[a->file].dmabuf;
    const struct sim_device *d = &sim->devices[sim->files[a->file].device];
    size_t done = 0;

    if (!a->mapped || offset > b->size || n > b->size - offset)
        return -EINVAL;
    while (done < n) {
        uint64_t left, at;
        long k;

        sim_lock(sim);
        at = sim_dmabuf_locate(d, b, offset + done, &left);
        sim_unlock(sim);
        if (left > n - done)
            left = n - done;
        k = syscall(write ? SYS_pwrite64 : SYS_pread64, a->memory, (char *)data + done,
                    (size_t)left, (off_t)at);
        if (k <= 0)
            return -EIO;
        done += (size_t)k;
    }
    return (ssize_t)n;
}

static ssize_t importer_read(struct hlsim_attachment *a, uint64_t offset, void *data, size_t n)
{
    return move(a, offset, data, n, false);
}

static ssize_t importer_write(struct hlsim_attachment *a, uint64_t offset, const void *data,
                              size_t n)
{
    return move(a, offset, (void *)data, n, true);
}

static void importer_unmap(struct hlsim_attachment *a)
{
    a->mapped = false;
}

static void importer_detach(struct hlsim_attachment *a)
{
    if (!a)
        return;
    syscall(SYS_close, a->memory);
    close(a->fd);
    free(a);
}

const struct hlsim_importer *hlsim_get_importer(void);
HOOK const struct hlsim_importer *hlsim_get_importer(void)
{
    static const struct hlsim_importer importer = {
        .attach = importer_attach,
        .map = importer_map,
        .read = importer_read,
        .write = importer_write,
        .unmap = importer_unmap,
        .detach = importer_detach,
    };

    return sim ? &importer : NULL;
}
