/* SPDX-License-Identifier: MIT */
/* The live buffers of a pool for a report: a leak of thousands is a few lines. */
#include <string.h>

#include <hlthunk/leaks.h>

#include "lib/kernel/deadline.h"
#include "lib/device/device.h"
#include "lib/pool/pool.h"

/* Buffers beyond that many places are one more entry, without a place. */
#define PLACES 16

struct place {
    char label[HL_LABEL_SIZE];
    const void *creator;
    size_t frame_count; /* 0: no backtrace */
    const void *frames[HLTHUNK_BACKTRACE_MAX];
    uint64_t count, bytes;
    uint64_t address, created_ns; /* of the oldest */
};

struct places {
    struct place place[PLACES + 1];
    unsigned used;
};

static bool is_place_of(const struct place *place, const struct hl_object *o)
{
    size_t frames = o->backtrace ? o->backtrace->count : 0;

    return place->creator == o->creator && !strcmp(place->label, o->label) &&
           place->frame_count == frames &&
           (!frames ||
            !memcmp(place->frames, o->backtrace->frames, frames * sizeof(place->frames[0])));
}

/* A copy: the buffer may go as soon as the shard's lock is free. */
static void set_place(struct place *place, const struct hl_object *o)
{
    place->creator = o->creator;
    memcpy(place->label, o->label, sizeof(o->label));
    if (o->backtrace) {
        place->frame_count = o->backtrace->count;
        memcpy(place->frames, o->backtrace->frames, o->backtrace->count * sizeof(place->frames[0]));
    }
}

static struct place *place_of(struct places *all, const struct hl_object *o)
{
    unsigned i;

    for (i = 0; i < all->used && i < PLACES; i++) {
        if (is_place_of(&all->place[i], o))
            return &all->place[i];
    }
    if (i == all->used) {
        all->used++;
        if (i < PLACES)
            set_place(&all->place[i], o);
    }
    return &all->place[i];
}

static void count(struct places *all, const struct hl_object *o)
{
    const struct hlthunk_buffer *b = (const struct hlthunk_buffer *)o;
    struct place *place = place_of(all, o);

    if (!place->count++ || o->created_ns <= place->created_ns) {
        place->created_ns = o->created_ns;
        place->address = b->memory.address;
    }
    place->bytes += b->memory.granted;
}

int hl_pool_parts(const struct hl_object *object, hlthunk_live_object_fn visit, void *user)
{
    struct hlthunk_pool *p = (struct hlthunk_pool *)object;
    struct places all = { 0 };
    uint64_t now;
    int rc = 0;

    for (unsigned i = 0; i < p->shard_count; i++) {
        pthread_mutex_lock(&p->shards[i].lock);
        for (const struct hl_object *o = p->shards[i].live; o; o = o->next)
            count(&all, o);
        pthread_mutex_unlock(&p->shards[i].lock);
    }
    now = hl_coarse_now_ns(); /* no buffer that was counted is younger */
    for (unsigned i = 0; i < all.used && !rc; i++) {
        const struct place *place = &all.place[i];
        struct hlthunk_live_object live = {
            .kind = "pool buffer",
            .count = place->count,
            .size_bytes = place->bytes,
            .address = place->address,
            .age_ns = now - place->created_ns,
            .label = i == PLACES       ? "(from other places)"
                     : place->label[0] ? place->label
                                       : NULL,
            .creator = place->creator,
            .frames = place->frame_count ? place->frames : NULL,
            .frame_count = place->frame_count,
        };

        rc = visit(&live, user);
    }
    return rc;
}
