/* SPDX-License-Identifier: MIT */
/* Waits for interrupts: numbers, places, targets. No interrupt comes: they look once, or time out.
 */
#include "tests/rig/cases.h"

#include <string.h>
#include <sys/mman.h>

static void wait_at(const char *what, uint32_t id, uint64_t at, uint64_t target, uint64_t us,
                    uint32_t flags)
{
    union hl_wait_cs_args a = { .in = { .addr = at,
                                        .target = target,
                                        .interrupt_timeout_us = us,
                                        .flags = HL_WAIT_CS_FLAGS_INTERRUPT | flags | id << 20 } };
    int rc = run_case(w.fd, OP_WAIT, &a, sizeof(a), "interrupt %u %s target %llu us %llu flags %#x",
                      id, what, (unsigned long long)target, (unsigned long long)us, flags);

    w.dirty = false;
    if (!rc)
        say("status %u flags %#x timestamp %d", a.out.status, a.out.flags,
            a.out.timestamp_nsec != 0);
}

static void addresses(void)
{
    static const uint32_t ids[] = { 0,   1,   9,   10,  47,  48,  49,   111,   112,   127,
                                    128, 255, 256, 257, 511, 512, 1000, 0xFFD, 0xFFE, 0xFFF };
    uint64_t *counter = (uint64_t *)(void *)w.host;

    *counter = 5;
    for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        wait_at("reached", ids[i], (uintptr_t)counter, 5, 0, 0);
        wait_at("passed", ids[i], (uintptr_t)counter, 1, 1000, 0);
        wait_at("not reached", ids[i], (uintptr_t)counter, 6, 0, 0);
        wait_at("not reached", ids[i], (uintptr_t)counter, 6, 1000, 0);
        wait_at("at NULL", ids[i], 0, 1, 0, 0);
        wait_at("at a bad address", ids[i], 8, 1, 1000, 0);
    }
    wait_at("at an odd address", w.ip.first_available_interrupt_id, (uintptr_t)counter + 1, 0, 0,
            0);
    wait_at("with pads", w.ip.first_available_interrupt_id, (uintptr_t)counter, 5, 0, 0x40);
    *counter = 0;
}

/* The timestamp @at of @ts is for counter 1 of @cb to reach @target. */
static union hl_wait_cs_args registration(uint64_t cb, uint64_t ts, uint64_t at, uint64_t target)
{
    const uint32_t id = w.ip.first_available_interrupt_id; /* 0xffff << 20 is no int */

    return (union hl_wait_cs_args){
        .in = { .cq_counters_handle = cb,
                .cq_counters_offset = 1,
                .target = target,
                .timestamp_handle = ts,
                .timestamp_offset = at,
                .flags = HL_WAIT_CS_FLAGS_INTERRUPT | HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ |
                         HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT | id << 20 }
    };
}

/* Counters in a buffer of the driver, and timestamps that it writes. */
static void kernel_counters(void)
{
    uint32_t id = w.ip.first_available_interrupt_id;
    union hl_mem_args m = { .in = { .op = HL_MEM_OP_TS_ALLOC, .num_of_elements = 16 } };
    union hl_cb_args b = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 4096 } };
    uint64_t ts, cb;
    uint64_t *p;

    if (request(w.fd, OP_MEMORY, &m) || request(w.fd, OP_CB, &b))
        return;
    ts = m.out.handle;
    cb = b.out.cb_handle;
    p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)cb);
    if (p == MAP_FAILED)
        return;
    p[1] = 7;
    {
        const struct value handles[] = { { "cb", cb }, { "0", 0 }, { "bad", 0xdead000 } };
        /* not -1: read from before the buffer (docs/upstream-defects.md) */
        const struct value offsets[] = {
            { "0", 0 }, { "1", 1 }, { "511", 511 }, { "512", 512 }, { "1<<40", 1ull << 40 }
        };

        FOR_EACH(h, handles)
        FOR_EACH(o, offsets)
        for (uint64_t target = 0; target < 9; target += 7) {
            union hl_wait_cs_args a = { .in = { .cq_counters_handle = h->n,
                                                .cq_counters_offset = o->n,
                                                .target = target,
                                                .flags = HL_WAIT_CS_FLAGS_INTERRUPT |
                                                         HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ |
                                                         id << 20 } };
            int rc = run_case(w.fd, OP_WAIT, &a, sizeof(a),
                              "kernel counter %s offset %s"
                              " target %llu",
                              h->name, o->name, (unsigned long long)target);

            w.dirty = false;
            if (!rc)
                say("status %u flags %#x timestamp %d", a.out.status, a.out.flags,
                    a.out.timestamp_nsec != 0);
        }
    }
    /* 6.1 frees what it does not own when a place is registered twice (docs/upstream-defects.md) */
    if (!w.old) {
        const struct value handles[] = { { "ts", ts }, { "0", 0 }, { "bad", 0xdead000 } };
        /* not -1: written before the buffer, which crashes kernels */
        const struct value offsets[] = {
            { "0", 0 }, { "15", 15 }, { "16", 16 }, { "1<<40", 1ull << 40 }
        };

        FOR_EACH(h, handles)
        FOR_EACH(o, offsets)
        for (uint64_t target = 0; target < 9; target += 7) {
            union hl_wait_cs_args a = registration(cb, h->n, o->n, target + 1);
            int rc = run_case(w.fd, OP_WAIT, &a, sizeof(a),
                              "registered at %s offset %s"
                              " target %llu",
                              h->name, o->name, (unsigned long long)target + 1);

            w.dirty = false;
            if (!rc)
                say("status %u flags %#x timestamp %d", a.out.status, a.out.flags,
                    a.out.timestamp_nsec != 0);
        }
        /* a registration that outlives its buffer crashes kernels (docs/upstream-defects.md):
         * one that is reached takes the place of the one that waits there */
        FOR_EACH(o, offsets)
        {
            union hl_wait_cs_args a = registration(cb, ts, o->n, 1);

            request(w.fd, OP_WAIT, &a);
        }
    }
    munmap(p, 4096);
    w.dirty = true;
}

void interrupt_cases(void)
{
    addresses();
    kernel_counters();
}
