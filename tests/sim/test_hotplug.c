/* SPDX-License-Identifier: MIT */
/* Devices that are pulled from a running simulation, and plugged in. */
#include "tests/sim/support.h"

#include <unistd.h>

/* hlsim ctl, within the simulation: its exit code, and its first line of output. */
static int ctl(const char *words, char *line, size_t size)
{
    char command[256];
    FILE *p;
    int rc;

    snprintf(command, sizeof(command), "\"$HLSIM_PROGRAM\" ctl %s 2>/dev/null", words);
    fflush(NULL);
    p = popen(command, "r");
    assert_non_null(p);
    if (!fgets(line, (int)size, p))
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    rc = pclose(p);
    return rc < 0 ? rc : rc >> 8;
}

static size_t count(void)
{
    struct hlthunk_device_entry entries[64];
    size_t n;

    ok(hlthunk_device_enumerate(entries, sizeof(*entries), 64, &n));
    return n;
}

static int try_open(uint32_t index, struct hlthunk_device **d)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX,
                                        .index = index };

    return hlthunk_device_open(&o, d);
}

static const char *node_of(uint32_t index)
{
    static char name[40];

    snprintf(name, sizeof(name), on_kernel("6.1") ? "/dev/hl%u" : "/dev/accel/accel%u", index);
    return name;
}

TEST(one_more_device)
{
    struct hlthunk_device_entry entries[64];
    struct hlthunk_device *first = open_device(), *second;
    struct hlthunk_buffer *b;
    char line[256];
    size_t n;

    assert_int_equal(count(), 1);
    assert_int_equal(ctl("add gaudi2", line, sizeof(line)), 0);
    assert_string_equal(line, node_of(1));
    assert_int_equal(access(line, F_OK), 0);
    ok(hlthunk_device_enumerate(entries, sizeof(*entries), 64, &n));
    assert_int_equal(n, 2);
    assert_int_equal(entries[1].index, 1);
    assert_int_equal(entries[1].asic, HLTHUNK_ASIC_GAUDI2);
    assert_string_equal(entries[1].pci_address, "0000:11:00.0");
    assert_true(hlthunk_device_entry_get_attribute(&entries[1], "status", line, sizeof(line)) > 0);
    assert_string_equal(line, "Operational");
    /* it works, beside the one that is open */
    ok(try_open(1, &second));
    ok(hlthunk_buffer_alloc(second, MIB, NULL, &b));
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(second), 0);
    assert_int_equal(hlthunk_device_close(first), 0);
}

static void write_byte(struct hlthunk_buffer *b, char value, char *before)
{
    const struct hlsim_importer *driver = hlsim_importer();
    struct hlsim_attachment *a;
    struct hlthunk_dmabuf *m;

    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    assert_int_equal(driver->attach(hlthunk_dmabuf_borrow_fd(m), true, &a), 0);
    assert_int_equal(driver->map(a), 0);
    assert_int_equal(driver->read(a, 5, before, 1), 1);
    assert_int_equal(driver->write(a, 5, &value, 1), 1);
    driver->unmap(a);
    driver->detach(a);
    hlthunk_dmabuf_unref(m);
}

TEST(a_pulled_device_comes_back_empty)
{
    struct hlthunk_device_options control = {
        .struct_size = sizeof(control), .control = true, .select = HLTHUNK_SELECT_INDEX, .index = 1
    };
    struct hlthunk_device *d, *monitor;
    struct hlthunk_buffer *b;
    char line[256], byte = 1;

    ok(try_open(1, &d));
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    if (can_export()) {
        write_byte(b, 'x', &byte);
        assert_int_equal(byte, 0);
    }
    ok(hlthunk_device_open(&control, &monitor));
    assert_int_equal(ctl("remove 1", line, sizeof(line)), 0);
    assert_int_equal(count(), 1);
    assert_int_equal(access(node_of(1), F_OK), -1);
    assert_int_equal(try_open(1, &d), -ENODEV);
    hlthunk_buffer_unref(b);
    hlthunk_device_unref(d);
    /* its place is taken as long as a monitor has its control node open */
    assert_int_equal(ctl("add gaudi2", line, sizeof(line)), 0);
    assert_string_equal(line, node_of(2));
    hlthunk_device_unref(monitor);
    assert_int_equal(ctl("add gaudi2", line, sizeof(line)), 0);
    assert_string_equal(line, node_of(1));
    assert_int_equal(count(), 3);

    ok(try_open(1, &d));
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    if (can_export()) {
        write_byte(b, 'y', &byte);
        assert_int_equal(byte, 0);
    }
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(no_more_than_64)
{
    char line[256];

    for (unsigned i = 3; i < 64; i++)
        assert_int_equal(ctl("add goya", line, sizeof(line)), 0);
    assert_string_equal(line, node_of(63));
    assert_int_equal(count(), 64);
    assert_int_equal(ctl("add goya", line, sizeof(line)), 1);
    assert_int_equal(count(), 64);
}

TEST(bad_words)
{
    static const char *const words[] = {
        "add",       "add gaudi9", "add gaudi2 gaudi2", "remove",    "remove x",  "remove 0x",
        "remove -1", "reset 99",   "event 0",           "event 0 z", "explode 0",
    };
    char line[256];

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_int_equal(ctl(words[i], line, sizeof(line)), 2);
    assert_int_equal(count(), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_more_device),
        cmocka_unit_test(a_pulled_device_comes_back_empty),
        cmocka_unit_test(no_more_than_64),
        cmocka_unit_test(bad_words),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
