/* SPDX-License-Identifier: MIT */
/* Sends and receives up to two descriptors with a datagram (SCM_RIGHTS). */
#ifndef SIM_RIGHTS_H
#define SIM_RIGHTS_H

#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RIGHTS_MAX 2u

/* Room for them: zeroed, and aligned for the kernel's header. */
union rights {
    char bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int))];
    struct cmsghdr align;
};

/* Adds descriptors to the message, up to the first negative one. */
static inline void rights_put(struct msghdr *m, union rights *room, const int fds[RIGHTS_MAX])
{
    struct cmsghdr *h;
    unsigned n = 0;

    while (n < RIGHTS_MAX && fds[n] >= 0)
        n++;
    if (!n)
        return;
    m->msg_control = room->bytes;
    m->msg_controllen = CMSG_SPACE(n * sizeof(int));
    h = CMSG_FIRSTHDR(m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(h), fds, n * sizeof(int));
}

/* Those of a message that was received with such room; -1 where there is none. */
static inline void rights_take(struct msghdr *m, int fds[RIGHTS_MAX])
{
    struct cmsghdr *h = CMSG_FIRSTHDR(m);

    fds[0] = fds[1] = -1;
    if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS ||
        h->cmsg_len < CMSG_LEN(sizeof(int)))
        return;
    memcpy(fds, CMSG_DATA(h),
           h->cmsg_len >= CMSG_LEN(2 * sizeof(int)) ? 2 * sizeof(int) : sizeof(int));
}

static inline void rights_close(const int fds[RIGHTS_MAX])
{
    for (unsigned i = 0; i < RIGHTS_MAX; i++)
        if (fds[i] >= 0)
            syscall(SYS_close, fds[i]);
}

#endif
