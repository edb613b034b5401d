/* SPDX-License-Identifier: MIT */
/*
 * Which descriptors are simulated files.  The inode of the socket behind a descriptor decides; a
 * table by number remembers it.  Entries go when a number is closed or replaced through the C
 * library; descriptors that arrive some other way are found by their inode when they are used.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/lock.h"
#include "sim/preload/preload.h"

#define TABLE_SIZE 65536

static _Atomic uint32_t table[TABLE_SIZE]; /* file + 1; 0: not known to be one */

void *real_function(void **cache, const char *name)
{
    void *f = __atomic_load_n(cache, __ATOMIC_RELAXED);

    if (!f) {
        f = dlsym(RTLD_NEXT, name);
        __atomic_store_n(cache, f, __ATOMIC_RELAXED);
    }
    return f;
}

/*
 * A child of vfork() works in its parent's memory, on descriptors of its own: it must not write to
 * the table.  The owner's ID is in a page that the kernel clears in every other kind of child.
 */
static pid_t without_page;
pid_t *sim_owner = &without_page;

void fd_own(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);

    if (sim_owner == &without_page) {
        void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p != MAP_FAILED) {
            madvise(p, size, MADV_WIPEONFORK);
            sim_owner = p;
        }
    }
    __atomic_store_n(sim_owner, getpid(), __ATOMIC_RELEASE);
}

bool fd_borrowed(void)
{
    pid_t pid = __atomic_load_n(sim_owner, __ATOMIC_RELAXED);

    return pid && pid != getpid();
}

int fd_duplicate_away(int fd)
{
    int other = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 512);

    return other < 0 ? (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3) : other;
}

uint32_t fd_known(int fd)
{
    uint32_t v;

    if ((unsigned)fd >= TABLE_SIZE)
        return SIM_NONE;
    v = atomic_load_explicit(&table[fd], memory_order_relaxed);
    return v - 1; /* 0 becomes SIM_NONE */
}

/* In a table that may change meanwhile: false when the entry is stale. */
static bool look_up(uint64_t inode, uint32_t *file)
{
    uint32_t i = sim->file_buckets[inode % SIM_FILE_BUCKETS];

    for (unsigned n = 0; n < SIM_MAX_FILES; n++) {
        *file = i;
        if (i == SIM_NONE)
            return true;
        if (i >= SIM_MAX_FILES)
            return false;
        if (sim->files[i].inode == inode)
            return true;
        i = sim->files[i].next;
    }
    return false;
}

uint32_t file_of_inode(uint64_t inode)
{
    struct sim_request q = { .op = SIM_REQUEST_FIND, .argument = inode };
    struct sim_reply r;
    uint32_t file, at;

    for (unsigned n = 0; sim_read_begin(sim, &at, n); n++) {
        if (look_up(inode, &file) && sim_read_valid(sim, at))
            return file;
    }
    return client_call(&q, &r, false) ? SIM_NONE : r.file;
}

/* fstat() may be one of ours: this is the kernel's. */
static int raw_fstat(int fd, struct stat *st)
{
    return (int)syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

uint32_t fd_find(int fd)
{
    uint32_t file = fd_known(fd);
    int saved = errno;
    struct stat st;

    if (file != SIM_NONE || !sim)
        return file;
    if (raw_fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)) {
        file = file_of_inode(st.st_ino);
        fd_note(fd, file);
    }
    errno = saved;
    return file;
}

void fd_learn(int fd)
{
    if (fd >= 0)
        fd_find(fd);
}

void fd_note(int fd, uint32_t file)
{
    if (file != SIM_NONE)
        client_moved(file);
    if ((unsigned)fd < TABLE_SIZE && !fd_borrowed())
        atomic_store_explicit(&table[fd], file + 1, memory_order_relaxed);
}

bool fd_forget(int fd)
{
    if (fd_known(fd) == SIM_NONE || fd_borrowed())
        return false;
    return atomic_exchange_explicit(&table[fd], 0, memory_order_relaxed) != 0;
}

bool fd_forget_range(unsigned first, unsigned last)
{
    bool any = false;

    for (unsigned fd = first; fd <= last && fd < TABLE_SIZE; fd++)
        any |= fd_forget((int)fd);
    return any;
}

void fd_closed(void)
{
    struct sim_request q = { .op = SIM_REQUEST_SETTLE };
    int saved = errno;

    client_call(&q, NULL, false);
    errno = saved;
}

void fd_closed_file(uint32_t file)
{
    /* the file may be gone and its entry reused: another device does no harm */
    uint32_t device = sim->files[file].device;
    struct sim_request q = { .op = SIM_REQUEST_RELEASE, .device = device };
    struct timespec end;
    int saved = errno;

    client_call(&q, NULL, false);
    /* a signal does not interrupt the driver's release, which runs in this caller */
    if (sim_device_release_ends(&sim->devices[device], &end))
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
            ;
    errno = saved;
}

/* Allocates nothing: it may be within an allocator's first call, which has its lock. */
void fd_scan(void)
{
    int dir = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_CLOEXEC);
    _Alignas(struct dirent64) char entries[1024];
    long n;

    while ((n = syscall(SYS_getdents64, dir, entries, sizeof(entries))) > 0) {
        for (long i = 0; i < n;) {
            const struct dirent64 *e = (const void *)(entries + i);

            fd_learn(e->d_name[0] == '.' ? -1 : atoi(e->d_name));
            i += e->d_reclen;
        }
    }
    syscall(SYS_close, dir);
}
