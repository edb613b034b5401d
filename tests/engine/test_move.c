/* SPDX-License-Identifier: MIT */
/* What a few packets and registers do beyond a copy: other byte orders, strides, lists of command
 * buffers. */
#include <string.h>

#include "tests/engine/machine.h"

#define SRC (MEM_BASE + 0x10000)
#define DST (MEM_BASE + 0x20000)

static void count_up(struct machine *m, uint32_t at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        m->mem[at + i] = (uint8_t)(i + 1 + i / 251);
}

/* Bits 2:1 of Gaudi2's LIN_DMA: elements of 2, 4, 8 bytes; the last one may be cut. */
TEST(endian_swap)
{
    static const uint32_t lengths[] = { 1, 7, 8, 13, 4096, 5003 };

    for (unsigned swap = 0; swap < 4; swap++)
        for (unsigned l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
            struct machine *m = machine_new("gaudi2", 0);
            uint32_t n = lengths[l], width = 1u << swap;
            struct cb c = { .len = 0 };

            count_up(m, 0x10000, n);
            cb_add(&c, n, ENG_LIN_DMA, swap << 1);
            cb_quad(&c, SRC);
            cb_quad(&c, DST);
            push(m, 0, &c, 0, 0);
            eng_run(&m->e);
            assert_int_equal(m->done, 1);
            for (uint32_t i = 0; i < n; i++) {
                uint32_t from = i / width * width + width - 1 - i % width;

                assert_int_equal(m->mem[0x20000 + i], from < n ? m->mem[0x10000 + from] : 0);
            }
            assert_int_equal(m->mem[0x20000 + n], 0);
            machine_free(m);
        }
}

/* On Gaudi these bits are another matter. */
TEST(no_swap)
{
    struct machine *m = machine_new("gaudi", 0);
    struct cb c = { .len = 0 };

    count_up(m, 0x10000, 64);
    cb_add(&c, 64, ENG_LIN_DMA, 1u << 1);
    cb_quad(&c, SRC);
    cb_quad(&c, DST);
    push(m, 0, &c, 0, 0);
    eng_run(&m->e);
    assert_memory_equal(m->mem + 0x10000, m->mem + 0x20000, 64);
    machine_free(m);
}

struct side {
    uint32_t size[5], stride[5];
};

static void wreg(struct cb *c, uint32_t reg, uint32_t value)
{
    cb_add(c, value, ENG_WREG_32, reg << 8);
}

/* Gaudi's DMA core, by its registers: 1 to 4 from first on, the row's size at row. */
static void describe(struct cb *c, uint32_t first, uint32_t row, const struct side *s)
{
    for (unsigned i = 1; i < 5; i++) {
        wreg(c, first + 8 * (i - 1), s->size[i]);
        wreg(c, first + 8 * (i - 1) + 4, s->stride[i]);
    }
    wreg(c, row, s->size[0]);
}

static struct machine *strided(const struct side *src, const struct side *dst, uint32_t commit)
{
    struct machine *m = machine_new("gaudi", 0);
    struct cb c = { .len = 0 };

    count_up(m, 0x10000, 0x4000);
    wreg(&c, 0x14, (uint32_t)SRC);
    wreg(&c, 0x18, (uint32_t)(SRC >> 32));
    wreg(&c, 0x1C, (uint32_t)DST);
    wreg(&c, 0x20, (uint32_t)(DST >> 32));
    describe(&c, 0x2C, 0x4C, src);
    describe(&c, 0x54, 0x74, dst);
    wreg(&c, 0x78, commit);
    cb_msg(&c, MEM_BASE + 0x8000, 7, EB);
    push(m, 0, &c, 0, 0);
    eng_run(&m->e);
    assert_int_equal(m->done, 1);
    assert_int_equal(mem32(m, 0x8000), 7);
    return m;
}

TEST(rows)
{
    const struct side same = { { 100, 10, 1, 1, 1 }, { 0, 0, 100, 100, 100 } };
    const struct side apart = { { 100, 10, 1, 1, 1 }, { 0, 200, 100, 100, 100 } };
    struct machine *m = strided(&same, &apart, 0);

    for (unsigned i = 0; i < 10; i++) {
        assert_memory_equal(m->mem + 0x20000 + 200 * i, m->mem + 0x10000, 100);
        assert_int_equal(m->mem[0x20000 + 200 * i + 100], 0);
    }
    assert_int_equal(m->mem[0x20000 + 2000], 0);
    machine_free(m);
}

/* A transposition of blocks, with rows of another length on the other side, and a shorter source.
 */
TEST(dimensions)
{
    const struct side src = { { 6, 2, 3, 1, 2 }, { 0, 64, 16, 0, 256 } };
    const struct side dst = { { 8, 4, 4, 1, 1 }, { 0, 32, 512, 0, 0 } };
    struct machine *m = strided(&src, &dst, 0);
    unsigned at = 0;

    for (unsigned w = 0; w < 2; w++)
        for (unsigned z = 0; z < 3; z++)
            for (unsigned y = 0; y < 2; y++)
                for (unsigned x = 0; x < 6; x++, at++) {
                    unsigned row = at / 8;

                    assert_int_equal(m->mem[0x20000 + row % 4 * 32 + row / 4 % 4 * 512 + at % 8],
                                     m->mem[0x10000 + x + 64 * y + 16 * z + 256 * w]);
                }
    assert_int_equal(at, 72);
    machine_free(m);
}

/* The bit for a linear transfer: other dimensions are not looked at. */
TEST(linear)
{
    const struct side src = { { 100, 10, 1, 1, 1 }, { 0, 0, 0, 0, 0 } };
    const struct side dst = { { 300, 10, 1, 1, 1 }, { 0, 1000, 0, 0, 0 } };
    struct machine *m = strided(&src, &dst, 1u << 3);

    assert_memory_equal(m->mem + 0x20000, m->mem + 0x10000, 300);
    assert_int_equal(m->mem[0x20000 + 300], 0);
    assert_int_equal(m->mem[0x20000 + 1000], 0);
    machine_free(m);
}

#define UPPER (1u << 5)
#define INDEX (MEM_BASE + 0x40000)
#define TABLE (MEM_BASE + 0x50000)
#define BUFFERS 0x60000u

static void cb_list(struct cb *c)
{
    cb_add(c, 0, ENG_CB_LIST, MB);
    cb_quad(c, INDEX);
    cb_quad(c, TABLE);
}

/* `count` buffers that each add one to sync object 3, and go on to the next one through the list.
 */
static void make_list(struct machine *m, unsigned count, bool last)
{
    for (unsigned i = 0; i < count; i++) {
        struct cb c = { .len = 0 }, entry = { .len = 0 };
        uint32_t at = BUFFERS + 0x100 * i;

        cb_msg(&c, cfg_addr(m, eng_sob_offset(m->e.asic, 0, 3)), 0x80000001, 0);
        if (i + 1 < count) {
            cb_msg(&c, INDEX, i + 1, MB);
            cb_list(&c);
            if (!last)
                cb_msg(&c, cfg_addr(m, eng_sob_offset(m->e.asic, 0, 4)), 0x80000001, 0);
        }
        memcpy(m->mem + at, c.b, c.len);
        cb_add(&entry, c.len, ENG_CP_DMA, UPPER);
        cb_quad(&entry, MEM_BASE + at);
        memcpy(m->mem + 0x50000 + 16 * i, entry.b, 16);
    }
}

TEST(list)
{
    struct machine *m = machine_new("gaudi2", 0);
    struct cb c = { .len = 0 };

    make_list(m, 64, true);
    cb_msg(&c, INDEX, 0, MB);
    cb_list(&c);
    cb_msg(&c, MEM_BASE + 0x8000, 5, 0);
    push(m, 0, &c, 0, 9);
    eng_run(&m->e);
    assert_int_equal(sob(m, 3), 64);
    assert_int_equal(mem32(m, 0x8000), 5);
    assert_int_equal(m->done, 1);
    assert_int_equal(m->cookie, 9);
    machine_free(m);
}

/* Buffers that go on after the list come back to, and not deeper than there is room for. */
TEST(nested_list)
{
    for (unsigned n = 4; n < 7; n++) {
        struct machine *m = machine_new("gaudi2", 0);
        struct cb c = { .len = 0 };

        make_list(m, n, false);
        cb_msg(&c, INDEX, 0, MB);
        cb_list(&c);
        push(m, 0, &c, 0, 0);
        eng_run(&m->e);
        if (n - 1 <= ENG_CALLS) {
            assert_int_equal(sob(m, 3), n);
            assert_int_equal(sob(m, 4), n - 1);
        } else {
            assert_int_equal(m->faults[ENG_FAULT_OPCODE], 1);
        }
        machine_free(m);
    }
}

/* An entry that is something else, and one that cannot be read, stop the queue. */
TEST(bad_list)
{
    for (unsigned bad = 0; bad < 2; bad++) {
        struct machine *m = machine_new("gaudi2", 0);
        struct cb c = { .len = 0 };

        cb_msg(&c, INDEX, bad ? 0x7fffffff : 0, MB);
        cb_list(&c);
        cb_msg(&c, MEM_BASE + 0x8000, 5, 0);
        push(m, 0, &c, 0, 0);
        eng_run(&m->e);
        assert_int_equal(m->faults[bad ? ENG_FAULT_ADDRESS : ENG_FAULT_OPCODE], 1);
        assert_int_equal(mem32(m, 0x8000), 0);
        machine_free(m);
    }
}

/* Both are let go at once: the one with the higher priority is first, whichever runs first. */
TEST(priority)
{
    static const char *const asics[] = { "gaudi", "gaudi2" };
    static const uint32_t cfg[] = { 0x508A00, 0x4C8A4A4 };

    for (unsigned a = 0; a < 2; a++)
        for (unsigned first = 0; first < 2; first++) {
            struct machine *m = machine_new(asics[a], 0);

            eng_reg_write(&m->e, cfg[a], 0x100);
            for (unsigned s = 0; s < 2; s++) {
                struct cb c = { .len = 0 };

                cb_fence(&c, 0, 1, 1);
                cb_add(&c, s == first ? 2 : 1, ENG_ARB_POINT, 0);
                cb_msg(&c, MEM_BASE + 0x8000, s + 1, 0);
                cb_add(&c, 1u << 31, ENG_ARB_POINT, 0);
                push(m, s, &c, 0x1000 * s, s);
            }
            eng_run(&m->e);
            for (unsigned s = 0; s < 2; s++)
                eng_reg_write(&m->e, eng_fence_offset(m->e.asic, s, 0), 1);
            eng_run(&m->e);
            assert_int_equal(m->done, 2);
            assert_int_equal(mem32(m, 0x8000), 2 - first); /* the other one's came last */
            machine_free(m);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endian_swap), cmocka_unit_test(no_swap),  cmocka_unit_test(rows),
        cmocka_unit_test(dimensions),  cmocka_unit_test(linear),   cmocka_unit_test(list),
        cmocka_unit_test(nested_list), cmocka_unit_test(bad_list), cmocka_unit_test(priority),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
