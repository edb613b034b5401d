/* SPDX-License-Identifier: MIT */
#include "lib/share/transport.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/fork.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/owned.h"

/* Of a message that has begun in a call that does not wait. */
#define REST_TIMEOUT_NS 1000000000

#ifndef SCM_PIDFD
#define SCM_PIDFD                                                                                  \
    4 /* Linux 6.5, on sockets with SO_PASSPIDFD: a descriptor nobody asked us for                 \
       */
#endif

/* One call: which socket, and until when. */
struct call {
    int socket;
    int type;                  /* SOCK_STREAM, … */
    enum hl_message_kind kind; /* that is to be received */
    bool begun;                /* a byte of the message has moved */
    int64_t timeout_ns;        /* 0: do not wait */
    uint64_t deadline_ns;      /* once it waits */
};

static int begin(struct call *c, int socket, int64_t timeout_ns)
{
    int domain, type;
    socklen_t n = sizeof(domain);

    *c = (struct call){ .socket = socket, .timeout_ns = timeout_ns };
    if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &n) < 0)
        return hl_err(-errno, "socket %d: %s", socket, strerror(errno));
    n = sizeof(type);
    if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &n) < 0)
        return hl_err(-errno, "socket %d: %s", socket, strerror(errno));
    if (domain != AF_UNIX)
        return hl_err(-ENOTSOCK, "socket %d is not a UNIX socket: only those pass descriptors",
                      socket);
    c->type = type;
    if (timeout_ns)
        c->deadline_ns = hl_deadline_after(timeout_ns);
    return 0;
}

/* After EAGAIN: waits until the socket may be ready.  0, or the error that ends the call. */
static int wait_ready(struct call *c, short events, const char *doing)
{
    struct pollfd p = { .fd = c->socket, .events = events };

    if (!c->timeout_ns) {
        if (!c->begun)
            return hl_err(-EAGAIN, "socket %d is not ready for %s", c->socket, doing);
        c->timeout_ns = REST_TIMEOUT_NS;
        c->deadline_ns = hl_deadline_after(c->timeout_ns);
    }
    for (;;) {
        uint64_t left = hl_left_us(c->deadline_ns), ms = left / 1000 + (left % 1000 != 0);
        int n;

        if (!left)
            return hl_err(-ETIMEDOUT, "%s took longer than %lld ns%s", doing,
                          (long long)c->timeout_ns,
                          c->begun ? ", and part of the message is through: close the socket" : "");
        n = poll(&p, 1, ms > INT_MAX ? (left == UINT64_MAX ? -1 : INT_MAX) : (int)ms);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return hl_err(-errno, "socket %d: %s", c->socket, strerror(errno));
    }
}

static int send_failed(const struct call *c, int error, size_t bytes, size_t fds)
{
    switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED:
        return hl_err(-EPIPE, "the other side of socket %d is closed", c->socket);
    case ETOOMANYREFS:
        return hl_err(-error,
                      "%zu more descriptors on their way are too many: received ones make "
                      "room, or a higher RLIMIT_NOFILE",
                      fds);
    case EMSGSIZE:
    case ENOBUFS:
        return hl_err(-error,
                      "the message of %zu bytes does not fit socket %d's buffer (SO_SNDBUF)", bytes,
                      c->socket);
    default:
        return hl_err(-error, "sending on socket %d: %s", c->socket, strerror(error));
    }
}

int hl_parcel_send(int socket, const uint8_t *data, size_t bytes, const int *fds, size_t count,
                   int64_t timeout_ns)
{
    union {
        char bytes[CMSG_SPACE(HL_MESSAGE_MAX_ITEMS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct call c;
    size_t sent = 0;
    int rc = begin(&c, socket, timeout_ns);

    if (rc)
        return rc;
    memset(&control, 0, sizeof(control));
    while (sent < bytes) {
        struct iovec iov = { (void *)(data + sent), bytes - sent };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t n;

        if (!sent) { /* the descriptors go with the first byte */
            m.msg_control = control.bytes;
            m.msg_controllen = CMSG_SPACE(count * sizeof(int));
            control.align.cmsg_level = SOL_SOCKET;
            control.align.cmsg_type = SCM_RIGHTS;
            control.align.cmsg_len = CMSG_LEN(count * sizeof(int));
            memcpy(CMSG_DATA(&control.align), fds, count * sizeof(int));
        }
        n = sendmsg(socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            rc = wait_ready(&c, POLLOUT, "sending");
            if (rc)
                return rc;
            continue;
        }
        if (n < 0)
            return send_failed(&c, errno, bytes, count);
        sent += (size_t)n;
        c.begun = sent > 0;
    }
    return 0;
}

/* Keeps what has room, closes the rest, and counts all. */
static void keep(struct hl_parcel *p, const struct cmsghdr *h, size_t *came)
{
    size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

    for (size_t i = 0; i < n; i++) {
        int fd;

        memcpy(&fd, CMSG_DATA(h) + i * sizeof(fd), sizeof(fd));
        (*came)++;
        if (h->cmsg_type == SCM_RIGHTS && p->fds < HL_MESSAGE_MAX_ITEMS) {
            p->fd[p->fds] = hl_owned_adopt(fd, &p->id[p->fds]);
            p->fds++;
        } else {
            close(fd);
        }
    }
}

/* What one message's receiving has seen. */
struct seen {
    size_t came;  /* descriptors */
    bool dropped; /* descriptors that the kernel did not give */
    bool cut;     /* a datagram longer than any message */
};

/* EINVAL is how a stream says that it is not connected, as the others do by ENOTCONN. */
static int receive_failed(const struct call *c, int error)
{
    error = error == EINVAL ? ENOTCONN : error;
    return hl_err(-error, "receiving on socket %d: %s", c->socket, strerror(error));
}

/* Once: up to n bytes.  Their number, 0 at the end, -errno with a text. */
static ssize_t receive_some(struct call *c, struct hl_parcel *p, uint8_t *to, size_t n,
                            struct seen *seen)
{
    /* room for credentials and a security label, too, which some sockets are set to bring */
    union {
        char bytes[CMSG_SPACE(HL_MESSAGE_MAX_ITEMS * sizeof(int)) + 1024];
        struct cmsghdr align;
    } control;
    struct iovec iov = { to, n };
    struct msghdr m;
    ssize_t got;

    for (;;) {
        int rc;

        m = (struct msghdr){ .msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes) };
        got = recvmsg(c->socket, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (got >= 0)
            break;
        /* that the other side closed without reading all is told once, before what has come */
        if (errno == EINTR || errno == ECONNRESET)
            continue;
        if (errno != EAGAIN)
            return receive_failed(c, errno);
        rc = wait_ready(c, POLLIN, "receiving");
        if (rc)
            return rc;
    }
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
        if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS)
            keep(p, h, &seen->came);
        else if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_PIDFD)
            keep(p, h, &(size_t){ 0 });
    }
    seen->dropped |= (m.msg_flags & MSG_CTRUNC) != 0;
    seen->cut = (m.msg_flags & MSG_TRUNC) != 0; /* a datagram comes at once */
    c->begun = c->begun || got > 0;
    return got;
}

/* A stream: until p has so many bytes, and not one of the next message. */
static int receive_until(struct call *c, struct hl_parcel *p, size_t bytes, struct seen *seen)
{
    while (p->bytes < bytes) {
        ssize_t n = receive_some(c, p, p->data + p->bytes, bytes - p->bytes, seen);

        if (n < 0)
            return (int)n;
        if (!n && !p->bytes)
            return hl_err(-EPIPE, "the other side of socket %d is closed", c->socket);
        if (!n)
            return hl_err(-EPROTO, "the message ends after %zu bytes", p->bytes);
        p->bytes += (size_t)n;
    }
    return 0;
}

static int receive_stream(struct call *c, struct hl_parcel *p, size_t *count, struct seen *seen)
{
    int rc = receive_until(c, p, HL_MESSAGE_HEADER_BYTES, seen);

    rc = rc ? rc : hl_message_decode_header(p->data, p->bytes, c->kind, count);
    return rc ? rc : receive_until(c, p, hl_message_bytes(*count), seen);
}

static int receive_datagram(struct call *c, struct hl_parcel *p, size_t *count, struct seen *seen)
{
    ssize_t n = receive_some(c, p, p->data, sizeof(p->data), seen);
    int rc;

    if (n < 0)
        return (int)n;
    if (!n && c->type == SOCK_SEQPACKET)
        return hl_err(-EPIPE, "the other side of socket %d is closed", c->socket);
    if (seen->cut)
        return hl_err(-EPROTO, "message is longer than %u bytes", HL_MESSAGE_MAX_BYTES);
    p->bytes = (size_t)n;
    rc = hl_message_decode_header(p->data, p->bytes, c->kind, count);
    if (!rc && p->bytes != hl_message_bytes(*count))
        rc = hl_err(-EPROTO, "message of %zu items has %zu bytes, not %zu", *count, p->bytes,
                    hl_message_bytes(*count));
    return rc;
}

/* Each above 2; closed and marked -1 where that fails. */
static int sanitize(struct hl_parcel *p)
{
    int rc = 0;

    for (size_t i = 0; i < p->fds; i++) {
        int fd = p->fd[i];

        if (fd >= 0 && fd <= 2) { /* under a new number */
            hl_owned_take(fd, &p->id[i], p->epoch);
            fd = hl_owned_adopt(hl_fd_sanitize(fd), &p->id[i]);
        }
        p->fd[i] = fd < 0 ? -1 : fd;
        if (fd < 0 && !rc)
            rc = hl_err(fd, "no descriptor above 2 is left: %s", strerror(-fd));
    }
    return rc;
}

int hl_parcel_receive(int socket, enum hl_message_kind kind, struct hl_parcel *p,
                      int64_t timeout_ns)
{
    struct seen seen = { 0 };
    size_t count = 0;
    struct call c;
    int rc;

    p->bytes = p->fds = 0;
    p->epoch = hl_process_epoch();
    rc = begin(&c, socket, timeout_ns);
    if (rc)
        return rc;
    c.kind = kind;
    rc = c.type == SOCK_STREAM ? receive_stream(&c, p, &count, &seen)
                               : receive_datagram(&c, p, &count, &seen);
    if (!rc && seen.dropped)
        rc = hl_err(-EMFILE,
                    "only %zu of %zu descriptors could be received: this process's limit "
                    "(RLIMIT_NOFILE), or a security module",
                    seen.came, count);
    if (!rc && seen.came != count)
        rc = hl_err(-EPROTO, "message of %zu items came with %zu descriptors", count, seen.came);
    rc = rc ? rc : sanitize(p);
    if (rc)
        hl_parcel_close(p);
    return rc;
}

void hl_parcel_close(struct hl_parcel *p)
{
    for (size_t i = 0; i < p->fds; i++) {
        hl_owned_close(p->fd[i], &p->id[i], p->epoch);
    }
    p->fds = 0;
}
