/* SPDX-License-Identifier: MIT */
/*
 * The other end of every file that programs have open: the kernel itself reports here when the last
 * descriptor of one is gone, in whichever process.  All with the state's lock, but for
 * files_create().
 */
#ifndef HLSIM_FILES_H
#define HLSIM_FILES_H

#include "sim/state.h"

/* What a program has written to a file of debugfs past the preloaded library. */
typedef void files_written_fn(struct sim_state *s, uint32_t file, const void *text, size_t n);
/* An epoll descriptor that is readable when a file is closed or written to, or -errno. */
int files_create(files_written_fn *written);
/* A new file: its number, and in *theirs the descriptor for the program; or -errno. */
int files_new(struct sim_state *s, enum sim_file_kind kind, uint32_t device, uint32_t flags,
              int *theirs);
/*
 * A process that maps a node's file, which stays open as long as any of it is mapped: the mapper
 * that it has already, and -1 in *theirs, or a new one; or -errno.
 */
int files_map(struct sim_state *s, uint32_t parent, uint32_t mapper, int *theirs);
/* All of a buffer was unmapped by that mapper: it may be mapped again. */
void files_unmapped(struct sim_state *s, uint32_t mapper, uint64_t buffer);
/*
 * A call of a node's file is in progress: the file is not released before its end.  serial: of the
 * file that it was then.
 */
void files_call_begins(struct sim_state *s, uint32_t file);
void files_call_ends(struct sim_state *s, uint32_t file, uint64_t serial);
/* Imports a dma-buf into a device's context: its import or -errno. */
int files_import(struct sim_state *s, uint32_t device, uint32_t context, int fd);
/* Sets the eventfd for a file's events; a negative one removes it: 0 or -errno. */
int files_eventfd(struct sim_state *s, uint32_t file, int fd);
/* Handles what was written, and closed files: what their users had in progress ends now. */
void files_settle(struct sim_state *s);
/* Signals eventfds. */
void files_signal(struct sim_state *s);

#endif
