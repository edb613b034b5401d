/* SPDX-License-Identifier: MIT */
/*
 * The loop of an emulated device: its client (QEMU), its control socket, its own work. The work
 * is done in slices, so that neither a long copy nor an endless program keeps the machine
 * waiting for a register.
 */
#ifndef RIG_EMU_SERVE_H
#define RIG_EMU_SERVE_H

#include "rig/emu/control.h"
#include "rig/emu/vfu.h"

#define SERVE_SLICE_NS 2000000u /* roughly how long run() may take */

struct serve {
    struct vfu *v;
    const char *path;                             /* of the client's socket */
    const char *control;                          /* of the control socket, or NULL */
    int (*command)(void *priv, const char *line); /* 0 or -errno */
    /* Does a slice of work. Returns ms until the next one: 0 at once, -1 when something comes.
     */
    int (*run)(void *priv);
    void (*connected)(void *priv); /* may be NULL */
    int extra;                     /* one more descriptor to wait for, or -1 */
    void (*on_extra)(void *priv);
    void *priv;
};

/*
 * Until the client has come and gone, or SIGTERM, SIGINT or SIGHUP. Installs handlers for these.
 * 0, or -1 and errno when the sockets cannot be created. No socket is left behind.
 */
int serve(const struct serve *s);

#endif
