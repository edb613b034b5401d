/* SPDX-License-Identifier: MIT */
/* A pool as a framework's allocator: the framework keeps addresses and knows nothing of buffers. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

struct allocator {
    struct hlthunk_device *device;
    struct hlthunk_pool *pool;
};

/* 0: no memory; hlthunk_last_error() says why. */
static uint64_t device_malloc(struct allocator *a, size_t bytes)
{
    struct hlthunk_buffer *buffer;

    return hlthunk_pool_alloc(a->pool, bytes, NULL, &buffer) ? 0
                                                             : hlthunk_buffer_get_address(buffer);
}

/* The address is back in the pool, unless a dma-buf of it is open. */
static void device_free(struct allocator *a, uint64_t address)
{
    struct hlthunk_buffer *buffer;

    if (hlthunk_device_find_buffer(a->device, address, 0, &buffer, NULL))
        return;
    hlthunk_buffer_unref(buffer); /* what was found */
    hlthunk_buffer_unref(buffer); /* what device_malloc() has kept */
}

/* A dma-buf of a tensor, which may lie anywhere in an allocation; importers see whole pages. */
static int device_export(struct allocator *a, uint64_t address, size_t bytes, uint64_t *offset)
{
    struct hlthunk_dmabuf_options pages = { .struct_size = sizeof(pages), .whole_pages = true };
    struct hlthunk_dmabuf *dmabuf;
    int fd, rc = hlthunk_device_export_range(a->device, address, bytes, &pages, &dmabuf, offset);

    if (rc)
        return rc;
    rc = hlthunk_dmabuf_dup_fd(dmabuf, &fd);
    hlthunk_dmabuf_unref(dmabuf); /* the descriptor keeps the memory */
    return rc ? rc : fd;
}

int main(void)
{
    struct allocator a = { NULL, NULL };
    uint64_t tensor = 0, other = 0, offset = 0;
    int fd = -1, rc = hlthunk_device_open(NULL, &a.device);

    rc = rc ? rc : hlthunk_pool_create(a.device, NULL, &a.pool);
    if (!rc && (tensor = device_malloc(&a, 100000)) && (other = device_malloc(&a, 3000)))
        fd = device_export(&a, tensor + 5000, 10000, &offset);
    if (fd >= 0)
        printf("tensor at %#" PRIx64 ", another at %#" PRIx64 "; dma-buf fd %d, %" PRIu64
               " bytes into it\n",
               tensor, other, fd, offset);
    else
        fprintf(stderr, "%s\n", hlthunk_last_error());
    if (fd >= 0)
        close(fd); /* once an importer has it */
    device_free(&a, tensor);
    device_free(&a, other);
    hlthunk_pool_unref(a.pool);
    hlthunk_device_unref(a.device);
    return fd < 0;
}
