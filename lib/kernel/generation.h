/* SPDX-License-Identifier: MIT */
/*
 * Which of the driver's generations an fd speaks to: found by asking the driver, never by the
 * node's path (three of them have the same names).  What each has is a row of uapi/generation.c.
 */
#ifndef HL_KERNEL_GENERATION_H
#define HL_KERNEL_GENERATION_H

#include <stdbool.h>

#include <hlthunk/device.h>

#include "uapi/generation.h"

/* Is it the major number of primary nodes from generation ACCEL on? */
bool hl_generation_accel_major(unsigned major);

/* 0 or -errno (-ENOTTY: no device of this driver). */
int hl_generation_probe(int fd, enum hlthunk_generation *generation);

/* What the generation has; NULL where the driver does not say which one it is. */
const struct hl_traits *hl_generation_traits(int fd);

#endif
