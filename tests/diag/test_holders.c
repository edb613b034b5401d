/* SPDX-License-Identifier: MIT */
/* hlthunk_holders_list() on recorded machines. */
#include "tests/diag/tree.h"
#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hlthunk-diag/diag.h>
#include <hlthunk/device.h>

FIXTURE(setup)
{
    tree_begin();
    tree_put("/proc/uptime", "1000.50 3000.00\n");
    return 0;
}

FIXTURE(teardown)
{
    tree_end();
    return 0;
}

/* A process that has run for some seconds. */
static void put_process(unsigned pid, const char *comm, unsigned uid, unsigned flags,
                        unsigned age_s)
{
    char path[64];
    long ticks = sysconf(_SC_CLK_TCK);

    snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    tree_put(path, "%u (%s) S 1 1 1 0 -1 %u 0 0 0 0 1 2 3 4 20 0 1 0 %lu 1000 10\n", pid, comm,
             flags, (unsigned long)((1000 - age_s) * ticks));
    snprintf(path, sizeof(path), "/proc/%u/status", pid);
    tree_put(path, "Name:\t%s\nUid:\t%u\t%u\t%u\t%u\n", comm, uid, uid, uid, uid);
    snprintf(path, sizeof(path), "/proc/%u/maps", pid);
    tree_put(path, "55d0-55d1 r-xp 00000000 08:01 12  /bin/x\n");
    snprintf(path, sizeof(path), "/proc/%u/fd", pid);
    tree_folder(path);
}

static void put_fd(unsigned pid, int fd, const char *target)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%u/fd/%d", pid, fd);
    tree_link(path, target);
}

static void put_dmabuf(unsigned pid, int fd, unsigned inode, unsigned long long size,
                       const char *exporter, const char *name)
{
    char path[64];

    put_fd(pid, fd, "/dmabuf:");
    snprintf(path, sizeof(path), "/proc/%u/fdinfo/%d", pid, fd);
    tree_put(path,
             "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t%u\nsize:\t%llu\ncount:\t3\n"
             "exp_name:\t%s\n%s%s%s",
             inode, size, exporter, name ? "name:\t" : "", name ? name : "", name ? "\n" : "");
}

/* What was told, with the texts copied. */
static struct told {
    struct hlthunk_holder h;
    char comm[32], name[64], importers[160];
} told[32];
static unsigned told_count;

static int keep(const struct hlthunk_holder *h, void *user)
{
    struct told *t = &told[told_count++];

    (void)user;
    t->h = *h;
    snprintf(t->comm, sizeof(t->comm), "%s", h->comm);
    snprintf(t->name, sizeof(t->name), "%s", h->name);
    snprintf(t->importers, sizeof(t->importers), "%s", h->importers);
    return 0;
}

static struct hlthunk_holders_seen look(const struct hlthunk_device_entry *device)
{
    struct hlthunk_holders_options o = { .struct_size = sizeof(o),
                                         .device = device,
                                         .root = tree_root() };
    struct hlthunk_holders_seen seen = { .struct_size = sizeof(seen) };

    told_count = 0;
    assert_int_equal(hlthunk_holders_list(&o, keep, NULL, &seen), 0);
    return seen;
}

TEST(each_kind_is_told)
{
    struct hlthunk_holders_seen seen;

    tree_device(0, "0000:10:00.0", 0x1020, 0);
    put_process(2, "kthreadd", 0, 0x00200000, 1000);
    put_process(100, "train) (er", 1000, 0x400000, 90);
    put_fd(100, 0, "/dev/null");
    put_fd(100, 3, "/dev/accel/accel0");
    put_fd(100, 4, "/dev/accel/accel_controlD0");
    put_dmabuf(100, 7, 4711, 67108864, "habanalabs", "weights");
    put_dmabuf(100, 8, 4712, 4096, "udmabuf", NULL);
    put_process(200, "leaker", 0, 0, 5);
    put_dmabuf(200, 9, 4711, 67108864, "habanalabs", "weights");
    tree_put("/proc/200/maps",
             "55d0-55d1 r-xp 00000000 08:01 12  /bin/x\n"
             "7f0000000000-7f0000200000 rw-s 800000000 00:05 501    /dev/accel/accel0\n"
             "7f1000000000-7f1000001000 rw-s 800000000 00:05 502    /dev/accel/accel1\n"
             "7f2000000000-7f2000001000 rw-p 00000000 00:00 0\n");
    seen = look(NULL);
    assert_int_equal(told_count, 5);
    /* of one process in any order */
    assert_int_equal(1 << told[0].h.kind | 1 << told[1].h.kind | 1 << told[2].h.kind,
                     1 << HLTHUNK_HOLDER_NODE | 1 << HLTHUNK_HOLDER_CONTROL_NODE |
                         1 << HLTHUNK_HOLDER_DMABUF);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(told[i].h.pid, 100);
        assert_int_equal(told[i].h.uid, 1000);
        assert_string_equal(told[i].comm, "train) (er");
        assert_int_equal(told[i].h.process_age_ns / 100000000u, 905);
        if (told[i].h.kind != HLTHUNK_HOLDER_DMABUF)
            continue;
        assert_int_equal(told[i].h.fd, 7);
        assert_int_equal(told[i].h.identity, 4711);
        assert_int_equal(told[i].h.size_bytes, 67108864);
        assert_int_equal(told[i].h.references, 3);
        assert_string_equal(told[i].name, "weights");
        assert_int_equal(told[i].h.index, 0); /* there is only one */
        assert_false(told[i].h.attachments_known);
    }
    assert_int_equal(told[3].h.kind, HLTHUNK_HOLDER_DMABUF);
    assert_int_equal(told[3].h.pid, 200);
    assert_int_equal(told[4].h.kind, HLTHUNK_HOLDER_MAPPING);
    assert_int_equal(told[4].h.pid, 200);
    assert_int_equal(told[4].h.fd, -1);
    assert_int_equal(told[4].h.address, 0x7f0000000000);
    assert_int_equal(told[4].h.size_bytes, 0x200000);
    assert_int_equal(seen.devices, 1);
    assert_int_equal(seen.processes, 2); /* a kernel thread has nothing to look at */
    assert_int_equal(seen.hidden_processes, 0);
    assert_false(seen.kernel_list);
}

TEST(one_device_of_two)
{
    struct hlthunk_device_entry list[2];

    tree_device(0, "0000:10:00.0", 0x1020, 0);
    tree_device(1, "0000:11:00.0", 0x1020, 0);
    put_process(100, "both", 0, 0, 1);
    put_fd(100, 3, "/dev/accel/accel0");
    put_fd(100, 4, "/dev/accel/accel1");
    put_dmabuf(100, 7, 4711, 4096, "habanalabs", NULL);
    look(NULL);
    assert_int_equal(told_count, 3);
    memset(list, 0, sizeof(list));
    list[0].struct_size = sizeof(list[0]);
    list[0].index = 1;
    strcpy(list[0].node, "/dev/accel/accel1");
    strcpy(list[0].control_node, "/dev/accel/accel_controlD1");
    look(list);
    assert_int_equal(told_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        if (told[i].h.kind == HLTHUNK_HOLDER_NODE)
            assert_int_equal(told[i].h.index, 1);
        else
            assert_int_equal(told[i].h.index, HLTHUNK_HOLDER_ANY_DEVICE);
    }
}

TEST(nodes_of_6_1)
{
    tree_device(0, "0000:10:00.0", 0x1020, 1);
    put_process(100, "old", 0, 0, 1);
    put_fd(100, 3, "/dev/hl0");
    put_fd(100, 4, "/dev/hl_controlD0");
    put_fd(100, 5, "/dev/hl00");
    look(NULL);
    assert_int_equal(told_count, 2);
    assert_true(told[0].h.legacy && told[1].h.legacy);
}

/* The kernel's list names importers, and dma-bufs that no process has a descriptor of. */
TEST(the_kernels_list)
{
    struct hlthunk_holders_seen seen;

    tree_device(0, "0000:10:00.0", 0x1020, 0);
    put_process(100, "exporter", 0, 0, 1);
    put_dmabuf(100, 7, 50, 8192, "habanalabs", NULL);
    tree_put("/sys/kernel/debug/dma_buf/bufinfo",
             "\nDma-buf Objects:\n"
             "size    \tflags   \tmode    \tcount   \texp_name\tino     \tname\n"
             "00008192\t00000002\t00080007\t00000002\thabanalabs\t00000050\t<none>\n"
             "\tAttached Devices:\n"
             "\t0000:0e:00.0\n"
             "\t0000:0f:00.0\n"
             "Total 2 devices attached\n\n"
             "00004096\t00000002\t00080007\t00000001\tdrm\t00000051\t<none>\n"
             "\tAttached Devices:\n"
             "\t0000:99:00.0\n"
             "Total 1 devices attached\n\n"
             "00016384\t00000002\t00080007\t00000001\thabanalabs\t00000052\tlost one\n"
             "\tAttached Devices:\n"
             "Total 0 devices attached\n\n"
             "\nTotal 3 objects, 28672 bytes\n");
    seen = look(NULL);
    assert_true(seen.kernel_list);
    assert_int_equal(told_count, 2);
    assert_int_equal(told[0].h.kind, HLTHUNK_HOLDER_DMABUF);
    assert_string_equal(told[0].importers, "0000:0e:00.0 0000:0f:00.0");
    assert_true(told[0].h.attachments_known);
    assert_int_equal(told[1].h.kind, HLTHUNK_HOLDER_KERNEL);
    assert_int_equal(told[1].h.pid, 0);
    assert_int_equal(told[1].h.identity, 52);
    assert_int_equal(told[1].h.size_bytes, 16384);
    assert_string_equal(told[1].name, "lost one");
    assert_string_equal(told[1].importers, "");
}

/* A name is its owner's choice, newlines too, and is no line of the kernel's. */
TEST(a_name_with_newlines)
{
    tree_device(0, "0000:10:00.0", 0x1020, 0);
    tree_put("/sys/kernel/debug/dma_buf/bufinfo",
             "00004096\t00000002\t00080007\t00000001\tudmabuf\t00000051\t"
             "x\n1 0 0 1 habanalabs 7 y\n"
             "\tAttached Devices:\n"
             "Total 0 devices attached\n\n");
    look(NULL);
    assert_int_equal(told_count, 0);
    /* importers that the kernel does not list */
    tree_put("/sys/kernel/debug/dma_buf/bufinfo",
             "00004096\t00000002\t00080007\t00000001\thabanalabs\t00000051\t"
             "x\n\tAttached Devices:\n\tmlx5_0\n"
             "\tAttached Devices:\n"
             "\t0000:0e:00.0\n"
             "Total 1 devices attached\n\n");
    look(NULL);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].importers, "0000:0e:00.0");
}

/* The only dma-bufs are of the only device, and that is not the one that is asked for. */
TEST(a_device_that_is_gone)
{
    struct hlthunk_device_entry gone = { .struct_size = sizeof(gone), .index = 0 };

    tree_device(1, "0000:11:00.0", 0x1020, 0);
    put_process(100, "exporter", 0, 0, 1);
    put_dmabuf(100, 7, 50, 8192, "habanalabs", NULL);
    tree_put("/sys/kernel/debug/dma_buf/bufinfo",
             "00008192\t00000002\t00080007\t00000002\thabanalabs\t00000052\t<none>\n"
             "\tAttached Devices:\nTotal 0 devices attached\n\n");
    strcpy(gone.node, "/dev/accel/accel0");
    strcpy(gone.control_node, "/dev/accel/accel_controlD0");
    look(&gone);
    assert_int_equal(told_count, 0);
    gone.index = 1;
    look(&gone);
    assert_int_equal(told_count, 2);
}

static void look_as_nobody(void)
{
    struct hlthunk_holders_seen seen = look(NULL);

    if (seen.processes != 1 || seen.hidden_processes != 1 || told_count != 1)
        _exit(1);
}

TEST(what_is_hidden_is_counted)
{
    tree_device(0, "0000:10:00.0", 0x1020, 0);
    put_process(100, "mine", 65534, 0, 1);
    put_fd(100, 3, "/dev/accel/accel0");
    put_process(200, "theirs", 0, 0, 1);
    put_fd(200, 3, "/dev/accel/accel0");
    tree_mode("/proc/200/fd", 0);
    as_nobody(look_as_nobody);
    tree_mode("/proc/200/fd", 0755);
}

/* A folder that the next opendir() of it fails with this errno for. */
static const char *closed_path = "";
static int closed_errno;

DIR *opendir(const char *path)
{
    int fd;

    if (*closed_path && strstr(path, closed_path)) {
        errno = closed_errno;
        return NULL;
    }
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    return fd < 0 ? NULL : fdopendir(fd);
}

/* Each errno means what it means: hidden, gone, or this process's own lack of something. */
TEST(why_a_process_is_not_seen)
{
    static const struct {
        int error;
        unsigned processes, hidden;
        int rc;
    } cases[] = {
        { EACCES, 1, 1, 0 },       { EPERM, 1, 1, 0 },        { EIO, 1, 1, 0 },
        { ENOENT, 1, 0, 0 },       { ESRCH, 1, 0, 0 },        { EMFILE, 0, 0, -EMFILE },
        { ENFILE, 0, 0, -ENFILE }, { ENOMEM, 0, 0, -ENOMEM },
    };
    struct hlthunk_holders_options o = { .struct_size = sizeof(o), .root = tree_root() };

    tree_device(0, "0000:10:00.0", 0x1020, 0);
    put_process(100, "mine", 65534, 0, 1);
    put_fd(100, 3, "/dev/accel/accel0");
    put_process(200, "theirs", 0, 0, 1);
    put_fd(200, 3, "/dev/accel/accel0");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hlthunk_holders_seen seen = { .struct_size = sizeof(seen) };

        told_count = 0;
        closed_path = "/proc/200/fd";
        closed_errno = cases[i].error;
        assert_int_equal(hlthunk_holders_list(&o, keep, NULL, &seen), cases[i].rc);
        closed_path = "";
        assert_int_equal(seen.processes, cases[i].processes);
        assert_int_equal(seen.hidden_processes, cases[i].hidden);
        assert_int_equal(told_count, 1);
    }
}

/* A status that is longer than a page, and a descriptor whose fdinfo is not for us. */
TEST(long_and_hidden_files)
{
    char line[3000];

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    tree_device(0, "0000:10:00.0", 0x1020, 0);
    put_process(100, "mine", 0, 0, 1);
    tree_put("/proc/100/status", "Name:\t%s\nUid:\t4711\t0\t0\t0\n", line);
    put_fd(100, 3, "/dev/accel/accel0");
    look(NULL);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].h.uid, 4711);
    /* no owner in it: not root's, but hidden */
    tree_put("/proc/100/status", "Name:\t%s\n", line);
    assert_int_equal(look(NULL).hidden_processes, 1);
    put_process(200, "other", 0, 0, 1);
    put_fd(200, 4, "/dmabuf:");
    tree_put("/proc/200/fdinfo/4", "%s", line);
    assert_int_equal(look(NULL).hidden_processes, 2);
}

/* /proc has names that are no numbers; a recorded or forged one may have any. */
TEST(names_that_are_no_numbers)
{
    static const char *const odd[] = { "-5", "+3", " 3", "3x", "x", "4294967299" };
    char path[64];

    tree_device(0, "0000:10:00.0", 0x1020, 0);
    put_process(100, "mine", 0, 0, 1);
    put_fd(100, 3, "/dev/accel/accel0");
    for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        snprintf(path, sizeof(path), "/proc/100/fd/%s", odd[i]);
        tree_link(path, "/dev/accel/accel0");
        snprintf(path, sizeof(path), "/proc/%s", odd[i]);
        tree_folder(path);
    }
    assert_int_equal(look(NULL).processes, 1);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].h.fd, 3);
}

TEST(another_namespace)
{
    tree_device(0, "0000:10:00.0", 0x1020, 0);
    tree_link("/proc/self/ns/pid", "pid:[4026531836]");
    assert_false(look(NULL).other_namespace);
    tree_remove("/proc/self/ns/pid");
    tree_link("/proc/self/ns/pid", "pid:[4026532201]");
    assert_true(look(NULL).other_namespace);
}

static int stop_with_42(const struct hlthunk_holder *h, void *user)
{
    (void)h;
    ++*(int *)user;
    return 42;
}

TEST(a_visitor_ends_the_list)
{
    struct hlthunk_holders_options o = { .struct_size = sizeof(o), .root = tree_root() };
    int calls = 0;

    tree_device(0, "0000:10:00.0", 0x1020, 0);
    put_process(100, "a", 0, 0, 1);
    put_fd(100, 3, "/dev/accel/accel0");
    put_fd(100, 4, "/dev/accel/accel0");
    put_process(200, "b", 0, 0, 1);
    put_fd(200, 3, "/dev/accel/accel0");
    assert_int_equal(hlthunk_holders_list(&o, stop_with_42, &calls, NULL), 42);
    assert_int_equal(calls, 1);
}

TEST(bad_arguments)
{
    struct hlthunk_holders_options o = { .struct_size = sizeof(o), .root = "/no/such/folder" };
    struct hlthunk_holders_seen seen = { .struct_size = 0, .devices = 77 };
    struct hlthunk_device_entry entry = { .struct_size = 0 };

    assert_int_equal(hlthunk_holders_list(&o, keep, NULL, NULL), -ENOENT);
    assert_non_null(strstr(hlthunk_diag_last_error(), "/no/such/folder"));
    o.root = tree_root();
    assert_int_equal(hlthunk_holders_list(&o, NULL, NULL, NULL), -EINVAL);
    assert_int_equal(hlthunk_holders_list(&o, keep, NULL, &seen), -EINVAL);
    assert_int_equal(seen.devices, 77);
    o.device = &entry;
    assert_int_equal(hlthunk_holders_list(&o, keep, NULL, NULL), -EINVAL);
    assert_non_null(strstr(hlthunk_diag_last_error(), "options->device->struct_size"));
    o.device = NULL;
    o.struct_size = 3;
    assert_int_equal(hlthunk_holders_list(&o, keep, NULL, NULL), -EINVAL);
    assert_non_null(strstr(hlthunk_diag_last_error(), "options->struct_size"));
    assert_string_equal(hlthunk_holder_kind_get_name(HLTHUNK_HOLDER_DMABUF), "dma-buf");
    assert_string_equal(hlthunk_holder_kind_get_name((enum hlthunk_holder_kind)99), "unknown");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_kind_is_told),
        CASE(one_device_of_two),
        CASE(nodes_of_6_1),
        CASE(the_kernels_list),
        CASE(a_name_with_newlines),
        CASE(a_device_that_is_gone),
        CASE(what_is_hidden_is_counted),
        CASE(why_a_process_is_not_seen),
        CASE(long_and_hidden_files),
        CASE(names_that_are_no_numbers),
        CASE(another_namespace),
        CASE(a_visitor_ends_the_list),
        CASE(bad_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
