/* SPDX-License-Identifier: MIT */
/*
 * A command buffer whose second CB operation fails (hlsim run --fault cb:2:EFAULT): what was done
 * by then is undone, and nothing is left on the device.
 */
#include "tests/sim/support.h"

TEST(undone)
{
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o), .device_mapped = true };
    struct hlthunk_command_buffer *cb = (void *)0x1234;
    struct hlthunk_device *d = open_device();
    unsigned before = count_fds();
    uint32_t uses;

    assert_int_equal(hlthunk_command_buffer_create(d, 8192, &o, &cb), -EFAULT);
    assert_ptr_equal(cb, (void *)0x1234);
    assert_int_equal(count_fds(), before);
    /* created (1), asked for its address (2), destroyed (3): the next one is the whole again */
    ok(hlthunk_command_buffer_create(d, 8192, &o, &cb));
    ok(hlthunk_command_buffer_get_usage(cb, &uses));
    hlthunk_command_buffer_unref(cb);
    assert_int_equal(hlthunk_device_close(d), 0);
    d = open_device(); /* with a mapping left it would be busy */
    assert_int_equal(hlthunk_device_close(d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(undone) };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
