/* SPDX-License-Identifier: MIT */
/*
 * Each argument that a function refuses, with the sentence that names it.  (NULL in the place of
 * the object: tests/sweep.)
 */
#include "tests/sim/support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNTOUCHED ((void *)0x55)

static bool no_random; /* a sandbox that refuses the call */

ssize_t getrandom(void *bytes, size_t n, unsigned flags)
{
    if (no_random) {
        errno = EPERM;
        return -1;
    }
    return syscall(SYS_getrandom, bytes, n, flags);
}

static struct hlthunk_device *d, *control;
static struct hlthunk_buffer *b, *unmapped, *host;
static struct hlthunk_queue *q;

/* Refused, and the output is as it was. */
#define refused_into(out, call, error, part)                                                       \
    do {                                                                                           \
        (out) = UNTOUCHED;                                                                         \
        refused(call, error, part);                                                                \
        assert_ptr_equal(out, UNTOUCHED);                                                          \
    } while (0)

FIXTURE(open_all)
{
    struct hlthunk_device_options of_control = { .struct_size = sizeof(of_control),
                                                 .control = true };
    struct hlthunk_buffer_options without = { .struct_size = sizeof(without), .unmapped = true };

    d = open_device();
    ok(hlthunk_device_open(&of_control, &control));
    ok(hlthunk_buffer_alloc(d, 4096, NULL, &b));
    ok(hlthunk_buffer_alloc(d, 4096, &without, &unmapped));
    if (hlthunk_buffer_get_address(unmapped)) { /* a physical one */
        hlthunk_buffer_unref(unmapped);
        unmapped = NULL;
    }
    ok(hlthunk_buffer_alloc_host(d, 4096, NULL, &host));
    ok(hlthunk_queue_create(d, NULL, &q));
    return 0;
}

FIXTURE(close_all)
{
    hlthunk_queue_unref(q);
    hlthunk_buffer_unref(host);
    hlthunk_buffer_unref(unmapped);
    hlthunk_buffer_unref(b);
    hlthunk_device_unref(control);
    hlthunk_device_unref(d);
    return 0;
}

TEST(opening)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_device *out;
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    refused(hlthunk_device_open(&o, NULL), EINVAL, "device is NULL");
    o.reserved[1] = 1;
    refused_into(out, hlthunk_device_open(&o, &out), E2BIG, "options->reserved");
    o.reserved[1] = 0;
    o.select = HLTHUNK_SELECT_PCI_ADDRESS;
    refused_into(out, hlthunk_device_open(&o, &out), EINVAL, "pci_address is NULL");
    o.select = HLTHUNK_SELECT_ASIC;
    o.asic = HLTHUNK_ASIC_UNKNOWN;
    refused_into(out, hlthunk_device_open(&o, &out), EINVAL, "not an ASIC");
    o.asic = HLTHUNK_ASIC_GAUDI2 + 1;
    refused_into(out, hlthunk_device_open(&o, &out), EINVAL, "not an ASIC");
    o.select = HLTHUNK_SELECT_MODULE_ID;
    o.module_id = 77;
    refused_into(out, hlthunk_device_open(&o, &out), ENODEV, "77");
    refused(hlthunk_device_from_fd(fd, NULL), EINVAL, "device is NULL");
    out = UNTOUCHED;
    assert_true(hlthunk_device_from_fd(fd, &out) < 0);
    assert_ptr_equal(out, UNTOUCHED);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC); /* it stays the caller's */
    assert_int_equal(close(fd), 0);
    assert_int_equal(hlthunk_device_close(NULL), 0);
}

TEST(entries)
{
    struct hlthunk_device_entry e = { .struct_size = sizeof(e) };
    char text[80], name[66];
    size_t n = 7;

    memset(name, 'a', sizeof(name));
    name[65] = '\0';
    refused(hlthunk_device_enumerate(NULL, 0, 0, NULL), EINVAL, "count is NULL");
    refused(hlthunk_device_enumerate(&e, 4, 1, &n), EINVAL, "entry_size is 4");
    refused(hlthunk_device_enumerate(NULL, sizeof(e), 1, &n), EINVAL, "entries is NULL");
    assert_int_equal(n, 7);
    ok(hlthunk_device_enumerate(&e, sizeof(e), 1, &n));
    assert_int_equal(n, 1);
    refused(hlthunk_device_entry_get_attribute(NULL, "status", text, 9), EINVAL, "entry is NULL");
    refused(hlthunk_device_entry_get_attribute(&e, NULL, text, 9), EINVAL, "name is NULL");
    refused(hlthunk_device_entry_get_attribute(&e, "status", NULL, 9), EINVAL, "value is NULL");
    refused(hlthunk_device_entry_get_attribute(&e, "", text, 9), EINVAL, "not an attribute's name");
    refused(hlthunk_device_entry_get_attribute(&e, ".x", text, 9), EINVAL,
            "not an attribute's name");
    refused(hlthunk_device_entry_get_attribute(&e, "a/b", text, 9), EINVAL,
            "not an attribute's name");
    refused(hlthunk_device_entry_get_attribute(&e, name, text, 9), EINVAL,
            "not an attribute's name");
    name[64] = '\0';
    refused(hlthunk_device_entry_get_attribute(&e, name, text, 9), ENOENT, "aaa");
    refused(hlthunk_device_entry_find_node(NULL, false, text, 9), EINVAL, "entry is NULL");
    refused(hlthunk_device_entry_find_node(&e, false, NULL, 9), EINVAL, "path is NULL");
    refused(hlthunk_device_entry_find_node(&e, false, text, 4), ENOSPC, "size is 4");
    /* how long it is, without a place for it */
    assert_int_equal(hlthunk_device_entry_get_attribute(&e, "status", NULL, 0),
                     hlthunk_device_entry_get_attribute(&e, "status", text, sizeof(text)));
    e.struct_size = 1;
    refused(hlthunk_device_entry_get_attribute(&e, "status", text, 9), EINVAL,
            "entry->struct_size");
    refused(hlthunk_device_entry_find_node(&e, false, text, 9), EINVAL, "entry->struct_size");
}

static int format_nowhere(const struct hlthunk_live_object *object, void *user)
{
    char text[8];

    (void)user;
    refused(hlthunk_live_object_format(object, NULL, 5), EINVAL, "text is NULL");
    refused(hlthunk_live_object_format(NULL, text, 5), EINVAL, "object is NULL");
    assert_int_equal(hlthunk_live_object_format(object, NULL, 0),
                     hlthunk_live_object_format(object, text, sizeof(text)));
    assert_int_equal(strlen(text), sizeof(text) - 1);
    return 1;
}

TEST(reports)
{
    struct hlthunk_memory_statistics s = { .struct_size = 1 };
    FILE *full = fopen("/dev/full", "we");

    refused(hlthunk_device_get_status(d, NULL), EINVAL, "status is NULL");
    refused(hlthunk_device_list_live_objects(d, NULL, NULL), EINVAL, "visit is NULL");
    assert_int_equal(hlthunk_device_list_live_objects(d, format_nowhere, NULL), 1);
    refused(hlthunk_device_get_memory_statistics(d, NULL), EINVAL, "statistics is NULL");
    refused(hlthunk_device_get_memory_statistics(d, &s), EINVAL, "statistics->struct_size");
    refused(hlthunk_device_reset_memory_peaks(NULL), EINVAL, "device is NULL");
    ok(hlthunk_device_reset_memory_peaks(d));
    assert_non_null(full);
    refused(hlthunk_device_report(d, NULL), EINVAL, "stream is NULL");
    refused(hlthunk_device_report(d, full), EIO, "stream");
    setvbuf(full, NULL, _IONBF, 0);
    refused(hlthunk_device_report(d, full), EIO, "stream");
    fclose(full);
}

TEST(buffers)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .force_hint = true };
    struct hlthunk_buffer_map_options map = { .struct_size = sizeof(map), .reserved = { 1 } };
    struct hlthunk_address_range *range = UNTOUCHED;
    struct hlthunk_buffer *out;

    refused(hlthunk_buffer_alloc(d, 4096, NULL, NULL), EINVAL, "buffer is NULL");
    refused_into(out, hlthunk_buffer_alloc(d, 0, NULL, &out), EINVAL, "size_bytes is 0");
    refused_into(out, hlthunk_buffer_alloc(control, 4096, NULL, &out), EPERM, "control node");
    refused_into(out, hlthunk_buffer_alloc(d, 4096, &o, &out), EINVAL, "needs a .hint");
    o.hint = 1ull << 40;
    o.unmapped = true;
    refused_into(out, hlthunk_buffer_alloc(d, 4096, &o, &out), EINVAL, ".unmapped to be off");
    refused_into(out, hlthunk_buffer_from_address(d, 4097, 4096, NULL, &out), EINVAL,
                 "address 0x1001");
    refused_into(out, hlthunk_buffer_from_address(d, 0, 4096, NULL, &out), EINVAL, "address 0");
    refused_into(out, hlthunk_buffer_from_host(d, NULL, 4096, NULL, &out), EINVAL, "host is NULL");
    refused(hlthunk_buffer_map(b, &map), E2BIG, "options->reserved");
    map.struct_size = 1;
    refused(hlthunk_buffer_map(b, &map), EINVAL, "options->struct_size");
    refused(hlthunk_buffer_unmap(host), EINVAL, "host memory");
    if (on_asic("gaudi")) {
        refused_into(
            out, hlthunk_buffer_from_address(d, hlthunk_buffer_get_address(b), 4096, NULL, &out),
            EBUSY, "belongs to another buffer");
        refused_into(out, hlthunk_buffer_from_address(d, 4096, 4096, NULL, &out), EINVAL,
                     "not within the device memory");
    }
    refused(hlthunk_address_range_reserve(d, 4096, NULL, NULL), EINVAL, "range is NULL");
    refused(hlthunk_address_range_reserve(d, 0, NULL, &range), EINVAL, "size_bytes is 0");
    refused(hlthunk_address_range_reserve(control, 4096, NULL, &range), EPERM, "control node");
    assert_ptr_equal(range, UNTOUCHED);
}

TEST(queues)
{
    struct hlthunk_queue_options o = { .struct_size = 1 };
    struct hlthunk_queue *out;

    refused(hlthunk_queue_create(d, NULL, NULL), EINVAL, "queue is NULL");
    refused_into(out, hlthunk_queue_create(d, &o, &out), EINVAL, "options->struct_size");
    refused_into(out, hlthunk_queue_create(control, NULL, &out), EPERM, "control node");
}

TEST(fences)
{
    struct hlthunk_fence_options o = { .struct_size = sizeof(o), .reserved = { 0, 1 } };
    struct hlthunk_fence_result r = { .struct_size = 1 };
    enum hlthunk_wait_place place = HLTHUNK_WAIT_HOST;
    struct hlthunk_fence *out, *f;
    int fd = -5;

    refused(hlthunk_queue_create_fence(q, NULL, NULL), EINVAL, "fence is NULL");
    refused_into(out, hlthunk_queue_create_fence(q, &o, &out), E2BIG, "options->reserved");
    o.struct_size = 1;
    refused_into(out, hlthunk_queue_create_fence(q, &o, &out), EINVAL, "options->struct_size");
    ok(hlthunk_queue_create_fence(q, NULL, &f));
    refused(hlthunk_fence_get_result(f, NULL), EINVAL, "result is NULL");
    refused(hlthunk_fence_get_result(f, &r), EINVAL, "result->struct_size");
    refused(hlthunk_fence_create_eventfd(f, NULL), EINVAL, "fd is NULL");
    refused(hlthunk_fence_create_eventfd(NULL, &fd), EINVAL, "fence is NULL");
    assert_int_equal(fd, -5);
    refused(hlthunk_fence_signal_eventfd(f, -1), EBADF, "-1");
    refused(hlthunk_fence_signal_eventfd(NULL, 0), EINVAL, "fence is NULL");
    refused(hlthunk_fence_set_callback(f, NULL, NULL), EINVAL, "NULL");
    refused(hlthunk_queue_wait_fence(q, NULL, &place), EINVAL, "fence is NULL");
    assert_int_equal(place, HLTHUNK_WAIT_HOST);
    ok(hlthunk_queue_wait_fence(q, f, NULL));
    hlthunk_fence_unref(f);
}

TEST(packets)
{
    struct hlthunk_command_buffer_options mapped = { .struct_size = sizeof(mapped) };
    struct hlthunk_packets p = { .struct_size = sizeof(p), .size_bytes = 8 };
    struct hlthunk_command_buffer *cb, *plain;
    uint64_t sequence = 5;

    mapped.device_mapped = on_asic("gaudi2");
    ok(hlthunk_command_buffer_create(d, 4096, &mapped, &cb));
    ok(hlthunk_command_buffer_create(d, 4096, NULL, &plain));
    refused(hlthunk_queue_submit_packets(q, NULL), EINVAL, "packets is NULL");
    refused(hlthunk_queue_submit_packets(q, &p), EINVAL, "command_buffer is NULL");
    p.command_buffer = cb;
    p.reserved[3] = 1;
    refused(hlthunk_queue_submit_packets(q, &p), E2BIG, "packets->reserved");
    p.reserved[3] = 0;
    p.size_bytes = 7;
    refused(hlthunk_queue_submit_packets(q, &p), EINVAL, "size_bytes 7");
    p.size_bytes = 1 << 20;
    refused(hlthunk_queue_submit_packets(q, &p), EINVAL, "size_bytes 1048576");
    p.size_bytes = 8;
    p.buffer_count = 1;
    refused(hlthunk_queue_submit_packets(q, &p), EINVAL, "buffers is NULL");
    p.buffer_count = 0;
    p.struct_size = 1;
    refused(hlthunk_queue_submit_packets(q, &p), EINVAL, "packets->struct_size");
    p.struct_size = sizeof(p);
    p.command_buffer = plain;
    if (on_asic("gaudi2"))
        refused(hlthunk_queue_submit_packets(q, &p), EINVAL, "no address on the device");
    refused(hlthunk_command_buffer_submit(cb, 0, 8, NULL), EINVAL, "sequence is NULL");
    refused(hlthunk_command_buffer_submit(cb, 0, 0, &sequence), EINVAL, "size_bytes 0");
    refused(hlthunk_command_buffer_submit(cb, 0, 12, &sequence), EINVAL, "size_bytes 12");
    refused(hlthunk_command_buffer_submit(cb, 0, 1 << 20, &sequence), EINVAL, "size_bytes 1048576");
    if (on_asic("gaudi2"))
        refused(hlthunk_command_buffer_submit(plain, 0, 8, &sequence), EINVAL, ".device_mapped");
    refused(hlthunk_command_buffer_get_usage(cb, NULL), EINVAL, "submissions is NULL");
    assert_int_equal(sequence, 5);
    hlthunk_command_buffer_unref(cb);
    hlthunk_command_buffer_unref(plain);
}

TEST(copies)
{
    struct hlthunk_copy_2d c = { .struct_size = sizeof(c), .destination = host, .source = b };
    char bytes[8];

    refused(hlthunk_queue_copy(q, NULL, 0, b, 0, 8), EINVAL, "destination is NULL");
    refused(hlthunk_queue_copy(q, b, 0, NULL, 0, 8), EINVAL, "source is NULL");
    refused(hlthunk_queue_copy(q, b, 4090, host, 0, 8), EINVAL,
            "destination: 8 bytes at offset 4090");
    refused(hlthunk_queue_copy(q, b, 4097, host, 0, 0), EINVAL,
            "destination: 0 bytes at offset 4097");
    if (unmapped)
        refused(hlthunk_queue_copy(q, unmapped, 0, b, 0, 8), EINVAL, "no address on the device");
    refused(hlthunk_queue_copy_2d(q, NULL), EINVAL, "copy is NULL");
    ok(hlthunk_queue_copy_2d(q, &c)); /* of nothing */
    c.rows = 2;
    ok(hlthunk_queue_copy_2d(q, &c));
    c.width_bytes = 16;
    c.destination_pitch = 8;
    refused(hlthunk_queue_copy_2d(q, &c), EINVAL, "destination_pitch 8 is less than");
    c.destination_pitch = 16;
    c.source_pitch = UINT64_MAX;
    refused(hlthunk_queue_copy_2d(q, &c), EINVAL, "source_pitch 18446744073709551615");
    c.rows = 3;
    refused(hlthunk_queue_copy_2d(q, &c), EINVAL, "wraps around");
    c.rows = 2;
    c.source_pitch = 4096;
    refused(hlthunk_queue_copy_2d(q, &c), EINVAL, "copy->source: 4112 bytes");
    c.source_pitch = 16;
    c.destination_pitch = 4096;
    refused(hlthunk_queue_copy_2d(q, &c), EINVAL, "copy->destination: 4112 bytes");
    c.struct_size = 1;
    refused(hlthunk_queue_copy_2d(q, &c), EINVAL, "copy->struct_size");
    refused(hlthunk_queue_fill(q, b, 0, 12, 0, 3), EINVAL, "pattern_size 3");
    refused(hlthunk_queue_fill(q, b, 0, 12, 0, 8), EINVAL, "not a multiple of pattern_size 8");
    refused(hlthunk_queue_fill(q, b, 4096, 8, 0, 8), EINVAL, "destination: 8 bytes at offset 4096");
    ok(hlthunk_queue_fill(q, b, 4096, 0, 0, 8));
    refused(hlthunk_queue_write(q, b, 0, NULL, 8), EINVAL, "host is NULL");
    refused(hlthunk_queue_read(q, NULL, b, 0, 8), EINVAL, "host is NULL");
    refused(hlthunk_queue_write(q, b, 4090, bytes, 8), EINVAL, "at offset 4090");
    refused(hlthunk_queue_read(q, bytes, b, 4090, 8), EINVAL, "at offset 4090");
    refused(hlthunk_queue_write_sync(q, b, 4090, bytes, 8), EINVAL, "at offset 4090");
    refused(hlthunk_queue_read_sync(q, bytes, b, 4090, 8), EINVAL, "at offset 4090");
    ok(hlthunk_queue_write(q, b, 0, bytes, 0));
    ok(hlthunk_queue_read(q, bytes, b, 0, 0));
}

/* Goya: only one of its engines reads host memory. */
TEST(engines_that_read_no_host_memory)
{
    struct hlthunk_queue_options o = { .struct_size = sizeof(o),
                                       .engine = HLTHUNK_ENGINE_FROM_DEVICE };
    struct hlthunk_copy_2d c = {
        .struct_size = sizeof(c), .destination = b, .source = host, .rows = 1, .width_bytes = 8
    };
    struct hlthunk_queue *from;

    if (!on_asic("goya"))
        skip();
    ok(hlthunk_queue_create(d, &o, &from));
    refused(hlthunk_queue_copy(from, b, 0, host, 0, 8), EINVAL, "cannot read host memory");
    refused(hlthunk_queue_copy_2d(from, &c), EINVAL, "cannot read host memory");
    refused(hlthunk_queue_read(from, &c, host, 0, 8), EINVAL, "cannot read host memory");
    hlthunk_queue_unref(from);
}

static int find_offset(const struct hlthunk_live_object *object, void *found)
{
    char text[200];

    assert_true(hlthunk_live_object_format(object, text, sizeof(text)) > 0);
    *(bool *)found |= strstr(text, "dma-buf") && strstr(text, "(offset 4096)");
    return 0;
}

/* A report says which part of its buffer a dma-buf is. */
TEST(the_offset_of_a_dmabuf)
{
    struct hlthunk_buffer *two;
    struct hlthunk_dmabuf *m;
    bool found = false;

    if (on_asic("goya") || !can_export() || on_kernel("6.1"))
        return;
    ok(hlthunk_buffer_alloc(d, 8192, NULL, &two));
    ok(hlthunk_dmabuf_export(two, 4096, 4096, NULL, &m));
    ok(hlthunk_device_list_live_objects(d, find_offset, &found));
    assert_true(found);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(two);
}

TEST(dmabufs)
{
    struct hlthunk_dmabuf_options o = { .struct_size = sizeof(o), .reserved = { 1 } };
    struct hlthunk_dmabuf_origin origin = { .struct_size = 1 };
    char name[40] = "";
    struct hlthunk_dmabuf *out, *m;
    struct hlthunk_buffer *imported;
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC), dup_fd = -5;

    refused(hlthunk_dmabuf_import(fd, NULL), EINVAL, "dmabuf is NULL");
    refused_into(out, hlthunk_dmabuf_import(fd, &out), EINVAL, "not a dma-buf");
    assert_int_equal(close(fd), 0);
    refused_into(out, hlthunk_dmabuf_import(fd, &out), EBADF, "not open");
    refused(hlthunk_dmabuf_export(b, 0, 0, NULL, NULL), EINVAL, "dmabuf is NULL");
    refused_into(out, hlthunk_dmabuf_export(b, 0, 0, &o, &out), E2BIG, "options->reserved");
    refused_into(out, hlthunk_dmabuf_export(host, 0, 0, NULL, &out), EOPNOTSUPP, "host memory");
    refused_into(out, hlthunk_dmabuf_export(b, 1ull << 40, 0, NULL, &out), EINVAL, "not within");
    if (unmapped)
        refused_into(out, hlthunk_dmabuf_export(unmapped, 0, 0, NULL, &out), EINVAL, "not mapped");
    if (on_asic("goya") || !can_export())
        return;
    if (hlthunk_buffer_get_granted_size(b) > 4096) { /* behind what was asked for */
        refused_into(out, hlthunk_dmabuf_export(b, 4096, 0, NULL, &out), EINVAL,
                     "at or past the end");
        o.reserved[0] = 0;
        o.whole_pages = true;
        refused_into(out, hlthunk_dmabuf_export(b, 4096, 0, &o, &out), EINVAL,
                     "at or past the end");
    }
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    refused(hlthunk_dmabuf_dup_fd(m, NULL), EINVAL, "fd is NULL");
    refused(hlthunk_dmabuf_set_name(m, NULL), EINVAL, "name is NULL");
    memset(name, 'n', 32);
    refused(hlthunk_dmabuf_set_name(m, name), EINVAL, "name has 32 bytes");
    refused(hlthunk_dmabuf_get_origin(m, NULL), EINVAL, "origin is NULL");
    refused(hlthunk_dmabuf_get_origin(m, &origin), EINVAL, "origin->struct_size");
    ok(hlthunk_buffer_from_dmabuf(d, m, NULL, &imported));
    refused_into(out, hlthunk_dmabuf_export(imported, 0, 0, NULL, &out), EOPNOTSUPP, "imported");
    refused(hlthunk_buffer_unmap(imported), EINVAL, "imported dma-buf");
    hlthunk_buffer_unref(imported);
    if (on_asic("gaudi2")) {
        refused(hlthunk_buffer_unmap(b), EBUSY, "live dma-buf");
        ok(hlthunk_dmabuf_dup_fd(m, &dup_fd));
        hlthunk_dmabuf_unref(m);
        refused(hlthunk_buffer_unmap(b), EBUSY, "still exported");
        assert_int_equal(close(dup_fd), 0);
        ok(hlthunk_buffer_unmap(b));
        refused(hlthunk_buffer_unmap(b), EINVAL, "not mapped by the library");
        ok(hlthunk_buffer_map(b, NULL));
        refused(hlthunk_buffer_map(b, NULL), EALREADY, "already mapped");
    } else {
        hlthunk_dmabuf_unref(m);
    }
}

TEST(handles)
{
    uint8_t handle[HLTHUNK_HANDLE_SIZE] = { 0 };
    struct hlthunk_handle_server *s;
    struct hlthunk_dmabuf *m;

    refused(hlthunk_handle_server_create(NULL), EINVAL, "server is NULL");
    ok(hlthunk_handle_server_create(&s));
    refused(hlthunk_handle_server_offer(s, NULL, handle), EINVAL, "dmabuf is NULL");
    refused(hlthunk_handle_server_withdraw(s, NULL), EINVAL, "handle is NULL");
    refused(hlthunk_handle_server_withdraw(s, handle), ENOENT, "not one of this server's");
    refused(hlthunk_handle_server_serve(NULL, 0), EINVAL, "server is NULL");
    refused(hlthunk_handle_server_offer(NULL, NULL, handle), EINVAL, "server is NULL");
    refused(hlthunk_handle_server_withdraw(NULL, handle), EINVAL, "server is NULL");
    if (can_export() && !on_asic("goya")) {
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        refused(hlthunk_handle_server_offer(s, m, NULL), EINVAL, "handle is NULL");
        no_random = true;
        refused(hlthunk_handle_server_offer(s, m, handle), EIO, "no random numbers");
        no_random = false;
        assert_int_equal(handle[0] | handle[HLTHUNK_HANDLE_SIZE - 1], 0);
        hlthunk_dmabuf_unref(m);
    }
    hlthunk_handle_server_unref(s);
}

/* A program without standard input: the lowest number is free, and nothing of ours takes it. */
TEST(descriptors_above_2)
{
    struct hlthunk_handle_server *s;
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 3), fd = -1;
    struct hlthunk_fence *f;

    close(0);
    ok(hlthunk_handle_server_create(&s));
    ok(hlthunk_queue_create_fence(q, NULL, &f));
    ok(hlthunk_fence_create_eventfd(f, &fd));
    assert_true(fd > 2);
    assert_true(hlthunk_handle_server_borrow_fd(s) > 2);
    assert_int_equal(fcntl(0, F_GETFD), -1);
    close(fd);
    hlthunk_fence_unref(f);
    hlthunk_handle_server_unref(s);
    if (saved >= 0) {
        dup2(saved, 0);
        close(saved);
    }
}

/* The kernel's descriptor is 0 or 1, and no other is allowed. */
TEST(no_descriptor_above_2)
{
    struct hlthunk_dmabuf *m = NULL;
    struct rlimit before, few;
    int saved[2], rc;

    if (!can_export() || on_asic("goya"))
        skip();
    for (int i = 0; i < 2; i++)
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 3;
    close(0);
    close(1);
    setrlimit(RLIMIT_NOFILE, &few);
    rc = hlthunk_dmabuf_export(b, 0, 0, NULL, &m);
    setrlimit(RLIMIT_NOFILE, &before);
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], i);
        close(saved[i]);
    }
    assert_int_equal(rc, -EMFILE);
    assert_null(m);
}

static void on_stale(struct hlthunk_device *device, enum hlthunk_stale_reason why, void *user)
{
    (void)device, (void)why, (void)user;
}

/* A thread of the library's takes no signal of the program's, whose mask is as it was. */
TEST(the_mask_of_signals)
{
    struct hlthunk_reset_watch *w;
    sigset_t set, now;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    ok(hlthunk_reset_watch_create(d, on_stale, NULL, NULL, &w));
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    assert_true(sigismember(&now, SIGUSR2));
    assert_false(sigismember(&now, SIGUSR1));
    assert_false(sigismember(&now, SIGALRM));
    sigemptyset(&set);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    hlthunk_reset_watch_unref(w);
}

TEST(notifiers)
{
    struct hlthunk_event_notifier_options o = { .struct_size = 1 };
    struct hlthunk_event e = { .struct_size = 1 };
    struct hlthunk_event_notifier *out, *n;

    refused(hlthunk_event_notifier_create(d, NULL, NULL), EINVAL, "notifier is NULL");
    refused_into(out, hlthunk_event_notifier_create(d, &o, &out), EINVAL, "options->struct_size");
    refused(hlthunk_event_notifier_wait(NULL, 0, &e), EINVAL, "notifier is NULL");
    if (on_kernel("6.1"))
        return;
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    refused(hlthunk_event_notifier_wait(n, 0, NULL), EINVAL, "event is NULL");
    refused(hlthunk_event_notifier_wait(n, 0, &e), EINVAL, "event->struct_size");
    hlthunk_event_notifier_unref(n);
}

TEST(completions)
{
    struct hlthunk_completion_options o = { .struct_size = sizeof(o), .reserved = { 1 } };
    struct hlthunk_completion *out;
    uint64_t one = 1;

    refused(hlthunk_completion_create_for_submissions(d, &one, 1, NULL, NULL), EINVAL,
            "completion is NULL");
    refused_into(out, hlthunk_completion_create_for_submissions(d, NULL, 1, NULL, &out), EINVAL,
                 "NULL");
    refused_into(out, hlthunk_completion_create_for_submissions(d, &one, 1, &o, &out), E2BIG,
                 "options->reserved");
    refused_into(out, hlthunk_completion_create_for_interrupt(d, 0, NULL, 1, NULL, &out), EINVAL,
                 "NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening),
        cmocka_unit_test(entries),
        cmocka_unit_test(reports),
        cmocka_unit_test(buffers),
        cmocka_unit_test(queues),
        cmocka_unit_test(fences),
        cmocka_unit_test(packets),
        cmocka_unit_test(copies),
        cmocka_unit_test(engines_that_read_no_host_memory),
        cmocka_unit_test(the_offset_of_a_dmabuf),
        cmocka_unit_test(dmabufs),
        cmocka_unit_test(handles),
        cmocka_unit_test(descriptors_above_2),
        cmocka_unit_test(no_descriptor_above_2),
        cmocka_unit_test(the_mask_of_signals),
        cmocka_unit_test(notifiers),
        cmocka_unit_test(completions),
    };

    require_simulation();
    return cmocka_run_group_tests(tests, open_all, close_all);
}
