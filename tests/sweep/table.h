/* SPDX-License-Identifier: MIT */
/* What the sweep knows about each public function: how to call it, and what must hold then. */
#ifndef TESTS_SWEEP_TABLE_H
#define TESTS_SWEEP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <habanalabs/hlthunk.h>
#include <hlthunk/hlthunk.h>

#define OUT_BYTES 16384
#define HOST_BYTES 65536

/* Made before each call, as far as the entry needs them. */
enum {
    NEEDS_DEVICE = 1 << 0,
    NEEDS_BUFFER = 1 << 1, /* and two more, mapped */
    NEEDS_UNMAPPED = 1 << 2,
    NEEDS_DMABUF = 1 << 3,
    NEEDS_POOL = 1 << 4,
    NEEDS_QUEUE = 1 << 5,
    NEEDS_FENCE = 1 << 6,
    NEEDS_COMMAND_BUFFER = 1 << 7,
    NEEDS_NOTIFIER = 1 << 8,
    NEEDS_WATCH = 1 << 9,
    NEEDS_SEQUENCE = 1 << 10, /* of a submission that is done */
    NEEDS_COMPLETION = 1 << 11,
    NEEDS_SOCKETS = 1 << 12,
    NEEDS_HANDLE = 1 << 13,  /* classic: device memory, mapped */
    NEEDS_MESSAGE = 1 << 14, /* a dma-buf waits in the socket */
    NEEDS_DEVICE_MESSAGE = 1 << 15,
    NEEDS_NO_DEVICE = 1 << 16, /* not open */
    NEEDS_SERVER = 1 << 17,    /* of handles */
    NEEDS_RANGE = 1 << 18,     /* of addresses */
};

/* How the call reports, and what else differs from the rule. */
enum {
    RETURNS_ERRNO = 0,        /* negative: failed */
    RETURNS_VALUE = 1 << 0,   /* cannot fail */
    RETURNS_ZERO = 1 << 1,    /* 0: failed */
    RELEASES = 1 << 2,        /* consumes what was made: not called a second time */
    LEAVES_OUTPUT = 1 << 3,   /* documented as undefined on failure, or filled in parts */
    SAYS_NOTHING = 1 << 4,    /* an answer and not an error: no sentence */
    LOOKS_INSIDE = 1 << 5,    /* the entry itself asks an object */
    ENDS_THE_OBJECT = 1 << 6, /* the queue is lost after a failure of the driver */
    RECORDS = 1 << 7,         /* many are one submission of a queue */
};

struct context {
    struct hlthunk_device *device;
    int fd; /* the device's, borrowed */
    struct hlthunk_buffer *buffer, *other, *unmapped;
    struct hlthunk_dmabuf *dmabuf;
    struct hlthunk_pool *pool;
    struct hlthunk_queue *queue;
    struct hlthunk_fence *fence;
    struct hlthunk_command_buffer *command_buffer;
    struct hlthunk_event_notifier *notifier;
    struct hlthunk_reset_watch *watch;
    struct hlthunk_completion *completion;
    struct hlthunk_handle_server *server;
    struct hlthunk_address_range *range;
    uint64_t sequence, handle, address;
    int sockets[2];
    void *host; /* HOST_BYTES, page aligned */
    unsigned char out[OUT_BYTES] __attribute__((aligned(64)));
};

struct entry {
    const char *name;
    unsigned needs;
    unsigned rules;
    void (*prepare)(struct context *c); /* what the output holds before the call; may be NULL */
    long (*call)(struct context *c);
    void (*undo)(struct context *c, long rc); /* of a call that succeeded; may be NULL */
};

extern const struct entry object_entries[], classic_entries[]; /* ended by a NULL name */

#endif
