/* SPDX-License-Identifier: MIT */
/*
 * The contents of folders.  A folder of the simulation's own is a real folder below its tree.  One
 * of the machine's, such as /dev or /sys/class, shows the entries of the tree's folder of the same
 * name after its own, and hides those that the simulation replaces.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

#undef readdir64
#undef readdir64_r
#undef scandir64
#undef scandirat64

DECLARE_REAL(opendir);
DECLARE_REAL(fdopendir);
DECLARE_REAL(readdir);
DECLARE_REAL(closedir);
DECLARE_REAL(rewinddir);
DECLARE_REAL(telldir);
DECLARE_REAL(seekdir);

/* A folder of the machine with entries of the simulation. */
struct merged {
    struct merged *next;
    DIR *dir, *more; /* more: of the tree; NULL if there is none of that name */
    bool in_more;
    /* what telldir() has returned: the kernel's positions have no bit to spare for which folder */
    struct position {
        long at;
        bool in_more;
    } * told;
    long told_count;
    char folder[]; /* its path */
};
static struct merged *list;
static _Atomic unsigned merged_count;                    /* for a quick check without the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards list */

/* Another thread may have had it. */
void list_after_fork(void)
{
    pthread_mutex_init(&lock, NULL);
}

static struct merged *merged_of(DIR *d)
{
    struct merged *m;

    if (!atomic_load_explicit(&merged_count, memory_order_relaxed))
        return NULL;
    pthread_mutex_lock(&lock);
    for (m = list; m && m->dir != d; m = m->next)
        ;
    pthread_mutex_unlock(&lock);
    return m;
}

/* One below /dev or /sys: the tree's goes with it. */
static __attribute__((noinline)) void merge(DIR *d)
{
    char link[40], path[PATH_BUFFER], more[sizeof(sim->tree) + PATH_BUFFER];
    struct merged *m;
    long n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd(d));
    n = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1);
    if (n <= 0)
        return;
    path[n] = '\0';
    if (!strncmp(path, sim->tree, strlen(sim->tree)))
        return; /* the tree may stand in /dev/shm */
    snprintf(more, sizeof(more), "%s%s", sim->tree, path);
    m = malloc(sizeof(*m) + (size_t)n + 1);
    if (!m)
        return;
    *m = (struct merged){ .dir = d, .more = REAL(opendir)(more) };
    strcpy(m->folder, path);
    pthread_mutex_lock(&lock);
    m->next = list;
    list = m;
    merged_count++;
    pthread_mutex_unlock(&lock);
}

/* A folder has been opened. */
static DIR *opened(DIR *d)
{
    char link[40], start[4];
    int saved = errno;

    if (!d || !sim)
        return d;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd(d));
    if (syscall(SYS_readlinkat, AT_FDCWD, link, start, sizeof(start)) == (long)sizeof(start) &&
        (!memcmp(start, "/dev", 4) || !memcmp(start, "/sys", 4)))
        merge(d);
    errno = saved;
    return d;
}

HOOK DIR *opendir(const char *path)
{
    char buffer[PATH_BUFFER];

    /* cppcheck-suppress CastIntegerToAddressAtReturn */
    return opened(REAL(opendir)(path_map(path, buffer)));
}

HOOK DIR *fdopendir(int fd)
{
    /* cppcheck-suppress CastIntegerToAddressAtReturn */
    return opened(REAL(fdopendir)(fd));
}

HOOK int closedir(DIR *d)
{
    struct merged **at, *m = NULL;

    if (d && merged_of(d)) {
        pthread_mutex_lock(&lock);
        for (at = &list; (m = *at)->dir != d; at = &m->next)
            ;
        *at = m->next;
        merged_count--;
        pthread_mutex_unlock(&lock);
        if (m->more)
            REAL(closedir)(m->more);
        free(m->told);
        free(m);
    }
    return REAL(closedir)(d);
}

static bool machine_has(const struct merged *m, const char *name)
{
    struct stat st;

    return syscall(SYS_newfstatat, dirfd(m->dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Is this entry, of the machine or of the tree, visible? */
static bool seen(const struct merged *m, const char *name)
{
    if (name[0] == '.')
        return !m->in_more; /* "." and "..", and files of the tree that are being written */
    if (path_owned(m->folder, name))
        return m->in_more;
    return !m->in_more || !machine_has(m, name);
}

static struct dirent *read_merged(struct merged *m)
{
    struct dirent *e;

    for (;;) {
        e = m->in_more ? m->more ? REAL(readdir)(m->more) : NULL : REAL(readdir)(m->dir);
        if (e && seen(m, e->d_name))
            return e;
        if (e)
            continue;
        if (m->in_more || errno)
            return NULL;
        m->in_more = true;
    }
}

HOOK struct dirent *readdir(DIR *d)
{
    struct merged *m = sim ? merged_of(d) : NULL;
    int saved = errno;
    struct dirent *e;
    uint32_t device;
    bool control;

    if (!sim)
        return REAL(readdir)(d);
    errno = 0;
    e = m ? read_merged(m) : REAL(readdir)(d);
    if (e || !errno)
        errno = saved;
    /* what stands for a node */
    if (e && e->d_type == DT_REG && node_of_inode(e->d_ino, &device, &control))
        e->d_type = DT_CHR;
    return e;
}

HOOK struct dirent64 *readdir64(DIR *d)
{
    return (struct dirent64 *)readdir(d);
}

/* Returns the errno on an error; the end is a NULL. */
HOOK int readdir_r(DIR *d, struct dirent *entry, struct dirent **result)
{
    int saved = errno, rc;
    struct dirent *e;

    errno = 0;
    e = readdir(d);
    rc = e ? 0 : errno;
    errno = saved;
    if (e)
        memcpy(entry, e, e->d_reclen);
    *result = e ? entry : NULL;
    return rc;
}

HOOK int readdir64_r(DIR *d, struct dirent64 *entry, struct dirent64 **result)
{
    return readdir_r(d, (struct dirent *)entry, (struct dirent **)result);
}

HOOK void rewinddir(DIR *d)
{
    struct merged *m = merged_of(d);

    if (m)
        m->in_more = false;
    if (m && m->more)
        REAL(rewinddir)(m->more);
    REAL(rewinddir)(d);
}

HOOK long telldir(DIR *d)
{
    struct merged *m = merged_of(d);
    struct position now, *larger;

    if (!m)
        return REAL(telldir)(d);
    now.in_more = m->in_more && m->more;
    now.at = REAL(telldir)(now.in_more ? m->more : d);
    for (long i = 0; i < m->told_count; i++)
        if (m->told[i].at == now.at && m->told[i].in_more == now.in_more)
            return i;
    larger = realloc(m->told, (size_t)(m->told_count + 1) * sizeof(*larger));
    if (!larger)
        return -1;
    m->told = larger;
    m->told[m->told_count] = now;
    return m->told_count++;
}

HOOK void seekdir(DIR *d, long at)
{
    struct merged *m = merged_of(d);
    struct position p;

    if (!m) {
        REAL(seekdir)(d, at);
        return;
    }
    if (at < 0 || at >= m->told_count)
        return;
    p = m->told[at];
    m->in_more = p.in_more;
    REAL(seekdir)(p.in_more ? m->more : d, p.at);
    if (!p.in_more && m->more)
        REAL(rewinddir)(m->more);
}

/*
 * scandir() reads with the C library's internal functions: here it reads with ours.
 */
typedef int (*filter_fn)(const struct dirent *);
typedef int (*compare_fn)(const struct dirent **, const struct dirent **);
typedef int (*qsort_fn)(const void *, const void *);

static void free_entries(struct dirent **entries, size_t n)
{
    while (n)
        free(entries[--n]);
    free(entries);
}

/* The entries that the filter accepts: their number, or -1. */
static int read_entries(DIR *d, struct dirent ***out, filter_fn filter)
{
    struct dirent **entries = NULL, **larger, *e;
    size_t n = 0, room = 0;

    errno = 0;
    while ((e = readdir(d))) {
        bool wanted = !filter || filter(e);

        errno = 0; /* whatever the filter has left there */
        if (!wanted)
            continue;
        if (n == room) {
            room = room ? 2 * room : 16;
            larger = realloc(entries, room * sizeof(*entries));
            if (!larger)
                break;
            entries = larger;
        }
        entries[n] = malloc(e->d_reclen);
        if (!entries[n])
            break;
        memcpy(entries[n++], e, e->d_reclen);
        errno = 0;
    }
    if (e || errno) {
        free_entries(entries, n);
        return -1;
    }
    *out = entries ? entries : malloc(sizeof(*entries));
    return (int)n;
}

static int scan(DIR *d, struct dirent ***list_out, filter_fn filter, compare_fn compare)
{
    int n, saved = errno;

    if (!d)
        return -1;
    n = read_entries(d, list_out, filter);
    if (n > 0 && compare)
        qsort(*list_out, (size_t)n, sizeof(**list_out), (qsort_fn)compare);
    if (n >= 0)
        errno = saved;
    saved = errno;
    closedir(d);
    errno = saved;
    return n;
}

HOOK int scandir(const char *path, struct dirent ***entries, filter_fn filter, compare_fn compare)
{
    return scan(opendir(path), entries, filter, compare);
}

HOOK int scandirat(int dir, const char *path, struct dirent ***entries, filter_fn filter,
                   compare_fn compare)
{
    int fd = open_any(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (!d && fd >= 0)
        close(fd);
    return scan(d, entries, filter, compare);
}

HOOK int scandir64(const char *path, struct dirent64 ***entries,
                   int (*filter)(const struct dirent64 *),
                   int (*compare)(const struct dirent64 **, const struct dirent64 **))
{
    return scandir(path, (struct dirent ***)entries, (filter_fn)filter, (compare_fn)compare);
}

HOOK int scandirat64(int dir, const char *path, struct dirent64 ***entries,
                     int (*filter)(const struct dirent64 *),
                     int (*compare)(const struct dirent64 **, const struct dirent64 **))
{
    return scandirat(dir, path, (struct dirent ***)entries, (filter_fn)filter, (compare_fn)compare);
}
