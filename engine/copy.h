/* SPDX-License-Identifier: MIT */
/* How a device reads and writes memory that somebody else may poll. */
#ifndef ENG_COPY_H
#define ENG_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * As memmove(), but a word of 4 or 8 bytes on its own boundary is read and written at once.
 * memmove() stores such a word twice: who polls it could see half of it, or have given the memory
 * back when the second store comes.
 */
static inline void eng_copy(void *to, const void *from, size_t n)
{
    uint64_t word64;
    uint32_t word32;

    if (n == sizeof(word64)) {
        if ((uintptr_t)from % sizeof(word64))
            memcpy(&word64, from, sizeof(word64));
        else
            word64 = __atomic_load_n((const uint64_t *)from, __ATOMIC_ACQUIRE);
        if ((uintptr_t)to % sizeof(word64))
            memcpy(to, &word64, sizeof(word64));
        else
            __atomic_store_n((uint64_t *)to, word64, __ATOMIC_RELEASE);
    } else if (n == sizeof(word32)) {
        if ((uintptr_t)from % sizeof(word32))
            memcpy(&word32, from, sizeof(word32));
        else
            word32 = __atomic_load_n((const uint32_t *)from, __ATOMIC_ACQUIRE);
        if ((uintptr_t)to % sizeof(word32))
            memcpy(to, &word32, sizeof(word32));
        else
            __atomic_store_n((uint32_t *)to, word32, __ATOMIC_RELEASE);
    } else {
        memmove(to, from, n);
    }
}

#endif
