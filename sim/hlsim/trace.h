/* SPDX-License-Identifier: MIT */
/* The writer of a trace: text, or Trace Event JSON for a name that ends in .json. */
#ifndef HLSIM_TRACE_H
#define HLSIM_TRACE_H

#include "sim/state.h"

/* 0 or -errno. */
int trace_start(struct sim_state *s, const char *path);
void trace_stop(void);
bool trace_active(void);
/* From the supervisor's own threads. */
void trace_add(const struct sim_trace_record *r);

#endif
