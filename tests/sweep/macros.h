/* SPDX-License-Identifier: MIT */
/*
 * For the two tables: each .inc file is included twice, for the functions and for the table.
 * ENTRY(function, needs, rules, prepare, call, undo); the last three are expressions, 0 for none.
 */
#define OUT(type) ((type *)(void *)c->out)
#define OUT2(type) ((type *)(void *)(c->out + OUT_BYTES / 2))
#define SIZED(type) (OUT(type)->struct_size = sizeof(type))
