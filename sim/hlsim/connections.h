/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's socket.  It is in a folder of this user's only, and the peer is checked
 * too: requests are accepted from this user's processes and root's.  It waits for nobody.
 */
#ifndef HLSIM_CONNECTIONS_H
#define HLSIM_CONNECTIONS_H

#include "sim/state.h"

/* The socket below the tree, and an epoll descriptor that is readable when there is work: or
 * -errno. */
int connections_create(const struct sim_state *s);
void connections_serve(void);

#endif
