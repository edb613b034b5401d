/* SPDX-License-Identifier: MIT */
/*
 * Mappings of nodes, piece by piece, as the kernel keeps them: an munmap() in the middle leaves two
 * pieces.  The buffer is free for another mmap() when as many bytes were unmapped as there were;
 * the node's file stays open until the last piece is gone.
 */
#include "sim/preload/areas.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

#define MAX_MAPPINGS 1024
#define MAX_PIECES 4096

static struct mapping {
    uint32_t pieces; /* 0: free */
    uint64_t left;   /* bytes that the driver takes for mapped */
    uint32_t file;
    int hold;
} mappings[MAX_MAPPINGS];

static struct piece {
    uintptr_t start, end; /* end 0: free */
    uint32_t mapping;
} pieces[MAX_PIECES];

static unsigned count;     /* of mappings */
static unsigned piece_top; /* no piece from here on was ever used */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock(sigset_t *before)
{
    signals_block(before);
    pthread_mutex_lock(&mutex);
}

static void unlock(const sigset_t *before)
{
    pthread_mutex_unlock(&mutex);
    signals_restore(before);
}

bool areas_any(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

bool areas_room(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED) < MAX_MAPPINGS;
}

bool areas_has(uintptr_t at)
{
    sigset_t before;
    bool found = false;

    lock(&before);
    for (unsigned i = 0; i < piece_top && !found; i++)
        found = at >= pieces[i].start && at < pieces[i].end;
    unlock(&before);
    return found;
}

/* Without room for it the mapping is never taken for unmapped: its file stays open. */
static void add_piece(uintptr_t start, uintptr_t end, uint32_t mapping)
{
    unsigned i = 0;

    mappings[mapping].pieces++;
    while (i < piece_top && pieces[i].end)
        i++;
    if (i == MAX_PIECES)
        return;
    if (i == piece_top)
        piece_top++;
    pieces[i] = (struct piece){ start, end, mapping };
}

void areas_add(uintptr_t start, uint64_t length, uint32_t file, int hold)
{
    sigset_t before;
    uint32_t i = 0;

    lock(&before);
    while (i < MAX_MAPPINGS - 1 && mappings[i].pieces)
        i++;
    mappings[i] = (struct mapping){ .left = length, .file = file, .hold = hold };
    add_piece(start, start + length, i);
    __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
    unlock(&before);
}

/* hl_mem_mgr_vm_close(): so many bytes of it are unmapped. */
static void unmapped(struct mapping *m, uint64_t bytes)
{
    struct sim_request q = { .op = SIM_REQUEST_UNMAPPED, .file = m->file };

    if (!m->left)
        return;
    m->left -= m->left < bytes ? m->left : bytes;
    if (!m->left)
        client_call(&q, NULL, false);
}

/* Takes a range out of a piece; true: it was the mapping's last. */
static bool cut_piece(struct piece *p, uintptr_t from, uintptr_t to)
{
    struct mapping *m = &mappings[p->mapping];
    struct piece old = *p;

    *p = (struct piece){ 0 };
    m->pieces--;
    if (old.start < from)
        add_piece(old.start, from, old.mapping);
    if (old.end > to)
        add_piece(to, old.end, old.mapping);
    unmapped(m, to - from);
    if (m->pieces)
        return false;
    __atomic_sub_fetch(&count, 1, __ATOMIC_RELAXED);
    if (m->hold >= 0)
        syscall(SYS_close, m->hold);
    return true;
}

bool areas_cut(uintptr_t start, uint64_t length)
{
    sigset_t before;
    uintptr_t end = start + ((length + SIM_PAGE - 1) & ~(SIM_PAGE - 1));
    bool released = false;

    lock(&before);
    for (unsigned i = 0; i < piece_top; i++) {
        uintptr_t from = start > pieces[i].start ? start : pieces[i].start;
        uintptr_t to = end < pieces[i].end ? end : pieces[i].end;

        if (from < to)
            released |= cut_piece(&pieces[i], from, to);
    }
    unlock(&before);
    return released;
}

void areas_move(uintptr_t from, uint64_t length, uintptr_t to)
{
    sigset_t before;

    lock(&before);
    for (unsigned i = 0; i < piece_top; i++) {
        struct piece *p = &pieces[i];

        if (p->start < from || p->end > from + length || !p->end)
            continue;
        unmapped(&mappings[p->mapping], p->end - p->start);
        p->start = p->start - from + to;
        p->end = p->end - from + to;
    }
    unlock(&before);
}

void areas_after_fork(void)
{
    for (unsigned i = 0; i < MAX_MAPPINGS; i++) {
        if (mappings[i].pieces && mappings[i].hold >= 0)
            syscall(SYS_close, mappings[i].hold);
        mappings[i].pieces = 0;
    }
    for (unsigned i = 0; i < piece_top; i++)
        pieces[i].end = 0;
    piece_top = count = 0;
    pthread_mutex_init(&mutex, NULL);
}
