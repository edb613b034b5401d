/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/repeat.h"

#include <string.h>

void repeat_forget(struct repeat *r)
{
    memset(r->copies, 0, sizeof(r->copies));
}

void repeat_wrote(struct repeat *r, const uint8_t *to, uint64_t length)
{
    r->written[r->writes % REPEAT_WRITES].start = to;
    r->written[r->writes % REPEAT_WRITES].end = to + length;
    r->writes++;
}

static bool overlap(const uint8_t *a, uint64_t length, const uint8_t *start, const uint8_t *end)
{
    return a < end && start < a + length;
}

/* Was any of the range written to since? */
static bool changed(const struct repeat *r, uint64_t since, const uint8_t *start, uint64_t length)
{
    if (r->writes - since > REPEAT_WRITES)
        return true; /* no longer known */
    for (uint64_t i = since; i < r->writes; i++)
        if (overlap(start, length, r->written[i % REPEAT_WRITES].start,
                    r->written[i % REPEAT_WRITES].end))
            return true;
    return false;
}

/* The copy in its set, or the place in it that is the next one to be taken. */
static struct repeat_copy *find(struct repeat *r, const uint8_t *to, const uint8_t *from,
                                uint64_t length)
{
    uint64_t key = ((uintptr_t)to >> 12) * 31 + ((uintptr_t)from >> 12) * 17 + (length >> 8);
    unsigned set = (unsigned)((key ^ key >> 16) % REPEAT_SETS);

    for (unsigned way = 0; way < REPEAT_WAYS; way++) {
        struct repeat_copy *c = &r->copies[set][way];

        if (c->length == length && c->to == to && c->from == from)
            return c;
    }
    return &r->copies[set][r->next[set]++ % REPEAT_WAYS];
}

bool repeat_of(struct repeat *r, const uint8_t *to, const uint8_t *from, uint64_t length)
{
    struct repeat_copy *c = find(r, to, from, length);

    if (c->length == length && c->to == to && c->from == from && !changed(r, c->at, to, length) &&
        !changed(r, c->at, from, length))
        return true;
    repeat_wrote(r, to, length);
    c->to = to;
    c->from = from;
    /* a copy onto itself is another one the second time */
    c->length = overlap(to, length, from, from + length) ? 0 : length;
    c->at = r->writes;
    return false;
}
