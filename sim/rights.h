/* SPDX-License-Identifier: MIT */
/* One descriptor beside a datagram (SCM_RIGHTS), both ways. */
#ifndef SIM_RIGHTS_H
#define SIM_RIGHTS_H

#include <string.h>
#include <sys/socket.h>

#define RIGHTS_SPACE CMSG_SPACE(sizeof(int))

/* Room for one: zeroed, and aligned as the kernel's header in it wants. */
union rights {
    char bytes[RIGHTS_SPACE];
    struct cmsghdr align;
};

/* Puts fd beside the message; a negative one is none. */
static inline void rights_put(struct msghdr *m, union rights *room, int fd)
{
    struct cmsghdr *h;

    if (fd < 0)
        return;
    m->msg_control = room->bytes;
    m->msg_controllen = sizeof(room->bytes);
    h = CMSG_FIRSTHDR(m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(h), &fd, sizeof(fd));
}

/* The one beside a message that was received with such room, or -1. */
static inline int rights_take(struct msghdr *m)
{
    struct cmsghdr *h = CMSG_FIRSTHDR(m);
    int fd = -1;

    if (h && h->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(h), sizeof(fd));
    return fd;
}

#endif
