/* SPDX-License-Identifier: MIT */
#include "tests/rights.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

long send_rights(int socket, const void *data, size_t size, const int *fds, size_t count)
{
    union {
        char bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int))];
        struct cmsghdr align;
    } control = { { 0 } };
    struct iovec iov = { (void *)data, size };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (count) {
        m.msg_control = control.bytes;
        m.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.align.cmsg_level = SOL_SOCKET;
        control.align.cmsg_type = SCM_RIGHTS;
        control.align.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.align), fds, count * sizeof(int));
    }
    return sendmsg(socket, &m, MSG_NOSIGNAL);
}

bool send_fd(int socket, int fd)
{
    return send_rights(socket, "x", 1, &fd, 1) == 1;
}

int receive_fd(int socket)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char byte;
    struct iovec iov = { &byte, 1 };
    struct msghdr m = { .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = control.bytes,
                        .msg_controllen = sizeof(control.bytes) };
    int fd = -1;

    if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
    return fd;
}
