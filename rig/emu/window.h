/* SPDX-License-Identifier: MIT */
/*
 * Peer to peer between emulated devices: each is a separate process, and none waits for
 * another. A device that lets others reach its BARs shares their memory, and a page that says
 * where they are on the bus now; the other one reads and writes there on its own.
 */
#ifndef RIG_EMU_WINDOW_H
#define RIG_EMU_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_BARS 3 /* 64-bit ones: 0, 2, 4 */

struct window; /* of another device */

struct window_page { /* in memory that both have */
    uint64_t base[WINDOW_BARS], size[WINDOW_BARS];
    uint32_t enabled; /* memory accesses, in the command register */
};

/* The device's side. */
struct window_owner {
    int listener, fd; /* -1: not shared with anybody */
    int bar_fd[WINDOW_BARS];
    struct window_page *page;
};

/* size 0: this BAR is not shared. 0 or -errno. */
int window_open(struct window_owner *o, const char *path, const int *bar_fd, const uint64_t *size);
void window_accept(struct window_owner *o); /* when the listener can be read */
/* After each write to the configuration space; before window_open() it does nothing. */
void window_update(struct window_owner *o, const uint8_t *cfg);

/* The other side. NULL: errno. */
struct window *window_connect(const char *path);
void window_close(struct window *w);
void *window_ptr(const struct window *w, uint64_t addr, uint64_t len);

#endif
