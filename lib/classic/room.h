/* SPDX-License-Identifier: MIT */
/*
 * A full queue.  The original library tried a refused submission again until it was taken, and
 * programs submit hundreds in a row.  The classic functions wait for room too, but asleep.
 *
 *     struct hl_room room = { 0 };
 *
 *     while ((rc = submit(...)) == -EAGAIN)
 *         hl_room_wait(&room);
 *
 * A signal's handler runs meanwhile and the call goes on.  Whatever else the driver answers, such
 * as -EBUSY in a reset, ends it.
 */
#ifndef HL_CLASSIC_ROOM_H
#define HL_CLASSIC_ROOM_H

#include <stdint.h>

struct hl_room {
    uint32_t pause_us; /* the last one; 0 at first */
};

/* Sleeps, longer each time up to a limit. */
void hl_room_wait(struct hl_room *room);

#endif
