/* SPDX-License-Identifier: MIT */
/*
 * Between processes: dma-bufs and devices over a UNIX socket.
 *
 * A descriptor by itself lacks what the receiver needs: where in the sender's buffer its first byte
 * is, and of which device.  These functions send that along and check it.  The socket may be of any
 * type (stream, seqpacket, datagram) and carry other data before and after a message.  On a stream
 * such data must not be read ahead (as stdio does), because reading the first byte of a message
 * without asking for its descriptors loses them.
 *
 * timeout_ns is for the whole call, whether the socket is blocking or not: 0 returns -EAGAIN when
 * nothing can be sent or has arrived (the rest of a message that has begun is waited for, up to one
 * second); a negative one waits indefinitely.
 *
 * A receiver trusts nothing: it checks each descriptor against the message, and closes all
 * descriptors of a message that it refuses.  It cannot check what only the sender's process knows
 * (offset, device, label), except for a dma-buf that this process exported itself or has received
 * before.
 */
#ifndef HLTHUNK_SHARE_H
#define HLTHUNK_SHARE_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_dmabuf;

/** define HLTHUNK_DMABUF_SEND_MAX - the most dma-bufs in one message (the kernel's SCM_MAX_FD) */
#define HLTHUNK_DMABUF_SEND_MAX 253

/**
 * hlthunk_dmabuf_send() - send dma-bufs to another process
 * @socket: a connected UNIX socket
 * @dmabufs: @count of them; the same one may occur more than once
 * @count: 1 to HLTHUNK_DMABUF_SEND_MAX
 * @timeout_ns: 0 does not wait, negative waits indefinitely
 *
 * One message, of which the receiver gets all or nothing.  The dma-bufs stay the caller's and may
 * be released at once: the message has references of its own (which keep the device busy) until it
 * is received or both ends of the socket are closed.  Raises no SIGPIPE.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @count is out of range
 *   -EBADF, -ENOTSOCK: not open, not a UNIX socket
 *   -ENOTCONN: the socket is not connected
 *   -EPIPE: the other side is closed
 *   -EAGAIN: @timeout_ns is 0, and nothing can be sent
 *   -ETIMEDOUT: the time is over; on a stream part of the message may have been sent, which the
 *     text says: then close the socket
 *   -ETOOMANYREFS: more descriptors in flight than this user's RLIMIT_NOFILE
 *   -EMSGSIZE: SO_SNDBUF is too small
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread, one per socket at a time; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_send(int socket,
                                                       struct hlthunk_dmabuf *const *dmabufs,
                                                       size_t count, int64_t timeout_ns);

/**
 * hlthunk_dmabuf_receive() - receive what one hlthunk_dmabuf_send() has sent
 * @socket: a connected UNIX socket
 * @dmabufs: receives up to @max references that the caller owns, in the sender's order
 * @max: how many fit, at least 1
 * @count: receives how many arrived
 * @timeout_ns: 0 does not wait, negative waits indefinitely
 *
 * Dma-bufs that this process exported, or has received or imported before, are recognised and yield
 * the same objects.
 *
 * After any error all descriptors that arrived are closed.  After -ENOSPC, -EMFILE, -EAGAIN,
 * -EPIPE, and -ETIMEDOUT when nothing had arrived (the text names the part otherwise), the next
 * message can be received; after the others a stream is out of step: close it.
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EINVAL: a NULL argument, or @max is 0
 *   -EPROTO: not such a message, or its descriptors are too few, too many, not dma-bufs, or not the
 *     ones that it describes
 *   -EPROTONOSUPPORT: a message of another version of the protocol
 *   -ENOSPC: more than @max dma-bufs
 *   -EMFILE: more descriptors than this process may have
 *   -EPIPE: the other side is closed
 *   -EAGAIN: @timeout_ns is 0, and nothing has arrived
 *   -ETIMEDOUT: the time is over
 *   -EBADF, -ENOTSOCK: not open, not a UNIX socket
 *   -ENOTCONN: the socket is not connected
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread, one per socket at a time; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_receive(int socket,
                                                          struct hlthunk_dmabuf **dmabufs,
                                                          size_t max, size_t *count,
                                                          int64_t timeout_ns);

/**
 * struct hlthunk_dmabuf_origin - where a dma-buf comes from
 * @struct_size: set by the caller: sizeof(struct hlthunk_dmabuf_origin)
 * @offset: of the exported range, in bytes from the start of its exporter's buffer
 * @pci_address: of the device whose memory it is
 * @label: that its exporter gave it; "" for none
 * @data_offset: of the exported range, in bytes from the start of the dma-buf (see .whole_pages of
 *               struct hlthunk_dmabuf_options)
 * @data_size: bytes of the exported range
 *
 * Since: 0.9
 */
struct hlthunk_dmabuf_origin {
    size_t struct_size;
    uint64_t offset;
    char pci_address[24];
    char label[32];
    uint64_t data_offset;
    uint64_t data_size;
};

/**
 * hlthunk_dmabuf_get_origin() - get whose memory a dma-buf is, and where in the exporter's buffer
 * @dmabuf: the dma-buf
 * @origin: .struct_size must be set; receives as much as it has room for
 *
 * Of an exported dma-buf this is what this process knows; of a received one, what its sender said,
 * which may have received it in turn.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ENODATA: the dma-buf was imported as a bare descriptor
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_dmabuf_get_origin(const struct hlthunk_dmabuf *dmabuf,
                                                             struct hlthunk_dmabuf_origin *origin);

/**
 * hlthunk_device_send() - let another process use a device that this one has open
 * @socket: a connected UNIX socket
 * @device: an open node, primary or control; stays the caller's
 * @timeout_ns: 0 does not wait, negative waits indefinitely
 *
 * The driver gives a device to one process at a time, but the open file may be shared, and with it
 * everything that belongs to it: memory, mappings, command buffers, submission numbers.  Each
 * process that has it can do anything, also to what the others made: send it only to processes that
 * are trusted like this one.  The device is released when the last of them has closed it.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EBADF, -ENOTSOCK, -ENOTCONN, -EPIPE, -EAGAIN, -ETIMEDOUT, -ETOOMANYREFS, -EMSGSIZE: as
 *     hlthunk_dmabuf_send()
 *
 * Context: any thread, one per socket at a time; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_send(int socket, struct hlthunk_device *device,
                                                       int64_t timeout_ns);

/**
 * hlthunk_device_receive() - receive what hlthunk_device_send() has sent
 * @socket: a connected UNIX socket
 * @device: receives a reference that the caller owns
 * @timeout_ns: 0 does not wait, negative waits indefinitely
 *
 * An object as of hlthunk_device_from_fd(); the same one if this process already has the device.
 * Device addresses mean the same in all processes that share a device: a buffer of another process
 * is named here by hlthunk_buffer_from_address(), and stays that process's to release.
 *
 * With a device MMU, buffers can be allocated here as well.  On Gaudi, where the driver only counts
 * bytes, only the process that opened the device hands out memory: hlthunk_buffer_alloc() on a
 * received one returns -EOPNOTSUPP.  After a hard reset the driver kills the process that opened
 * the device, and waits for the others to close it.
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EINVAL: @device is NULL
 *   -EPROTO: not such a message, or its descriptor is not of the device that it describes
 *   -EPROTONOSUPPORT, -EMFILE, -EPIPE, -EAGAIN, -ETIMEDOUT, -EBADF, -ENOTSOCK, -ENOTCONN: as
 *     hlthunk_dmabuf_receive()
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread, one per socket at a time; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_receive(int socket, struct hlthunk_device **device, int64_t timeout_ns);

HLTHUNK_END_DECLS

#endif
