/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "lib/memory/ranges.h"

TEST(first_fit_with_alignment)
{
    struct hl_ranges r;
    uint64_t a, b, c;

    hl_ranges_init(&r, 0x1000, 0x10000);
    assert_int_equal(hl_ranges_alloc(&r, 0x1000, 0x1000, &a), 0);
    assert_int_equal(a, 0x1000);
    assert_int_equal(hl_ranges_alloc(&r, 0x1000, 0x4000, &b), 0);
    assert_int_equal(b, 0x4000);
    assert_int_equal(hl_ranges_alloc(&r, 0x2000, 0x1000, &c), 0);
    assert_int_equal(c, 0x2000); /* the gap before b */
    hl_ranges_free(&r, a);
    assert_int_equal(hl_ranges_alloc(&r, 0x1000, 0x1000, &a), 0);
    assert_int_equal(a, 0x1000);
    hl_ranges_fini(&r);
}

TEST(full_and_wrapping_sizes)
{
    struct hl_ranges r;
    uint64_t a = 77;

    hl_ranges_init(&r, 0x1000, 0x4000);
    assert_int_equal(hl_ranges_alloc(&r, 0x5000, 0x1000, &a), -ENOMEM);
    assert_int_equal(hl_ranges_alloc(&r, UINT64_MAX, 0x1000, &a), -ENOMEM);
    assert_int_equal(hl_ranges_alloc(&r, 0x1000, 1ull << 63, &a), -ENOMEM);
    assert_int_equal(a, 77);
    assert_int_equal(hl_ranges_alloc(&r, 0x4000, 0x1000, &a), 0);
    assert_int_equal(hl_ranges_alloc(&r, 1, 1, &a), -ENOMEM);
    hl_ranges_fini(&r);
}

TEST(taking_a_range)
{
    struct hl_ranges r;

    hl_ranges_init(&r, 0x1000, 0x10000);
    assert_int_equal(hl_ranges_take(&r, 0x3000, 0x2000), 0);
    assert_int_equal(hl_ranges_take(&r, 0x4000, 0x1000), -EBUSY);
    assert_int_equal(hl_ranges_take(&r, 0x2000, 0x1001), -EBUSY);
    assert_int_equal(hl_ranges_take(&r, 0x2000, 0x1000), 0);
    assert_int_equal(hl_ranges_take(&r, 0x5000, 0x1000), 0);
    assert_int_equal(hl_ranges_take(&r, 0, 0x1000), -EINVAL);
    assert_int_equal(hl_ranges_take(&r, 0x10000, 0x1001), -EINVAL);
    assert_int_equal(hl_ranges_take(&r, 0x10000, UINT64_MAX), -EINVAL);
    hl_ranges_free(&r, 0x2fff); /* none starts there */
    assert_int_equal(r.count, 3);
    hl_ranges_fini(&r);
}

/* Many ranges against a plain map of pages. */
TEST(against_a_page_map)
{
    enum { PAGES = 256 };
    unsigned char map[PAGES] = { 0 };
    uint64_t start[PAGES], size[PAGES];
    unsigned n = 0, seed = 1;
    struct hl_ranges r;

    hl_ranges_init(&r, 0, PAGES * 4096ull);
    for (unsigned round = 0; round < 20000; round++) {
        seed = seed * 1103515245 + 12345;
        if (n && (seed >> 16) % 3 == 0) {
            unsigned i = (seed >> 8) % n;

            hl_ranges_free(&r, start[i]);
            memset(&map[start[i] / 4096], 0, size[i] / 4096);
            n--;
            start[i] = start[n];
            size[i] = size[n];
        } else {
            uint64_t want = ((seed >> 20) % 8 + 1) * 4096, at;

            if (hl_ranges_alloc(&r, want, 4096, &at))
                continue;
            for (uint64_t p = at / 4096; p < (at + want) / 4096; p++) {
                assert_int_equal(map[p], 0);
                map[p] = 1;
            }
            start[n] = at;
            size[n++] = want;
        }
        assert_int_equal(r.count, n);
    }
    hl_ranges_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_fit_with_alignment),
        cmocka_unit_test(full_and_wrapping_sizes),
        cmocka_unit_test(taking_a_range),
        cmocka_unit_test(against_a_page_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
