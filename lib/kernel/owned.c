/* SPDX-License-Identifier: MIT */
#include "lib/kernel/owned.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/fork.h"
#include "lib/kernel/eventfd_number.h"
#include "lib/kernel/sysfs.h"

#define CHUNK 1024u /* descriptors */
#define CHUNKS 1024u

struct owned {
    _Atomic uint64_t epoch; /* of the process that made it; 0: nothing */
    /* the file, written before the epoch; another thread may look while a number is used again */
    _Atomic dev_t dev, rdev;
    _Atomic ino_t ino;
    _Atomic int64_t eventfd; /* its number; another kind of file: NO_EVENTFD */
    _Atomic int watched;     /* an epoll has this descriptor of ours; another kind of file: -1 */
};

#define NO_EVENTFD (-2) /* -1: the kernel tells none */

static struct hl_file_id file_of(struct owned *o)
{
    return (struct hl_file_id){
        .dev = atomic_load_explicit(&o->dev, memory_order_relaxed),
        .ino = atomic_load_explicit(&o->ino, memory_order_relaxed),
        .rdev = atomic_load_explicit(&o->rdev, memory_order_relaxed),
    };
}

/*
 * By number.  The first chunk, which is all there is where few descriptors are open, goes with the
 * library when it is unloaded; a further one stays until the process ends.
 */
static struct owned first[CHUNK];
static struct owned *_Atomic further[CHUNKS]; /* by number; that of the first is not used */

static struct owned *chunk(unsigned i)
{
    return i ? atomic_load_explicit(&further[i], memory_order_acquire) : first;
}

static struct owned *find(int fd)
{
    struct owned *c;

    if (fd < 0 || (unsigned)fd >= CHUNK * CHUNKS)
        return NULL;
    c = chunk((unsigned)fd / CHUNK);
    return c ? &c[(unsigned)fd % CHUNK] : NULL;
}

static void add_chunk(int fd)
{
    struct owned *none = NULL, *c;

    if (fd < 0 || (unsigned)fd >= CHUNK * CHUNKS)
        return;
    c = calloc(CHUNK, sizeof(*c));
    if (c && !atomic_compare_exchange_strong(&further[(unsigned)fd / CHUNK], &none, c))
        free(c); /* another thread was first */
}

void hl_owned_add(int fd, const struct hl_file_id *id)
{
    struct owned *o = find(fd);

    if (!o) {
        add_chunk(fd);
        o = find(fd);
    }
    if (!o)
        return;
    atomic_store_explicit(&o->dev, id->dev, memory_order_relaxed);
    atomic_store_explicit(&o->ino, id->ino, memory_order_relaxed);
    atomic_store_explicit(&o->rdev, id->rdev, memory_order_relaxed);
    atomic_store_explicit(&o->eventfd, NO_EVENTFD, memory_order_relaxed);
    atomic_store_explicit(&o->watched, -1, memory_order_relaxed);
    atomic_store_explicit(&o->epoch, hl_process_epoch(), memory_order_release);
}

int hl_owned_adopt(int fd, struct hl_file_id *id)
{
    int rc = fd < 0 ? fd : hl_file_id(fd, id);

    if (rc == 0)
        hl_owned_add(fd, id);
    else if (fd >= 0)
        close(fd);
    return rc ? rc : fd;
}

void hl_owned_is_eventfd(int fd, int64_t number)
{
    struct owned *o = find(fd);

    if (o)
        atomic_store_explicit(&o->eventfd, number, memory_order_relaxed);
}

void hl_owned_is_epoll(int fd, int watched)
{
    struct owned *o = find(fd);

    if (o)
        atomic_store_explicit(&o->watched, watched, memory_order_relaxed);
}

bool hl_owned_take(int fd, const struct hl_file_id *id, uint64_t epoch)
{
    struct owned *o = find(fd);
    uint64_t was = epoch;
    bool same = false;

    if (o && atomic_load_explicit(&o->epoch, memory_order_acquire) == epoch) {
        struct hl_file_id file = file_of(o);

        same = hl_file_id_equal(&file, id) && atomic_compare_exchange_strong(&o->epoch, &was, 0);
    }
    return same || hl_epoch_is_ours(epoch);
}

void hl_owned_close(int fd, const struct hl_file_id *id, uint64_t epoch)
{
    if (fd >= 0 && hl_owned_take(fd, id, epoch))
        hl_fd_close(fd, id);
}

/* Does the epoll have this descriptor of ours?  It has it then as before. */
static bool has(int epoll, int watched)
{
    struct owned *o = find(watched);
    struct epoll_event none = { .events = 0 };
    struct hl_file_id file;

    if (!o)
        return false;
    file = file_of(o);
    if (!hl_fd_is(watched, &file))
        return false;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, watched, &none) < 0)
        return errno == EEXIST;
    epoll_ctl(epoll, EPOLL_CTL_DEL, watched, &none);
    return false;
}

static int is_eventfd(int fd, int64_t number)
{
    int64_t now;
    int rc = number < 0 ? -ENOENT : hl_eventfd_number(fd, &now);

    return hl_is_exhausted(rc) ? rc : rc == 0 && now == number;
}

/* Is the number still what it was?  1, 0, or -errno when it could not be looked at. */
static int is_still(int fd, struct owned *o)
{
    int64_t eventfd = atomic_load_explicit(&o->eventfd, memory_order_relaxed);
    int watched = atomic_load_explicit(&o->watched, memory_order_relaxed);
    struct hl_file_id file = file_of(o);

    if (!hl_fd_is(fd, &file) || (watched >= 0 && !has(fd, watched)))
        return 0;
    return eventfd == NO_EVENTFD ? 1 : is_eventfd(fd, eventfd);
}

/* In the order in which they are closed. */
enum kind {
    EPOLL,   /* known by what it watches */
    PLAIN,   /* known by its file */
    EVENTFD, /* known by what /proc says, for which a descriptor must be free */
    KINDS
};

static enum kind kind_of(struct owned *o)
{
    if (atomic_load_explicit(&o->watched, memory_order_relaxed) >= 0)
        return EPOLL;
    return atomic_load_explicit(&o->eventfd, memory_order_relaxed) == NO_EVENTFD ? PLAIN : EVENTFD;
}

/* How many were closed: 1 or 0. */
static size_t close_one(int fd, struct owned *o, uint64_t epoch)
{
    uint64_t none = 0;
    int still;

    if (!atomic_compare_exchange_strong(&o->epoch, &epoch, 0))
        return 0;
    still = is_still(fd, o);
    if (still > 0)
        close(fd);
    else if (still < 0) /* the next call may see */
        atomic_compare_exchange_strong(&o->epoch, &none, epoch);
    return still > 0;
}

static size_t close_those(enum kind kind)
{
    uint64_t now = hl_process_epoch();
    size_t closed = 0;

    for (unsigned i = 0; i < CHUNKS; i++) {
        struct owned *c = chunk(i);

        for (unsigned k = 0; c && k < CHUNK; k++) {
            uint64_t epoch = atomic_load_explicit(&c[k].epoch, memory_order_acquire);

            if (epoch && epoch != now && kind_of(&c[k]) == kind)
                closed += close_one((int)(i * CHUNK + k), &c[k], epoch);
        }
    }
    return closed;
}

size_t hl_owned_close_inherited(void)
{
    size_t closed = 0;

    for (enum kind kind = EPOLL; kind < KINDS; kind++)
        closed += close_those(kind);
    return closed;
}
