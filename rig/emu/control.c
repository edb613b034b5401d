/* SPDX-License-Identifier: MIT */
/* The control socket: lines of text, each with an answer. */
#include "rig/emu/control.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig/emu/vfu.h"

int control_open(struct control *c, const char *path, int (*command)(void *priv, const char *line),
                 void *priv)
{
    *c = (struct control){ .listener = -1, .command = command, .priv = priv };
    for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
        c->client[i].fd = -1;
    if (path)
        c->listener = vfu_listen(path, SOCK_STREAM);
    return path && c->listener < 0 ? -1 : 0;
}

static void hang_up(struct control_client *k)
{
    if (k->fd >= 0)
        close(k->fd);
    k->fd = -1;
    k->have = 0;
}

void control_close(struct control *c)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
        hang_up(&c->client[i]);
    if (c->listener >= 0)
        close(c->listener);
    c->listener = -1;
}

void control_poll(const struct control *c, struct pollfd *p)
{
    p[0] = (struct pollfd){ .fd = c->listener, .events = POLLIN };
    for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
        p[1 + i] = (struct pollfd){ .fd = c->client[i].fd, .events = POLLIN };
}

static void answer(struct control *c, struct control_client *k, const char *line)
{
    char text[CONTROL_LINE];
    int rc = c->command(c->priv, line);
    int n = snprintf(text, sizeof(text), "%s\n", rc ? strerror(-rc) : "ok");

    if (send(k->fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n)
        hang_up(k);
}

/* Serves the complete lines that have arrived; at the end of the input, what is left counts as one.
 */
static void lines(struct control *c, struct control_client *k, bool end)
{
    char *nl;

    k->line[k->have] = 0;
    while (k->fd >= 0 && (nl = memchr(k->line, '\n', k->have))) {
        size_t used = (size_t)(nl + 1 - k->line);

        *nl = 0;
        answer(c, k, k->line);
        k->have -= k->have < used ? k->have : used;
        memmove(k->line, nl + 1, k->have + 1);
    }
    if (k->fd >= 0 && end && k->have)
        answer(c, k, k->line);
}

static void hear(struct control *c, struct control_client *k)
{
    ssize_t n = recv(k->fd, k->line + k->have, sizeof(k->line) - 1 - k->have, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0)
        k->have += (size_t)n;
    lines(c, k, n <= 0);
    if (n <= 0 || k->have == sizeof(k->line) - 1) /* end of the input, or an overlong line */
        hang_up(k);
}

static struct control_client *room(struct control *c)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
        if (c->client[i].fd < 0)
            return &c->client[i];
    c->victim = (c->victim + 1) % CONTROL_CLIENTS;
    hang_up(&c->client[c->victim]);
    return &c->client[c->victim];
}

void control_serve(struct control *c, const struct pollfd *p)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
        if (c->client[i].fd >= 0 && c->client[i].fd == p[1 + i].fd && p[1 + i].revents)
            hear(c, &c->client[i]);
    if (c->listener >= 0 && p[0].revents & POLLIN) {
        int s = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (s >= 0)
            room(c)->fd = s;
    }
}
