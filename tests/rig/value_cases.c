/* SPDX-License-Identifier: MIT */
/* What INFO tells, as numbers, and how the numbers move when the device is used. */
#include "tests/rig/cases.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int ask(int fd, uint32_t op, void *data, uint32_t size, uint32_t extra)
{
    struct hl_info_args a = {
        .op = op, .return_pointer = (uintptr_t)data, .return_size = size, .dcore_id = extra
    };

    memset(data, 0, size);
    return request(fd, OP_INFO, &a);
}

static void properties(void)
{
    const struct hl_info_hw_ip_info *ip = &w.ip;

    say("ip sram %#llx + %#x", ip->sram_base_address, ip->sram_size);
    say("ip dram %#llx + %#llx page %#llx default %#llx", ip->dram_base_address, ip->dram_size,
        ip->dram_page_size, ip->device_mem_alloc_default_page_size);
    say("ip reserved dram %#llx", ip->reserved_dram_size);
    say("ip events %u", ip->num_of_events);
    say("ip device %#x module %u revision %u server %u", ip->device_id, ip->module_id,
        ip->revision_id, ip->server_type);
    say("ip decoders %#x edma %#x rotators %#x", ip->decoder_enabled_mask, ip->edma_enabled_mask,
        ip->rotator_enabled_mask);
    say("ip tpc %#x %#llx interrupt %u", ip->tpc_enabled_mask, ip->tpc_enabled_mask_ext,
        ip->tpc_interrupt_id);
    say("ip interrupts %u from %u", ip->number_of_user_interrupts,
        ip->first_available_interrupt_id);
    say("ip dram enabled %u security %u mme %u", ip->dram_enabled, ip->security_enabled,
        ip->mme_master_slave_mode);
    say("ip cpld %#x pll %u %u %u %u", ip->cpld_version, ip->psoc_pci_pll_nr, ip->psoc_pci_pll_nf,
        ip->psoc_pci_pll_od, ip->psoc_pci_pll_div_factor);
    say("ip engine core register %#llx", ip->engine_core_interrupt_reg_addr);
    say("ip reserved %u %u %llu %llu %llu %u %u %u", ip->reserved1, ip->reserved2, ip->reserved3,
        ip->reserved4, ip->reserved5, ip->reserved6, ip->reserved7, ip->reserved9);
}

/* All words that are not 0. */
static void words(const char *what, int fd, uint32_t op, uint32_t size, uint32_t extra)
{
    uint32_t data[2048] = { 0 };
    int rc = ask(fd, op, data, size, extra);
    char line[200] = "";
    size_t n = 0;

    for (unsigned i = 0; i < size / 4 && n < 150; i++)
        if (data[i])
            n += (size_t)snprintf(line + n, sizeof(line) - n, " %u:%#x", i, data[i]);
    say("%s -> %s%s", what, answer(rc), line);
}

static void usage(const char *when)
{
    struct hl_info_dram_usage u[2];
    int rc = ask(w.fd, HL_INFO_DRAM_USAGE, &u[0], sizeof(u[0]), 0),
        control = ask(w.control, HL_INFO_DRAM_USAGE, &u[1], sizeof(u[1]), 0);

    say("usage %s -> %s free %#llx own %#llx; control %s free %#llx own %#llx", when, answer(rc),
        u[0].dram_free_mem, u[0].ctx_dram_mem, answer(control), u[1].dram_free_mem,
        u[1].ctx_dram_mem);
}

static uint64_t alloc(uint64_t size)
{
    union hl_mem_args a = { .in = { .alloc = { .mem_size = size }, .op = HL_MEM_OP_ALLOC } };
    int rc = request(w.fd, OP_MEMORY, &a);

    say("alloc %#llx -> %s handle %llu", (unsigned long long)size, answer(rc),
        rc ? 0ull : a.out.handle);
    return rc ? 0 : a.out.handle;
}

static void give_back(uint64_t handle)
{
    union hl_mem_args a = { .in = { .free = { handle }, .op = HL_MEM_OP_FREE } };

    say("free %#llx -> %s", (unsigned long long)handle, answer(request(w.fd, OP_MEMORY, &a)));
}

static uint64_t map(uint64_t handle, uint64_t hint)
{
    union hl_mem_args a = { .in = { .map_device = { hint, handle }, .op = HL_MEM_OP_MAP } };
    int rc = request(w.fd, OP_MEMORY, &a);

    say("map %llu hint %#llx -> %s %#llx", (unsigned long long)handle, (unsigned long long)hint,
        answer(rc), rc ? 0ull : a.out.device_virt_addr);
    return rc ? 0 : a.out.device_virt_addr;
}

static uint64_t map_host(uint64_t offset, uint64_t size, uint64_t hint)
{
    union hl_mem_args a = { .in = { .map_host = { (uintptr_t)w.host + offset, hint, size },
                                    .op = HL_MEM_OP_MAP,
                                    .flags = HL_MEM_USERPTR } };
    int rc = request(w.fd, OP_MEMORY, &a);

    say("map host +%#llx size %#llx hint %#llx -> %s %#llx", (unsigned long long)offset,
        (unsigned long long)size, (unsigned long long)hint, answer(rc),
        rc ? 0ull : a.out.device_virt_addr);
    return rc ? 0 : a.out.device_virt_addr;
}

static void unmap(uint64_t va)
{
    union hl_mem_args a = { .in = { .unmap = { va }, .op = HL_MEM_OP_UNMAP } };

    say("unmap %#llx -> %s", (unsigned long long)va, answer(request(w.fd, OP_MEMORY, &a)));
}

/* Free bytes, own bytes, handles and addresses, step by step. */
static void accounting(void)
{
    const uint64_t page = w.ip.dram_page_size;
    uint64_t h[4], va[3];

    usage("fresh");
    for (unsigned i = 0; i < 4; i++) {
        h[i] = alloc(i == 3 ? 2 * page + 1 : 1 + i * 4096);
        usage("after alloc");
    }
    va[0] = map(h[1], 0);
    va[1] = map(h[1], 0);
    va[2] = map(h[3], 0);
    give_back(h[1]);
    unmap(va[0]);
    give_back(h[1]);
    unmap(va[1]);
    unmap(va[2]);
    usage("after unmap");
    give_back(h[1]);
    usage("after free");
    give_back(h[1]);
    usage("after a second free");
    h[1] = alloc(page);
    usage("after alloc again");
    map(h[1], va[0]);
    give_back(h[0]);
    give_back(h[2]);
    give_back(4096);
    usage("after free of 4096");
    give_back(h[3]);
    usage("at the end");
    state_again();
    usage("reopened");
    h[0] = alloc(w.ip.dram_size);
    usage("with all of it");
    h[1] = alloc(1);
    usage("with a byte more");
    h[2] = alloc(w.ip.dram_size * 2);
    give_back(h[0]);
    usage("given back");
    h[0] = alloc(w.ip.dram_size - page);
    h[1] = alloc(page);
    usage("in two pieces");
    state_again();
    usage("reopened again");
}

static void host_addresses(void)
{
    uint64_t a = map_host(0, 4096, 0), b = map_host(4096, 8192, 0), c;

    unmap(a);
    c = map_host(0, 4096, 0);
    unmap(c);
    unmap(b);
    a = map_host(5, 4096, 0);
    unmap(a & ~0xfffull);
    unmap(a);
    a = map_host(0, (2 << 20) - 4096, 0);
    b = map_host(4096, 4096, a);
    unmap(a);
    unmap(b);
    a = map_host(0, 4096, 0x100000);
    unmap(a);
    b = map_host(0, 4096, 0);
    unmap(b);
    unmap(b);
    c = map_host(7, 4096, b);
    unmap(c);
}

static void opens(const char *when)
{
    struct hl_open_stats_info o;
    int rc = ask(w.control, HL_INFO_OPEN_STATS, &o, sizeof(o), 0);
    static uint64_t first;

    if (!first)
        first = o.open_counter;
    say("opens %s -> %s counter +%llu active %u release %u", when, answer(rc),
        o.open_counter - first, o.is_compute_ctx_active, o.compute_ctx_in_release);
}

static void open_counts(void)
{
    opens("open");
    state_leave();
    usleep(300000);
    opens("closed");
    world_open();
    opens("open again");
    state_leave();
    world_open();
    opens("and again");
    w.dirty = true;
}

void value_cases(void)
{
    char name[40];

    properties();
    for (uint32_t dcore = 0; dcore < 9; dcore++) {
        snprintf(name, sizeof(name), "sync manager %u", dcore);
        words(name, w.fd, HL_INFO_SYNC_MANAGER, sizeof(struct hl_info_sync_manager), dcore);
    }
    /* how many there are is the firmware's to say */
    for (uint32_t pll = 0; pll < 7; pll++) {
        struct hl_pll_frequency_info f;

        say("pll %u -> %s", pll, answer(ask(w.fd, HL_INFO_PLL_FREQUENCY, &f, sizeof(f), pll)));
    }
    words("idle", w.fd, HL_INFO_HW_IDLE, sizeof(struct hl_info_hw_idle), 0);
    words("status", w.fd, HL_INFO_DEVICE_STATUS, sizeof(struct hl_info_device_status), 0);
    words("resets", w.fd, HL_INFO_RESET_COUNT, sizeof(struct hl_info_reset_count), 0);
    words("counters", w.fd, HL_INFO_CS_COUNTERS, sizeof(struct hl_info_cs_counters), 0);
    words("throttle", w.fd, HL_INFO_CLK_THROTTLE_REASON, sizeof(struct hl_info_clk_throttle), 0);
    words("rows", w.fd, HL_INFO_DRAM_REPLACED_ROWS, 264, 0);
    words("pending rows", w.fd, HL_INFO_DRAM_PENDING_ROWS, 8, 0);
    words("page sizes", w.fd, HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES, 8, 0);
    words("events", w.fd, HL_INFO_GET_EVENTS, 8, 0);
    words("cs timeout", w.fd, HL_INFO_CS_TIMEOUT_EVENT, 16, 0);
    words("undefined opcode", w.fd, HL_INFO_UNDEFINED_OPCODE_EVENT, 288, 0);
    words("razwi", w.fd, HL_INFO_RAZWI_EVENT, 280, 0);
    for (uint32_t period = 0; period < 1100; period = period ? period * 10 : 1) {
        struct hl_info_device_utilization u;

        say("utilization over %u -> %s", period,
            answer(ask(w.fd, HL_INFO_DEVICE_UTILIZATION, &u, sizeof(u), period)));
    }
    accounting();
    host_addresses();
    open_counts();
}
