/* SPDX-License-Identifier: MIT */
/* 100,000 cycles of alloc, map, export, close, unmap, free: memory and descriptors stay flat. */
#include "tests/sim/support.h"

#include <malloc.h>
#include <unistd.h>

/* Resident pages of this process. */
static long resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size, pages = -1;

    if (f && fscanf(f, "%ld %ld", &size, &pages) != 2)
        pages = -1;
    if (f)
        fclose(f);
    return pages;
}

static void cycle(struct hlthunk_device *d)
{
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;

    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    if (can_export()) {
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        hlthunk_buffer_unref(b);
        hlthunk_dmabuf_unref(m);
    } else {
        hlthunk_buffer_unref(b);
    }
}

TEST(flat)
{
    const char *count = getenv("TEST_CYCLES");
    unsigned n = count ? (unsigned)atoi(count) : 2000;
    struct hlthunk_device *d = open_device();
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    unsigned fds;
    long before __attribute__((unused));
    size_t heap __attribute__((unused));

    for (unsigned i = 0; i < 100; i++)
        cycle(d);
    fds = count_fds();
    before = resident();
    heap = mallinfo2().uordblks;
    for (unsigned i = 0; i < n; i++)
        cycle(d);
    assert_int_equal(count_fds(), fds);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* sanitizers keep what was freed for a while, and find leaks themselves */
    assert_true(mallinfo2().uordblks <= heap + 4096);
    assert_true(resident() <= before + 64);
#endif
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(flat) };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
