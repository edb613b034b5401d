/* SPDX-License-Identifier: MIT */
/* Device addresses that are reserved, and buffers that come and go there. */
#include "tests/sim/support.h"

#include <sys/wait.h>
#include <unistd.h>

/* What the driver leaves to hints (docs/allocators.md). */
#define FIRST_RESERVED 0x1001500000000000ull
#define LAST_RESERVED 0x10016fffffffffffull

static bool outside(const struct hlthunk_buffer *b)
{
    uint64_t at = hlthunk_buffer_get_address(b);

    return at > LAST_RESERVED || at + hlthunk_buffer_get_granted_size(b) <= FIRST_RESERVED;
}

static struct hlthunk_buffer *unmapped(struct hlthunk_device *d, uint64_t size)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .unmapped = true };
    struct hlthunk_buffer *b;

    ok(hlthunk_buffer_alloc(d, size, &o, &b));
    return b;
}

static struct hlthunk_address_range *reserve(struct hlthunk_device *d, uint64_t size)
{
    struct hlthunk_address_range *r;

    ok(hlthunk_address_range_reserve(d, size, NULL, &r));
    return r;
}

/* Gaudi2, and the size of its memory's pages; elsewhere addresses cannot be reserved: skips. */
static struct hlthunk_device *open_gaudi2(uint64_t *page)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device *d;

    if (!on_asic("gaudi2"))
        skip();
    d = open_device();
    ok(hlthunk_device_get_properties(d, &p));
    *page = p.memory_page_size;
    return d;
}

TEST(only_gaudi2_leaves_addresses_to_hints)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_address_range *none = (void *)1;

    if (on_asic("gaudi"))
        refused(hlthunk_address_range_reserve(d, 1, NULL, &none), EOPNOTSUPP, "physical");
    else if (on_asic("goya"))
        refused(hlthunk_address_range_reserve(d, 1, NULL, &none), EOPNOTSUPP, "no addresses to");
    else
        none = reserve(d, 1);
    if (on_asic("gaudi2"))
        hlthunk_address_range_unref(none);
    else
        assert_ptr_equal(none, (void *)1);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(what_is_refused)
{
    struct hlthunk_address_range_options o = { .struct_size = sizeof(o), .label = "weights" };
    struct hlthunk_address_range *r, *none = (void *)1;
    uint64_t page;
    struct hlthunk_buffer *b, *mapped;
    struct hlthunk_device *d = open_gaudi2(&page);

    refused(hlthunk_address_range_reserve(NULL, 1, NULL, &none), EINVAL, "device is NULL");
    refused(hlthunk_address_range_reserve(d, 1, NULL, NULL), EINVAL, "range is NULL");
    refused(hlthunk_address_range_reserve(d, 0, NULL, &none), EINVAL, "size_bytes is 0");
    refused(hlthunk_address_range_reserve(d, 1ull << 46, NULL, &none), ENOMEM, "one piece");
    refused(hlthunk_address_range_reserve(d, UINT64_MAX, NULL, &none), ENOMEM, "one piece");
    assert_ptr_equal(none, (void *)1);
    ok(hlthunk_address_range_reserve(d, 2 * page, &o, &r));
    b = unmapped(d, page + 1);
    ok(hlthunk_buffer_alloc(d, 1, NULL, &mapped));
    refused(hlthunk_address_range_map(NULL, 0, b), EINVAL, "range is NULL");
    refused(hlthunk_address_range_map(r, 0, NULL), EINVAL, "buffer is NULL");
    refused(hlthunk_address_range_map(r, 4096, b), EINVAL, "not a multiple");
    refused(hlthunk_address_range_map(r, page, b), EINVAL, "more than the range's");
    refused(hlthunk_address_range_map(r, 3 * page, b), EINVAL, "more than the range's");
    refused(hlthunk_address_range_map(r, 0, mapped), EALREADY, "already mapped");
    assert_int_equal(hlthunk_buffer_get_address(b), 0);
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(mapped);
    hlthunk_address_range_unref(r);
    hlthunk_address_range_unref(NULL);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* As an allocator grows: pieces side by side, one taken out, another one in its place. */
TEST(buffers_come_and_go)
{
    struct hlthunk_address_range *r, *other;
    struct hlthunk_buffer *b[4], *elsewhere, *found;
    uint64_t page, at, offset;
    struct hlthunk_device *d = open_gaudi2(&page);

    r = reserve(d, 8 * page - 5);
    other = reserve(d, 3 * page);
    at = hlthunk_address_range_get_address(r);
    assert_int_equal(hlthunk_address_range_get_size(r), 8 * page);
    assert_true(hlthunk_address_range_get_address(other) >= at + 8 * page ||
                hlthunk_address_range_get_address(other) + 3 * page <= at);
    for (unsigned i = 0; i < 4; i++) {
        b[i] = unmapped(d, 2 * page);
        ok(hlthunk_address_range_map(r, 2 * i * page, b[i]));
        assert_int_equal(hlthunk_buffer_get_address(b[i]), at + 2 * i * page);
        /* what is not asked to be there is not */
        ok(hlthunk_buffer_alloc(d, page, NULL, &elsewhere));
        assert_true(hlthunk_buffer_get_address(elsewhere) - at >= 8 * page);
        hlthunk_buffer_unref(elsewhere);
    }
    ok(hlthunk_device_find_buffer(d, at + 5 * page, 1, &found, &offset));
    assert_ptr_equal(found, b[2]);
    assert_int_equal(offset, page);
    hlthunk_buffer_unref(found);
    elsewhere = unmapped(d, page);
    refused(hlthunk_address_range_map(r, 2 * page, elsewhere), ENOMEM, "not free");
    ok(hlthunk_buffer_unmap(b[1]));
    refused(hlthunk_address_range_map(r, page, elsewhere), ENOMEM, "not free");
    refused(hlthunk_address_range_map(r, 3 * page, elsewhere), ENOMEM, "not free");
    ok(hlthunk_address_range_map(r, 2 * page, elsewhere));
    assert_int_equal(hlthunk_buffer_get_address(elsewhere), at + 2 * page);
    ok(hlthunk_address_range_map(other, page, b[1]));
    assert_int_equal(hlthunk_buffer_get_address(b[1]),
                     hlthunk_address_range_get_address(other) + page);
    for (unsigned i = 0; i < 4; i++)
        hlthunk_buffer_unref(b[i]);
    hlthunk_buffer_unref(elsewhere);
    hlthunk_address_range_unref(r);
    hlthunk_address_range_unref(other);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* The driver gives the first hole of a size first: the last one is filled all the same. */
TEST(any_hole_is_filled)
{
    enum { HOLES = 5 };
    struct hlthunk_buffer *b[2 * HOLES + 1];
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_address_range *r;
    uint64_t page, at;
    struct hlthunk_device *d = open_gaudi2(&page);

    r = reserve(d, (2 * HOLES + 1) * page);
    at = hlthunk_address_range_get_address(r);
    for (unsigned i = 0; i < 2 * HOLES + 1; i++) {
        b[i] = unmapped(d, 1);
        ok(hlthunk_address_range_map(r, i * page, b[i]));
    }
    for (unsigned i = 1; i < 2 * HOLES; i += 2)
        ok(hlthunk_buffer_unmap(b[i]));
    for (unsigned i = 2 * HOLES - 1; i < 2 * HOLES; i -= 2) {
        ok(hlthunk_address_range_map(r, i * page, b[i]));
        assert_int_equal(hlthunk_buffer_get_address(b[i]), at + i * page);
    }
    for (unsigned i = 0; i < 2 * HOLES + 1; i++)
        hlthunk_buffer_unref(b[i]);
    hlthunk_address_range_unref(r);
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A hint that is not free leads elsewhere, and not into what is reserved. */
TEST(plain_hints_stay_outside)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o) };
    struct hlthunk_buffer_map_options m = { .struct_size = sizeof(m) };
    struct hlthunk_address_range *r;
    struct hlthunk_buffer *b[3], *c, *other;
    uint64_t page, at;
    struct hlthunk_device *d = open_gaudi2(&page);

    r = reserve(d, 3 * page);
    at = hlthunk_address_range_get_address(r);
    for (unsigned i = 0; i < 3; i++) {
        b[i] = unmapped(d, 1);
        ok(hlthunk_address_range_map(r, i * page, b[i]));
    }
    ok(hlthunk_buffer_unmap(b[1]));
    for (unsigned i = 0; i < 2; i++) {
        o.hint = at + i * page; /* of the range, taken and free; its hole fits best */
        ok(hlthunk_buffer_alloc(d, 1, &o, &c));
        assert_true(hlthunk_buffer_get_address(c) - at >= 3 * page);
        hlthunk_buffer_unref(c);
        m.hint = o.hint;
        c = unmapped(d, 1);
        ok(hlthunk_buffer_map(c, &m));
        assert_true(hlthunk_buffer_get_address(c) - at >= 3 * page);
        hlthunk_buffer_unref(c);
    }
    ok(hlthunk_address_range_map(r, page, b[1]));
    /* another one's address, outside: that it is not free is no failure */
    ok(hlthunk_buffer_alloc(d, 1, NULL, &other));
    m.hint = hlthunk_buffer_get_address(other);
    c = unmapped(d, 1);
    refused(hlthunk_buffer_map(NULL, &m), EINVAL, "buffer is NULL");
    ok(hlthunk_buffer_map(c, &m));
    assert_string_equal(hlthunk_last_error(), "buffer is NULL");
    hlthunk_buffer_unref(c);
    hlthunk_buffer_unref(other);
    for (unsigned i = 0; i < 3; i++)
        hlthunk_buffer_unref(b[i]);
    hlthunk_address_range_unref(r);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Also before anything is reserved: what is reserved later is free.  A .force_hint is the
 * program's. */
TEST(hints_before_the_first_range)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o) };
    struct hlthunk_address_range *r;
    struct hlthunk_buffer *at_first, *over_first, *at_last, *b;
    uint64_t page, first;
    struct hlthunk_device *d = open_gaudi2(&page);

    first = FIRST_RESERVED + page - (FIRST_RESERVED & 0xFFFFFFFFFFFF) % page;
    o.hint = first;
    ok(hlthunk_buffer_alloc(d, 1, &o, &at_first));
    assert_true(outside(at_first));
    o.hint = first - page; /* its second page would be within */
    ok(hlthunk_buffer_alloc(d, 2 * page, &o, &over_first));
    assert_true(outside(over_first));
    o.hint = LAST_RESERVED - (LAST_RESERVED & 0xFFFFFFFFFFFF) % page;
    ok(hlthunk_buffer_alloc(d, 1, &o, &at_last));
    assert_true(outside(at_last));
    r = reserve(d, 3 * page);
    assert_int_equal(hlthunk_address_range_get_address(r), first);
    b = unmapped(d, 3 * page);
    ok(hlthunk_address_range_map(r, 0, b));
    hlthunk_buffer_unref(b);
    o.hint = first + page;
    o.force_hint = true;
    ok(hlthunk_buffer_alloc(d, 1, &o, &b));
    assert_int_equal(hlthunk_buffer_get_address(b), first + page);
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(at_first);
    hlthunk_buffer_unref(over_first);
    hlthunk_buffer_unref(at_last);
    hlthunk_address_range_unref(r);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* What is mapped keeps its addresses from others when its range is gone, and no longer. */
TEST(mappings_outlive_their_range)
{
    struct hlthunk_address_range *r, *first, *again;
    uint64_t page, at;
    struct hlthunk_buffer *b;
    struct hlthunk_device *d = open_gaudi2(&page);

    r = reserve(d, 2 * page);
    at = hlthunk_address_range_get_address(r);
    b = unmapped(d, page);
    ok(hlthunk_address_range_map(r, page, b));
    hlthunk_address_range_unref(r);
    r = reserve(d, 2 * page);
    assert_int_not_equal(hlthunk_address_range_get_address(r), at);
    hlthunk_buffer_unref(b);
    first = reserve(d, 2 * page);
    assert_int_equal(hlthunk_address_range_get_address(first), at);
    /* taken out again, and mapped anywhere */
    b = unmapped(d, page);
    ok(hlthunk_address_range_map(r, 0, b));
    ok(hlthunk_buffer_unmap(b));
    at = hlthunk_address_range_get_address(r);
    hlthunk_address_range_unref(r);
    again = reserve(d, 2 * page);
    assert_int_equal(hlthunk_address_range_get_address(again), at);
    hlthunk_address_range_unref(again);
    hlthunk_address_range_unref(first);
    ok(hlthunk_buffer_map(b, NULL));
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Memory that is still exported stays mapped, and so its addresses stay reserved. */
TEST(exported_memory_keeps_its_place)
{
    struct hlthunk_address_range *r;
    struct hlthunk_dmabuf *m;
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    uint64_t page, at;
    int fd;

    if (!can_export())
        skip();
    d = open_gaudi2(&page);
    r = reserve(d, page);
    at = hlthunk_address_range_get_address(r);
    b = unmapped(d, page);
    ok(hlthunk_address_range_map(r, 0, b));
    hlthunk_address_range_unref(r);
    ok(hlthunk_dmabuf_export(b, 0, 4096, NULL, &m));
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    r = reserve(d, page);
    assert_int_not_equal(hlthunk_address_range_get_address(r), at);
    hlthunk_address_range_unref(r);
    close(fd);
    ok(hlthunk_buffer_alloc(d, 1, NULL, &b)); /* what waits is tried again */
    hlthunk_buffer_unref(b);
    r = reserve(d, page);
    assert_int_equal(hlthunk_address_range_get_address(r), at);
    hlthunk_address_range_unref(r);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(a_child_only_forgets)
{
    struct hlthunk_address_range *r;
    uint64_t page;
    struct hlthunk_buffer *b;
    int status;
    pid_t pid;
    struct hlthunk_device *d = open_gaudi2(&page);

    r = reserve(d, page);
    b = unmapped(d, 1);
    ok(hlthunk_address_range_map(r, 0, b));
    pid = fork();
    if (pid == 0) {
        bool bad = hlthunk_address_range_map(r, 0, b) != -EPERM;

        hlthunk_address_range_unref(r);
        hlthunk_buffer_unref(b);
        _exit(bad);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    ok(hlthunk_buffer_unmap(b));
    ok(hlthunk_address_range_map(r, 0, b));
    hlthunk_address_range_unref(r);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_gaudi2_leaves_addresses_to_hints),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(buffers_come_and_go),
        cmocka_unit_test(any_hole_is_filled),
        cmocka_unit_test(plain_hints_stay_outside),
        cmocka_unit_test(hints_before_the_first_range),
        cmocka_unit_test(mappings_outlive_their_range),
        cmocka_unit_test(exported_memory_keeps_its_place),
        cmocka_unit_test(a_child_only_forgets),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
