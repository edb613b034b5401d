/* SPDX-License-Identifier: MIT */
/* What a node answers as every character device does: as /dev/null, which the kernel has. */
#include "tests/libc/libc.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

static char byte;
static const struct iovec one_byte = { &byte, 1 };

struct question {
    const char *name;
    long (*ask)(int fd);
};

#define QUESTION(function, expression)                                                             \
    static long function(int fd)                                                                   \
    {                                                                                              \
        return expression;                                                                         \
    }

QUESTION(reserve, fallocate(fd, 0, 0, 1))
QUESTION(reserve_nothing, fallocate(fd, 0, 0, 0))
QUESTION(reserve_before_the_start, fallocate(fd, 0, -1, 1))
QUESTION(reserve_in_a_new_way, fallocate(fd, 0x4000, 0, 1))
QUESTION(cut, ftruncate(fd, 0))
QUESTION(cut_before_the_start, ftruncate(fd, -1))
QUESTION(cut_by_the_large_name, ftruncate64(fd, 0))
QUESTION(read_before_the_start, pread(fd, &byte, 1, -1))
QUESTION(write_before_the_start, pwrite(fd, &byte, 1, -1))
QUESTION(vector_before_the_start, preadv(fd, &one_byte, 1, -1))
QUESTION(write_vector_before_the_start, pwritev64(fd, &one_byte, 1, -1))
QUESTION(seek_in_a_new_way, lseek64(fd, 0, 77))
QUESTION(seek_in_no_way, lseek(fd, 0, -1))
QUESTION(synchronise, fsync(fd))
QUESTION(synchronise_data, fdatasync(fd))
QUESTION(an_unknown_command, fcntl(fd, 9999))
QUESTION(copy_to_no_number, fcntl(fd, F_DUPFD, -1))
QUESTION(size_of_a_pipe, fcntl(fd, F_GETPIPE_SZ))
QUESTION(seals, fcntl(fd, F_GET_SEALS))
QUESTION(copy_onto_itself, dup3(fd, fd, 0))
QUESTION(copy_with_unknown_flags, dup3(fd, 900, 7))
QUESTION(copy_to_minus_one, dup2(fd, -1))
QUESTION(replace_by_nothing, dup2(-1, fd))
QUESTION(close_backwards, close_range((unsigned)fd, (unsigned)fd - 1, 0))
QUESTION(close_with_unknown_flags, close_range((unsigned)fd, (unsigned)fd, 0x100))
QUESTION(stand_there, fchdir(fd))
QUESTION(is_a_terminal, isatty(fd))
QUESTION(size_of_a_regular_file, ioctl(fd, FIOQSIZE, &byte))

static long wait_for(int fd, int op, bool what)
{
    struct epoll_event event = { .events = EPOLLIN };
    int set = epoll_create1(EPOLL_CLOEXEC), rc = epoll_ctl(set, op, fd, what ? &event : NULL);
    int error = errno;

    close(set);
    errno = error;
    return rc;
}

QUESTION(wait, wait_for(fd, EPOLL_CTL_ADD, true))
QUESTION(wait_for_nothing, wait_for(fd, EPOLL_CTL_ADD, false))
QUESTION(wait_no_longer, wait_for(fd, EPOLL_CTL_DEL, false))

static long wait_nowhere(int fd)
{
    struct epoll_event event = { .events = EPOLLIN };

    return epoll_ctl(-1, EPOLL_CTL_ADD, fd, &event);
}

#define Q(function)                                                                                \
    {                                                                                              \
#function, function                                                                        \
    }
static const struct question questions[] = {
    Q(reserve),
    Q(reserve_nothing),
    Q(reserve_before_the_start),
    Q(reserve_in_a_new_way),
    Q(cut),
    Q(cut_before_the_start),
    Q(cut_by_the_large_name),
    Q(read_before_the_start),
    Q(write_before_the_start),
    Q(vector_before_the_start),
    Q(write_vector_before_the_start),
    Q(seek_in_a_new_way),
    Q(seek_in_no_way),
    Q(synchronise),
    Q(synchronise_data),
    Q(an_unknown_command),
    Q(copy_to_no_number),
    Q(size_of_a_pipe),
    Q(seals),
    Q(copy_onto_itself),
    Q(copy_with_unknown_flags),
    Q(copy_to_minus_one),
    Q(replace_by_nothing),
    Q(close_backwards),
    Q(stand_there),
    Q(is_a_terminal),
    Q(size_of_a_regular_file),
    Q(close_with_unknown_flags), /* what it was is still known */
    Q(wait),
    Q(wait_for_nothing),
    Q(wait_no_longer),
    Q(wait_nowhere),
};

static const char *as_any_device(int mode)
{
    static char text[256];
    int fd = open(node, mode), null = open("/dev/null", mode);

    CHECK(fd >= 0 && null >= 0);
    for (unsigned i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        long rc, expected;
        int error, expected_error;

        errno = 0;
        expected = questions[i].ask(null);
        expected_error = errno;
        errno = 0;
        rc = questions[i].ask(fd);
        error = errno;
        if (rc == expected && error == expected_error)
            continue;
        snprintf(text, sizeof(text), "%s, mode %d: %ld, errno %d; a device: %ld, errno %d",
                 questions[i].name, mode, rc, error, expected, expected_error);
        return text;
    }
    close(null);
    CHECK(is_node(fd));
    return NULL;
}

static const char *as_any_device_read(void)
{
    return as_any_device(O_RDONLY);
}

static const char *as_any_device_written(void)
{
    return as_any_device(O_WRONLY);
}

static const char *as_any_device_both(void)
{
    return as_any_device(O_RDWR);
}

/* A stream that becomes another file's has given the node back by then. */
static const char *streams_that_become_others(void)
{
    for (unsigned i = 0; i < 50; i++) {
        FILE *f = fopen(node, "r");

        CHECK(f);
        f = freopen("/dev/null", "r", f);
        CHECK(f && fgetc(f) == EOF);
        CHECK(is_node(open(node, O_RDWR)));
        CHECK(fclose(f) == 0);
    }
    return NULL;
}

const struct way devices[] = {
    { "as any device, read", as_any_device_read },
    { "as any device, written", as_any_device_written },
    { "as any device, both", as_any_device_both },
    { "streams that become others", streams_that_become_others },
    { NULL, NULL },
};
