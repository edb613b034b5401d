/* SPDX-License-Identifier: MIT */
#ifndef SIM_MODEL_ENGINES_H
#define SIM_MODEL_ENGINES_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/asic.h"

/*
 * The driver's text about its engines, each part with its end, into out. old: as 6.1 has it; busy:
 * something runs. Returns its size, which may be more than the room: then some of it is left out.
 */
size_t sim_engines_text(enum sim_asic_id asic, bool old, bool busy, char *out, size_t room);

#endif
