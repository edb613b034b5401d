/* SPDX-License-Identifier: MIT */
/* Mappings of a node in pieces, moved and replaced; what is refused when descriptors run out. */
#include "tests/libc/libc.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "uapi/requests.h"

#define PAGE 4096
#define BOTH (PROT_READ | PROT_WRITE)

static uint64_t buffer_of(int fd, unsigned n)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = n * PAGE } };

    return ioctl(fd, old_kernel ? HL_REQ_H_CB : HL_REQ_D_CB, &a) ? 0 : a.out.cb_handle;
}

static char *mapping_of(int fd, uint64_t handle, unsigned n)
{
    char *p = mmap(NULL, n * PAGE, BOTH, MAP_SHARED, fd, (off_t)handle);

    for (unsigned i = 0; p != MAP_FAILED && i < n; i++)
        p[i * PAGE] = (char)(i + 1);
    return p;
}

/* The kernel does not discard a driver's pages. */
static bool of_driver(char *p)
{
    return madvise(p, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL;
}

/* Can all of the buffer be mapped?  Not while a byte of it still is. */
static bool can_be_mapped(int fd, uint64_t handle, unsigned n)
{
    char *p = mmap(NULL, n * PAGE, BOTH, MAP_SHARED, fd, (off_t)handle);

    return p != MAP_FAILED && munmap(p, n * PAGE) == 0;
}

static const char *pieces(void)
{
    int fd = open(node, O_RDWR);
    uint64_t handle = buffer_of(fd, 4);
    char *p = mapping_of(fd, handle, 4);

    CHECK(handle && p != MAP_FAILED);
    CHECK(munmap(p + PAGE, PAGE) == 0);
    CHECK(p[0] == 1 && p[2 * PAGE] == 3 && of_driver(p) && of_driver(p + 2 * PAGE));
    CHECK(madvise(p + PAGE, PAGE, MADV_DONTNEED) == -1 && errno == ENOMEM);
    /* ordinary memory in the place of the last one */
    CHECK(mmap(p + 3 * PAGE, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
          p + 3 * PAGE);
    CHECK(madvise(p + 3 * PAGE, PAGE, MADV_DONTNEED) == 0 && p[2 * PAGE] == 3);
    CHECK(munmap(p, PAGE) == 0 && !can_be_mapped(fd, handle, 4));
    CHECK(munmap(p + 2 * PAGE, 2 * PAGE) == 0 && can_be_mapped(fd, handle, 4));
    CHECK(free_buffer(fd, handle) && is_node(fd));
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

static const char *sizes(void)
{
    int fd = open(node, O_RDWR);
    uint64_t handle = buffer_of(fd, 4);
    char *p = mapping_of(fd, handle, 4), *room;

    CHECK(p != MAP_FAILED);
    CHECK(mremap(p, 4 * PAGE, 2 * PAGE - 1, 0) == p && p[PAGE] == 2 && of_driver(p + PAGE));
    CHECK(madvise(p + 2 * PAGE, PAGE, MADV_DONTNEED) == -1 && errno == ENOMEM);
    CHECK(mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    /* one page elsewhere */
    room = mmap(NULL, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mremap(p + PAGE, PAGE, 1, MREMAP_MAYMOVE | MREMAP_FIXED, room) == room);
    CHECK(room[0] == 2 && of_driver(room) && p[0] == 1 && of_driver(p));
    CHECK(munmap(p, PAGE) == 0);
    close(fd);
    CHECK(open(node, O_RDWR) == -1 && errno == EBUSY); /* the mapping holds it */
    CHECK(munmap(room, PAGE) == 0);
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

/* Ordinary memory that moves onto a mapping takes its place. */
static const char *moved_onto(void)
{
    int fd = open(node, O_RDWR);
    uint64_t handle = buffer_of(fd, 3);
    char *p = mapping_of(fd, handle, 3);
    char *own = mmap(NULL, PAGE, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED && own != MAP_FAILED);
    own[0] = 77;
    CHECK(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL) == MAP_FAILED &&
          errno == EINVAL);
    CHECK(mremap(own, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p && p[0] == 77);
    CHECK(madvise(p, PAGE, MADV_DONTNEED) == 0 && of_driver(p + PAGE));
    /* so does one of its own pages */
    CHECK(mremap(p + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE) == p + PAGE);
    CHECK(p[PAGE] == 3 && of_driver(p + PAGE));
    CHECK(munmap(p, 2 * PAGE) == 0 && can_be_mapped(fd, handle, 3));
    CHECK(free_buffer(fd, handle) && is_node(fd));
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

static const char *places(void)
{
    int fd = open(node, O_RDWR), written = -1;
    uint64_t first = buffer_of(fd, 2), second = buffer_of(fd, 2);
    char *p = mapping_of(fd, first, 2);

    CHECK(p != MAP_FAILED && second);
    CHECK(mmap(p, 2 * PAGE, BOTH, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, (off_t)second) ==
          MAP_FAILED);
    CHECK(p[PAGE] == 2 && !can_be_mapped(fd, first, 2));
    CHECK(mmap(p + 1, 2 * PAGE, BOTH, MAP_SHARED | MAP_FIXED, fd, (off_t)second) == MAP_FAILED);
    CHECK(mmap(NULL, 0, BOTH, MAP_SHARED, fd, (off_t)second) == MAP_FAILED);
    CHECK(mmap(NULL, 2 * PAGE, BOTH, MAP_SHARED, fd, -PAGE) == MAP_FAILED && errno == EOVERFLOW);
    /* in the place of the first, which is free then */
    CHECK(mmap(p, 2 * PAGE, BOTH, MAP_SHARED | MAP_FIXED, fd, (off_t)second) == p);
    CHECK(p[PAGE] == 0 && of_driver(p) && can_be_mapped(fd, first, 2));
    CHECK(munmap(p, 2 * PAGE) == 0);
    CHECK(free_buffer(fd, first) && free_buffer(fd, second) && is_node(fd));
    written = open(node, O_WRONLY);
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, written, 0) == MAP_FAILED && errno == EACCES);
    CHECK(is_node(written));
    return NULL;
}

/* The node is open, and cannot be opened twice. */
static bool is_busy(void)
{
    return open(node, O_RDWR) == -1 && errno == EBUSY;
}

/* A mapping holds the node's file, whatever becomes of the program's descriptors. */
static const char *closed_descriptors(void)
{
    int fd = open(node, O_RDWR);
    uint64_t handle = buffer_of(fd, 2);
    char *p = mapping_of(fd, handle, 2);

    CHECK(p != MAP_FAILED);
    closefrom(3);
    CHECK(is_busy() && p[PAGE] == 2);
    CHECK(close_range(3, ~0u, 0) == 0 && is_busy());
    for (int n = 3; n < 1024; n++)
        CHECK(close(n) == -1 && errno == EBADF);
    CHECK(is_busy() && p[PAGE] == 2);
    CHECK(munmap(p, 2 * PAGE) == 0);
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

/* ... and takes no number that the program wants for a file of its own. */
static const char *numbers_of_its_own(void)
{
    const int some = 600; /* a good part of what a program may have, and more than libraries use */
    int fd = open(node, O_RDWR);
    uint64_t handle = buffer_of(fd, 2);
    char *p = mapping_of(fd, handle, 2);

    CHECK(p != MAP_FAILED);
    for (int n = fd + 1; n < some; n++)
        CHECK(n % 2 ? dup2(0, n) == n : dup3(0, n, O_CLOEXEC) == n);
    CHECK(close(fd) == 0 && is_busy());
    CHECK(dup2(-1, some) == -1 && errno == EBADF && is_busy());
    CHECK(munmap(p, 2 * PAGE) == 0);
    for (int n = fd + 1; n < some; n++)
        CHECK(close(n) == 0);
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

/* The machine of the simulation has huge pages, also at a given place. */
static const char *huge_pages_at_a_place(void)
{
    const size_t huge = 2 << 20;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *room = mmap(NULL, 2 * huge, PROT_NONE, flags, -1, 0), *at, *p;

    CHECK(room != MAP_FAILED);
    at = (char *)(((uintptr_t)room + huge - 1) & ~(huge - 1));
    p = mmap(at, huge, BOTH, flags | MAP_HUGETLB | MAP_FIXED, -1, 0);
    CHECK(p == at);
    p[huge - 1] = 3;
    CHECK(munmap(at, huge) == 0);
    return NULL;
}

/* No descriptor is left: the device is as before. */
static const char *no_descriptor(void)
{
    struct rlimit before, none;
    int free = dup(0), fd;

    CHECK(free > 2 && close(free) == 0 && getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    none.rlim_cur = (rlim_t)free;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    fd = open(node, O_RDWR);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0 && fd == -1);
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

static const char *refused_opening(void)
{
    char path[128];
    int fd;

    snprintf(path, sizeof(path), "%s/device_type", attributes);
    CHECK(open(path, O_WRONLY) == -1 && errno == EACCES); /* also for root */
    fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(!fopen(node, "q") && errno == EINVAL);
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

const struct way pages[] = {
    { "pieces", pieces },
    { "sizes", sizes },
    { "places", places },
    { "moved onto", moved_onto },
    { "closed descriptors", closed_descriptors },
    { "numbers of its own", numbers_of_its_own },
    { "huge pages at a place", huge_pages_at_a_place },
    { "no descriptor", no_descriptor },
    { "refused opening", refused_opening },
    { NULL, NULL },
};
