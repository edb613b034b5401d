/* SPDX-License-Identifier: MIT */
/*
 * Descriptors in messages.  A file that nobody has a descriptor of may be in one: the supervisor
 * counts what is sent and received of dma-bufs, whose holders are counted (holders.c).
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

DECLARE_REAL(sendmsg);
DECLARE_REAL(sendmmsg);
DECLARE_REAL(recvmsg);
DECLARE_REAL(recvmmsg);

/* Calls visit() with each descriptor that goes along with m; none of a header that the kernel
 * refuses. */
static void each_right(const struct msghdr *message, void (*visit)(int fd))
{
    struct msghdr m = *message; /* the macros want to write */

    for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
        size_t left = m.msg_controllen - (size_t)((char *)h - (char *)m.msg_control);

        if (h->cmsg_len > left)
            return;
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= h->cmsg_len; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(fd));
            visit(fd);
        }
    }
}

static void tell(int fd, bool sent)
{
    uint32_t file = fd_find(fd);
    struct sim_request q = { .op = SIM_REQUEST_MESSAGE, .file = file, .flags = sent };
    int saved = errno;

    if (file == SIM_NONE || sim->files[file].kind != SIM_FILE_DMABUF)
        return;
    q.argument = sim->files[file].inode;
    client_call(&q, NULL, false);
    client_moved(file);
    errno = saved;
}

/* Before it can have been received; and when it was not sent after all. */
static void sends(int fd)
{
    tell(fd, true);
}

static void receives(int fd)
{
    tell(fd, false);
}

static void learns(int fd)
{
    fd_forget(fd);
    fd_learn(fd);
}

static void received(const struct msghdr *m, int flags)
{
    each_right(m, learns);
    if (!(flags & MSG_PEEK))
        each_right(m, receives);
}

HOOK ssize_t sendmsg(int s, const struct msghdr *m, int flags)
{
    ssize_t n;

    if (!sim || !m || !m->msg_control)
        return REAL(sendmsg)(s, m, flags);
    each_right(m, sends);
    n = REAL(sendmsg)(s, m, flags);
    if (n < 0)
        each_right(m, receives);
    return n;
}

HOOK int sendmmsg(int s, struct mmsghdr *m, unsigned count, int flags)
{
    int n;

    for (unsigned i = 0; sim && m && i < count; i++)
        each_right(&m[i].msg_hdr, sends);
    n = REAL(sendmmsg)(s, m, count, flags);
    for (unsigned i = n < 0 ? 0 : (unsigned)n; sim && m && i < count; i++)
        each_right(&m[i].msg_hdr, receives);
    return n;
}

HOOK ssize_t recvmsg(int s, struct msghdr *m, int flags)
{
    ssize_t n = REAL(recvmsg)(s, m, flags);

    if (n >= 0 && sim)
        received(m, flags);
    return n;
}

HOOK int recvmmsg(int s, struct mmsghdr *m, unsigned count, int flags, struct timespec *timeout)
{
    int n = REAL(recvmmsg)(s, m, count, flags, timeout);

    for (int i = 0; sim && i < n; i++)
        received(&m[i].msg_hdr, flags);
    return n;
}
