/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/fuzz/dirty.h"

#define PAGE 4096ul
#define WINDOW 1024u /* inputs: a page that HOT_AT of them change is hot */
#define HOT_AT 32u
#define HOT 255u

static void add(struct arena *a, void *at, size_t size, int fd)
{
    if (a->count == sizeof(a->piece) / sizeof(a->piece[0]))
        abort();
    a->piece[a->count++] = (struct arena_piece){ .at = at, .size = size, .fd = fd };
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
static void *zeros(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);

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
            cp->ring = zeros(cp->depth * sizeof(*cp->ring));
            cp->origin = n == 4 ? zeros(cp->depth) : NULL;
        }
    }
}

static void keep(struct arena_piece *p)
{
    int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | (p->fd < 0 ? MAP_ANONYMOUS : 0);

    if (mmap(p->at, p->size, PROT_READ | PROT_WRITE, flags, p->fd, 0) == MAP_FAILED)
        abort();
    p->heat = zeros(p->size / PAGE);
    if (p->fd < 0)
        return;
    p->kept = mmap(NULL, p->size, PROT_READ, MAP_SHARED, p->fd, 0);
    if (p->kept == MAP_FAILED)
        abort();
}

void arena_keep(struct arena *a)
{
    for (unsigned i = 0; i < a->count; i++)
        keep(&a->piece[i]);
}

/* Of this thread: what was not mapped cannot have been changed without one. */
static long faults(void)
{
    struct rusage u;

    if (getrusage(RUSAGE_THREAD, &u))
        abort();
    return u.ru_minflt + u.ru_majflt;
}

static long faults_before;

void arena_begin(void)
{
    faults_before = faults();
}

static void forget(uint8_t *at, size_t size)
{
    if (madvise(at, size, MADV_DONTNEED))
        abort();
}

/* What was not hot is counted anew. */
static void cool(struct arena *a)
{
    for (unsigned i = 0; i < a->count; i++)
        forget(a->piece[i].heat, a->piece[i].size / PAGE);
    for (unsigned i = 0; i < a->hots; i++)
        *a->hot[i].heat = HOT;
}

static void make_hot(struct arena *a, const struct arena_piece *p, size_t page)
{
    a->hot[a->hots].at = p->at + page * PAGE;
    a->hot[a->hots].kept = p->kept ? p->kept + page * PAGE : NULL;
    a->hot[a->hots++].heat = &p->heat[page];
    p->heat[page] = HOT;
}

/* A range was changed; its hot pages are restored already. */
static void restore_range(struct arena *a, const struct arena_piece *p, uint8_t *at, uint8_t *end)
{
    for (; at < end; at += PAGE) {
        size_t page = (size_t)(at - p->at) / PAGE;

        if (p->heat[page] == HOT)
            continue;
        forget(at, PAGE);
        if (p->heat[page] < HOT_AT)
            p->heat[page]++;
        else if (a->hots < sizeof(a->hot) / sizeof(a->hot[0]))
            make_hot(a, p, page);
    }
}

static void restore_rest(struct arena *a, const struct arena_piece *p)
{
    struct dirty_range range[64];
    uint8_t *at = p->at;
    int n;

    while ((n = dirty_ranges(&at, p->at + p->size, range, 64)) > 0)
        for (int i = 0; i < n; i++)
            restore_range(a, p, (uint8_t *)(uintptr_t)range[i].start,
                          (uint8_t *)(uintptr_t)range[i].end);
    if (n < 0)
        forget(p->at, p->size); /* nothing is hot there */
}

void arena_restore(struct arena *a)
{
    bool changed = faults() != faults_before;

    if (++a->inputs % WINDOW == 0)
        cool(a);
    for (unsigned i = 0; i < a->hots; i++) {
        if (a->hot[i].kept)
            memcpy(a->hot[i].at, a->hot[i].kept, PAGE);
        else
            memset(a->hot[i].at, 0, PAGE);
    }
    for (unsigned i = 0; changed && i < a->count; i++)
        restore_rest(a, &a->piece[i]);
}
