/* SPDX-License-Identifier: MIT */
/*
 * Which of the driver's generations an fd speaks to: found by asking the driver, never by the
 * node's path (B, C and V have the same names).
 */
#ifndef HL_KERNEL_GENERATION_H
#define HL_KERNEL_GENERATION_H

#include <stdbool.h>

#include <hlthunk/device.h>

/* Is it the major number of primary nodes from generation ACCEL on? */
bool hl_generation_accel_major(unsigned major);

/* 0 or -errno (-ENOTTY: no device of this driver). */
int hl_generation_probe(int fd, enum hlthunk_generation *generation);

/* Does an export take an offset?  (From 6.3 on; 6.1 ignores it silently.) */
bool hl_generation_export_offset(int fd);

/* Is it generation MISC (before 6.3), which ignores later flags silently? */
bool hl_generation_is_misc(int fd);

/* Is it the vendor's driver, with operations that mainline does not have? */
bool hl_generation_is_vendor(int fd);

#endif
