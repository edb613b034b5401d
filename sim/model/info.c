/* SPDX-License-Identifier: MIT */
/* The INFO operation (_hl_info_ioctl of the driver's habanalabs_ioctl.c). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/model/engines.h"
#include "sim/model/submission.h"
#include "uapi/habanalabs_6_1.h"

/* What a query works on. */
struct query {
    const struct sim_env *env;
    struct sim_state *s;
    struct sim_file *f;
    struct sim_device *d;
    const struct sim_asic *a;
    struct sim_context *c; /* NULL on a control node */
    struct hl_info_args *args;
};

/* The rule for nearly all of them: size and pointer are checked first, then as much as fits is
 * copied. */
static int give(struct query *q, const void *data, size_t size)
{
    size_t n = q->args->return_size;

    if (!n || !q->args->return_pointer)
        return -EINVAL;
    return q->env->copy_out(q->args->return_pointer, data, n < size ? n : size);
}

static uint64_t clock_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int hw_ip(struct query *q)
{
    const struct sim_asic *a = q->a;
    struct hl_info_hw_ip_info ip = {
        .sram_base_address = a->chip->sram_base + a->sram_reserved,
        .dram_base_address =
            a->device_mmu ? a->device_first : a->chip->memory_base + a->memory_reserved,
        .sram_size = (uint32_t)(a->chip->sram_size - a->sram_reserved),
        .num_of_events = a->event_count[sim_kernel(q->s)->set],
        .device_id = a->chip->asic->pci_id,
        .module_id = q->d->module_id,
        .decoder_enabled_mask = a->decoder_mask,
        .first_available_interrupt_id = a->first_interrupt[sim_kernel(q->s)->set],
        .tpc_enabled_mask = (uint8_t)a->tpc_mask,
        .tpc_enabled_mask_ext = a->tpc_mask,
        .dram_enabled = 1,
        .mme_master_slave_mode = a->mme_master_slave,
        .dram_page_size = a->memory_page,
        .device_mem_alloc_default_page_size = a->memory_page,
        .edma_enabled_mask = a->edma_mask,
        .number_of_user_interrupts = a->interrupts[sim_kernel(q->s)->set],
        .revision_id = a->pci_revision,
        .tpc_interrupt_id = a->tpc_interrupt,
        .rotator_enabled_mask = a->rotator_mask,
        .engine_core_interrupt_reg_addr = a->core_interrupt,
        .reserved_dram_size = a->memory_reserved,
    };

    if (sim_kernel(q->s)->vendor_calls) {
        ip.mme_enabled_mask = a->mme_mask;
        ip.odp_supported = a->on_demand;
        ip.sched_arc_enabled_mask = a->scheduler_mask;
    }
    ip.dram_size = (a->chip->memory_size - a->memory_reserved) / a->memory_page * a->memory_page;
    snprintf((char *)ip.cpucp_version, sizeof(ip.cpucp_version), "hl-%s-1.0.0-sim",
             a->chip->asic->name);
    snprintf((char *)ip.card_name, sizeof(ip.card_name), "%s", a->card_name);
    return give(q, &ip, sim_kernel(q->s)->short_records ? HL_6_1_HW_IP_INFO_SIZE : sizeof(ip));
}

static int events_array(struct query *q)
{
    return give(q, q->d->events,
                q->a->event_count[sim_kernel(q->s)->set] * sizeof(q->d->events[0]));
}

static int dram_usage(struct query *q)
{
    struct hl_info_dram_usage u = {
        .dram_free_mem = q->a->chip->memory_size - q->a->memory_reserved - q->d->used_memory,
        .ctx_dram_mem = q->c ? q->c->memory : 0,
    };

    return give(q, &u, sizeof(u));
}

static bool at_work(const struct query *q)
{
    struct sim_submit *u = submission_of(q->s, q->d);

    return u && sim_sub_active(u, submission_props(q->s, q->d));
}

static int hw_idle(struct query *q)
{
    struct hl_info_hw_idle idle = { .is_idle = 1 };

    if (at_work(q)) {
        idle.is_idle = 0;
        idle.busy_engines_mask = 1;
        idle.busy_engines_mask_ext[0] = 1;
    }
    return give(q, &idle, sim_kernel(q->s)->short_records ? HL_6_1_HW_IDLE_SIZE : sizeof(idle));
}

static int device_status(struct query *q)
{
    struct hl_info_device_status status = { .status = sim_device_status(q->d) };

    return give(q, &status, sizeof(status));
}

static int utilization(struct query *q)
{
    const struct sim_submit *w = submission_of(q->s, q->d);
    struct hl_info_device_utilization u = { .utilization = w ? w->health.load / 10000 : 0 };

    return give(q, &u, sizeof(u));
}

static int clk_rate(struct query *q)
{
    struct hl_info_clk_rate r = { q->a->clock_mhz, q->a->clock_mhz };

    return give(q, &r, sizeof(r));
}

static int reset_count(struct query *q)
{
    struct hl_info_reset_count r = { sim_device_hard_resets(q->d), sim_device_soft_resets(q->d) };

    return give(q, &r, sizeof(r));
}

static int time_sync(struct query *q)
{
    struct hl_info_time_sync t = {
        .device_time = clock_ns(CLOCK_MONOTONIC_RAW),
        .host_time = clock_ns(CLOCK_MONOTONIC_RAW),
    };

#ifdef __x86_64__
    t.tsc_time = __builtin_ia32_rdtsc();
#endif
    return give(q, &t, sim_kernel(q->s)->short_records ? HL_6_1_TIME_SYNC_SIZE : sizeof(t));
}

static int cs_counters(struct query *q)
{
    struct hl_info_cs_counters c;

    submission_counters(q->s, q->d, q->c != NULL, &c);
    return give(q, &c, sizeof(c));
}

static int pci_counters(struct query *q)
{
    struct hl_info_pci_counters c = { 0 };

    return give(q, &c, sizeof(c));
}

static int clk_throttle(struct query *q)
{
    const struct sim_submit *u = submission_of(q->s, q->d);
    struct hl_info_clk_throttle t = { 0 };

    for (unsigned i = 0; u && i < 2; i++) {
        const struct sim_sub_health *h = &u->health;
        int64_t end =
            h->throttle_end_ns[i] ? h->throttle_end_ns[i] : (int64_t)clock_ns(CLOCK_MONOTONIC);

        t.clk_throttling_reason = h->throttling;
        if (!(h->throttled & 1u << i))
            continue;
        t.clk_throttling_timestamp_us[i] = (uint64_t)h->throttle_start_ns[i] / 1000;
        t.clk_throttling_duration_ns[i] = (uint64_t)(end - h->throttle_start_ns[i]);
    }
    return give(q, &t, sizeof(t));
}

static int sync_manager(struct query *q)
{
    uint32_t dcore = q->args->dcore_id;
    struct hl_info_sync_manager m = { 0 };

    if (!q->args->return_size || !q->args->return_pointer || dcore >= q->a->dcores)
        return -EINVAL;
    if (dcore < 4) {
        m.first_available_sync_object = q->a->first_sync_object[dcore];
        m.first_available_monitor = q->a->first_monitor[dcore];
        m.first_available_cq = q->a->first_cq[dcore];
    } else if (!q->a->cb_map) {
        m.first_available_cq = q->a->first_cq[0]; /* "none", for every dcore */
    }
    return give(q, &m, sizeof(m));
}

/* Power follows the work; a board that never had a user draws as much as an idle one. */
static uint64_t power_mw(const struct query *q)
{
    const struct sim_submit *u = submission_of(q->s, q->d);
    uint64_t flicker = clock_ns(CLOCK_MONOTONIC) / 100000000 % 17 * 100;

    return (u && u->health.at_ns ? u->health.power_mw : q->a->max_power_mw / 4) + flicker;
}

static int energy(struct query *q)
{
    const struct sim_submit *u = submission_of(q->s, q->d);
    struct hl_info_energy e = {
        clock_ns(CLOCK_MONOTONIC) / 1000000 * (q->a->max_power_mw / 4) / 1000,
    };

    if (u)
        e.total_energy_consumption += u->health.energy_uj / 1000;

    return give(q, &e, sizeof(e));
}

static int pll_frequency(struct query *q)
{
    uint16_t mhz = (uint16_t)q->a->clock_mhz;
    struct hl_pll_frequency_info f = { { mhz, mhz, (uint16_t)(mhz / 2), (uint16_t)(mhz / 4) } };

    if (!q->args->return_size || !q->args->return_pointer || q->args->pll_index >= q->a->plls)
        return -EINVAL;
    return give(q, &f, sizeof(f));
}

static int power(struct query *q)
{
    struct hl_power_info p = { power_mw(q) };

    return give(q, &p, sizeof(p));
}

static int open_stats(struct query *q)
{
    const struct sim_context *c = &q->d->context;
    struct hl_open_stats_info o = {
        .open_counter = q->d->open_counter,
        .last_open_period_ms = q->d->open_period_ms,
        .is_compute_ctx_active = q->d->context.id || sim_device_releasing(q->d),
        .compute_ctx_in_release = q->d->in_release || sim_device_releasing(q->d),
    };

    /* the vendor's: compute_ctx_has_mapped_resources */
    for (uint32_t i = 0; sim_kernel(q->s)->vendor_calls && i < c->map_top; i++)
        o.pad[0] |= c->id && c->maps[i].kind;
    return give(q, &o, sizeof(o));
}

static int replaced_rows(struct query *q)
{
    uint64_t none = 0; /* struct cpucp_hbm_row_info: one row */

    return give(q, &none, sizeof(none));
}

static int pending_rows(struct query *q)
{
    uint32_t none = 0;

    return give(q, &none, sizeof(none));
}

static int last_open(struct query *q)
{
    struct hl_info_last_err_open_dev_time t = { (int64_t)q->d->opened_ns };

    return give(q, &t, sizeof(t));
}

static int cs_timeout(struct query *q)
{
    return give(q, &q->d->errors.cs_timeout, sizeof(q->d->errors.cs_timeout));
}

/* 6.1 has its own layout and always writes it. */
static int razwi_6_1(struct query *q)
{
    const struct hl_info_razwi_event *e = &q->d->errors.razwi;
    struct hl_6_1_razwi_event old = {
        .timestamp = e->timestamp,
        .addr = e->addr,
        .engine_id_1 = e->engine_id[0],
        .engine_id_2 = e->engine_id[1],
        .no_engine_id = (uint8_t)(e->num_of_possible_engines > 1 ? 0
                                  : e->num_of_possible_engines   ? 1
                                                                 : 2),
    };

    if (!q->d->errors.razwi_valid)
        memset(&old, 0, sizeof(old));
    return give(q, &old, sizeof(old));
}

/* Records with no data: nothing is written, and a bad pointer goes unnoticed. */
static int record(struct query *q, bool valid, const void *data, size_t size)
{
    if (!q->args->return_size || !q->args->return_pointer)
        return -EINVAL;
    return valid ? give(q, data, size) : 0;
}

static int razwi(struct query *q)
{
    if (sim_kernel(q->s)->short_records)
        return razwi_6_1(q);
    return record(q, q->d->errors.razwi_valid, &q->d->errors.razwi, sizeof(q->d->errors.razwi));
}

static int undefined_opcode(struct query *q)
{
    return give(q, &q->d->errors.opcode, sizeof(q->d->errors.opcode));
}

static int page_sizes(struct query *q)
{
    struct hl_info_dev_memalloc_page_sizes p = { 0 };

    /* no ASIC of these kernels lets users choose (supports_user_set_page_size) */
    return give(q, &p, sizeof(p));
}

static int page_fault(struct query *q)
{
    return record(q, q->d->errors.page_fault_valid, &q->d->errors.page_fault,
                  sizeof(q->d->errors.page_fault));
}

/* These check the pointer first, and the size only when there is something to report. */
static int whole_record(struct query *q, bool valid, const void *data, size_t size)
{
    if (!q->args->return_pointer)
        return -EINVAL;
    if (!valid)
        return 0;
    if (q->args->return_size < size)
        return -ENOMEM;
    return q->env->copy_out(q->args->return_pointer, data, size);
}

static int hw_err(struct query *q)
{
    return whole_record(q, q->d->errors.hw_valid, &q->d->errors.hw, sizeof(q->d->errors.hw));
}

static int fw_err(struct query *q)
{
    return whole_record(q, q->d->errors.fw_valid, &q->d->errors.fw, sizeof(q->d->errors.fw));
}

static int engine_err(struct query *q)
{
    return whole_record(q, q->d->errors.engine_valid, &q->d->errors.engine,
                        sizeof(q->d->errors.engine));
}

/* Mappings at the page fault. */
static int user_mappings(struct query *q)
{
    uint32_t n = q->d->errors.mappings, size = n * (uint32_t)sizeof(struct hl_user_mapping);

    if (!q->args->return_pointer)
        return -EINVAL;
    if (!q->d->errors.page_fault_valid)
        return 0;
    q->args->array_size = n;
    if (q->args->return_size < size)
        return -ENOMEM;
    return n ? q->env->copy_out(q->args->return_pointer, q->d->fault_mappings, size) : 0;
}

static int register_eventfd(struct query *q)
{
    int rc;

    if (q->f->eventfd)
        return -EINVAL;
    if ((int)q->args->eventfd < 0)
        return -EBADF;
    rc = q->env->eventfd(q->s, (uint32_t)(q->f - q->s->files), (int)q->args->eventfd);
    if (rc == 0)
        q->f->eventfd = true;
    return rc;
}

static int unregister_eventfd(struct query *q)
{
    if (!q->f->eventfd)
        return -EINVAL;
    q->f->eventfd = false;
    return q->env->eventfd(q->s, (uint32_t)(q->f - q->s->files), -1);
}

static int get_events(struct query *q)
{
    uint64_t mask = q->f->events;

    if (q->args->return_size < sizeof(mask) || !q->args->return_pointer)
        return -EINVAL;
    q->f->events = 0;
    return q->env->copy_out(q->args->return_pointer, &mask, sizeof(mask));
}

static int engine_status(struct query *q)
{
    uint32_t size = q->args->return_size;
    char text[8192] = "";
    size_t n;

    if (size < 1024 || size > HL_ENGINES_DATA_MAX_SIZE || !q->args->return_pointer)
        return -EINVAL;
    n = sim_engines_text((enum sim_asic_id)q->d->asic, sim_kernel(q->s)->short_records, at_work(q),
                         text, size < sizeof(text) ? size : sizeof(text));
    if (n > size)
        return -ENOMEM;
    q->args->user_buffer_actual_size = (uint32_t)n;
    return q->env->copy_out(q->args->return_pointer, text, n);
}

/* Attestation: without the vendor's certificate nothing can be signed. */
static int attestation(struct query *q)
{
    struct hl_info_sec_attest out = { .nonce = q->args->sec_attest_nonce };

    return give(q, &out, sizeof(out));
}

static int dev_signed(struct query *q)
{
    struct hl_info_signed out = { .nonce = q->args->sec_attest_nonce };

    return give(q, &out, sizeof(out));
}

/* HL_PASSTHROUGH_VERSIONS is sub-opcode 0; the buffer comes from the firmware's memory. */
static int fw_request(struct query *q)
{
    static const char versions[] = "sim";
    uint32_t size = q->args->return_size;

    if (q->args->fw_sub_opcode)
        return -EINVAL;
    if (size > 0x100000)
        return -EINVAL;
    if (!size)
        return -ENOMEM;
    return q->env->copy_out(q->args->return_pointer, versions,
                            size < sizeof(versions) ? size : sizeof(versions));
}

/* The die is an input; these devices have one. */
static int time_sync_per_die(struct query *q)
{
    struct hl_info_time_sync_per_die t = { 0 };
    size_t n = q->args->return_size < sizeof(t) ? q->args->return_size : sizeof(t);

    if (!n || !q->args->return_pointer)
        return -EINVAL;
    if (q->env->copy_in(&t, q->args->return_pointer, n))
        return -EFAULT;
    if (t.die_index)
        return -EINVAL;
    t.pad = 0;
    t.device_time = clock_ns(CLOCK_MONOTONIC_RAW);
    t.host_time = clock_ns(CLOCK_MONOTONIC_RAW);
#ifdef __x86_64__
    t.tsc_time = __builtin_ia32_rdtsc();
#endif
    return give(q, &t, sizeof(t));
}

/* The program reports to the firmware how much it uses. */
static int memory_consumption(struct query *q)
{
    struct hl_info_memory_consumption m;

    if (q->args->return_size != sizeof(m))
        return -EINVAL;
    if (q->env->copy_in(&m, q->args->return_pointer, sizeof(m)))
        return -EFAULT;
    return m.used_mem > q->d->used_memory ? -EINVAL : 0;
}

static int module_params(struct query *q)
{
    const struct sim_asic *a = q->a;
    struct hl_info_module_params p = {
        .tpc_mask = a->tpc_mask,
        .timeout_locked = 30,
        .reset_on_lockup = 1,
        .mmu_enable = 1,
        .mme_enable = a->mme_mask != 0,
        .dram_enable = 1,
        .cpu_enable = 1,
        .cpu_queues_enable = 1,
        .fw_loading = 1,
        .heartbeat = 1,
        .decoder_mask = a->decoder_mask,
        .rotator_mask = (uint32_t)a->rotator_mask,
    };

    return give(q, &p, sizeof(p));
}

/*
 * always: since which generation a query is answered while the device is not operational, too
 * (NEVER: by none).
 */
#define NEVER HL_GENERATION_COUNT
static const struct {
    int (*answer)(struct query *q);
    uint8_t always;
} queries[] = {
    [HL_INFO_HW_IP_INFO] = { hw_ip, 0 },
    [HL_INFO_HW_EVENTS] = { events_array, 0 },
    [HL_INFO_DRAM_USAGE] = { dram_usage, HL_GENERATION_ACCEL },
    [HL_INFO_HW_IDLE] = { hw_idle, NEVER },
    [HL_INFO_DEVICE_STATUS] = { device_status, 0 },
    [HL_INFO_DEVICE_UTILIZATION] = { utilization, NEVER },
    [HL_INFO_HW_EVENTS_AGGREGATE] = { events_array, 0 },
    [HL_INFO_CLK_RATE] = { clk_rate, NEVER },
    [HL_INFO_RESET_COUNT] = { reset_count, 0 },
    [HL_INFO_TIME_SYNC] = { time_sync, NEVER },
    [HL_INFO_CS_COUNTERS] = { cs_counters, 0 },
    [HL_INFO_PCI_COUNTERS] = { pci_counters, NEVER },
    [HL_INFO_CLK_THROTTLE_REASON] = { clk_throttle, 0 },
    [HL_INFO_SYNC_MANAGER] = { sync_manager, 0 },
    [HL_INFO_TOTAL_ENERGY] = { energy, NEVER },
    [HL_INFO_PLL_FREQUENCY] = { pll_frequency, NEVER },
    [HL_INFO_POWER] = { power, NEVER },
    [HL_INFO_OPEN_STATS] = { open_stats, 0 },
    [HL_INFO_DRAM_REPLACED_ROWS] = { replaced_rows, NEVER },
    [HL_INFO_DRAM_PENDING_ROWS] = { pending_rows, NEVER },
    [HL_INFO_LAST_ERR_OPEN_DEV_TIME] = { last_open, 0 },
    [HL_INFO_CS_TIMEOUT_EVENT] = { cs_timeout, 0 },
    [HL_INFO_RAZWI_EVENT] = { razwi, 0 },
    [HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES] = { page_sizes, 0 },
    [HL_INFO_SECURED_ATTESTATION] = { attestation, NEVER },
    [HL_INFO_REGISTER_EVENTFD] = { register_eventfd, NEVER },
    [HL_INFO_UNREGISTER_EVENTFD] = { unregister_eventfd, HL_GENERATION_ACCEL },
    [HL_INFO_GET_EVENTS] = { get_events, 0 },
    [HL_INFO_UNDEFINED_OPCODE_EVENT] = { undefined_opcode, 0 },
    [HL_INFO_ENGINE_STATUS] = { engine_status, NEVER },
    [HL_INFO_PAGE_FAULT_EVENT] = { page_fault, 0 },
    [HL_INFO_USER_MAPPINGS] = { user_mappings, 0 },
    [HL_INFO_FW_GENERIC_REQ] = { fw_request, NEVER },
    [HL_INFO_HW_ERR_EVENT] = { hw_err, 0 },
    [HL_INFO_FW_ERR_EVENT] = { fw_err, 0 },
    [HL_INFO_USER_ENGINE_ERR_EVENT] = { engine_err, 0 },
    [HL_INFO_TIME_SYNC_PER_DIE] = { time_sync_per_die, NEVER },
    [HL_INFO_DEV_SIGNED] = { dev_signed, NEVER },
    [HL_INFO_MEMORY_CONSUMPTION] = { memory_consumption, NEVER },
    [HL_INFO_MODULE_PARAMS] = { module_params, HL_GENERATION_VENDOR },
};

static bool eventfd_op(uint32_t op)
{
    return op == HL_INFO_REGISTER_EVENTFD || op == HL_INFO_UNREGISTER_EVENTFD ||
           op == HL_INFO_GET_EVENTS;
}

/* The library sends these two to every driver, to find out which one it is. */
static bool asks_generation(uint32_t op)
{
    return op == HL_INFO_MODULE_PARAMS || op == HL_INFO_PAGE_FAULT_EVENT;
}

/* Does this kernel have it?  Reports it where not. */
static bool knows(const struct sim_env *env, uint32_t op)
{
    bool named = op < sizeof(queries) / sizeof(queries[0]) && queries[op].answer;

    if (named && env->state->generation >= hl_query_since(op))
        return true;
    if (!asks_generation(op))
        env->complain(env->state,
                      !named ? "unknown INFO operation"
                      : hl_query_since(op) == HL_GENERATION_VENDOR
                          ? "INFO operation of the vendor's driver (--kernel vendor has it)"
                          : "INFO operation of a later kernel",
                      op);
    return false;
}

int sim_info(const struct sim_env *env, uint32_t file, struct hl_info_args *args)
{
    struct sim_state *s = env->state;
    struct query q = {
        .env = env,
        .s = s,
        .f = &s->files[file],
        .d = &s->devices[s->files[file].device],
        .args = args,
    };
    bool known;

    q.a = sim_asic_of(q.d);
    if (q.f->kind == SIM_FILE_PRIMARY)
        q.c = sim_context_of(s, file);
    else if (!sim_kernel(s)->control_events && eventfd_op(args->op))
        return -EOPNOTSUPP;
    if (args->pad && sim_kernel(s)->info_pad_is_0)
        return -EINVAL;
    known = knows(env, args->op);
    if (known && s->generation >= queries[args->op].always)
        return queries[args->op].answer(&q);
    if (!sim_device_operational(q.d))
        return -EBUSY;
    return known ? queries[args->op].answer(&q) : -EINVAL;
}
