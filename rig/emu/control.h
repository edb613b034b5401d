/* SPDX-License-Identifier: MIT */
/*
 * The control socket: lines of text, each with an answer of one line ("ok", or what is wrong).
 * A client may stay silent, stop in the middle of a line, or not read: the server never waits for
 * it.
 */
#ifndef RIG_EMU_CONTROL_H
#define RIG_EMU_CONTROL_H

#include <poll.h>
#include <stddef.h>

#define CONTROL_CLIENTS 8u /* at once; one more replaces another */
#define CONTROL_POLLS (CONTROL_CLIENTS + 1)
#define CONTROL_LINE 256u

struct control {
    int listener; /* -1: there is no such socket */
    struct control_client {
        int fd; /* -1: free */
        size_t have;
        char line[CONTROL_LINE];
    } client[CONTROL_CLIENTS];
    unsigned victim;
    int (*command)(void *priv, const char *line); /* 0 or -errno */
    void *priv;
};

/* path NULL: no socket. 0, or -1 and errno. */
int control_open(struct control *c, const char *path, int (*command)(void *priv, const char *line),
                 void *priv);
void control_close(struct control *c);
/* Fill p, which has room for CONTROL_POLLS, for poll(); afterwards serve what is ready. */
void control_poll(const struct control *c, struct pollfd *p);
void control_serve(struct control *c, const struct pollfd *p);

#endif
