/* SPDX-License-Identifier: MIT */
/*
 * Mappings of nodes, in pieces, as the kernel keeps them: a munmap() in the middle leaves two
 * pieces.  The buffer is free for another mmap() when as many bytes have been unmapped as were
 * mapped; the node's file stays open until the last piece of all is gone, by one descriptor however
 * many mappings there are: the driver's need none.
 */
#include "sim/preload/areas.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

#define MAX_HOLDS 256
#define MAX_MAPPINGS 65536u /* more than a process may have (vm.max_map_count) */
#define MAX_PIECES 65536u

static struct hold {
    uint32_t uses;         /* mappings, including those being made; 0: free */
    uint32_t node, mapper; /* SIM_NONE: it is being made, with the lock */
    int fd;
} holds[MAX_HOLDS];

/* The descriptors of holds[], plus 1, for those who look without the lock; 0: none. */
static int kept[MAX_HOLDS];

static struct mapping {
    uint32_t pieces; /* 0: free */
    int hold;
    uint32_t buffer;
    uint64_t left; /* bytes that the driver considers mapped */
} mappings[MAX_MAPPINGS];

/* Sorted, and not overlapping. */
static struct piece {
    uintptr_t start, end;
    uint32_t mapping;
} pieces[MAX_PIECES];

static unsigned count; /* of pieces */
static unsigned top;   /* mappings from here on have never been used */
static unsigned hint;  /* no mapping before it is free */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sigset_t before_making;

void areas_lock(sigset_t *before)
{
    signals_block(before);
    pthread_mutex_lock(&mutex);
}

void areas_unlock(const sigset_t *before)
{
    pthread_mutex_unlock(&mutex);
    signals_restore(before);
}

/* ---- pieces ---- */

static void set_count(unsigned n)
{
    __atomic_store_n(&count, n, __ATOMIC_RELAXED);
}

bool areas_any(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

/* The first piece that ends after an address. */
static unsigned first_after(uintptr_t at)
{
    unsigned low = 0, high = count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (pieces[middle].end > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

bool areas_has(uintptr_t at)
{
    sigset_t before;
    unsigned i;
    bool found;

    areas_lock(&before);
    i = first_after(at);
    found = i < count && at >= pieces[i].start;
    areas_unlock(&before);
    return found;
}

/* Without room for it the mapping never counts as unmapped: its file stays open. */
static void insert(uintptr_t start, uintptr_t end, uint32_t mapping)
{
    unsigned i = first_after(start);

    mappings[mapping].pieces++;
    if (count == MAX_PIECES)
        return;
    memmove(&pieces[i + 1], &pieces[i], (count - i) * sizeof(pieces[0]));
    pieces[i] = (struct piece){ start, end, mapping };
    set_count(count + 1);
}

static void erase(unsigned i)
{
    mappings[pieces[i].mapping].pieces--;
    memmove(&pieces[i], &pieces[i + 1], (count - i - 1) * sizeof(pieces[0]));
    set_count(count - 1);
}

/* ---- what holds the nodes' files ---- */

int areas_claim(uint32_t node, uint32_t *mapper)
{
    int free = -1, i;
    sigset_t before;

    areas_lock(&before);
    for (i = 0; i < MAX_HOLDS; i++) {
        if (holds[i].uses && holds[i].node == node)
            break;
        if (!holds[i].uses && free < 0)
            free = i;
    }
    if (i == MAX_HOLDS && free >= 0)
        holds[free] = (struct hold){ .node = node, .mapper = SIM_NONE, .fd = -1 };
    i = i == MAX_HOLDS ? free : i;
    if (i >= 0) {
        holds[i].uses++;
        *mapper = holds[i].mapper;
    }
    if (i >= 0 && *mapper == SIM_NONE)
        before_making = before;
    else
        areas_unlock(&before);
    return i < 0 ? -ENOMEM : i;
}

/* fd: -1 for none any more. */
static void keep(int hold, int fd)
{
    holds[hold].fd = fd;
    __atomic_store_n(&kept[hold], fd + 1, __ATOMIC_RELAXED);
}

void areas_given(int hold, uint32_t mapper, int fd)
{
    const sigset_t before = before_making;

    holds[hold].mapper = mapper;
    keep(hold, fd);
    areas_unlock(&before);
}

static bool put(int hold)
{
    int fd = holds[hold].fd;

    if (--holds[hold].uses)
        return false;
    keep(hold, -1);
    if (fd >= 0)
        syscall(SYS_close, fd);
    return true;
}

static int hold_of(int fd)
{
    for (int i = 0; i < MAX_HOLDS; i++)
        if (__atomic_load_n(&kept[i], __ATOMIC_RELAXED) == fd + 1)
            return i;
    return -1;
}

bool areas_keep(int fd)
{
    return fd >= 0 && areas_any() && hold_of(fd) >= 0;
}

unsigned areas_first_kept(unsigned first)
{
    unsigned lowest = UINT_MAX;

    for (int i = 0; areas_any() && i < MAX_HOLDS; i++) {
        unsigned fd = (unsigned)__atomic_load_n(&kept[i], __ATOMIC_RELAXED) - 1; /* 0: UINT_MAX */

        if (fd >= first && fd < lowest)
            lowest = fd;
    }
    return lowest;
}

bool areas_leave(int fd)
{
    sigset_t before;
    int hold;

    if (!areas_keep(fd))
        return false;
    areas_lock(&before);
    hold = hold_of(fd);
    if (hold >= 0) {
        keep(hold, fd_duplicate_away(fd));
    }
    areas_unlock(&before);
    return hold >= 0;
}

bool areas_unclaim(int hold)
{
    sigset_t before;
    bool released;

    if (holds[hold].mapper == SIM_NONE)
        before = before_making;
    else
        areas_lock(&before);
    released = put(hold);
    areas_unlock(&before);
    return released;
}

/* ---- mappings ---- */

void areas_add(uintptr_t start, uint64_t length, int hold, uint32_t buffer)
{
    uint32_t i;

    for (i = hint; i < MAX_MAPPINGS - 1 && mappings[i].pieces;)
        i++;
    hint = i;
    if (top <= i)
        top = i + 1;
    mappings[i] = (struct mapping){ .hold = hold, .buffer = buffer, .left = length };
    insert(start, start + length, i);
}

/* hl_mem_mgr_vm_close(): that many of its bytes are unmapped. */
static void unmapped(struct mapping *m, uint64_t bytes)
{
    struct sim_request q = { .op = SIM_REQUEST_UNMAPPED,
                             .file = holds[m->hold].mapper,
                             .argument = m->buffer };

    if (!m->left)
        return;
    m->left -= m->left < bytes ? m->left : bytes;
    if (!m->left && m->buffer != SIM_NONE)
        client_call(&q, NULL, false);
}

/* Takes out of a piece what is between two addresses; what is left of it stays. */
static struct piece take_out(unsigned i, uintptr_t from, uintptr_t to)
{
    const struct piece old = pieces[i];
    struct piece taken = old;

    if (taken.start < from)
        taken.start = from;
    if (taken.end > to)
        taken.end = to;
    erase(i);
    if (old.start < taken.start)
        insert(old.start, taken.start, old.mapping);
    if (old.end > taken.end)
        insert(taken.end, old.end, old.mapping);
    unmapped(&mappings[old.mapping], taken.end - taken.start);
    return taken;
}

bool areas_cut(uintptr_t start, uint64_t length)
{
    uintptr_t end = start + ((length + SIM_PAGE - 1) & ~(SIM_PAGE - 1));
    bool released = false;
    unsigned i;

    while ((i = first_after(start)) < count && pieces[i].start < end) {
        uint32_t of = take_out(i, start, end).mapping;

        if (mappings[of].pieces)
            continue;
        if (of < hint)
            hint = of;
        released |= put(mappings[of].hold);
    }
    return released;
}

void areas_move(uintptr_t from, uint64_t length, uintptr_t to)
{
    unsigned i;

    while ((i = first_after(from)) < count && pieces[i].start < from + length) {
        struct piece p = take_out(i, from, from + length);

        insert(p.start - from + to, p.end - from + to, p.mapping);
    }
}

void areas_after_fork(void)
{
    for (int i = 0; i < MAX_HOLDS; i++) {
        if (holds[i].uses && holds[i].fd >= 0)
            syscall(SYS_close, holds[i].fd);
        keep(i, -1);
        holds[i].uses = 0;
    }
    for (unsigned i = 0; i < top; i++)
        mappings[i].pieces = 0;
    top = hint = 0;
    set_count(0);
    pthread_mutex_init(&mutex, NULL);
}
