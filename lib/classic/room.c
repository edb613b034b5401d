/* SPDX-License-Identifier: MIT */
#include "lib/classic/room.h"

#include <time.h>

/*
 * The shortest is about what a small submission takes, and the longest what a queue with 64 or
 * more of them keeps an engine busy for.  1000 attempts a second are not a load worth mentioning.
 */
#define SHORTEST_US 20u
#define LONGEST_US 1000u

void hl_room_wait(struct hl_room *room)
{
    room->pause_us = room->pause_us ? room->pause_us * 2 : SHORTEST_US;
    if (room->pause_us > LONGEST_US)
        room->pause_us = LONGEST_US;
    /* a signal that ends it early costs one attempt more */
    nanosleep(&(struct timespec){ .tv_nsec = (long)room->pause_us * 1000 }, NULL);
}
