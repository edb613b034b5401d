/* SPDX-License-Identifier: MIT */
/*
 * What the kernel does with any dma-buf: fences and CPU access.  Access is DMA_BUF_SYNC_READ,
 * _WRITE or both.  0 or -errno with a text; outputs are written on success only.
 */
#ifndef HL_OP_DMABUF_H
#define HL_OP_DMABUF_H

#include <stdbool.h>
#include <stdint.h>

/* DMA_BUF_IOCTL_SYNC: start or end. */
int hl_dmabuf_cpu_access(int fd, uint32_t access, bool end);

/* Exports the fences as a new descriptor, O_CLOEXEC and above 2; and imports a descriptor's. */
int hl_dmabuf_export_sync_file(int fd, uint32_t access, int *sync_file);
int hl_dmabuf_import_sync_file(int fd, uint32_t access, int sync_file);

/* poll() for the fences: -ETIMEDOUT, or -EINTR on a signal. */
int hl_dmabuf_wait(int fd, uint32_t access, int64_t timeout_ns);

#endif
