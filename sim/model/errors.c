/* SPDX-License-Identifier: MIT */
/*
 * Errors: which of them the driver records for INFO (hl_capture_*() of device.c), which events it
 * sends, and which reset the device (gaudi_handle_eqe(), gaudi2_handle_eqe()).  Of each kind it
 * records the first since the device was opened.
 */
#include "sim/model/errors.h"

#include <string.h>
#include <time.h>

#include "uapi/habanalabs_ids.h"

#define NO_ENGINE 0xFFFFu               /* event_id_to_engine_id(): of what is none */
#define LOWER 4u                        /* a lower command processor's stream (QMAN_STREAMS) */
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

static bool is_lower(const struct eng_report *r)
{
    return r->queue && r->queue->stream == LOWER;
}

/* As handle_lower_qman_data_on_err() and gaudi_handle_last_pqes_on_err() keep it. */
static void keep_opcode(struct sim_device *d, int queue, const struct eng_report *r)
{
    const struct sim_asic *a = sim_asic_of(d);
    struct hl_info_undefined_opcode_event *o = &d->errors.opcode;

    d->errors.had_opcode = true;
    *o = (struct hl_info_undefined_opcode_event){
        .timestamp = now_ns(),
        .stream_id = is_lower(r) ? LOWER : eng_queue_desc(a->eng, (unsigned)queue).stream,
        .engine_id = a->engine_of((unsigned)queue),
    };
    if (!r->cb)
        return;
    o->cq_addr = r->cb->addr;
    o->cq_size = r->cb->len;
    if (a->reports_engines)
        return;
    o->cb_addr_streams[0][0] = r->cb->addr;
    o->cb_addr_streams_len = 1;
}

/*
 * Gaudi's driver tells of the first alone.  Gaudi2's sees those of lower command processors, and no
 * others (gaudi2_handle_qman_err_generic()).
 */
static uint64_t undefined_opcode(const struct sim_state *s, struct sim_device *d, int queue,
                                 const struct eng_report *r)
{
    bool first = !d->errors.had_opcode, gaudi2 = sim_asic_of(d)->reports_engines;

    if (gaudi2 && (!is_lower(r) || !sim_kernel(s)->error_events))
        return 0;
    if (first)
        keep_opcode(d, queue, r);
    return first || gaudi2 ? HL_NOTIFIER_EVENT_UNDEFINED_OPCODE : 0;
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
        .engine_id = { queue < 0 ? 0 : sim_asic_of(d)->engine_of((unsigned)queue) },
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

/* event_id_to_engine_id(): neither the MMU nor a sync manager is one, and it omits the 25th TPC. */
static uint16_t engine_in_error(const struct sim_device *d, int queue, enum eng_fault what)
{
    uint16_t engine;

    if (what == ENG_FAULT_ADDRESS || queue < 0)
        return NO_ENGINE;
    engine = sim_asic_of(d)->engine_of((unsigned)queue);
    return engine == GAUDI2_DCORE0_ENGINE_ID_TPC_6 ? NO_ENGINE : engine;
}

/* Gaudi2's driver records what it tells of as an engine's error. */
static void engine_error(struct sim_device *d, uint16_t engine)
{
    if (d->errors.engine_valid)
        return;
    d->errors.engine_valid = true;
    d->errors.engine = (struct hl_info_engine_err_event){
        .timestamp = now_ns(),
        .engine_id = engine,
        .error_count = 1,
    };
}

static bool is_of_queue(enum eng_fault what)
{
    return what == ENG_FAULT_OPCODE || what == ENG_FAULT_FENCE_OVERFLOW;
}

/* gaudi2_irq_map_table[]: the MMU's events, the queues', the sync managers'. */
static bool resets(const struct sim_state *s, const struct sim_device *d, enum eng_fault what)
{
    bool mmu = sim_kernel(s)->mmu_resets;

    if (!sim_asic_of(d)->reports_engines)
        return false;
    return what == ENG_FAULT_ADDRESS ? mmu : is_of_queue(what) ? !mmu : true;
}

/* gaudi_handle_eqe() tells of a reset after a queue's error, and does not make it. */
static bool tells_of_reset(const struct sim_state *s, const struct sim_device *d,
                           enum eng_fault what)
{
    return sim_asic_of(d)->reports_engines ? resets(s, d, what) : is_of_queue(what);
}

/* What is recorded of it, and tells more than that an engine failed. */
static uint64_t keep(const struct sim_state *s, struct sim_device *d, int queue,
                     const struct eng_report *r)
{
    uint64_t events = 0;

    if (r->what == ENG_FAULT_ADDRESS)
        events = bad_address(d, queue, r);
    else if (r->what == ENG_FAULT_OPCODE)
        events = undefined_opcode(s, d, queue, r);
    if (sim_asic_of(d)->reports_engines)
        engine_error(d, engine_in_error(d, queue, r->what));
    if (!sim_kernel(s)->error_events)
        events &= ~(HL_NOTIFIER_EVENT_PAGE_FAULT | HL_NOTIFIER_EVENT_RAZWI);
    return events;
}

uint64_t sim_errors_report(struct sim_state *s, struct sim_device *d, int queue,
                           const struct eng_report *r)
{
    uint64_t events = HL_NOTIFIER_EVENT_USER_ENGINE_ERR;

    if (sim_asic_of(d)->logs_errors)
        return 0;
    events |= keep(s, d, queue, r);
    if (tells_of_reset(s, d, r->what))
        events |= HL_NOTIFIER_EVENT_DEVICE_RESET;
    if (resets(s, d, r->what))
        sim_device_error_reset(s, d, events);
    else
        sim_device_event(s, d, events);
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
