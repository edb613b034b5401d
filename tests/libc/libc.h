/* SPDX-License-Identifier: MIT */
/*
 * A program that knows nothing of the library or the simulator accesses the nodes and the files of
 * sysfs in every way that the C library offers.  A case returns NULL, or what was wrong.
 */
#ifndef TESTS_LIBC_H
#define TESTS_LIBC_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct way {
    const char *name;
    const char *(*run)(void);
};

extern const struct way opening[], status[], listing[], descriptors[], programs[], refusals[],
    devices[], pages[], dmabufs[];

/* Where things are on this kernel. */
extern bool old_kernel;
extern const char *node, *folder, *name; /* "/dev/accel/accel0", "/dev/accel", "accel0" */
extern const char *class_folder;         /* "/sys/class/accel" */
extern const char *attributes;           /* the folder of the driver's attributes */

const char *wrong(const char *file, int line, const char *what);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        errno = 0;                                                                                 \
        if (!(condition))                                                                          \
            return wrong(__FILE__, __LINE__, #condition);                                          \
    } while (0)

/* Does it answer as a primary node does, and then close? */
bool is_node(int fd);
/* Is it a character device with a node's number? */
bool looks_like_node(const struct stat *st);

/* A command buffer of that node; 0 on failure. */
unsigned long long new_buffer(int fd);
bool free_buffer(int fd, unsigned long long handle);

#endif
