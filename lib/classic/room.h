/* SPDX-License-Identifier: MIT */
/*
 * A full queue.  The original library tried a refused submission again until it was taken, and
 * programs submit hundreds in a row.  The classic functions wait for room too, but asleep.
 *
 *     struct hl_room room;
 *
 *     hl_room_begin(&room);
 *     while ((rc = submit(...)) == -EAGAIN)
 *         hl_room_wait(&room);
 *     return hl_room_end(&room, rc);
 *
 * A signal's handler runs meanwhile and the call goes on.  Whatever else the driver answers, such
 * as -EBUSY in a reset, ends it.
 */
#ifndef HL_CLASSIC_ROOM_H
#define HL_CLASSIC_ROOM_H

#include <stdint.h>

#include "lib/error.h"

struct hl_room {
    struct hl_err_kept kept;
    uint32_t pause_us; /* the last one; 0 at first */
};

static inline void hl_room_begin(struct hl_room *room)
{
    room->pause_us = 0;
    hl_err_begin(&room->kept);
}

/* A refusal that was waited out leaves no text.  Returns rc. */
static inline int hl_room_end(struct hl_room *room, int rc)
{
    return hl_err_end(&room->kept, rc);
}

/* Sleeps, longer each time up to a limit. */
void hl_room_wait(struct hl_room *room);

#endif
