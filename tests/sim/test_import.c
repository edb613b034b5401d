/* SPDX-License-Identifier: MIT */
/*
 * Two devices that share memory: the second one maps what the first one exported, and copies
 * through it with submissions.  Device 0 exports, device 1 imports.
 */
#include "tests/sim/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uapi/habanalabs_accel.h"
#include "uapi/requests.h"

#define SIZE (2 * MIB)

static bool vendor(void)
{
    return on_kernel("vendor");
}

static struct hlthunk_device *open_nth(uint32_t index)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX,
                                        .index = index,
                                        .timeout_ns = 2000000000 };
    struct hlthunk_device *d;

    ok(hlthunk_device_open(&o, &d));
    return d;
}

/* Nobody holds anything of a device any more. */
static void assert_free(uint32_t index)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX,
                                        .index = index };
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_device *d;

    ok(hlthunk_device_open(&o, &d));
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

static enum hlthunk_asic asic_of(struct hlthunk_device *d)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };

    ok(hlthunk_device_get_properties(d, &p));
    return p.asic;
}

static void copy(struct hlthunk_device *d, uint64_t src, uint64_t dst, uint32_t n, bool up)
{
    assert_int_equal(copy_by_device(d, src, dst, n, up, 10000000), 0);
}

static void pattern(uint8_t *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 7 + i / 4096 + seed);
}

/* Host memory of the program that a device reaches. */
struct host {
    uint8_t *bytes;
    struct hlthunk_buffer *b;
    uint64_t at;
};

static void host_new(struct host *h, struct hlthunk_device *d, unsigned seed)
{
    h->bytes = aligned_alloc(4096, SIZE);
    assert_non_null(h->bytes);
    pattern(h->bytes, SIZE, seed);
    ok(hlthunk_buffer_from_host(d, h->bytes, SIZE, NULL, &h->b));
    h->at = hlthunk_buffer_get_address(h->b);
}

static void host_end(struct host *h)
{
    hlthunk_buffer_unref(h->b);
    free(h->bytes);
}

static bool holds(const struct host *h, unsigned seed)
{
    uint8_t *want = malloc(SIZE);
    bool same;

    pattern(want, SIZE, seed);
    same = !memcmp(h->bytes, want, SIZE);
    free(want);
    return same;
}

TEST(one_device_reads_and_writes_what_another_exported)
{
    struct hlthunk_buffer *memory, *import, *own;
    struct hlthunk_device *a, *b;
    struct host ha, hb;
    struct hlthunk_dmabuf *m;
    uint64_t there, here;

    if (!vendor())
        skip();
    a = open_nth(0);
    b = open_nth(1);
    ok(hlthunk_buffer_alloc(a, 2 * SIZE, NULL, &memory));
    ok(hlthunk_buffer_alloc(b, SIZE, NULL, &own));
    host_new(&ha, a, 1);
    host_new(&hb, b, 99);
    /* the upper half: what is exported need not begin with the buffer */
    ok(hlthunk_dmabuf_export(memory, SIZE, SIZE, NULL, &m));
    ok(hlthunk_buffer_from_dmabuf(b, m, NULL, &import));
    assert_int_equal(hlthunk_buffer_get_size(import), SIZE);
    assert_ptr_equal(hlthunk_buffer_borrow_dmabuf(import), m);
    assert_null(hlthunk_buffer_borrow_dmabuf(own));
    assert_false(hlthunk_buffer_is_host(import));
    assert_ptr_equal(hlthunk_buffer_borrow_device(import), b);
    there = hlthunk_buffer_get_address(import);
    here = hlthunk_buffer_get_address(memory) + SIZE;
    assert_true(there != 0);

    /* the exporter writes, the importer reads: straight, and by way of its own memory */
    copy(a, ha.at, here, SIZE, false);
    copy(b, there, hb.at, SIZE, true);
    assert_true(holds(&hb, 1));
    memset(hb.bytes, 0, SIZE);
    copy(b, there, hlthunk_buffer_get_address(own), SIZE, true);
    copy(b, hlthunk_buffer_get_address(own), hb.at, SIZE, true);
    assert_true(holds(&hb, 1));
    /* the other way round */
    pattern(hb.bytes, SIZE, 2);
    copy(b, hb.at, there, SIZE, false);
    copy(a, here, ha.at, SIZE, true);
    assert_true(holds(&ha, 2));
    /* untouched memory reads as zeros through an import, too; the lower half is such */
    memset(ha.bytes, 1, SIZE);
    copy(a, hlthunk_buffer_get_address(memory), ha.at, SIZE, true);
    for (size_t i = 0; i < SIZE; i++)
        assert_int_equal(ha.bytes[i], 0);

    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(memory);
    copy(b, there, hb.at, SIZE, true); /* the import holds them */
    assert_true(holds(&hb, 2));
    host_end(&ha);
    host_end(&hb);
    hlthunk_buffer_unref(own);
    hlthunk_buffer_unref(import);
    assert_int_equal(hlthunk_device_close(a), 0);
    assert_int_equal(hlthunk_device_close(b), 0);
    assert_free(0);
    assert_free(1);
}

/* All 120 orders of giving five references back: no descriptor is left, and nothing busy. */
TEST(every_order)
{
    unsigned fds = count_fds();

    if (!vendor())
        skip();
    for (unsigned order = 0; order < 120; order++) {
        struct hlthunk_device *a = open_nth(0), *b = open_nth(1);
        struct hlthunk_buffer *memory, *import;
        struct hlthunk_dmabuf *m;
        unsigned rest = order;
        bool gone[5] = { false };

        ok(hlthunk_buffer_alloc(a, SIZE, NULL, &memory));
        ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m));
        ok(hlthunk_buffer_from_dmabuf(b, m, NULL, &import));
        for (unsigned left = 5; left; left--) {
            unsigned k = rest % left, i = 0;

            rest /= left;
            while (gone[i] || k) {
                k -= !gone[i];
                i++;
            }
            gone[i] = true;
            if (i < 2)
                hlthunk_device_unref(i ? b : a);
            else if (i < 4)
                hlthunk_buffer_unref(i == 2 ? memory : import);
            else
                hlthunk_dmabuf_unref(m);
        }
        assert_int_equal(count_fds(), fds);
    }
    assert_free(0);
    assert_free(1);
}

TEST(an_import_keeps_the_exporters_mapping)
{
    struct hlthunk_device *a, *b;
    struct hlthunk_buffer *memory, *import;
    struct hlthunk_dmabuf *m;
    uint64_t address;
    bool mmu;

    if (!vendor())
        skip();
    a = open_nth(0);
    b = open_nth(1);
    mmu = asic_of(a) == HLTHUNK_ASIC_GAUDI2;
    ok(hlthunk_buffer_alloc(a, SIZE, NULL, &memory));
    ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m));
    ok(hlthunk_buffer_from_dmabuf(b, m, NULL, &import));
    hlthunk_dmabuf_unref(m);
    address = hlthunk_buffer_get_address(memory);
    if (mmu) {
        refused(hlthunk_buffer_unmap(memory), EBUSY, "dma-buf");
        /* the kernel says so, too */
        assert_int_equal(hlthunk_memory_unmap(hlthunk_device_borrow_fd(a), address), -EINVAL);
    }
    refused(hlthunk_buffer_unmap(import), EINVAL, "release it");
    refused(hlthunk_buffer_map(import, NULL), EALREADY, "mapped");
    refused(hlthunk_dmabuf_export(import, 0, 0, NULL, &m), EOPNOTSUPP, "imported");
    hlthunk_buffer_unref(import);
    if (mmu)
        ok(hlthunk_buffer_unmap(memory));
    hlthunk_buffer_unref(memory);
    assert_int_equal(hlthunk_device_close(a), 0);
    assert_int_equal(hlthunk_device_close(b), 0);
}

/* Its own dma-buf: the memory has an address there already.  Every driver can. */
TEST(a_self_import_is_recognised)
{
    struct hlthunk_buffer_from_dmabuf_options o = { .struct_size = sizeof(o), .label = "again" };
    struct hlthunk_buffer *memory, *same, *upper;
    struct hlthunk_dmabuf *m, *part, *back;
    struct hlthunk_device *a;
    unsigned fds = count_fds();
    struct host h;
    int fd;

    if (on_kernel("6.1") && !on_asic("gaudi"))
        skip();
    a = open_nth(0);
    ok(hlthunk_buffer_alloc(a, 2 * SIZE, NULL, &memory));
    ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m));
    ok(hlthunk_dmabuf_export(memory, SIZE, SIZE, NULL, &part));
    ok(hlthunk_buffer_from_dmabuf(a, m, &o, &same));
    assert_int_equal(hlthunk_buffer_get_address(same), hlthunk_buffer_get_address(memory));
    assert_int_equal(hlthunk_buffer_get_size(same), 2 * SIZE);
    /* by a descriptor that went round and came back */
    ok(hlthunk_dmabuf_dup_fd(part, &fd));
    ok(hlthunk_dmabuf_import(fd, &back));
    ok(hlthunk_buffer_from_dmabuf(a, back, NULL, &upper));
    assert_int_equal(hlthunk_buffer_get_address(upper), hlthunk_buffer_get_address(memory) + SIZE);
    hlthunk_dmabuf_unref(m);
    hlthunk_dmabuf_unref(part);
    hlthunk_dmabuf_unref(back);
    hlthunk_buffer_unref(memory);

    host_new(&h, a, 5);
    copy(a, h.at, hlthunk_buffer_get_address(upper), SIZE, false);
    memset(h.bytes, 0, SIZE);
    copy(a, hlthunk_buffer_get_address(same) + SIZE, h.at, SIZE, true);
    assert_true(holds(&h, 5));
    host_end(&h);
    hlthunk_buffer_unref(same);
    hlthunk_buffer_unref(upper);
    assert_int_equal(hlthunk_device_close(a), 0);
    assert_int_equal(count_fds(), fds);
    assert_free(0);
}

static int dmabuf_address(const struct hlthunk_live_object *o, void *user)
{
    if (!strcmp(hlthunk_live_object_get_kind(o), "dma-buf"))
        *(uint64_t *)user = hlthunk_live_object_get_address(o);
    return 0;
}

/* What shares its pages with others is exported with them: the import begins where they do. */
TEST(a_self_import_begins_where_the_dma_buf_does)
{
    struct hlthunk_dmabuf_options o = { .struct_size = sizeof(o), .whole_pages = true };
    struct hlthunk_buffer *first, *second, *same;
    struct hlthunk_dmabuf *m;
    struct hlthunk_device *a;
    struct hlthunk_pool *p;
    uint64_t at, lead, listed = 0;
    struct host h;

    if (on_kernel("6.1") && !on_asic("gaudi"))
        skip();
    a = open_nth(0);
    ok(hlthunk_pool_create(a, NULL, &p));
    ok(hlthunk_pool_alloc(p, 300, NULL, &first));
    ok(hlthunk_pool_alloc(p, 300, NULL, &second));
    if (hlthunk_buffer_get_address(second) % 4096 == 0) {
        hlthunk_buffer_unref(second);
        second = hlthunk_buffer_ref(first);
    }
    at = hlthunk_buffer_get_address(second);
    ok(hlthunk_dmabuf_export(second, 0, 0, &o, &m));
    lead = hlthunk_dmabuf_get_data_offset(m);
    assert_int_not_equal(lead, 0);
    ok(hlthunk_buffer_from_dmabuf(a, m, NULL, &same));
    assert_int_equal(hlthunk_buffer_get_address(same), at - lead);
    assert_int_equal(hlthunk_buffer_get_size(same), hlthunk_dmabuf_get_size(m));
    assert_int_equal(hlthunk_device_list_live_objects(a, dmabuf_address, &listed), 0);
    assert_int_equal(listed, at - lead);

    host_new(&h, a, 6);
    copy(a, h.at, at, 300, false);
    memset(h.bytes, 0, SIZE);
    copy(a, hlthunk_buffer_get_address(same) + lead, h.at + 300, 300, true);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(h.bytes[300 + i], (uint8_t)(i * 7 + 6));
    host_end(&h);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(same);
    hlthunk_buffer_unref(first);
    hlthunk_buffer_unref(second);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(a), 0);
    assert_free(0);
}

TEST(refusals)
{
    struct hlthunk_buffer_from_dmabuf_options o = { .struct_size = sizeof(o) };
    struct hlthunk_buffer *memory, *import = NULL;
    struct hlthunk_device *a, *b, *control;
    struct hlthunk_device_options c = { .struct_size = sizeof(c), .control = true };
    struct hlthunk_dmabuf *m;

    if (on_kernel("6.1") && !on_asic("gaudi"))
        skip();
    a = open_nth(0);
    b = open_nth(1);
    ok(hlthunk_buffer_alloc(a, SIZE, NULL, &memory));
    ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m));
    refused(hlthunk_buffer_from_dmabuf(NULL, m, NULL, &import), EINVAL, "device is NULL");
    refused(hlthunk_buffer_from_dmabuf(b, NULL, NULL, &import), EINVAL, "dmabuf is NULL");
    refused(hlthunk_buffer_from_dmabuf(b, m, NULL, NULL), EINVAL, "buffer is NULL");
    o.struct_size = 4;
    refused(hlthunk_buffer_from_dmabuf(b, m, &o, &import), EINVAL, "size");
    ok(hlthunk_device_open(&c, &control));
    refused(hlthunk_buffer_from_dmabuf(control, m, NULL, &import), EPERM, "control");
    hlthunk_device_unref(control);
    if (!vendor())
        refused(hlthunk_buffer_from_dmabuf(b, m, NULL, &import), EOPNOTSUPP, "mainline");
    assert_null(import);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(memory);
    assert_int_equal(hlthunk_device_close(a), 0);
    assert_int_equal(hlthunk_device_close(b), 0);
}

/* ---- the kernel's own interface ---- */

static int raw_import(struct hlthunk_device *d, int fd, uint64_t length, uint64_t *address)
{
    union hl_mem_args m;
    int rc;

    memset(&m, 0, sizeof(m));
    m.in.op = HL_MEM_OP_REG_DMABUF_FD;
    m.in.reg_dmabuf_fd.fd = (uint64_t)fd;
    m.in.reg_dmabuf_fd.length = length;
    rc = ioctl(hlthunk_device_borrow_fd(d), HL_REQ_D_MEMORY, &m) ? -errno : 0;
    *address = m.out.device_virt_addr;
    return rc;
}

TEST(what_the_driver_answers)
{
    struct hlthunk_device *a, *b;
    struct hlthunk_buffer *memory;
    struct hlthunk_dmabuf *m;
    int fd, null = open("/dev/null", O_RDWR | O_CLOEXEC);
    uint64_t address;

    if (on_kernel("6.1") || on_kernel("6.6")) {
        close(null);
        skip();
    }
    a = open_nth(0);
    b = open_nth(1);
    ok(hlthunk_buffer_alloc(a, SIZE, NULL, &memory));
    ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m));
    fd = hlthunk_dmabuf_borrow_fd(m);
    if (!vendor()) {
        assert_int_equal(raw_import(b, fd, SIZE, &address), -EINVAL);
    } else {
        assert_int_equal(raw_import(b, 9999, SIZE, &address), -EBADF);
        assert_int_equal(address, 0);
        assert_int_equal(raw_import(b, null, SIZE, &address), -EINVAL);
        assert_int_equal(raw_import(b, hlthunk_device_borrow_fd(a), SIZE, &address), -EINVAL);
        assert_int_equal(raw_import(b, fd, 0, &address), -EINVAL);
        assert_int_equal(raw_import(b, fd, SIZE + 1, &address), -EINVAL);
        assert_int_equal(address, 0);
        /* part of it; its memory twice */
        assert_int_equal(raw_import(b, fd, 8192, &address), 0);
        assert_int_equal(hlthunk_memory_unmap(hlthunk_device_borrow_fd(b), address), 0);
        assert_int_equal(hlthunk_memory_unmap(hlthunk_device_borrow_fd(b), address), -EINVAL);
        assert_int_equal(raw_import(b, fd, SIZE, &address), 0);
        assert_int_equal(raw_import(b, fd, SIZE, &address), 0);
    }
    close(null);
    hlthunk_dmabuf_unref(m);
    /* closing the importer ends what it had not unmapped */
    assert_int_equal(hlthunk_device_close(b), 0);
    hlthunk_buffer_unref(memory);
    assert_int_equal(hlthunk_device_close(a), 0);
    assert_free(0);
    assert_free(1);
}

/* Runs f in a process that is killed when it has done its work. */
static void in_killed_process(int (*f)(void))
{
    int pipefd[2], status;
    char answer = 'x';
    pid_t pid;

    assert_int_equal(pipe(pipefd), 0);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        answer = f() ? 'n' : 'y';
        if (write(pipefd[1], &answer, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(pipefd[0], &answer, 1), 1);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(answer, 'y');
    close(pipefd[0]);
    close(pipefd[1]);
}

static struct hlthunk_device *child_open(uint32_t index)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX,
                                        .index = index };
    struct hlthunk_device *d;

    return hlthunk_device_open(&o, &d) ? NULL : d;
}

static int handed; /* a dma-buf's fd that a child inherits */

static int import_it(void)
{
    struct hlthunk_device *b = child_open(1);
    struct hlthunk_buffer *import;
    struct hlthunk_dmabuf *m;

    return !b || hlthunk_dmabuf_import(handed, &m) ||
           hlthunk_buffer_from_dmabuf(b, m, NULL, &import);
}

TEST(a_killed_importer_lets_go)
{
    struct hlthunk_device *a;
    struct hlthunk_buffer *memory;
    struct hlthunk_dmabuf *m;

    if (!vendor())
        skip();
    a = open_nth(0);
    ok(hlthunk_buffer_alloc(a, SIZE, NULL, &memory));
    ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m));
    ok(hlthunk_dmabuf_dup_fd(m, &handed));
    in_killed_process(import_it);
    close(handed);
    hlthunk_dmabuf_unref(m);
    assert_free(1);
    if (asic_of(a) == HLTHUNK_ASIC_GAUDI2)
        ok(hlthunk_buffer_unmap(memory));
    hlthunk_buffer_unref(memory);
    assert_int_equal(hlthunk_device_close(a), 0);
    assert_free(0);
}

/* What no library does: each device imports the other's memory, and its own, and the user dies. */
static int import_in_circles(void)
{
    struct hlthunk_buffer *memory[2];
    struct hlthunk_dmabuf *m[2];
    struct hlthunk_device *d[2];
    uint64_t address;

    for (uint32_t i = 0; i < 2; i++) {
        d[i] = child_open(i);
        if (!d[i] || hlthunk_buffer_alloc(d[i], SIZE, NULL, &memory[i]) ||
            hlthunk_dmabuf_export(memory[i], 0, 0, NULL, &m[i]))
            return 1;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (raw_import(d[i / 2], hlthunk_dmabuf_borrow_fd(m[i % 2]), SIZE, &address) || !address)
            return 1;
    }
    return 0;
}

TEST(imports_in_circles_end_with_their_process)
{
    if (!vendor())
        skip();
    in_killed_process(import_in_circles);
    assert_free(0);
    assert_free(1);
}

static void export_and_wait(int socket)
{
    struct hlthunk_device *a = child_open(0);
    struct hlthunk_buffer *memory;
    struct hlthunk_dmabuf *m;
    struct host h;

    if (!a || hlthunk_buffer_alloc(a, SIZE, NULL, &memory) ||
        hlthunk_dmabuf_export(memory, 0, 0, NULL, &m))
        _exit(1);
    host_new(&h, a, 17);
    copy(a, h.at, hlthunk_buffer_get_address(memory), SIZE, false);
    if (!send_fd(socket, hlthunk_dmabuf_borrow_fd(m)))
        _exit(1);
    for (;;)
        pause();
}

/* The exporter's process dies: its device is busy, and its bytes are there, until the import ends.
 */
TEST(a_killed_exporters_memory_lives_on)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .select = HLTHUNK_SELECT_INDEX };
    struct hlthunk_buffer *import;
    struct hlthunk_device *a, *b;
    struct hlthunk_dmabuf *m;
    int pair[2], status;
    struct host h;
    pid_t pid;

    if (!vendor())
        skip();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (!pid)
        export_and_wait(pair[1]);
    close(pair[1]);
    ok(hlthunk_dmabuf_import(receive_fd(pair[0]), &m));
    close(pair[0]);
    b = open_nth(1);
    ok(hlthunk_buffer_from_dmabuf(b, m, NULL, &import));
    hlthunk_dmabuf_unref(m);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);

    assert_int_equal(hlthunk_device_open(&o, &a), -EBUSY);
    host_new(&h, b, 3);
    copy(b, hlthunk_buffer_get_address(import), h.at, SIZE, true);
    assert_true(holds(&h, 17));
    host_end(&h);
    hlthunk_buffer_unref(import);
    assert_free(0);
    assert_int_equal(hlthunk_device_close(b), 0);
}

TEST(many_imports_leave_no_traces)
{
    struct hlthunk_device *a, *b;
    struct hlthunk_buffer *memory;
    struct hlthunk_dmabuf *m;
    unsigned fds;

    if (!vendor())
        skip();
    a = open_nth(0);
    b = open_nth(1);
    ok(hlthunk_buffer_alloc(a, SIZE, NULL, &memory));
    ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m)); /* Gaudi's first takes one to look with */
    hlthunk_dmabuf_unref(m);
    fds = count_fds();
    for (unsigned i = 0; i < 1500; i++) { /* more than there may be at once */
        struct hlthunk_buffer *import;

        ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m));
        ok(hlthunk_buffer_from_dmabuf(b, m, NULL, &import));
        hlthunk_dmabuf_unref(m);
        hlthunk_buffer_unref(import);
    }
    assert_int_equal(count_fds(), fds);
    hlthunk_buffer_unref(memory);
    assert_int_equal(hlthunk_device_close(a), 0);
    assert_int_equal(hlthunk_device_close(b), 0);
}

/* An import that fails is how it learns of a reset, as with any other call. */
TEST(an_importer_in_reset_is_stale)
{
    struct hlthunk_buffer *memory, *none = NULL;
    struct hlthunk_device *a, *b;
    struct hlthunk_dmabuf *m;

    if (on_kernel("6.1") && !on_asic("gaudi"))
        skip();
    a = open_nth(0);
    b = open_nth(1);
    ok(hlthunk_buffer_alloc(a, SIZE, NULL, &memory));
    ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m));
    assert_int_equal(system("\"$HLSIM_PROGRAM\" ctl reset 1"), 0);
    refused(hlthunk_buffer_from_dmabuf(b, m, NULL, &none), ENODEV, "was reset or removed");
    assert_int_equal(hlthunk_device_get_stale_reason(b), HLTHUNK_STALE_RESET);
    assert_int_equal(hlthunk_device_get_stale_reason(a), HLTHUNK_STALE_NOT);
    assert_null(none);
    assert_int_equal(hlthunk_device_close(b), 0);
    b = open_nth(1);
    assert_int_equal(hlthunk_device_close(b), 0);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(memory);
    assert_int_equal(hlthunk_device_close(a), 0);
}

/* Last: the exporter is pulled, and an access through the import is a page fault. */
TEST(a_pulled_exporter_is_a_page_fault)
{
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_event_notifier *n;
    struct hlthunk_device *a, *b;
    struct hlthunk_buffer *memory, *import;
    struct hlthunk_command_buffer *cb;
    struct hlthunk_dmabuf *m;
    uint64_t address, seq;
    struct host h;

    if (!vendor())
        skip();
    a = open_nth(0);
    b = open_nth(1);
    ok(hlthunk_event_notifier_create(b, NULL, &n));
    ok(hlthunk_buffer_alloc(a, SIZE, NULL, &memory));
    ok(hlthunk_dmabuf_export(memory, 0, 0, NULL, &m));
    ok(hlthunk_buffer_from_dmabuf(b, m, NULL, &import));
    host_new(&h, b, 3);
    address = hlthunk_buffer_get_address(import);
    copy(b, address, h.at, SIZE, true);
    assert_int_equal(system("\"$HLSIM_PROGRAM\" ctl remove 0"), 0);
    cb = copy_begin(b, address, h.at, 4096, true, &seq);
    do {
        ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    } while (e.kind != HLTHUNK_EVENT_PAGE_FAULT);
    assert_true(e.recorded);
    assert_int_equal(e.address, address);
    hlthunk_command_buffer_unref(cb);
    host_end(&h);
    hlthunk_buffer_unref(import);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(memory);
    hlthunk_event_notifier_unref(n);
    assert_int_equal(hlthunk_device_close(a), 0);
    assert_int_equal(hlthunk_device_close(b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_device_reads_and_writes_what_another_exported),
        cmocka_unit_test(every_order),
        cmocka_unit_test(an_import_keeps_the_exporters_mapping),
        cmocka_unit_test(a_self_import_is_recognised),
        cmocka_unit_test(a_self_import_begins_where_the_dma_buf_does),
        cmocka_unit_test(refusals),
        cmocka_unit_test(what_the_driver_answers),
        cmocka_unit_test(a_killed_importer_lets_go),
        cmocka_unit_test(imports_in_circles_end_with_their_process),
        cmocka_unit_test(a_killed_exporters_memory_lives_on),
        cmocka_unit_test(many_imports_leave_no_traces),
        cmocka_unit_test(an_importer_in_reset_is_stale),
        cmocka_unit_test(a_pulled_exporter_is_a_page_fault),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
