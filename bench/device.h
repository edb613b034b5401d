/* SPDX-License-Identifier: MIT */
#ifndef BENCH_DEVICE_H
#define BENCH_DEVICE_H

#include <fcntl.h>
#include <stdlib.h>

#include "lib/device/device.h"

/* A device object without a device: what create() of lib/device/device.c would have made. */
static inline struct hlthunk_device *make_device(void)
{
    struct hlthunk_device *d = calloc(1, sizeof(*d));

    hl_parent_init(&d->base, NULL);
    d->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    hl_file_id(d->fd, &d->file.id);
    d->props.has_device_mmu = true;
    d->props.memory_page_size = 768ull << 20;
    d->props.memory_size = 96ull << 30;
    return d;
}

#endif
