/* SPDX-License-Identifier: MIT */
/* The signals that end an emulator: SIGTERM, SIGINT and SIGHUP. */
#ifndef RIG_EMU_ENDING_H
#define RIG_EMU_ENDING_H

#include <signal.h>
#include <stdbool.h>

/* From now on they arrive in ppoll() alone. *open: the mask for it. */
void ending_install(sigset_t *open);
bool ending(void); /* one has come */

#endif
