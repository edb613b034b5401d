/* SPDX-License-Identifier: MIT */
/* The objects of the main job, by their public headers. */
#include "tests/sim/support.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(discovery_and_selection)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o) };
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device_entry list[64], e;
    struct hlthunk_device *d;
    char upper[24], text[64];
    size_t n = 99, at = 0;

    ok(hlthunk_device_enumerate(list, sizeof(e), 64, &n));
    while (at < n && list[at].index != test_index())
        at++;
    assert_true(at < n);
    e = list[at];
    assert_string_equal(hlthunk_asic_get_name(e.asic), test_asic());
    assert_int_equal(e.legacy, on_kernel("6.1"));
    assert_string_equal(e.node, test_node(false));
    refused(hlthunk_device_enumerate(NULL, sizeof(e), 1, &n), EINVAL, "entries is NULL");
    refused(hlthunk_device_enumerate(NULL, sizeof(e), 0, NULL), EINVAL, "count is NULL");
    assert_int_equal(hlthunk_device_entry_get_attribute(&e, "status", text, sizeof(text)), 11);
    assert_string_equal(text, "Operational");
    refused(hlthunk_device_entry_get_attribute(&e, "../x", text, sizeof(text)), EINVAL, "name");
    assert_int_equal(hlthunk_device_entry_get_attribute(&e, "status", text, 5), 11);
    assert_string_equal(text, "Oper");
    assert_int_equal(hlthunk_device_entry_get_attribute(&e, "status", NULL, 0), 11);
    assert_int_equal(hlthunk_device_entry_get_attribute(&e, "module_id", text, sizeof(text)),
                     on_kernel("6.1") ? -ENOENT : 1);

    snprintf(upper, sizeof(upper), "%s", test_pci_address());
    o.select = HLTHUNK_SELECT_PCI_ADDRESS;
    o.pci_address = upper;
    ok(hlthunk_device_open(&o, &d));
    hlthunk_device_unref(d);
    o.pci_address = "0000:ff:1f.7";
    refused(hlthunk_device_open(&o, &d), ENODEV, "PCI address 0000:ff:1f.7");
    o.pci_address = "pci";
    refused(hlthunk_device_open(&o, &d), EINVAL, "not a PCI address");
    o = (struct hlthunk_device_options){ .struct_size = sizeof(o),
                                         .select = HLTHUNK_SELECT_INDEX,
                                         .index = e.index };
    ok(hlthunk_device_open(&o, &d));
    ok(hlthunk_device_get_properties(d, &p));
    hlthunk_device_unref(d);
    o.index = 1000;
    refused(hlthunk_device_open(&o, &d), ENODEV, "index 1000 (devices: ");
    o = (struct hlthunk_device_options){ .struct_size = sizeof(o),
                                         .select = HLTHUNK_SELECT_MODULE_ID,
                                         .module_id = p.module_id };
    ok(hlthunk_device_open(&o, &d)); /* 6.1 has no attribute for it: the device is asked */
    hlthunk_device_unref(d);
    if (n == 1) { /* otherwise it might be another device */
        o = (struct hlthunk_device_options){ .struct_size = sizeof(o),
                                             .select = HLTHUNK_SELECT_ASIC,
                                             .asic = e.asic };
        ok(hlthunk_device_open(&o, &d));
        hlthunk_device_unref(d);
        o.asic = e.asic == HLTHUNK_ASIC_GOYA ? HLTHUNK_ASIC_GAUDI : HLTHUNK_ASIC_GOYA;
        refused(hlthunk_device_open(&o, &d), ENODEV, hlthunk_asic_get_name(o.asic));
        o = (struct hlthunk_device_options){ .struct_size = sizeof(o),
                                             .select = HLTHUNK_SELECT_PCI_ADDRESS,
                                             .pci_address = test_pci_address() + strlen("0000:") };
        ok(hlthunk_device_open(&o, &d));
        hlthunk_device_unref(d);
    }
    o.select = (enum hlthunk_device_select)9;
    refused(hlthunk_device_open(&o, &d), EINVAL, "options->select is 9");
}

TEST(properties)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct {
        struct hlthunk_device_properties p;
        char more[16];
    } longer = { .p = { .struct_size = sizeof(longer) }, .more = "xxxxxxxxxxxxxxx" };
    enum hlthunk_status status = (enum hlthunk_status)99;
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };

    ok(hlthunk_device_get_properties(d, &p));
    assert_string_equal(p.pci_address, test_pci_address());
    assert_int_equal(p.has_device_mmu, !on_asic("gaudi"));
    assert_int_equal(p.generation, on_kernel("6.1")    ? HLTHUNK_GENERATION_MISC
                                   : on_kernel("6.6")  ? HLTHUNK_GENERATION_ACCEL
                                   : on_kernel("6.12") ? HLTHUNK_GENERATION_DRM
                                                       : HLTHUNK_GENERATION_VENDOR);
    assert_true(p.memory_size >= 4096);
    assert_int_equal(p.memory_size % (p.has_device_mmu ? p.memory_page_size : 4096), 0);
    if (!on_card()) /* the emulated cards' */
        assert_int_equal(p.memory_size / MIB, on_asic("goya")    ? 3584
                                              : on_asic("gaudi") ? 32256
                                                                 : 97536);
    ok(hlthunk_device_get_properties(d, &longer.p));
    assert_int_equal(longer.more[0], 0);
    p = (struct hlthunk_device_properties){ 0 };
    refused(hlthunk_device_get_properties(d, &p), EINVAL, "properties->struct_size is 0");
    ok(hlthunk_device_get_status(d, &status));
    assert_int_equal(status, HLTHUNK_STATUS_OPERATIONAL);
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, 0);
    /* what is free is not rounded to pages, the size is */
    assert_uint_in_range(u.free_bytes, longer.p.memory_size,
                         longer.p.memory_size +
                             (longer.p.has_device_mmu ? longer.p.memory_page_size - 1 : 0));
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(control_node)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_device *primary = open_device(), *a, *b;
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_buffer *buffer = (void *)1;

    ok(hlthunk_device_open(&o, &a));
    ok(hlthunk_device_open(&o, &b));
    ok(hlthunk_device_get_properties(a, &p));
    assert_true(p.control);
    refused(hlthunk_buffer_alloc(a, 1, NULL, &buffer), EPERM, "control node");
    assert_ptr_equal(buffer, (void *)1);
    hlthunk_device_unref(a);
    hlthunk_device_unref(b);
    hlthunk_device_unref(primary);
}

TEST(buffers)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .label = "weights" };
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_buffer *a, *b, *none = (void *)1;
    uint64_t page;

    ok(hlthunk_device_get_properties(d, &p));
    page = p.memory_page_size;
    ok(hlthunk_buffer_alloc(d, page + 1, &o, &a));
    assert_int_equal(hlthunk_buffer_get_size(a), page + 1);
    assert_int_equal(hlthunk_buffer_get_granted_size(a), 2 * page);
    assert_int_not_equal(hlthunk_buffer_get_address(a), 0);
    assert_false(hlthunk_buffer_is_host(a));
    assert_ptr_equal(hlthunk_buffer_borrow_device(a), d);
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, 2 * page);
    ok(hlthunk_buffer_alloc(d, 1, NULL, &b));
    assert_true(hlthunk_buffer_get_address(b) >= hlthunk_buffer_get_address(a) + 2 * page ||
                hlthunk_buffer_get_address(b) + page <= hlthunk_buffer_get_address(a));
    hlthunk_buffer_unref(b);
    refused(hlthunk_buffer_alloc(d, 0, NULL, &none), EINVAL, "size_bytes is 0");
    refused(hlthunk_buffer_alloc(d, p.memory_size, NULL, &none), ENOMEM, "free");
    refused(hlthunk_buffer_alloc(d, UINT64_MAX, NULL, &none), ENOMEM, "");
    refused(hlthunk_buffer_alloc(NULL, 1, NULL, &none), EINVAL, "device is NULL");
    refused(hlthunk_buffer_alloc(d, 1, NULL, NULL), EINVAL, "buffer is NULL");
    o.force_hint = true;
    refused(hlthunk_buffer_alloc(d, 1, &o, &none), EINVAL, "force_hint");
    o.hint = hlthunk_buffer_get_address(a);
    refused(hlthunk_buffer_alloc(d, 1, &o, &none), ENOMEM, "not free");
    assert_ptr_equal(none, (void *)1);
    o.hint += 8 * page;
    ok(hlthunk_buffer_alloc(d, 1, &o, &b));
    assert_int_equal(hlthunk_buffer_get_address(b), o.hint);
    hlthunk_buffer_unref(b);
    hlthunk_buffer_unref(a);
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* The address of memory that was given back is free again, and nobody else's while it is not. */
TEST(a_preferred_address)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o) };
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b, *other, *none = (void *)1;

    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    o.hint = hlthunk_buffer_get_address(b);
    hlthunk_buffer_unref(b);
    ok(hlthunk_buffer_alloc(d, MIB, &o, &b));
    assert_int_equal(hlthunk_buffer_get_address(b), o.hint);
    hlthunk_buffer_unref(b);
    o.force_hint = true;
    ok(hlthunk_buffer_alloc(d, MIB, &o, &b));
    assert_int_equal(hlthunk_buffer_get_address(b), o.hint);
    refused(hlthunk_buffer_alloc(d, MIB, &o, &none), ENOMEM, "not free");
    assert_ptr_equal(none, (void *)1);
    o.force_hint = false;
    ok(hlthunk_buffer_alloc(d, MIB, &o, &other));
    assert_int_not_equal(hlthunk_buffer_get_address(other), o.hint);
    hlthunk_buffer_unref(other);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(mapping_later)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .unmapped = true };
    struct hlthunk_buffer_map_options at = { .struct_size = sizeof(at), .force_hint = true };
    struct hlthunk_dmabuf *m;
    struct hlthunk_buffer *b;

    ok(hlthunk_buffer_alloc(d, 1, &o, &b));
    refused(hlthunk_buffer_map(b, &at), EINVAL, "options->force_hint needs a .hint");
    if (on_asic("gaudi")) {
        assert_int_not_equal(hlthunk_buffer_get_address(b), 0);
        ok(hlthunk_buffer_map(b, NULL));
        refused(hlthunk_buffer_unmap(b), EINVAL, "physical address");
    } else {
        assert_int_equal(hlthunk_buffer_get_address(b), 0);
        refused(hlthunk_dmabuf_export(b, 0, 0, NULL, &m), EINVAL, "not mapped");
        refused(hlthunk_buffer_unmap(b), EINVAL, "not mapped");
        ok(hlthunk_buffer_map(b, NULL));
        assert_int_not_equal(hlthunk_buffer_get_address(b), 0);
        refused(hlthunk_buffer_map(b, NULL), EALREADY, "mapped at");
        if (can_export()) {
            ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
            refused(hlthunk_buffer_unmap(b), EBUSY, "live dma-buf");
            hlthunk_dmabuf_unref(m);
        }
        ok(hlthunk_buffer_unmap(b));
        assert_int_equal(hlthunk_buffer_get_address(b), 0);
    }
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(host_memory)
{
    struct hlthunk_device *d = open_device();
    char *memory = mmap(NULL, 8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct hlthunk_buffer_from_host_options o = { .struct_size = sizeof(o), .force_hint = true };
    struct hlthunk_buffer *b, *none = (void *)1;
    struct hlthunk_dmabuf *m;

    ok(hlthunk_buffer_from_host(d, memory + 100, MIB, NULL, &b));
    refused(hlthunk_buffer_from_host(d, memory, 1, &o, &none), EINVAL,
            "options->force_hint needs a .hint");
    o.hint = hlthunk_buffer_get_address(b) & ~4095ull;
    refused(hlthunk_buffer_from_host(d, memory, 1, &o, &none), ENOMEM, "FORCE_HINT demands");
    assert_int_equal(hlthunk_buffer_get_address(b) & 4095, ((uintptr_t)memory + 100) & 4095);
    assert_true(hlthunk_buffer_is_host(b));
    refused(hlthunk_dmabuf_export(b, 0, 4096, NULL, &m), EOPNOTSUPP, "host memory");
    refused(hlthunk_buffer_unmap(b), EINVAL, "host memory");
    hlthunk_buffer_unref(b);
    refused(hlthunk_buffer_from_host(d, NULL, 1, NULL, &none), EINVAL, "host is NULL");
    refused(hlthunk_buffer_from_host(d, memory, 1ull << 44, NULL, &none), EINVAL, "16 TiB");
    munmap(memory, 8 * MIB);
    assert_int_equal(hlthunk_buffer_from_host(d, memory, 4096, NULL, &none), -EFAULT);
    assert_ptr_equal(none, (void *)1);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(exports)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_dmabuf_options o = { .struct_size = sizeof(o), .read_only = true };
    struct hlthunk_dmabuf *whole, *part, *again, *ro, *none = (void *)1;
    struct hlthunk_buffer *b;
    int fd = -1;

    ok(hlthunk_buffer_alloc(d, 4 * MIB, NULL, &b));
    refused(hlthunk_dmabuf_export(NULL, 0, 0, NULL, &none), EINVAL, "buffer is NULL");
    refused(hlthunk_dmabuf_export(b, 2796202, 4096, NULL, &none), EINVAL,
            "offset 2796202 is not a multiple of the page size 4096");
    refused(hlthunk_dmabuf_export(b, 0, 4097, NULL, &none), EINVAL, "size_bytes 4097");
    refused(hlthunk_dmabuf_export(b, hlthunk_buffer_get_granted_size(b), 4096, NULL, &none), EINVAL,
            "not within the buffer");
    refused(hlthunk_dmabuf_export(b, 4096, hlthunk_buffer_get_granted_size(b), NULL, &none), EINVAL,
            "more than the buffer's");
    refused(hlthunk_dmabuf_export(b, 4096, -4096ull, NULL, &none), EINVAL, "more than");
    assert_ptr_equal(none, (void *)1);
    if (!can_export()) {
        refused(hlthunk_dmabuf_export(b, 0, 4096, NULL, &none), EOPNOTSUPP, "cannot export");
        refused(hlthunk_dmabuf_export(b, MIB, 4096, NULL, &none), EOPNOTSUPP, "cannot export");
        assert_ptr_equal(none, (void *)1);
        hlthunk_buffer_unref(b);
        assert_int_equal(hlthunk_device_close(d), 0);
        return;
    }
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &whole));
    assert_int_equal(hlthunk_dmabuf_get_size(whole), 4 * MIB);
    ok(hlthunk_dmabuf_export(b, MIB, 2 * MIB, NULL, &part));
    assert_int_equal(hlthunk_dmabuf_get_offset(part), MIB);
    assert_int_not_equal(hlthunk_dmabuf_get_identity(part), hlthunk_dmabuf_get_identity(whole));
    ok(hlthunk_dmabuf_export(b, MIB, 2 * MIB, NULL, &again));
    assert_ptr_equal(again, part);
    hlthunk_dmabuf_unref(again);
    /* another end, another start: other ranges */
    ok(hlthunk_dmabuf_export(b, MIB, MIB, NULL, &again));
    assert_ptr_not_equal(again, part);
    assert_int_equal(hlthunk_dmabuf_get_size(again), MIB);
    hlthunk_dmabuf_unref(again);
    ok(hlthunk_dmabuf_export(b, 0, 2 * MIB, NULL, &again));
    assert_ptr_not_equal(again, part);
    assert_int_equal(hlthunk_dmabuf_get_offset(again), 0);
    hlthunk_dmabuf_unref(again);
    ok(hlthunk_dmabuf_export(b, MIB, 2 * MIB, &o, &ro));
    assert_ptr_not_equal(ro, part);
    assert_int_equal(fcntl(hlthunk_dmabuf_borrow_fd(ro), F_GETFL) & O_ACCMODE, O_RDONLY);
    assert_int_equal(fcntl(hlthunk_dmabuf_borrow_fd(part), F_GETFL) & O_ACCMODE, O_RDWR);
    hlthunk_dmabuf_unref(ro);

    /* fresh descriptors: the caller's, close-on-exec, above 2 */
    ok(hlthunk_dmabuf_dup_fd(part, &fd));
    assert_int_not_equal(fd, hlthunk_dmabuf_borrow_fd(part));
    assert_true(fd > 2);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    /* an import of one finds the object, and takes it over */
    ok(hlthunk_dmabuf_import(fd, &again));
    assert_ptr_equal(again, part);
    assert_ptr_equal(hlthunk_dmabuf_borrow_buffer(again), b);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    hlthunk_dmabuf_unref(again);
    /* the borrowed one is the object's already, and stays open */
    fd = hlthunk_dmabuf_borrow_fd(part);
    ok(hlthunk_dmabuf_import(fd, &again));
    assert_ptr_equal(again, part);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    hlthunk_dmabuf_unref(again);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ok(hlthunk_dmabuf_set_name(part, "weights"));
    refused(hlthunk_dmabuf_set_name(part, "0123456789012345678901234567890 "), EINVAL, "31");

    hlthunk_dmabuf_unref(whole);
    hlthunk_dmabuf_unref(part);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Known by its identity or not yet: what an import finds, and what is left when all are gone. */
TEST(imports_find_exports_of_any_age)
{
    enum { COUNT = 300 }; /* more than the registry has buckets */
    struct hlthunk_dmabuf *m[COUNT], *again;
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    unsigned fds = count_fds();
    struct stat st;
    int fd;

    if (!can_export())
        skip();
    d = open_device();
    ok(hlthunk_buffer_alloc(d, COUNT * 4096, NULL, &b));
    for (unsigned i = 0; i < COUNT; i++)
        ok(hlthunk_dmabuf_export(b, i * 4096, 4096, NULL, &m[i]));
    /* some leave before anybody asked; the identity is told before and after an import */
    for (unsigned i = 0; i < COUNT; i += 3)
        hlthunk_dmabuf_unref(m[i]);
    for (unsigned i = 1; i < COUNT; i += 3) {
        assert_int_equal(fstat(hlthunk_dmabuf_borrow_fd(m[i]), &st), 0);
        assert_int_equal(hlthunk_dmabuf_get_identity(m[i]), st.st_ino);
        ok(hlthunk_dmabuf_dup_fd(m[i], &fd));
        ok(hlthunk_dmabuf_import(fd, &again));
        assert_ptr_equal(again, m[i]);
        hlthunk_dmabuf_unref(again);
        assert_int_equal(hlthunk_dmabuf_get_identity(m[i]), st.st_ino);
        /* and one more that is new */
        ok(hlthunk_dmabuf_export(b, (i - 1) * 4096, 4096, NULL, &m[i - 1]));
    }
    for (unsigned i = 0; i < COUNT; i++) {
        ok(hlthunk_dmabuf_dup_fd(m[i], &fd));
        ok(hlthunk_dmabuf_import(fd, &again));
        assert_ptr_equal(again, m[i]);
        hlthunk_dmabuf_unref(again);
    }
    for (unsigned i = 0; i < COUNT; i++)
        hlthunk_dmabuf_unref(m[i]);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    assert_int_equal(count_fds(), fds);
}

TEST(failed_imports_leave_the_fd)
{
    struct hlthunk_dmabuf *none = (void *)1;
    int fd = open("/dev/null", O_RDWR);

    refused(hlthunk_dmabuf_import(fd, &none), EINVAL, "not a dma-buf");
    refused(hlthunk_dmabuf_import(fd, NULL), EINVAL, "dmabuf is NULL");
    refused(hlthunk_dmabuf_import(-1, &none), EBADF, "not open");
    assert_ptr_equal(none, (void *)1);
    assert_int_equal(close(fd), 0);
}

/* A dma-buf that no object of the library knows. */
static int export_by_hand(struct hlthunk_device *d, struct hlthunk_buffer *b)
{
    int fd = hlthunk_device_mapped_memory_export_dmabuf_fd(
        hlthunk_device_borrow_fd(d), hlthunk_buffer_get_address(b), MIB, 0, O_RDWR | O_CLOEXEC);

    assert_true(fd > 2);
    return fd;
}

/* An object of its own, which has the descriptor from then on, and is found as long as it lives. */
TEST(imports_from_elsewhere)
{
    unsigned fds = count_fds();
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m, *again;
    struct stat st;
    int fd, copy;

    if (!can_export())
        skip();
    d = open_device();
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    fd = export_by_hand(d, b);
    assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
    ok(hlthunk_dmabuf_import(fd, &m));
    assert_int_equal(hlthunk_dmabuf_borrow_fd(m), fd);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(hlthunk_dmabuf_get_size(m), MIB);
    assert_null(hlthunk_dmabuf_borrow_buffer(m));
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(hlthunk_dmabuf_get_identity(m), st.st_ino);
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    ok(hlthunk_dmabuf_import(copy, &again));
    assert_ptr_equal(again, m);
    assert_int_equal(fcntl(copy, F_GETFD), -1);
    hlthunk_dmabuf_unref(again);
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    hlthunk_dmabuf_unref(m);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    ok(hlthunk_dmabuf_import(copy, &m));
    assert_int_equal(hlthunk_dmabuf_borrow_fd(m), copy);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    assert_int_equal(count_fds(), fds);
}

/* Takes all numbers up to some limit; how many. */
static unsigned take_all_descriptors(int *taken, unsigned max, struct rlimit *before)
{
    struct rlimit few;
    unsigned n = 0;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
    few = *before;
    few.rlim_cur = max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (n < max && (taken[n] = fcntl(1, F_DUPFD_CLOEXEC, 0)) >= 0)
        n++;
    assert_int_equal(errno, EMFILE);
    return n;
}

/* A program without standard input, and one that has no numbers left. */
TEST(descriptors_are_above_2)
{
    enum { MAX = 256 };
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 3), taken[MAX], fd;
    struct hlthunk_device *d, *same;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m, *none = (void *)1;
    struct rlimit before;
    unsigned n, fds;

    close(0);
    fds = count_fds();
    d = open_device();
    assert_true(hlthunk_device_borrow_fd(d) > 2);
    assert_int_equal(fcntl(hlthunk_device_borrow_fd(d), F_GETFD), FD_CLOEXEC);
    /* one that the program opened as 0 */
    assert_int_equal(dup2(hlthunk_device_borrow_fd(d), 0), 0);
    ok(hlthunk_device_from_fd(0, &same));
    assert_ptr_equal(same, d);
    hlthunk_device_unref(same);
    close(0);
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    if (can_export()) {
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        assert_true(hlthunk_dmabuf_borrow_fd(m) > 2);
        assert_int_equal(fcntl(hlthunk_dmabuf_borrow_fd(m), F_GETFD), FD_CLOEXEC);
        ok(hlthunk_dmabuf_dup_fd(m, &fd));
        assert_true(fd > 2);
        close(fd);
        assert_int_equal(fcntl(0, F_GETFD), -1);
        fd = export_by_hand(d, b);
        assert_int_equal(dup2(fd, 0), 0);
        close(fd);
        n = take_all_descriptors(taken, MAX, &before);
        fd = -7;
        refused(hlthunk_dmabuf_dup_fd(m, &fd), EMFILE, "no file descriptor is left");
        refused(hlthunk_dmabuf_import(0, &none), EMFILE, "duplicated");
        assert_int_equal(fd, -7);
        assert_ptr_equal(none, (void *)1);
        assert_int_equal(fcntl(0, F_GETFD), 0); /* left as it was */
        while (n)
            close(taken[--n]);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        hlthunk_dmabuf_unref(m);
        ok(hlthunk_dmabuf_import(0, &m));
        assert_true(hlthunk_dmabuf_borrow_fd(m) > 2);
        assert_int_equal(fcntl(hlthunk_dmabuf_borrow_fd(m), F_GETFD), FD_CLOEXEC);
        assert_int_equal(fcntl(0, F_GETFD), -1); /* taken over */
        hlthunk_dmabuf_unref(m);
    }
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    assert_int_equal(count_fds(), fds);
    if (saved >= 0) {
        assert_int_equal(dup2(saved, 0), 0);
        close(saved);
    }
}

TEST(managed_by_the_caller)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b, *c, *none = (void *)1;
    uint64_t address;

    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    address = hlthunk_buffer_get_address(b);
    refused(hlthunk_buffer_from_address(d, address + 1, 4096, NULL, &none), EINVAL, "multiple");
    refused(hlthunk_buffer_from_address(d, address, 4095, NULL, &none), EINVAL, "multiple");
    refused(hlthunk_buffer_from_address(d, -4096ull, 8192, NULL, &none), EINVAL, "wraps");
    if (on_asic("gaudi")) {
        refused(hlthunk_buffer_from_address(d, address, 4096, NULL, &none), EBUSY, "another");
        refused(hlthunk_buffer_from_address(d, 4096, 4096, NULL, &none), EINVAL, "not within");
        ok(hlthunk_buffer_from_address(d, address + 64 * MIB, 4 * MIB, NULL, &c));
    } else {
        ok(hlthunk_buffer_from_address(d, address, MIB, NULL, &c));
    }
    assert_ptr_equal(none, (void *)1);
    hlthunk_buffer_unref(c);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(from_fd)
{
    struct hlthunk_device *d = open_device(), *same, *other = (void *)1;
    int fd = hlthunk_device_borrow_fd(d), pipes[2];

    ok(hlthunk_device_from_fd(fd, &same));
    assert_ptr_equal(same, d);
    hlthunk_device_unref(same);
    assert_int_equal(pipe(pipes), 0);
    refused(hlthunk_device_from_fd(pipes[0], &other), ENODEV, "not a device node");
    refused(hlthunk_device_from_fd(-1, &other), EBADF, "not open");
    close(pipes[0]);
    close(pipes[1]);
    assert_ptr_equal(other, (void *)1);
    hlthunk_device_unref(d);

    /* one that the program opened itself: it stays the program's */
    fd = open(test_node(false), O_RDWR);
    assert_true(fd >= 0);
    ok(hlthunk_device_from_fd(fd, &same));
    assert_int_not_equal(hlthunk_device_borrow_fd(same), fd);
    assert_int_equal(hlthunk_device_close(same), 0);
    assert_int_equal(close(fd), 0);
    hlthunk_device_unref(open_device());
}

SUITE(objects)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(discovery_and_selection),
        cmocka_unit_test(properties),
        cmocka_unit_test(control_node),
        cmocka_unit_test(buffers),
        cmocka_unit_test(a_preferred_address),
        cmocka_unit_test(mapping_later),
        cmocka_unit_test(host_memory),
        cmocka_unit_test(exports),
        cmocka_unit_test(imports_find_exports_of_any_age),
        cmocka_unit_test(failed_imports_leave_the_fd),
        cmocka_unit_test(imports_from_elsewhere),
        cmocka_unit_test(descriptors_are_above_2),
        cmocka_unit_test(managed_by_the_caller),
        cmocka_unit_test(from_fd),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
