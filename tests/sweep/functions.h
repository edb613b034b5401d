/* SPDX-License-Identifier: MIT */
/* First pass over a table: three functions for each entry. */
#define ENTRY(function, needs, rules, before, expression, after)                                   \
    static void prepare_##function(struct context *c)                                              \
    {                                                                                              \
        (void)c;                                                                                   \
        (void)(before);                                                                            \
    }                                                                                              \
    static long call_##function(struct context *c)                                                 \
    {                                                                                              \
        (void)c;                                                                                   \
        return (long)(expression);                                                                 \
    }                                                                                              \
    static void undo_##function(struct context *c, long rc)                                        \
    {                                                                                              \
        (void)c, (void)rc;                                                                         \
        (void)(after);                                                                             \
    }
