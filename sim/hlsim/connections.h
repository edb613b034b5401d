/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's socket.  It is in a folder of this user's only, and who connects is looked
 * at: requests are taken from this user's processes and from root's.  Nobody is waited for.
 */
#ifndef HLSIM_CONNECTIONS_H
#define HLSIM_CONNECTIONS_H

#include "sim/state.h"

/* The socket below the tree, and an epoll descriptor that is readable when there is work: or
 * -errno. */
int connections_create(const struct sim_state *s);
void connections_serve(void);

#endif
