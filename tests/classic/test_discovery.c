/* SPDX-License-Identifier: MIT */
/* Finding and opening devices: defects 15 to 23, and the debugfs files: 24 to 26. */
#include "tests/classic/door.h"
#include "tests/classic/tree.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define GAUDI2_ID "1DA3:1020"
#define GAUDI_ID "1DA3:1000"

FIXTURE(setup)
{
    door_any_fd = true;
    tree_begin();
    return 0;
}

FIXTURE(teardown)
{
    tree_end();
    door_any_fd = false;
    return 0;
}

/* Three devices of 6.12, whose control nodes have minors of their own, and a foreign one. */
static void make_6_12(void)
{
    tree_accel(0, 0, "0000:33:00.0", GAUDI2_ID, "GAUDI2", 5);
    tree_accel(1, 1, "0000:9a:00.0", "8086:7D1D", "ivpu", 0);
    tree_accel(2, 2, "10000:0A:00.0", GAUDI2_ID, "GAUDI2C", 7);
    tree_accel(3, 3, "0000:4d:00.0", GAUDI_ID, "GAUDI", 1);
}

static void make_6_1(void)
{
    tree_legacy(0, "0000:33:00.0", "0x1020");
    tree_legacy(1, "0000:4d:00.0", "0x0001");
}

static void assert_fd_is(int fd, const char *pci)
{
    char id[32] = "?";

    if (fd < 0)
        fail_msg("%d: %s", fd, hlthunk_last_error());
    assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, id, sizeof(id)), 0);
    assert_string_equal(id, pci);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

TEST(defect_15_bus_ids_are_found_in_both_classes)
{
    make_6_12();
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("0000:4d:00.0"), 3);
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("4d:00.0"), 3);
    tree_end();
    tree_begin();
    make_6_1();
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("0000:4d:00.0"), 1);
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("0000:4e:00.0"), -ENODEV);
    assert_fd_is(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "4D:00.0"), "0000:4d:00.0");
    assert_fd_is(hlthunk_open_control_by_bus_id("0000:4d:00.0"), "0000:4d:00.0");
}

TEST(defect_16_odd_minors_are_not_their_neighbours)
{
    make_6_12();
    assert_fd_is(open("/dev/accel/accel3", O_RDWR | O_CLOEXEC), "0000:4d:00.0");
    assert_fd_is(open("/dev/accel/accel_controlD3", O_RDWR | O_CLOEXEC), "0000:4d:00.0");
    assert_fd_is(open("/dev/accel/accel_controlD2", O_RDWR | O_CLOEXEC), "10000:0a:00.0");
}

TEST(defect_17_long_domains_and_either_case)
{
    make_6_12();
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("10000:0a:00.0"), 2);
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("10000:0A:00.0"), 2);
    /* cut to 12 characters this would be another's */
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("0000:33:00.01"), -ENODEV);
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("nonsense"), -EINVAL);
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id(NULL), -EINVAL);
}

TEST(defect_18_a_bus_id_ends_within_its_buffer)
{
    char id[16];
    int fd;

    make_6_12();
    fd = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
    memset(id, 'x', sizeof(id));
    assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, id, 12), -ENOSPC);
    assert_int_equal(id[0], 'x');
    assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, id, -1), -EINVAL);
    assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, NULL, 16), -EINVAL);
    assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, id, 13), 0);
    assert_string_equal(id, "0000:33:00.0");
    assert_int_equal(id[13], 'x');
    close(fd);
    assert_int_equal(hlthunk_get_pci_bus_id_from_fd(fd, id, 16), -EBADF);
}

TEST(defect_19_a_failed_open_is_cheap_and_the_old_nodes_are_seen)
{
    /* an accel driver of another vendor is there, our devices have the old names */
    tree_accel(0, 0, "0000:9a:00.0", "8086:7D1D", "ivpu", 0);
    make_6_1();
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_DONT_CARE), 2);
    assert_fd_is(hlthunk_open(HLTHUNK_DEVICE_GAUDI2, NULL), "0000:33:00.0");
    tree_opens = 0;
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_DONT_CARE), 2);
    assert_uint_in_range(tree_opens, 1, 5);
    tree_opens = 0;
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_GAUDI, NULL), -1);
    assert_int_equal(errno, ENODEV);
    assert_uint_in_range(tree_opens, 1, 8);
}

TEST(defect_20_failures_are_errnos)
{
    make_6_12();
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "0000:01:00.0"), -ENODEV);
    assert_int_equal(errno, ENODEV);
    assert_int_equal(hlthunk_open_by_module_id(99), -ENODEV);
    assert_int_equal(hlthunk_open_control(77, NULL), -ENODEV);
    assert_int_equal(hlthunk_open_control_by_module_id(99), -ENODEV);
    assert_int_equal(hlthunk_open_control_by_bus_id("0000:01:00.0"), -ENODEV);
    assert_int_equal(hlthunk_open_control_by_bus_id(NULL), -EINVAL);
    assert_int_equal(hlthunk_get_device_index_from_module_id(99), -ENODEV);
    assert_int_equal(hlthunk_close(-5), -EBADF);
    assert_int_equal(errno, EBADF);
    /* but by name it is -1 with errno: programs retry on exactly that */
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_GOYA, NULL), -1);
    assert_int_equal(hlthunk_open_control_by_name(HLTHUNK_DEVICE_GOYA, NULL), -1);
    assert_int_equal(errno, ENODEV);
}

TEST(defect_21_only_our_devices_and_whole_names)
{
    /* with numbers that are devices, which a careless reader would count twice */
    static const char *const others[] = { "my_accel0", "accel2x", "accel03",
                                          "accel",     "accel-2", "accel4294967296" };

    make_6_12();
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char path[80];

        snprintf(path, sizeof(path), "/sys/class/accel/%s/device/uevent", others[i]);
        tree_file(path, "PCI_ID=" GAUDI2_ID "\nPCI_SLOT_NAME=0000:45:00.0\n");
    }
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_DONT_CARE), 3);
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI), 1);
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI2), 2);
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI2C), 1);
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI2B), 0);
    assert_int_equal(hlthunk_get_device_count(HLTHUNK_DEVICE_INVALID), -EINVAL);
    assert_int_equal(hlthunk_get_device_count((enum hlthunk_device_name)12), -EINVAL);
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("0000:9a:00.0"), -ENODEV);
    assert_int_equal(hlthunk_get_device_index_from_pci_bus_id("0000:45:00.0"), -ENODEV);
}

TEST(by_module_id)
{
    make_6_12();
    assert_int_equal(hlthunk_get_device_index_from_module_id(7), 2);
    assert_fd_is(hlthunk_open_by_module_id(1), "0000:4d:00.0");
    assert_fd_is(hlthunk_open_control_by_module_id(5), "0000:33:00.0");
    assert_fd_is(hlthunk_open_control(2, NULL), "10000:0a:00.0");
    assert_fd_is(hlthunk_open_control_by_name(HLTHUNK_DEVICE_GAUDI, NULL), "0000:4d:00.0");
}

/* On 6.1 sysfs does not know it; the control node does. */
static int module_id_6(enum door_op op, void *arg)
{
    const struct hl_info_args *a = arg;
    struct hl_info_hw_ip_info ip = { .module_id = 6, .device_id = 0x1020 };

    if (op != OP_INFO || a->op != HL_INFO_HW_IP_INFO)
        return -EINVAL;
    memcpy((void *)(uintptr_t)a->return_pointer, &ip, a->return_size < 256 ? a->return_size : 256);
    return 0;
}

TEST(by_module_id_on_6_1)
{
    tree_legacy(0, "0000:33:00.0", "0x1020");
    door_open(KERNEL_6_1, module_id_6);
    assert_int_equal(hlthunk_get_device_index_from_module_id(6), 0);
    assert_int_equal(hlthunk_get_device_index_from_module_id(5), -ENODEV);
}

TEST(defect_22_a_reset_is_waited_out_and_busy_is_not)
{
    make_6_12();
    tree_fail_errno = EAGAIN;
    tree_fail_count = 3;
    assert_fd_is(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "33:00.0"), "0000:33:00.0");
    tree_fail_errno = EINTR; /* a signal came: nothing to tell anybody */
    tree_fail_count = 2;
    assert_fd_is(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "33:00.0"), "0000:33:00.0");
    tree_fail_errno = EAGAIN;
    tree_fail_count = 6; /* all three, twice */
    assert_fd_is(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL), "0000:33:00.0");
    tree_fail_count =
        100000; /* one that does not end: for a second, and the text says what it is */
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "33:00.0"), -EAGAIN);
    assert_non_null(strstr(hlthunk_last_error(), "in reset"));
    tree_fail_errno = EBUSY;
    tree_fail_count = 3;
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL), -1); /* the fourth would work */
    assert_int_equal(errno, EBUSY);
    assert_int_equal(tree_fail_count, 0);
    assert_non_null(strstr(hlthunk_last_error(), "busy"));
}

/* What is found is no failure, whatever was looked at before it. */
TEST(what_is_found_leaves_the_text)
{
    make_6_12();
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "99:00.0"), -ENODEV);
    assert_fd_is(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "33:00.0"), "0000:33:00.0");
    assert_non_null(strstr(hlthunk_last_error(), "99:00.0"));
    assert_fd_is(hlthunk_open_control(2, NULL), "10000:0a:00.0");
    assert_non_null(strstr(hlthunk_last_error(), "99:00.0"));
}

TEST(a_device_that_may_become_free_is_the_reason_to_give)
{
    make_6_12();
    tree_fail_errno = EBUSY;
    tree_fail_count = 1; /* the first is busy, the second opens */
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "99:00.0"), -ENODEV);
    assert_fd_is(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL), "10000:0a:00.0");
    assert_non_null(strstr(hlthunk_last_error(), "99:00.0")); /* no call has failed since */
    tree_fail_count = 3;
    tree_fail_last_errno = EACCES; /* and the text is that of the reason */
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL), -1);
    assert_int_equal(errno, EBUSY);
    assert_non_null(strstr(hlthunk_last_error(), "busy"));
    /* a reset passes by itself, whatever the others are */
    tree_fail_errno = EAGAIN;
    tree_fail_last_errno = EBUSY;
    tree_fail_count = 3;
    assert_fd_is(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL), "0000:33:00.0");
}

/* What the first one is cannot be asked: that one of the name comes after it. */
TEST(a_device_that_cannot_be_looked_at_is_passed_over)
{
    make_6_1();
    tree_refused_path = "/sys/bus/pci/devices/0000:33:00.0";
    tree_refused_errno = EACCES;
    tree_fail_errno = EPERM; /* a device cgroup */
    tree_fail_count = 1;
    assert_fd_is(hlthunk_open(HLTHUNK_DEVICE_GOYA, NULL), "0000:4d:00.0");
    assert_int_equal(tree_fail_count, 0);
    tree_fail_count = 1;
    assert_int_equal(hlthunk_open(HLTHUNK_DEVICE_GAUDI, NULL), -1);
    assert_int_equal(errno, EPERM);
}

TEST(defect_23_nothing_leaks_through_exec)
{
    struct hlthunk_debugfs d;
    int fd, saved;

    make_6_12();
    tree_file("/sys/kernel/debug/accel/0000:33:00.0/addr", "");
    tree_file("/sys/kernel/debug/accel/0000:33:00.0/data32", "0x00000000\n");
    fd = hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "33:00.0");
    assert_true(fd > 2);
    assert_int_equal(hlthunk_debugfs_open(fd, &d), 0);
    assert_true(fcntl(d.addr_fd, F_GETFD) & FD_CLOEXEC);
    hlthunk_debugfs_close(&d);
    /* without standard input the next number is 0 */
    saved = dup(0);
    close(0);
    assert_int_equal(hlthunk_debugfs_open(fd, &d), 0);
    assert_true(d.addr_fd > 2 && d.data_fd > 2);
    assert_true(fcntl(d.addr_fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(fcntl(0, F_GETFD), -1);
    hlthunk_debugfs_close(&d);
    hlthunk_close(fd);
    fd = hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "33:00.0");
    assert_true(fd > 2);
    hlthunk_close(fd);
    dup2(saved, 0);
    close(saved);
    hlthunk_get_device_count(HLTHUNK_DEVICE_GAUDI2C);
    assert_int_equal(tree_opens_inherited, 0);
}

static unsigned open_fds(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

TEST(defect_24_debugfs_closes_what_it_opened)
{
    struct hlthunk_debugfs d = { .addr_fd = 77, .data_fd = 78, .clk_gate_fd = 79 };
    unsigned before;
    int fd, copy;

    make_6_12();
    fd = hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, "33:00.0");
    before = open_fds();
    /* no file, then one of two */
    assert_int_equal(hlthunk_debugfs_open(fd, &d), -ENOENT);
    tree_file("/sys/kernel/debug/accel/0000:33:00.0/addr", "");
    assert_int_equal(hlthunk_debugfs_open(fd, &d), -ENOENT);
    assert_int_equal(open_fds(), before);
    assert_int_equal(d.addr_fd, 77);
    /* closed twice: the second time the numbers may be other people's files */
    tree_file("/sys/kernel/debug/accel/0000:33:00.0/data32", "0x00000000\n");
    tree_file("/sys/kernel/debug/accel/0000:33:00.0/clk_gate", "");
    assert_int_equal(hlthunk_debugfs_open(fd, &d), 0);
    assert_int_equal(hlthunk_debugfs_close(&d), 0);
    copy = dup(fd);
    assert_int_equal(hlthunk_debugfs_close(&d), 0);
    assert_true(fcntl(copy, F_GETFD) >= 0);
    close(copy);
    assert_int_equal(open_fds(), before);
    assert_int_equal(hlthunk_debugfs_close(NULL), -EINVAL);
    assert_int_equal(hlthunk_debugfs_open(fd, NULL), -EINVAL);
    close(fd);
}

static void debugfs_on(const char *dir, const char *node)
{
    char path[160], text[64];
    struct hlthunk_debugfs d;
    uint32_t value = 0;
    int fd = open(node, O_RDWR | O_CLOEXEC);

    snprintf(path, sizeof(path), "%s/data32", dir);
    tree_file(path, "0x0000beef\n");
    snprintf(path, sizeof(path), "%s/clk_gate", dir);
    tree_file(path, "1\n");
    snprintf(path, sizeof(path), "%s/addr", dir);
    tree_file(path, "");
    assert_int_equal(hlthunk_debugfs_open(fd, &d), 0);
    assert_int_equal(hlthunk_debugfs_read(&d, 0x1000007ffc000000, &value), 0);
    assert_int_equal(value, 0xbeef);
    tree_read(path, text, sizeof(text));
    assert_string_equal(text, "0x1000007ffc000000");
    assert_int_equal(hlthunk_debugfs_write(&d, 0x2000007ffc000000, 0x12345678), 0);
    snprintf(path, sizeof(path), "%s/data32", dir);
    tree_read(path, text, sizeof(text));
    assert_memory_equal(text, "0x12345678", 10);
    /* the clock gating that was: restored as it was read, no byte more (defect 25) */
    snprintf(path, sizeof(path), "%s/clk_gate", dir);
    tree_read(path, text, sizeof(text));
    assert_string_equal(text, "0\n");
    assert_int_equal(hlthunk_debugfs_close(&d), 0);
    tree_read(path, text, sizeof(text));
    assert_string_equal(text, "1\n");
    close(fd);
}

TEST(defect_25_debugfs_paths_and_texts_of_each_kernel)
{
    make_6_12();
    debugfs_on("/sys/kernel/debug/accel/0000:33:00.0", "/dev/accel/accel0");
    debugfs_on("/sys/kernel/debug/accel/0000:4d:00.0", "/dev/accel/accel_controlD3");
    debugfs_on("/sys/kernel/debug/habanalabs/accel2", "/dev/accel/accel2");
    tree_end();
    tree_begin();
    make_6_1();
    debugfs_on("/sys/kernel/debug/habanalabs/hl1", "/dev/hl1");
}

/* Leftovers in the reader's memory: digits behind what is read. */
static bool pread_litters;

/* What is read ends where the file ended, and a text that fills its array in the array. */
TEST(defect_25_texts_are_terminated)
{
    static const char dir[] = "/sys/kernel/debug/accel/0000:33:00.0";
    struct hlthunk_debugfs d;
    uint32_t value = 77;
    char path[160];
    int fd;

    make_6_12();
    snprintf(path, sizeof(path), "%s/addr", dir);
    tree_file(path, "");
    snprintf(path, sizeof(path), "%s/clk_gate", dir);
    tree_file(path, "1111111111222222222233333333334444444444");
    snprintf(path, sizeof(path), "%s/data32", dir);
    tree_file(path, "0x1"); /* no newline: what follows in memory is not one of its digits */
    fd = open("/dev/accel/accel0", O_RDWR | O_CLOEXEC);
    memset(&d, 'x', sizeof(d));
    assert_int_equal(hlthunk_debugfs_open(fd, &d), 0);
    assert_int_equal(strnlen(d.clk_gate_val, sizeof(d.clk_gate_val)), sizeof(d.clk_gate_val) - 1);
    pread_litters = true;
    assert_int_equal(hlthunk_debugfs_read(&d, 0x20, &value), 0);
    pread_litters = false;
    assert_int_equal(value, 1);
    assert_int_equal(hlthunk_debugfs_close(&d), 0);
    close(fd);
}

/*
 * A pipe for the address and one for the data would show a torn pair; here each write of an
 * address is followed by the write of a value that belongs to it, checked in the files' own order,
 * or by a read, which gets the address.
 */
static struct hlthunk_debugfs shared;

static void *poke(void *arg)
{
    uint32_t mine = (uint32_t)(uintptr_t)arg;

    for (int i = 0; i < 2000; i++)
        hlthunk_debugfs_write(&shared, mine, mine);
    return NULL;
}

static void *peek(void *arg)
{
    uint32_t mine = (uint32_t)(uintptr_t)arg, value, torn = 0;

    for (int i = 0; i < 2000; i++)
        torn += hlthunk_debugfs_read(&shared, mine, &value) || value != mine;
    return (void *)(uintptr_t)torn;
}

static int pair_addr_fd, pair_data_fd;
static uint64_t pair_last;
static unsigned pair_torn;

ssize_t pread(int fd, void *text, size_t size, off_t offset)
{
    ssize_t n;

    (void)offset;
    if (fd == pair_data_fd && pair_data_fd)
        return snprintf(text, size, "0x%llx\n", (unsigned long long)pair_last);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -1;
    n = read(fd, text, size);
    if (n >= 0 && pread_litters)
        memset((char *)text + n, 'f', size - (size_t)n);
    return n;
}

/* The kernel made it with debugfs_create_x64(): it can neither be sought nor written at a place. */
static bool is_address(int fd)
{
    char link[40], path[512] = "", *name;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof(path) - 1) < 0)
        return false;
    name = strrchr(path, '/');
    return name && !strcmp(name, "/addr");
}

ssize_t pwrite(int fd, const void *text, size_t size, off_t offset)
{
    if (is_address(fd)) {
        errno = ESPIPE;
        return -1;
    }
    return lseek(fd, offset, SEEK_SET) < 0 ? -1 : syscall(SYS_write, fd, text, size);
}

/* What the two files are written with, in order: the device has one address register. */
ssize_t write(int fd, const void *text, size_t size)
{
    struct stat st;

    if (fd == pair_addr_fd && pair_addr_fd) {
        pair_last = strtoull(text, NULL, 16);
        sched_yield();
        return (ssize_t)size;
    }
    if (fd == pair_data_fd && pair_data_fd) {
        pair_torn += strtoull(text, NULL, 16) != pair_last;
        return (ssize_t)size;
    }
    /* a file of ours: from its start, like the driver's */
    if (fd > 2 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        lseek(fd, 0, SEEK_SET);
    return syscall(SYS_write, fd, text, size);
}

TEST(defect_26_address_and_data_go_together)
{
    pthread_t threads[6];
    void *torn;

    shared = (struct hlthunk_debugfs){ .addr_fd = 500, .data_fd = 501, .clk_gate_fd = -1 };
    pair_addr_fd = 500;
    pair_data_fd = 501;
    pair_torn = 0;
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, poke, (void *)(0x1000 * (i + 1)));
    for (uintptr_t i = 4; i < 6; i++)
        pthread_create(&threads[i], NULL, peek, (void *)(0x1000 * (i + 1)));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 4; i < 6; i++) {
        pthread_join(threads[i], &torn);
        assert_null(torn);
    }
    pair_addr_fd = pair_data_fd = 0;
    assert_int_equal(pair_torn, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(defect_15_bus_ids_are_found_in_both_classes),
        CASE(defect_16_odd_minors_are_not_their_neighbours),
        CASE(defect_17_long_domains_and_either_case),
        CASE(defect_18_a_bus_id_ends_within_its_buffer),
        CASE(defect_19_a_failed_open_is_cheap_and_the_old_nodes_are_seen),
        CASE(defect_20_failures_are_errnos),
        CASE(defect_21_only_our_devices_and_whole_names),
        CASE(by_module_id),
        CASE(by_module_id_on_6_1),
        CASE(defect_22_a_reset_is_waited_out_and_busy_is_not),
        CASE(what_is_found_leaves_the_text),
        CASE(a_device_that_may_become_free_is_the_reason_to_give),
        CASE(a_device_that_cannot_be_looked_at_is_passed_over),
        CASE(defect_23_nothing_leaks_through_exec),
        CASE(defect_24_debugfs_closes_what_it_opened),
        CASE(defect_25_debugfs_paths_and_texts_of_each_kernel),
        CASE(defect_25_texts_are_terminated),
        CASE(defect_26_address_and_data_go_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
