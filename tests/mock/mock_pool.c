/* SPDX-License-Identifier: MIT */
/* A pool's calls of the kernel: exact bytes in, every errno out, and everything undone. */
#include "tests/mock/mock.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <habanalabs/hlthunk.h>
#include <hlthunk/hlthunk.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "lib/memory/deferred.h"
#include "uapi/habanalabs_accel.h"

#define PAGE (2ull << 20)   /* of the device */
#define CHUNK (64ull << 20) /* the default */
#define ADDRESS 0x1001001800000000ull

static struct hlthunk_device *device;
static struct hlthunk_pool *pool;

/* A device object without a device: what create() of lib/device/device.c would have made. */
FIXTURE(set_up)
{
    device = calloc(1, sizeof(*device));
    hl_parent_init(&device->base, NULL);
    device->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    device->props.has_device_mmu = true;
    device->props.memory_page_size = PAGE;
    device->props.memory_size = 1ull << 32;
    return hlthunk_pool_create(device, NULL, &pool);
}

FIXTURE(tear_down)
{
    hlthunk_pool_unref(pool);
    assert_int_equal(device->base.object.refs, 1);
    assert_null(device->base.first);
    assert_int_equal(hl_attachments_settle(&device->base), 0);
    hl_attachments_destroy(&device->base);
    close(device->fd);
    pthread_mutex_destroy(&device->base.lock);
    free(device);
    return 0;
}

/* One expected call; error 0: it succeeds with out. */
static void expect(const union hl_mem_args *in, const union hl_mem_args *out, int error)
{
    if (error)
        mock_fail(HL_REQ_D_MEMORY, in, sizeof(*in), error);
    else
        mock_ok(HL_REQ_D_MEMORY, in, out, sizeof(*in));
}

static void expect_alloc(uint64_t size, uint64_t handle, int error)
{
    union hl_mem_args in = mock_memory_request(HL_MEM_OP_ALLOC);
    union hl_mem_args out = { .out = { .handle = handle } };

    in.in.alloc.mem_size = size;
    expect(&in, &out, error);
}

static void expect_map_at(uint64_t handle, uint64_t hint, int error)
{
    union hl_mem_args in = mock_memory_request(HL_MEM_OP_MAP);
    union hl_mem_args out = { .out = { .device_virt_addr = ADDRESS } };

    in.in.map_device.handle = handle;
    in.in.map_device.hint_addr = hint;
    expect(&in, &out, error);
}

static void expect_map(uint64_t handle, int error)
{
    expect_map_at(handle, 0, error);
}

static void expect_unmap(int error)
{
    union hl_mem_args in = mock_memory_request(HL_MEM_OP_UNMAP);

    in.in.unmap.device_virt_addr = ADDRESS;
    expect(&in, &in, error);
}

static void expect_free(uint64_t handle, int error)
{
    union hl_mem_args in = mock_memory_request(HL_MEM_OP_FREE);

    in.in.free.handle = handle;
    expect(&in, &in, error);
}

static void expect_export(uint64_t size, uint64_t offset, int fd, int error)
{
    union hl_mem_args in = mock_memory_request(HL_MEM_OP_EXPORT_DMABUF_FD);
    union hl_mem_args out = { .out = { .fd = fd } };

    in.in.export_dmabuf_fd.addr = ADDRESS;
    in.in.export_dmabuf_fd.mem_size = size;
    in.in.export_dmabuf_fd.offset = offset;
    in.in.flags = O_RDWR | O_CLOEXEC;
    expect(&in, &out, error);
}

/* The library asks whether the device is still there; it is. */
static void expect_status(void)
{
    const struct mock_call c = { .request = HL_REQ_D_INFO };

    mock_expect(&c);
}

static void expect_status_after(int error)
{
    if (error == EBUSY || error == ENODEV || error == EIO)
        expect_status();
}

static struct hlthunk_pool_statistics statistics(void)
{
    struct hlthunk_pool_statistics s = { .struct_size = sizeof(s) };

    assert_int_equal(hlthunk_pool_get_statistics(pool, &s), 0);
    return s;
}

/* The call fails with this, says something, and leaves nothing. */
static void alloc_fails(int error)
{
    struct hlthunk_buffer *none = (void *)1;
    struct hlthunk_pool_statistics s;

    assert_int_equal(hlthunk_pool_alloc(pool, 100, NULL, &none), -error);
    assert_ptr_equal(none, (void *)1);
    assert_true(strlen(hlthunk_last_error()) > 20);
    mock_end();
    s = statistics();
    assert_int_equal(s.chunks, 0);
    assert_int_equal(s.granted_bytes, 0);
    assert_int_equal(s.live_buffers, 0);
}

static struct hlthunk_buffer *alloc(uint64_t size)
{
    struct hlthunk_pool_buffer_options o = { .struct_size = sizeof(o), .exportable = true };
    struct hlthunk_buffer *b;

    assert_int_equal(hlthunk_pool_alloc(pool, size, &o, &b), 0);
    return b;
}

TEST(every_errno_of_alloc)
{
    for (size_t i = 0; i < mock_errno_count; i++) {
        expect_alloc(CHUNK, 0, mock_errnos[i]);
        expect_status_after(mock_errnos[i]);
        if (mock_errnos[i] == ENOMEM)
            expect_alloc(PAGE, 0, ENOMEM); /* the least that would do */
        alloc_fails(mock_errnos[i]);
    }
}

TEST(every_errno_of_map)
{
    for (size_t i = 0; i < mock_errno_count; i++) {
        int error = mock_errnos[i];

        expect_alloc(CHUNK, 5, 0);
        expect_map(5, error);
        expect_status_after(error);
        expect_free(5, 0);
        if (error == ENOMEM) {
            expect_alloc(PAGE, 6, 0);
            expect_map(6, ENOMEM);
            expect_free(6, 0);
        }
        alloc_fails(error);
    }
}

/* What an allocation could not undo at once is undone with the next one, once. */
TEST(busy_while_it_is_undone)
{
    expect_alloc(CHUNK, 5, 0);
    expect_map(5, EBUSY);
    expect_status();
    expect_free(5, EBUSY);
    expect_status();
    alloc_fails(EBUSY);
    expect_free(5, 0);
    expect_alloc(CHUNK, 0, EIO);
    expect_status();
    alloc_fails(EIO);
    assert_int_equal(device->memory.segments.current, 0);
}

/* What the driver kept of one buffer may be in the way of another one's mapping. */
TEST(busy_where_the_next_is_mapped)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .unmapped = true };
    struct hlthunk_buffer *b[2];

    for (unsigned i = 0; i < 2; i++) {
        expect_alloc(PAGE, 5 + i, 0);
        assert_int_equal(hlthunk_buffer_alloc(device, PAGE, &o, &b[i]), 0);
    }
    expect_map(5, 0);
    assert_int_equal(hlthunk_buffer_map(b[0], NULL), 0);
    expect_unmap(EBUSY);
    expect_status();
    hlthunk_buffer_unref(b[0]);
    mock_end();
    expect_unmap(0);
    expect_free(5, 0);
    expect_map(6, 0);
    assert_int_equal(hlthunk_buffer_map(b[1], NULL), 0);
    mock_end();
    expect_unmap(0);
    expect_free(6, 0);
    hlthunk_buffer_unref(b[1]);
    mock_end();
}

/* Only Gaudi2's addresses that ranges can reserve are not given for a plain hint. */
TEST(hints)
{
    static const uint64_t hints[][2] = {
        /* asked for, and passed on */
        { 0x1001400000000000, 0x1001400000000000 },
        { 0x10014FFFFFE00000, 0x10014FFFFFE00000 },
        { 0x1001500000000000, 0 },
        { 0x10016FFFFFE00000, 0 },
        { 0x1001700000000000, 0x1001700000000000 },
    };

    for (enum hlthunk_asic asic = HLTHUNK_ASIC_GAUDI; asic <= HLTHUNK_ASIC_GAUDI2; asic++) {
        device->props.asic = asic;
        for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
            struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .hint = hints[i][0] };
            struct hlthunk_buffer *b;

            expect_alloc(PAGE, 5, 0);
            expect_map_at(5, hints[i][asic == HLTHUNK_ASIC_GAUDI2], 0);
            assert_int_equal(hlthunk_buffer_alloc(device, PAGE, &o, &b), 0);
            expect_unmap(0);
            expect_free(5, 0);
            hlthunk_buffer_unref(b);
            mock_end();
        }
    }
}

TEST(a_smaller_chunk_will_do)
{
    struct hlthunk_buffer *b;

    assert_int_equal(hlthunk_pool_trim(NULL, 0, NULL), -EINVAL);
    expect_alloc(CHUNK, 0, ENOMEM);
    expect_alloc(PAGE, 8, 0);
    expect_map(8, 0);
    b = alloc(100);
    mock_end();
    assert_string_equal(hlthunk_last_error(), "pool is NULL"); /* no call has failed since */
    assert_int_equal(statistics().granted_bytes, PAGE);
    hlthunk_buffer_unref(b);
    expect_unmap(0);
    expect_free(8, 0);
    assert_int_equal(hlthunk_pool_trim(pool, 0, NULL), 0);
    mock_end();
}

TEST(one_chunk_for_many)
{
    struct hlthunk_buffer *b[200];

    expect_alloc(CHUNK, 5, 0);
    expect_map(5, 0);
    for (unsigned i = 0; i < 200; i++)
        b[i] = alloc(1 + i * 100);
    mock_end();
    for (unsigned i = 0; i < 200; i++)
        hlthunk_buffer_unref(b[i]);
    mock_end();
    expect_unmap(0);
    expect_free(5, 0);
    assert_int_equal(hlthunk_pool_trim(pool, 0, NULL), 0);
    mock_end();
}

/* Each look at the time finds a second more; during it, another thread acts. */
static uint64_t seconds;
static void (*meanwhile)(void);

int clock_gettime(clockid_t clock, struct timespec *t)
{
    void (*act)(void) = meanwhile;

    if (clock != CLOCK_MONOTONIC_COARSE)
        return (int)syscall(SYS_clock_gettime, clock, t);
    *t = (struct timespec){ .tv_sec = (time_t)++seconds };
    meanwhile = NULL;
    if (act)
        act();
    return 0;
}

static struct hlthunk_buffer *later;

static void make_later(void)
{
    later = alloc(100);
}

/* The second look: at the device's objects, then at the pool's buffers. */
static void wait_for_the_next(void)
{
    meanwhile = make_later;
}

static int is_young(const struct hlthunk_live_object *o, void *user)
{
    (void)user;
    assert_true(hlthunk_live_object_get_age_ns(o) < 1000000000000);
    return 0;
}

TEST(a_buffer_that_is_made_during_a_report)
{
    struct hlthunk_buffer *b;

    expect_alloc(CHUNK, 5, 0);
    expect_map(5, 0);
    b = alloc(100);
    hlthunk_buffer_unref(b); /* kept for the next, with others */
    meanwhile = wait_for_the_next;
    assert_int_equal(hlthunk_device_list_live_objects(device, is_young, NULL), 0);
    assert_non_null(later);
    hlthunk_buffer_unref(later);
    expect_unmap(0);
    expect_free(5, 0);
    assert_int_equal(hlthunk_pool_trim(pool, 0, NULL), 0);
    mock_end();
}

TEST(exports)
{
    struct hlthunk_buffer *b[2];
    struct hlthunk_dmabuf *m, *none = (void *)1;
    uint64_t at, page = (uint64_t)sysconf(_SC_PAGESIZE);

    expect_alloc(CHUNK, 5, 0);
    expect_map(5, 0);
    b[0] = alloc(3 * page);
    b[1] = alloc(3 * page);
    mock_end();
    for (unsigned i = 0; i < 2; i++) {
        /* the mapping and where in it */
        at = hlthunk_buffer_get_address(b[i]) - ADDRESS;
        expect_export(2 * page, at + page, open("/dev/null", O_RDWR | O_CLOEXEC), 0);
        assert_int_equal(hlthunk_dmabuf_export(b[i], page, 2 * page, NULL, &m), 0);
        mock_end();
        hlthunk_dmabuf_unref(m);
    }
    for (size_t i = 0; i < mock_errno_count; i++) {
        expect_export(3 * page, at, 0, mock_errnos[i]);
        expect_status_after(mock_errnos[i]);
        assert_int_equal(hlthunk_dmabuf_export(b[1], 0, 0, NULL, &none), -mock_errnos[i]);
        mock_end();
    }
    assert_ptr_equal(none, (void *)1);
    hlthunk_buffer_unref(b[0]);
    hlthunk_buffer_unref(b[1]);
    assert_int_equal(statistics().live_buffers, 0);
    expect_unmap(0);
    expect_free(5, 0);
    assert_int_equal(hlthunk_pool_trim(pool, 0, NULL), 0);
    mock_end();
}

/*
 * The pool is done with a chunk, whatever the kernel says; "still exported" is tried again, and so
 * is "busy" of a device that is not lost.
 */
TEST(every_errno_of_trimming)
{
    uint64_t released;

    for (size_t i = 0; i < 2 * mock_errno_count; i++) {
        int error = mock_errnos[i / 2], unmap = i % 2 ? error : 0, release = i % 2 ? 0 : error;

        expect_alloc(CHUNK, 5, 0);
        expect_map(5, 0);
        hlthunk_buffer_unref(alloc(100));
        mock_end();
        expect_unmap(unmap);
        if (unmap && unmap != EINVAL)
            expect_status();
        if (unmap != EINVAL && unmap != EBUSY) {
            expect_free(5, release);
            if (release)
                expect_status();
        }
        assert_int_equal(hlthunk_pool_trim(pool, 0, &released), 0);
        mock_end();
        assert_int_equal(device->memory.segments.current, unmap == EINVAL || error == EBUSY);
        if (unmap == EINVAL || unmap == EBUSY)
            expect_unmap(0);
        if (unmap == EINVAL || error == EBUSY)
            expect_free(5, 0);
        hl_deferred_retry(device);
        mock_end();
        assert_int_equal(device->memory.segments.current, 0);
        assert_int_equal(released, CHUNK);
        assert_int_equal(statistics().granted_bytes, 0);
    }
}

static pthread_t other;
static bool other_is_done;

/* More than the pool may have. */
static void *ask_for_too_much(void *user)
{
    struct hlthunk_buffer *none;

    (void)user;
    assert_int_equal(hlthunk_pool_alloc(pool, 2 * CHUNK, NULL, &none), -ENOMEM);
    return NULL;
}

/* Waits for a thread that needs a chunk, too; and fails with a text of its own. */
static void on_log(enum hlthunk_log_level level, const char *message, void *user)
{
    struct timespec until;

    (void)level, (void)message, (void)user;
    pthread_create(&other, NULL, ask_for_too_much, NULL);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    other_is_done = !pthread_timedjoin_np(other, NULL, &until);
    assert_int_equal(hlthunk_pool_trim(NULL, 0, NULL), -EINVAL);
}

/* What there is to say of a chunk is said when others may allocate again. */
TEST(the_log_is_called_without_a_lock)
{
    struct hlthunk_pool_options o = { .struct_size = sizeof(o), .max_bytes = CHUNK };
    struct hlthunk_pool *unlimited = pool;
    struct hlthunk_buffer *none;

    assert_int_equal(hlthunk_pool_create(device, &o, &pool), 0);
    expect_alloc(CHUNK, 5, 0);
    expect_map(5, 0);
    hlthunk_buffer_unref(alloc(100));
    mock_end();
    hlthunk_log_set(on_log, NULL, HLTHUNK_LOG_WARNING);
    expect_unmap(EINVAL);
    assert_int_equal(hlthunk_pool_alloc(pool, CHUNK + 1, NULL, &none), -ENOMEM);
    assert_non_null(strstr(hlthunk_last_error(), "would exceed .max_bytes"));
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    mock_end();
    if (!other_is_done)
        pthread_join(other, NULL);
    assert_true(other_is_done);
    hlthunk_pool_unref(pool);
    pool = unlimited;
    expect_unmap(0);
    expect_free(5, 0);
    hl_deferred_retry(device);
    mock_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_errno_of_alloc, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_errno_of_map, set_up, tear_down),
        cmocka_unit_test_setup_teardown(busy_while_it_is_undone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(busy_where_the_next_is_mapped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_smaller_chunk_will_do, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_chunk_for_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_buffer_that_is_made_during_a_report, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exports, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_errno_of_trimming, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_log_is_called_without_a_lock, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
