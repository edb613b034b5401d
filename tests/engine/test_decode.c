/* SPDX-License-Identifier: MIT */
/* Every packet of every ASIC: its size, its fields, and what is not a packet. */
#include "tests/engine/machine.h"

#include <errno.h>
#include <string.h>

static int dec(const char *asic, uint32_t w0, uint32_t ctl, uint64_t a, uint64_t b, size_t len,
               struct eng_packet *p)
{
    uint8_t buf[24];

    memcpy(buf, &w0, 4);
    memcpy(buf + 4, &ctl, 4);
    memcpy(buf + 8, &a, 8);
    memcpy(buf + 16, &b, 8);
    return eng_decode(eng_asic_find(asic), buf, len, p);
}

TEST(sizes)
{
    static const struct {
        unsigned op;
        uint32_t bytes;
        bool goya, gaudi, gaudi2;
    } t[] = {
        { 0x0, 0, false, false, false },
        { 0x1, 8, true, true, true },
        { 0x2, 8 + 8 * 2, true, true, true },
        { 0x3, 16, true, true, true },
        { 0x4, 8, true, true, true },
        { 0x5, 16, true, true, true },
        { 0x6, 8, false, true, true },
        { 0x7, 16, true, true, true },
        { 0x8, 8, true, true, true },
        { 0x9, 24, true, true, true },
        { 0xA, 8, true, true, true },
        { 0xB, 8, true, true, true },
        { 0xC, 8, false, true, true },
        { 0xD, 8, false, true, true },
        { 0xE, 24, false, false, true },
        { 0xF, 16, false, true, true },
        { 0x10, 8 + 8 * 2, false, false, true },
        { 0x11, 0, false, false, false },
        { 0x12, 8, false, false, true },
        { 0x13, 16, false, false, true },
        { 0x14, 0, false, false, false },
        { 0x1F, 0, false, false, false },
    };
    static const char *const names[] = { "goya", "gaudi", "gaudi2" };

    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        bool has[3] = { t[i].goya, t[i].gaudi, t[i].gaudi2 };

        for (unsigned a = 0; a < 3; a++) {
            struct eng_packet p;

            if (!has[a]) {
                assert_int_equal(dec(names[a], 2, t[i].op << 24, 0, 0, 24, &p), -EILSEQ);
                assert_int_equal(p.bytes, 8);
                continue;
            }
            assert_int_equal(dec(names[a], 2, t[i].op << 24, 0, 0, 24, &p), 0);
            assert_int_equal(p.op, t[i].op);
            assert_int_equal(p.bytes, t[i].bytes);
            assert_int_equal(dec(names[a], 2, t[i].op << 24, 0, 0, t[i].bytes - 1, &p), -ENODATA);
        }
    }
}

TEST(fields)
{
    struct eng_packet p;

    assert_int_equal(dec("gaudi", 0x12345678, 0xE3000005, 0x1122334455667788, 0, 24, &p), 0);
    assert_true(p.eb && p.rb && p.mb);
    assert_int_equal(p.pred, 5);
    assert_int_equal(p.value, 0x12345678);
    assert_int_equal(p.addr, 0x1122334455667788);

    /* MSG_SHORT: base 3, offset 0x123c */
    assert_int_equal(dec("gaudi2", 7, 0x04C0123C, 0, 0, 8, &p), 0);
    assert_int_equal(p.base, 3);
    assert_int_equal(p.reg, 0x123C);
    assert_int_equal(p.pred, 0);

    /* WREG_32's register: bits 23:8, on Goya 15:0 */
    assert_int_equal(dec("gaudi", 1, 0x01123400, 0, 0, 8, &p), 0);
    assert_int_equal(p.reg, 0x1234);
    assert_int_equal(dec("goya", 1, 0x01001234, 0, 0, 8, &p), 0);
    assert_int_equal(p.reg, 0x1234);

    /* LIN_DMA: Gaudi's destination has a context id in its top byte */
    assert_int_equal(dec("gaudi", 64, 0x09000019, 0x1000, 0xAB00000020000000, 24, &p), 0);
    assert_true(p.memset && p.wrcomp);
    assert_int_equal(p.dst, 0x20000000);
    assert_int_equal(p.len, 64);
    assert_int_equal(dec("gaudi2", 64, 0x09000010, 0, 0x1001000000000000, 24, &p), 0);
    assert_true(p.memset && !p.wrcomp);
    assert_int_equal(p.dst, 0x1001000000000000);
    assert_int_equal(dec("goya", 64, 0x09500044, 0, 0, 24, &p), 0);
    assert_true(p.memset && p.wrcomp);
    assert_int_equal(p.dir, 5);

    assert_int_equal(dec("gaudi", 0x80050003, 0x08000000, 0, 0, 8, &p), 0);
    assert_int_equal(p.id, 2);
    assert_int_equal(p.target, 5);
    assert_int_equal(p.dec, 3);

    assert_int_equal(dec("gaudi", 0x32001000, 0x0D000000, 0, 0, 8, &p), 0);
    assert_int_equal(p.cycles, 0x1000);
    assert_int_equal(p.inc, 2);
    assert_int_equal(p.id, 3);

    assert_int_equal(dec("gaudi", 0x00050003, 0x06000000, 0, 0, 8, &p), 0);
    assert_true(p.start && p.outer);
    assert_int_equal(p.jump, 5);

    assert_int_equal(dec("gaudi", 0x80000107, 0x0C000000, 0, 0, 8, &p), 0);
    assert_int_equal(p.priority, 7);
    assert_true(p.release);
    assert_int_equal(dec("gaudi2", 0x00000107, 0x0C000000, 0, 0, 8, &p), 0);
    assert_int_equal(p.priority, 0x107);

    /* the consecutive layout of predicates is Gaudi2's */
    assert_int_equal(dec("gaudi2", 0x702, 0x0F000000, 0x80, 0, 16, &p), 0);
    assert_true(p.load && p.exe && p.second && p.consecutive && !p.scalars);
    assert_int_equal(dec("gaudi", 0x103, 0x0F000000, 0x80, 0, 16, &p), 0);
    assert_true(p.load && !p.exe && !p.consecutive && p.scalars);
}

TEST(text)
{
    struct eng_packet p;
    char s[256];

    dec("gaudi", 4096, 0x29000009, 0x1000, 0x20000000, 24, &p);
    eng_format(&p, s, sizeof(s));
    assert_string_equal(s, "LIN_DMA 0x1000 -> 0x20000000, 4096 bytes wrcomp eb");
    dec("gaudi2", 0x40010001, 0x88000000, 0, 0, 8, &p);
    eng_format(&p, s, sizeof(s));
    assert_string_equal(s, "FENCE id 1 >= 1, then - 1 mb");
    assert_string_equal(eng_op_name(0x1F), "UNKNOWN");
    /* cut to what fits, as snprintf */
    assert_int_equal(eng_format(&p, s, 4), (int)strlen("FENCE id 1 >= 1, then - 1 mb"));
    assert_string_equal(s, "FEN");
}

TEST(queues)
{
    const struct eng_asic *a;

    a = eng_asic_find("goya");
    assert_int_equal(eng_queue_count(a), 15);
    assert_int_equal(eng_queue_desc(a, 4).qm, 0x420000);
    assert_int_equal(eng_queue_desc(a, 5).kind, ENG_QUEUE_CPU);
    assert_int_equal(eng_queue_desc(a, 6).qm, 0xD8000);
    assert_int_equal(eng_queue_desc(a, 14).qm, 0xFC8000);
    assert_int_equal(eng_queue_desc(a, 15).kind, ENG_QUEUE_NONE);
    a = eng_asic_find("gaudi");
    assert_int_equal(eng_queue_count(a), 113);
    assert_int_equal(eng_queue_desc(a, 7).qm, 0x528000);
    assert_int_equal(eng_queue_desc(a, 7).stream, 3);
    assert_int_equal(eng_queue_desc(a, 7).kind, ENG_QUEUE_EXT);
    assert_int_equal(eng_queue_desc(a, 9).qm, 0x548000);
    assert_int_equal(eng_queue_desc(a, 9).kind, ENG_QUEUE_INT);
    assert_int_equal(eng_queue_desc(a, 33).qm, 0x168000);
    assert_int_equal(eng_queue_desc(a, 72).qm, 0xFC8000);
    assert_int_equal(eng_queue_desc(a, 112).qm, 0xDE2000);
    assert_int_equal(eng_fence_offset(a, 6, 2), 0x528338); /* DMA1 FENCE2_RDATA_2 */
    a = eng_asic_find("gaudi2");
    assert_int_equal(eng_queue_count(a), 261);
    assert_int_equal(eng_queue_desc(a, 4).qm, 0x4C9A000);
    assert_int_equal(eng_queue_desc(a, 8).qm, 0x41CA000);
    assert_int_equal(eng_queue_desc(a, 44).qm, 0x406A000);  /* DCORE0 TPC6 */
    assert_int_equal(eng_queue_desc(a, 48).qm, 0x43CA000);  /* DCORE1 EDMA0 */
    assert_int_equal(eng_queue_desc(a, 155).qm, 0x465A000); /* DCORE3 TPC5 */
    assert_int_equal(eng_queue_desc(a, 248).qm, 0x59BA000); /* NIC23: NIC11_QM1 */
    assert_int_equal(eng_queue_desc(a, 259).qm, 0x4E1A000);
    assert_int_equal(eng_queue_desc(a, 260).kind, ENG_QUEUE_CPU);
    assert_int_equal(eng_fence_offset(a, 4, 0), 0x4C9A290);
    assert_null(eng_asic_find("gaudi3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(fields),
        cmocka_unit_test(text),
        cmocka_unit_test(queues),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
