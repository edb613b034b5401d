/* SPDX-License-Identifier: MIT */
/*
 * Dma-buf files that nobody here refers to any more, while others hold them still.  For memory of
 * which the kernel does not say that it is exported (physical, or a piece of a mapping), the
 * file's count does.
 */
#ifndef HL_MEMORY_OPEN_EXPORT_H
#define HL_MEMORY_OPEN_EXPORT_H

#include <stdbool.h>

#include "lib/fd.h"

struct hlthunk_device;

/* Part of the former dma-buf object. */
struct hl_open_export {
    struct hl_open_export *next;
    int fd; /* ours */
    struct hl_file_id id;
    uint64_t epoch; /* of the process that made it */
    void *memory;   /* to be freed with it */
};

/* Does anything besides fd, a dma-buf of the device, hold the dma-buf's file: in this process,
 * another, or a driver? */
bool hl_dmabuf_is_shared(struct hlthunk_device *device, int fd);

/* Drops those that nothing else holds any more; returns the rest. */
struct hl_open_export *hl_open_exports_look(struct hlthunk_device *device,
                                            struct hl_open_export *list);

/* Frees them, and closes the descriptors that still are these files; in a forked child, too. */
void hl_open_exports_drop(struct hl_open_export *list);

#endif
