/* SPDX-License-Identifier: MIT */
/* Host memory from the library: every errno of its mapping, and what is kept makes room. */
#include "tests/mock/mock.h"

#include <fcntl.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

#include "lib/core/attachment.h"
#include "lib/device/device.h"

static struct hlthunk_device *device;

FIXTURE(set_up)
{
    device = calloc(1, sizeof(*device));
    hl_parent_init(&device->base, NULL);
    device->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    device->props.memory_page_size = 4096;
    return 0;
}

FIXTURE(tear_down)
{
    assert_int_equal(device->base.object.refs, 1);
    assert_null(device->base.first);
    hl_attachments_destroy(&device->base);
    mock_end();
    close(device->fd);
    pthread_mutex_destroy(&device->base.lock);
    free(device);
    return 0;
}

/* Where the memory is is the system's choice: the mapping's bytes are not known before. */
static void expect_map(uint64_t address, int error)
{
    union hl_mem_args out = { .out = { .device_virt_addr = address } };
    struct mock_call c = { .request = HL_REQ_D_MEMORY, .error = error, .out_size = sizeof(out) };

    memcpy(c.out, &out, sizeof(out));
    mock_expect(&c);
}

static void expect_unmap(uint64_t address)
{
    union hl_mem_args in = mock_memory_request(HL_MEM_OP_UNMAP);

    in.in.unmap.device_virt_addr = address;
    mock_ok(HL_REQ_D_MEMORY, &in, &in, sizeof(in));
}

TEST(every_errno)
{
    struct hlthunk_buffer *none = (void *)1;

    for (size_t i = 0; i < mock_errno_count; i++) {
        int error = mock_errnos[i];

        expect_map(0, error);
        if (error == EBUSY || error == ENODEV || error == EIO) {
            const struct mock_call c = { .request = HL_REQ_D_INFO };

            mock_expect(&c); /* is it still there? */
        }
        assert_int_equal(hlthunk_buffer_alloc_host(device, 5000, NULL, &none), -error);
        assert_true(strlen(hlthunk_last_error()) > 20);
        mock_end();
    }
    assert_ptr_equal(none, (void *)1);
}

TEST(what_is_kept_makes_room)
{
    struct hlthunk_buffer *b;

    expect_map(0x10000, 0);
    assert_int_equal(hlthunk_buffer_alloc_host(device, 5000, NULL, &b), 0);
    mock_end();
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_buffer_alloc_host(device, 5000, NULL, &b), 0); /* the same */
    assert_int_equal(hlthunk_buffer_get_address(b), 0x10000);
    mock_end();
    hlthunk_buffer_unref(b);
    expect_map(0, ENOMEM);
    expect_unmap(0x10000);
    expect_map(0x20000, 0);
    assert_int_equal(hlthunk_buffer_alloc_host(device, 500000, NULL, &b), 0);
    assert_int_equal(hlthunk_buffer_get_address(b), 0x20000);
    mock_end();
    hlthunk_buffer_unref(b);
    expect_unmap(0x20000); /* with the device */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_errno, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_kept_makes_room, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
