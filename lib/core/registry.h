/* SPDX-License-Identifier: MIT */
/*
 * This process's devices and dma-bufs by the identity of their files, so that importing one that
 * is here already finds the object.  Entries hold no reference; what is found is one more.
 *
 * The identity of a dma-buf costs a system call and only imports need it: an exported one is put
 * down with its device and identified when the next import, or a fork, comes.
 *
 * Locks, in this order: the registry's, a device's.
 */
#ifndef HL_CORE_REGISTRY_H
#define HL_CORE_REGISTRY_H

#include <stdbool.h>

#include "lib/fd.h"

struct hlthunk_device;
struct hlthunk_dmabuf;

void hl_registry_add_device(struct hlthunk_device *device);
void hl_registry_remove_device(struct hlthunk_device *device);
struct hlthunk_device *hl_registry_find_device(const struct hl_file_id *id);

/* One whose identity is known. */
void hl_registry_add_dmabuf(struct hlthunk_dmabuf *dmabuf);
void hl_registry_remove_dmabuf(struct hlthunk_dmabuf *dmabuf);
struct hlthunk_dmabuf *hl_registry_find_dmabuf(const struct hl_file_id *id);
/* Is it the descriptor of a dma-buf object of this process (not of its parent)? */
bool hl_registry_has_dmabuf_fd(int fd);

/*
 * An exported one, with the device's lock held.  Removal is false when it has been identified:
 * hl_registry_remove_dmabuf() is then still to be called, without that lock.
 */
void hl_registry_add_export(struct hlthunk_dmabuf *dmabuf);
bool hl_registry_remove_export(struct hlthunk_dmabuf *dmabuf);

#endif
