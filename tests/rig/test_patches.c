/* SPDX-License-Identifier: MIT */
/* What the driver does with contrib/'s patches (tests/rig/patches.sh) and not without them. */
#include "tests/rig/guest.h"
#include "uapi/habanalabs_accel.h"

#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The number of a key of the node's fdinfo, in KiB, as another process reads it; -1: not there. */
static long long key(struct hlthunk_device *d, const char *name)
{
    char path[64], line[256];
    long long value = -1;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)getppid(), hlthunk_device_borrow_fd(d));
    f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        size_t n = strlen(name);

        if (!strncmp(line, name, n) && line[n] == ':' &&
            sscanf(line + n, ": %lld KiB", &value) != 1)
            value = -1;
    }
    if (f)
        fclose(f);
    return value;
}

/* By a child: allocated is what the parent has, in bytes. */
static void seen(struct hlthunk_device *d, uint64_t allocated)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (!pid)
        _exit(key(d, "drm-total-vram") != (long long)(allocated / 1024) ||
              key(d, "drm-resident-vram") != (long long)(allocated / 1024));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

TEST(memory_of_a_client)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *a, *b;

    ok(hlthunk_device_get_properties(d, &p));
    seen(d, 0);
    ok(hlthunk_buffer_alloc(d, p.memory_page_size, NULL, &a));
    seen(d, p.memory_page_size);
    ok(hlthunk_buffer_alloc(d, 2 * p.memory_page_size, NULL, &b));
    seen(d, 3 * p.memory_page_size);
    hlthunk_buffer_unref(a);
    seen(d, 2 * p.memory_page_size);
    hlthunk_buffer_unref(b);
    seen(d, 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Timestamps that are never written, registered in a buffer whose user closes the device. */
static void register_and_close(void)
{
    struct hlthunk_device *d = open_device();
    int fd = hlthunk_device_borrow_fd(d);
    struct hl_info_hw_ip_info ip = { 0 };
    struct hl_info_args info = { .op = HL_INFO_HW_IP_INFO,
                                 .return_pointer = (uintptr_t)&ip,
                                 .return_size = sizeof(ip) };
    union hl_mem_args timestamps = { .in = { .op = HL_MEM_OP_TS_ALLOC,
                                             .num_of_elements = 1 << 18 } };
    union hl_cb_args counters = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 4096 } };

    assert_int_equal(ioctl(fd, DRM_IOCTL_HL_INFO, &info), 0);
    assert_int_equal(ioctl(fd, DRM_IOCTL_HL_MEMORY, &timestamps), 0);
    assert_int_equal(ioctl(fd, DRM_IOCTL_HL_CB, &counters), 0);
    for (uint64_t place = 0; place < 2; place++) {
        union hl_wait_cs_args wait = { .in = { .cq_counters_handle = counters.out.cb_handle,
                                               .target = 1,
                                               .timestamp_handle = timestamps.out.handle,
                                               .timestamp_offset = place,
                                               .flags = HL_WAIT_CS_FLAGS_INTERRUPT |
                                                        HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ |
                                                        HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT |
                                                        ip.first_available_interrupt_id << 20 } };

        assert_int_equal(ioctl(fd, DRM_IOCTL_HL_WAIT_CS, &wait), 0);
    }
    hlthunk_device_close(d);
}

/* Each close costs a reset; the driver puts what the registrations have. */
TEST(registrations_at_close)
{
    if (!on_asic("gaudi2"))
        skip(); /* the others have no such interrupts */
    for (int i = 0; i < 5; i++) {
        register_and_close();
        rig_serves(60);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_of_a_client),
        cmocka_unit_test(registrations_at_close),
    };

    require_rig();
    return RUN_GROUP(tests, NULL, NULL);
}
