/* SPDX-License-Identifier: MIT */
/*
 * A kernel of the test's own: the program's ioctl().  Requests of the other family are refused as
 * the mocked kernel does; the rest is up to the test.
 */
#ifndef TESTS_CLASSIC_DOOR_H
#define TESTS_CLASSIC_DOOR_H

#include "tests/test.h"

#include <habanalabs/hlthunk.h>
#include <hlthunk/error.h>

#include "uapi/requests.h"

/* Not an fd that could be open: mocked calls must not reach a real file. */
#define FD 1000

enum door_kernel { KERNEL_6_1, KERNEL_6_6, KERNEL_6_12, KERNEL_VENDOR };

/* The six operations, whatever the family. */
enum door_op { OP_INFO, OP_CB, OP_CS, OP_WAIT_CS, OP_MEMORY, OP_DEBUG };

/* What the driver does: 0 or -errno.  arg is the real argument: to check, and to write to. */
typedef int (*door_driver)(enum door_op op, void *arg);

/* Starts the mock, and its counters from 0. */
void door_open(enum door_kernel kernel, door_driver driver);

/* Calls that reached the driver since then, with the library's own questions. */
extern unsigned door_calls;
/* The argument of the last, as it came in. */
extern unsigned char door_last[64];

/* The descriptor of the call being answered. */
extern int door_fd;

/* Any descriptor is a device's, not FD alone: for tests that open nodes. */
extern bool door_any_fd;

/* A driver that fails with *door_error, and wipes the argument as real ones do. */
int door_fails(enum door_op op, void *arg);
extern int door_error;

/* A driver that answers zeros. */
int door_answers_zero(enum door_op op, void *arg);

size_t door_size(enum door_op op);

#endif
