/* SPDX-License-Identifier: MIT */
/*
 * Raw system calls throughout: this runs below the preloaded library's own functions, and in a
 * process whose descriptors are its own business.  None stays open.
 */
#include "sim/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/rights.h"

static int raw_close(int fd)
{
    return (int)syscall(SYS_close, fd);
}

static int open_of_process(int pid, int number)
{
    char path[48];
    long fd;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, number);
    fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

int client_open_shared(const struct sim_state *s, int supervisor_fd)
{
    return open_of_process((int)s->supervisor, supervisor_fd);
}

struct sim_state *client_state(void)
{
    const char *where = getenv(SIM_ENV_VARIABLE);
    struct sim_state *s;
    int pid, number, fd;

    if (!where || sscanf(where, "%d:%d", &pid, &number) != 2)
        return NULL;
    fd = open_of_process(pid, number);
    if (fd < 0)
        return NULL;
    s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    raw_close(fd);
    if (s == MAP_FAILED)
        return NULL;
    if (s->magic != SIM_MAGIC || s->size != sizeof(*s)) {
        munmap(s, sizeof(*s));
        return NULL;
    }
    return s;
}

static int connect_supervisor(const struct sim_state *s)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(s->socket));
    int fd = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    memcpy(a.sun_path + 1, s->socket, strlen(s->socket));
    while (syscall(SYS_connect, fd, &a, n) < 0) {
        if (errno != EINTR && errno != EAGAIN) {
            raw_close(fd);
            return -ENODEV;
        }
    }
    return fd;
}

static int transmit(int c, const struct sim_request *q, int pass)
{
    struct iovec iov = { (void *)q, sizeof(*q) };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    union rights room = { { 0 } };
    ssize_t n;

    rights_put(&m, &room, pass);
    do {
        n = syscall(SYS_sendmsg, c, &m, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

/* A descriptor that comes back takes the lowest free number, as open() would: after ours. */
static int receive(int c, struct sim_reply *r, bool cloexec, int *fd)
{
    union rights room;
    struct iovec iov = { r, sizeof(*r) };
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)
    };
    ssize_t n;

    do {
        n = syscall(SYS_recvmsg, c, &m, cloexec ? MSG_CMSG_CLOEXEC : 0);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(*r))
        return -ENODEV;
    *fd = rights_take(&m);
    return 0;
}

int client_request(const struct sim_state *s, const struct sim_request *q, int pass, bool cloexec,
                   int *fd)
{
    int c = connect_supervisor(s), got = -1, rc, lower;
    struct sim_reply r;

    if (c < 0)
        return c;
    rc = transmit(c, q, pass);
    rc = rc ? rc : receive(c, &r, cloexec, &got);
    raw_close(c);
    if (rc)
        return rc;
    if (!fd)
        return r.rc;
    if (r.rc >= 0 && got < 0)
        return -EMFILE; /* no number was free for it; its file is gone again */
    if (got > c) {
        /* our own number has become free: that is the one that open() would have given */
        lower = (int)syscall(SYS_fcntl, got, cloexec ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
        if (lower >= 0 && lower < got) {
            raw_close(got);
            got = lower;
        } else if (lower >= 0) {
            raw_close(lower);
        }
    }
    *fd = got;
    return r.rc;
}
