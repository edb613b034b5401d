/* SPDX-License-Identifier: MIT */
/* Host memory from the library: pinned, kept for later, found by its pointer. */
#include "tests/sim/support.h"

#include <sys/wait.h>
#include <unistd.h>

#include "lib/device/stale.h"

static struct hlthunk_buffer *pinned(struct hlthunk_device *d, uint64_t size)
{
    struct hlthunk_buffer *b;

    ok(hlthunk_buffer_alloc_host(d, size, NULL, &b));
    return b;
}

TEST(the_device_reaches_it)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *in = pinned(d, 100000), *out = pinned(d, 100000), *b;
    char *to = hlthunk_buffer_borrow_host(in), *from = hlthunk_buffer_borrow_host(out);
    struct hlthunk_queue *q;

    assert_true(hlthunk_buffer_is_host(in));
    assert_int_equal((uintptr_t)to % (uintptr_t)sysconf(_SC_PAGESIZE), 0);
    assert_int_equal(hlthunk_buffer_get_size(in), 100000);
    assert_uint_in_range(hlthunk_buffer_get_granted_size(in), 100000, 125000);
    ok(hlthunk_buffer_alloc(d, 100000, NULL, &b));
    assert_null(hlthunk_buffer_borrow_host(b));
    ok(hlthunk_queue_create(d, NULL, &q));
    for (unsigned i = 0; i < 100000; i++)
        to[i] = (char)(i * 31);
    ok(hlthunk_queue_copy(q, b, 0, in, 0, 100000));
    ok(hlthunk_queue_copy(q, out, 0, b, 0, 100000));
    ok(hlthunk_queue_finish(q, -1));
    assert_memory_equal(from, to, 100000);
    hlthunk_queue_unref(q);
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(in);
    hlthunk_buffer_unref(out);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(it_is_kept_for_the_next)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b = pinned(d, 50000), *other;
    void *host = hlthunk_buffer_borrow_host(b);
    uint64_t released = 9, at = hlthunk_buffer_get_address(b);
    uint64_t granted = hlthunk_buffer_get_granted_size(b);

    hlthunk_buffer_unref(b);
    b = pinned(d, 57000); /* as much, rounded */
    assert_ptr_equal(hlthunk_buffer_borrow_host(b), host);
    assert_int_equal(hlthunk_buffer_get_address(b), at);
    assert_int_equal(hlthunk_buffer_get_size(b), 57000);
    other = pinned(d, 50000);
    assert_ptr_not_equal(hlthunk_buffer_borrow_host(other), host);
    ok(hlthunk_device_trim_host_memory(d, 0, &released)); /* nothing is only kept */
    assert_int_equal(released, 0);
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(other);
    ok(hlthunk_device_trim_host_memory(d, granted, &released));
    assert_int_equal(released, granted);
    ok(hlthunk_device_trim_host_memory(d, 0, &released));
    assert_int_equal(released, granted);
    ok(hlthunk_device_trim_host_memory(d, 0, &released));
    assert_int_equal(released, 0);
    b = pinned(d, 1); /* stays until the device goes */
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(found_by_its_pointer)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b = pinned(d, 5000), *mine, *found, *none = (void *)1;
    char *at = hlthunk_buffer_borrow_host(b), *memory = malloc(10000);
    uint64_t offset;

    assert_non_null(memory);
    ok(hlthunk_buffer_from_host(d, memory + 1, 9000, NULL, &mine));
    assert_ptr_equal(hlthunk_buffer_borrow_host(mine), memory + 1);
    ok(hlthunk_device_find_host_buffer(d, at + 4999, 1, &found, &offset));
    assert_ptr_equal(found, b);
    assert_int_equal(offset, 4999);
    hlthunk_buffer_unref(found);
    ok(hlthunk_device_find_host_buffer(d, memory + 11, 8990, &found, &offset));
    assert_ptr_equal(found, mine);
    assert_int_equal(offset, 10);
    hlthunk_buffer_unref(found);
    ok(hlthunk_device_find_buffer(d, hlthunk_buffer_get_address(b) + 7, 1, &found, &offset));
    assert_ptr_equal(found, b);
    assert_int_equal(offset, 7);
    hlthunk_buffer_unref(found);
    refused(hlthunk_device_find_host_buffer(d, at, 5001, &none, NULL), ERANGE, "one buffer");
    refused(hlthunk_device_find_host_buffer(d, memory, 1, &none, NULL), ENOENT, "any buffer");
    refused(hlthunk_device_find_host_buffer(d, &offset, 1, &none, NULL), ENOENT, "any buffer");
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(mine);
    refused(hlthunk_device_find_host_buffer(d, at, 1, &none, NULL), ENOENT, "any buffer");
    refused(hlthunk_device_find_host_buffer(d, memory + 1, 1, &none, NULL), ENOENT, "any buffer");
    assert_ptr_equal(none, (void *)1);
    free(memory);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(wrong_arguments)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *none = (void *)1;

    refused(hlthunk_buffer_alloc_host(NULL, 1, NULL, &none), EINVAL, "device is NULL");
    refused(hlthunk_buffer_alloc_host(d, 0, NULL, &none), EINVAL, "size_bytes is 0");
    refused(hlthunk_buffer_alloc_host(d, 1, NULL, NULL), EINVAL, "buffer is NULL");
    refused(hlthunk_buffer_alloc_host(d, UINT64_MAX, NULL, &none), ENOMEM, "any host");
    /* valgrind answers EINVAL to such an mmap() */
    assert_true(hlthunk_buffer_alloc_host(d, 1ull << 60, NULL, &none) < 0);
    assert_non_null(strstr(hlthunk_last_error(), "host memory"));
    assert_ptr_equal(none, (void *)1);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A forked child has a copy, and lets go of it; the parent's is untouched. */
TEST(after_fork)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b = pinned(d, 5000), *kept = pinned(d, 100000), *none = (void *)1;
    char *host = hlthunk_buffer_borrow_host(b);
    int status;
    pid_t pid;

    strcpy(host, "parent's");
    hlthunk_buffer_unref(kept);
    pid = fork();
    if (pid == 0) {
        bool right = !strcmp(host, "parent's");

        strcpy(host, "child's");
        right = right && hlthunk_buffer_alloc_host(d, 5000, NULL, &none) == -EPERM;
        hlthunk_buffer_unref(b);
        hlthunk_device_unref(d);
        _exit(right ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_string_equal(host, "parent's");
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(stale_device)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b = pinned(d, 5000), *kept = pinned(d, 5000), *none = (void *)1;

    hlthunk_buffer_unref(kept);
    hl_device_mark_stale(d, HLTHUNK_STALE_RESET);
    refused(hlthunk_buffer_alloc_host(d, 5000, NULL, &none), ENODEV, "reset");
    strcpy(hlthunk_buffer_borrow_host(b), "still there");
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

SUITE(host_memory)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_device_reaches_it),
        cmocka_unit_test(it_is_kept_for_the_next),
        cmocka_unit_test(found_by_its_pointer),
        cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(after_fork),
        cmocka_unit_test(stale_device),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
