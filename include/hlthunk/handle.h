/* SPDX-License-Identifier: MIT */
/*
 * Handles: a dma-buf as bytes, for transports that carry no descriptors (MPI, TCP, a file, a Python
 * queue).  Whoever has the bytes can open them while a process of the same user, on the same
 * machine, serves them.
 *
 * A server has no thread: its descriptor is readable when there is something to do, and
 * hlthunk_handle_server_serve() does it, in whatever event loop or thread the program has.  So the
 * program knows when its memory is given away, and fork() and dlclose() meet no thread of a
 * library.
 */
#ifndef HLTHUNK_HANDLE_H
#define HLTHUNK_HANDLE_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_dmabuf;
struct hlthunk_handle_server;

/** define HLTHUNK_HANDLE_SIZE - bytes of a handle */
#define HLTHUNK_HANDLE_SIZE 64

/**
 * hlthunk_handle_server_create() - create a server of handles
 * @server: receives a reference that the caller owns
 *
 * It listens on an abstract UNIX socket with a random name, which only processes of the same
 * network namespace can reach.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EMFILE, -ENFILE, -ENOMEM: no descriptor or memory is left
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_handle_server_create(struct hlthunk_handle_server **server);

/**
 * hlthunk_handle_server_unref() - drop the reference to a server
 * @server: the server; NULL is allowed
 *
 * All of its handles are stale from here on; dma-bufs that were opened stay open.
 *
 * Context: any thread; not while another call on the server runs.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_handle_server_unref(struct hlthunk_handle_server *server);

/**
 * hlthunk_handle_server_borrow_fd() - borrow a descriptor that is readable when there is work
 * @server: the server
 *
 * Return: a descriptor for poll(2) and epoll(7), valid while the server lives; not to be closed.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_handle_server_borrow_fd(const struct hlthunk_handle_server *server);

/**
 * hlthunk_handle_server_serve() - answer those who open handles
 * @server: the server
 * @timeout_ns: how long to wait for the first; 0 does not wait, negative waits indefinitely
 *
 * Answers whatever has arrived and returns.  A client that says nothing or does not read is not
 * waited for.  Only processes of the same effective user and of root are answered; in a user
 * namespace users that it does not have look like the overflow user (65534), also to a server that
 * is this user's: what they lack is the handle.
 *
 * Return: how many dma-bufs were handed out, or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EMFILE, -ENFILE, -ENOMEM: no descriptor or memory is left for a client, who waits for a later
 *     call
 *
 * Context: one thread per server at a time; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_handle_server_serve(struct hlthunk_handle_server *server,
                                            int64_t timeout_ns);

/**
 * hlthunk_handle_server_offer() - make a handle of a dma-buf
 * @server: that will serve it
 * @dmabuf: exported or imported; the server holds it until it is withdrawn
 * @handle: receives HLTHUNK_HANDLE_SIZE bytes
 *
 * A handle contains a random number of 128 bits: it cannot be guessed, and whoever has it can open
 * it any number of times.  The bytes are of use on this machine alone.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread, also during hlthunk_handle_server_serve(); does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_handle_server_offer(struct hlthunk_handle_server *server,
                                                               struct hlthunk_dmabuf *dmabuf,
                                                               uint8_t handle[HLTHUNK_HANDLE_SIZE]);

/**
 * hlthunk_handle_server_withdraw() - make a handle stale
 * @server: that serves it
 * @handle: from hlthunk_handle_server_offer()
 *
 * Nobody can open it any more; those who have opened it are not affected.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ENOENT: not a handle of this server, or withdrawn already
 *
 * Context: any thread, also during hlthunk_handle_server_serve(); may drop the dma-buf.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_handle_server_withdraw(struct hlthunk_handle_server *server,
                               const uint8_t handle[HLTHUNK_HANDLE_SIZE]);

/**
 * hlthunk_dmabuf_open_handle() - open a handle that another process serves
 * @handle: HLTHUNK_HANDLE_SIZE bytes
 * @timeout_ns: how long to wait for the answer; 0 does not wait, negative waits indefinitely
 * @dmabuf: receives a reference that the caller owns
 *
 * Like hlthunk_dmabuf_receive() (hlthunk/share.h): the origin comes along, and a dma-buf that this
 * process has already yields the same object.  The process that serves must do so meanwhile.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: the bytes are not a handle
 *   -ENOENT: stale: withdrawn, or its server is gone; or forged
 *   -EACCES: the server belongs to another user, or does not serve this one
 *   -EAGAIN: @timeout_ns is 0, and the answer is not there or too many wait for the server
 *   -ETIMEDOUT: the time is over
 *   -EMFILE, -ENOMEM: no descriptor or memory is left
 *
 * Context: any thread; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_dmabuf_open_handle(const uint8_t handle[HLTHUNK_HANDLE_SIZE], int64_t timeout_ns,
                           struct hlthunk_dmabuf **dmabuf);

HLTHUNK_END_DECLS

#endif
