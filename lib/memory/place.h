/* SPDX-License-Identifier: MIT */
/*
 * Where memory is in a device's address space, and host memory of the device's in the process's, to
 * find the object of an address.  What the library itself placed is disjoint and in a tree; a
 * second name for addresses that have one already (a program's, hlthunk_buffer_from_address()) is
 * in a list of such, which is searched after it, until that one is gone.
 *
 * Guarded by the device's lock.
 */
#ifndef HL_MEMORY_PLACE_H
#define HL_MEMORY_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/core/object.h"
#include "lib/core/spans.h"

struct hlthunk_device;

enum hl_space_of { HL_OF_DEVICE, HL_OF_HOST };

/* Part of an object that has addresses; zeroed, it is nowhere. */
struct hl_place {
    struct hl_span span; /* first */
    /*
     * What has all of size bytes at an address that is in the place, one more reference; NULL:
     * nothing has.  With the lock held.
     */
    struct hl_object *(*get)(struct hl_place *place, uint64_t address, uint64_t size);
    struct hl_place *next; /* a second name */
    bool second, in;
    bool mapped; /* the library mapped it, as a whole */
};

/* Once before the first hl_place_enter() of a device: 0 or -ENOMEM with a text. */
int hl_places_prepare(struct hlthunk_device *device);

/* The rest of the place is set. */
void hl_place_enter(struct hlthunk_device *device, enum hl_space_of space, struct hl_place *place,
                    uint64_t start, uint64_t size);

/* Nothing happens when it is nowhere. */
void hl_place_leave(struct hlthunk_device *device, enum hl_space_of space, struct hl_place *place);

/*
 * The object that has all of these bytes, or else one that has the first of them, one more
 * reference; NULL: none has that.  Takes the lock.
 */
struct hl_object *hl_place_find(struct hlthunk_device *device, enum hl_space_of space,
                                uint64_t address, uint64_t size);

/* The mapping of the library's around a device address; false without one.  Takes the lock. */
bool hl_place_find_mapping(struct hlthunk_device *device, uint64_t address,
                           struct hl_span *mapping);

#endif
