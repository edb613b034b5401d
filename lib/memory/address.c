/* SPDX-License-Identifier: MIT */
#include <hlthunk/address.h>
#include <hlthunk/host_memory.h>

#include "lib/device/device.h"
#include "lib/error.h"
#include "lib/memory/buffer.h"
#include "lib/memory/dmabuf.h"
#include "lib/memory/pinned.h"
#include "lib/memory/place.h"

typedef unsigned long long ull;

/* One more reference, or NULL with the text set and *rc the error. */
static struct hlthunk_buffer *find(struct hlthunk_device *d, enum hl_space_of space,
                                   uint64_t address, uint64_t size, int *rc)
{
    struct hlthunk_buffer *b = (struct hlthunk_buffer *)hl_place_find(d, space, address, size);
    uint64_t start = 0, bytes = 0, within;

    if (b) {
        start = space == HL_OF_HOST ? (uintptr_t)b->host : b->memory.address;
        bytes = b->size;
    }
    /* with a reference it stays; it was another buffer of its pool if the size has changed */
    within = address - start;
    if (within < bytes && size <= bytes - within)
        return b;
    hlthunk_buffer_unref(b);
    *rc = within < bytes ? hl_err(-ERANGE,
                                  "address %#llx + %llu is not within one buffer: what is there "
                                  "has %llu bytes at %#llx",
                                  (ull)address, (ull)size, (ull)bytes, (ull)start)
                         : hl_err(-ENOENT, "address %#llx is not in any buffer of device %s",
                                  (ull)address, d->name);
    return NULL;
}

static int find_buffer(struct hlthunk_device *d, enum hl_space_of space, uint64_t address,
                       uint64_t size, struct hlthunk_buffer **buffer, uint64_t *offset)
{
    struct hlthunk_buffer *b;
    /* on a stale device, too: what has to be released is still of interest */
    int rc = hl_device_check_process(d);

    if (rc)
        return rc;
    if (!buffer)
        return hl_err(-EINVAL, "buffer is NULL");
    b = find(d, space, address, size ? size : 1, &rc);
    if (!b)
        return rc;
    if (offset)
        *offset = address - (space == HL_OF_HOST ? (uintptr_t)b->host : b->memory.address);
    *buffer = b;
    return 0;
}

int hlthunk_device_find_buffer(struct hlthunk_device *d, uint64_t address, uint64_t size_bytes,
                               struct hlthunk_buffer **buffer, uint64_t *offset)
{
    return find_buffer(d, HL_OF_DEVICE, address, size_bytes, buffer, offset);
}

int hlthunk_device_find_host_buffer(struct hlthunk_device *d, const void *host, uint64_t size_bytes,
                                    struct hlthunk_buffer **buffer, uint64_t *offset)
{
    return find_buffer(d, HL_OF_HOST, (uintptr_t)host, size_bytes, buffer, offset);
}

int hlthunk_device_trim_host_memory(struct hlthunk_device *d, uint64_t keep_bytes,
                                    uint64_t *released_bytes)
{
    int rc = hl_device_check(d);
    uint64_t bytes;

    if (rc)
        return rc;
    bytes = hl_pinned_trim(d, keep_bytes);
    if (released_bytes)
        *released_bytes = bytes;
    return 0;
}

int hlthunk_device_export_range(struct hlthunk_device *d, uint64_t address, uint64_t size_bytes,
                                const struct hlthunk_dmabuf_options *options,
                                struct hlthunk_dmabuf **dmabuf, uint64_t *offset)
{
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    if (!dmabuf)
        return hl_err(-EINVAL, "dmabuf is NULL");
    b = find(d, HL_OF_DEVICE, address, size_bytes ? size_bytes : 1, &rc);
    if (!b)
        return rc;
    rc = hl_dmabuf_export_around(b, address - b->memory.address, size_bytes, options,
                                 __builtin_return_address(0), &m);
    hlthunk_buffer_unref(b);
    if (rc)
        return rc;
    if (offset)
        *offset = m->lead;
    *dmabuf = m;
    return 0;
}
