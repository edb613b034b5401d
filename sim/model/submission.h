/* SPDX-License-Identifier: MIT */
/* Submissions within the model: what files, devices and the supervisor need from them. */
#ifndef SIM_MODEL_SUBMISSION_H
#define SIM_MODEL_SUBMISSION_H

#include "sim/model/model.h"
#include "sim/submit/submit.h"

/* What the callbacks of sim/submit get; env is NULL in the supervisor. */
struct submission_call {
    const struct sim_env *env;
    struct sim_state *state;
    struct sim_device *device;
};
extern const struct sim_submit_env submission_env;

const struct sim_sub_props *submission_props(const struct sim_state *s, const struct sim_device *d);
/* Mapped into this process at first use and kept; NULL without a supervisor. */
struct sim_submit *submission_of(const struct sim_state *s, const struct sim_device *d);
void *submission_buffer(const struct sim_state *s, const struct sim_device *d, uint32_t index);

/*
 * The state's lock for an executor: false when a reset wants this thread to stop, as the one that
 * resets may hold it.
 */
bool submission_lock(struct sim_state *s, const struct sim_device *d);

/* A context begins. */
void submission_open(struct sim_state *s, struct sim_device *d);
/* Everything that runs ends with EIO and stops accessing memory; or only the waits end. */
enum submission_end { SUBMISSION_CONTEXT_ENDS, SUBMISSION_RESET, SUBMISSION_WAITS_END };
void submission_abort(struct sim_state *s, struct sim_device *d, enum submission_end end);
/* Has its user left something that holds the context? */
bool submission_leaks(struct sim_state *s, struct sim_device *d);
void submission_counters(const struct sim_state *s, const struct sim_device *d, bool context,
                         struct hl_info_cs_counters *out);

#endif
