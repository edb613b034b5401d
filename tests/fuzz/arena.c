/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

static void add(struct arena *a, void *at, size_t size, int fd)
{
    if (a->count == sizeof(a->piece) / sizeof(a->piece[0]))
        abort();
    a->piece[a->count].at = at;
    a->piece[a->count].size = size;
    a->piece[a->count++].fd = fd;
}

void *arena_add(struct arena *a, size_t size)
{
    size_t whole = (size + PAGE - 1) & ~(PAGE - 1);
    int fd = memfd_create("arena", MFD_CLOEXEC);
    uint8_t *at = mmap(NULL, whole + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (fd < 0 || ftruncate(fd, (off_t)whole) || at == MAP_FAILED ||
        mmap(at, whole, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
        abort();
    add(a, at, whole, fd);
    return at + (whole - size);
}

void arena_adopt(struct arena *a, void *at, size_t size, int fd)
{
    add(a, at, size, fd);
}

/* Not by malloc(): what is in an arena does not count as a pointer to it, for a leak. */
static void *ring(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        abort();
    return at;
}

void arena_add_queues(struct arena *a, struct eng *e)
{
    size_t size = e->nqman * sizeof(*e->qman);
    struct eng_qman *q = arena_add(a, size);

    memcpy(q, e->qman, size);
    free(e->qman);
    e->qman = q;
    for (unsigned i = 0; i < e->nqman; i++) {
        for (unsigned n = 0; n < ENG_STREAMS; n++) {
            struct eng_queue *cp = &q[i].cp[n];

            cp->qman = &q[i];
            cp->ring = ring(cp->depth * sizeof(*cp->ring));
            cp->origin = n == 4 ? ring(cp->depth) : NULL;
        }
    }
}

void arena_keep(struct arena *a)
{
    for (unsigned i = 0; i < a->count; i++) {
        int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;

        flags |= a->piece[i].fd < 0 ? MAP_ANONYMOUS : 0;
        if (mmap(a->piece[i].at, a->piece[i].size, PROT_READ | PROT_WRITE, flags, a->piece[i].fd,
                 0) == MAP_FAILED)
            abort();
    }
}

void arena_restore(const struct arena *a)
{
    for (unsigned i = 0; i < a->count; i++)
        if (madvise(a->piece[i].at, a->piece[i].size, MADV_DONTNEED))
            abort();
}
