/* SPDX-License-Identifier: MIT */
#include "lib/core/backtrace.h"

#include <hlthunk/leaks.h>

#include <stdlib.h>
#include <string.h>

#if __has_include(<execinfo.h>)
#include <execinfo.h>
#else
static int backtrace(void **frames, int max)
{
    (void)frames, (void)max;
    return 0;
}
#endif

/* Calls within the library, above the creator. */
#define INNER_CALLS 8

atomic_int hl_backtrace_depth = -1;

static int limited(unsigned long depth)
{
    return depth > HLTHUNK_BACKTRACE_MAX ? HLTHUNK_BACKTRACE_MAX : (int)depth;
}

void hlthunk_backtrace_set_depth(unsigned depth)
{
    atomic_store(&hl_backtrace_depth, limited(depth));
}

/* The first object of a process: what the environment says, unless the program has set it first. */
static int from_environment(void)
{
    const char *s = secure_getenv("HLTHUNK_BACKTRACE");
    int none = -1, depth = s && *s >= '0' && *s <= '9' ? limited(strtoul(s, NULL, 10)) : 0;

    return atomic_compare_exchange_strong(&hl_backtrace_depth, &none, depth) ? depth : none;
}

struct hl_backtrace *hl_backtrace_capture(const void *creator)
{
    void *all[HLTHUNK_BACKTRACE_MAX + INNER_CALLS];
    int depth = atomic_load(&hl_backtrace_depth), count, first;
    struct hl_backtrace *t;

    if (depth < 0)
        depth = from_environment();
    if (!depth)
        return NULL;
    count = backtrace(all, depth + INNER_CALLS);
    for (first = 0; first < count; first++) {
        if (all[first] == creator)
            break;
    }
    if (first >= count)
        return NULL; /* the stack cannot be followed that far: there is the creator */
    count = count - first < depth ? count - first : depth;
    t = malloc(sizeof(*t) + (size_t)count * sizeof(t->frames[0]));
    if (!t)
        return NULL;
    t->count = (size_t)count;
    for (int i = 0; i < count; i++)
        t->frames[i] = all[first + i];
    return t;
}
