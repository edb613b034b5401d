/* SPDX-License-Identifier: MIT */
/*
 * Copies within a device's memory that would change nothing: from the same place to
 * the same place, with neither written to since. Benchmarks do that a hundred
 * thousand times.
 */
#ifndef HLSIM_REPEAT_H
#define HLSIM_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

#define REPEAT_SETS 256u
#define REPEAT_WAYS 4u /* copies that fall into one set do not displace one another at once */
#define REPEAT_WRITES 256u

struct repeat {
    struct repeat_copy {
        const uint8_t *to, *from;
        uint64_t length, at; /* at: how many writes there were when it was made */
    } copies[REPEAT_SETS][REPEAT_WAYS];
    uint8_t next[REPEAT_SETS]; /* the way that is taken next */
    struct {
        const uint8_t *start, *end;
    } written[REPEAT_WRITES]; /* the last ones: a ring */
    uint64_t writes;
};

/* Forgets everything: another writer may have changed the memory. */
void repeat_forget(struct repeat *r);
/* This range is about to be written to. */
void repeat_wrote(struct repeat *r, const uint8_t *to, uint64_t length);
/* Is there nothing to copy?  Otherwise the caller makes the copy now, and it is remembered. */
bool repeat_of(struct repeat *r, const uint8_t *to, const uint8_t *from, uint64_t length);

#endif
