/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <sys/mman.h>
#include <unistd.h>

#include <hlthunk/error.h>

#include "lib/options.h"

struct ours {
    size_t struct_size;
    int first, second;
    unsigned char reserved[8];
};

TEST(none_is_all_defaults)
{
    struct ours o = { 1, 2, 3, { 4 } };

    assert_int_equal(HL_OPTIONS_READ(o, NULL), 0);
    assert_int_equal(o.first, 0);
    assert_int_equal(o.second, 0);
    assert_int_equal(o.reserved[0], 0);
}

TEST(a_shorter_one_gets_defaults)
{
    struct ours theirs = { offsetof(struct ours, second), 5, 99, { 0 } }, o = { 0 };

    assert_int_equal(HL_OPTIONS_READ(o, &theirs), 0);
    assert_int_equal(o.first, 5);
    assert_int_equal(o.second, 0);
}

/* Every single byte of the tail, the first and the last one too. */
TEST(a_longer_one_must_be_zero_there)
{
    struct {
        struct ours known;
        char more[16];
    } theirs = { { sizeof(theirs), 5, 6, { 0 } }, { 0 } };
    struct ours o = { 0 };
    char says[32];

    assert_int_equal(HL_OPTIONS_READ(o, &theirs), 0);
    assert_int_equal(o.second, 6);
    for (size_t i = 0; i < sizeof(theirs.more); i++) {
        o.second = 7;
        theirs.more[i] = 1;
        assert_int_equal(HL_OPTIONS_READ(o, &theirs), -E2BIG);
        snprintf(says, sizeof(says), "at offset %zu,", sizeof(o) + i);
        assert_non_null(strstr(hlthunk_last_error(), says));
        assert_int_not_equal(o.second, 6); /* nothing of it was taken */
        theirs.more[i] = 0;
    }
    /* and not one byte past the end */
    theirs.more[15] = 1;
    theirs.known.struct_size--;
    assert_int_equal(HL_OPTIONS_READ(o, &theirs), 0);
}

TEST(a_size_must_be_there)
{
    struct ours theirs = { 0, 5, 6, { 0 } }, o = { 0 };

    assert_int_equal(HL_OPTIONS_READ(o, &theirs), -EINVAL);
    theirs.struct_size = sizeof(size_t) - 1;
    assert_int_equal(HL_OPTIONS_READ(o, &theirs), -EINVAL);
    assert_non_null(strstr(hlthunk_last_error(), "options->struct_size is"));
    assert_int_equal(hl_struct_check(&theirs, "usage"), -EINVAL);
    assert_non_null(strstr(hlthunk_last_error(), "usage->struct_size is"));
    assert_int_equal(hl_struct_check(NULL, "usage"), -EINVAL);
    assert_non_null(strstr(hlthunk_last_error(), "usage is NULL"));
    theirs.struct_size = sizeof(size_t);
    assert_int_equal(hl_struct_check(&theirs, "usage"), 0);
}

/* Garbage: nothing is read or written behind what there is. */
TEST(a_size_must_be_believable)
{
    struct ours *theirs, o = { 0 };
    long page = sysconf(_SC_PAGESIZE);
    char *end =
        mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(end, MAP_FAILED);
    assert_int_equal(mprotect(end + page, (size_t)page, PROT_NONE), 0);
    theirs = (void *)(end + page - sizeof(*theirs));
    theirs->struct_size = 4097;
    assert_int_equal(HL_OPTIONS_READ(o, theirs), -E2BIG);
    assert_non_null(strstr(hlthunk_last_error(), "options->struct_size is 4097: set it to"));
    theirs->struct_size = SIZE_MAX;
    assert_int_equal(hl_struct_check(theirs, "usage"), -E2BIG);
    assert_non_null(strstr(hlthunk_last_error(), "usage->struct_size is"));
    assert_int_equal(munmap(end, (size_t)page * 2), 0);
}

TEST(reserved_members_must_be_zero)
{
    for (size_t i = 0; i < 8; i++) {
        struct ours o = { 0 };

        assert_int_equal(HL_OPTIONS_RESERVED(o), 0);
        o.reserved[i] = 1;
        assert_int_equal(HL_OPTIONS_RESERVED(o), -E2BIG);
        assert_non_null(strstr(hlthunk_last_error(), "options->reserved"));
    }
}

/* A struct that the library fills: as much as the caller has, zeros past what is known. */
TEST(what_is_filled_fits)
{
    const struct ours o = { 99, 5, 6, { 0 } };
    struct {
        struct ours known;
        char more[16];
    } theirs;

    memset(&theirs, 'x', sizeof(theirs));
    theirs.known.struct_size = offsetof(struct ours, second);
    HL_STRUCT_FILL(&theirs, o);
    assert_int_equal(theirs.known.struct_size, offsetof(struct ours, second));
    assert_int_equal(theirs.known.first, 5);
    assert_int_equal(theirs.known.second, 0x78787878);
    theirs.known.struct_size = sizeof(theirs) - 1;
    HL_STRUCT_FILL(&theirs, o);
    assert_int_equal(theirs.known.struct_size, sizeof(theirs) - 1);
    assert_int_equal(theirs.known.second, 6);
    for (size_t i = 0; i < sizeof(theirs.more); i++)
        assert_int_equal(theirs.more[i], i == 15 ? 'x' : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_all_defaults),
        cmocka_unit_test(a_shorter_one_gets_defaults),
        cmocka_unit_test(a_longer_one_must_be_zero_there),
        cmocka_unit_test(a_size_must_be_there),
        cmocka_unit_test(a_size_must_be_believable),
        cmocka_unit_test(reserved_members_must_be_zero),
        cmocka_unit_test(what_is_filled_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
