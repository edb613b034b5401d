/* SPDX-License-Identifier: MIT */
/*
 * Memory with a state that comes back: what an input has changed goes, and only the pages that it
 * changed cost anything.  So each input begins alike, whatever ran before it.  A page is taken away
 * and mapped again when it is touched; those that many inputs change stay, and are copied.
 */
#ifndef TESTS_FUZZ_ARENA_H
#define TESTS_FUZZ_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

struct arena_piece {
    uint8_t *at;
    size_t size;
    int fd;              /* what holds the kept state; -1: zeros */
    const uint8_t *kept; /* that, mapped; NULL: zeros */
    uint8_t *heat;       /* of each page: how many inputs have changed it lately */
};

struct arena {
    struct arena_piece piece[8];
    unsigned count;
    struct {
        uint8_t *at, *heat;
        const uint8_t *kept;
    } hot[256];
    unsigned hots, inputs;
};

/* New memory of zeros; what follows its last byte is inaccessible. */
void *arena_add(struct arena *a, size_t size);
/* Memory that is mapped already, shared, from the beginning of fd; -1: it becomes zeros. */
void arena_adopt(struct arena *a, void *at, size_t size, int fd);
/* The queues of an engine.  Their rings are allocated: what they hold is not read again. */
void arena_add_queues(struct arena *a, struct eng *e);
/* What the memory holds now is the state that arena_restore() brings back. */
void arena_keep(struct arena *a);
/* Before an input changes an arena. */
void arena_begin(void);
/* After it, each that it may have changed. */
void arena_restore(struct arena *a);

/*
 * Time for the code under test: from fuzz_clock_start() to fuzz_clock_stop() each look at a clock
 * is 20 us after the last one, and a poll() that nothing ends is over at once.
 */
void fuzz_clock_start(void);
void fuzz_clock_stop(void);

#endif
