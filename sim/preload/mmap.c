/* SPDX-License-Identifier: MIT */
/*
 * mmap() of a node: command buffers and timestamps.  As on the real driver a mapping holds the
 * device's file open, is not inherited by fork(), and cannot grow.
 *
 * What holds the file is a descriptor on its way between two sockets that never arrives: a
 * duplicate would be one that nobody has opened, in /proc/PID/fd.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/model/block.h"
#include "sim/preload/preload.h"
#include "sim/rights.h"

DECLARE_REAL(mmap);
DECLARE_REAL(munmap);
DECLARE_REAL(msync);
DECLARE_REAL(madvise);
DECLARE_REAL(mremap);

#define MAX_AREAS 1024
#define TYPE_SHIFT 59
#define TYPE_MASK 0x1full
#define TYPE_CB 0x2
#define TYPE_BLOCK 0x4
#define TYPE_TIMESTAMPS 0x10

static struct area {
    uintptr_t start, end;
    uint64_t left; /* bytes that are still mapped */
    uint32_t file, context, buffer;
    int hold; /* a socket: the node's file is on its way to it */
} areas[MAX_AREAS];
static unsigned area_count;                              /* for a quick look without the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards areas */

static struct area *free_area(void)
{
    for (unsigned i = 0; i < MAX_AREAS; i++) {
        if (!areas[i].left)
            return &areas[i];
    }
    return NULL;
}

/* Keeps fd's file open until the socket that is returned is closed; -1 on failure. */
static int hold_file(int fd)
{
    union rights room = { 0 };
    struct iovec iov = { (char[]){ 'h' }, 1 };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    int pair[2], hold = -1;

    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    rights_put(&m, &room, fd);
    if (syscall(SYS_sendmsg, pair[0], &m, MSG_NOSIGNAL) == 1) {
        /* out of the way of the numbers that a program expects */
        hold = (int)syscall(SYS_fcntl, pair[1], F_DUPFD_CLOEXEC, 512);
        if (hold < 0)
            hold = (int)syscall(SYS_fcntl, pair[1], F_DUPFD_CLOEXEC, 3);
    }
    syscall(SYS_close, pair[0]);
    syscall(SYS_close, pair[1]);
    return hold;
}

/* The driver's rules: 0 and the buffer, or -errno. */
static int choose(uint32_t file, uint64_t offset, size_t length, int prot, int flags,
                  uint32_t *buffer, uint32_t *context, uint64_t *at)
{
    const struct sim_file *f = &sim->files[file];
    struct sim_context *c;
    int mode = (int)f->flags & O_ACCMODE, rc;
    uint64_t most;

    /* the kernel's own check of the range (file_mmap_ok): what ends past the last byte */
    most = f->kind == SIM_FILE_PRIMARY && sim->kernel >= SIM_KERNEL_6_12 ? 0 : UINT64_MAX;
    if (offset >> 12 > (most - length) >> 12)
        return -EOVERFLOW;
    if (mode == O_WRONLY || mode == O_ACCMODE ||
        (mode == O_RDONLY && (flags & MAP_SHARED) && (prot & PROT_WRITE)))
        return -EACCES;
    if (f->kind == SIM_FILE_CONTROL)
        return -ENODEV;
    if (f->kind == SIM_FILE_DMABUF)
        return -EINVAL;
    c = sim_context_of(sim, file);
    if (!c)
        return -ENODEV;
    *context = c->id;
    switch (offset >> TYPE_SHIFT & TYPE_MASK) {
    case TYPE_CB:
    case TYPE_TIMESTAMPS:
        rc = sim_buffer_mmap(c, offset, length, buffer);
        *at = *buffer * SIM_BUFFER_STRIDE;
        return rc;
    case TYPE_BLOCK:
        *buffer = SIM_NONE; /* a piece of the registers */
        return sim_block_mmap(&sim->devices[f->device], offset, length, at);
    default:
        return -EINVAL;
    }
}

static void *map_node(void *address, size_t length, int prot, int flags, int fd, uint32_t file,
                      uint64_t offset)
{
    uint32_t buffer = 0, context = 0;
    uint64_t at = 0;
    void *p = MAP_FAILED;
    struct sim_device *d;
    struct area *a;
    int rc, memory;

    length = (length + SIM_PAGE - 1) & ~(SIM_PAGE - 1);
    pthread_mutex_lock(&lock);
    a = free_area();
    sim_lock(sim);
    rc = a ? choose(file, offset, length, prot, flags, &buffer, &context, &at) : -ENOMEM;
    sim_unlock(sim);
    if (rc)
        goto out;
    d = &sim->devices[sim->files[file].device];
    memory = client_open_shared(sim, buffer == SIM_NONE ? d->regs_fd : d->buffer_fd);
    if (memory >= 0) {
        p = REAL(mmap)(address, length, prot, flags, memory, (off_t)at);
        syscall(SYS_close, memory);
    }
    if (p == MAP_FAILED) {
        rc = memory < 0 ? memory : -errno;
        sim_lock(sim);
        if (buffer != SIM_NONE)
            sim_buffer_munmap(&d->context, buffer);
        sim_unlock(sim);
        goto out;
    }
    REAL(madvise)(p, length, MADV_DONTFORK);
    *a = (struct area){
        .start = (uintptr_t)p,
        .end = (uintptr_t)p + length,
        .left = length,
        .file = file,
        .context = context,
        .buffer = buffer,
        .hold = hold_file(fd),
    };
    area_count++;
out:
    pthread_mutex_unlock(&lock);
    if (rc)
        errno = -rc;
    return p;
}

HOOK void *mmap(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
    uint32_t file = sim && !(flags & MAP_ANONYMOUS) ? fd_find(fd) : SIM_NONE;

    if (file == SIM_NONE)
        return REAL(mmap)(address, length, prot, flags, fd, offset);
    return map_node(address, length, prot, flags, fd, file, (uint64_t)offset);
}

HOOK void *mmap64(void *address, size_t length, int prot, int flags, int fd, off64_t offset)
{
    return mmap(address, length, prot, flags, fd, offset);
}

/* What is left of an area after a munmap(); the buffer is free again when nothing is. */
static bool shrink(struct area *a, uintptr_t start, uintptr_t end)
{
    uintptr_t from = start > a->start ? start : a->start, to = end < a->end ? end : a->end;
    struct sim_context *c;

    if (!a->left || from >= to)
        return false;
    a->left -= a->left < to - from ? a->left : to - from;
    if (a->left)
        return false;
    area_count--;
    sim_lock(sim);
    c = &sim->devices[sim->files[a->file].device].context;
    if (c->id == a->context && a->buffer != SIM_NONE)
        sim_buffer_munmap(c, a->buffer);
    sim_unlock(sim);
    if (a->hold >= 0)
        syscall(SYS_close, a->hold);
    return true;
}

HOOK int munmap(void *address, size_t length)
{
    bool closed = false;
    int rc = REAL(munmap)(address, length);

    if (rc == 0 && sim && __atomic_load_n(&area_count, __ATOMIC_RELAXED)) {
        uintptr_t start = (uintptr_t)address;
        uintptr_t end = start + ((length + SIM_PAGE - 1) & ~(uintptr_t)(SIM_PAGE - 1));

        pthread_mutex_lock(&lock);
        for (unsigned i = 0; i < MAX_AREAS; i++)
            closed |= shrink(&areas[i], start, end);
        pthread_mutex_unlock(&lock);
        if (closed)
            fd_closed();
    }
    return rc;
}

static bool in_area(const void *address)
{
    uintptr_t at = (uintptr_t)address;

    if (!sim || !__atomic_load_n(&area_count, __ATOMIC_RELAXED))
        return false;
    for (unsigned i = 0; i < MAX_AREAS; i++)
        if (areas[i].left && at >= areas[i].start && at < areas[i].end)
            return true;
    return false;
}

/* The node has no fsync(). */
HOOK int msync(void *address, size_t length, int flags)
{
    if (in_area(address) && flags & MS_SYNC) {
        errno = EINVAL;
        return -1;
    }
    return REAL(msync)(address, length, flags);
}

/* Pages that are the driver's cannot be dropped. */
HOOK int madvise(void *address, size_t length, int advice)
{
    if ((advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE) &&
        in_area(address)) {
        errno = EINVAL;
        return -1;
    }
    return REAL(madvise)(address, length, advice);
}

HOOK void *mremap(void *address, size_t old_length, size_t new_length, int flags, ...)
{
    void *where;
    va_list ap;

    va_start(ap, flags);
    where = va_arg(ap, void *);
    va_end(ap);
    if (new_length > old_length && in_area(address)) {
        errno = EFAULT;
        return MAP_FAILED;
    }
    return REAL(mremap)(address, old_length, new_length, flags, where);
}

/* A child has no such mapping, and must not keep the node open for one. */
void mmap_after_fork(void)
{
    for (unsigned i = 0; i < MAX_AREAS; i++) {
        if (areas[i].left && areas[i].hold >= 0)
            syscall(SYS_close, areas[i].hold);
        areas[i].left = 0;
    }
    area_count = 0;
    pthread_mutex_init(&lock, NULL);
}
