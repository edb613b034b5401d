/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of the library's own, by number: so that a forked child can close its copies of all
 * of them, whatever state the parent's other threads were in, and so that an object of the parent's
 * that is released in the child later does not close what has the same number by then.
 *
 * No locks, and nothing that is not safe in a child of a process with threads.
 */
#ifndef HL_KERNEL_OWNED_H
#define HL_KERNEL_OWNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fd.h"

/* fd, which is this file, is the library's from now on, in this process. */
void hl_owned_add(int fd, const struct hl_file_id *id);

/*
 * Takes over a descriptor that the library has just made, and reads what file it is; passes on the
 * -errno that came instead of one.  The descriptor or -errno; closed on failure.
 */
int hl_owned_adopt(int fd, struct hl_file_id *id);

/* It is an eventfd of this number (hl_eventfd_number()). */
void hl_owned_is_eventfd(int fd, int64_t number);

/* It is an epoll, which has this descriptor of ours as long as that is open. */
void hl_owned_is_epoll(int fd, int watched);

/*
 * An object that was made in a process of this epoch is done with its descriptor: may it be closed?
 * Not in a child that has closed its copy already.  Whether the number still is that file is
 * another question.
 */
bool hl_owned_take(int fd, const struct hl_file_id *id, uint64_t epoch);

/* Closes it, where it may be closed and still is that file. */
void hl_owned_close(int fd, const struct hl_file_id *id, uint64_t epoch);

/*
 * Closes the copies of what processes before this one own: how many.  Eventfds only where /proc
 * tells that they are those, epolls only while there is a copy of what they watch.  Where there is
 * no descriptor left to look with, an eventfd is left for the next call.
 */
size_t hl_owned_close_inherited(void);

#endif
