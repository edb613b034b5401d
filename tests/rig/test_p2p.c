/* SPDX-License-Identifier: MIT */
/*
 * Another driver imports what the library exports: rig/run --p2p puts a virtio-gpu beside the
 * device, under one PCIe switch, --p2p-apart next to the switch. The importer attaches with
 * peer-to-peer allowed and maps when it turns a dma-buf into a handle.
 */
#include "tests/rig/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* <drm/drm.h> */
struct prime_handle {
    uint32_t handle, flags;
    int32_t fd;
};
struct gem_close {
    uint32_t handle, pad;
};
#define PRIME_FD_TO_HANDLE _IOWR('d', 0x2e, struct prime_handle)
#define GEM_CLOSE _IOW('d', 0x09, struct gem_close)

static int importer(void)
{
    int fd = -1;

    for (int i = 0; i < 50 && fd < 0; i++) {
        fd = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
        if (fd < 0)
            usleep(100000);
    }
    return fd;
}

/* 0 or -errno; the handle is closed again unless it is asked for. */
static int import(int gpu, int dmabuf, uint32_t *handle)
{
    struct prime_handle p = { .fd = dmabuf };
    struct gem_close c = { 0 };

    if (ioctl(gpu, PRIME_FD_TO_HANDLE, &p) < 0)
        return -errno;
    c.handle = p.handle;
    if (handle)
        *handle = p.handle;
    else
        assert_int_equal(ioctl(gpu, GEM_CLOSE, &c), 0);
    return 0;
}

TEST(another_driver_maps_what_is_exported)
{
    const char *route = getenv("TEST_P2P");
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    int gpu = importer(), rc;

    if (gpu < 0 || !route)
        fail_msg("no importer: rig/run --p2p or --p2p-apart -- PROGRAM");
    ok(hlthunk_buffer_alloc(d, 16 * MIB, NULL, &b));
    ok(hlthunk_dmabuf_export(b, 0, 2 * MIB, NULL, &m));
    rc = import(gpu, hlthunk_dmabuf_borrow_fd(m), NULL);
    if (!strcmp(route, "yes"))
        assert_int_equal(rc, 0);
    else
        assert_int_equal(rc, -EPERM);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    close(gpu);
}

/* The importer's mapping holds the memory when nobody else does any more. */
TEST(an_import_outlives_its_exporter)
{
    const char *route = getenv("TEST_P2P");
    struct hlthunk_device *d = open_device();
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = 300000000 };
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    int gpu = importer();
    uint32_t handle;

    if (!route || strcmp(route, "yes"))
        skip(); /* nothing is mapped without a route */
    ok(hlthunk_buffer_alloc(d, 16 * MIB, NULL, &b));
    ok(hlthunk_dmabuf_export(b, 0, 2 * MIB, NULL, &m));
    assert_int_equal(import(gpu, hlthunk_dmabuf_borrow_fd(m), &handle), 0);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    hlthunk_device_close(d);
    assert_true(hlthunk_device_open(&o, &d) != 0); /* its last user is the importer */
    close(gpu);
    rig_serves(30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(another_driver_maps_what_is_exported, rig_teardown),
        cmocka_unit_test_teardown(an_import_outlives_its_exporter, rig_teardown),
    };

    require_rig();
    return RUN_GROUP(tests, NULL, NULL);
}
