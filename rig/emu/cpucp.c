/* SPDX-License-Identifier: MIT */
/* The firmware's side of the CPU queue: CPUCP packets (struct cpucp_packet, cpucp_if.h). */
#include "rig/emu/emu.h"
#include <string.h>

#define MAX_ENTRIES 65536u /* the driver provides 4096 bytes */

static void put32(uint8_t *p, uint32_t x)
{
    memcpy(p, &x, 4);
}
static void put64(uint8_t *p, uint64_t x)
{
    memcpy(p, &x, 8);
}

static void cpucp_info(struct emu *e, uint64_t addr, uint32_t max)
{
    static uint8_t info[4096];

    memset(info, 0, sizeof(info));
    put32(info, 1); /* at least one sensor: temperature */
    put32(info + 4, 2);
    strcpy((char *)info + 1024, "Linux fw-0.0.0-rig ");
    put32(info + 1156, 0); /* card type: PCI */
    strcpy((char *)info + 1172, "rig-fuse");
    strcpy((char *)info + 1300, "rig-thermal");
    strcpy((char *)info + 1428, "0.0.0-rig");
    put64(info + 1560, e->chip->memory_size);
    strcpy((char *)info + 1568, "HLRIG");
    emu_copy(e, e->cpu_mmu ? 0 : -1, addr, info, max < sizeof(info) ? max : sizeof(info), true);
}

/* Readings that are the same on every ASIC: what a GET packet answers. */
static const struct {
    unsigned op;
    uint64_t value;
} readings[] = {
    { 3, 42000 },                  /* TEMPERATURE_GET, in millidegrees */
    { 10, 50000000 },              /* FREQUENCY_GET */
    { 19, 50000000 },              /* FREQUENCY_CURR_GET */
    { 20, 200000 },                /* MAX_POWER_GET */
    { 30, 0x0032003200320032ull }, /* PLL_INFO_GET: four of MHz */
};

/* The result of a packet with the value val. */
static uint64_t answer(struct emu *e, unsigned op, uint64_t val, uint32_t arg)
{
    char text[] = "rig";
    uint32_t n = arg < sizeof(text) ? arg : sizeof(text);

    switch (op) {
    case 18: /* TEST: the value comes back as the result */
    case 8:
    case 9:
    case 11:
    case 21: /* SET packets */
        return val;
    case 14: /* INFO_GET: into the buffer */
        cpucp_info(e, val, arg);
        return 0;
    case 56: /* GENERIC_PASSTHROUGH: text into the buffer, the result is its length */
        emu_copy(e, e->cpu_mmu ? 0 : -1, val, text, n, true);
        return n;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++)
        if (readings[i].op == op)
            return readings[i].value;
    return 0;
}

static void cpucp_packet(struct emu *e, uint64_t addr, uint32_t len)
{
    int asid = e->cpu_mmu ? 0 : -1;
    uint8_t pkt[32] = { 0 };
    uint64_t val, request;
    uint32_t ctl, arg;
    unsigned op;

    if (len > sizeof(pkt))
        len = sizeof(pkt);
    if (emu_copy(e, asid, addr, pkt, len, false) < 0)
        return;
    memcpy(&val, pkt, 8);
    request = val;
    memcpy(&ctl, pkt + 8, 4);
    memcpy(&arg, pkt + 16, 4);
    op = (ctl >> 16) & 0x1fff;
    e->ncpucp++;
    emu_log(e, "CPUCP packet %u len %u value %#llx arg %#x", op, len, (unsigned long long)val, arg);
    if (e->mute_all || (op < 64 && e->mute[op])) {
        emu_log(e, "no answer, on request");
        return;
    }
    val = answer(e, op, val, arg);
    if (e->a->cpucp)
        e->a->cpucp(e, op, request);
    emu_copy(e, asid, addr, &val, 8, true);
    arg = FENCE_VAL;
    emu_copy(e, asid, addr + 12, &arg, 4, true);
}

void emu_run_cpu(struct emu *e, uint64_t pq, uint32_t bytes, uint32_t pi)
{
    uint32_t entries = bytes / 16;

    if (!entries || (entries & (entries - 1)) || entries > MAX_ENTRIES) {
        emu_log(e, "a CPU queue of %u bytes", bytes);
        return;
    }
    /* both wrap at twice the ring's length, whatever was written */
    pi &= 2 * entries - 1;
    e->cpu_ci &= 2 * entries - 1;
    while (e->cpu_ci != pi) {
        struct {
            uint64_t ptr;
            uint32_t len, ctl;
        } bd;

        if (emu_copy(e, e->cpu_mmu ? 0 : -1, pq + 16ull * (e->cpu_ci & (entries - 1)), &bd, 16,
                     false) < 0)
            return;
        e->cpu_ci = (e->cpu_ci + 1) & (2 * entries - 1);
        cpucp_packet(e, bd.ptr, bd.len);
    }
}
