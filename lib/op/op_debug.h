/* SPDX-License-Identifier: MIT */
/* The DEBUG operation (struct hl_debug_args): trace and performance units. */
#ifndef HL_OP_DEBUG_H
#define HL_OP_DEBUG_H

struct hl_debug_args;

/*
 * args goes to the driver as it is, with operations of the vendor's driver too: HL_DEBUG_OP_*.
 * 0 or -errno with a text.  All but SET_MODE need debug mode first.
 */
int hl_debug(int fd, struct hl_debug_args *args);

#endif
