/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include "lib/pool/size_class.h"

/* Every size gets the smallest class that holds it. */
TEST(classes_cover_all_sizes)
{
    for (uint64_t size = 1; size <= HL_POOL_CLASS_MAX_BYTES; size++) {
        unsigned c = hl_pool_class(size);

        assert_true(c < HL_POOL_CLASSES);
        assert_true(hl_pool_class_bytes(c) >= size);
        assert_true(c == 0 || hl_pool_class_bytes(c - 1) < size);
    }
    assert_int_equal(hl_pool_class_bytes(HL_POOL_CLASSES - 1), HL_POOL_CLASS_MAX_BYTES);
}

TEST(a_fifth_is_unused_at_most)
{
    for (unsigned c = 4; c < HL_POOL_CLASSES; c++) {
        uint64_t least = hl_pool_class_bytes(c - 1) + 1, bytes = hl_pool_class_bytes(c);

        assert_true((bytes - least) * 5 <= bytes);
    }
}

/* A size that is a multiple of an alignment, up to a page, gets a block with that alignment. */
TEST(blocks_are_aligned_as_their_sizes)
{
    for (uint64_t page = 4096; page <= 65536; page *= 4) {
        for (uint64_t align = HL_SPACE_GRANULE; align <= page; align *= 2) {
            for (uint64_t size = align; size <= HL_POOL_CLASS_MAX_BYTES; size += align) {
                unsigned c = hl_pool_class(size);

                assert_true(hl_pool_class_alignment(c, page) >= align);
                assert_true(hl_pool_class_alignment(c, page) <= page);
                assert_int_equal(hl_pool_class_bytes(c) % align, 0);
            }
        }
    }
}

TEST(batches)
{
    for (unsigned c = 0; c < HL_POOL_CLASSES; c++) {
        unsigned n = hl_pool_class_batch(c);

        assert_true(n >= 1 && n <= 32);
        assert_true(n == 1 || n * hl_pool_class_bytes(c) <= 128 << 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_cover_all_sizes),
        cmocka_unit_test(a_fifth_is_unused_at_most),
        cmocka_unit_test(blocks_are_aligned_as_their_sizes),
        cmocka_unit_test(batches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
