/* SPDX-License-Identifier: MIT */
/*
 * The double (synapse_api.h). As the vendor's library does, it takes its device memory once, as one
 * allocation, and gives out parts of it: programs export them by their distance from its start.
 */
#include "tests/rig/synapse/synapse_api.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <hlthunk/hlthunk.h>

#define API __attribute__((visibility("default")))
#define MEMORY (256ull << 20)
#define PART 4096ull
#define PARTS 256

static struct synapse {
    pthread_mutex_t lock;
    struct hlthunk_device *device; /* NULL: not acquired */
    struct hlthunk_buffer *memory;
    struct hlthunk_queue *queue;
    unsigned parts;
    struct {
        uint64_t offset, size;
    } part[PARTS]; /* what was given out, by offset */
} it = { .lock = PTHREAD_MUTEX_INITIALIZER };

static synStatus said(const char *what, int rc)
{
    if (rc)
        fprintf(stderr, "%s: %s\n", what, hlthunk_last_error());
    return rc ? synFail : synSuccess;
}

static synStatus let_go(void)
{
    int rc;

    hlthunk_queue_unref(it.queue);
    hlthunk_buffer_unref(it.memory);
    rc = hlthunk_device_close(it.device);
    it.queue = NULL;
    it.memory = NULL;
    it.device = NULL;
    it.parts = 0;
    return rc ? synFail : synSuccess;
}

static synStatus acquire(const char *what, const struct hlthunk_device_options *options)
{
    int rc;

    pthread_mutex_lock(&it.lock);
    if (it.device) {
        pthread_mutex_unlock(&it.lock);
        return synFail;
    }
    rc = hlthunk_device_open(options, &it.device);
    rc = rc ? rc : hlthunk_buffer_alloc(it.device, MEMORY, NULL, &it.memory);
    rc = rc ? rc : hlthunk_queue_create(it.device, NULL, &it.queue);
    said(what, rc);
    if (rc && it.device)
        let_go();
    pthread_mutex_unlock(&it.lock);
    return rc ? synFail : synSuccess;
}

API synStatus synInitialize(void)
{
    return synSuccess;
}

API synStatus synDestroy(void)
{
    synStatus status;

    pthread_mutex_lock(&it.lock);
    status = it.device ? let_go() : synSuccess;
    pthread_mutex_unlock(&it.lock);
    return status;
}

API synStatus synDeviceGetCount(uint32_t *pCount)
{
    size_t n = 0;
    int rc = hlthunk_device_enumerate(NULL, sizeof(struct hlthunk_device_entry), 0, &n);

    *pCount = (uint32_t)n;
    return said("synDeviceGetCount", rc);
}

API synStatus synDeviceAcquire(synDeviceId *pDeviceId, const char *pciBus)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .pci_address = pciBus };

    if (pciBus)
        o.select = HLTHUNK_SELECT_PCI_ADDRESS;
    *pDeviceId = 0;
    return acquire("synDeviceAcquire", &o);
}

/* The rig's cards have no module IDs of their own (all are 0): the device's index takes its place.
 */
API synStatus synDeviceAcquireByModuleId(synDeviceId *pDeviceId, const synModuleId moduleId)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX,
                                        .index = moduleId };

    *pDeviceId = 0;
    return acquire("synDeviceAcquireByModuleId", &o);
}

API synStatus synDeviceRelease(const synDeviceId deviceId)
{
    return deviceId ? synFail : synDestroy();
}

API synStatus synDeviceGetInfo(const synDeviceId deviceId, synDeviceInfo *pDeviceInfo)
{
    if (deviceId || !it.device)
        return synFail;
    pDeviceInfo->fd = hlthunk_device_borrow_fd(it.device);
    return synSuccess;
}

API synStatus synDeviceGetInfoV2(const synDeviceId deviceId, synDeviceInfoV2 *pDeviceInfo)
{
    if (deviceId || !it.device)
        return synFail;
    pDeviceInfo->fd = hlthunk_device_borrow_fd(it.device);
    pDeviceInfo->globalHbmBaseAddress = hlthunk_buffer_get_address(it.memory);
    return synSuccess;
}

/* ---- memory ---- */

/* The first gap that is large enough; its place among the parts. */
static bool find_gap(uint64_t size, unsigned *place, uint64_t *offset)
{
    *offset = 0;
    for (*place = 0; *place < it.parts; ++*place) {
        if (it.part[*place].offset - *offset >= size)
            return true;
        *offset = it.part[*place].offset + it.part[*place].size;
    }
    return MEMORY - *offset >= size;
}

API synStatus synDeviceMalloc(const synDeviceId deviceId, const uint64_t size, uint64_t reqAddr,
                              const uint32_t flags, uint64_t *buffer)
{
    uint64_t whole = (size + PART - 1) / PART * PART, offset;
    synStatus status = synFail;
    unsigned at;

    (void)reqAddr;
    (void)flags;
    pthread_mutex_lock(&it.lock);
    if (!deviceId && it.device && size && size <= MEMORY && it.parts < PARTS &&
        find_gap(whole, &at, &offset)) {
        for (unsigned i = it.parts++; i > at; i--)
            it.part[i] = it.part[i - 1];
        it.part[at].offset = offset;
        it.part[at].size = whole;
        *buffer = hlthunk_buffer_get_address(it.memory) + offset;
        status = synSuccess;
    }
    pthread_mutex_unlock(&it.lock);
    return status;
}

API synStatus synDeviceFree(const synDeviceId deviceId, const uint64_t buffer, const uint32_t flags)
{
    synStatus status = synFail;

    (void)flags;
    pthread_mutex_lock(&it.lock);
    for (unsigned i = 0; !deviceId && it.device && i < it.parts; i++) {
        if (hlthunk_buffer_get_address(it.memory) + it.part[i].offset != buffer)
            continue;
        for (it.parts--; i < it.parts; i++)
            it.part[i] = it.part[i + 1];
        status = synSuccess;
        break;
    }
    pthread_mutex_unlock(&it.lock);
    return status;
}

API synStatus synHostMalloc(const synDeviceId deviceId, const uint64_t size, const uint32_t flags,
                            void **buffer)
{
    (void)deviceId;
    (void)flags;
    return posix_memalign(buffer, PART, size) ? synFail : synSuccess;
}

API synStatus synHostFree(const synDeviceId deviceId, const void *buffer, const uint32_t flags)
{
    (void)deviceId;
    (void)flags;
    free((void *)(uintptr_t)buffer);
    return synSuccess;
}

API int hcclLookupDMABuff(uint64_t addr, uint64_t size, int *fd)
{
    struct hlthunk_dmabuf *m;
    int rc;

    *fd = -1;
    if (!it.device)
        return -1;
    rc = hlthunk_dmabuf_export(it.memory, addr - hlthunk_buffer_get_address(it.memory), size, NULL,
                               &m);
    if (!rc) {
        rc = hlthunk_dmabuf_dup_fd(m, fd);
        hlthunk_dmabuf_unref(m);
    }
    said("hcclLookupDMABuff", rc);
    return rc;
}

/* ---- the stream ---- */

API synStatus synStreamCreateGeneric(synStreamHandle *pStreamHandle, const synDeviceId deviceId,
                                     const uint32_t flags)
{
    (void)flags;
    if (deviceId || !it.device)
        return synFail;
    *pStreamHandle = (synStreamHandle)it.queue;
    return synSuccess;
}

API synStatus synStreamSynchronize(const synStreamHandle streamHandle)
{
    (void)streamHandle;
    return it.device ? said("synStreamSynchronize", hlthunk_queue_finish(it.queue, -1)) : synFail;
}

API synStatus synMemCopyAsync(const synStreamHandle streamHandle, const uint64_t src,
                              const uint64_t size, const uint64_t dst, const synDmaDir direction)
{
    uint64_t base = it.device ? hlthunk_buffer_get_address(it.memory) : 0;
    int rc;

    (void)streamHandle;
    if (!it.device)
        return synFail;
    switch (direction) {
    case HOST_TO_DRAM:
        rc =
            hlthunk_queue_write_sync(it.queue, it.memory, dst - base, (void *)(uintptr_t)src, size);
        break;
    case DRAM_TO_HOST:
        rc = hlthunk_queue_read_sync(it.queue, (void *)(uintptr_t)dst, it.memory, src - base, size);
        break;
    default:
        rc = hlthunk_queue_copy(it.queue, it.memory, dst - base, it.memory, src - base, size);
        break;
    }
    return said("synMemCopyAsync", rc);
}

API synStatus synMemsetD8Async(uint64_t pDeviceMem, const unsigned char value,
                               const size_t numOfElements, const synStreamHandle streamHandle)
{
    (void)streamHandle;
    if (!it.device)
        return synFail;
    return said("synMemsetD8Async",
                hlthunk_queue_fill(it.queue, it.memory,
                                   pDeviceMem - hlthunk_buffer_get_address(it.memory),
                                   numOfElements, value, 1));
}
