/* SPDX-License-Identifier: MIT */
/*
 * This process's devices and dma-bufs by the identity of their files, so that importing one that
 * is here already finds the object.  Entries hold no reference; what is found is one more.
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

void hl_registry_add_dmabuf(struct hlthunk_dmabuf *dmabuf);
void hl_registry_remove_dmabuf(struct hlthunk_dmabuf *dmabuf);
struct hlthunk_dmabuf *hl_registry_find_dmabuf(const struct hl_file_id *id);

#endif
