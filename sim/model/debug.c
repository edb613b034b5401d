/* SPDX-License-Identifier: MIT */
/*
 * The DEBUG operation (hl_debug_ioctl(), debug_coresight() of habanalabs_ioctl.c, *_coresight.c):
 * the trace units accept their configuration and produce nothing; performance counters (SPMU) count
 * cycles while they are enabled, and events at made-up rates.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/model/block.h"
#include "sim/model/submission.h"
#include "uapi/habanalabs_vendor.h"

#define MAX_COUNTERS 6u       /* SPMU_MAX_COUNTERS */
#define MAX_OUTPUT (4u << 20) /* what the kernel allocates at once */
#define READBLOCK_MAX 16384u

static const uint32_t input_size[HL_DEBUG_OP_TIMESTAMP + 1] = {
    [HL_DEBUG_OP_ETR] = sizeof(struct hl_debug_params_etr),
    [HL_DEBUG_OP_ETF] = sizeof(struct hl_debug_params_etf),
    [HL_DEBUG_OP_STM] = sizeof(struct hl_debug_params_stm),
    [HL_DEBUG_OP_BMON] = sizeof(struct hl_debug_params_bmon),
    [HL_DEBUG_OP_SPMU] = sizeof(struct hl_debug_params_spmu),
};

union input {
    struct hl_debug_params_etr etr;
    struct hl_debug_params_etf etf;
    struct hl_debug_params_stm stm;
    struct hl_debug_params_bmon bmon;
    struct hl_debug_params_spmu spmu;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Counters of a unit now: events, overflow flags, cycles. */
static uint64_t cycles(const struct sim_device *d, const struct sim_spmu *u)
{
    return u->since_ns ? (now_ns() - u->since_ns) * sim_asic_of(d)->clock_mhz / 1000 : u->cycles;
}

static uint32_t event_count(const struct sim_device *d, const struct sim_spmu *u, unsigned i)
{
    return i < u->events ? (uint32_t)(cycles(d, u) / (8 + u->type[i] % 24)) : 0;
}

static int spmu(struct sim_device *d, const struct hl_debug_args *args,
                const struct hl_debug_params_spmu *in, uint64_t *out)
{
    struct sim_spmu *u = &d->context.spmu[args->reg_idx];
    uint32_t n = args->output_size / 8;

    if (args->enable) {
        if (!in || in->event_types_num > MAX_COUNTERS ||
            in->event_types_num < sim_asic_of(d)->spmu_least)
            return -EINVAL;
        *u = (struct sim_spmu){ .since_ns = now_ns(), .events = (uint8_t)in->event_types_num };
        for (uint32_t i = 0; i < in->event_types_num; i++)
            u->type[i] = (uint16_t)in->event_types[i];
        return 0;
    }
    if (sim_asic_of(d)->spmu_least && (!out || n < 3 || n - 2 > MAX_COUNTERS))
        return -EINVAL; /* and goes on counting; Gaudi2's stops before it looks */
    u->cycles = cycles(d, u);
    u->since_ns = 0;
    if (!out || n <= 2)
        return 0;
    if (n - 2 > MAX_COUNTERS)
        return -EINVAL;
    for (uint32_t i = 0; i < n - 2; i++)
        out[i] = event_count(d, u, i);
    out[n - 2] = 0;
    out[n - 1] = u->cycles;
    return 0;
}

/* Where the trace buffer may be (*_etr_validate_address()): memory that the device reaches. */
static bool reachable(const struct sim_device *d, const struct sim_state *s, uint64_t addr,
                      uint64_t size)
{
    const struct sim_sub_props *p = submission_props(s, d);
    const struct sim_checks *c = &p->asic->checks;
    uint64_t end = addr + size;
    const struct {
        unsigned kind;
        struct sim_range range;
    } all[] = {
        { SIM_TRACE_SRAM, sim_sub_sram(p) }, { SIM_TRACE_MEMORY, c->memory },
        { SIM_TRACE_MAPPED, c->mapped },     { SIM_TRACE_HOST, c->host },
        { SIM_TRACE_HUGE, c->huge },
    };

    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (p->asic->trace_to & all[i].kind && end > addr && sim_range_has(all[i].range, addr, end))
            return true;
    return false;
}

/* *_config_etr(): where the trace goes, and how far it has come. */
static int etr(struct sim_state *s, struct sim_device *d, const struct hl_debug_args *args,
               const union input *in, uint64_t *out)
{
    if (args->enable) {
        if (!in || !in->etr.buffer_size ||
            !reachable(d, s, in->etr.buffer_address, in->etr.buffer_size))
            return -EINVAL;
    } else if (args->output_size >= 8 && out) {
        out[0] = 0; /* nothing was written to the trace buffer */
    }
    return 0;
}

/* Switches a unit on or off; one that is in that state already is left alone, but on 6.1. */
static int toggle(bool *on, struct sim_state *s, struct sim_device *d,
                  const struct hl_debug_args *args, const union input *in, uint64_t *out)
{
    int rc;

    if (!!args->enable == *on && !sim_kernel(s)->rearms_units)
        return 0;
    *on = false;
    rc = args->op == HL_DEBUG_OP_ETR ? etr(s, d, args, in, out) : args->enable && !in ? -EINVAL : 0;
    if (!rc)
        *on = args->enable;
    return rc;
}

static int configure(struct sim_state *s, struct sim_device *d, const struct hl_debug_args *args,
                     const union input *in, uint64_t *out)
{
    struct sim_context *c = &d->context;

    if (args->op == HL_DEBUG_OP_TIMESTAMP)
        return 0; /* deprecated: does nothing */
    if (args->op != HL_DEBUG_OP_ETR && args->reg_idx >= sim_asic_of(d)->trace_units[args->op])
        return -EINVAL;
    switch (args->op) {
    case HL_DEBUG_OP_ETR:
        return toggle(&c->etr, s, d, args, in, out);
    case HL_DEBUG_OP_ETF:
        return toggle(&c->etf[args->reg_idx], s, d, args, in, out);
    case HL_DEBUG_OP_SPMU:
        return spmu(d, args, in ? &in->spmu : NULL, out);
    case HL_DEBUG_OP_FUNNEL:
        return 0;
    default:
        return args->enable && !in ? -EINVAL : 0;
    }
}

/* hl_device_set_debug_mode(): its end switches the trace units off (*_halt_coresight()). */
static int set_mode(struct sim_context *c, bool on)
{
    if (c->debug_mode == on)
        return -EFAULT;
    c->debug_mode = on;
    if (!on) {
        c->etr = false;
        memset(c->etf, 0, sizeof(c->etf));
    }
    return 0;
}

/* debug_coresight() */
static int coresight(const struct sim_env *env, struct sim_device *d, struct hl_debug_args *args)
{
    union input in;
    uint64_t *out = NULL;
    bool given = args->input_ptr && args->input_size;
    int rc;

    memset(&in, 0, sizeof(in));
    if (given && env->copy_in(&in, args->input_ptr, args->input_size))
        return -EFAULT;
    if (args->output_ptr && args->output_size) {
        out = args->output_size > MAX_OUTPUT ? NULL : calloc(1, args->output_size + 8);
        if (!out)
            return -ENOMEM;
    }
    rc = configure(env->state, d, args, given ? &in : NULL, out);
    if (!rc && out && env->copy_out(args->output_ptr, out, args->output_size))
        rc = -EFAULT;
    free(out);
    return rc;
}

/* The performance counters of the TPCs, as their registers show them. */
static void refresh(struct sim_state *s, struct sim_device *d)
{
    for (uint32_t i = 0; sim_asic_of(d)->tpc_counters && i < 25; i++) {
        const struct sim_spmu *u = &d->context.spmu[i];
        uint32_t dcore = i < 7 ? 0 : 1 + (i - 7) / 6, tpc = i < 7 ? i : (i - 7) % 6;
        uint32_t base = 0x1000 + 0x1000000 * dcore + 0x200000 * tpc;
        uint8_t *regs = u->since_ns ? block_registers(s, d, base, 0x1000) : NULL;
        uint64_t n = cycles(d, u);

        if (!regs)
            continue;
        for (unsigned k = 0; k < MAX_COUNTERS; k++) {
            uint32_t x = event_count(d, u, k);

            memcpy(regs + 8 * k, &x, 4);
        }
        memcpy(regs + 0xF8, &n, 8);
        block_unmap(regs, 0x1000);
    }
}

/* debug_read_dev_mem_block() of the vendor's driver: registers, word by word. */
static int read_block(const struct sim_env *env, struct sim_device *d,
                      const struct hl_debug_args *args)
{
    const struct sim_sub_props *p = submission_props(env->state, d);
    struct hl_debug_params_read_block b;
    uint64_t offset;
    uint8_t *regs;
    int rc;

    if (args->input_size != sizeof(b))
        return -EINVAL;
    if (env->copy_in(&b, args->input_ptr, sizeof(b)))
        return -EFAULT;
    if (!b.size || b.size > READBLOCK_MAX || b.size % 4 || b.cfg_address % 4)
        return -EINVAL;
    offset = b.cfg_address - eng_chip(p->eng)->cfg_base;
    if (b.cfg_address < eng_chip(p->eng)->cfg_base || offset + b.size > eng_chip(p->eng)->cfg_size)
        return -EINVAL;
    refresh(env->state, d);
    regs = block_registers(env->state, d, offset, b.size);
    if (!regs)
        return -ENOMEM;
    rc = env->copy_out(b.user_address, regs, b.size);
    block_unmap(regs, b.size);
    return rc;
}

/* hl_debug_op_requires_debug() of the vendor's driver, which says EPERM where mainline says EFAULT.
 */
static bool vendor_needs_mode(uint32_t op)
{
    return op < HL_DEBUG_OP_SET_MODE || op == HL_DEBUG_OP_FETCH_TRACE ||
           op == HL_DEBUG_OP_READBLOCK || op == HL_DEBUG_OP_SCHED_SUBMIT_BUF;
}

/* What that driver has besides mainline's operations. */
static int vendor_debug(const struct sim_env *env, struct sim_device *d, struct hl_debug_args *args)
{
    static const uint8_t nothing[4096];

    switch (args->op) {
    case HL_DEBUG_OP_FETCH_TRACE: /* trace buffers are always empty */
        if (args->output_size > sizeof(nothing))
            args->output_size = sizeof(nothing);
        return args->output_ptr && args->output_size &&
                       env->copy_out(args->output_ptr, nothing, args->output_size)
                   ? -EFAULT
                   : 0;
    case HL_DEBUG_OP_DIO: /* none of these ASICs accesses an NVMe disk */
        return 0;
    case HL_DEBUG_OP_READMEM:
    case HL_DEBUG_OP_MEMCPY: /* only for devices without hardware */
        return -EPERM;
    case HL_DEBUG_OP_READBLOCK:
        return read_block(env, d, args);
    case HL_DEBUG_OP_ENABLE_ERR_INFO_CAPTURE:
        memset(&d->errors, 0, sizeof(d->errors));
        return 0;
    case HL_DEBUG_OP_SCHED_SUBMIT_BUF: /* its struct is not public */
        return -EINVAL;
    default:
        env->complain(env->state, "unknown DEBUG operation", args->op);
        return -EINVAL;
    }
}

static bool vendor_knows(uint32_t op)
{
    return op == HL_DEBUG_OP_FETCH_TRACE || op == HL_DEBUG_OP_DIO || op == HL_DEBUG_OP_READMEM ||
           op == HL_DEBUG_OP_MEMCPY || op == HL_DEBUG_OP_READBLOCK ||
           op == HL_DEBUG_OP_ENABLE_ERR_INFO_CAPTURE;
}

int sim_debug(const struct sim_env *env, uint32_t file, struct hl_debug_args *args)
{
    struct sim_state *s = env->state;
    struct sim_device *d = &s->devices[s->files[file].device];
    struct sim_context *c = sim_context_of(s, file);

    if (!c || !sim_device_operational(d))
        return -EBUSY;
    if (sim_kernel(s)->vendor_calls && vendor_needs_mode(args->op) && !c->debug_mode)
        return -EPERM;
    switch (args->op) {
    case HL_DEBUG_OP_ETR:
    case HL_DEBUG_OP_ETF:
    case HL_DEBUG_OP_STM:
    case HL_DEBUG_OP_FUNNEL:
    case HL_DEBUG_OP_BMON:
    case HL_DEBUG_OP_SPMU:
    case HL_DEBUG_OP_TIMESTAMP:
        if (!c->debug_mode)
            return -EFAULT;
        if (args->input_size > input_size[args->op])
            args->input_size = input_size[args->op];
        return coresight(env, d, args);
    case HL_DEBUG_OP_SET_MODE:
        return set_mode(c, args->enable);
    default:
        if (sim_kernel(s)->vendor_calls)
            return vendor_debug(env, d, args);
        env->complain(s,
                      vendor_knows(args->op)
                          ? "DEBUG operation of the vendor's driver (--kernel vendor has it)"
                          : "unknown DEBUG operation",
                      args->op);
        return -EINVAL;
    }
}
