/* SPDX-License-Identifier: MIT */
/*
 * Bytes with descriptors over a UNIX socket of any type, whole or not at all, within
 * a time.  Knows nothing of what the bytes mean but how long a message is.
 */
#ifndef HL_SHARE_TRANSPORT_H
#define HL_SHARE_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/fd.h"
#include "lib/share/message.h"

/*
 * What has been received; the descriptors are the holder's until it takes them out (-1).  They are
 * the library's own (lib/kernel/owned.h) from their arrival on.
 */
struct hl_parcel {
    size_t bytes;
    size_t fds; /* that are in fd[] */
    int fd[HL_MESSAGE_MAX_ITEMS];
    struct hl_file_id id[HL_MESSAGE_MAX_ITEMS];
    uint64_t epoch;
    uint8_t data[HL_MESSAGE_MAX_BYTES];
};

/*
 * timeout_ns: 0: what cannot be done at once is -EAGAIN, but a message that has begun is waited
 * for; negative: without limit.  Whether the socket blocks makes no difference.  0 or -errno with a
 * text: -EINVAL, -EBADF, -ENOTSOCK (no UNIX socket); -EAGAIN, -ETIMEDOUT, -EPIPE and what
 * else sendmsg() gives.
 */
int hl_parcel_send(int socket, const uint8_t *data, size_t bytes, const int *fds, size_t count,
                   int64_t timeout_ns);

/*
 * Receives one message of a kind with as many descriptors as its header says.  p need not be
 * initialised; on failure nothing is left in it.
 */
int hl_parcel_receive(int socket, enum hl_message_kind kind, struct hl_parcel *p,
                      int64_t timeout_ns);

/* Closes the descriptors that are still in it. */
void hl_parcel_close(struct hl_parcel *p);

#endif
