/* SPDX-License-Identifier: MIT */
/* What is alive, in words. */
#include "tests/test.h"

#include <link.h>

#include <hlthunk/leaks.h>

#include "lib/core/object.h"

static void says(const struct hlthunk_live_object *o, const char *text)
{
    char all[400], start[20];
    size_t n = strlen(text);

    assert_int_equal(hlthunk_live_object_format(o, all, sizeof(all)), n);
    assert_string_equal(all, text);
    /* as snprintf(): what fits, and the length of all of it */
    assert_int_equal(hlthunk_live_object_format(o, NULL, 0), n);
    assert_int_equal(hlthunk_live_object_format(o, start, sizeof(start)), n);
    assert_int_equal(strlen(start), sizeof(start) - 1);
    assert_memory_equal(start, text, sizeof(start) - 1);
}

TEST(one_object)
{
    struct hlthunk_live_object o = { .kind = "event notifier", .count = 1, .age_ns = 5999999 };

    says(&o, "an event notifier is alive, made 5 ms ago");
    o = (struct hlthunk_live_object){ .kind = "dma-buf",
                                      .count = 1,
                                      .size_bytes = 8192,
                                      .offset = 4096,
                                      .address = 0x20000000,
                                      .label = "weights" };
    says(&o, "a dma-buf of 8192 bytes at 0x20000000 (offset 4096) is alive, made 0 ms ago, label "
             "weights");
}

TEST(many_objects)
{
    const struct hlthunk_live_object o = {
        .kind = "pool buffer", .count = 12, .size_bytes = 768, .age_ns = 7000000
    };

    says(&o, "12 pool buffers of 768 bytes together are alive, the oldest made 7 ms ago");
}

static int of_the_program(struct dl_phdr_info *info, size_t size, void *bias)
{
    (void)size;
    *(uintptr_t *)bias = info->dlpi_addr;
    return 1;
}

/*
 * Code of a program by its file and the place in it, as addr2line wants it: of a program that is
 * linked for a fixed address this is the address.  What is in no file is there by its address.
 */
TEST(creators)
{
    struct hlthunk_live_object o = { .kind = "buffer",
                                     .count = 1,
                                     .creator = (const char *)(uintptr_t)says + 1 };
    uintptr_t bias = 1;
    char text[400], place[100];

    dl_iterate_phdr(of_the_program, &bias);
    snprintf(place, sizeof(place), " by %s(+%#llx)", program_invocation_short_name,
             (unsigned long long)((uintptr_t)says - bias));
    assert_true(hlthunk_live_object_format(&o, text, sizeof(text)) > 0);
    if (!strstr(text, place))
        fail_msg("\"%s\" does not say \"%s\"", text, place);
    o.creator = (const void *)0x10;
    says(&o, "a buffer is alive, made 0 ms ago by 0x10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_object),
        cmocka_unit_test(many_objects),
        cmocka_unit_test(creators),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
