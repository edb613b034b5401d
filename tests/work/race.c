/* SPDX-License-Identifier: MIT */
/*
 * A race on purpose: one submission whose two queues do not wait for one another. The first writes
 * new bytes into device memory, piece by piece, while the second reads the same pieces. Prints
 * which pieces were read new: one line of 0 and 1. With the argument "wait" the second is submitted
 * when the first has completed, and every piece is new.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/work/work.h"

#define PIECE 16384u
#define PIECES 32u
#define SIZE ((uint64_t)PIECE * PIECES)

static uint8_t *memory(uint8_t value)
{
    uint8_t *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    memset(p, value, SIZE);
    return p;
}

static void copy_pieces(struct work *w, struct work_cb *cb, uint64_t src, uint64_t dst,
                        unsigned dir)
{
    work_cb(w, cb, 4096);
    for (uint64_t at = 0; at < SIZE; at += PIECE)
        work_dma(w, cb, src + at, dst + at, PIECE, dir);
}

static uint64_t submit_both(struct work *w, const struct work_cb *write, const struct work_cb *read)
{
    struct hl_cs_chunk chunks[2] = {
        { .cb_handle = write->handle, .queue_index = w->down, .cb_size = write->len },
        { .cb_handle = read->handle, .queue_index = w->up, .cb_size = read->len },
    };
    union hl_cs_args a = { 0 };

    if (w->asic == WORK_GAUDI2)
        chunks[0].cs_chunk_flags = chunks[1].cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    a.in.chunks_execute = (uintptr_t)chunks;
    a.in.num_chunks_execute = 2;
    CHECK(work_try(w, 2, &a) == 0);
    return a.out.seq;
}

int main(int argc, char **argv)
{
    uint8_t *new = memory(1), *got = memory(0);
    struct work_cb write, read;
    struct work w;
    uint64_t dev;

    work_open(&w);
    dev = work_alloc(&w, SIZE, NULL);
    copy_pieces(&w, &write, work_map(&w, new, SIZE), dev, 0);
    copy_pieces(&w, &read, dev, work_map(&w, got, SIZE), 1);
    if (argc > 1 && !strcmp(argv[1], "wait")) {
        work_wait(&w, work_submit(&w, w.down, &write));
        work_wait(&w, work_submit(&w, w.up, &read));
    } else {
        work_wait(&w, submit_both(&w, &write, &read));
    }
    for (uint64_t at = 0; at < SIZE; at += PIECE)
        putchar(got[at + PIECE - 1] ? '1' : '0');
    putchar('\n');
    return 0;
}
