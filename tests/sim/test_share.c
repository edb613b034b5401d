/* SPDX-License-Identifier: MIT */
/* dma-bufs over sockets: what arrives, what is recognised, and what a hostile sender can do. */
#include "tests/sim/support.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/share/message.h"

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };

#define COUNT 8
#define STEP (64 * 1024ull) /* between exports: a page of any host */

/* A buffer and exports of it that overlap. */
struct share {
    struct hlthunk_device *device;
    struct hlthunk_buffer *buffer;
    struct hlthunk_dmabuf *m[COUNT];
};

static void share_open(struct share *s)
{
    struct hlthunk_dmabuf_options o = { .struct_size = sizeof(o), .label = "shared" };

    s->device = open_device();
    ok(hlthunk_buffer_alloc(s->device, MIB, NULL, &s->buffer));
    for (unsigned i = 0; i < COUNT; i++)
        ok(hlthunk_dmabuf_export(s->buffer, i * STEP, 2 * STEP, &o, &s->m[i]));
}

/* Nothing that anybody received is still open: the device can be opened again. */
static void share_close(struct share *s)
{
    for (unsigned i = 0; i < COUNT; i++)
        hlthunk_dmabuf_unref(s->m[i]);
    hlthunk_buffer_unref(s->buffer);
    assert_int_equal(hlthunk_device_close(s->device), 0);
    assert_int_equal(hlthunk_device_close(open_device()), 0);
}

static void origin_is(const struct hlthunk_dmabuf *m, uint64_t offset)
{
    struct hlthunk_dmabuf_origin o = { .struct_size = sizeof(o) };

    ok(hlthunk_dmabuf_get_origin(m, &o));
    assert_int_equal(o.offset, offset);
    assert_int_equal(hlthunk_dmabuf_get_offset(m), offset);
    assert_string_equal(o.pci_address, test_pci_address());
    assert_string_equal(o.label, "shared");
}

/* The descriptor, the size and the place in a buffer that is not this process's. */
static bool is_export(struct hlthunk_dmabuf *m, uint64_t offset)
{
    int fd = hlthunk_dmabuf_borrow_fd(m);

    return hlthunk_dmabuf_get_size(m) == 2 * STEP && !hlthunk_dmabuf_borrow_buffer(m) &&
           hlthunk_dmabuf_get_offset(m) == offset && fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

static bool comes_from(const struct hlthunk_dmabuf *m, uint64_t offset)
{
    struct hlthunk_dmabuf_origin o = { .struct_size = sizeof(o) };

    return !hlthunk_dmabuf_get_origin(m, &o) && o.offset == offset &&
           !strcmp(o.pci_address, test_pci_address()) && !strcmp(o.label, "shared");
}

/* What another driver reads there; on the real driver, which has no such importer: true. */
static bool holds_word(struct hlthunk_dmabuf *m, uint64_t expected)
{
    const struct hlsim_importer *driver = test_importer();
    struct hlsim_attachment *a;
    uint64_t word = 0;

    if (!driver)
        return true;
    if (driver->attach(hlthunk_dmabuf_borrow_fd(m), true, &a) || driver->map(a) ||
        driver->read(a, STEP, &word, sizeof(word)) != sizeof(word))
        return false;
    driver->detach(a);
    return word == expected;
}

/*
 * A process that receives, looks, sends on to the next process (or back), and answers for all.
 * Asserts would not reach the parent: exit codes do.
 */
static int relay(int from, int to)
{
    const int64_t wait = 10000000000;
    struct hlthunk_dmabuf *m[COUNT + 1] = { NULL };
    unsigned before = count_fds();
    size_t n = 0;

    if (hlthunk_dmabuf_receive(from, m, COUNT + 1, &n, wait) || n != COUNT || m[COUNT])
        return 1;
    for (size_t i = 0; i < n; i++) {
        if (!is_export(m[i], i * STEP))
            return 2;
        if (!comes_from(m[i], i * STEP))
            return 3;
        if (!holds_word(m[i], i + 1))
            return 4;
    }
    if (hlthunk_dmabuf_send(to, m, n, wait))
        return 5;
    for (size_t i = 0; i < n; i++)
        hlthunk_dmabuf_unref(m[i]);
    return count_fds() == before ? 0 : 6;
}

/* What another thread does between a call's look for an object and the entry of its own. */
static void (*meanwhile)(void *);
static void *meanwhile_arg;

static void other_thread(void)
{
    void (*act)(void *) = meanwhile;

    meanwhile = NULL;
    if (act)
        act(meanwhile_arg);
}

int fstatfs(int fd, struct statfs *fs)
{
    __typeof__(fstatfs) *next = (__typeof__(fstatfs) *)dlsym(RTLD_NEXT, "fstatfs");

    other_thread();
    return next(fd, fs);
}

ssize_t readlink(const char *path, char *target, size_t size)
{
    __typeof__(readlink) *next = (__typeof__(readlink) *)dlsym(RTLD_NEXT, "readlink");

    other_thread();
    return next(path, target, size);
}

struct twice {
    int fd;
    struct hlthunk_device *device;
    struct hlthunk_dmabuf *dmabuf;
};

static void open_too(void *arg)
{
    struct twice *t = arg;

    ok(hlthunk_device_from_fd(t->fd, &t->device));
}

static void import_too(void *arg)
{
    struct twice *t = arg;

    ok(hlthunk_dmabuf_import(t->fd, &t->dmabuf));
}

/* Two threads at once: one file is one object, whose memory is not given out twice. */
TEST(one_file_is_one_object)
{
    unsigned before = count_fds();
    struct hlthunk_device *d, *opened;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    struct twice t = { 0 };
    int fd;

    meanwhile_arg = &t;
    t.fd = hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL);
    assert_true(t.fd > 2);
    meanwhile = open_too;
    ok(hlthunk_device_from_fd(t.fd, &opened));
    assert_null(meanwhile);
    assert_ptr_equal(opened, t.device);
    hlthunk_device_unref(opened);
    assert_int_equal(hlthunk_device_close(t.device), 0);
    close(t.fd);
    if (can_export()) {
        d = open_device();
        ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        ok(hlthunk_dmabuf_dup_fd(m, &fd));
        ok(hlthunk_dmabuf_dup_fd(m, &t.fd));
        hlthunk_dmabuf_unref(m);
        meanwhile = import_too;
        ok(hlthunk_dmabuf_import(fd, &m));
        assert_null(meanwhile);
        assert_ptr_equal(m, t.dmabuf);
        hlthunk_dmabuf_unref(m);
        hlthunk_dmabuf_unref(t.dmabuf);
        hlthunk_buffer_unref(b);
        assert_int_equal(hlthunk_device_close(d), 0);
    }
    assert_int_equal(count_fds(), before);
}

/* Exporter → process → process → exporter, who gets his own objects back. */
TEST(around)
{
    const struct hlsim_importer *driver = test_importer();

    if (!can_export())
        skip();
    for (unsigned t = 0; t < 3; t++) {
        const int64_t wait = 10000000000;
        struct hlthunk_dmabuf *back[COUNT];
        int sockets[3][2], status;
        struct share s;
        pid_t pid[2];
        size_t n = 0;

        for (int i = 0; i < 3; i++)
            assert_int_equal(socketpair(AF_UNIX, types[t] | SOCK_CLOEXEC, 0, sockets[i]), 0);
        for (int i = 0; i < 2; i++) {
            pid[i] = fork();
            if (pid[i] == 0)
                _exit(relay(sockets[i][1], sockets[i + 1][0]));
        }
        share_open(&s);
        for (uint64_t i = 0; driver && i < COUNT; i++) {
            struct hlsim_attachment *a;
            uint64_t word = i + 1;

            assert_int_equal(driver->attach(hlthunk_dmabuf_borrow_fd(s.m[i]), true, &a), 0);
            assert_int_equal(driver->map(a), 0);
            assert_int_equal(driver->write(a, STEP, &word, sizeof(word)), sizeof(word));
            driver->detach(a);
        }
        ok(hlthunk_dmabuf_send(sockets[0][0], s.m, COUNT, HLTHUNK_WAIT_INDEFINITELY));
        ok(hlthunk_dmabuf_receive(sockets[2][1], back, COUNT, &n, wait));
        assert_int_equal(n, COUNT);
        for (unsigned i = 0; i < COUNT; i++) {
            assert_ptr_equal(back[i], s.m[i]);
            origin_is(back[i], i * STEP);
            hlthunk_dmabuf_unref(back[i]);
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
            assert_int_equal(status, 0);
        }
        share_close(&s);
        for (int i = 0; i < 3; i++) {
            close(sockets[i][0]);
            close(sockets[i][1]);
        }
    }
}

/* As many as fit in a message, one dma-buf among them many times. */
TEST(many)
{
    struct hlthunk_dmabuf *m[HLTHUNK_DMABUF_SEND_MAX + 1], *back[HLTHUNK_DMABUF_SEND_MAX];
    unsigned before = count_fds();
    struct share s;
    size_t n = 0;
    int pair[2];

    if (!can_export())
        skip();
    share_open(&s);
    for (unsigned i = 0; i <= HLTHUNK_DMABUF_SEND_MAX; i++)
        m[i] = s.m[i % COUNT];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    refused(hlthunk_dmabuf_send(pair[0], m, HLTHUNK_DMABUF_SEND_MAX + 1, HLTHUNK_WAIT_INDEFINITELY),
            EINVAL, "count is 254");
    ok(hlthunk_dmabuf_send(pair[0], m, HLTHUNK_DMABUF_SEND_MAX, HLTHUNK_WAIT_INDEFINITELY));
    ok(hlthunk_dmabuf_send(pair[0], m, HLTHUNK_DMABUF_SEND_MAX, HLTHUNK_WAIT_INDEFINITELY));
    /* too many for the caller: refused, and the next one is received */
    memset(back, 0, sizeof(back));
    refused(hlthunk_dmabuf_receive(pair[1], back, HLTHUNK_DMABUF_SEND_MAX - 1, &n,
                                   HLTHUNK_WAIT_INDEFINITELY),
            ENOSPC, "253 dma-bufs, max is 252");
    assert_int_equal(n, 0);
    assert_null(back[0]);
    ok(hlthunk_dmabuf_receive(pair[1], back, HLTHUNK_DMABUF_SEND_MAX, &n,
                              HLTHUNK_WAIT_INDEFINITELY));
    assert_int_equal(n, HLTHUNK_DMABUF_SEND_MAX);
    for (unsigned i = 0; i < n; i++) {
        assert_ptr_equal(back[i], m[i]);
        hlthunk_dmabuf_unref(back[i]);
    }
    share_close(&s);
    close(pair[0]);
    close(pair[1]);
    assert_int_equal(count_fds(), before);
}

TEST(bad_arguments)
{
    struct hlthunk_dmabuf *none[2] = { NULL, NULL }, *bare;
    struct hlthunk_dmabuf_origin origin = { .struct_size = 0 };
    struct share s;
    size_t n = 77;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    refused(hlthunk_dmabuf_send(pair[0], NULL, 1, HLTHUNK_WAIT_INDEFINITELY), EINVAL,
            "dmabufs is NULL");
    refused(hlthunk_dmabuf_send(pair[0], none, 0, HLTHUNK_WAIT_INDEFINITELY), EINVAL, "count is 0");
    refused(hlthunk_dmabuf_send(pair[0], none, 2, HLTHUNK_WAIT_INDEFINITELY), EINVAL,
            "element of dmabufs is NULL");
    refused(hlthunk_dmabuf_receive(pair[0], NULL, 1, &n, HLTHUNK_WAIT_INDEFINITELY), EINVAL,
            "dmabufs is NULL");
    refused(hlthunk_dmabuf_receive(pair[0], none, 1, NULL, HLTHUNK_WAIT_INDEFINITELY), EINVAL,
            "count is NULL");
    refused(hlthunk_dmabuf_receive(pair[0], none, 0, &n, HLTHUNK_WAIT_INDEFINITELY), EINVAL,
            "max is 0");
    refused(hlthunk_dmabuf_receive(pair[0], none, 1, &n, 0), EAGAIN, "not ready for receiving");
    refused(hlthunk_dmabuf_get_origin(NULL, &origin), EINVAL, "dmabuf is NULL");
    assert_int_equal(n, 77);
    if (can_export()) {
        pid_t pid;
        int fd, status;

        share_open(&s);
        refused(hlthunk_dmabuf_send(-1, s.m, 1, HLTHUNK_WAIT_INDEFINITELY), EBADF, "socket -1");
        refused(hlthunk_dmabuf_get_origin(s.m[0], NULL), EINVAL, "origin is NULL");
        refused(hlthunk_dmabuf_get_origin(s.m[0], &origin), EINVAL, "origin->struct_size is 0");
        ok(hlthunk_dmabuf_dup_fd(s.m[0], &fd));
        pid = fork();
        if (pid == 0) {
            int bad = hlthunk_dmabuf_send(pair[0], s.m, 1, HLTHUNK_WAIT_INDEFINITELY) != -EPERM ||
                      !strstr(hlthunk_last_error(), "parent");

            /* a bare descriptor tells nothing of its origin */
            origin.struct_size = sizeof(origin);
            bad |= hlthunk_dmabuf_import(fd, &bare) != 0 ||
                   hlthunk_dmabuf_get_origin(bare, &origin) != -ENODATA;
            hlthunk_dmabuf_unref(bare);
            _exit(bad);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        close(fd);
        share_close(&s);
    }
    close(pair[0]);
    close(pair[1]);
}

/* ---- a device in two processes -------------------------------------------------------------- */

/* What the two tell each other beside the device. */
struct note {
    uint64_t address, size; /* of the parent's buffer */
};

static bool tell(int socket, char c)
{
    return write(socket, &c, 1) == 1;
}

static bool hear(int socket, char c)
{
    char got;

    return read(socket, &got, 1) == 1 && got == c;
}

/* Memory of the child's own: apart from the parent's, or refused with the reason. */
static bool allocates_apart(struct hlthunk_device *d, const struct note *note, bool device_mmu,
                            struct hlthunk_buffer **mine)
{
    int rc = hlthunk_buffer_alloc(d, MIB, NULL, mine);

    if (device_mmu)
        return !rc && hlthunk_buffer_get_address(*mine) != note->address;
    return rc == -EOPNOTSUPP && strstr(hlthunk_last_error(), "another process");
}

/* Writes into the parent's buffer through another driver, where there is one. */
static bool writes_to_theirs(struct hlthunk_device *d, const struct note *note)
{
    const struct hlsim_importer *driver = test_importer();
    struct hlsim_attachment *a;
    struct hlthunk_buffer *theirs;
    struct hlthunk_dmabuf *m = NULL;
    bool good;

    if (hlthunk_buffer_from_address(d, note->address, note->size, NULL, &theirs))
        return false;
    good = !can_export() || !hlthunk_dmabuf_export(theirs, 0, 0, NULL, &m);
    if (driver && m) {
        good = !driver->attach(hlthunk_dmabuf_borrow_fd(m), true, &a) && !driver->map(a) &&
               driver->write(a, 3, "child", 6) == 6;
        if (good)
            driver->detach(a);
    }
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(theirs);
    return good;
}

/*
 * Has the parent's device: allocates, and writes into the parent's buffer by its address. Leaves
 * memory behind on purpose: it belongs to the open file.
 */
static int child(int socket)
{
    const int64_t wait = 10000000000;
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device *d, *other;
    struct hlthunk_buffer *mine;
    struct note note;

    if (hlthunk_device_receive(socket, &d, wait) ||
        read(socket, &note, sizeof(note)) != sizeof(note))
        return 1;
    if (hlthunk_device_get_properties(d, &p) || strcmp(p.pci_address, test_pci_address()))
        return 2;
    if (!allocates_apart(d, &note, p.has_device_mmu, &mine))
        return 3;
    if (!writes_to_theirs(d, &note))
        return 4;
    if (!tell(socket, 'w') || !hear(socket, 'c'))
        return 5;
    /* the parent has closed it: here it goes on, and nobody else gets it */
    if (hlthunk_device_open(NULL, &other) != -EBUSY)
        return 6;
    if (hlthunk_device_get_properties(d, &p) || (p.has_device_mmu && hlthunk_buffer_unmap(mine)))
        return 7;
    return 0;
}

TEST(device_in_two_processes)
{
    const struct hlsim_importer *driver = test_importer();
    struct hlthunk_memory_usage before = { .struct_size = sizeof(before) }, after = before;
    struct hlthunk_dmabuf *m = NULL;
    struct hlthunk_buffer *b;
    struct hlthunk_device *d;
    struct note note;
    int pair[2], status;
    pid_t pid;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    pid = fork();
    if (pid == 0) {
        close(pair[0]);
        _exit(child(pair[1]));
    }
    close(pair[1]);
    d = open_device();
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_device_get_memory_usage(d, &before));
    note.address = hlthunk_buffer_get_address(b);
    note.size = MIB;
    ok(hlthunk_device_send(pair[0], d, HLTHUNK_WAIT_INDEFINITELY));
    assert_int_equal(write(pair[0], &note, sizeof(note)), sizeof(note));
    assert_true(hear(pair[0], 'w'));
    ok(hlthunk_device_get_memory_usage(d, &after));
    if (on_asic("gaudi"))
        assert_int_equal(after.used_bytes, before.used_bytes);
    else
        assert_int_equal(after.used_bytes, 2 * before.used_bytes);
    if (driver && can_export()) {
        struct hlsim_attachment *a;
        char text[6] = "";

        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        assert_int_equal(driver->attach(hlthunk_dmabuf_borrow_fd(m), true, &a), 0);
        assert_int_equal(driver->map(a), 0);
        assert_int_equal(driver->read(a, 3, text, 6), 6);
        assert_string_equal(text, "child");
        driver->detach(a);
    }
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    assert_true(tell(pair[0], 'c'));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(hlthunk_device_close(open_device()), 0);
    close(pair[0]);
}

/* Sent to oneself it is the same object; a control node can be sent, too. */
TEST(device_to_oneself)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_device *d[2], *back, *none = (void *)&none;
    struct hlthunk_buffer *b;
    unsigned before;
    int pair[2];

    d[0] = open_device();
    ok(hlthunk_device_open(&o, &d[1]));
    for (unsigned t = 0; t < 3; t++) {
        assert_int_equal(socketpair(AF_UNIX, types[t], 0, pair), 0);
        before = count_fds();
        for (int i = 0; i < 2; i++) {
            ok(hlthunk_device_send(pair[0], d[i], HLTHUNK_WAIT_INDEFINITELY));
            ok(hlthunk_device_receive(pair[1], &back, HLTHUNK_WAIT_INDEFINITELY));
            assert_ptr_equal(back, d[i]);
            hlthunk_device_unref(back);
        }
        assert_int_equal(count_fds(), before);
        refused(hlthunk_device_send(pair[0], NULL, HLTHUNK_WAIT_INDEFINITELY), EINVAL,
                "device is NULL");
        refused(hlthunk_device_receive(pair[1], NULL, HLTHUNK_WAIT_INDEFINITELY), EINVAL,
                "device is NULL");
        close(pair[0]);
        close(pair[1]);
        refused(hlthunk_device_receive(-1, &none, HLTHUNK_WAIT_INDEFINITELY), EBADF, "socket -1");
    }
    assert_ptr_equal(none, &none);
    /* it was not received from another process: memory can be allocated */
    ok(hlthunk_buffer_alloc(d[0], MIB, NULL, &b));
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d[1]), 0);
    assert_int_equal(hlthunk_device_close(d[0]), 0);
}

/* What another driver has attached to a program that is started meanwhile does not have. */
TEST(an_attachment_ends_with_its_driver)
{
    const struct hlsim_importer *driver = test_importer();
    struct hlsim_attachment *a;
    char command[64], line[8];
    struct share s;
    FILE *program;
    int input[2];

    if (!driver || !can_export())
        skip();
    share_open(&s);
    assert_int_equal(driver->attach(hlthunk_dmabuf_borrow_fd(s.m[0]), true, &a), 0);
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(fcntl(input[0], F_SETFD, 0), 0);
    snprintf(command, sizeof(command), "echo; exec cat /proc/self/fd/%d", input[0]);
    program = popen(command, "r");
    assert_non_null(program);
    assert_non_null(fgets(line, sizeof(line), program)); /* it runs, and exec() is over */
    driver->detach(a);
    share_close(&s);
    close(input[0]);
    close(input[1]);
    assert_int_equal(pclose(program), 0);
}

/* ---- hostile senders ------------------------------------------------------------------------ */

static void honest_item(const struct hlthunk_dmabuf *m, struct hl_message_item *item)
{
    memset(item, 0, sizeof(*item));
    item->identity = hlthunk_dmabuf_get_identity(m);
    item->size = hlthunk_dmabuf_get_size(m);
    item->offset = hlthunk_dmabuf_get_offset(m);
    item->origin_known = true;
    strcpy(item->pci_address, test_pci_address());
    strcpy(item->label, "shared");
}

/* One lie in the second of two items. */
TEST(lies)
{
    static const char *const says[] = {
        "is dma-buf",    "dma-buf 1 has", "as offset",     "on 0000:ff",
        "not a dma-buf", "not a dma-buf", "not a dma-buf", "is dma-buf",
    };
    int pair[2], piped[2], memory;
    struct share s;

    if (!can_export())
        skip();
    share_open(&s);
    assert_int_equal(pipe(piped), 0);
    memory = memfd_create("not a dma-buf", MFD_CLOEXEC);
    assert_int_equal(ftruncate(memory, 2 * STEP), 0);
    for (size_t lie = 0; lie < sizeof(says) / sizeof(says[0]); lie++) {
        int fds[2] = { hlthunk_dmabuf_borrow_fd(s.m[0]), hlthunk_dmabuf_borrow_fd(s.m[1]) };
        struct hlthunk_dmabuf *got[2] = { NULL, NULL };
        uint8_t bytes[HL_MESSAGE_HEADER_BYTES + 2 * HL_MESSAGE_ITEM_BYTES];
        struct hl_message_item items[2];
        unsigned before = count_fds();
        size_t n = 77;

        for (int i = 0; i < 2; i++)
            honest_item(s.m[i], &items[i]);
        switch (lie) {
        case 0:
            items[1].identity++;
            break;
        case 1:
            items[1].size += STEP;
            break;
        case 2:
            items[1].offset += STEP;
            break;
        case 3:
            strcpy(items[1].pci_address, "0000:ff:00.0");
            break;
        case 4:
            fds[1] = piped[0];
            break;
        case 5:
            fds[1] = memory;
            break;
        case 6:
            fds[1] = hlthunk_device_borrow_fd(s.device);
            break;
        case 7:
            fds[1] = fds[0];
            break;
        }
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
        hl_message_encode(bytes, HL_MESSAGE_DMABUFS, items, 2);
        assert_int_equal(send_rights(pair[0], bytes, sizeof(bytes), fds, 2), sizeof(bytes));
        refused(hlthunk_dmabuf_receive(pair[1], got, 2, &n, HLTHUNK_WAIT_INDEFINITELY), EPROTO,
                says[lie]);
        assert_int_equal(n, 77);
        assert_null(got[0]);
        close(pair[0]);
        close(pair[1]);
        assert_int_equal(count_fds(), before);
    }
    close(piped[0]);
    close(piped[1]);
    close(memory);
    share_close(&s);
}

/* A device that is another, or none; dma-bufs for a device. */
TEST(device_lies)
{
    static const char *const says[] = { "not of node",     "not of node",   "not of a Habana",
                                        "not of node",     "the device is", "the device is",
                                        "carries dma-bufs" };
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device *d = open_device(), *got = (void *)&got;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), memory = memfd_create("x", MFD_CLOEXEC);
    struct stat st, null_st;

    ok(hlthunk_device_get_properties(d, &p));
    assert_int_equal(fstat(hlthunk_device_borrow_fd(d), &st), 0);
    assert_int_equal(fstat(null, &null_st), 0);
    for (size_t lie = 0; lie < sizeof(says) / sizeof(says[0]); lie++) {
        uint8_t bytes[HL_MESSAGE_HEADER_BYTES + HL_MESSAGE_ITEM_BYTES];
        struct hl_message_item item = { .identity = st.st_rdev,
                                        .size = p.memory_size,
                                        .offset = p.memory_base,
                                        .origin_known = true };
        int fd = hlthunk_device_borrow_fd(d), pair[2];
        unsigned before = count_fds();

        strcpy(item.pci_address, p.pci_address);
        switch (lie) {
        case 0:
            fd = memory;
            break;
        case 1:
            fd = null;
            break;
        case 2:
            fd = null;
            item.identity = null_st.st_rdev;
            break;
        case 3:
            item.identity++;
            break;
        case 4:
            strcpy(item.pci_address, "0000:ff:00.0");
            break;
        case 5:
            item.size++;
            break;
        }
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        hl_message_encode(bytes, lie == 6 ? HL_MESSAGE_DMABUFS : HL_MESSAGE_DEVICE, &item, 1);
        assert_int_equal(send_rights(pair[0], bytes, sizeof(bytes), &fd, 1), sizeof(bytes));
        refused(hlthunk_device_receive(pair[1], &got, HLTHUNK_WAIT_INDEFINITELY), EPROTO,
                says[lie]);
        assert_ptr_equal(got, &got);
        close(pair[0]);
        close(pair[1]);
        assert_int_equal(count_fds(), before);
    }
    close(null);
    close(memory);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* With so few descriptors left: 0, or what is wrong. */
static int receive_with(int socket, rlim_t left)
{
    struct rlimit some, few;
    struct hlthunk_device *d;
    int highest = dup(socket), rc;

    close(highest);
    getrlimit(RLIMIT_NOFILE, &some);
    few = (struct rlimit){ (rlim_t)highest + left, some.rlim_max };
    setrlimit(RLIMIT_NOFILE, &few);
    rc = hlthunk_device_receive(socket, &d, HLTHUNK_WAIT_INDEFINITELY);
    setrlimit(RLIMIT_NOFILE, &some);
    if (!rc)
        hlthunk_device_unref(d);
    else if (rc != -EMFILE)
        return 1;
    if ((left == 0 && rc != -EMFILE) || (left == 1 && rc != -EMFILE) || (left == 8 && rc))
        return 2;
    /* the next message is whole */
    if (hlthunk_device_receive(socket, &d, HLTHUNK_WAIT_INDEFINITELY))
        return 3;
    hlthunk_device_unref(d);
    return 0;
}

/* A process at its limit: -EMFILE, and neither the stream nor a descriptor is lost. */
TEST(a_device_with_few_descriptors)
{
    struct hlthunk_device *d;
    int pair[2], status;
    pid_t pid;

    for (unsigned t = 0; t < 3; t++) {
        assert_int_equal(socketpair(AF_UNIX, types[t] | SOCK_CLOEXEC, 0, pair), 0);
        pid = fork();
        if (pid == 0) {
            unsigned fds = count_fds();
            int bad = 0;

            for (rlim_t left = 0; left <= 8; left++)
                bad = bad ? bad : receive_with(pair[1], left) ? (int)left + 1 : 0;
            _exit(bad ? bad : count_fds() != fds ? 100 : 0);
        }
        d = open_device();
        for (unsigned i = 0; i <= 2 * 8 + 1; i++)
            ok(hlthunk_device_send(pair[0], d, HLTHUNK_WAIT_INDEFINITELY));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        close(pair[0]);
        close(pair[1]);
        assert_int_equal(hlthunk_device_close(d), 0);
    }
}

/* A process that knows nothing of the dma-buf believes its first sender, and no other story then.
 */
static int two_stories(int socket)
{
    struct hlthunk_dmabuf *first, *second;
    size_t n;

    if (hlthunk_dmabuf_receive(socket, &first, 1, &n, HLTHUNK_WAIT_INDEFINITELY) ||
        hlthunk_dmabuf_get_offset(first) != STEP)
        return 1;
    if (hlthunk_dmabuf_receive(socket, &second, 1, &n, HLTHUNK_WAIT_INDEFINITELY) != -EPROTO ||
        !strstr(hlthunk_last_error(), "as offset"))
        return 2;
    if (hlthunk_dmabuf_receive(socket, &second, 1, &n, HLTHUNK_WAIT_INDEFINITELY) ||
        second != first || hlthunk_dmabuf_get_offset(first) != STEP) /* that sender did not know */
        return 3;
    hlthunk_dmabuf_unref(second);
    hlthunk_dmabuf_unref(first);
    return 0;
}

TEST(contradictions)
{
    uint8_t bytes[HL_MESSAGE_HEADER_BYTES + HL_MESSAGE_ITEM_BYTES];
    struct hl_message_item item;
    int pair[2], fd, status;
    struct share s;
    pid_t pid;

    if (!can_export())
        skip();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid = fork();
    if (pid == 0)
        _exit(two_stories(pair[1]));
    share_open(&s);
    fd = hlthunk_dmabuf_borrow_fd(s.m[1]);
    ok(hlthunk_dmabuf_send(pair[0], &s.m[1], 1, HLTHUNK_WAIT_INDEFINITELY));
    honest_item(s.m[1], &item);
    item.offset = 0;
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, &item, 1);
    assert_int_equal(send_rights(pair[0], bytes, sizeof(bytes), &fd, 1), sizeof(bytes));
    item.origin_known = false;
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, &item, 1);
    assert_int_equal(send_rights(pair[0], bytes, sizeof(bytes), &fd, 1), sizeof(bytes));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    share_close(&s);
    close(pair[0]);
    close(pair[1]);
}

/* A message that may be wrong, with the descriptors that go with it. */
struct parcel {
    uint8_t bytes[2 * HL_MESSAGE_MAX_BYTES];
    size_t length, count, fd_count;
    int fds[COUNT + 2];
};

static size_t any_of(size_t n)
{
    return (size_t)random() % n;
}

static void pack(struct parcel *p, const struct share *s)
{
    struct hl_message_item items[COUNT];

    memset(p, 0, sizeof(*p));
    p->count = p->fd_count = 1 + any_of(COUNT);
    for (size_t i = 0; i < p->count; i++) {
        struct hlthunk_dmabuf *m = s->m[any_of(COUNT)];

        honest_item(m, &items[i]);
        p->fds[i] = hlthunk_dmabuf_borrow_fd(m);
    }
    hl_message_encode(p->bytes, HL_MESSAGE_DMABUFS, items, p->count);
    p->length = hl_message_bytes(p->count);
}

/* Bytes flipped, cut, added; descriptors dropped, added, exchanged for others.  Or as it is. */
static void spoil(struct parcel *p, const struct share *s, const int *others)
{
    switch (random() % 8) {
    case 0:
        for (size_t i = 1 + any_of(3); i; i--)
            p->bytes[any_of(p->length)] ^= (uint8_t)(1 << random() % 8);
        break;
    case 1:
        p->length = any_of(p->length);
        break;
    case 2:
        p->length += 1 + any_of(200);
        break;
    case 3:
        p->fd_count = any_of(p->count + 3);
        for (size_t i = p->count; i < p->fd_count; i++)
            p->fds[i] = p->fds[0];
        break;
    case 4:
        p->fds[any_of(p->count)] = others[random() % 2];
        break;
    case 5:
        p->fds[any_of(p->count)] = hlthunk_dmabuf_borrow_fd(s->m[any_of(COUNT)]);
        break;
    case 6: /* the count is not what it was */
        p->bytes[12] = (uint8_t)random();
        break;
    default:
        break;
    }
}

/* In one piece, or over a stream in several, its descriptors spread over them. */
static void deliver(struct parcel *p, int socket, int type)
{
    size_t sent = 0;

    while (type == SOCK_STREAM && p->length - sent > 1 && random() % 3) {
        size_t part = 1 + any_of(p->length - sent - 1), with = any_of(p->fd_count + 1);

        assert_int_equal(send_rights(socket, p->bytes + sent, part, p->fds, with), part);
        p->fd_count -= with;
        /* not memmove(): valgrind takes the fortified one for memcpy() */
        for (size_t left = 0; left < p->fd_count; left++)
            p->fds[left] = p->fds[left + with];
        sent += part;
    }
    if (p->length > sent || type == SOCK_DGRAM)
        assert_int_equal(
            send_rights(socket, p->bytes + sent, p->length - sent, p->fds, p->fd_count),
            p->length - sent);
    if (random() % 2)
        shutdown(socket, SHUT_WR);
}

static void let_go_of_ours(const struct share *s, struct hlthunk_dmabuf **got, size_t n)
{
    assert_uint_in_range(n, 1, COUNT);
    for (size_t i = 0; i < n; i++) {
        unsigned j = 0;

        while (j < COUNT && s->m[j] != got[i])
            j++;
        assert_true(j < COUNT);
        hlthunk_dmabuf_unref(got[i]);
    }
}

/*
 * Any message: none takes longer than its time, leaves a descriptor, or is accepted but as the
 * dma-bufs that it holds.
 */
TEST(any_message)
{
    const int64_t wait = 500000;
    unsigned rounds = getenv("TEST_VALGRIND") ? 100 : 1500, accepted = 0, before;
    static struct parcel parcel;
    int piped[2], others[2];
    struct share s;

    if (!can_export())
        skip();
    share_open(&s);
    assert_int_equal(pipe(piped), 0);
    others[0] = piped[0];
    others[1] = memfd_create("not a dma-buf", MFD_CLOEXEC);
    before = count_fds();
    srandom(7);
    for (unsigned k = 0; k < rounds; k++) {
        struct hlthunk_dmabuf *got[COUNT] = { NULL };
        int pair[2], type = types[random() % 3], rc;
        size_t n = 0;

        pack(&parcel, &s);
        spoil(&parcel, &s, others);
        assert_int_equal(socketpair(AF_UNIX, type, 0, pair), 0);
        deliver(&parcel, pair[0], type);
        rc = hlthunk_dmabuf_receive(pair[1], got, COUNT, &n, wait);
        if (rc == 0) {
            accepted++;
            let_go_of_ours(&s, got, n);
        } else {
            assert_int_equal(n, 0);
            assert_null(got[0]);
            if (rc != -EPROTO && rc != -EPROTONOSUPPORT && rc != -ETIMEDOUT && rc != -EPIPE)
                fail_msg("round %u: %d: %s", k, rc, hlthunk_last_error());
        }
        close(pair[0]);
        close(pair[1]);
        assert_int_equal(count_fds(), before);
    }
    assert_uint_in_range(accepted, rounds / 20, rounds / 2);
    close(piped[0]);
    close(piped[1]);
    close(others[1]);
    share_close(&s); /* also: nobody has kept a reference of an object */
}

SUITE(share)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_file_is_one_object),
        cmocka_unit_test(around),
        cmocka_unit_test(many),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(device_in_two_processes),
        cmocka_unit_test(device_to_oneself),
        cmocka_unit_test(an_attachment_ends_with_its_driver),
        cmocka_unit_test(a_device_with_few_descriptors),
        cmocka_unit_test(device_lies),
        cmocka_unit_test(lies),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(any_message),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
