/* SPDX-License-Identifier: MIT */
/*
 * An allocator of a library that a program is linked with, whose constructor runs before that of
 * the preloaded one.  Like jemalloc it looks at a file of its settings, with its lock, when it
 * begins: who allocates in that would wait for ever.
 */
#include "tests/libc/allocator.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t n);

/* volatile: a function of the C library is taken for one that calls nobody here */
static volatile bool due, locked, asked;

__attribute__((visibility("default"))) void *malloc(size_t n)
{
    char text[8];

    asked = asked || locked;
    if (due) {
        due = false;
        locked = true;
        if (readlink("/etc/no-settings", text, sizeof(text)) >= 0)
            asked = true; /* nobody has it */
        locked = false;
    }
    return __libc_malloc(n);
}

static __attribute__((constructor)) void start(void)
{
    due = true;
    free(malloc(1));
}

bool allocator_asked_within(void)
{
    return asked || due;
}
