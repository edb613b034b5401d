/* SPDX-License-Identifier: MIT */
/*
 * The state of a board: load, power, temperature, throttling. A small model, so that monitors see
 * values that follow the work and never jump: the load is a mean over about two seconds, power
 * follows it, the temperature follows power over half a minute, throttling starts above a limit
 * and ends some degrees below it.
 */
#include "sim/submit/submit.h"

#define LOAD_NS 2000000000ll
#define HEAT_NS 30000000000ll
#define COOL 36000 /* without power, in 1/1000 degrees */
#define HOT 48000  /* what full power adds */
#define LIMIT 82000
#define RELEASE 76000
#define POWER_LIMIT 970000 /* of the load, in 1/1000000 */
#define POWER_RELEASE 900000

static void throttle(struct sim_sub_health *h, unsigned type, bool start, bool end)
{
    uint32_t bit = 1u << type;

    if (start && !(h->throttling & bit)) {
        h->throttling |= bit;
        h->throttled |= bit;
        h->throttle_start_ns[type] = h->at_ns;
        h->throttle_end_ns[type] = 0;
    } else if (end && (h->throttling & bit)) {
        h->throttling &= ~bit;
        h->throttle_end_ns[type] = h->at_ns;
    }
}

void sim_sub_health(struct sim_submit *s, int64_t now_ns, int64_t busy_ns, uint32_t max_power_mw)
{
    struct sim_sub_health *h = &s->health;
    int64_t dt = now_ns - h->at_ns, now_load, target;
    uint32_t idle = max_power_mw / 4;

    if (!h->at_ns) {
        h->at_ns = now_ns;
        h->power_mw = idle;
        h->temperature = COOL + HOT / 4;
        return;
    }
    if (dt <= 0)
        return;
    h->at_ns = now_ns;
    if (busy_ns > dt)
        busy_ns = dt;
    now_load = busy_ns * 1000 / dt * 1000;
    if (dt >= LOAD_NS)
        h->load = (uint32_t)now_load;
    else
        h->load = (uint32_t)(h->load + (now_load - (int64_t)h->load) * dt / LOAD_NS);
    h->energy_uj += (uint64_t)h->power_mw * (uint64_t)(dt / 1000) / 1000;
    h->power_mw = idle + (uint32_t)((uint64_t)(max_power_mw - idle) * h->load / 1000000);
    target = COOL + (int64_t)HOT * h->power_mw / max_power_mw;
    if (dt >= HEAT_NS)
        h->temperature = (int32_t)target;
    else
        h->temperature = (int32_t)(h->temperature + (target - h->temperature) * dt / HEAT_NS);
    /* bit 0 of the reasons is power, bit 1 is heat (HL_CLK_THROTTLE_POWER, _THERMAL) */
    throttle(h, 0, h->load >= POWER_LIMIT, h->load < POWER_RELEASE);
    throttle(h, 1, h->temperature >= LIMIT, h->temperature < RELEASE);
}
