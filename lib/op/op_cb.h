/* SPDX-License-Identifier: MIT */
/*
 * The CB operation (union hl_cb_args): command buffers, host memory for the packets that engines
 * execute.  All return 0 or -errno with a text and write outputs on success only.
 */
#ifndef HL_OP_CB_H
#define HL_OP_CB_H

#include <stdint.h>

/*
 * HL_CB_OP_CREATE.  size in bytes, at most HL_MAX_CB_SIZE; the driver gives a page at least.
 * flags: HL_CB_FLAGS_MAP gives it an address on the device (Gaudi2).  *handle is mmap()'s offset.
 */
int hl_cb_create(int fd, uint32_t size, uint32_t flags, uint64_t *handle);

/* HL_CB_OP_DESTROY: the memory stays until it is unmapped and no submission uses it. */
int hl_cb_destroy(int fd, uint64_t handle);

/* HL_CB_OP_INFO: how many submissions use it. */
int hl_cb_usage(int fd, uint64_t handle, uint32_t *count);

/* HL_CB_OP_INFO with HL_CB_FLAGS_GET_DEVICE_VA: the address of one created with FLAGS_MAP. */
int hl_cb_device_address(int fd, uint64_t handle, uint64_t *address);

#endif
