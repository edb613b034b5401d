/* SPDX-License-Identifier: MIT */
/*
 * Device addresses that are reserved: by a range of the program's, and by each mapping within it.
 * It does not hold the device, so that memory that cannot be released yet does not, either.
 */
#ifndef HL_MEMORY_RESERVATION_H
#define HL_MEMORY_RESERVATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct hl_extent;
struct hlthunk_device;

struct hl_reservation {
    atomic_uint refs;
    struct hl_extent *extent;
    uint64_t address, size;
};

/* size: rounded up to pages.  0, or -errno with a text. */
int hl_reservation_make(struct hlthunk_device *device, uint64_t size, struct hl_reservation **out);

/* Are some of these addresses such that can be reserved? */
bool hl_reservation_may_have(const struct hlthunk_device *device, uint64_t address, uint64_t size);

/* Has the device such addresses, of which some are or were reserved? */
bool hl_reservation_any(struct hlthunk_device *device);

/* Around a mapping in them: it may need others for a moment. */
void hl_reservation_lock(struct hlthunk_device *device);
void hl_reservation_unlock(struct hlthunk_device *device);

/* Drops *held, which may be NULL and then is: the last reference gives the addresses back. */
void hl_reservation_put(struct hlthunk_device *device, struct hl_reservation **held);

/* Drops a reference where the addresses are of no interest: in a forked child, or at the end. */
void hl_reservation_forget(struct hl_reservation *r);

#endif
