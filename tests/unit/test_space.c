/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "lib/memory/space.h"

#define G HL_SPACE_GRANULE

TEST(sizes_and_alignments)
{
    struct hl_extent *a, *b, *c, *none = NULL;
    struct hl_region r;
    struct hl_space s;

    hl_space_init(&s);
    assert_int_equal(hl_space_alloc(&s, G, 1, &none), -ENOSPC);
    assert_int_equal(hl_space_add(&s, &r, 3 * G, 1000 * G), 0);
    assert_true(hl_region_is_empty(&r));
    assert_int_equal(hl_space_largest(&s), 1000 * G);
    assert_int_equal(hl_space_alloc(&s, G, 1, &a), 0);
    assert_int_equal(a->start, 3 * G);
    assert_ptr_equal(a, r.first); /* nothing before it */
    assert_int_equal(hl_space_alloc(&s, 5 * G, 256 * G, &b), 0);
    assert_int_equal(b->start, 256 * G);
    assert_int_equal(hl_space_alloc(&s, 2 * G, G, &c), 0);
    assert_int_equal(c->size, 2 * G);
    assert_false(hl_region_is_empty(&r));
    assert_int_equal(s.free_bytes, 992 * G);
    assert_int_equal(hl_space_alloc(&s, 1000 * G, 1, &none), -ENOSPC);
    assert_int_equal(hl_space_alloc(&s, UINT64_MAX / G * G, 1, &none), -ENOSPC);
    assert_int_equal(hl_space_alloc(&s, UINT64_MAX / G * G, 4 * G, &none), -ENOSPC);
    assert_int_equal(hl_space_alloc(&s, G, 1ull << 63, &none), -ENOSPC);
    assert_null(none);
    hl_space_free(&s, b);
    hl_space_free(&s, a);
    hl_space_free(&s, c);
    assert_true(hl_region_is_empty(&r));
    assert_int_equal(hl_space_largest(&s), 1000 * G);
    assert_int_equal(hl_space_alloc(&s, 1000 * G, 1, &a), 0);
    assert_null(a->next); /* nor after it */
    hl_space_free(&s, a);
    hl_space_remove(&s, &r);
    assert_null(r.first);
    assert_int_equal(s.free_bytes, 0);
    assert_int_equal(hl_space_largest(&s), 0);
    hl_space_fini(&s);
}

/* The last piece that fits exactly is found, although its bin is not sure to hold a fit. */
TEST(exact_fit_is_found)
{
    struct hl_extent *all[64], *e;
    struct hl_region r;
    struct hl_space s;

    hl_space_init(&s);
    assert_int_equal(hl_space_add(&s, &r, 0, 64 * 101 * G), 0);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(hl_space_alloc(&s, 101 * G, 1, &all[i]), 0);
    assert_int_equal(s.free_bytes, 0);
    for (unsigned i = 0; i < 64; i += 2)
        hl_space_free(&s, all[i]);
    for (unsigned i = 0; i < 64; i += 2)
        assert_int_equal(hl_space_alloc(&s, 101 * G, 1, &all[i]), 0);
    assert_int_equal(hl_space_alloc(&s, G, 1, &e), -ENOSPC);
    for (unsigned i = 0; i < 64; i++)
        hl_space_free(&s, all[i]);
    hl_space_remove(&s, &r);
    hl_space_fini(&s);
}

/* A large piece is not cut while a small one does. */
TEST(close_fits_come_first)
{
    struct hl_extent *a, *b, *e;
    struct hl_region r;
    struct hl_space s;

    hl_space_init(&s);
    assert_int_equal(hl_space_add(&s, &r, 0, 1000 * G), 0);
    assert_int_equal(hl_space_take(&s, &r, 103 * G, G, &a), 0);
    assert_int_equal(hl_space_alloc(&s, 102 * G, 1, &b), 0);
    assert_int_equal(b->start, 0);
    hl_space_free(&s, b);
    assert_int_equal(hl_space_alloc(&s, 104 * G, 1, &e), 0);
    assert_int_equal(e->start, 104 * G);
    /* what is still in use goes with its region */
    hl_space_remove(&s, &r);
    assert_int_equal(s.free_bytes, 0);
    assert_int_equal(hl_space_largest(&s), 0);
    hl_space_fini(&s);
}

/* Regions side by side stay apart: each can be taken away. */
TEST(regions_do_not_merge)
{
    struct hl_region a, b;
    struct hl_extent *e;
    struct hl_space s;

    hl_space_init(&s);
    assert_int_equal(hl_space_add(&s, &a, 0, 100 * G), 0);
    assert_int_equal(hl_space_add(&s, &b, 100 * G, 100 * G), 0);
    assert_int_equal(hl_space_alloc(&s, 101 * G, 1, &e), -ENOSPC);
    assert_int_equal(hl_space_alloc(&s, 100 * G, 1, &e), 0);
    assert_true(hl_region_is_empty(e->region == &a ? &b : &a));
    hl_space_remove(&s, e->region == &a ? &b : &a);
    hl_space_free(&s, e);
    hl_space_remove(&s, e->region);
    hl_space_fini(&s);
}

TEST(taking_a_place)
{
    struct hl_extent *a, *b, *c, *d, *none = NULL;
    struct hl_region r;
    struct hl_space s;

    hl_space_init(&s);
    assert_int_equal(hl_space_add(&s, &r, 16 * G, 256 * G), 0);
    assert_int_equal(hl_space_take(&s, &r, 48 * G, 32 * G, &a), 0);
    assert_int_equal(a->start, 48 * G);
    assert_int_equal(a->size, 32 * G);
    assert_int_equal(hl_space_take(&s, &r, 79 * G, G, &none), -EBUSY);
    assert_int_equal(hl_space_take(&s, &r, 48 * G, G, &none), -EBUSY);
    assert_int_equal(hl_space_take(&s, &r, 32 * G, 17 * G, &none), -EBUSY);
    assert_int_equal(hl_space_take(&s, &r, 32 * G, 16 * G, &b), 0);
    assert_int_equal(hl_space_take(&s, &r, 80 * G, 16 * G, &c), 0);
    assert_int_equal(hl_space_take(&s, &r, 15 * G, G, &none), -EINVAL);
    assert_int_equal(hl_space_take(&s, &r, 272 * G, G, &none), -EINVAL);
    assert_int_equal(hl_space_take(&s, &r, 273 * G, G, &none), -EINVAL);
    assert_int_equal(hl_space_take(&s, &r, 256 * G, 17 * G, &none), -EINVAL);
    assert_int_equal(hl_space_take(&s, &r, 256 * G, UINT64_MAX / G * G, &none), -EINVAL);
    assert_null(none);
    assert_int_equal(hl_space_take(&s, &r, 256 * G, 16 * G, &d), 0); /* to the end */
    assert_int_equal(s.free_bytes, (256 - 32 - 16 - 16 - 16) * G);
    hl_space_free(&s, b);
    assert_int_equal(hl_space_take(&s, &r, 16 * G, 32 * G, &b), 0); /* with what was before it */
    hl_space_free(&s, a);
    hl_space_free(&s, b);
    hl_space_free(&s, c);
    hl_space_free(&s, d);
    assert_true(hl_region_is_empty(&r));
    assert_int_equal(hl_space_take(&s, &r, 16 * G, 256 * G, &a), 0); /* all */
    hl_space_free(&s, a);
    hl_space_remove(&s, &r);
    hl_space_fini(&s);
}

enum { REGIONS = 3, GRANULES = 700, LIVE = 400 };

struct model {
    struct hl_space space;
    struct hl_region regions[REGIONS];
    uint64_t starts[REGIONS];
    unsigned char map[REGIONS][GRANULES]; /* 1: in use */
    struct hl_extent *live[LIVE];
    unsigned count, seed;
};

static unsigned roll(struct model *m, unsigned n)
{
    m->seed = m->seed * 1103515245 + 12345;
    return (m->seed >> 16) % n;
}

static unsigned char *place(struct model *m, const struct hl_extent *e)
{
    unsigned r = (unsigned)(e->region - m->regions);

    assert_true(r < REGIONS);
    assert_true(e->start >= m->starts[r]);
    assert_true(e->start + e->size <= m->starts[r] + GRANULES * G);
    return &m->map[r][(e->start - m->starts[r]) / G];
}

/* By trying every place. */
static bool model_has(const struct model *m, uint64_t size, uint64_t align)
{
    for (unsigned r = 0; r < REGIONS; r++) {
        uint64_t run = 0;

        for (unsigned i = GRANULES; i-- > 0;) {
            run = m->map[r][i] ? 0 : run + 1;
            if (run * G >= size && !((m->starts[r] + i * G) & (align - 1)))
                return true;
        }
    }
    return false;
}

static void check_sums(const struct model *m)
{
    uint64_t total = 0, largest = 0;

    for (unsigned r = 0; r < REGIONS; r++) {
        uint64_t run = 0;
        bool empty = true;

        for (unsigned i = 0; i < GRANULES; i++) {
            run = m->map[r][i] ? 0 : run + 1;
            total += !m->map[r][i];
            largest = run > largest ? run : largest;
            empty &= !m->map[r][i];
        }
        assert_int_equal(hl_region_is_empty(&m->regions[r]), empty);
    }
    assert_int_equal(m->space.free_bytes, total * G);
    assert_int_equal(hl_space_largest(&m->space), largest * G);
}

static void mark(struct model *m, struct hl_extent *e)
{
    unsigned char *at = place(m, e);

    for (uint64_t i = 0; i < e->size / G; i++) {
        assert_int_equal(at[i], 0);
        at[i] = 1;
    }
    m->live[m->count++] = e;
}

/* A place of the caller's choice. */
static void take(struct model *m)
{
    unsigned r = roll(m, REGIONS), first = roll(m, GRANULES), n = 1 + roll(m, 24);
    struct hl_extent *e = NULL;
    int rc = hl_space_take(&m->space, &m->regions[r], m->starts[r] + first * G, n * G, &e);

    if (first + n > GRANULES) {
        assert_int_equal(rc, -EINVAL);
    } else if (memchr(&m->map[r][first], 1, n)) {
        assert_int_equal(rc, -EBUSY);
    } else {
        assert_int_equal(rc, 0);
        assert_ptr_equal(place(m, e), &m->map[r][first]);
        assert_int_equal(e->size, n * G);
        mark(m, e);
    }
}

static void alloc(struct model *m)
{
    uint64_t size = (roll(m, 8) ? 1 + roll(m, 24) : 1 + roll(m, GRANULES)) * G;
    uint64_t align = 1ull << roll(m, roll(m, 4) ? 7 : 17);
    struct hl_extent *e = NULL;

    if (hl_space_alloc(&m->space, size, align, &e)) {
        assert_false(model_has(m, size, align));
        return;
    }
    assert_int_equal(e->size, size);
    assert_int_equal(e->start & (align - 1), 0);
    mark(m, e);
}

static void give(struct model *m)
{
    unsigned i = roll(m, m->count);

    memset(place(m, m->live[i]), 0, m->live[i]->size / G);
    hl_space_free(&m->space, m->live[i]);
    m->live[i] = m->live[--m->count];
}

/* Random calls against a map of granules: never overlapping, never refused where there is room. */
TEST(against_a_map)
{
    static struct model m;

    for (unsigned seed = 1; seed <= 8; seed++) {
        memset(&m, 0, sizeof(m));
        m.seed = seed;
        hl_space_init(&m.space);
        for (unsigned r = 0; r < REGIONS; r++) {
            m.starts[r] = (r + 1) * 0x10000000ull + r * 5 * G;
            assert_int_equal(hl_space_add(&m.space, &m.regions[r], m.starts[r], GRANULES * G), 0);
        }
        for (unsigned round = 0; round < 4000; round++) {
            /* now fuller, now emptier */
            unsigned bias = round / 500 % 2 ? 7 : 3;

            if (m.count == LIVE || (m.count && roll(&m, 10) >= bias))
                give(&m);
            else if (roll(&m, 4))
                alloc(&m);
            else
                take(&m);
            check_sums(&m);
        }
        while (m.count)
            give(&m);
        check_sums(&m);
        for (unsigned r = 0; r < REGIONS; r++)
            hl_space_remove(&m.space, &m.regions[r]);
        hl_space_fini(&m.space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_and_alignments),  cmocka_unit_test(exact_fit_is_found),
        cmocka_unit_test(close_fits_come_first), cmocka_unit_test(regions_do_not_merge),
        cmocka_unit_test(taking_a_place),        cmocka_unit_test(against_a_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
