/* SPDX-License-Identifier: MIT */
/* What is made and given back again and again, and what is there for it. */
#ifndef TESTS_CYCLES_CYCLES_H
#define TESTS_CYCLES_CYCLES_H

#include "tests/sim/support.h"

/* Made once; a cycle leaves all of it as it was. */
struct world {
    struct hlthunk_device *device;
    int fd; /* the device's */
    struct hlthunk_buffer *a, *b, *unmapped;
    struct hlthunk_dmabuf *dmabuf; /* NULL: this kernel and ASIC export nothing */
    struct hlthunk_pool *pool;
    struct hlthunk_queue *queue;
    struct hlthunk_handle_server *server;
    int sockets[2];
    void *host; /* HOST_BYTES of this process */
};

#define HOST_BYTES 65536

struct kind {
    const char *name;
    int (*cycle)(struct world *w); /* 0, or -errno as the library said it */
    enum {
        WITH_DEVICE,
        WITH_DMABUF, /* of memory that this kernel and ASIC can export */
        ALONE,       /* nobody has the device */
    } needs;
};

/* Of this program; ends with one without a name. */
extern const struct kind kinds[];

#endif
