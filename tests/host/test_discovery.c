/* SPDX-License-Identifier: MIT */
/* Which device a node is, whatever its name, and whatever cannot be read. */
#include "tests/classic/door.h"
#include "tests/classic/tree.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <hlthunk/address_range.h>
#include <hlthunk/device.h>
#include <hlthunk/share.h>

#include "lib/error.h"

#define FIRST "0000:33:00.0"
#define SECOND "0000:4d:00.0"

/* The driver: the chip and the module ID follow from the minor number of the node that is asked. */
static int answer(enum door_op op, void *arg)
{
    const struct hl_info_args *a = arg;
    struct hl_info_hw_ip_info ip = { .dram_enabled = 1, .dram_size = 1 << 30 };
    struct stat st;

    if (op != OP_INFO)
        return -ENOTTY;
    if (a->op == HL_INFO_MODULE_PARAMS || fstat(door_fd, &st))
        return -EINVAL;
    ip.module_id = 10 + minor(st.st_rdev);
    ip.device_id = minor(st.st_rdev) ? 0x1000 : 0x1020;
    memset((void *)(uintptr_t)a->return_pointer, 0, a->return_size);
    if (a->op == HL_INFO_HW_IP_INFO)
        memcpy((void *)(uintptr_t)a->return_pointer, &ip,
               a->return_size < sizeof(ip) ? a->return_size : sizeof(ip));
    return 0;
}

/* A Gaudi2 and a Gaudi. */
FIXTURE(setup)
{
    door_any_fd = true;
    door_open(KERNEL_6_12, answer);
    tree_begin();
    tree_accel(0, 0, FIRST, "1DA3:1020", "GAUDI2", 10);
    tree_accel(1, 1, SECOND, "1DA3:1000", "GAUDI", 11);
    return 0;
}

FIXTURE(teardown)
{
    tree_end();
    door_any_fd = false;
    return 0;
}

/* The container has the second device, under the first one's names. */
static void second_as_first(void)
{
    tree_remove("/dev/accel/accel0");
    tree_remove("/dev/accel/accel_controlD0");
    tree_rename("/dev/accel/accel1", "/dev/accel/accel0");
    tree_rename("/dev/accel/accel_controlD1", "/dev/accel/accel_controlD0");
}

static int open_as(struct hlthunk_device_options o, struct hlthunk_device_properties *p)
{
    struct hlthunk_device *d;
    int rc;

    o.struct_size = sizeof(o);
    rc = hlthunk_device_open(&o, &d);
    if (rc)
        return rc;
    p->struct_size = sizeof(*p);
    assert_int_equal(hlthunk_device_get_properties(d, p), 0);
    hlthunk_device_unref(d);
    return 0;
}

static void assert_says(int rc, int error, const char *part)
{
    if (rc != error || !strstr(hlthunk_last_error(), part))
        fail_msg("%d: \"%s\", not %d: \"%s\"", rc, hlthunk_last_error(), error, part);
}

TEST(a_renamed_node_is_the_device_that_it_is)
{
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_ASIC, .asic = HLTHUNK_ASIC_GAUDI };
    struct hlthunk_device_properties p;
    char id[32];
    int fd;

    second_as_first();
    for (int control = 0; control < 2; control++) {
        o.control = control;
        assert_int_equal(open_as(o, &p), 0);
        assert_string_equal(p.pci_address, SECOND);
        assert_int_equal(p.asic, HLTHUNK_ASIC_GAUDI);
        assert_int_equal(p.index, 1);
        /* any device: the one that is here; that the other one is not is no failure */
        assert_says(hlthunk_device_open(NULL, NULL), -EINVAL, "device is NULL");
        assert_int_equal(open_as((struct hlthunk_device_options){ .control = control }, &p), 0);
        assert_string_equal(p.pci_address, SECOND);
        assert_string_equal(hlthunk_last_error(), "device is NULL");
    }
    o.asic = HLTHUNK_ASIC_GAUDI2;
    assert_says(open_as(o, &p), -ENODEV, "not passed to this container");
    o = (struct hlthunk_device_options){ .select = HLTHUNK_SELECT_INDEX };
    assert_says(open_as(o, &p), -ENODEV, "not passed to this container");
    o = (struct hlthunk_device_options){ .select = HLTHUNK_SELECT_PCI_ADDRESS,
                                         .pci_address = FIRST };
    assert_says(open_as(o, &p), -ENODEV, FIRST);
    o.pci_address = SECOND;
    assert_int_equal(open_as(o, &p), 0);
    o = (struct hlthunk_device_options){ .select = HLTHUNK_SELECT_MODULE_ID, .module_id = 11 };
    assert_int_equal(open_as(o, &p), 0);
    assert_string_equal(p.pci_address, SECOND);
    /* the classic opens */
    fd = hlthunk_open(HLTHUNK_DEVICE_GAUDI, NULL);
    assert_true(fd > 2);
    assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, id, sizeof(id)), 0);
    assert_string_equal(id, SECOND);
    hlthunk_close(fd);
    fd = hlthunk_open_control_by_bus_id(SECOND);
    assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, id, sizeof(id)), 0);
    assert_string_equal(id, SECOND);
    hlthunk_close(fd);
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_GAUDI2, NULL), -1);
    assert_says(hlthunk_open_control(0, NULL), -ENODEV, "not passed to this container");
}

TEST(where_a_node_is)
{
    struct hlthunk_device_entry list[2];
    char path[64];
    size_t n;

    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 2, &n), 0);
    assert_int_equal(hlthunk_device_entry_find_node(&list[1], false, path, sizeof(path)), 0);
    assert_string_equal(path, "/dev/accel/accel1");
    second_as_first();
    tree_rename("/dev/accel/accel0", "/dev/tensor");
    assert_int_equal(hlthunk_device_entry_find_node(&list[1], false, path, sizeof(path)), 0);
    assert_string_equal(path, "/dev/tensor");
    assert_int_equal(hlthunk_device_entry_find_node(&list[1], true, path, sizeof(path)), 0);
    assert_string_equal(path, "/dev/accel/accel_controlD0");
    assert_int_equal(hlthunk_device_entry_find_node(&list[0], true, path, sizeof(path)), -ENODEV);
    assert_int_equal(hlthunk_device_entry_find_node(&list[1], true, path, 5), -ENOSPC);
    assert_int_equal(hlthunk_device_entry_find_node(NULL, true, path, 5), -EINVAL);
    list[1].struct_size = 0;
    assert_int_equal(hlthunk_device_entry_find_node(&list[1], true, path, sizeof(path)), -EINVAL);
    assert_string_equal(path, "/dev/accel/accel_controlD0");
}

/* What open() finds may be another node than what was there a moment before. */
TEST(a_node_that_changes_meanwhile)
{
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_INDEX, .index = 1 };
    struct hlthunk_device_properties p;
    int next = dup(0), after;

    close(next);
    tree_swap_at_open("/dev/accel/accel1", "/dev/accel/accel0");
    assert_says(open_as(o, &p), -ENODEV, "another device");
    after = dup(0);
    close(after);
    assert_int_equal(after, next); /* the other one is closed */
}

/* As long as sysfs lets one be. */
TEST(an_attribute_of_a_whole_page)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n;
    struct hlthunk_device_entry list[2];
    char *text = malloc(page + 1), start[8];

    memset(text, 'x', page);
    text[page] = '\0';
    tree_file("/sys/class/accel/accel0/device/eeprom", text);
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(list[0]), 2, &n), 0);
    assert_int_equal(hlthunk_device_entry_get_attribute(&list[0], "eeprom", start, sizeof(start)),
                     page);
    assert_string_equal(start, "xxxxxxx");
    free(text);
}

/* Its class entry went with it; what has the usual path now may be anything. */
TEST(a_removed_device_has_no_node)
{
    struct hlthunk_device_entry list[2];
    char path[64] = "untouched";
    size_t n;

    assert_int_equal(hlthunk_device_enumerate(list, sizeof(list[0]), 2, &n), 0);
    tree_refused_path = "/sys/class/accel/accel0/dev"; /* it goes at this moment */
    tree_refused_errno = ENODEV;
    assert_says(hlthunk_device_entry_find_node(&list[0], false, path, sizeof(path)), -ENODEV,
                "device 0 is gone");
    tree_refused_errno = 0;
    tree_remove("/sys/class/accel/accel0");
    for (int control = 0; control < 2; control++) {
        assert_says(hlthunk_device_entry_find_node(&list[0], control, path, sizeof(path)), -ENODEV,
                    "device 0 is gone");
        tree_remove("/sys/class/accel/accel_controlD0");
    }
    assert_string_equal(path, "untouched");
    assert_int_equal(hlthunk_device_entry_find_node(&list[1], false, path, sizeof(path)), 0);
    tree_remove("/sys/class/accel"); /* with the last one of any vendor */
    assert_says(hlthunk_device_entry_find_node(&list[1], false, path, sizeof(path)), -ENODEV,
                "device 1 is gone");
    /* without sysfs nobody knows */
    tree_refused_path = "/sys";
    tree_refused_errno = ENOENT;
    assert_int_equal(hlthunk_device_entry_find_node(&list[1], false, path, sizeof(path)), 0);
    assert_string_equal(path, "/dev/accel/accel1");
}

/* ---- without sysfs ---- */

TEST(nodes_answer_without_sysfs)
{
    static const int errors[] = { 0, EACCES, EPERM, EIO };
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_ASIC, .asic = HLTHUNK_ASIC_GAUDI };
    struct hlthunk_device_properties p;
    struct hlthunk_address_range *range;
    struct hlthunk_device_entry list[4];
    struct hlthunk_device *d;
    char text[32];
    size_t n;
    int fd;

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        tree_refused_path = "/sys";
        tree_refused_errno = errors[i] ? errors[i] : ENOENT;
        assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n),
                         0);
        assert_int_equal(n, 2);
        assert_int_equal(list[0].asic, HLTHUNK_ASIC_GAUDI2);
        assert_int_equal(list[1].asic, HLTHUNK_ASIC_GAUDI);
        assert_int_equal(list[1].index, 1);
        assert_string_equal(list[1].pci_address, "");
        assert_string_equal(list[1].node, "/dev/accel/accel1");
        assert_int_equal(open_as(o, &p), 0);
        assert_int_equal(p.index, 1);
        assert_string_equal(p.pci_address, "");
        o.struct_size = sizeof(o);
        assert_int_equal(hlthunk_device_open(&o, &d), 0);
        assert_says(hlthunk_address_range_reserve(d, 1 << 20, NULL, &range), -EOPNOTSUPP,
                    "device /dev/accel/accel1 has no MMU");
        hlthunk_device_unref(d);
        assert_says(open_as((struct hlthunk_device_options){ .select = HLTHUNK_SELECT_PCI_ADDRESS,
                                                             .pci_address = SECOND },
                            &p),
                    -ENODATA, "is not known");
        assert_int_equal(
            open_as((struct hlthunk_device_options){ .select = HLTHUNK_SELECT_MODULE_ID,
                                                     .module_id = 11 },
                    &p),
            0);
        fd = open("/dev/accel/accel_controlD1", O_RDWR | O_CLOEXEC);
        assert_int_equal(hlthunk_device_from_fd(fd, &d), 0);
        p.struct_size = sizeof(p);
        assert_int_equal(hlthunk_device_get_properties(d, &p), 0);
        assert_int_equal(p.index, 1);
        assert_true(p.control);
        hlthunk_device_unref(d);
        assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, text, sizeof(text)), -ENODATA);
        close(fd);
        assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI), 1);
        /* not -ENOENT, which is a kernel without the attribute */
        assert_says(hlthunk_device_entry_get_attribute(&list[0], "status", text, sizeof(text)),
                    errors[i] ? -errors[i] : -ENODATA, errors[i] ? "status" : "no sysfs");
    }
    /* renamed: the file itself says which it is, not its name */
    second_as_first();
    assert_int_equal(open_as(o, &p), 0);
    assert_int_equal(p.index, 1);
    assert_says(open_as((struct hlthunk_device_options){ .select = HLTHUNK_SELECT_INDEX }, &p),
                -ENODEV, "has index 0");
}

TEST(neither_sysfs_nor_nodes)
{
    struct hlthunk_device_properties p;
    size_t n = 77;

    tree_remove("/dev/accel");
    tree_refused_path = "/sys";
    tree_refused_errno = EACCES;
    assert_says(hlthunk_device_enumerate(NULL, sizeof(struct hlthunk_device_entry), 0, &n), -EACCES,
                "/sys/class");
    assert_int_equal(n, 77);
    assert_says(open_as((struct hlthunk_device_options){ 0 }, &p), -EACCES, "/sys/class");
    /* a sysfs without such classes does say that there is none */
    tree_refused_errno = 0;
    tree_remove("/sys/class/accel");
    tree_file("/sys/class/net/x", "");
    assert_int_equal(hlthunk_device_enumerate(NULL, sizeof(struct hlthunk_device_entry), 0, &n), 0);
    assert_int_equal(n, 0);
    assert_says(open_as((struct hlthunk_device_options){ 0 }, &p), -ENODEV, "no Habana device");
    /* where a class is not a folder, it could not be looked into */
    tree_file("/sys/class/accel", "");
    n = 77;
    assert_says(hlthunk_device_enumerate(NULL, sizeof(struct hlthunk_device_entry), 0, &n),
                -ENOTDIR, "/sys/class");
    assert_int_equal(n, 77);
}

/* Another vendor's accelerator, and a busy node, which cannot be asked and still is one. */
TEST(what_does_not_answer)
{
    struct hlthunk_device_entry list[4];
    size_t n;

    tree_refused_path = "/sys";
    tree_refused_errno = ENOENT;
    door_open(KERNEL_6_12, door_fails);
    door_error = ENOTTY;
    assert_int_equal(hlthunk_device_enumerate(NULL, sizeof(struct hlthunk_device_entry), 0, &n),
                     -ENOENT);
    door_open(KERNEL_6_12, answer);
    tree_remove("/dev/accel/accel_controlD0");
    tree_remove("/dev/accel/accel_controlD1");
    tree_fail_errno = EBUSY;
    tree_fail_count = 3; /* a control node that is not there, and the first primary one */
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n), 0);
    assert_int_equal(n, 2);
    tree_fail_count = 0;
}

/* What one class said before the other could not be read is not told twice. */
TEST(half_of_sysfs)
{
    struct hlthunk_device_entry list[8];
    size_t n;

    tree_refused_path = "/sys/class/habanalabs";
    tree_refused_errno = EACCES;
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 8, &n), 0);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].node, "/dev/accel/accel0");
    assert_string_equal(list[1].node, "/dev/accel/accel1");
}

/* A file that does not know the question is not a device; one that fails to answer may be. */
TEST(a_descriptor_without_sysfs)
{
    static const int errnos[] = { ENOTTY, EINVAL, EIO };
    int fd = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
    struct hlthunk_device *d;

    assert_true(fd >= 0);
    tree_refused_path = "/sys";
    tree_refused_errno = ENOENT;
    for (unsigned i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
        door_open(KERNEL_6_12, door_fails);
        door_error = errnos[i];
        if (errnos[i] == EIO)
            assert_says(hlthunk_device_from_fd(fd, &d), -EIO, "does not say");
        else
            assert_says(hlthunk_device_from_fd(fd, &d), -ENODEV, "not a node");
    }
    door_open(KERNEL_6_12, answer);
    close(fd);
}

/* Over a socket, where one of the two has no /sys and so no PCI address. */
TEST(a_device_is_passed_without_sysfs)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device *d;
    int pair[2];

    tree_refused_path = "/sys";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    for (unsigned to = 0; to < 2; to++) {
        tree_refused_errno = to ? 0 : ENOENT;
        assert_int_equal(hlthunk_device_open(NULL, &d), 0);
        assert_int_equal(hlthunk_device_send(pair[0], d, HLTHUNK_WAIT_INDEFINITELY), 0);
        hlthunk_device_unref(d); /* or it would be received as the same object */
        tree_refused_errno = to ? ENOENT : 0;
        assert_says(hlthunk_device_receive(pair[1], &d, HLTHUNK_WAIT_INDEFINITELY), 0, "");
        assert_int_equal(hlthunk_device_get_properties(d, &p), 0);
        assert_string_equal(p.pci_address, to ? "" : FIRST);
        hlthunk_device_unref(d);
    }
    close(pair[0]);
    close(pair[1]);
}

/* ---- out of descriptors ---- */

/* Without sysfs, in the folder of the nodes. */
TEST(no_memory_is_said)
{
    size_t n = 77;

    tree_remove("/sys/class");
    tree_refused_path = "/dev/accel";
    tree_refused_errno = ENOMEM;
    hl_err(0, "of another call");
    assert_says(hlthunk_device_enumerate(NULL, 0, 0, &n), -ENOMEM, "nodes cannot be searched");
    assert_int_equal(n, 77);
}

/* While the second device's chip is looked up: the first one's entry is not written either. */
TEST(a_failed_enumeration_writes_nothing)
{
    struct hlthunk_device_entry list[2], before[2];
    size_t n = 77;

    tree_end();
    tree_begin();
    tree_legacy(0, FIRST, "0x1020");
    tree_legacy(1, SECOND, "0x1000");
    memset(list, 0x5a, sizeof(list));
    memcpy(before, list, sizeof(list));
    tree_refused_path = "/sys/bus/pci/devices/" SECOND "/device";
    tree_refused_errno = EMFILE;
    assert_says(hlthunk_device_enumerate(list, sizeof(list[0]), 2, &n), -EMFILE, "device 1");
    assert_memory_equal(list, before, sizeof(list));
    assert_int_equal(n, 77);
}

static rlim_t soft;

static void leave_descriptors(int fd, unsigned n)
{
    struct rlimit r;

    getrlimit(RLIMIT_NOFILE, &r);
    if (n == UINT32_MAX) {
        r.rlim_cur = soft;
    } else {
        soft = r.rlim_cur;
        r.rlim_cur = (rlim_t)fd + 1 + n;
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
}

TEST(no_descriptor_is_not_no_device)
{
    struct hlthunk_device_properties p;
    struct hlthunk_device_entry list[2];
    struct hlthunk_device *d = NULL;
    char text[32];
    size_t n = 77;
    int fd;

    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 2, &n), 0);
    n = 77;
    fd = open("/dev/accel/accel1", O_RDWR | O_CLOEXEC);
    leave_descriptors(fd, 0);
    assert_says(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 2, &n), -EMFILE,
                "/sys/class");
    assert_int_equal(n, 77);
    assert_says(open_as((struct hlthunk_device_options){ 0 }, &p), -EMFILE, "Too many open files");
    assert_says(hlthunk_device_from_fd(fd, &d), -EMFILE, "Too many open files");
    assert_null(d);
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_DONT_CARE), -EMFILE);
    assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, text, sizeof(text)), -EMFILE);
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL), -1);
    assert_int_equal(errno, EMFILE);
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, FIRST), -EMFILE);
    assert_int_equal(hlthunk_open_by_module_id(11), -EMFILE);
    assert_int_equal(hlthunk_device_entry_get_attribute(&list[0], "uevent", text, sizeof(text)),
                     -EMFILE);
    leave_descriptors(fd, UINT32_MAX);
    close(fd);
}

/* However few there are, nobody says "no device"; with enough it works. */
TEST(few_descriptors)
{
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_MODULE_ID, .module_id = 11 };
    struct hlthunk_device_properties p;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), rc = -1;

    for (unsigned n = 0; n < 8; n++) {
        leave_descriptors(fd, n);
        rc = open_as(o, &p);
        leave_descriptors(fd, UINT32_MAX);
        if (rc && rc != -EMFILE)
            fail_msg("%u free: %d: %s", n, rc, hlthunk_last_error());
        o.select = n % 2 ? HLTHUNK_SELECT_ASIC : HLTHUNK_SELECT_MODULE_ID;
        o.asic = HLTHUNK_ASIC_GAUDI;
    }
    assert_int_equal(rc, 0);
    close(fd);
}

/* ---- why it cannot be opened ---- */

static void fail_opens(int error)
{
    tree_fail_errno = error;
    tree_fail_count = 1000;
}

TEST(eperm_is_the_drivers_or_the_cgroups)
{
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_INDEX };
    struct hlthunk_device_properties p;

    fail_opens(EPERM);
    tree_file("/sys/class/accel/accel0/device/status", "Disabled\n");
    assert_says(open_as(o, &p), -EPERM, "the driver says \"Disabled\"");
    tree_file("/sys/class/accel/accel0/device/status", "Operational\n");
    assert_says(open_as(o, &p), -EPERM, "cgroup does not allow it");
    assert_says(open_as(o, &p), -EPERM, "c 261:0 rw");
    tree_remove("/sys/class/accel/accel0/device/status");
    assert_says(open_as(o, &p), -EPERM, "either the driver");
    assert_says(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, FIRST), -EPERM, "either the driver");
    tree_fail_count = 0;
}

TEST(eacces_is_the_mode_or_something_else)
{
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_INDEX };
    struct hlthunk_device_properties p;

    fail_opens(EACCES);
    if (getuid() == 0) {
        assert_says(open_as(o, &p), -EACCES, "security module");
        assert_int_equal(seteuid(65534), 0);
        assert_says(open_as(o, &p), -EACCES, "its mode is 640, its owner uid 0");
        assert_int_equal(seteuid(0), 0);
    }
    tree_fail_count = 0;
}

/* Of several devices the reason of the one that may become free. */
TEST(the_reason_to_report)
{
    struct hlthunk_device_properties p;

    tree_remove("/dev/accel/accel1");
    tree_fail_errno = EACCES;
    tree_fail_count = 1;
    assert_int_equal(open_as((struct hlthunk_device_options){ 0 }, &p), -EACCES);
    tree_fail_errno = EBUSY;
    tree_fail_count = 1;
    assert_int_equal(open_as((struct hlthunk_device_options){ 0 }, &p), -EBUSY);
    tree_remove("/dev/accel/accel0");
    assert_says(open_as((struct hlthunk_device_options){ 0 }, &p), -ENODEV, "not passed");
}

/* Of two devices that cannot be opened: the weightier reason, and of equal ones the first's. */
TEST(the_reason_of_two)
{
    struct hlthunk_device_options second = { .select = HLTHUNK_SELECT_MODULE_ID, .module_id = 11 };
    struct hlthunk_device_properties p;

    tree_fail_errno = EBUSY;
    tree_fail_count = 2;
    assert_says(open_as((struct hlthunk_device_options){ 0 }, &p), -EBUSY, "/dev/accel/accel0");
    /* one whose module ID could not be looked at for want of descriptors may be the right one */
    tree_refused_path = "/sys/class/accel/accel0/device/module_id";
    tree_refused_errno = EMFILE;
    tree_remove("/dev/accel/accel1");
    tree_remove("/dev/accel/accel_controlD1");
    assert_says(open_as(second, &p), -EMFILE, "module_id of /dev/accel/accel0");
    tree_refused_errno = 0;
    assert_says(open_as(second, &p), -ENODEV, "not passed");
}

TEST(absent_is_less_than_refused)
{
    struct hlthunk_device_properties p;

    tree_remove("/dev/accel/accel0");
    tree_fail_errno = EACCES;
    tree_fail_count = 1;
    assert_says(open_as((struct hlthunk_device_options){ 0 }, &p), -EACCES, "/dev/accel/accel1");
    assert_int_equal(tree_fail_count, 0);
}

/* What may pass is waited for, for as long as the caller says; what does not is not. */
TEST(busy_and_in_reset_are_waited_for)
{
    static const int errnos[] = { EBUSY, EAGAIN };
    struct hlthunk_device_options once = { 0 }, patient = { .timeout_ns = 60000000000 };
    struct hlthunk_device_options brief = { .timeout_ns = 20000000 };
    struct hlthunk_device_properties p;

    tree_remove("/dev/accel/accel1");
    for (unsigned i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
        tree_fail_errno = errnos[i];
        tree_fail_count = 5;
        assert_int_equal(open_as(patient, &p), 0);
        assert_string_equal(p.pci_address, FIRST);
        assert_int_equal(tree_fail_count, 0);
        tree_fail_count = 5;
        assert_int_equal(open_as(once, &p), -errnos[i]);
        assert_int_equal(tree_fail_count, 4);
        tree_fail_count = UINT_MAX;
        assert_int_equal(open_as(brief, &p), -errnos[i]);
        /* busy a moment ago, and now something that does not pass */
        tree_fail_last_errno = EACCES;
        tree_fail_count = 2;
        assert_int_equal(open_as(patient, &p), -EACCES);
        assert_int_equal(tree_fail_count, 0);
        tree_fail_last_errno = 0;
    }
    /* a signal is neither: at once again, and without an end */
    tree_fail_errno = EINTR;
    tree_fail_count = 1000;
    assert_int_equal(open_as(once, &p), 0);
}

/* ---- attributes ---- */

TEST(attributes_of_each_generation)
{
    struct hlthunk_device_entry list[4];
    char value[16] = "x";
    size_t n;

    tree_file("/sys/class/accel/accel0/device/numa_node", "1\n");
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n), 0);
    assert_int_equal(hlthunk_device_entry_get_attribute(&list[0], "numa_node", value, 16),
                     (int)strlen(value));
    assert_string_equal(value, "1");
    tree_end();
    tree_begin();
    tree_legacy(0, FIRST, "0x1020");
    tree_file("/sys/bus/pci/devices/" FIRST "/numa_node", "3\n");
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(list[0].asic, HLTHUNK_ASIC_GAUDI2);
    assert_int_equal(hlthunk_device_entry_get_attribute(&list[0], "numa_node", value, 16),
                     (int)strlen(value));
    assert_string_equal(value, "3");
    assert_int_equal(hlthunk_device_entry_get_attribute(&list[0], "nothing", value, 16), -ENOENT);
    assert_int_equal(hlthunk_device_entry_get_attribute(&list[0], "device_type", value, 4), 4);
    assert_int_equal(strlen(value), 3); /* cut */
}

/* Names are read whole, by decimal digits, and within 31 bits. */
TEST(names_of_entries)
{
    static const char *const names[] = { "accel2147483648", "accel9999999999999999999",
                                         "accel:",          "accel/",
                                         "accel+2",         "accel00" };
    struct hlthunk_device_entry list[8];
    char path[96];
    size_t n;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "/sys/class/accel/%s/device/uevent", names[i]);
        tree_file(path, "PCI_ID=1DA3:1020\nPCI_SLOT_NAME=0000:45:00.0\n");
    }
    tree_accel(2147483647, 9, "0000:99:00.0", "1da3:1010", "GAUDI SEC", 3);
    tree_accel(10, 8, "0000:88:00.0", "1DA3:1060", "GAUDI3", 4);
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 8, &n), 0);
    assert_int_equal(n, 4);
    assert_int_equal(list[2].index, 10); /* by number, not by name */
    assert_int_equal(list[2].asic, HLTHUNK_ASIC_UNKNOWN);
    assert_int_equal(list[3].index, 2147483647);
    assert_int_equal(list[3].asic, HLTHUNK_ASIC_GAUDI);
    assert_int_equal(list[3].pci_device_id, 0x1010);
    /* more than fit: counted, and nothing behind the array written */
    memset(list, 0x77, sizeof(list));
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 1, &n), 0);
    assert_int_equal(n, 4);
    assert_int_equal(list[1].index, 0x77777777);
}

/* A uevent of other keys, of a key that only begins so, and one that is cut. */
TEST(uevents)
{
    static const struct {
        const char *text;
        size_t devices;
    } cases[] = {
        { "PCI_ID=1DA3:1020\nPCI_SLOT_NAME=0000:45:00.0\n", 3 },
        { "PCI_SLOT_NAME=0000:45:00.0\nPCI_ID=1DA3:1020", 3 },
        { "XPCI_ID=1DA3:1020\nPCI_SLOT_NAME=0000:45:00.0\n", 2 },
        { "PCI_IDX=1DA3:1020\nPCI_SLOT_NAME=0000:45:00.0\n", 2 },
        { "PCI_ID=1DA3\nPCI_SLOT_NAME=0000:45:00.0\n", 2 },
        { "PCI_ID=1DA4:1020\nPCI_SLOT_NAME=0000:45:00.0\n", 2 },
        { "PCI_ID=1DA3:1020\nPCI_SLOT_NAME=nowhere\n", 2 },
        { "PCI_ID=1DA3:1020\n", 2 },
        { "", 2 },
    };
    size_t n;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tree_file("/sys/class/accel/accel5/device/uevent", cases[i].text);
        assert_int_equal(hlthunk_device_enumerate(NULL, sizeof(struct hlthunk_device_entry), 0, &n),
                         0);
        if (n != cases[i].devices)
            fail_msg("%zu devices with \"%s\"", n, cases[i].text);
    }
}

/* In a container that has the primary nodes alone. */
TEST(nodes_without_control_nodes)
{
    struct hlthunk_device_entry list[4];
    char path[64] = "as it was";
    size_t n;

    tree_remove("/dev/accel/accel_controlD0");
    tree_remove("/dev/accel/accel_controlD1");
    tree_refused_path = "/sys";
    tree_refused_errno = ENOENT;
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n), 0);
    assert_int_equal(n, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_string_equal(list[i].control_node, "");
        assert_int_equal(hlthunk_device_entry_find_node(&list[i], false, path, sizeof(path)), 0);
        assert_string_equal(path, list[i].node);
        strcpy(path, "as it was");
        assert_says(hlthunk_device_entry_find_node(&list[i], true, path, sizeof(path)), -ENODEV,
                    "no control node here");
        assert_string_equal(path, "as it was");
    }
    /* names that are not those of nodes */
    tree_file("/dev/accel/accel", "");
    tree_file("/dev/accel/accel1x", "");
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n), 0);
    assert_int_equal(n, 2);
    tree_fail_errno = EMFILE;
    tree_fail_count = 1;
    n = 77;
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n),
                     -EMFILE);
    assert_int_equal(n, 77);
    tree_fail_count = 0;
}

/* Sysfs has the device and does not say its number: the node itself is asked. */
TEST(what_a_name_leads_to)
{
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_INDEX };
    struct hlthunk_device_properties p;

    tree_file("/sys/class/accel/accel0/dev", "nothing\n");
    tree_file("/sys/class/accel/accel1/dev", "nothing\n");
    tree_file("/sys/class/accel/accel_controlD0/dev", "nothing\n");
    assert_int_equal(open_as(o, &p), 0);
    assert_string_equal(p.pci_address, FIRST);
    o.control = true;
    assert_int_equal(open_as(o, &p), 0);
    o.control = false;
    door_open(KERNEL_6_12, door_fails);
    door_error = EIO;
    assert_says(open_as(o, &p), -EIO, "/dev/accel/accel0 does not say which device it is");
    door_open(KERNEL_6_12, answer);
    tree_remove("/dev/accel/accel0");
    tree_rename("/dev/accel/accel1", "/dev/accel/accel0");
    assert_says(open_as(o, &p), -ENODEV, "is a node of device 1, not the node of device 0");
    tree_remove("/dev/accel/accel0");
    tree_rename("/dev/accel/accel_controlD0", "/dev/accel/accel0");
    assert_says(open_as(o, &p), -ENODEV, "is a node of device 0, not the node of device 0");
}

TEST(module_ids_that_are_none)
{
    static const char *const texts[] = { "x\n", "1x\n", "\n", "4294967296\n" };
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_MODULE_ID, .module_id = 1 };
    struct hlthunk_device_properties p;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        tree_file("/sys/class/accel/accel0/device/module_id", texts[i]);
        assert_says(open_as(o, &p), -EIO, "module_id of /dev/accel/accel0");
        assert_says(hlthunk_get_device_index_from_module_id(1), -EIO,
                    "module_id of /dev/accel/accel0");
    }
    tree_file("/sys/class/accel/accel0/device/module_id", "4294967295\n");
    o.module_id = UINT32_MAX;
    assert_int_equal(open_as(o, &p), 0);
    assert_string_equal(p.pci_address, FIRST);
}

/* The classic names tell Gaudi2's revisions apart, by what the driver calls the device. */
TEST(revisions_of_gaudi2)
{
    static const struct {
        const char *type;
        enum hlthunk_device_name name;
    } types[] = {
        { "GAUDI2", HLTHUNK_DEVICE_GAUDI2 },   { "GAUDI2B", HLTHUNK_DEVICE_GAUDI2B },
        { "GAUDI2C", HLTHUNK_DEVICE_GAUDI2C }, { "GAUDI2D", HLTHUNK_DEVICE_GAUDI2D },
        { "GAUDI2E", HLTHUNK_DEVICE_GAUDI2 },  { "OTHER", HLTHUNK_DEVICE_GAUDI2 },
    };
    char text[32];

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        snprintf(text, sizeof(text), "%s\n", types[i].type);
        tree_file("/sys/class/accel/accel0/device/device_type", text);
        assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI2), 1); /* any of them */
        assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI), 1);
        assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_GOYA), 0);
        assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_DONT_CARE), 2);
        for (int n = HLTHUNK_DEVICE_GAUDI2B; n <= HLTHUNK_DEVICE_GAUDI2D; n++)
            assert_int_equal(hlthunk_get_device_count((enum hlthunk_device_name)n),
                             n == (int)types[i].name);
    }
    tree_refused_path = "/sys/class/accel/accel0/device/device_type";
    tree_refused_errno = EMFILE;
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI2), -EMFILE);
    tree_refused_errno = 0;
}

/* What is opened to look at sysfs and nodes is not there for a program that is started meanwhile.
 */
TEST(nothing_is_inherited)
{
    struct hlthunk_device_entry list[4];
    struct hlthunk_device_properties p;
    char text[32];
    size_t n;

    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n), 0);
    assert_int_equal(open_as((struct hlthunk_device_options){ 0 }, &p), 0);
    assert_int_equal(hlthunk_device_entry_get_attribute(&list[0], "module_id", text, sizeof(text)),
                     2);
    tree_refused_path = "/sys";
    tree_refused_errno = ENOENT;
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n), 0);
    tree_refused_errno = 0;
    assert_true(tree_opens > 4);
    assert_int_equal(tree_opens_inherited, 0);
}

/* "Could not look" by PCI address, too. */
TEST(a_bus_id_that_cannot_be_looked_for)
{
    tree_refused_path = "/sys/class";
    tree_refused_errno = EMFILE;
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id(SECOND), -EMFILE);
    assert_int_equal(hlthunk_get_device_index_from_module_id(11), -EMFILE);
    tree_refused_errno = 0;
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id(SECOND), 1);
}

/* One of both kinds of node: the order is that of the kinds and numbers. */
TEST(both_kinds_of_node)
{
    struct hlthunk_device_entry list[4];
    size_t n;

    tree_legacy(3, "0000:01:00.0", "0x1000");
    assert_int_equal(hlthunk_device_enumerate(list, sizeof(struct hlthunk_device_entry), 4, &n), 0);
    assert_int_equal(n, 3);
    assert_string_equal(list[0].pci_address, FIRST);
    assert_string_equal(list[1].pci_address, SECOND);
    assert_true(list[2].legacy);
    assert_int_equal(list[2].index, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(a_renamed_node_is_the_device_that_it_is),
        CASE(where_a_node_is),
        CASE(a_node_that_changes_meanwhile),
        CASE(an_attribute_of_a_whole_page),
        CASE(a_removed_device_has_no_node),
        CASE(nodes_answer_without_sysfs),
        CASE(neither_sysfs_nor_nodes),
        CASE(what_does_not_answer),
        CASE(half_of_sysfs),
        CASE(a_descriptor_without_sysfs),
        CASE(a_device_is_passed_without_sysfs),
        CASE(no_memory_is_said),
        CASE(a_failed_enumeration_writes_nothing),
        CASE(no_descriptor_is_not_no_device),
        CASE(few_descriptors),
        CASE(eperm_is_the_drivers_or_the_cgroups),
        CASE(eacces_is_the_mode_or_something_else),
        CASE(the_reason_to_report),
        CASE(the_reason_of_two),
        CASE(absent_is_less_than_refused),
        CASE(busy_and_in_reset_are_waited_for),
        CASE(attributes_of_each_generation),
        CASE(names_of_entries),
        CASE(uevents),
        CASE(nodes_without_control_nodes),
        CASE(what_a_name_leads_to),
        CASE(module_ids_that_are_none),
        CASE(revisions_of_gaudi2),
        CASE(nothing_is_inherited),
        CASE(a_bus_id_that_cannot_be_looked_for),
        CASE(both_kinds_of_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
