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

/* In a driver no program has it, and no number of a program's is taken; its close() is noticed. */
static int hold(int dmabuf_fd, uint32_t file)
{
    int fd = fd_duplicate_away(dmabuf_fd);

    if (fd >= 0)
        fd_note(fd, file);
    return fd;
}

static int importer_attach(int dmabuf_fd, bool peer_to_peer, struct hlsim_attachment **out)
{
    uint32_t file = sim ? fd_find(dmabuf_fd) : SIM_NONE;
    struct sim_request q = { .op = SIM_REQUEST_MEMORY, .file = file };
    struct sim_reply r;
    struct hlsim_attachment *a;
    int fds[2], rc;

    if (file == SIM_NONE || sim->files[file].kind != SIM_FILE_DMABUF)
        return -EINVAL;
    a = calloc(1, sizeof(*a));
    if (!a)
        return -ENOMEM;
    a->fd = hold(dmabuf_fd, file);
    rc = a->fd < 0 ? -EMFILE : client_transfer(&q, &r, -1, true, fds);
    if (!rc && fds[0] < 0)
        rc = -EMFILE;
    if (rc) {
        if (a->fd >= 0)
            close(a->fd);
        free(a);
        return rc;
    }
    a->memory = fds[0];
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
    size_t done = 0;

    if (!a->mapped || offset > b->size || n > b->size - offset)
        return -EINVAL;
    while (done < n) {
        struct sim_request q = { .op = SIM_REQUEST_LOCATE,
                                 .file = a->file,
                                 .argument = offset + done };
        struct sim_reply r;
        long k;

        if (client_call(&q, &r, false))
            return -EIO;
        if (r.left > n - done)
            r.left = n - done;
        k = syscall(write ? SYS_pwrite64 : SYS_pread64, a->memory, (char *)data + done,
                    (size_t)r.left, (off_t)r.at);
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
