/* SPDX-License-Identifier: MIT */
/* Messages of vfio-user over a stream socket, with descriptors. */
#include "rig/emu/vfu_wire.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int vfu_listen(const char *path, int type)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    struct stat st;
    mode_t mask;
    int s, rc;

    if (strlen(path) >= sizeof(sa.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(sa.sun_path, path);
    s = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0)
        return -1;
    if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
        unlink(path);
    mask = umask(0077);
    rc = bind(s, (struct sockaddr *)&sa, sizeof(sa));
    umask(mask);
    if (rc < 0 || listen(s, 8) < 0) {
        int error = errno;

        close(s);
        errno = error;
        return -1;
    }
    return s;
}

static void put_fd(struct msghdr *m, char *space, size_t size, int fd)
{
    struct cmsghdr *c;

    memset(space, 0, size);
    m->msg_control = space;
    m->msg_controllen = size;
    c = CMSG_FIRSTHDR(m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

/* A client that has not taken a message after so many waits is gone: two seconds in all. */
#define WAITS 40
#define WAIT_MS 50

/* Room for more of a message; false when the client has had its time. */
static bool await_room(int sock, unsigned *waits)
{
    struct pollfd p = { .fd = sock, .events = POLLOUT };

    if ((*waits)++ == WAITS)
        return false;
    poll(&p, 1, WAIT_MS);
    return true;
}

int vfu_send(int sock, const struct vfu_header *h, const void *body, size_t len, int fd)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    union {
        const void *in;
        void *out;
    } head = { h }, tail = { body }; /* sendmsg() only reads */
    struct iovec iov[2] = { { head.out, sizeof(*h) }, { tail.out, len } };
    struct msghdr m = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };
    unsigned waits = 0;

    if (fd >= 0)
        put_fd(&m, control.space, sizeof(control.space), fd);
    while (m.msg_iovlen) {
        ssize_t r = sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (r < 0 && (errno == EINTR || (errno == EAGAIN && await_room(sock, &waits))))
            continue;
        if (r < 0)
            return -1;
        m.msg_control = NULL;
        m.msg_controllen = 0;
        while (m.msg_iovlen && (size_t)r >= m.msg_iov->iov_len) {
            r -= (ssize_t)m.msg_iov->iov_len;
            m.msg_iov++;
            m.msg_iovlen--;
        }
        if (m.msg_iovlen) {
            m.msg_iov->iov_base = (char *)m.msg_iov->iov_base + r;
            m.msg_iov->iov_len -= (size_t)r;
        }
    }
    return 0;
}

/* Keeps the descriptors that came; those past the limit are closed, and the message is refused. */
static void keep_fds(struct vfu *v, struct msghdr *m)
{
    if (m->msg_flags & MSG_CTRUNC)
        v->in.lost_fds = true; /* the kernel dropped some */
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
            if (v->in.nfds < VFU_MAX_FDS) {
                v->in.fds[v->in.nfds++] = fd;
            } else {
                close(fd);
                v->in.lost_fds = true;
            }
        }
    }
}

/* How much of the message is still to come; 0: its header is invalid. */
static size_t missing(const struct vfu *v)
{
    struct vfu_header h;

    if (v->in.have < sizeof(h))
        return sizeof(h) - v->in.have;
    memcpy(&h, v->in.message, sizeof(h));
    if (h.size < sizeof(h) || h.size > sizeof(v->in.message))
        return 0;
    return h.size - v->in.have;
}

static bool complete(const struct vfu *v)
{
    struct vfu_header h;

    if (v->in.have < sizeof(h))
        return false;
    memcpy(&h, v->in.message, sizeof(h));
    return h.size == v->in.have;
}

/* Never past the end of a message: descriptors belong to the bytes that they came with. */
int vfu_receive(struct vfu *v)
{
    while (!complete(v)) {
        union {
            struct cmsghdr align;
            char space[CMSG_SPACE(sizeof(int) * VFU_MAX_FDS)];
        } control;
        struct iovec iov = { v->in.message + v->in.have, missing(v) };
        struct msghdr m = { .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space) };
        ssize_t r;

        if (!iov.iov_len)
            return -2;
        r = recvmsg(v->sock, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (r <= 0)
            return -1;
        keep_fds(v, &m);
        v->in.have += (size_t)r;
    }
    return 1;
}

void vfu_forget(struct vfu *v)
{
    for (unsigned i = 0; i < v->in.nfds; i++)
        if (v->in.fds[i] >= 0)
            close(v->in.fds[i]);
    v->in.have = 0;
    v->in.nfds = 0;
    v->in.lost_fds = false;
}
