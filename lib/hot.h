/* SPDX-License-Identifier: MIT */
/*
 * What a buffer's life passes through, from alloc to the last unref: kept together, so that it is
 * two pages of code and not eight.  The processor finds them anew after each system call.
 */
#ifndef HL_HOT_H
#define HL_HOT_H

#define HL_HOT __attribute__((hot))

#endif
