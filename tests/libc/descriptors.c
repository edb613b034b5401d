/* SPDX-License-Identifier: MIT */
/* What programs do to a descriptor: copies, closing, waiting, passing, reading. */
#include "tests/libc/libc.h"
#include "tests/rights.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* What fortified programs call. */
ssize_t __pread_chk(int fd, void *data, size_t n, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *data, size_t n, off64_t at, size_t room);

static const char *copies(void)
{
    int fd = open(node, O_RDWR | O_CLOEXEC), to = open("/dev/null", O_RDWR);

    CHECK(is_node(dup(fd)));
    CHECK(dup2(fd, to) == to && is_node(to));
    CHECK(dup3(fd, 700, O_CLOEXEC) == 700 && fcntl(700, F_GETFD) == FD_CLOEXEC && is_node(700));
    CHECK(is_node(fcntl(fd, F_DUPFD, 300)));
    CHECK(is_node(fcntl(fd, F_DUPFD_CLOEXEC, 300)));
    CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK(open(node, O_RDWR) == -1 && errno == EBUSY); /* one is still open */
    CHECK(is_node(fd));
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

static const char *all_at_once(void)
{
    int fd = open(node, O_RDWR), high = dup2(fd, 900);

    CHECK(high == 900 && close_range(900, 910, 0) == 0);
    CHECK(close_range((unsigned)fd, (unsigned)fd, 4 /* CLOSE_RANGE_CLOEXEC */) == 0);
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(close(fd) == 0);
    fd = dup2(open(node, O_RDWR), 900);
    closefrom(3);
    CHECK(is_node(open(node, O_RDWR)));
    /* by the kernel itself: the number is found to be another file's */
    fd = open(node, O_RDWR);
    syscall(SYS_close, fd);
    CHECK(open("/dev/null", O_RDWR) == fd && write(fd, "x", 1) == 1);
    close(fd);
    return NULL;
}

/* Always ready, as a file without a poll operation is. */
static const char *waiting(void)
{
    int fd = open(node, O_RDWR), set = epoll_create1(EPOLL_CLOEXEC);
    struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
    struct timeval none = { 0 };
    fd_set in, out;

    CHECK(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLOUT));
    p.revents = 0;
    CHECK(ppoll(&p, 1, NULL, NULL) == 1 && p.revents == (POLLIN | POLLOUT));
    FD_ZERO(&in);
    FD_SET(fd, &in);
    out = in;
    CHECK(select(fd + 1, &in, &out, NULL, &none) == 2 && FD_ISSET(fd, &in) && FD_ISSET(fd, &out));
    close(set);
    CHECK(is_node(fd));
    return NULL;
}

static const char *reading(void)
{
    int fd = open(node, O_RDWR);
    char byte = 0;
    struct iovec v = { &byte, 1 };

    CHECK(read(fd, &byte, 1) == -1 && errno == EINVAL);
    CHECK(write(fd, &byte, 1) == -1 && errno == EINVAL);
    CHECK(readv(fd, &v, 1) == -1 && errno == EINVAL);
    CHECK(writev(fd, &v, 1) == -1 && errno == EINVAL);
    CHECK(pread(fd, &byte, 1, 0) == -1 && errno == (old_kernel ? ESPIPE : EINVAL));
    CHECK(pwrite(fd, &byte, 1, 0) == -1 && errno == (old_kernel ? ESPIPE : EINVAL));
    if (old_kernel)
        CHECK(lseek(fd, 5, SEEK_SET) == -1 && errno == ESPIPE);
    else
        CHECK(lseek(fd, 5, SEEK_SET) == 0);
    CHECK(ftruncate(fd, 0) == -1 && errno == EINVAL);
    CHECK(fallocate(fd, 0, 0, 1) == -1 && errno == ENODEV);
    CHECK(!isatty(fd));
    CHECK(is_node(fd));
    return NULL;
}

static const char *reading_with_flags(void)
{
    int fd = open(node, O_RDWR), placed = old_kernel ? ESPIPE : EINVAL;
    char byte = 0;
    struct iovec v = { &byte, 1 };

    CHECK(preadv2(fd, &v, 1, 0, 0) == -1 && errno == placed);
    CHECK(pwritev2(fd, &v, 1, 0, 0) == -1 && errno == placed);
    CHECK(preadv2(fd, &v, 1, -1, 0) == -1 && errno == EINVAL);
    CHECK(pwritev64v2(fd, &v, 1, -1, 0) == -1 && errno == EINVAL);
    CHECK(__pread_chk(fd, &byte, 1, 0, 1) == -1 && errno == placed);
    CHECK(__pread64_chk(fd, &byte, 1, -1, 1) == -1 && errno == EINVAL);
    CHECK(is_node(fd));
    return NULL;
}

static int take(int s, bool many)
{
    char room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))), byte;
    struct iovec v = { &byte, 1 };
    struct mmsghdr m = { .msg_hdr = { .msg_iov = &v,
                                      .msg_iovlen = 1,
                                      .msg_control = room,
                                      .msg_controllen = sizeof(room) } };
    int fd, n = many ? recvmmsg(s, &m, 1, 0, NULL) : (int)recvmsg(s, &m.msg_hdr, 0);

    if (n != 1 || !CMSG_FIRSTHDR(&m.msg_hdr))
        return -1;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m.msg_hdr)), sizeof(fd));
    return fd;
}

static const char *passing(void)
{
    int fd = open(node, O_RDWR), pair[2], got, pid;
    unsigned long long handle;
    void *p;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    for (int many = 0; many < 2; many++) {
        CHECK(send_fd(pair[0], fd));
        got = take(pair[1], many);
        handle = new_buffer(fd);
        CHECK(got > 2 && handle);
        p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, got, (off_t)handle);
        CHECK(p != MAP_FAILED && munmap(p, 4096) == 0);
        CHECK(free_buffer(got, handle) && is_node(got));
    }
    pid = (int)syscall(SYS_pidfd_open, getpid(), 0);
    got = pid < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pid, fd, 0);
    CHECK(got < 0 || is_node(got));
    close(pid);
    close(pair[0]);
    close(pair[1]);
    CHECK(is_node(fd));
    return NULL;
}

static void *open_and_close(void *wrong_ones)
{
    char path[64];

    strcpy(path, folder);
    strcat(path, old_kernel ? "/hl_controlD0" : "/accel_controlD0");
    for (unsigned i = 0; i < 200; i++)
        if (!is_node(open(path, O_RDWR)))
            __atomic_fetch_add((unsigned *)wrong_ones, 1, __ATOMIC_RELAXED);
    return NULL;
}

static const char *threads(void)
{
    unsigned wrong_ones = 0;
    pthread_t t[4];

    for (unsigned i = 0; i < 4; i++)
        CHECK(pthread_create(&t[i], NULL, open_and_close, &wrong_ones) == 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    CHECK(!wrong_ones);
    return NULL;
}

const struct way descriptors[] = {
    { "copies", copies },
    { "all at once", all_at_once },
    { "waiting", waiting },
    { "reading", reading },
    { "passing", passing },
    { "threads", threads },
    { "reading with flags", reading_with_flags },
    { NULL, NULL },
};
