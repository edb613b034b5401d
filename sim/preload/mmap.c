/* SPDX-License-Identifier: MIT */
/*
 * mmap() of a node: command buffers and timestamps.  As on the real driver a mapping holds the
 * device's file open, is not inherited by fork(), and cannot grow.
 *
 * The file is held by another one, which the supervisor returns with the first mapping: it learns
 * when that is closed, also when this process is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sim/preload/areas.h"
#include "sim/preload/preload.h"
#include "sim/rights.h"

DECLARE_REAL(close);
DECLARE_REAL(mmap);
DECLARE_REAL(munmap);
DECLARE_REAL(msync);
DECLARE_REAL(madvise);
DECLARE_REAL(mremap);

#ifndef MAP_32BIT
#define MAP_32BIT 0 /* as for the kernel, on other processors than x86 */
#endif

static size_t whole_pages(size_t n)
{
    return (n + SIM_PAGE - 1) & ~(SIM_PAGE - 1);
}

/*
 * What the C library and the kernel check before they call the driver: all but the file
 * (do_mmap()). The kernel itself answers, of a mapping of nothing at the same place.
 */
static int probe(void *address, size_t length, int flags, uint64_t offset)
{
    const int fixed = MAP_FIXED | MAP_FIXED_NOREPLACE;
    int how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (flags & (fixed | MAP_32BIT));
    void *p;

    if (offset & (SIM_PAGE - 1) || flags & MAP_HUGETLB)
        return -EINVAL;
    if (flags & fixed)
        how = (how & ~MAP_FIXED) | MAP_FIXED_NOREPLACE;
    p = REAL(mmap)(address, length, PROT_NONE, how, -1, 0);
    if (p != MAP_FAILED) {
        REAL(munmap)(p, length);
        return 0;
    }
    return errno == EEXIST && !(flags & MAP_FIXED_NOREPLACE) ? 0 : -errno;
}

/* Flags that MAP_SHARED_VALIDATE knows of every file (LEGACY_MAP_MASK). */
#define LEGACY_FLAGS                                                                               \
    (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE |       \
     0x4000000 /* MAP_UNINITIALIZED */ | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE |              \
     MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | 21u << 26 | 30u << 26)

/* Mapping a file requires read access, writing through a shared mapping write access. */
static bool mode_allows(int mode, bool shared_write)
{
    return mode == O_RDWR || (mode == O_RDONLY && !shared_write);
}

/* Its rules for every file: the access mode, and which kinds of mappings it supports. */
static int check_file(const struct sim_file *f, uint64_t offset, size_t length, int prot, int flags)
{
    int type = flags & MAP_TYPE;
    uint64_t most;

    /* file_mmap_ok(): what ends past the last byte */
    most = f->kind == SIM_FILE_PRIMARY && sim_kernel(sim)->drm ? 0 : UINT64_MAX;
    if (offset >> 12 > (most - length) >> 12)
        return -EOVERFLOW;
    if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (type == MAP_SHARED_VALIDATE && (unsigned)flags & ~LEGACY_FLAGS)
        return -EOPNOTSUPP;
    if (!mode_allows((int)f->flags & O_ACCMODE, type != MAP_PRIVATE && (prot & PROT_WRITE)))
        return -EACCES;
    if (f->kind == SIM_FILE_CONTROL || f->kind == SIM_FILE_DEBUGFS)
        return -ENODEV;
    return flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

static int out_of_the_way(int fd)
{
    int other = fd_duplicate_away(fd);

    if (other < 0)
        return fd;
    syscall(SYS_close, fd);
    return other;
}

/*
 * Requests the memory, whose descriptor comes back, or -errno; and what holds the node's file,
 * where nothing holds it yet.
 */
static int ask(uint32_t file, uint64_t offset, size_t length, struct sim_reply *r, int *hold)
{
    struct sim_request q = {
        .op = SIM_REQUEST_MMAP, .file = file, .argument = offset, .length = length
    };
    int fds[2] = { -1, -1 }, rc;

    *hold = areas_claim(file, &q.mapper);
    if (*hold < 0)
        return *hold;
    rc = client_transfer(&q, r, -1, true, fds);
    if (!rc && (fds[0] < 0 || (fds[1] < 0) != (r->file == q.mapper)))
        rc = -EMFILE;
    if (rc) {
        rights_close(fds);
        if (areas_unclaim(*hold))
            fd_closed();
        return rc;
    }
    if (q.mapper == SIM_NONE)
        areas_given(*hold, r->file, out_of_the_way(fds[1]));
    return fds[0];
}

/*
 * What REAL(mmap) had.  ThreadSanitizer has seen the number there and has to see it closed: another
 * thread's next file of that number would be a race.  mmap() is no cancellation point.
 */
static void close_mapped(int fd)
{
    int before;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    REAL(close)(fd);
    pthread_setcancelstate(before, NULL);
}

/* Another process may map the buffer from now on. */
static void give_back(const struct sim_reply *r, int hold)
{
    struct sim_request q = { .op = SIM_REQUEST_UNMAPPED, .file = r->file, .argument = r->buffer };

    if (r->buffer != SIM_NONE)
        client_call(&q, NULL, false);
    if (areas_unclaim(hold))
        fd_closed();
}

static int map_node(void **address, size_t length, int prot, int flags, uint32_t file,
                    uint64_t offset)
{
    const struct sim_file *f = &sim->files[file];
    struct sim_reply r;
    void *p;
    int rc = probe(*address, length, flags, offset), memory, hold;
    bool released = false;
    sigset_t before;

    length = whole_pages(length);
    rc = rc ? rc : check_file(f, offset, length, prot, flags);
    if (!rc && f->kind == SIM_FILE_DMABUF)
        rc = -EINVAL;
    if (rc)
        return rc;
    memory = ask(file, offset, length, &r, &hold);
    if (memory < 0)
        return memory;
    areas_lock(&before);
    p = REAL(mmap)(*address, length, prot, flags, memory, (off_t)r.at);
    rc = p == MAP_FAILED ? -errno : 0;
    if (!rc) {
        REAL(madvise)(p, length, MADV_DONTFORK);
        released = areas_cut((uintptr_t)p, length);
        areas_add((uintptr_t)p, length, hold, r.buffer);
    }
    areas_unlock(&before);
    close_mapped(memory);
    if (rc) {
        give_back(&r, hold);
        return rc;
    }
    if (released)
        fd_closed();
    *address = p;
    return 0;
}

/*
 * The simulated machine has huge pages, whether this one has any or not: ordinary memory in
 * their place, aligned as they are.
 */
static void *huge_pages(void *address, size_t length, int prot, int flags)
{
    const size_t shift = (unsigned)flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;
    const size_t huge = shift ? (size_t)1 << shift : (size_t)2 << 20;
    const size_t size = (length + huge - 1) & ~(huge - 1);
    char *p, *start;

    flags &= ~(MAP_HUGETLB | (int)((unsigned)MAP_HUGE_MASK << MAP_HUGE_SHIFT));
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
        return REAL(mmap)(address, size, prot, flags, -1, 0);
    p = REAL(mmap)(NULL, size + huge, prot, flags, -1, 0);
    if (p == MAP_FAILED)
        return p;
    start = (char *)(((uintptr_t)p + huge - 1) & ~(huge - 1));
    if (start > p)
        REAL(munmap)(p, (size_t)(start - p));
    if (p + huge > start)
        REAL(munmap)(start + size, (size_t)(p + huge - start));
    return start;
}

static void *ordinary(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
    void *p = REAL(mmap)(address, length, prot, flags, fd, offset);

    if (p == MAP_FAILED && errno == ENOMEM && sim && flags & MAP_HUGETLB && flags & MAP_ANONYMOUS &&
        length)
        p = huge_pages(address, length, prot, flags);
    return p;
}

static void *over_areas(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
    bool released = false;
    sigset_t before;
    void *p;

    areas_lock(&before);
    p = ordinary(address, length, prot, flags, fd, offset);
    if (p != MAP_FAILED)
        released = areas_cut((uintptr_t)p, length);
    areas_unlock(&before);
    if (released)
        fd_closed();
    return p;
}

HOOK void *mmap(void *address, size_t length, int prot, int flags, int fd, off_t offset)
{
    uint32_t file = sim && !(flags & MAP_ANONYMOUS) ? fd_find(fd) : SIM_NONE;
    int saved = errno, rc;

    if (file == SIM_NONE) {
        if (sim && flags & MAP_FIXED && areas_any())
            return over_areas(address, length, prot, flags, fd, offset);
        return ordinary(address, length, prot, flags, fd, offset);
    }
    rc = map_node(&address, length, prot, flags, file, (uint64_t)offset);
    errno = rc ? -rc : saved;
    return rc ? MAP_FAILED : address;
}

HOOK void *mmap64(void *address, size_t length, int prot, int flags, int fd, off64_t offset)
{
    return mmap(address, length, prot, flags, fd, offset);
}

HOOK int munmap(void *address, size_t length)
{
    bool released;
    sigset_t before;
    int rc;

    if (!sim || !areas_any())
        return REAL(munmap)(address, length);
    areas_lock(&before);
    rc = REAL(munmap)(address, length);
    released = rc == 0 && areas_cut((uintptr_t)address, length);
    areas_unlock(&before);
    if (released)
        fd_closed();
    return rc;
}

static bool in_area(const void *address)
{
    return sim && areas_any() && areas_has((uintptr_t)address);
}

/* The node has no fsync(). */
HOOK int msync(void *address, size_t length, int flags)
{
    if (in_area(address) && flags & MS_SYNC && !(flags & MS_ASYNC)) {
        errno = EINVAL;
        return -1;
    }
    return REAL(msync)(address, length, flags);
}

/* What the kernel refuses for a driver's pages (VM_IO, VM_PFNMAP). */
static bool not_for_drivers(int advice)
{
    switch (advice) {
    case MADV_DONTNEED:
    case MADV_FREE:
    case MADV_REMOVE:
    case MADV_DOFORK:
    case MADV_DODUMP:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
    case 24: /* MADV_DONTNEED_LOCKED */
        return true;
    default:
        return false;
    }
}

HOOK int madvise(void *address, size_t length, int advice)
{
    if (not_for_drivers(advice) && in_area(address)) {
        errno = EINVAL;
        return -1;
    }
    return REAL(madvise)(address, length, advice);
}

HOOK void *mremap(void *address, size_t old_length, size_t new_length, int flags, ...)
{
    const size_t had = whole_pages(old_length), kept = whole_pages(new_length);
    bool released = false;
    void *where, *p;
    sigset_t before;
    va_list ap;

    va_start(ap, flags);
    where = va_arg(ap, void *);
    va_end(ap);
    /* check_prep_vma(), vma_to_resize() */
    if ((kept > had || flags & MREMAP_DONTUNMAP) && in_area(address)) {
        errno = flags & MREMAP_DONTUNMAP ? EINVAL : EFAULT;
        return MAP_FAILED;
    }
    if (!sim || !areas_any())
        return REAL(mremap)(address, old_length, new_length, flags, where);
    areas_lock(&before);
    p = REAL(mremap)(address, old_length, new_length, flags, where);
    if (p != MAP_FAILED && kept < had)
        released = areas_cut((uintptr_t)address + kept, had - kept);
    if (p != MAP_FAILED && p != address) {
        released |= areas_cut((uintptr_t)p, kept);
        areas_move((uintptr_t)address, kept, (uintptr_t)p);
    }
    areas_unlock(&before);
    if (released)
        fd_closed();
    return p;
}

/* The kernel does not access a driver's pages for other processes, nor for the process itself. */
static bool pages_of_driver(pid_t pid, const struct iovec *remote, unsigned long n)
{
    for (unsigned long i = 0; pid == getpid() && i < n; i++)
        if (in_area(remote[i].iov_base)) {
            errno = EFAULT;
            return true;
        }
    return false;
}

HOOK ssize_t process_vm_readv(pid_t pid, const struct iovec *local, unsigned long locals,
                              const struct iovec *remote, unsigned long remotes,
                              unsigned long flags)
{
    return pages_of_driver(pid, remote, remotes)
               ? -1
               : syscall(SYS_process_vm_readv, pid, local, locals, remote, remotes, flags);
}

HOOK ssize_t process_vm_writev(pid_t pid, const struct iovec *local, unsigned long locals,
                               const struct iovec *remote, unsigned long remotes,
                               unsigned long flags)
{
    return pages_of_driver(pid, remote, remotes)
               ? -1
               : syscall(SYS_process_vm_writev, pid, local, locals, remote, remotes, flags);
}

/* A child has no such mapping, and must not keep the node open for one. */
void mmap_after_fork(void)
{
    areas_after_fork();
}
