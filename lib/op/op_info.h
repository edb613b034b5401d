/* SPDX-License-Identifier: MIT */
/*
 * The INFO operation (struct hl_info_args): one engine for all HL_INFO_* queries.
 */
#ifndef HL_OP_INFO_H
#define HL_OP_INFO_H

#include <stdint.h>

struct hl_info_args;

/*
 * Query op into out, of size bytes (an older kernel writes a prefix: zero it first).
 * 0 or -errno with a text; *out is written on success only.
 */
int hl_info_get(int fd, uint32_t op, void *out, uint32_t size);

/*
 * The same for queries with an input (args->dcore_id, ctx_id, pll_index, period_ms …): the
 * caller has filled op and the input, this adds the pointer and the size.  It is then
 * what the driver left in it.
 */
int hl_info_query(int fd, struct hl_info_args *args, void *out, uint32_t size);

/* HL_INFO_DEVICE_STATUS: an enum hl_device_status, or -errno with a text. */
int hl_info_device_status(int fd);

/* The text of a query that was refused with rc: the error for the caller. */
int hl_info_explain(int fd, int rc, uint32_t op) __attribute__((cold));

#endif
