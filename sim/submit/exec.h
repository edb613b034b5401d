/* SPDX-License-Identifier: MIT */
/*
 * The executor: a thread that takes the jobs of one device's submissions and lets the engine run
 * them. One thread serves all queues of the device; they take turns packet by packet (a large DMA
 * piece by piece), in an order that a seed determines, so that a run can be repeated.
 */
#ifndef SIM_SUBMIT_EXEC_H
#define SIM_SUBMIT_EXEC_H

#include "sim/submit/submit.h"

/* Memory as the device's engines see it; -EFAULT where nothing is mapped. */
struct sim_exec_ops {
    int (*read)(void *priv, uint64_t addr, void *buf, uint64_t len);
    int (*write)(void *priv, uint64_t addr, const void *buf, uint64_t len);
    /* may be NULL */
    int (*copy)(void *priv, uint64_t dst, uint64_t src, uint64_t len, uint64_t *bad,
                bool *bad_write);
    int (*fill)(void *priv, uint64_t dst, uint64_t pattern, uint64_t len);
    /* an engine's error: of a lower command processor the queue is the first of its QMAN; -1: of a
     * sync manager */
    void (*report)(void *priv, int queue, const struct eng_report *report);
    /* for a trace: a packet begins; a command buffer ends */
    void (*packet)(void *priv, int queue, uint64_t addr, const struct eng_packet *packet);
    void (*finished)(void *priv, int queue, uint64_t seq, uint32_t len, int64_t begin_ns,
                     int64_t end_ns);
};

struct sim_exec;

/* cfg: the registers' memory (eng_chip()->cfg_size). NULL: no memory or no thread. */
struct sim_exec *sim_exec_start(const struct sim_sub_call *call, const struct sim_exec_ops *ops,
                                void *cfg, uint64_t seed, uint32_t max_power_mw);
void sim_exec_stop(struct sim_exec *x);

#endif
