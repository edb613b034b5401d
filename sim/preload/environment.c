/* SPDX-License-Identifier: MIT */
/* The model's surroundings in a program: its memory, its standard error. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sim/preload/preload.h"

/*
 * Memory just above the stack pointer holds the callers' frames: it is readable.  Everything else
 * goes through the kernel, which knows what is mapped.
 */
static bool on_stack(uint64_t user, size_t n)
{
    uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);

    return user > here && user + n - here < 16384;
}

static int copy_in(void *to, uint64_t user, size_t n)
{
    struct iovec local = { to, n }, remote = { (void *)(uintptr_t)user, n };

    if (on_stack(user, n)) {
        memcpy(to, (const void *)(uintptr_t)user, n);
        return 0;
    }
    return syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0) == (long)n ? 0
                                                                                        : -EFAULT;
}

static int copy_out(uint64_t user, const void *from, size_t n)
{
    struct iovec local = { (void *)from, n }, remote = { (void *)(uintptr_t)user, n };

    if (on_stack(user, n)) {
        memcpy((void *)(uintptr_t)user, from, n);
        return 0;
    }
    return syscall(SYS_process_vm_writev, getpid(), &local, 1, &remote, 1, 0) == (long)n ? 0
                                                                                         : -EFAULT;
}

/* One line of /proc/self/maps, as far as pinning cares. */
struct area {
    uint64_t start, end;
    bool writable, shared, device, of_file;
    unsigned major;   /* of the disk that has the file, else 0 */
    const char *path; /* ends with the line */
};

static bool parse_area(const char *line, struct area *a)
{
    unsigned long long start, end, inode;
    unsigned major;
    char perms[8];
    int at;

    if (sscanf(line, "%llx-%llx %7s %*s %x:%*x %llu %n", &start, &end, perms, &major, &inode,
               &at) != 5)
        return false;
    *a = (struct area){
        .start = start,
        .end = end,
        .writable = perms[1] == 'w',
        .shared = perms[3] == 's',
        .device = strstr(line, "memfd:hlsim-") != NULL, /* VM_IO on the real driver */
        .of_file = inode != 0,
        .major = major,
        .path = line + at,
    };
    return true;
}

/*
 * Is it a file that the kernel writes back, to a disk or over the network?  Since 6.5 such a
 * mapping is not pinned for writing that goes on (writable_file_mapping_allowed()), unlike tmpfs
 * and its kin. Of a file without a name only the disk is known.
 */
static bool is_written_back(const struct area *a)
{
    struct statfs f;

    if (!a->of_file || !a->shared)
        return false;
    if (syscall(SYS_statfs, a->path, &f) != 0)
        return a->major != 0;
    return f.f_type != TMPFS_MAGIC && f.f_type != RAMFS_MAGIC && f.f_type != HUGETLBFS_MAGIC;
}

/*
 * May the driver pin pages of this area for writing?  6.1 asks with FOLL_FORCE: private mappings
 * are copied whatever their protection.
 */
static bool can_pin(const struct sim_state *s, const struct area *a)
{
    if (a->device || (!sim_kernel(s)->pins_by_force && is_written_back(a)))
        return false;
    return a->writable || (sim_kernel(s)->pins_by_force && !a->shared);
}

/* Does the page exist, or can it be faulted in?  Not past the end of its file. */
static bool page_comes(const struct area *a, uint64_t page)
{
    return syscall(SYS_madvise, page, SIM_PAGE,
                   a->writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) == 0;
}

/*
 * How far an area can be pinned from `at` on, in pages that exist: a file ends somewhere,
 * and if one of its pages exists, so do those before it.
 */
static uint64_t pages_until(const struct area *a, uint64_t at, uint64_t end)
{
    uint64_t last = (a->end < end ? a->end : end) - 1;

    if (!a->of_file || page_comes(a, last & ~(SIM_PAGE - 1)))
        return a->end;
    return page_comes(a, at) ? at + SIM_PAGE : at;
}

static int pin(const struct sim_state *s, uint64_t user, uint64_t size)
{
    uint64_t first = user & ~(SIM_PAGE - 1), end = user + size, at = first;
    char *maps = read_below("/proc/self/maps"), *next;
    struct area a;

    for (char *line = maps; line && *line && at < end; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (!parse_area(line, &a) || a.end <= at)
            continue;
        if (a.start > at || !can_pin(s, &a))
            break;
        at = pages_until(&a, at, end);
        if (at < a.end)
            break;
    }
    free(maps);
    if (at >= end)
        return 0;
    return at == first || sim_kernel(s)->pins_by_force ? -EFAULT : -ENOMEM;
}

static void complain(const struct sim_state *s, const char *what, unsigned long value)
{
    char line[160];
    int n;

    if (s->quiet)
        return;
    n = snprintf(line, sizeof(line), "hlsim: pid %d: %s %#lx\n", (int)getpid(), what, value);
    syscall(SYS_write, STDERR_FILENO, line, (size_t)n);
}

/* What the queries answered here (call.c) need. */
const struct sim_env *preload_env(void)
{
    static struct sim_env env = {
        .copy_in = copy_in,
        .copy_out = copy_out,
        .pin = pin,
        .complain = complain,
    };

    env.state = (struct sim_state *)(uintptr_t)sim; /* mapped for reading */
    return &env;
}
