/* SPDX-License-Identifier: MIT */
/* Memory regions of simulated accelerators' memory, with cards that reach it or do not. */
#include "tests/sim/support.h"

#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hlthunk/verbs.h>

#include "tests/verbs/provider.h"

#define SIZE (4 * MIB)
#define ALL (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE)

#define vok(call)                                                                                  \
    do {                                                                                           \
        int vok_rc = (call);                                                                       \
        if (vok_rc)                                                                                \
            fail_msg("%s: %d: %s", #call, vok_rc, hlthunk_verbs_last_error());                     \
    } while (0)
#define vrefused(call, error, part)                                                                \
    do {                                                                                           \
        int vr_rc = (call);                                                                        \
        if (vr_rc != -(error) || !strstr(hlthunk_verbs_last_error(), part))                        \
            fail_msg("%s: %d: \"%s\" does not say \"%s\"", #call, vr_rc,                           \
                     hlthunk_verbs_last_error(), part);                                            \
    } while (0)

struct fixture {
    struct hlthunk_device *device;
    struct hlthunk_buffer *buffer;
    struct hlthunk_dmabuf *whole, *part; /* part: from 1 MiB on */
};

static void set_up(struct fixture *f)
{
    f->device = open_device();
    ok(hlthunk_buffer_alloc(f->device, SIZE, NULL, &f->buffer));
    ok(hlthunk_dmabuf_export(f->buffer, 0, SIZE, NULL, &f->whole));
    ok(hlthunk_dmabuf_export(f->buffer, MIB, 2 * MIB, NULL, &f->part));
}

/* And nothing is left: the device can be opened again. */
static void tear_down(struct fixture *f)
{
    hlthunk_dmabuf_unref(f->whole);
    hlthunk_dmabuf_unref(f->part);
    hlthunk_buffer_unref(f->buffer);
    assert_int_equal(hlthunk_device_close(f->device), 0);
    assert_int_equal(hlthunk_device_close(open_device()), 0);
}

/* What one card writes through a part another reads through the whole, each by its own addresses.
 */
TEST(bytes_move)
{
    struct hlthunk_verbs_mr_options o = {
        .struct_size = sizeof(o), .offset = 64 * 1024, .size_bytes = MIB, .iova = 0x7000000010000
    };
    struct hlthunk_verbs_mr *a, *b;
    struct card one, two;
    struct fixture f;
    char text[8] = "";
    unsigned before;

    if (!can_export())
        skip();
    card_init(&one, "double0", true);
    card_init(&two, "double1", true);
    set_up(&f);
    before = count_fds();
    vok(hlthunk_verbs_mr_register(&one.pd, f.part, ALL, &o, &a));
    vok(hlthunk_verbs_mr_register(&two.pd, f.whole, IBV_ACCESS_REMOTE_READ, NULL, &b));
    assert_int_equal(hlthunk_verbs_mr_get_address(a), 0x7000000010000);
    assert_int_equal(hlthunk_verbs_mr_get_size(a), MIB);
    assert_int_equal(hlthunk_verbs_mr_get_address(b), 0);
    assert_int_equal(hlthunk_verbs_mr_get_size(b), SIZE);
    assert_ptr_equal(hlthunk_verbs_mr_borrow_dmabuf(a), f.part);
    assert_int_equal(hlthunk_verbs_mr_get_lkey(a), hlthunk_verbs_mr_borrow_mr(a)->lkey);
    assert_int_equal(hlthunk_verbs_mr_get_rkey(a), hlthunk_verbs_mr_borrow_mr(a)->rkey);
    assert_int_equal(
        card_write(&one, hlthunk_verbs_mr_get_rkey(a), 0x7000000010000 + 5, "region", 7), 0);
    assert_int_equal(card_read(&two, hlthunk_verbs_mr_get_rkey(b), MIB + 64 * 1024 + 5, text, 7),
                     0);
    assert_string_equal(text, "region");
    /* no right, no range, another card's key */
    assert_int_equal(card_write(&two, hlthunk_verbs_mr_get_rkey(b), 0, "x", 1), -EACCES);
    assert_int_equal(card_write(&one, hlthunk_verbs_mr_get_rkey(a), 0x7000000010000 + MIB, "x", 1),
                     -EACCES);
    assert_int_equal(card_write(&two, hlthunk_verbs_mr_get_rkey(a), 0x7000000010000, "x", 1),
                     -EACCES);
    assert_ptr_equal(hlthunk_verbs_mr_ref(a), a);
    hlthunk_verbs_mr_unref(a);
    assert_int_equal(one.deregistered, 0);
    hlthunk_verbs_mr_unref(a);
    assert_int_equal(one.deregistered, 1);
    hlthunk_verbs_mr_unref(b);
    hlthunk_verbs_mr_unref(NULL);
    assert_int_equal(count_fds(), before);
    tear_down(&f);
}

static unsigned fds_then;
static int open_then;

/* When the region goes, all that it stands on is still there. */
static void at_deregister(struct card *c)
{
    struct hlthunk_device *d;

    (void)c;
    fds_then = count_fds();
    open_then = hlthunk_device_open(NULL, &d);
}

/* References given back in each of the 24 orders. */
TEST(every_order)
{
    struct card card;

    if (!can_export())
        skip();
    for (unsigned order = 0; order < 256; order++) {
        unsigned seen = 0, before = 0;
        struct hlthunk_verbs_mr *mr;
        struct hlthunk_buffer *b;
        struct hlthunk_device *d;
        struct hlthunk_dmabuf *m;

        for (unsigned i = 0; i < 4; i++)
            seen |= 1u << (order >> 2 * i & 3);
        if (seen != 15)
            continue;
        card_init(&card, "double0", true);
        card.at_deregister = at_deregister;
        d = open_device();
        ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        vok(hlthunk_verbs_mr_register(&card.pd, m, ALL, NULL, &mr));
        for (unsigned i = 0; i < 4; i++) {
            switch (order >> 2 * i & 3) {
            case 0:
                hlthunk_device_unref(d);
                break;
            case 1:
                hlthunk_buffer_unref(b);
                break;
            case 2:
                hlthunk_dmabuf_unref(m);
                break;
            case 3:
                assert_int_equal(card_write(&card, hlthunk_verbs_mr_get_rkey(mr), 0, "x", 1), 0);
                before = count_fds();
                hlthunk_verbs_mr_unref(mr);
                assert_int_equal(card.deregistered, 1);
                assert_int_equal(fds_then, before);
                assert_true(open_then == -EBUSY || open_then == -EAGAIN);
                break;
            }
        }
        assert_int_equal(hlthunk_device_close(open_device()), 0);
    }
}

/* Sixteen cards and one kernel dma-buf, which a second export does not make two of. */
TEST(many_cards)
{
    struct hlthunk_verbs_mr *mr[16];
    struct hlthunk_dmabuf *again;
    struct card cards[16];
    struct fixture f;

    if (!can_export())
        skip();
    set_up(&f);
    for (unsigned i = 0; i < 16; i++) {
        char name[16];

        snprintf(name, sizeof(name), "double%u", i);
        card_init(&cards[i], name, true);
        ok(hlthunk_dmabuf_export(f.buffer, 0, SIZE, NULL, &again));
        vok(hlthunk_verbs_mr_register(&cards[i].pd, again, ALL, NULL, &mr[i]));
        hlthunk_dmabuf_unref(again);
        assert_int_equal(cards[i].last_inode, hlthunk_dmabuf_get_identity(f.whole));
    }
    for (unsigned i = 0; i < 16; i++) {
        uint64_t word = i, got = 99;

        assert_int_equal(card_write(&cards[i], hlthunk_verbs_mr_get_rkey(mr[i]), 0, &word, 8), 0);
        assert_int_equal(
            card_read(&cards[15 - i], hlthunk_verbs_mr_get_rkey(mr[15 - i]), 0, &got, 8), 0);
        assert_int_equal(got, i);
    }
    for (unsigned i = 0; i < 16; i++)
        hlthunk_verbs_mr_unref(mr[(i * 5) % 16]);
    tear_down(&f);
}

/* Of whole pages the region is the range that was exported, never its neighbours. */
TEST(only_the_exported_range)
{
    struct hlthunk_dmabuf_options whole_pages = { .struct_size = sizeof(whole_pages),
                                                  .whole_pages = true };
    struct hlthunk_verbs_mr_options o = { .struct_size = sizeof(o), .offset = 10 };
    struct hlthunk_verbs_mr *mr = (void *)&mr, *all;
    struct hlthunk_dmabuf *range, *longer;
    struct fixture f;
    struct card card;
    char got[304];

    if (!can_export())
        skip();
    card_init(&card, "double0", true);
    set_up(&f);
    ok(hlthunk_dmabuf_export(f.buffer, MIB + 100, 293, &whole_pages, &range));
    assert_int_equal(hlthunk_dmabuf_get_data_size(range), 293);
    assert_int_equal(hlthunk_dmabuf_get_data_size(f.part), 2 * MIB);
    vok(hlthunk_verbs_mr_register(&card.pd, range, ALL, NULL, &mr));
    assert_int_equal(hlthunk_verbs_mr_get_address(mr), 100);
    assert_int_equal(hlthunk_verbs_mr_get_size(mr), 293);
    vok(hlthunk_verbs_mr_register(&card.pd, f.whole, ALL, NULL, &all));
    memset(got, 'n', sizeof(got));
    assert_int_equal(card_write(&card, hlthunk_verbs_mr_get_rkey(all), MIB + 95, got, 303), 0);
    memset(got, 'r', sizeof(got));
    assert_int_equal(card_write(&card, hlthunk_verbs_mr_get_rkey(mr), 100, got, 293), 0);
    assert_int_equal(card_write(&card, hlthunk_verbs_mr_get_rkey(mr), 99, "x", 1), -EACCES);
    assert_int_equal(card_write(&card, hlthunk_verbs_mr_get_rkey(mr), 393, "x", 1), -EACCES);
    assert_int_equal(card_read(&card, hlthunk_verbs_mr_get_rkey(all), MIB + 95, got, 303), 0);
    for (int i = 0; i < 303; i++)
        assert_int_equal(got[i], i < 5 || i >= 298 ? 'n' : 'r');
    hlthunk_verbs_mr_unref(mr);
    /* a part of it, called by an address that fits into its page */
    o.iova = 0x5000 + 110;
    vok(hlthunk_verbs_mr_register(&card.pd, range, ALL, &o, &mr));
    assert_int_equal(hlthunk_verbs_mr_get_size(mr), 283);
    assert_int_equal(card_write(&card, hlthunk_verbs_mr_get_rkey(mr), 0x5000 + 110, "P", 1), 0);
    assert_int_equal(card_read(&card, hlthunk_verbs_mr_get_rkey(all), MIB + 110, got, 1), 0);
    assert_int_equal(got[0], 'P');
    hlthunk_verbs_mr_unref(mr);
    mr = (void *)&mr;
    o.iova = 0x5000 + 10;
    vrefused(hlthunk_verbs_mr_register(&card.pd, range, ALL, &o, &mr), EINVAL, "same position");
    o.iova = 0;
    o.size_bytes = 284;
    vrefused(hlthunk_verbs_mr_register(&card.pd, range, ALL, &o, &mr), EINVAL, "more than the");
    o.offset = 293;
    vrefused(hlthunk_verbs_mr_register(&card.pd, range, ALL, &o, &mr), EINVAL, "not within");
    assert_ptr_equal(mr, &mr);
    /* the same pages for another range are another object */
    ok(hlthunk_dmabuf_export(f.buffer, MIB + 100, 294, &whole_pages, &longer));
    assert_ptr_not_equal(longer, range);
    assert_int_equal(hlthunk_dmabuf_get_data_size(longer), 294);
    hlthunk_dmabuf_unref(longer);
    hlthunk_dmabuf_unref(range);
    hlthunk_verbs_mr_unref(all);
    tear_down(&f);
}

TEST(no_route)
{
    struct hlthunk_verbs_mr *mr = (void *)&mr;
    struct fixture f;
    struct card card;
    unsigned before;

    if (!can_export())
        skip();
    card_init(&card, "double7", false);
    set_up(&f);
    before = count_fds();
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, &mr), EPERM, "peer-to-peer");
    assert_non_null(strstr(hlthunk_verbs_last_error(), "CONFIG_PCI_P2PDMA"));
    assert_non_null(strstr(hlthunk_verbs_last_error(), "double7"));
    assert_non_null(strstr(hlthunk_verbs_last_error(), test_pci_address()));
    assert_ptr_equal(mr, &mr);
    assert_int_equal(count_fds(), before);
    tear_down(&f);
}

/* Each errno that a provider may give comes back, in words, and nothing stays. */
TEST(every_error)
{
    static const struct {
        int error;
        const char *says;
    } errors[] = {
        { EPERM, "peer-to-peer" },
        { EOPNOTSUPP, "cannot register dma-bufs" },
        { ENOSYS, "cannot register" },
        { EPROTONOSUPPORT, "cannot register" },
        { ENOTTY, "cannot register" },
        { ENOMEM, "RLIMIT_MEMLOCK" },
        { EINVAL, "access flags" },
        { EBADF, "borrowed" },
        { ENODEV, "gone" },
        { EIO, "gone" },
        { EFAULT, "Bad address" },
        { EBUSY, "busy" },
        { EAGAIN, "temporarily" },
        { EACCES, "Permission" },
        { ENOSPC, "No space" },
        { ERANGE, "range" },
        { EINTR, "Interrupted" },
        { ETIMEDOUT, "timed" },
    };
    struct hlthunk_verbs_mr *mr = (void *)&mr;
    struct fixture f;
    struct card card;
    unsigned before;

    if (!can_export())
        skip();
    card_init(&card, "double0", true);
    set_up(&f);
    before = count_fds();
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        card.register_error = errors[i].error;
        vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, &mr), errors[i].error,
                 errors[i].says);
        assert_non_null(strstr(hlthunk_verbs_last_error(), strerror(errors[i].error)));
        assert_ptr_equal(mr, &mr);
    }
    for (int internal = 512; internal <= 530; internal++) { /* the kernel's own numbers */
        card.register_error = internal;
        vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, &mr), EOPNOTSUPP,
                 "cannot register dma-bufs");
        assert_null(strstr(hlthunk_verbs_last_error(), "Unknown"));
    }
    card.register_error = -1; /* a provider that says nothing */
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, &mr), EIO, "without a reason");
    card.register_error = 0;
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, IBV_ACCESS_REMOTE_WRITE, NULL, &mr),
             EINVAL, "local writing");
    assert_int_equal(card.registered, 0);
    assert_int_equal(count_fds(), before);
    tear_down(&f);
}

TEST(bad_arguments)
{
    struct hlthunk_verbs_mr_options o = { .struct_size = sizeof(o) };
    struct {
        struct hlthunk_verbs_mr_options known;
        char more;
    } longer = { .known = { .struct_size = sizeof(longer) } };
    struct hlthunk_verbs_mr *mr = (void *)&mr;
    struct fixture f;
    struct card card;

    card_init(&card, "double0", true);
    vrefused(hlthunk_verbs_mr_register(&card.pd, NULL, ALL, NULL, &mr), EINVAL, "dmabuf is NULL");
    vrefused(hlthunk_verbs_mr_deregister(NULL), EINVAL, "mr is NULL");
    if (!can_export())
        return;
    set_up(&f);
    vrefused(hlthunk_verbs_mr_register(NULL, f.part, ALL, NULL, &mr), EINVAL, "pd is NULL");
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, NULL), EINVAL, "mr is NULL");
    o.struct_size = 4;
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &o, &mr), EINVAL,
             "options->struct_size is 4");
    o.struct_size = SIZE_MAX; /* never set */
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &o, &mr), E2BIG,
             "set it to sizeof(*options)");
    o.struct_size = sizeof(o);
    o.offset = 2 * MIB;
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &o, &mr), EINVAL, "not within");
    o.offset = MIB;
    o.size_bytes = MIB + 1;
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &o, &mr), EINVAL, "more than the");
    o.size_bytes = UINT64_MAX;
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &o, &mr), EINVAL, "more than the");
    o.size_bytes = 0;
    o.iova = 12;
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &o, &mr), EINVAL, "same position");
    o.iova = UINT64_MAX & ~(MIB - 1);
    o.size_bytes = MIB + 1;
    o.offset = 0;
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &o, &mr), EINVAL, "64 bits");
    longer.more = 1;
    vrefused(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &longer.known, &mr), E2BIG,
             "non-zero byte");
    assert_ptr_equal(mr, &mr);
    assert_int_equal(card.registered, 0);
    /* at the same place in a page; the last byte of all; bytes that a later version knows */
    o.offset = 12;
    o.size_bytes = 4;
    o.iova = 12;
    vok(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &o, &mr));
    hlthunk_verbs_mr_unref(mr);
    o = (struct hlthunk_verbs_mr_options){ .struct_size = sizeof(o),
                                           .size_bytes = MIB,
                                           .iova = UINT64_MAX & ~(MIB - 1) };
    vok(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &o, &mr));
    hlthunk_verbs_mr_unref(mr);
    longer.more = 0;
    vok(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, &longer.known, &mr));
    hlthunk_verbs_mr_unref(mr);
    tear_down(&f);
}

TEST(deregister)
{
    struct hlthunk_verbs_mr *mr;
    struct fixture f;
    struct card card;

    if (!can_export())
        skip();
    card_init(&card, "double0", true);
    set_up(&f);
    vok(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, &mr));
    card.deregister_error = EBUSY;
    vrefused(hlthunk_verbs_mr_deregister(mr), EBUSY, "memory windows");
    assert_int_equal(card_write(&card, hlthunk_verbs_mr_get_rkey(mr), 0, "x", 1), 0);
    assert_ptr_equal(hlthunk_verbs_mr_borrow_dmabuf(mr), f.part);
    card.deregister_error = EIO;
    vrefused(hlthunk_verbs_mr_deregister(mr), EIO, "cannot be deregistered");
    card.deregister_error = 524;
    vrefused(hlthunk_verbs_mr_deregister(mr), EOPNOTSUPP, "cannot be deregistered");
    card.deregister_error = 0;
    vok(hlthunk_verbs_mr_deregister(mr));
    vok(hlthunk_verbs_mr_deregister(mr));
    assert_int_equal(card.deregistered, 1);
    assert_null(hlthunk_verbs_mr_borrow_mr(mr));
    assert_null(hlthunk_verbs_mr_borrow_dmabuf(mr));
    assert_int_equal(hlthunk_verbs_mr_get_lkey(mr), 0);
    assert_int_equal(hlthunk_verbs_mr_get_rkey(mr), 0);
    tear_down(&f); /* nothing of it is held any more */
    hlthunk_verbs_mr_unref(mr);
    assert_int_equal(card.deregistered, 1);
}

static int is_dmabuf(const struct hlthunk_live_object *o, void *user)
{
    *(int *)user += !strcmp(hlthunk_live_object_get_kind(o), "dma-buf");
    return 0;
}

/* A region that cannot be deregistered keeps its memory, and the device says what keeps it open. */
TEST(stuck)
{
    int status, dmabufs = 0;
    pid_t pid;

    if (!can_export())
        skip();
    pid = fork();
    if (pid == 0) { /* which takes it all with it */
        struct hlthunk_verbs_mr *mr;
        struct fixture f;
        struct card card;

        card_init(&card, "double0", true);
        set_up(&f);
        vok(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, &mr));
        card.deregister_error = EBUSY;
        hlthunk_verbs_mr_unref(mr);
        hlthunk_dmabuf_unref(f.whole);
        hlthunk_dmabuf_unref(f.part);
        hlthunk_buffer_unref(f.buffer);
        ok(hlthunk_device_list_live_objects(f.device, is_dmabuf, &dmabufs));
        _exit(dmabufs != 1 || !hlthunk_device_close(f.device));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(hlthunk_device_close(open_device()), 0);
}

/* A child gives back what it has copies of; the parent's region stays. */
TEST(after_fork)
{
    struct hlthunk_verbs_mr *mr, *none;
    struct fixture f;
    struct card card;
    char c = 0;
    int status;
    pid_t pid;

    if (!can_export())
        skip();
    card_init(&card, "double0", true);
    set_up(&f);
    vok(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, &mr));
    pid = fork();
    if (pid == 0) {
        int bad = hlthunk_verbs_mr_deregister(mr) != -EPERM ||
                  !strstr(hlthunk_verbs_last_error(), "parent") ||
                  hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, &none) != -EPERM ||
                  !strstr(hlthunk_verbs_last_error(), "parent");

        hlthunk_verbs_mr_unref(mr);
        _exit(bad || card.deregistered || card.registered != 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(card_write(&card, hlthunk_verbs_mr_get_rkey(mr), 0, "f", 1), 0);
    assert_int_equal(card_read(&card, hlthunk_verbs_mr_get_rkey(mr), 0, &c, 1), 0);
    assert_int_equal(c, 'f');
    hlthunk_verbs_mr_unref(mr);
    tear_down(&f);
}

/* Each is process 1 of a namespace of its own. */
static int numbered_as_its_parent(void)
{
    struct hlthunk_verbs_mr *mr;
    struct fixture f;
    struct card card;
    int status = 1;
    pid_t pid;

    card_init(&card, "double0", true);
    set_up(&f);
    vok(hlthunk_verbs_mr_register(&card.pd, f.part, ALL, NULL, &mr));
    if (unshare(CLONE_NEWPID))
        return 1;
    pid = fork();
    if (pid == 0)
        _exit(getpid() != 1 || hlthunk_verbs_mr_deregister(mr) != -EPERM || card.deregistered);
    if (waitpid(pid, &status, 0) != pid)
        return 1;
    hlthunk_verbs_mr_unref(mr);
    tear_down(&f);
    return status;
}

TEST(after_fork_into_a_namespace)
{
    int status;
    pid_t pid;

    if (!can_export())
        skip();
    pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWPID))
            _exit(77);
        pid = fork();
        if (pid == 0)
            _exit(getpid() != 1 || numbered_as_its_parent());
        _exit(waitpid(pid, &status, 0) != pid || status);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); /* not allowed here */
    assert_int_equal(status, 0);
}

/* The process with the card is another one than that with the accelerator. */
static int with_the_card(int socket)
{
    struct hlthunk_verbs_mr *mr;
    struct hlthunk_dmabuf *m;
    struct card card;
    size_t n;

    card_init(&card, "double0", true);
    if (hlthunk_dmabuf_receive(socket, &m, 1, &n, HLTHUNK_WAIT_INDEFINITELY) ||
        hlthunk_dmabuf_get_offset(m) != MIB + 100 || hlthunk_dmabuf_get_data_size(m) != 293)
        return 1;
    if (hlthunk_verbs_mr_register(&card.pd, m, ALL, NULL, &mr))
        return 2;
    hlthunk_dmabuf_unref(m);
    if (hlthunk_verbs_mr_get_size(mr) != 293 ||
        card_write(&card, hlthunk_verbs_mr_get_rkey(mr), hlthunk_verbs_mr_get_address(mr), "other",
                   6))
        return 3;
    hlthunk_verbs_mr_unref(mr);
    return card.deregistered != 1;
}

TEST(in_another_process)
{
    struct hlthunk_dmabuf_options whole_pages = { .struct_size = sizeof(whole_pages),
                                                  .whole_pages = true };
    struct hlthunk_verbs_mr *mr;
    struct hlthunk_dmabuf *range;
    struct fixture f;
    struct card card;
    char text[6] = "";
    int pair[2], status;
    pid_t pid;

    if (!can_export())
        skip();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    pid = fork();
    if (pid == 0)
        _exit(with_the_card(pair[1]));
    card_init(&card, "double1", true);
    set_up(&f);
    ok(hlthunk_dmabuf_export(f.buffer, MIB + 100, 293, &whole_pages, &range));
    ok(hlthunk_dmabuf_send(pair[0], &range, 1, HLTHUNK_WAIT_INDEFINITELY));
    hlthunk_dmabuf_unref(range);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    vok(hlthunk_verbs_mr_register(&card.pd, f.whole, ALL, NULL, &mr));
    assert_int_equal(card_read(&card, hlthunk_verbs_mr_get_rkey(mr), MIB + 100, text, 6), 0);
    assert_string_equal(text, "other");
    hlthunk_verbs_mr_unref(mr);
    tear_down(&f);
    close(pair[0]);
    close(pair[1]);
}

static void *register_often(void *dmabuf)
{
    struct hlthunk_verbs_mr *mr;
    struct card card;
    intptr_t bad = 0;

    card_init(&card, "double0", true);
    for (unsigned i = 0; i < 50; i++) {
        if (hlthunk_verbs_mr_register(&card.pd, dmabuf, ALL, NULL, &mr)) {
            bad++;
            continue;
        }
        hlthunk_verbs_mr_unref(hlthunk_verbs_mr_ref(mr));
        hlthunk_verbs_mr_unref(mr);
    }
    return (void *)(bad + (card.deregistered != 50));
}

/* One dma-buf and many threads that register it: counting is all that they share. */
TEST(threads)
{
    pthread_t t[4];
    struct fixture f;

    if (!can_export())
        skip();
    set_up(&f);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, register_often, f.part), 0);
    for (unsigned i = 0; i < 4; i++) {
        void *bad;

        pthread_join(t[i], &bad);
        assert_null(bad);
    }
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_move),
        cmocka_unit_test(every_order),
        cmocka_unit_test(many_cards),
        cmocka_unit_test(no_route),
        cmocka_unit_test(every_error),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(deregister),
        cmocka_unit_test(stuck),
        cmocka_unit_test(after_fork),
        cmocka_unit_test(after_fork_into_a_namespace),
        cmocka_unit_test(in_another_process),
        cmocka_unit_test(threads),
        cmocka_unit_test(only_the_exported_range),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
