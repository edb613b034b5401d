/* SPDX-License-Identifier: MIT */
/*
 * Errors: which of them the driver records for INFO, and which events it sends (hl_capture_*() of
 * device.c).  Of each kind it records the first since the device was opened.
 */
#include "sim/model/errors.h"

#include <string.h>
#include <time.h>

#define NO_ENGINE 0xFFFFu               /* event_id_to_engine_id(): of the MMU's events */
#define DEVICE_FAULT_BITS (~0ull << 26) /* HW_UNSCRAMBLED_BITS_MASK */

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void sim_errors_opened(const struct sim_state *s, struct sim_device *d)
{
    struct sim_errors *e = &d->errors;

    if (!sim_kernel(s)->keeps_records)
        memset(e, 0, sizeof(*e));
    e->had_timeout = e->had_razwi = e->had_opcode = false;
}

/* The engine of a queue, by the driver's number. */
static uint16_t engine_of(const struct sim_device *d, int queue)
{
    return queue < 0 ? 0 : sim_asic_of(d)->engine_of((unsigned)queue);
}

static uint32_t stream_of(const struct sim_device *d, int queue)
{
    return queue < 0 ? 4 : eng_queue_desc(sim_asic_of(d)->eng, (unsigned)queue).stream;
}

static void keep_opcode(struct sim_device *d, int queue, const struct eng_report *r)
{
    struct hl_info_undefined_opcode_event *o = &d->errors.opcode;

    d->errors.had_opcode = true;
    *o = (struct hl_info_undefined_opcode_event){
        .timestamp = now_ns(),
        .stream_id = stream_of(d, queue),
        .engine_id = engine_of(d, queue),
    };
    if (r->cb) {
        o->cq_addr = r->cb->addr;
        o->cq_size = r->cb->len;
        o->cb_addr_streams[0][0] = r->cb->addr;
        o->cb_addr_streams_len = 1;
    }
}

/* Gaudi's driver tells of the first alone; of a reset, too, which it does not make. */
static uint64_t undefined_opcode(struct sim_device *d, int queue, const struct eng_report *r)
{
    bool first = !d->errors.had_opcode, gaudi2 = sim_asic_of(d)->reports_engines;

    if (first)
        keep_opcode(d, queue, r);
    return (first || gaudi2 ? HL_NOTIFIER_EVENT_UNDEFINED_OPCODE : 0) |
           (gaudi2 ? 0 : HL_NOTIFIER_EVENT_DEVICE_RESET);
}

/* hl_capture_user_mappings(): those of the kind that the fault was about, device memory or not. */
static void keep_mappings(struct sim_device *d, bool device)
{
    const struct sim_context *c = &d->context;
    uint32_t n = 0;

    for (uint32_t i = 0; c->id && i < c->map_top; i++) {
        const struct sim_map *m = &c->maps[i];

        if (m->kind != SIM_MAP_FREE && (m->kind == SIM_MAP_DEVICE) == device)
            d->fault_mappings[n++] = (struct hl_user_mapping){ m->va, m->size };
    }
    d->errors.mappings = n;
}

static void page_fault(struct sim_device *d, uint64_t addr)
{
    const struct sim_asic *a = sim_asic_of(d);
    bool device = a->device_mmu && addr >= a->checks.mapped.start && addr < a->checks.mapped.end;

    if (d->errors.page_fault_valid)
        return;
    d->errors.page_fault_valid = true;
    d->errors.page_fault = (struct hl_page_fault_info){
        .timestamp = now_ns(),
        .addr = device && a->reports_engines ? addr & DEVICE_FAULT_BITS : addr,
    };
    keep_mappings(d, device);
}

/* gaudi_print_irq_info() looks for an access that the routers refused. */
static uint64_t razwi(struct sim_device *d, int queue, const struct eng_report *r)
{
    if (d->errors.had_razwi)
        return HL_NOTIFIER_EVENT_RAZWI;
    d->errors.had_razwi = d->errors.razwi_valid = true;
    d->errors.razwi = (struct hl_info_razwi_event){
        .timestamp = now_ns(),
        .addr = r->addr,
        .engine_id = { engine_of(d, queue) },
        .num_of_possible_engines = queue < 0 ? 0 : 1,
        .flags = r->write ? HL_RAZWI_WRITE : HL_RAZWI_READ,
    };
    return HL_NOTIFIER_EVENT_RAZWI;
}

static uint64_t bad_address(struct sim_device *d, int queue, const struct eng_report *r)
{
    page_fault(d, r->addr);
    return HL_NOTIFIER_EVENT_PAGE_FAULT |
           (sim_asic_of(d)->reports_engines ? 0 : razwi(d, queue, r));
}

/* Gaudi2's driver records what it tells of as an engine's error. */
static void engine_error(struct sim_device *d, uint16_t engine)
{
    if (!sim_asic_of(d)->reports_engines || d->errors.engine_valid)
        return;
    d->errors.engine_valid = true;
    d->errors.engine = (struct hl_info_engine_err_event){
        .timestamp = now_ns(),
        .engine_id = engine,
        .error_count = 1,
    };
}

uint64_t sim_errors_report(const struct sim_state *s, struct sim_device *d, int queue,
                           const struct eng_report *r)
{
    uint64_t events = HL_NOTIFIER_EVENT_USER_ENGINE_ERR;

    if (sim_asic_of(d)->logs_errors)
        return 0;
    if (r->what == ENG_FAULT_ADDRESS)
        events |= bad_address(d, queue, r);
    else if (r->what == ENG_FAULT_OPCODE)
        events |= undefined_opcode(d, queue, r);
    engine_error(d, r->what == ENG_FAULT_ADDRESS ? NO_ENGINE : engine_of(d, queue));
    if (!sim_kernel(s)->error_events)
        events &= ~(HL_NOTIFIER_EVENT_PAGE_FAULT | HL_NOTIFIER_EVENT_RAZWI);
    return events;
}

bool sim_errors_timeout(struct sim_device *d, uint64_t seq)
{
    if (d->errors.had_timeout)
        return false;
    d->errors.had_timeout = true;
    d->errors.cs_timeout = (struct hl_info_cs_timeout_event){ .timestamp = now_ns(), .seq = seq };
    return true;
}
