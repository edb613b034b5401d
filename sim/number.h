/* SPDX-License-Identifier: MIT */
/* Numbers of the command line. */
#ifndef SIM_NUMBER_H
#define SIM_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The whole text as one number without a sign, 0 to most; base as for strtoull().  False, with
 * *value untouched, for everything else, also for what does not fit into 64 bits.
 */
bool sim_number(const char *text, int base, uint64_t most, uint64_t *value);

#endif
