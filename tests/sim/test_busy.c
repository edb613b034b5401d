/* SPDX-License-Identifier: MIT */
/*
 * A driver that resets the engines refuses an UNMAP for a moment (--fault unmap:N:EBUSY), and what
 * is mapped meanwhile is nobody else's.
 */
#include "tests/sim/support.h"

static uint64_t used(struct hlthunk_device *d)
{
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };

    ok(hlthunk_device_get_memory_usage(d, &u));
    return u.used_bytes;
}

static struct hlthunk_device *open_asic(enum hlthunk_asic asic)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_ASIC,
                                        .asic = asic };
    struct hlthunk_device *d;

    ok(hlthunk_device_open(&o, &d));
    return d;
}

/* Gaudi exports physical memory, which another device still reaches: the first UNMAP fails. */
TEST(what_another_device_has_mapped)
{
    struct hlthunk_device *gaudi = open_asic(HLTHUNK_ASIC_GAUDI);
    struct hlthunk_device *gaudi2 = open_asic(HLTHUNK_ASIC_GAUDI2);
    struct hlthunk_buffer *b, *imported, *next;
    struct hlthunk_dmabuf *m;
    uint64_t address;

    ok(hlthunk_buffer_alloc(gaudi, 2 * MIB, NULL, &b));
    address = hlthunk_buffer_get_address(b);
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    hlthunk_buffer_unref(b);
    ok(hlthunk_buffer_from_dmabuf(gaudi2, m, NULL, &imported));
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(imported);
    ok(hlthunk_buffer_alloc(gaudi, 2 * MIB, NULL, &next));
    assert_int_not_equal(hlthunk_buffer_get_address(next), address);
    hlthunk_buffer_unref(next);
    assert_int_equal(hlthunk_device_close(gaudi2), 0);
    assert_int_equal(hlthunk_device_close(gaudi), 0);
}

/*
 * Mapping at the end of a hole takes the other holes of its size for a moment: the third UNMAP is
 * of such a one.
 */
TEST(what_was_mapped_for_a_moment)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_buffer_options unmapped = { .struct_size = sizeof(unmapped), .unmapped = true };
    struct hlthunk_address_range *r;
    struct hlthunk_buffer *b[6];
    struct hlthunk_device *d = open_asic(HLTHUNK_ASIC_GAUDI2);
    uint64_t page, before = used(d);

    ok(hlthunk_device_get_properties(d, &p));
    page = p.memory_page_size;
    ok(hlthunk_address_range_reserve(d, 5 * page, NULL, &r));
    for (unsigned i = 0; i < 6; i++)
        ok(hlthunk_buffer_alloc(d, page, &unmapped, &b[i]));
    for (unsigned i = 0; i < 5; i++)
        ok(hlthunk_address_range_map(r, i * page, b[i]));
    ok(hlthunk_buffer_unmap(b[1]));
    ok(hlthunk_buffer_unmap(b[3]));
    ok(hlthunk_address_range_map(r, 3 * page, b[5]));
    /* the next calls try again */
    ok(hlthunk_address_range_map(r, 1 * page, b[1]));
    for (unsigned i = 0; i < 6; i++)
        hlthunk_buffer_unref(b[i]);
    ok(hlthunk_buffer_alloc(d, page, NULL, &b[0]));
    hlthunk_buffer_unref(b[0]);
    hlthunk_address_range_unref(r);
    assert_int_equal(used(d), before);
    assert_int_equal(hlthunk_device_close(d), 0);
}

static void called(void *flag)
{
    *(bool *)flag = true;
}

/* Whose release function waited is told by the next buffer's release, whatever memory that has. */
TEST(what_waits_is_told)
{
    struct hlthunk_device *d = open_asic(HLTHUNK_ASIC_GAUDI2);
    void *memory = aligned_alloc(4096, 8192);
    struct hlthunk_buffer *b, *next;
    bool over = false;

    ok(hlthunk_buffer_from_host(d, memory, 8192, NULL, &b));
    ok(hlthunk_buffer_set_user(b, &over, called));
    ok(hlthunk_buffer_alloc_host(d, 4096, NULL, &next));
    hlthunk_buffer_unref(b);
    assert_false(over);
    hlthunk_buffer_unref(next);
    assert_true(over);
    free(memory);
    assert_int_equal(hlthunk_device_close(d), 0);
}

static void flush(void *queue)
{
    ok(hlthunk_queue_flush(queue));
}

/* The second mapping, of the queue's own memory, fails: that is no release of a buffer. */
TEST(a_queue_whose_memory_cannot_be_pinned)
{
    struct hlthunk_device *d = open_asic(HLTHUNK_ASIC_GAUDI2);
    void *memory = aligned_alloc(4096, 8192);
    struct hlthunk_buffer *b, *host;
    struct hlthunk_queue *q;
    char text[64] = "";

    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_buffer_from_host(d, memory, 8192, NULL, &host));
    ok(hlthunk_queue_create(d, NULL, &q));
    ok(hlthunk_buffer_set_user(host, q, flush));
    hlthunk_buffer_unref(host);
    refused(hlthunk_queue_write(q, b, 0, text, sizeof(text)), ENOMEM, "");
    hlthunk_buffer_unref(b);
    hlthunk_queue_unref(q);
    free(memory);
    assert_int_equal(hlthunk_device_close(d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_another_device_has_mapped),
        cmocka_unit_test(what_was_mapped_for_a_moment),
        cmocka_unit_test(what_waits_is_told),
        cmocka_unit_test(a_queue_whose_memory_cannot_be_pinned),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
