/* SPDX-License-Identifier: MIT */
/*
 * A double of the vendor's closed library, libSynapse: as much of its interface as perftest and
 * libfabric with its fabtests use to get device memory, with the same names. They are built with
 * this header and run with tests/rig/synapse/synapse.c, which uses libhlthunk. Structs have only
 * these members, so that nothing built with it runs with the vendor's library, or the
 * reverse.
 */
#ifndef SYNAPSE_API_H
#define SYNAPSE_API_H

#include <stddef.h>
#include <stdint.h>

typedef enum { synSuccess = 0, synFail = 26 } synStatus;
typedef enum { HOST_TO_DRAM = 0, DRAM_TO_HOST = 1, DRAM_TO_DRAM = 2 } synDmaDir;
typedef uint32_t synDeviceId;
typedef uint32_t synModuleId;
typedef struct synStream *synStreamHandle;

typedef struct {
    int fd; /* of the primary node */
} synDeviceInfo;

typedef struct {
    int fd;
    uint64_t globalHbmBaseAddress; /* of the memory that synDeviceMalloc() allocates */
} synDeviceInfoV2;

synStatus synInitialize(void);
synStatus synDestroy(void);
synStatus synDeviceGetCount(uint32_t *pCount);
/* NULL: any device. One device in a process. */
synStatus synDeviceAcquire(synDeviceId *pDeviceId, const char *pciBus);
synStatus synDeviceAcquireByModuleId(synDeviceId *pDeviceId, const synModuleId moduleId);
synStatus synDeviceRelease(const synDeviceId deviceId);
synStatus synDeviceGetInfo(const synDeviceId deviceId, synDeviceInfo *pDeviceInfo);
synStatus synDeviceGetInfoV2(const synDeviceId deviceId, synDeviceInfoV2 *pDeviceInfo);

synStatus synDeviceMalloc(const synDeviceId deviceId, const uint64_t size, uint64_t reqAddr,
                          const uint32_t flags, uint64_t *buffer);
synStatus synDeviceFree(const synDeviceId deviceId, const uint64_t buffer, const uint32_t flags);
synStatus synHostMalloc(const synDeviceId deviceId, const uint64_t size, const uint32_t flags,
                        void **buffer);
synStatus synHostFree(const synDeviceId deviceId, const void *buffer, const uint32_t flags);

/* One stream, on which everything is done when a call returns. */
synStatus synStreamCreateGeneric(synStreamHandle *pStreamHandle, const synDeviceId deviceId,
                                 const uint32_t flags);
synStatus synStreamSynchronize(const synStreamHandle streamHandle);
synStatus synMemCopyAsync(const synStreamHandle streamHandle, const uint64_t src,
                          const uint64_t size, const uint64_t dst, const synDmaDir direction);
synStatus synMemsetD8Async(uint64_t pDeviceMem, const unsigned char value,
                           const size_t numOfElements, const synStreamHandle streamHandle);

/* Of the collectives: a dma-buf of memory from synDeviceMalloc(). 0 on success. */
int hcclLookupDMABuff(uint64_t addr, uint64_t size, int *fd);

#endif
