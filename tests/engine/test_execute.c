/* SPDX-License-Identifier: MIT */
/* Packets at work, on every ASIC. */
#include "tests/engine/machine.h"

#include <stdio.h>
#include <string.h>

static const char *const asics[] = { "goya", "gaudi", "gaudi2" };

#define EACH(m)                                                                                    \
    for (unsigned a_ = 0; a_ < 3; a_++)                                                            \
        for (struct machine *m = machine_new(asics[a_], 0); m; machine_free(m), m = NULL)
#define NAME asics[a_]

TEST(dma)
{
    EACH (m) {
        struct cb c = { .len = 0 };

        for (unsigned i = 0; i < 4096; i++)
            m->mem[0x10000 + i] = (uint8_t)(i * 7);
        cb_dma(&c, NAME, MEM_BASE + 0x10000, MEM_BASE + 0x20001, 4093, false, false);
        cb_dma(&c, NAME, 0x1122334455667788, MEM_BASE + 0x30000, 20, true, false);
        push(m, 1, &c, 0, 77);
        eng_run(&m->e);
        assert_int_equal(m->done, 1);
        assert_int_equal(m->cookie, 77);
        assert_memory_equal(m->mem + 0x10000, m->mem + 0x20001, 4093);
        assert_int_equal(m->mem[0x20001 + 4093], 0);
        assert_int_equal(mem32(m, 0x30000), 0x55667788);
        assert_int_equal(mem32(m, 0x3000C), 0x11223344);
        assert_int_equal(mem32(m, 0x30010), 0x55667788);
        assert_int_equal(mem32(m, 0x30014), 0);
    }
}

/* The completion write of LIN_DMA goes to the address in the DMA core's registers. */
TEST(wrcomp)
{
    static const uint32_t lo[] = { 0x409020, 0x500080, 0x4C8B8C0 };
    static const uint32_t hi[] = { 0x409024, 0x500084, 0x4C8B8BC };
    static const uint32_t data[] = { 0x409028, 0x50007C, 0x4C8B8C4 };

    EACH (m) {
        struct cb c = { .len = 0 };

        eng_reg_write(&m->e, lo[a_], (uint32_t)DOORBELL);
        eng_reg_write(&m->e, hi[a_], (uint32_t)(DOORBELL >> 32));
        eng_reg_write(&m->e, data[a_], 0x4242);
        cb_dma(&c, NAME, MEM_BASE + 0x10000, MEM_BASE + 0x20000, 64, false, true);
        cb_dma(&c, NAME, MEM_BASE + 0x10000, MEM_BASE + 0x20000, 64, false, false);
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(m->irqs, 1);
        assert_int_equal(m->irq_value, 0x4242);
    }
}

TEST(messages)
{
    EACH (m) {
        struct cb c = { .len = 0 };

        cb_msg(&c, MEM_BASE + 0x1000, 0xAABBCCDD, 0);
        cb_add(&c, 0x11111111, ENG_MSG_PROT, 0);
        cb_quad(&c, MEM_BASE + 0x1004);
        cb_msg(&c, DOORBELL, 9, 0);
        cb_msg(&c, cfg_addr(m, 0xC00), 0x77, 0);         /* a register that means nothing here */
        cb_add(&c, 5, ENG_MSG_SHORT, 1u << 22 | 4 * 11); /* sync object 11 */
        cb_add(&c, 0, ENG_NOP, 0);
        push(m, 0, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(m->done, 1);
        assert_int_equal(mem32(m, 0x1000), 0xAABBCCDD);
        assert_int_equal(mem32(m, 0x1004), 0x11111111);
        assert_int_equal(m->irq_value, 9);
        assert_int_equal(m->reg_offset, 0xC00);
        assert_int_equal(eng_reg_read(&m->e, 0xC00), 0x77);
        /* base 1 of Gaudi is the E_N manager, the others have one that matters */
        assert_int_equal(eng_reg_read(&m->e, eng_sob_offset(m->e.asic, a_ == 1 ? 3 : 0, 11)), 5);
    }
}

TEST(timestamp)
{
    EACH (m) {
        struct cb c = { .len = 0 };

        m->now = 0x123456789ABC;
        cb_msg(&c, MEM_BASE + 0x1000, 0, 1u << 20);
        push(m, 0, &c, 0, 0);
        eng_run(&m->e);
        if (!strcmp(NAME, "goya")) /* has no such field */
            assert_int_equal(mem32(m, 0x1000), 0);
        else
            assert_memory_equal(m->mem + 0x1000, &m->now, 8);
    }
}

TEST(wreg)
{
    static const uint32_t block[] = { 0x400000, 0x500000, 0x4C80000 };

    EACH (m) {
        struct cb c = { .len = 0 };
        uint32_t reg = 0x7F0, shift = a_ == 0 ? 0 : 8;

        cb_add(&c, 0xCAFE, ENG_WREG_32, reg << shift);
        cb_add(&c, 2, ENG_WREG_BULK, (reg + 4) << shift);
        cb_quad(&c, 0x0000000200000001);
        cb_quad(&c, 0x0000000400000003);
        push(m, 0, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(m->done, 1);
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(eng_reg_read(&m->e, block[a_] + reg + 4 * i), i ? i : 0xCAFE);
    }
}

/* A bulk longer than what is fetched at once, from memory and given as bytes. */
TEST(long_bulk)
{
    EACH (m) {
        struct cb c = { .len = 0 };
        struct eng_cb direct;

        cb_add(&c, 0, ENG_NOP, 0);
        cb_add(&c, 300, ENG_WREG_BULK, a_ == 0 ? 0x2000 : 0x200000);
        for (unsigned i = 0; i < 300; i++)
            cb_quad(&c, i);
        cb_msg(&c, MEM_BASE + 0x8000, 1, 0);
        push(m, 0, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(m->done, 1);
        assert_int_equal(mem32(m, 0x8000), 1);
        direct = (struct eng_cb){ .mem = c.b, .len = c.len };
        assert_int_equal(eng_push(eng_queue(&m->e, 0), &direct), 0);
        eng_run(&m->e);
        assert_int_equal(m->done, 2);
        /* the data ends before it is complete */
        direct.len = 8 + 8 + 299 * 8;
        assert_int_equal(eng_push(eng_queue(&m->e, 0), &direct), 0);
        eng_run(&m->e);
        assert_int_equal(m->failed, 1);
        assert_int_equal(m->faults[ENG_FAULT_OPCODE], 1);
    }
}

static void test_fence(void **state)
{
    (void)state;
    EACH (m) {
        struct cb c = { .len = 0 }, d = { .len = 0 };
        struct eng_queue *q = eng_queue(&m->e, 1);
        uint64_t f = cfg_addr(m, eng_fence_offset(m->e.asic, 1, 2));

        cb_fence(&c, 2, 3, 2);
        cb_msg(&c, MEM_BASE + 0x8000, 1, 0);
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(q->state, ENG_FENCED);
        assert_int_equal(mem32(m, 0x8000), 0);
        cb_msg(&d, f, 2, 0);
        push(m, 2, &d, 0x1000, 0);
        eng_run(&m->e);
        assert_int_equal(m->done, 1);
        assert_int_equal(mem32(m, 0x8000), 0);
        push(m, 2, &d, 0x1000, 0);
        eng_run(&m->e);
        assert_int_equal(m->done, 3);
        assert_int_equal(mem32(m, 0x8000), 1);
        /* 4 came, 2 went: the next one that wants 3 waits again */
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(q->state, ENG_FENCED);
        eng_write32(&m->e, NULL, f, 1);
        eng_run(&m->e);
        assert_true(eng_queue_idle(q));
    }
}

TEST(fence_overflow)
{
    EACH (m) {
        uint32_t f = eng_fence_offset(m->e.asic, 1, 0);

        for (unsigned i = 0; i < 17; i++)
            eng_reg_write(&m->e, f, 15);
        assert_int_equal(m->faults[ENG_FAULT_FENCE_OVERFLOW], 0);
        eng_reg_write(&m->e, f, 1);
        assert_int_equal(m->faults[ENG_FAULT_FENCE_OVERFLOW], 1);
        assert_ptr_equal(m->last.queue, eng_queue(&m->e, 1));
    }
}

static void test_wait(void **state)
{
    (void)state;
    EACH (m) {
        struct cb c = { .len = 0 };
        struct eng_queue *q = eng_queue(&m->e, 1);

        if (!strcmp(NAME, "goya"))
            continue;
        m->now = 1000;
        cb_add(&c, 500 | 1u << 24 | 3u << 28, ENG_WAIT, 0);
        cb_fence(&c, 3, 1, 1);
        cb_msg(&c, MEM_BASE + 0x8000, 1, 0);
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(q->state, ENG_TIMED);
        assert_int_equal(eng_deadline(&m->e), 1500);
        m->now = 1499;
        eng_run(&m->e);
        assert_int_equal(mem32(m, 0x8000), 0);
        m->now = 1500;
        eng_run(&m->e);
        assert_int_equal(mem32(m, 0x8000), 1);
        assert_int_equal(eng_deadline(&m->e), 0);
    }
}

TEST(repeat)
{
    EACH (m) {
        struct cb c = { .len = 0 };
        uint32_t add = 0x80000001;

        if (!strcmp(NAME, "goya"))
            continue;
        cb_add(&c, 1 | 2 | 3u << 16, ENG_REPEAT, 0); /* outer: three times */
        cb_add(&c, 1 | 5u << 16, ENG_REPEAT, 0);     /* inner: five times */
        cb_msg(&c, cfg_addr(m, eng_sob_offset(m->e.asic, 0, 1)), add, 0);
        cb_add(&c, 0, ENG_REPEAT, 0);
        cb_msg(&c, cfg_addr(m, eng_sob_offset(m->e.asic, 0, 2)), add, 0);
        cb_add(&c, 2, ENG_REPEAT, 0);
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(m->done, 1);
        assert_int_equal(sob(m, 1), 15);
        assert_int_equal(sob(m, 2), 3);
    }
}

static void test_stop_and_unknown(void **state)
{
    (void)state;
    EACH (m) {
        struct cb c = { .len = 0 }, d = { .len = 0 }, good = { .len = 0 };
        struct eng_queue *q = eng_queue(&m->e, 1);

        cb_add(&c, 0, ENG_NOP, 0);
        cb_add(&c, 0, ENG_STOP, 0);
        cb_msg(&c, MEM_BASE + 0x8000, 1, 0);
        push(m, 1, &c, 0, 5);
        eng_run(&m->e);
        assert_int_equal(m->failed, 1);
        assert_int_equal(m->cookie, 5);
        assert_int_equal(m->faults[ENG_FAULT_STOP], 1);
        assert_int_equal(q->state, ENG_HALTED);
        assert_int_equal(mem32(m, 0x8000), 0);
        /* halted: nothing runs until somebody resets it */
        cb_msg(&good, MEM_BASE + 0x8000, 2, 0);
        push(m, 1, &good, 0x1000, 6);
        eng_run(&m->e);
        assert_int_equal(mem32(m, 0x8000), 0);
        eng_queue_reset(q);
        cb_add(&d, 0, ENG_NOP, 0);
        cb_add(&d, 0, 0x1E, 0);
        push(m, 1, &d, 0, 7);
        eng_run(&m->e);
        assert_int_equal(m->faults[ENG_FAULT_OPCODE], 1);
        assert_int_equal(m->last.addr, MEM_BASE + 8);
        assert_int_equal(m->last.offset, 8);
        eng_queue_reset(q);
        push(m, 1, &good, 0x1000, 8);
        eng_run(&m->e);
        assert_int_equal(m->done, 1);
        assert_int_equal(mem32(m, 0x8000), 2);
    }
}

TEST(faults)
{
    EACH (m) {
        struct cb c = { .len = 0 };
        struct eng_cb bad = { .addr = 0x1234, .len = 64 };
        struct eng_queue *q = eng_queue(&m->e, 1);

        cb_dma(&c, NAME, MEM_BASE, MEM_BASE + MEM_SIZE - 32, 64, false, false);
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(m->failed, 1);
        assert_int_equal(m->faults[ENG_FAULT_ADDRESS], 1);
        assert_true(m->last.write);
        assert_ptr_equal(m->last.queue, q);
        assert_int_equal(m->last.addr, MEM_BASE + MEM_SIZE - 32);
        eng_queue_reset(q);
        c.len = 0;
        cb_dma(&c, NAME, 0x5000, MEM_BASE, 64, false, false);
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_false(m->last.write);
        assert_int_equal(m->last.addr, 0x5000);
        eng_queue_reset(q);
        c.len = 0;
        cb_msg(&c, 0x6000, 1, 0);
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_true(m->last.write);
        assert_int_equal(m->last.addr, 0x6000);
        eng_queue_reset(q);
        assert_int_equal(eng_push(q, &bad), 0);
        eng_run(&m->e);
        assert_int_equal(m->last.addr, 0x1234);
        assert_int_equal(m->failed, 4);
    }
}

/* Upper and lower command processor run beside one another, and both drain at the end. */
TEST(cp_dma)
{
    static const unsigned queue[] = { 7, 41, 20 }; /* TPC 0 */

    EACH (m) {
        struct cb up = { .len = 0 }, low = { .len = 0 };
        struct eng_queue *q = eng_queue(&m->e, queue[a_]);
        uint32_t lower_fence = a_ == 0 ? 0xE09158 : eng_fence_offset(m->e.asic, queue[a_], 0) + 16;

        cb_fence(&low, 0, 1, 1);
        cb_dma(&low, NAME, 0x0101010101010101, MEM_BASE + 0x8000, 64, true, false);
        memcpy(m->mem + 0x4000, low.b, low.len);
        cb_add(&up, low.len, ENG_CP_DMA, 0);
        cb_quad(&up, MEM_BASE + 0x4000);
        cb_msg(&up, MEM_BASE + 0x9000, 1, 0);
        cb_msg(&up, cfg_addr(m, lower_fence), 1, 0);
        cb_msg(&up, MEM_BASE + 0x9004, 2, EB); /* after the lower one is through */
        push(m, queue[a_], &up, 0, 0);
        for (unsigned i = 0; i < 10000 && mem32(m, 0x9004) == 0; i++)
            eng_step(&m->e);
        assert_int_equal(mem32(m, 0x9000), 1);
        assert_int_equal(mem32(m, 0x9004), 2);
        assert_int_equal(mem32(m, 0x8000), 0x01010101);
        eng_run(&m->e);
        assert_true(eng_queue_idle(q));
        assert_int_equal(m->done, 1);
        assert_int_equal(m->faults[ENG_FAULT_OPCODE], 0);
    }
}

TEST(predicates_and_scalars)
{
    EACH (m) {
        struct cb c = { .len = 0 }, msg = { .len = 0 };
        uint32_t one = 1, map = 1u << 9;

        if (!strcmp(NAME, "goya"))
            continue;
        memcpy(m->mem + 0x6000 + 4 * 9, &one, 4);
        cb_msg(&c, MEM_BASE + 0x8000, 1, 9); /* predicates start out true */
        cb_add(&c, 0x100, ENG_LOAD_AND_EXE, 0);
        cb_quad(&c, MEM_BASE + 0x6000);
        cb_msg(&c, MEM_BASE + 0x8004, 1, 9);
        cb_msg(&c, MEM_BASE + 0x8008, 1, 8);
        cb_msg(&c, MEM_BASE + 0x800C, 1, 0);
        /* a packet of 16 bytes in four scalars; of 8 in the upper two */
        cb_msg(&msg, MEM_BASE + 0x8010, 7, 0);
        memcpy(m->mem + 0x6100, msg.b, 16);
        cb_add(&c, 0x301, ENG_LOAD_AND_EXE, 0);
        cb_quad(&c, MEM_BASE + 0x6100);
        msg.len = 0;
        cb_add(&msg, 0, ENG_STOP, 0);
        cb_add(&msg, 3, ENG_MSG_SHORT, 1u << 22 | 40);
        memcpy(m->mem + 0x6200, msg.b, 16);
        cb_add(&c, 0x101, ENG_LOAD_AND_EXE, 0);
        cb_quad(&c, MEM_BASE + 0x6200);
        cb_add(&c, 0x600, ENG_LOAD_AND_EXE, 0);
        cb_quad(&c, 0);
        push(m, 1, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(m->done, 1);
        assert_int_equal(mem32(m, 0x8000), 1);
        assert_int_equal(mem32(m, 0x8004), 1);
        assert_int_equal(mem32(m, 0x8008), 0);
        assert_int_equal(mem32(m, 0x800C), 1);
        assert_int_equal(mem32(m, 0x8010), 7);
        assert_int_equal(eng_reg_read(&m->e, eng_sob_offset(m->e.asic, a_ == 1 ? 3 : 0, 10)), 3);
        if (!strcmp(NAME, "gaudi2")) {
            c.len = 0;
            memcpy(m->mem + 0x6300, &map, 4);
            cb_add(&c, 0x102, ENG_LOAD_AND_EXE, 0);
            cb_quad(&c, MEM_BASE + 0x6300);
            cb_msg(&c, MEM_BASE + 0x8014, 1, 9);
            cb_msg(&c, MEM_BASE + 0x8018, 1, 8);
            push(m, 1, &c, 0, 0);
            eng_run(&m->e);
            assert_int_equal(mem32(m, 0x8014), 1);
            assert_int_equal(mem32(m, 0x8018), 0);
        }
    }
}

/* Once enabled, arbitration lets the higher priority in when the lock is free again. */
TEST(arbitration)
{
    static const uint32_t cfg[] = { 0, 0x508A00, 0x4C8A4A4 };

    EACH (m) {
        struct cb c[3];

        if (!cfg[a_])
            continue;
        eng_reg_write(&m->e, cfg[a_], 0x100);
        for (unsigned s = 0; s < 3; s++) {
            c[s].len = 0;
            cb_add(&c[s], s, ENG_ARB_POINT, 0); /* acquire, priority s */
            if (s == 0)
                cb_fence(&c[s], 0, 1, 1);
            cb_msg(&c[s], cfg_addr(m, eng_sob_offset(m->e.asic, 0, 3)), 0x80000001, 0);
            cb_add(&c[s], 1u << 31, ENG_ARB_POINT, 0);
        }
        push(m, 0, &c[0], 0, 0);
        eng_run(&m->e);
        push(m, 1, &c[1], 0x1000, 1);
        push(m, 2, &c[2], 0x2000, 2);
        eng_run(&m->e);
        assert_int_equal(sob(m, 3), 0);
        assert_int_equal(m->done, 0);
        eng_reg_write(&m->e, eng_fence_offset(m->e.asic, 0, 0), 1);
        while (m->done < 2)
            assert_true(eng_step(&m->e));
        assert_int_equal(m->cookie, 2);
        eng_run(&m->e);
        assert_int_equal(m->cookie, 1);
        assert_int_equal(m->done, 3);
    }
}

/* Registers start a DMA too: WREG packets to the core's block, then COMMIT. */
TEST(commit)
{
    static const uint16_t r[3][6] = {
        { 0 },
        { 0x14, 0x18, 0x1C, 0x20, 0x74, 0x78 },
        { 0xB8D8, 0xB8DC, 0xB8E0, 0xB8E4, 0xB8E8, 0xB8EC },
    };

    EACH (m) {
        struct cb c = { .len = 0 };
        uint64_t src = MEM_BASE + 0x10000, dst = MEM_BASE + 0x20000;
        uint32_t v[6] = { (uint32_t)src, (uint32_t)(src >> 32),
                          (uint32_t)dst, (uint32_t)(dst >> 32),
                          100,           0 };

        if (a_ == 0)
            continue;
        memset(m->mem + 0x10000, 0x5A, 100);
        for (unsigned i = 0; i < 6; i++)
            cb_add(&c, v[i], ENG_WREG_32, (uint32_t)r[a_][i] << 8);
        cb_msg(&c, MEM_BASE + 0x8000, 1, EB);
        push(m, 0, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(m->done, 1);
        assert_memory_equal(m->mem + 0x10000, m->mem + 0x20000, 101);
    }
}

/*
 * A message without an engine barrier may overtake the DMA before it: with some seed it must,
 * with the barrier it never may; and one seed always gives one order.
 */
TEST(race)
{
    unsigned overtook = 0;

    for (uint64_t seed = 1; seed < 200; seed++) {
        uint32_t seen[2];

        for (unsigned again = 0; again < 2; again++) {
            struct machine *m = machine_new("gaudi", seed);
            struct cb c = { .len = 0 }, d = { .len = 0 };
            uint64_t f = cfg_addr(m, eng_fence_offset(m->e.asic, 4, 0));

            m->e.chunk = 64;
            cb_dma(&c, "gaudi", 0x1111111111111111, MEM_BASE + 0x10000, 4096, true, false);
            cb_msg(&c, f, 1, 0);
            cb_msg(&c, f + 20, 1, EB); /* FENCE1: after the DMA */
            cb_fence(&d, 0, 1, 1);
            cb_dma(&d, "gaudi", MEM_BASE + 0x10000 + 4088, MEM_BASE + 0x8000, 4, false, false);
            cb_fence(&d, 1, 1, 1);
            cb_dma(&d, "gaudi", MEM_BASE + 0x10000 + 4088, MEM_BASE + 0x8004, 4, false, false);
            push(m, 0, &c, 0, 0);
            push(m, 4, &d, 0x1000, 0);
            eng_run(&m->e);
            assert_int_equal(m->done, 2);
            assert_int_equal(mem32(m, 0x8004), 0x11111111);
            seen[again] = mem32(m, 0x8000);
            machine_free(m);
        }
        assert_int_equal(seen[0], seen[1]);
        overtook += seen[0] == 0;
    }
    assert_true(overtook > 0);
}

TEST(full)
{
    EACH (m) {
        struct eng_cb cb = { .mem = m->mem, .len = 0 };
        struct eng_queue *q = eng_queue(&m->e, 0);

        for (unsigned i = 0; i < ENG_QUEUE_DEPTH; i++)
            assert_int_equal(eng_push(q, &cb), 0);
        assert_true(eng_push(q, &cb) < 0);
        eng_run(&m->e);
        assert_int_equal(m->done, ENG_QUEUE_DEPTH);
        assert_int_equal(eng_push(q, &cb), 0);
        assert_int_equal(eng_queue_id(q), 0);
        assert_null(eng_queue(&m->e, 100000));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dma),
        cmocka_unit_test(wrcomp),
        cmocka_unit_test(messages),
        cmocka_unit_test(timestamp),
        cmocka_unit_test(wreg),
        cmocka_unit_test(long_bulk),
        cmocka_unit_test(test_fence),
        cmocka_unit_test(fence_overflow),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(repeat),
        cmocka_unit_test(test_stop_and_unknown),
        cmocka_unit_test(faults),
        cmocka_unit_test(cp_dma),
        cmocka_unit_test(predicates_and_scalars),
        cmocka_unit_test(arbitration),
        cmocka_unit_test(commit),
        cmocka_unit_test(race),
        cmocka_unit_test(full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
