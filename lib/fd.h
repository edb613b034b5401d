/* SPDX-License-Identifier: MIT */
/* File descriptors: fresh, close-on-exec, above 2; and which file one means. */
#ifndef HL_FD_H
#define HL_FD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A file, whatever the number of the descriptor. */
struct hl_file_id {
    dev_t dev;
    ino_t ino;
    dev_t rdev;
};

/* The file behind fd: 0 or -errno. */
int hl_file_id(int fd, struct hl_file_id *id);
bool hl_file_id_equal(const struct hl_file_id *a, const struct hl_file_id *b);
/* Is the descriptor still this file, or has it been closed and its number used again? */
bool hl_fd_is(int fd, const struct hl_file_id *id);

/* Closes the descriptor if it is still this file: the program may have closed it and reused the
 * number. */
void hl_fd_close(int fd, const struct hl_file_id *id);

/* A new descriptor of fd's file, O_CLOEXEC and above 2: the descriptor or -errno. */
int hl_fd_dup(int fd);

/*
 * Takes fd over and returns it O_CLOEXEC and above 2, under a new number where needed; closes
 * it on failure.  Programs treat 0 as "no dma-buf", and a closed stdin makes 0 an ordinary number.
 */
int hl_fd_sanitize(int fd);

#endif
