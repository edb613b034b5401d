/* SPDX-License-Identifier: MIT */
/* The loop of an emulated device. */
#include "rig/emu/serve.h"
#include "rig/emu/ending.h"
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void loop(const struct serve *s, int *listener, struct control *c, const sigset_t *open)
{
    int ms = -1;

    while (!ending()) {
        struct pollfd p[2 + CONTROL_POLLS] = { { .events = POLLIN }, { s->extra, POLLIN, 0 } };
        struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

        p[0].fd = *listener >= 0 ? *listener : s->v->sock;
        control_poll(c, p + 2);
        if (ppoll(p, 2 + CONTROL_POLLS, ms < 0 ? NULL : &t, open) < 0) {
            if (errno != EINTR)
                return;
            continue;
        }
        if (p[0].revents && *listener >= 0) {
            s->v->sock = accept4(*listener, NULL, NULL, SOCK_CLOEXEC);
            if (s->v->sock >= 0) { /* one client, once */
                close(*listener);
                *listener = -1;
                unlink(s->path);
                if (s->connected)
                    s->connected(s->priv);
            }
        } else if (p[0].revents && vfu_step(s->v) <= 0) {
            return;
        }
        if (p[1].revents)
            s->on_extra(s->priv);
        control_serve(c, p + 2);
        ms = s->run(s->priv);
    }
}

int serve(const struct serve *s)
{
    struct control c;
    sigset_t open;
    int listener, error, rc = -1;

    ending_install(&open);
    if (control_open(&c, s->control, s->command, s->priv) < 0)
        return -1;
    listener = vfu_listen(s->path, SOCK_STREAM);
    error = errno;
    if (listener >= 0) {
        loop(s, &listener, &c, &open);
        rc = 0;
        if (listener >= 0) { /* else the path may be the next emulator's by now */
            close(listener);
            unlink(s->path);
        }
    }
    control_close(&c);
    if (s->control)
        unlink(s->control);
    errno = error;
    return rc;
}
