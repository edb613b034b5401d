/* SPDX-License-Identifier: MIT */
/* Descriptors through Unix sockets, without the library. */
#ifndef TESTS_RIGHTS_H
#define TESTS_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#define RIGHTS_MAX 253 /* SCM_MAX_FD: the kernel's limit for one message */

/* One sendmsg() of these bytes with these descriptors: the bytes sent, or -1 and errno. */
long send_rights(int socket, const void *data, size_t size, const int *fds, size_t count);
/* A descriptor with one byte. */
bool send_fd(int socket, int fd);
/* Receives what send_fd() sent, close-on-exec; -1 where there is none. */
int receive_fd(int socket);

#endif
