/* SPDX-License-Identifier: MIT */
/* A pool on a host without memory: each allocation of its bookkeeping fails once. */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <habanalabs/hlthunk.h>
#include <hlthunk/hlthunk.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"
#include "uapi/habanalabs_accel.h"

/* Linked with --wrap: the n-th call from now on fails; 0: none. */
static unsigned fail_at, calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

static int fails(void)
{
    return ++calls == fail_at;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(align, size);
}

static int allocated, mapped; /* what the kernel has given */

int ioctl(int fd, unsigned long request, ...)
{
    union hl_mem_args *m;
    va_list ap;

    (void)fd;
    va_start(ap, request);
    m = va_arg(ap, void *);
    va_end(ap);
    switch (m->in.op) {
    case HL_MEM_OP_ALLOC:
        allocated++;
        m->out.handle = 1;
        break;
    case HL_MEM_OP_MAP:
        mapped++;
        m->out.device_virt_addr = 0x1001001800000000;
        break;
    case HL_MEM_OP_UNMAP:
        mapped--;
        break;
    case HL_MEM_OP_FREE:
        allocated--;
        break;
    case HL_MEM_OP_EXPORT_DMABUF_FD:
        m->out.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        break;
    }
    return 0;
}

static void right_or_no_memory(int rc, const void *out)
{
    if (rc) {
        assert_int_equal(rc, -ENOMEM);
        assert_non_null(strstr(hlthunk_last_error(), "no memory for a"));
        assert_ptr_equal(out, (void *)1);
    }
}

/* What a program does with a pool; true when nothing failed. */
static bool all_of_it(struct hlthunk_device *d)
{
    struct hlthunk_pool_buffer_options o = { .struct_size = sizeof(o),
                                             .exportable = true,
                                             .alignment = 1 << 20 };
    struct hlthunk_pool *p = (void *)1;
    struct hlthunk_buffer *a = (void *)1, *b = (void *)1;
    struct hlthunk_dmabuf *m = (void *)1;
    struct hlthunk_pool_statistics s = { .struct_size = sizeof(s) };
    int rc = hlthunk_pool_create(d, NULL, &p);

    right_or_no_memory(rc, p);
    if (rc)
        return false;
    rc = hlthunk_pool_alloc(p, 40, NULL, &a);
    right_or_no_memory(rc, a);
    if (rc == 0) {
        rc = hlthunk_pool_alloc(p, 5000, &o, &b);
        right_or_no_memory(rc, b);
        if (rc == 0) {
            rc = hlthunk_dmabuf_export(b, 0, 0, NULL, &m);
            right_or_no_memory(rc, m);
            if (rc == 0)
                hlthunk_dmabuf_unref(m);
            hlthunk_buffer_unref(b);
        }
        hlthunk_buffer_unref(a);
    }
    assert_int_equal(hlthunk_pool_get_statistics(p, &s), 0);
    assert_int_equal(s.live_buffers, 0);
    assert_int_equal(s.granted_bytes, s.cached_bytes + s.free_bytes);
    hlthunk_pool_unref(p);
    return rc == 0;
}

static struct hlthunk_device *new_device(void)
{
    struct hlthunk_device *d = calloc(1, sizeof(*d));

    hl_parent_init(&d->base, NULL);
    d->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    d->props.has_device_mmu = true;
    d->props.memory_page_size = 2 << 20;
    d->props.memory_size = 1ull << 32;
    return d;
}

static void drop_device(struct hlthunk_device *d)
{
    assert_int_equal(d->base.object.refs, 1);
    assert_null(d->base.first);
    hl_attachments_destroy(&d->base);
    close(d->fd);
    pthread_mutex_destroy(&d->base.lock);
    free(d);
}

/* On a device that has what it keeps already, or on a new one each time. */
static unsigned fail_each(bool new_ones)
{
    struct hlthunk_device *d = new_device();
    unsigned failed = 0;

    fail_at = 0;
    assert_true(all_of_it(d));
    for (unsigned n = 1;; n++) {
        unsigned all;

        if (new_ones) {
            drop_device(d);
            d = new_device();
        }
        calls = 0;
        fail_at = n;
        failed += !all_of_it(d);
        all = calls;
        fail_at = 0;
        assert_int_equal(allocated, 0);
        assert_int_equal(mapped, 0);
        if (all < n)
            break;
    }
    drop_device(d);
    return failed;
}

TEST(each_allocation_fails_once)
{
    unsigned failed = fail_each(false);

    /* pool, shards, buffer, chunk, extents, dma-buf: some do without, such as a batch */
    assert_true(failed >= 6);
    assert_true(fail_each(true) > failed); /* what is made at the first use, too */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_fails_once) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
