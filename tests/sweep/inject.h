/* SPDX-License-Identifier: MIT */
/*
 * Sits between libhlthunk.so and the C library: counts the library's calls for memory,
 * descriptors and threads and into the kernel, and makes the Nth of them fail with a given errno.
 * Calls of the simulator and of the C library itself pass through unchanged.
 */
#ifndef TESTS_SWEEP_INJECT_H
#define TESTS_SWEEP_INJECT_H

#include <stdbool.h>
#include <stddef.h>

enum kind {
    KIND_MEMORY,     /* malloc() and its family */
    KIND_THREAD,     /* pthread_create() */
    KIND_OPEN,       /* open(), opendir() */
    KIND_DESCRIPTOR, /* fcntl(F_DUPFD…), eventfd(), socket(), accept4() */
    KIND_FCNTL,      /* the other fcntl() */
    KIND_IOCTL,
    KIND_MMAP,
    KIND_POLL,
    KIND_READ, /* read(), pread() */
    KIND_WRITE,
    KIND_SEND,
    KIND_RECEIVE,
    KIND_SOCKET, /* connect(), bind(), listen() */
    KIND_RANDOM, /* getrandom() */
    KIND_STAT,   /* fstat(), stat(), statx(), readlink(), access() */
    KIND_COUNT
};

const char *kind_name(enum kind kind);
/* The errnos that such a call can return, ended by 0; release: those of a call in a release. */
const int *kind_errors(enum kind kind, bool release);

/* Finds where the library's code is loaded.  False: it is not loaded as libhlthunk.so. */
bool inject_start(void);

#define INJECT_MAX 4096
/* Counts the calls from here on, without faults. */
void inject_count(void);
/*
 * Makes call number n, counted from 0, fail if it is of this kind: threads may have run in another
 * order. With sticky, all later calls of its kind fail, too.
 */
void inject_fail(unsigned n, enum kind kind, int error, bool sticky);
/* Ends either.  Returns the number of calls seen. */
unsigned inject_stop(void);
/* Since the last inject_count() or inject_fail(). */
enum kind inject_kind(unsigned n);
bool inject_happened(void);

/* Pieces of memory that the library has allocated and not yet freed. */
size_t inject_live_memory(void);

/*
 * In a child that is about to end: another thread may have held our lock as it was forked, and what
 * runs at an exit, as ./dev coverage has it, frees.
 */
void inject_child_ends(void);

#endif
