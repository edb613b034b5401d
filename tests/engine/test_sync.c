/* SPDX-License-Identifier: MIT */
/* Sync objects, monitors, completion queues. */
#include "tests/engine/machine.h"

#include <string.h>

#define INC 0x80000000u

static const char *const asics[] = { "goya", "gaudi", "gaudi2" };

#define EACH(m)                                                                                    \
    for (unsigned a_ = 0; a_ < 3; a_++)                                                            \
        for (struct machine *m = machine_new(asics[a_], 0); m; machine_free(m), m = NULL)

static void set_sob(struct machine *m, unsigned i, uint32_t v)
{
    eng_reg_write(&m->e, eng_sob_offset(m->e.asic, 0, i), v);
}

/* The registers of monitor i that come before its arm register: their distance is its stride. */
static uint32_t mon_reg(struct machine *m, unsigned i, unsigned which)
{
    uint32_t arm = eng_mon_arm_offset(m->e.asic, 0, i);
    uint32_t stride = !strcmp(eng_chip(m->e.asic)->asic->name, "goya")    ? 0x400
                      : !strcmp(eng_chip(m->e.asic)->asic->name, "gaudi") ? 0x800
                                                                          : 0x2000;

    return arm - stride * (3 - which); /* 0 address low, 1 high, 2 data, 4 config */
}

static void payload(struct machine *m, unsigned mon, uint64_t addr, uint32_t data)
{
    eng_reg_write(&m->e, mon_reg(m, mon, 0), (uint32_t)addr);
    eng_reg_write(&m->e, mon_reg(m, mon, 1), (uint32_t)(addr >> 32));
    eng_reg_write(&m->e, mon_reg(m, mon, 2), data);
}

static void arm(struct machine *m, unsigned mon, unsigned sob_id, uint8_t watch, bool equal,
                uint32_t value)
{
    if (!strcmp(eng_chip(m->e.asic)->asic->name, "goya")) {
        /* one object, by its number */
        unsigned id = sob_id + (unsigned)__builtin_ctz(watch);

        eng_reg_write(&m->e, eng_mon_arm_offset(m->e.asic, 0, mon),
                      id | (uint32_t)equal << 15 | value << 16);
        return;
    }
    eng_reg_write(&m->e, eng_mon_arm_offset(m->e.asic, 0, mon),
                  ((sob_id / 8) & 0xFF) | (uint32_t)(uint8_t)~watch << 8 | (uint32_t)equal << 16 |
                      value << 17);
}

TEST(objects)
{
    EACH (m) {
        set_sob(m, 5, 10);
        assert_int_equal(sob(m, 5), 10);
        set_sob(m, 5, INC | 7);
        assert_int_equal(sob(m, 5), 17);
        set_sob(m, 5, 3);
        assert_int_equal(sob(m, 5), 3);
        assert_int_equal(sob(m, 4), 0);
        set_sob(m, 5, 0x7FFF);
        assert_int_equal(m->faults[ENG_FAULT_SOB_OVERFLOW], 0);
        set_sob(m, 5, INC | 2);
        assert_int_equal(sob(m, 5), 1);
        assert_int_equal(m->faults[ENG_FAULT_SOB_OVERFLOW], 1);
        eng_reset(&m->e);
        assert_int_equal(sob(m, 5), 0);
    }
}

TEST(negative)
{
    struct machine *m = machine_new("gaudi2", 0);

    set_sob(m, 9, 5);
    set_sob(m, 9, INC | 0xFFFF); /* -1, as the driver writes it */
    assert_int_equal(sob(m, 9), 4);
    assert_int_equal(m->faults[ENG_FAULT_SOB_OVERFLOW], 0);
    machine_free(m);
}

TEST(monitor)
{
    EACH (m) {
        uint32_t armed = eng_mon_arm_offset(m->e.asic, 0, 7);

        payload(m, 7, MEM_BASE + 0x100, 0xABCD);
        arm(m, 7, 16, 1, false, 3);
        assert_int_not_equal(eng_reg_read(&m->e, armed), 0);
        set_sob(m, 16, 2);
        set_sob(m, 17, 9); /* not watched */
        assert_int_equal(mem32(m, 0x100), 0);
        set_sob(m, 16, INC | 1);
        assert_int_equal(mem32(m, 0x100), 0xABCD);
        assert_int_equal(eng_reg_read(&m->e, armed), 0);
        /* fires once for each time that it is armed */
        memset(m->mem + 0x100, 0, 4);
        set_sob(m, 16, INC | 1);
        assert_int_equal(mem32(m, 0x100), 0);
        /* and at once when the condition already holds */
        arm(m, 7, 16, 1, false, 4);
        assert_int_equal(mem32(m, 0x100), 0xABCD);
        /* equal is not greater or equal */
        memset(m->mem + 0x100, 0, 4);
        arm(m, 7, 16, 1, true, 6);
        set_sob(m, 16, 7);
        assert_int_equal(mem32(m, 0x100), 0);
        set_sob(m, 16, 6);
        assert_int_equal(mem32(m, 0x100), 0xABCD);
    }
}

TEST(group)
{
    EACH (m) {
        if (a_ == 0)
            continue; /* Goya has no groups */
        payload(m, 3, MEM_BASE + 0x100, 1);
        arm(m, 3, 24, 0x83, false, 1); /* 24, 25 and 31 */
        set_sob(m, 24, 1);
        set_sob(m, 31, 1);
        assert_int_equal(mem32(m, 0x100), 0);
        set_sob(m, 25, 1);
        assert_int_equal(mem32(m, 0x100), 1);
    }
}

/* Goya: ten bits of a number, the mode, sixteen bits of the target; neighbours do not count. */
TEST(single)
{
    struct machine *m = machine_new("goya", 0);

    payload(m, 3, MEM_BASE + 0x100, 1);
    eng_reg_write(&m->e, eng_mon_arm_offset(m->e.asic, 0, 3), 1001 | 1u << 15 | 2u << 16);
    set_sob(m, 1000, 2);
    set_sob(m, 1001, 1);
    set_sob(m, 1001, 3);
    assert_int_equal(mem32(m, 0x100), 0);
    set_sob(m, 1001, 2);
    assert_int_equal(mem32(m, 0x100), 1);
    payload(m, 3, MEM_BASE + 0x104, 1);
    eng_reg_write(&m->e, eng_mon_arm_offset(m->e.asic, 0, 3), 1001 | 2u << 16);
    assert_int_equal(mem32(m, 0x104), 1); /* reached already */
    machine_free(m);
}

/* A monitor written to the registers past the engine counts as armed. */
TEST(armed_behind_its_back)
{
    EACH (m) {
        uint32_t x = a_ == 0 ? 8 | 1u << 16 : 1 | 0xFE00u | 1u << 17;

        payload(m, 9, MEM_BASE + 0x100, 5);
        memcpy(m->cfg + eng_mon_arm_offset(m->e.asic, 0, 9), &x, 4);
        set_sob(m, 8, INC | 1);
        assert_int_equal(mem32(m, 0x100), 5);
    }
}

/* Fence a queue on a sync object through a monitor: how programs wait. */
TEST(wait_for_object)
{
    EACH (m) {
        struct cb c = { .len = 0 };

        payload(m, 1, cfg_addr(m, eng_fence_offset(m->e.asic, 1, 0)), 1);
        arm(m, 1, 32, 1, false, 2);
        cb_fence(&c, 0, 1, 1);
        cb_msg(&c, MEM_BASE + 0x8000, 1, 0);
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(mem32(m, 0x8000), 0);
        set_sob(m, 32, INC | 1);
        eng_run(&m->e);
        assert_int_equal(mem32(m, 0x8000), 0);
        set_sob(m, 32, INC | 1);
        eng_run(&m->e);
        assert_int_equal(mem32(m, 0x8000), 1);
    }
}

static void config(struct machine *m, unsigned mon, uint32_t v)
{
    eng_reg_write(&m->e, mon_reg(m, mon, 4), v);
}

TEST(gaudi2_writes_and_groups)
{
    struct machine *m = machine_new("gaudi2", 0);

    /* three writes: payloads of three monitors in a row */
    for (unsigned i = 0; i < 3; i++)
        payload(m, 20 + i, MEM_BASE + 0x100 + 4 * i, 10 + i);
    config(m, 20, 2u << 5);
    arm(m, 20, 0, 1, false, 1);
    set_sob(m, 0, 1);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(mem32(m, 0x100 + 4 * i), 10 + i);
    /* groups above 255 take their top bits from the configuration */
    payload(m, 30, MEM_BASE + 0x200, 1);
    config(m, 30, 3u << 16);
    arm(m, 30, 8 * (0x300 + 5), 1, false, 1);
    set_sob(m, 8 * 5, 1);
    assert_int_equal(mem32(m, 0x200), 0);
    set_sob(m, 8 * 0x305, 1);
    assert_int_equal(mem32(m, 0x200), 1);
    machine_free(m);
}

TEST(gaudi2_long)
{
    struct machine *m = machine_new("gaudi2", 0);
    uint64_t target = 0x123456789ull;

    payload(m, 40, MEM_BASE + 0x100, 1);
    payload(m, 41, MEM_BASE + 0x104, 2);
    config(m, 40, 1 | 1u << 5);
    for (int i = 3; i >= 0; i--)
        arm(m, 40 + (unsigned)i, i ? 0 : 64, 0xFF, true, target >> 15 * i & 0x7FFF);
    set_sob(m, 64, 1u << 24 | 0x7FFF); /* sets one, clears three */
    assert_int_equal(sob(m, 64), 0x7FFF);
    set_sob(m, 64, INC | 1u << 24 | 1); /* carries over */
    assert_int_equal(sob(m, 64), 0);
    assert_int_equal(sob(m, 65), 1);
    assert_int_equal(mem32(m, 0x100), 0);
    for (unsigned i = 0; i < 4; i++)
        set_sob(m, 64 + i, target >> 15 * i & 0x7FFF);
    assert_int_equal(mem32(m, 0x100), 1);
    assert_int_equal(mem32(m, 0x104), 2);
    machine_free(m);
}

static void cq_reg(struct machine *m, uint32_t array, unsigned cq, uint32_t v)
{
    eng_reg_write(&m->e, 0x411E000 + array + 4 * cq, v);
}

TEST(gaudi2_cq)
{
    struct machine *m = machine_new("gaudi2", 0);

    cq_reg(m, 0x050, 5, (uint32_t)(MEM_BASE + 0x400));
    cq_reg(m, 0x150, 5, (uint32_t)(MEM_BASE >> 32));
    cq_reg(m, 0x250, 5, 4); /* 16 bytes: four entries */
    cq_reg(m, 0x550, 5, (uint32_t)DOORBELL);
    cq_reg(m, 0x650, 5, (uint32_t)(DOORBELL >> 32));
    cq_reg(m, 0x750, 5, 99);
    config(m, 50, 0x110); /* to a queue, with an interrupt */
    for (unsigned i = 0; i < 5; i++) {
        payload(m, 50, 5, 0x100 + i);
        arm(m, 50, 8, 1, false, i + 1);
        set_sob(m, 8, INC | 1);
    }
    assert_int_equal(m->irqs, 5);
    assert_int_equal(m->irq_value, 99);
    assert_int_equal(mem32(m, 0x400), 0x104); /* around the ring */
    assert_int_equal(mem32(m, 0x404), 0x101);
    assert_int_equal(mem32(m, 0x40C), 0x103);
    assert_int_equal(mem32(m, 0x410), 0);
    assert_int_equal(eng_reg_read(&m->e, 0x411E350 + 20), 5);
    /* the other mode: one 64-bit counter */
    cq_reg(m, 0x050, 6, (uint32_t)(MEM_BASE + 0x800));
    cq_reg(m, 0x150, 6, (uint32_t)(MEM_BASE >> 32));
    cq_reg(m, 0x250, 6, 3);
    cq_reg(m, 0x850, 6, 1);
    config(m, 51, 0x10);
    for (unsigned i = 0; i < 3; i++) {
        payload(m, 51, 6, 2);
        arm(m, 51, 16, 1, false, i + 1);
        set_sob(m, 16, INC | 1);
    }
    assert_int_equal(mem32(m, 0x800), 6);
    assert_int_equal(mem32(m, 0x808), 0);
    assert_int_equal(m->irqs, 5);
    machine_free(m);
}

/* Monitors that set off one another must not exhaust the stack. */
TEST(endless)
{
    EACH (m) {
        payload(m, 0, cfg_addr(m, eng_mon_arm_offset(m->e.asic, 0, 1)), 0xFE00);
        payload(m, 1, cfg_addr(m, eng_mon_arm_offset(m->e.asic, 0, 0)), 0xFE00);
        eng_reg_write(&m->e, eng_mon_arm_offset(m->e.asic, 0, 0), 0xFE00);
        set_sob(m, 0, 1);
        assert_int_equal(sob(m, 0), 1);
    }
}

TEST(bad_payload)
{
    EACH (m) {
        payload(m, 2, 0x10, 1);
        arm(m, 2, 0, 1, false, 1);
        set_sob(m, 0, 1);
        assert_int_equal(m->faults[ENG_FAULT_ADDRESS], 1);
        assert_null(m->last.queue);
        assert_int_equal(m->last.addr, 0x10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects),         cmocka_unit_test(negative),
        cmocka_unit_test(monitor),         cmocka_unit_test(group),
        cmocka_unit_test(single),          cmocka_unit_test(armed_behind_its_back),
        cmocka_unit_test(wait_for_object), cmocka_unit_test(gaudi2_writes_and_groups),
        cmocka_unit_test(gaudi2_long),     cmocka_unit_test(gaudi2_cq),
        cmocka_unit_test(endless),         cmocka_unit_test(bad_payload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
