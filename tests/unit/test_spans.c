/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <stdlib.h>

#include "lib/core/spans.h"

static unsigned depth(const struct hl_span *s)
{
    unsigned l, r;

    if (!s)
        return 0;
    l = depth(s->left);
    r = depth(s->right);
    return 1 + (l > r ? l : r);
}

TEST(edges)
{
    struct hl_span a = { .start = 100, .size = 50 }, b = { .start = 150, .size = 1 },
                   last = { .start = UINT64_MAX - 9, .size = 10 }, zero = { .start = 0, .size = 1 };
    struct hl_spans t = { 0 };

    assert_null(hl_spans_find(&t, 0));
    assert_true(hl_spans_insert(&t, &a));
    assert_true(hl_spans_insert(&t, &b));
    assert_true(hl_spans_insert(&t, &last));
    assert_true(hl_spans_insert(&t, &zero));
    assert_ptr_equal(hl_spans_find(&t, 0), &zero);
    assert_null(hl_spans_find(&t, 1));
    assert_null(hl_spans_find(&t, 99));
    assert_ptr_equal(hl_spans_find(&t, 100), &a);
    assert_ptr_equal(hl_spans_find(&t, 149), &a);
    assert_ptr_equal(hl_spans_find(&t, 150), &b);
    assert_null(hl_spans_find(&t, 151));
    assert_null(hl_spans_find(&t, UINT64_MAX - 10));
    assert_ptr_equal(hl_spans_find(&t, UINT64_MAX), &last);
    hl_spans_remove(&t, &a);
    assert_null(hl_spans_find(&t, 100));
    assert_ptr_equal(hl_spans_find(&t, 150), &b);
}

TEST(what_overlaps_stays_out)
{
    struct hl_span a = { .start = 100, .size = 50 };
    struct hl_spans t = { 0 };
    const uint64_t overlapping[][2] = { { 100, 50 }, { 100, 1 }, { 149, 1 },   { 149, 100 },
                                        { 99, 2 },   { 50, 51 }, { 50, 1000 }, { 0, UINT64_MAX } };

    assert_true(hl_spans_insert(&t, &a));
    for (size_t i = 0; i < sizeof(overlapping) / sizeof(overlapping[0]); i++) {
        struct hl_span s = { .start = overlapping[i][0], .size = overlapping[i][1] };

        assert_false(hl_spans_insert(&t, &s));
        assert_ptr_equal(t.root, &a);
        assert_null(a.left);
        assert_null(a.right);
    }
}

#define SLOTS 400u

/* Against an array that has for each address who is there. */
TEST(as_an_array)
{
    static struct hl_span span[SLOTS];
    static bool in[SLOTS];
    static unsigned char owner[SLOTS * 4];
    struct hl_spans t = { 0 };

    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned i = (unsigned)rand() % 200, at = (unsigned)rand() % (SLOTS * 4);

        if (in[i]) {
            hl_spans_remove(&t, &span[i]);
            for (uint64_t k = 0; k < span[i].size; k++)
                owner[span[i].start + k] = 0;
            in[i] = false;
        } else {
            uint64_t size = 1 + (unsigned)rand() % 12;
            bool room = at + size <= SLOTS * 4;

            if (!room)
                continue;
            for (uint64_t k = 0; k < size; k++)
                room = room && !owner[at + k];
            span[i].start = at;
            span[i].size = size;
            in[i] = hl_spans_insert(&t, &span[i]);
            assert_int_equal(in[i], room);
            for (uint64_t k = 0; room && k < size; k++)
                owner[at + k] = (unsigned char)(i + 1);
        }
        at = (unsigned)rand() % (SLOTS * 4);
        assert_ptr_equal(hl_spans_find(&t, at), owner[at] ? &span[owner[at] - 1] : NULL);
    }
}

/* A random tree of 2^16 has a depth of about 40; a list would have 65536. */
TEST(the_depth_is_logarithmic)
{
    const uint64_t strides[] = { 1,          64,      4096,    65536,     3ull << 8,   768ull << 20,
                                 1ull << 40, 0x10001, 1000003, 48 * 1024, (1ull << 47) };
    enum { COUNT = 1 << 16 };
    struct hl_span *s = calloc(COUNT, sizeof(*s));

    assert_non_null(s);
    for (size_t k = 0; k < sizeof(strides) / sizeof(strides[0]); k++) {
        unsigned count = strides[k] > (1ull << 46) ? COUNT / 2 : COUNT;
        struct hl_spans t = { 0 };

        for (unsigned i = 0; i < count; i++) {
            s[i] = (struct hl_span){ .start = i * strides[k], .size = 1 };
            assert_true(hl_spans_insert(&t, &s[i]));
        }
        assert_true(depth(t.root) < 80);
        for (unsigned i = 0; i < count; i += 2)
            hl_spans_remove(&t, &s[i]);
        assert_true(depth(t.root) < 80);
        for (unsigned i = 0; i < count; i++)
            assert_ptr_equal(hl_spans_find(&t, s[i].start), i % 2 ? &s[i] : NULL);
    }
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges),
        cmocka_unit_test(what_overlaps_stays_out),
        cmocka_unit_test(as_an_array),
        cmocka_unit_test(the_depth_is_logarithmic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
