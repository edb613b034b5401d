/* SPDX-License-Identifier: MIT */
/* Calls as a line of text, the way strace shows them. */
#include "sim/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/model/model.h"

int64_t sim_trace_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void sim_trace_put(struct sim_state *s, const struct sim_trace_record *r)
{
    struct sim_trace *t = &s->trace;

    for (unsigned n = 0; t->head - __atomic_load_n(&t->tail, __ATOMIC_ACQUIRE) >= SIM_TRACE_RING;
         n++) {
        struct timespec ms = { 0, 1000000 };

        if (n == 2000)
            return; /* no reader any more */
        nanosleep(&ms, NULL);
    }
    t->ring[t->head % SIM_TRACE_RING] = *r;
    __atomic_store_n(&t->head, t->head + 1, __ATOMIC_RELEASE);
}

void sim_trace_event(struct sim_state *s, uint32_t device, const char *format, ...)
{
    struct sim_trace_record r = { .kind = SIM_TRACE_EVENT, .device = device };
    va_list ap;

    if (!s->trace.on)
        return;
    r.begin_ns = r.end_ns = sim_trace_now();
    va_start(ap, format);
    vsnprintf(r.text, sizeof(r.text), format, ap);
    va_end(ap);
    sim_trace_put(s, &r);
}

struct text {
    char *at;
    size_t left;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *format, ...)
{
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(t->at, t->left, format, ap);
    va_end(ap);
    if (n < 0)
        return;
    if ((size_t)n >= t->left)
        n = (int)t->left - 1;
    t->at += n;
    t->left -= (size_t)n;
}

struct flag {
    uint64_t bit;
    const char *name;
};

static void flags(struct text *t, uint64_t value, const struct flag *names, size_t n)
{
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        if (!(value & names[i].bit))
            continue;
        put(t, "%s%s", any ? "|" : "", names[i].name);
        value &= ~names[i].bit;
        any = true;
    }
    if (value || !any)
        put(t, "%s%#" PRIx64, any ? "|" : "", value);
}

#define FLAGS(t, value, names) flags(t, value, names, sizeof(names) / sizeof(names[0]))

static const char *const info_names[] = {
    [HL_INFO_HW_IP_INFO] = "HW_IP",
    [HL_INFO_HW_EVENTS] = "HW_EVENTS",
    [HL_INFO_DRAM_USAGE] = "DRAM_USAGE",
    [HL_INFO_HW_IDLE] = "HW_IDLE",
    [HL_INFO_DEVICE_STATUS] = "DEVICE_STATUS",
    [HL_INFO_DEVICE_UTILIZATION] = "UTILIZATION",
    [HL_INFO_HW_EVENTS_AGGREGATE] = "HW_EVENTS_AGGREGATE",
    [HL_INFO_CLK_RATE] = "CLK_RATE",
    [HL_INFO_RESET_COUNT] = "RESET_COUNT",
    [HL_INFO_TIME_SYNC] = "TIME_SYNC",
    [HL_INFO_CS_COUNTERS] = "CS_COUNTERS",
    [HL_INFO_PCI_COUNTERS] = "PCI_COUNTERS",
    [HL_INFO_CLK_THROTTLE_REASON] = "CLK_THROTTLE",
    [HL_INFO_SYNC_MANAGER] = "SYNC_MANAGER",
    [HL_INFO_TOTAL_ENERGY] = "TOTAL_ENERGY",
    [HL_INFO_PLL_FREQUENCY] = "PLL_FREQUENCY",
    [HL_INFO_POWER] = "POWER",
    [HL_INFO_OPEN_STATS] = "OPEN_STATS",
    [HL_INFO_DRAM_REPLACED_ROWS] = "DRAM_REPLACED_ROWS",
    [HL_INFO_DRAM_PENDING_ROWS] = "DRAM_PENDING_ROWS",
    [HL_INFO_LAST_ERR_OPEN_DEV_TIME] = "LAST_ERR_OPEN_DEV_TIME",
    [HL_INFO_CS_TIMEOUT_EVENT] = "CS_TIMEOUT_EVENT",
    [HL_INFO_RAZWI_EVENT] = "RAZWI_EVENT",
    [HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES] = "PAGE_SIZES",
    [HL_INFO_SECURED_ATTESTATION] = "SECURED_ATTESTATION",
    [HL_INFO_REGISTER_EVENTFD] = "REGISTER_EVENTFD",
    [HL_INFO_UNREGISTER_EVENTFD] = "UNREGISTER_EVENTFD",
    [HL_INFO_GET_EVENTS] = "GET_EVENTS",
    [HL_INFO_UNDEFINED_OPCODE_EVENT] = "UNDEFINED_OPCODE_EVENT",
    [HL_INFO_ENGINE_STATUS] = "ENGINE_STATUS",
    [HL_INFO_PAGE_FAULT_EVENT] = "PAGE_FAULT_EVENT",
    [HL_INFO_USER_MAPPINGS] = "USER_MAPPINGS",
    [HL_INFO_FW_GENERIC_REQ] = "FW_GENERIC_REQ",
    [HL_INFO_HW_ERR_EVENT] = "HW_ERR_EVENT",
    [HL_INFO_FW_ERR_EVENT] = "FW_ERR_EVENT",
    [HL_INFO_USER_ENGINE_ERR_EVENT] = "USER_ENGINE_ERR_EVENT",
};

static void info(struct text *t, const struct hl_info_args *a)
{
    const char *name =
        a->op < sizeof(info_names) / sizeof(info_names[0]) ? info_names[a->op] : NULL;

    if (name)
        put(t, "INFO %s", name);
    else
        put(t, "INFO op %u", a->op);
    put(t, " %u bytes", a->return_size);
}

static void cb(struct text *t, const union hl_cb_args *a, const union hl_cb_args *o)
{
    switch (a->in.op) {
    case HL_CB_OP_CREATE:
        put(t, "CB CREATE %u bytes%s -> handle %#" PRIx64, a->in.cb_size,
            a->in.flags & HL_CB_FLAGS_MAP ? " MAP" : "", (uint64_t)o->out.cb_handle);
        break;
    case HL_CB_OP_DESTROY:
        put(t, "CB DESTROY handle %#" PRIx64, (uint64_t)a->in.cb_handle);
        break;
    case HL_CB_OP_INFO:
        put(t, "CB INFO handle %#" PRIx64, (uint64_t)a->in.cb_handle);
        break;
    default:
        put(t, "CB op %u", a->in.op);
        break;
    }
}

static void cs(struct text *t, const union hl_cs_args *a, const union hl_cs_args *o, int rc)
{
    static const struct flag names[] = {
        { HL_CS_FLAGS_FORCE_RESTORE, "FORCE_RESTORE" },
        { HL_CS_FLAGS_SIGNAL, "SIGNAL" },
        { HL_CS_FLAGS_WAIT, "WAIT" },
        { HL_CS_FLAGS_COLLECTIVE_WAIT, "COLLECTIVE_WAIT" },
        { HL_CS_FLAGS_TIMESTAMP, "TIMESTAMP" },
        { HL_CS_FLAGS_STAGED_SUBMISSION, "STAGED" },
        { HL_CS_FLAGS_STAGED_SUBMISSION_FIRST, "FIRST" },
        { HL_CS_FLAGS_STAGED_SUBMISSION_LAST, "LAST" },
        { HL_CS_FLAGS_CUSTOM_TIMEOUT, "CUSTOM_TIMEOUT" },
        { HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT, "SKIP_RESET" },
        { HL_CS_FLAGS_ENCAP_SIGNALS, "ENCAP_SIGNALS" },
        { HL_CS_FLAGS_RESERVE_SIGNALS_ONLY, "RESERVE_SIGNALS" },
        { HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY, "UNRESERVE_SIGNALS" },
        { HL_CS_FLAGS_ENGINE_CORE_COMMAND, "ENGINE_CORE" },
        { HL_CS_FLAGS_ENGINES_COMMAND, "ENGINES" },
        { HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES, "FLUSH_PCI_HBW_WRITES" },
    };

    put(t, "CS ");
    FLAGS(t, a->in.cs_flags, names);
    if (a->in.cs_flags & HL_CS_FLAGS_RESERVE_SIGNALS_ONLY) {
        put(t, " queue %u count %u -> handle %u", a->in.encaps_signals_q_idx,
            a->in.encaps_signals_count, rc ? 0 : o->out.handle_id);
        return;
    }
    put(t, ", %u chunks", a->in.num_chunks_execute);
    if (!rc)
        put(t, " -> seq %" PRIu64, (uint64_t)o->out.seq);
}

static void wait(struct text *t, const union hl_wait_cs_args *a, const union hl_wait_cs_args *o,
                 int rc)
{
    static const char *const status[] = { "COMPLETED", "BUSY", "TIMEDOUT", "ABORTED" };
    static const struct flag names[] = {
        { HL_WAIT_CS_STATUS_FLAG_GONE, "GONE" },
        { HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD, "TIMESTAMP" },
    };

    if (a->in.flags & HL_WAIT_CS_FLAGS_INTERRUPT)
        put(t, "WAIT interrupt %u%s target %" PRIu64 " timeout %" PRIu64 " us", a->in.flags >> 20,
            a->in.flags & HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT ? " register" : "",
            (uint64_t)a->in.target, (uint64_t)a->in.interrupt_timeout_us);
    else if (a->in.flags & HL_WAIT_CS_FLAGS_MULTI_CS)
        put(t, "WAIT first of %u timeout %" PRIu64 " us", a->in.seq_arr_len,
            (uint64_t)a->in.timeout_us);
    else
        put(t, "WAIT seq %" PRIu64 " timeout %" PRIu64 " us", (uint64_t)a->in.seq,
            (uint64_t)a->in.timeout_us);
    if (rc)
        return;
    put(t, " -> %s", o->out.status < 4 ? status[o->out.status] : "?");
    if (a->in.flags & HL_WAIT_CS_FLAGS_MULTI_CS)
        put(t, " map %#x", o->out.cs_completion_map);
    if (o->out.flags) {
        put(t, " ");
        FLAGS(t, o->out.flags, names);
    }
}

static void memory(struct text *t, const union hl_mem_args *a, const union hl_mem_args *o, int rc)
{
    static const struct flag names[] = {
        { HL_MEM_CONTIGUOUS, "CONTIGUOUS" },
        { HL_MEM_SHARED, "SHARED" },
        { HL_MEM_USERPTR, "USERPTR" },
        { HL_MEM_FORCE_HINT, "FORCE_HINT" },
        { HL_MEM_ODP, "ODP" },
    };
    const struct hl_mem_in *in = &a->in;

    switch (in->op) {
    case HL_MEM_OP_ALLOC:
        put(t, "MEMORY ALLOC %" PRIu64 " bytes ", (uint64_t)in->alloc.mem_size);
        FLAGS(t, in->flags, names);
        if (!rc)
            put(t, " -> handle %" PRIu64, (uint64_t)o->out.handle);
        break;
    case HL_MEM_OP_FREE:
        put(t, "MEMORY FREE handle %" PRIu64, (uint64_t)in->free.handle);
        break;
    case HL_MEM_OP_MAP:
        if (in->flags & HL_MEM_USERPTR)
            put(t, "MEMORY MAP host %#" PRIx64 " %" PRIu64 " bytes ",
                (uint64_t)in->map_host.host_virt_addr, (uint64_t)in->map_host.mem_size);
        else
            put(t, "MEMORY MAP handle %" PRIu64 " ", (uint64_t)in->map_device.handle);
        FLAGS(t, in->flags, names);
        if (!rc)
            put(t, " -> %#" PRIx64, (uint64_t)o->out.device_virt_addr);
        break;
    case HL_MEM_OP_UNMAP:
        put(t, "MEMORY UNMAP %#" PRIx64, (uint64_t)in->unmap.device_virt_addr);
        break;
    case HL_MEM_OP_MAP_BLOCK:
        put(t, "MEMORY MAP_BLOCK %#" PRIx64, (uint64_t)in->map_block.block_addr);
        break;
    case HL_MEM_OP_EXPORT_DMABUF_FD:
        put(t, "MEMORY EXPORT %#" PRIx64 " + %" PRIu64 ", %" PRIu64 " bytes, flags %#x",
            (uint64_t)in->export_dmabuf_fd.addr, (uint64_t)in->export_dmabuf_fd.offset,
            (uint64_t)in->export_dmabuf_fd.mem_size, in->flags);
        if (!rc)
            put(t, " -> fd %d", o->out.fd);
        break;
    case HL_MEM_OP_REG_DMABUF_FD:
        put(t, "MEMORY IMPORT fd %d, %" PRIu64 " bytes", (int)in->reg_dmabuf_fd.fd,
            (uint64_t)in->reg_dmabuf_fd.length);
        if (!rc)
            put(t, " -> %#" PRIx64, (uint64_t)o->out.device_virt_addr);
        break;
    case HL_MEM_OP_TS_ALLOC:
        put(t, "MEMORY TS_ALLOC %u", in->num_of_elements);
        break;
    default:
        put(t, "MEMORY op %u", in->op);
        break;
    }
}

static void debug(struct text *t, const struct hl_debug_args *a)
{
    static const char *const names[] = { "ETR",  "ETF",       "STM",      "FUNNEL",      "BMON",
                                         "SPMU", "TIMESTAMP", "SET_MODE", "FETCH_TRACE", "DIO" };

    if (a->op < sizeof(names) / sizeof(names[0]))
        put(t, "DEBUG %s", names[a->op]);
    else
        put(t, "DEBUG op %u", a->op);
    put(t, " unit %u %s", a->reg_idx, a->enable ? "on" : "off");
}

void sim_trace_call(const struct sim_env *env, uint32_t device, unsigned operation,
                    const void *before, const void *after, int rc, int64_t begin_ns)
{
    struct sim_trace_record r = {
        .kind = SIM_TRACE_CALL,
        .begin_ns = begin_ns,
        .end_ns = sim_trace_now(),
        .pid = env->pid,
        .tid = env->tid,
        .device = device,
        .rc = rc,
    };
    struct text t = { r.text, sizeof(r.text) };

    switch (operation) {
    case 0:
        info(&t, before);
        break;
    case 1:
        cb(&t, before, after);
        break;
    case 2:
        cs(&t, before, after, rc);
        break;
    case 3:
        wait(&t, before, after, rc);
        break;
    case 4:
        memory(&t, before, after, rc);
        break;
    default:
        debug(&t, before);
        break;
    }
    sim_trace_put(env->state, &r);
}
