/* SPDX-License-Identifier: MIT */
/*
 * Between processes: dma-bufs, and devices, over a UNIX socket.
 *
 * A descriptor alone loses what the receiver needs: where in the sender's buffer its first byte
 * is, and of which device.  These functions carry it along and check it.  The socket may be of
 * any type (stream, seqpacket, datagram) and carry other data before and after a message; on a
 * stream such data must not be read ahead (no stdio), since reading the first byte of a message
 * without asking for its descriptors loses these.
 *
 * timeout_ns is for the whole call, whether the socket is blocking or not: 0 gives -EAGAIN when
 * nothing can be sent or has come (a message that has begun is waited for, up to one second), a
 * negative one waits without limit.
 *
 * A receiver trusts nothing: it checks each descriptor against the message, and of a message that
 * it refuses it keeps none.  It cannot check what only the sender's process knows (offset, device,
 * label), but for a dma-buf that this process exported itself or has received before.
 */
#ifndef HLTHUNK_SHARE_H
#define HLTHUNK_SHARE_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_dmabuf;

/* dma-bufs in one message: the kernel passes no more descriptors at once (SCM_MAX_FD). */
#define HLTHUNK_DMABUF_SEND_MAX 253

/**
 * hlthunk_dmabuf_send() - send dma-bufs to another process
 * @socket: a connected UNIX socket
 * @dmabufs: @count of them; the same one may be there more than once
 * @count: 1 to HLTHUNK_DMABUF_SEND_MAX
 * @timeout_ns: how long to wait, see above
 *
 * One message, of which the receiver gets all or nothing.  Sent dma-bufs stay the caller's, who
 * may release them at once: the message holds references of its own (and keeps the device busy)
 * until it is received or both ends of the socket are closed.
 *
 * -EINVAL; -ENOTSOCK; -EPIPE: the other side is closed; -EAGAIN; -ETIMEDOUT: on a stream, part of
 * the message may be through, which the text says: then close the socket; -ETOOMANYREFS: more
 * descriptors on their way than this user's RLIMIT_NOFILE; -EMSGSIZE: SO_SNDBUF is too small; and
 * what else sendmsg(2) gives.  Raises no SIGPIPE.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_send(int socket,
                                                       struct hlthunk_dmabuf *const *dmabufs,
                                                       size_t count, int64_t timeout_ns);

/**
 * hlthunk_dmabuf_receive() - receive what one hlthunk_dmabuf_send() has sent
 * @socket: a connected UNIX socket
 * @dmabufs: receives up to @max references that are the caller's, in the sender's order
 * @max: how many fit, at least 1
 * @count: receives how many came
 * @timeout_ns: how long to wait, see above
 *
 * Dma-bufs that this process exported, or has received or imported before, are recognised and
 * give the same objects.
 *
 * -EPROTO: not such a message, or one whose descriptors are too few, too many, no dma-bufs, or
 * not the ones it speaks of; -EPROTONOSUPPORT: of another version; -ENOSPC: more than @max
 * dma-bufs; -EMFILE: more than this process may have; -EPIPE: the other side is closed; -EAGAIN;
 * -ETIMEDOUT; -ENOTSOCK; -EINVAL; -ENOMEM.  After each, all descriptors that came are closed. After
 * -ENOSPC, -EMFILE, -EAGAIN and -EPIPE the next message can be received; after the others a stream
 * is out of step: close it.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_receive(int socket,
                                                          struct hlthunk_dmabuf **dmabufs,
                                                          size_t max, size_t *count,
                                                          int64_t timeout_ns);

/* Where a dma-buf comes from. */
struct hlthunk_dmabuf_origin {
    size_t struct_size;   /* set by the caller: sizeof(struct hlthunk_dmabuf_origin) */
    uint64_t offset;      /* of the exported range within its exporter's buffer */
    char pci_address[24]; /* of the device whose memory it is */
    char label[32];       /* that its exporter gave it; "" for none */
    uint64_t data_offset; /* of that range within the dma-buf, see .whole_pages */
    uint64_t data_size;   /* bytes of that range */
};

/**
 * hlthunk_dmabuf_get_origin() - which device's memory, and where in the exporter's buffer
 * @origin: .struct_size must be set; receives as much as that holds
 *
 * Of an exported dma-buf what this process knows, of a received one what its sender said (also
 * when he had received it himself).  -ENODATA: imported as a bare descriptor.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_get_origin(const struct hlthunk_dmabuf *dmabuf,
                                                             struct hlthunk_dmabuf_origin *origin);

/**
 * hlthunk_device_send() - let another process use a device that this one has open
 * @socket: a connected UNIX socket
 * @device: an open node, primary or control; stays the caller's
 * @timeout_ns: how long to wait, see above
 *
 * The driver gives one process at a time the device; but the open file may be shared, and with it
 * all that it has: memory, mappings, command buffers, the numbers of submissions.  Each process
 * that has it can do everything, to what the others made, too: send it to processes that are
 * trusted like this one.  The device is released when the last of them has closed it.
 *
 * Errors as hlthunk_dmabuf_send().
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_send(int socket, struct hlthunk_device *device,
                                                       int64_t timeout_ns);

/**
 * hlthunk_device_receive() - receive what hlthunk_device_send() has sent
 * @socket: a connected UNIX socket
 * @device: receives a reference that is the caller's
 * @timeout_ns: how long to wait, see above
 *
 * An object as of hlthunk_device_from_fd(); the same one when this process has the device already.
 * Device addresses mean the same in all processes that share a device: a buffer of another process
 * is named here by hlthunk_buffer_from_address(), and stays that one's to release.  With a device
 * MMU buffers can be allocated here as well; on Gaudi, where the driver only counts bytes, the
 * process that has opened the device alone hands out memory, and hlthunk_buffer_alloc() of a
 * received one gives -EOPNOTSUPP.  After a hard reset the driver kills the process that has opened
 * the device, and waits for the others to close it.
 *
 * Errors as hlthunk_dmabuf_receive(); -EPROTO also when the descriptor is not of the device that
 * the message speaks of.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_receive(int socket, struct hlthunk_device **device, int64_t timeout_ns);

HLTHUNK_END_DECLS

#endif
