/* SPDX-License-Identifier: MIT */
/* What engines do wrong, and what the driver does then: it records it, tells of it, resets. */
#ifndef SIM_MODEL_ERRORS_H
#define SIM_MODEL_ERRORS_H

#include "engine/engine.h"
#include "sim/model/model.h"

/* A user has opened the device: records begin anew. */
void sim_errors_opened(const struct sim_state *s, struct sim_device *d);
/*
 * An engine's error, on a queue (a lower command processor's is the first of its QMAN) or not (-1):
 * records it, sends events, and resets the device where the driver does.  Returns the events.
 */
uint64_t sim_errors_report(struct sim_state *s, struct sim_device *d, int queue,
                           const struct eng_report *r);
/* A submission took too long: true where it is recorded. */
bool sim_errors_timeout(struct sim_device *d, uint64_t seq);

#endif
