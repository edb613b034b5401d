/* SPDX-License-Identifier: MIT */
/* Eventfds of the library's own, each closed only while its number still is that very eventfd. */
#ifndef HL_KERNEL_EVENTFD_H
#define HL_KERNEL_EVENTFD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/fd.h"

/* All eventfds of a machine share one inode, so that .file does not distinguish them. */
struct hl_eventfd {
    int fd;                 /* above 2, O_CLOEXEC, non-blocking; -1: none */
    struct hl_file_id file; /* "some anonymous file" */
    int64_t id;             /* the kernel's number of this one (Linux 5.2); -1: not known */
    uint64_t epoch;         /* of the process that made it */
};

#define HL_EVENTFD_NONE ((struct hl_eventfd){ .fd = -1, .id = -1 })

/* A new one, with a count of 0: 0 or -errno without a text; then *e is HL_EVENTFD_NONE. */
int hl_eventfd_open(struct hl_eventfd *e);

/* A duplicate of fd; -EINVAL: that is another kind of file. */
int hl_eventfd_dup(struct hl_eventfd *e, int fd);

/* fd itself, which stays its owner's: to be signalled, never to be closed.  Errors as above, and
 * *e is unchanged then. */
int hl_eventfd_borrow(struct hl_eventfd *e, int fd);

/*
 * Closes it, unless the program has closed the descriptor and uses the number for something else;
 * *e is HL_EVENTFD_NONE then.  One that the program made after it closed ours, and that got the
 * same descriptor and by chance the same number of the kernel, cannot be distinguished; a child's
 * never has that number while its parent has ours.  Where procfs cannot be read, the process that
 * made it closes any anonymous file that it finds there, and a forked child none.
 */
void hl_eventfd_close(struct hl_eventfd *e);

/* hl_eventfd_signal() and hl_eventfd_close(), looking only once whose descriptor it is. */
void hl_eventfd_signal_and_close(struct hl_eventfd *e);

/* Does the descriptor still mean this very eventfd? */
bool hl_eventfd_is_intact(const struct hl_eventfd *e);

/* Makes it readable; nothing is written where some other file has its number now. */
void hl_eventfd_signal(const struct hl_eventfd *e);

/* Takes its count: not readable any more.  False, and nothing is read, where it is some other file.
 */
bool hl_eventfd_clear(const struct hl_eventfd *e);

#endif
