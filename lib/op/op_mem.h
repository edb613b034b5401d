/* SPDX-License-Identifier: MIT */
/*
 * The MEMORY operation (union hl_mem_args), one function per HL_MEM_OP_*.
 *
 * All return 0 or -errno with a text (lib/error.h) and write outputs on success only.  What the
 * kernel would answer with a bare EINVAL, ignore or crash on is refused here; the rest is the
 * driver's to judge.  Sizes and offsets in bytes, addresses in the device's address space.
 */
#ifndef HL_OP_MEM_H
#define HL_OP_MEM_H

#include <stdint.h>

#include "uapi/habanalabs_accel.h"

/* A handle or an address, and 0 or -errno: two registers, where a pointer would need memory. */
struct hl_mem_answer {
    uint64_t value;
    int rc;
};

/*
 * HL_MEM_OP_ALLOC.  flags: HL_MEM_CONTIGUOUS, HL_MEM_SHARED.  page_size 0 is the driver's choice.
 * On an ASIC whose device memory has no MMU (Gaudi) the handle is 0 and nothing but the
 * accounting has happened.
 */
struct hl_mem_answer hl_mem_alloc(int fd, uint64_t size, uint64_t page_size, uint32_t flags);

/* HL_MEM_OP_FREE.  Without an MMU: handle is the number of bytes to give back. */
int hl_mem_free(int fd, uint64_t handle);

/* HL_MEM_OP_MAP of a handle.  hint 0: any address.  flags: HL_MEM_FORCE_HINT, … */
struct hl_mem_answer hl_mem_map_device(int fd, uint64_t handle, uint64_t hint, uint32_t flags);

/* HL_MEM_OP_MAP of host memory; HL_MEM_USERPTR is added. */
int hl_mem_map_host(int fd, const void *host, uint64_t size, uint64_t hint, uint32_t flags,
                    uint64_t *address);

/* HL_MEM_OP_UNMAP: exactly an address that a MAP returned. */
int hl_mem_unmap(int fd, uint64_t address);

/* HL_MEM_OP_MAP_BLOCK: what mmap() of the node takes as offset and length. */
int hl_mem_map_block(int fd, uint64_t block_address, uint64_t *handle, uint32_t *size);

/*
 * HL_MEM_OP_EXPORT_DMABUF_FD.  flags: of the dma-buf's file (O_CLOEXEC and the access mode).
 * *dmabuf_fd is O_CLOEXEC if flags say so, and above 2.
 */
int hl_mem_export(int fd, uint64_t address, uint64_t size, uint64_t offset, uint32_t flags,
                  int *dmabuf_fd);

/* HL_MEM_OP_TS_ALLOC: a buffer of 8-byte timestamps; *handle is mmap()'s offset. */
int hl_mem_ts_alloc(int fd, uint32_t elements, uint64_t *handle);

/*
 * HL_MEM_OP_REG_DMABUF_FD, which the vendor's driver has: maps a foreign dma-buf.  An unknown
 * operation on mainline kernels: -EINVAL.  hl_mem_unmap() undoes it.
 */
int hl_mem_import(int fd, int dmabuf_fd, uint64_t length, uint64_t *address);

#endif
