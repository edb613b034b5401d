/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/connections.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/hlsim/workers.h"
#include "sim/rights.h"
#include "sim/wire.h"

#define CONNECTIONS                                                                                \
    256u /* that have not sent a request yet; the oldest is dropped for a new one                  \
          */
#define LISTENER CONNECTIONS

static struct connection {
    int fd; /* -1: none */
    pid_t pid;
    uint64_t since;
} connections[CONNECTIONS];
static int listener = -1, ready = -1;
static uint64_t accepted;

static int watch(int fd, uint32_t tag)
{
    struct epoll_event e = { .events = EPOLLIN, .data.u32 = tag };

    return epoll_ctl(ready, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

int connections_create(const struct sim_state *s)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    char folder[sizeof(s->tree) + 16];
    int n;

    for (unsigned i = 0; i < CONNECTIONS; i++)
        connections[i].fd = -1;
    n = snprintf(a.sun_path, sizeof(a.sun_path), "%s" SIM_SOCKET, s->tree);
    if (n < 0 || n >= (int)sizeof(a.sun_path))
        return -ENAMETOOLONG;
    snprintf(folder, sizeof(folder), "%s/run", s->tree);
    if (mkdir(folder, 0700) < 0)
        return -errno;
    ready = epoll_create1(EPOLL_CLOEXEC);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ready < 0 || listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
        listen(listener, 1024) < 0)
        return -errno;
    n = watch(listener, LISTENER);
    return n ? n : ready;
}

/* Of this user or root?  Then its process. */
static bool friend(int fd, pid_t *pid)
{
    struct ucred who;
    socklen_t n = sizeof(who);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0 || (who.uid && who.uid != geteuid()))
        return false;
    *pid = who.pid;
    return true;
}

static void take(struct connection *c);

/* A free place, or that of the one that has been silent longest. */
static uint32_t place(void)
{
    uint32_t oldest = 0;

    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        if (connections[i].fd < 0)
            return i;
        if (connections[i].since < connections[oldest].since)
            oldest = i;
    }
    take(&connections[oldest]); /* it may have sent one that we have not read */
    if (connections[oldest].fd >= 0)
        close(connections[oldest].fd);
    connections[oldest].fd = -1;
    return oldest;
}

static void accept_all(void)
{
    pid_t pid;
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        uint32_t i;

        if (!friend(fd, &pid)) {
            close(fd);
            continue;
        }
        i = place();
        if (watch(fd, i)) {
            close(fd);
            continue;
        }
        connections[i] = (struct connection){ fd, pid, ++accepted };
    }
}

/* One datagram with up to one descriptor, and nothing else. */
static void take(struct connection *c)
{
    struct sim_request q;
    union rights room;
    struct iovec iov = { &q, sizeof(q) };
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)
    };
    ssize_t n = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    int fds[RIGHTS_MAX];

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    rights_take(&m, fds);
    epoll_ctl(ready, EPOLL_CTL_DEL, c->fd, NULL);
    if (n == (ssize_t)sizeof(q) && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && fds[1] < 0) {
        workers_take(c->fd, &q, c->pid, fds[0]);
    } else {
        rights_close(fds);
        close(c->fd);
    }
    c->fd = -1;
}

void connections_serve(void)
{
    struct epoll_event e[32];
    int n = epoll_wait(ready, e, 32, 0);

    for (int i = 0; i < n; i++) {
        if (e[i].data.u32 == LISTENER)
            accept_all();
        else if (connections[e[i].data.u32].fd >= 0)
            take(&connections[e[i].data.u32]);
    }
}
