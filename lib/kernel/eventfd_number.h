/* SPDX-License-Identifier: MIT */
/* All eventfds, epolls and the like of a machine share one inode: what tells eventfds apart. */
#ifndef HL_KERNEL_EVENTFD_NUMBER_H
#define HL_KERNEL_EVENTFD_NUMBER_H

#include <stdint.h>

/*
 * The kernel's number of an eventfd, -1 before Linux 5.2.  0; -ENOENT: it is another kind of file;
 * otherwise why it could not be read.  Safe in a child of a process with threads.
 */
int hl_eventfd_number(int fd, int64_t *number);

#endif
