/* SPDX-License-Identifier: MIT */
/* Second pass over a table: its rows. */
#define ENTRY(function, needs, rules, before, expression, after)                                   \
    { #function, needs, rules, prepare_##function, call_##function, undo_##function },
