/* SPDX-License-Identifier: MIT */
/*
 * After fork(): a child has copies of the library's descriptors, which keep the parent's device
 * busy and its memory exported until they are closed.
 */
#ifndef HLTHUNK_FORK_H
#define HLTHUNK_FORK_H

#include <stddef.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

/**
 * hlthunk_release_inherited() - let go of everything that the parent of this process had open
 *
 * Closes a forked child's copies of all descriptors that the library opened before the fork:
 * devices, dma-bufs, eventfds.  Each is closed only if it is still the file that it was; an eventfd
 * only where /proc can be read and the kernel numbers them (Linux 5.2), a handle server's epoll
 * only with its socket: nothing else tells them from what the child has made since.  The parent is
 * not affected, nor is what the child has opened itself, but for a device: a child that has closed
 * its copy and opened the same node under the same number calls this before.  Descriptors that were
 * handed out to the program stay open.
 *
 * The parent's objects stay as they are: every call on them is -EPERM, dropping references to them
 * is allowed and closes nothing any more.  Calling it in the parent, or when all is closed, does
 * nothing.
 *
 * Return: how many descriptors were closed.  Where the child has no descriptor or memory left to
 * look into /proc with, eventfds stay for the next call.
 *
 * Context: async-signal-safe, so also in a child of a process with threads, and as the child's
 * handler of pthread_atfork(): only system calls, also to read /proc/self/fdinfo.
 * Since: 0.9
 */
HLTHUNK_API size_t hlthunk_release_inherited(void);

HLTHUNK_END_DECLS

#endif
