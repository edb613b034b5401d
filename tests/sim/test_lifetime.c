/* SPDX-License-Identifier: MIT */
/* The closing order, whatever order references are given back in; leaks; fork. */
#include "tests/sim/support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/kernel/eventfd_number.h"

/* The last lines of the log. */
static char lines[16][512];
static unsigned line_count;

static void keep_line(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)level;
    (void)user;
    snprintf(lines[line_count++ % 16], sizeof(lines[0]), "%s", message);
}

static bool logged(const char *part)
{
    for (unsigned i = 0; i < line_count && i < 16; i++) {
        if (strstr(lines[i], part))
            return true;
    }
    return false;
}

/* A device of which memory was exported that the kernel does not track keeps one to look with. */
static unsigned spare(void)
{
    return on_asic("gaudi") ? 1 : 0;
}

/* One of the six orders in which device, buffer and dma-buf can be given back. */
static void give_back(unsigned order, struct hlthunk_device *d, struct hlthunk_buffer *b,
                      struct hlthunk_dmabuf *m)
{
    static const char orders[6][4] = { "dbm", "dmb", "bdm", "bmd", "mdb", "mbd" };

    for (const char *p = orders[order]; *p; p++) {
        if (*p == 'd')
            hlthunk_device_unref(d);
        else if (*p == 'b')
            hlthunk_buffer_unref(b);
        else
            hlthunk_dmabuf_unref(m);
    }
}

TEST(every_order)
{
    unsigned fds = count_fds();

    if (!can_export())
        skip();
    for (unsigned order = 0; order < 6; order++) {
        struct hlthunk_device *d = open_device();
        struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
        struct hlthunk_buffer *b;
        struct hlthunk_dmabuf *m;

        ok(hlthunk_device_get_memory_usage(d, &u));
        assert_int_equal(u.used_bytes, 0);
        ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        give_back(order, d, b, m);
        assert_int_equal(count_fds(), fds);
    }
}

TEST(closing_tells_what_is_alive)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .label = "activations" };
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;

    ok(hlthunk_buffer_alloc(d, MIB, &o, &b));
    line_count = 0;
    hlthunk_log_set(keep_line, NULL, HLTHUNK_LOG_WARNING);
    assert_int_not_equal(hlthunk_device_close(d), 0);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    assert_true(logged("a buffer of"));
    assert_true(logged("label activations"));
    assert_true(logged(program_invocation_short_name)); /* where it was made */
    refused(hlthunk_device_open(NULL, &d), EBUSY, "is busy");
    hlthunk_buffer_unref(b);
    hlthunk_device_unref(open_device());
}

static int count_live(const struct hlthunk_live_object *o, void *user)
{
    unsigned *n = user;

    assert_true(hlthunk_live_object_get_size(o) > 0);
    return ++*n == 100;
}

TEST(live_objects)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *a, *b;
    unsigned n = 0;

    ok(hlthunk_buffer_alloc(d, MIB, NULL, &a));
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_device_list_live_objects(d, count_live, &n));
    assert_int_equal(n, 2);
    n = 99;
    assert_int_equal(hlthunk_device_list_live_objects(d, count_live, &n), 1); /* stopped early */
    hlthunk_buffer_unref(a);
    n = 0;
    ok(hlthunk_device_list_live_objects(d, count_live, &n));
    assert_int_equal(n, 1);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A device with a buffer that is exported as a whole. */
static struct hlthunk_device *open_exported(struct hlthunk_buffer **b, struct hlthunk_dmabuf **m)
{
    struct hlthunk_device *d = open_device();

    ok(hlthunk_buffer_alloc(d, MIB, NULL, b));
    ok(hlthunk_dmabuf_export(*b, 0, 0, NULL, m));
    return d;
}

/* How a child ended. */
static int end_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* A descriptor that was handed out keeps the memory; nothing is lost, nothing reused too early. */
TEST(memory_waits_for_the_last_descriptor)
{
    struct hlthunk_device *d;
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_buffer *b, *c;
    struct hlthunk_dmabuf *m;
    uint64_t address;
    int fd;

    if (!can_export())
        skip();
    d = open_exported(&b, &m);
    address = hlthunk_buffer_get_address(b);
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    line_count = 0;
    hlthunk_log_set(keep_line, NULL, HLTHUNK_LOG_WARNING);
    hlthunk_dmabuf_unref(m);
    refused(hlthunk_buffer_unmap(NULL), EINVAL, "buffer is NULL");
    hlthunk_buffer_unref(b);
    assert_true(logged("cannot be released yet"));
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_not_equal(u.used_bytes, 0);
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &c));
    /* no call has failed since */
    assert_non_null(strstr(hlthunk_last_error(), "buffer is NULL"));
    assert_int_not_equal(hlthunk_buffer_get_address(c), address);
    hlthunk_buffer_unref(c);
    assert_int_not_equal(hlthunk_device_close(d), 0);
    assert_true(logged("is closed while a dma-buf"));
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    assert_int_equal(hlthunk_device_open(NULL, &d), on_kernel("6.1") ? -EAGAIN : -EBUSY);
    close(fd);
    d = open_device();
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(memory_comes_back_while_the_device_is_open)
{
    struct hlthunk_device *d;
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    int fd;

    if (!can_export())
        skip();
    d = open_exported(&b, &m);
    ok(hlthunk_dmabuf_dup_fd(m, &fd));
    hlthunk_buffer_unref(b);
    hlthunk_dmabuf_unref(m);
    close(fd);
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b)); /* tries what is pending */
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, hlthunk_buffer_get_granted_size(b));
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Several descriptors, and copies of a borrowed one: all of them hold it, the last lets it go. */
TEST(memory_waits_for_each_descriptor)
{
    unsigned fds = count_fds();
    struct hlthunk_device *d;
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_buffer *b, *c;
    struct hlthunk_dmabuf *m[3];
    int fd[3];

    if (!can_export())
        skip();
    d = open_device();
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    for (unsigned i = 0; i < 3; i++) {
        ok(hlthunk_dmabuf_export(b, i * 4096, 4096, NULL, &m[i]));
        if (i)
            ok(hlthunk_dmabuf_dup_fd(m[i], &fd[i]));
        else
            fd[i] = dup(hlthunk_dmabuf_borrow_fd(m[i]));
    }
    for (unsigned i = 0; i < 3; i++)
        hlthunk_dmabuf_unref(m[i]);
    hlthunk_buffer_unref(b);
    for (unsigned i = 3; i--;) {
        ok(hlthunk_buffer_alloc(d, 4096, NULL, &c)); /* tries what is pending */
        ok(hlthunk_device_get_memory_usage(d, &u));
        assert_true(u.used_bytes > hlthunk_buffer_get_granted_size(c));
        hlthunk_buffer_unref(c);
        close(fd[i]);
    }
    /* closing tries once more */
    assert_int_equal(hlthunk_device_close(d), 0);
    assert_int_equal(count_fds(), fds);
}

static bool no_more(const struct hlthunk_memory_failure *failure, void *user)
{
    (void)failure, (void)user;
    return false;
}

/*
 * The last reference tries once more, whatever was made for the device since the memory had to
 * wait: the addresses are given back to what has them still.
 */
TEST(the_last_reference_releases_what_waited)
{
    unsigned fds = count_fds();
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_buffer_options unmapped = { .struct_size = sizeof(unmapped), .unmapped = true };
    struct hlthunk_address_range *r;
    struct hlthunk_buffer *b[2];
    struct hlthunk_dmabuf *m[2];
    struct hlthunk_device *d;
    int fd[2];

    if (!can_export())
        skip();
    d = open_exported(&b[0], &m[0]);
    ok(hlthunk_dmabuf_dup_fd(m[0], &fd[0]));
    hlthunk_dmabuf_unref(m[0]);
    hlthunk_buffer_unref(b[0]); /* waits */
    if (on_asic("gaudi2")) {
        ok(hlthunk_address_range_reserve(d, MIB, NULL, &r));
        ok(hlthunk_buffer_alloc(d, MIB, &unmapped, &b[1]));
        ok(hlthunk_address_range_map(r, 0, b[1]));
        hlthunk_address_range_unref(r);
    } else {
        ok(hlthunk_buffer_alloc(d, MIB, NULL, &b[1]));
    }
    ok(hlthunk_dmabuf_export(b[1], 0, 0, NULL, &m[1]));
    ok(hlthunk_dmabuf_dup_fd(m[1], &fd[1]));
    hlthunk_dmabuf_unref(m[1]);
    hlthunk_buffer_unref(b[1]); /* waits, too */
    ok(hlthunk_device_set_failure_callback(d, no_more, NULL));
    for (unsigned i = 0; i < 2; i++)
        close(fd[i]);
    hlthunk_device_unref(d);
    assert_int_equal(count_fds(), fds);
    d = open_device();
    ok(hlthunk_device_get_memory_usage(d, &u));
    assert_int_equal(u.used_bytes, 0);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* In a child every call says so; giving back closes the child's copies and nothing else. */
TEST(after_fork)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b, *none;
    struct hlthunk_dmabuf *m = NULL;
    struct hlthunk_memory_usage before = { .struct_size = sizeof(before) }, after = before;
    pid_t pid;

    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    if (can_export())
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    ok(hlthunk_device_get_memory_usage(d, &before));
    pid = fork();
    if (pid == 0) {
        int bad = hlthunk_buffer_alloc(d, MIB, NULL, &none) != -EPERM ||
                  !strstr(hlthunk_last_error(), "parent") ||
                  hlthunk_device_get_memory_usage(d, &after) != -EPERM ||
                  hlthunk_buffer_unmap(b) != -EPERM;
        struct hlthunk_device *mine;
        unsigned fds = count_fds();

        /* what is alive is the parent's to know and to release */
        line_count = 0;
        hlthunk_log_set(keep_line, NULL, HLTHUNK_LOG_WARNING);
        bad |= hlthunk_device_close(hlthunk_device_ref(d)) != 0 || line_count;
        hlthunk_dmabuf_unref(m);
        hlthunk_buffer_unref(b);
        hlthunk_device_close(d);
        bad |= count_fds() != fds - 1 - (m ? 1 + spare() : 0); /* its copies are closed */
        bad |= hlthunk_device_open(NULL, &mine) != -EBUSY;
        _exit(bad);
    }
    assert_int_equal(end_of(pid), 0);
    ok(hlthunk_device_get_memory_usage(d, &after));
    assert_int_equal(after.used_bytes, before.used_bytes);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    hlthunk_device_unref(open_device());
}

/* As fork(), but no handler of pthread_atfork() runs. */
static pid_t raw_clone(void)
{
    return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

TEST(after_raw_clone)
{
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    pid_t pid;

    if (!can_export())
        skip();
    d = open_exported(&b, &m);
    pid = raw_clone();
    if (pid == 0) {
        unsigned fds = count_fds();

        hlthunk_dmabuf_unref(m);
        hlthunk_buffer_unref(b);
        hlthunk_device_close(d);
        _exit(count_fds() != fds - 2 - spare()); /* its copies are closed */
    }
    assert_int_equal(end_of(pid), 0);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* A child that has closed all that it got has other files under the numbers, which stay. */
TEST(a_child_reuses_the_numbers)
{
    struct hlthunk_device *d;
    struct hlthunk_buffer *b, *mine;
    struct hlthunk_dmabuf *m, *my_dmabuf;
    pid_t pid;
    int fd;

    if (!can_export())
        skip();
    d = open_exported(&b, &m);
    fd = hlthunk_dmabuf_borrow_fd(m);
    for (int other = 0; other < 2; other++) {
        pid = raw_clone();
        if (pid == 0) {
            int bad = 0;

            close(fd);
            if (other)
                bad = dup2(STDERR_FILENO, fd) != fd;
            else /* one of its own, of the same size */
                bad = dup2(hlthunk_device_borrow_fd(d), STDIN_FILENO) != STDIN_FILENO ||
                      close(hlthunk_device_borrow_fd(d)) ||
                      hlthunk_device_from_fd(STDIN_FILENO, &d) ||
                      hlthunk_buffer_alloc(d, MIB, NULL, &mine) ||
                      hlthunk_dmabuf_export(mine, 0, 0, NULL, &my_dmabuf) ||
                      hlthunk_dmabuf_borrow_fd(my_dmabuf) != fd;
            hlthunk_dmabuf_unref(m);
            bad |= fcntl(fd, F_GETFD) < 0;
            _exit(bad);
        }
        assert_int_equal(end_of(pid), 0);
    }
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    hlthunk_device_unref(d);
}

static int in_child(int (*run)(void *), void *arg)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(run(arg));
    return end_of(pid);
}

struct set {
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m, *foreign;
    int fd; /* of a dma-buf whose object is gone */
};

/* What the child has closed is not its library's to close: the numbers are other files now. */
static int with_numbers_used_again(void *arg)
{
    struct set *s = arg;
    bool used[256] = { false };
    int bad = 0;

    for (int fd = 3; fd < 256; fd++) {
        used[fd] = fcntl(fd, F_GETFD) >= 0;
        bad |= used[fd] && dup2(1, fd) != fd;
    }
    hlthunk_dmabuf_unref(s->foreign);
    hlthunk_dmabuf_unref(s->m);
    hlthunk_buffer_unref(s->b);
    hlthunk_device_unref(s->d);
    for (int fd = 3; fd < 256; fd++)
        bad |= used[fd] && fcntl(fd, F_GETFD) < 0;
    return bad;
}

/* All copies are closed, of what was imported, is watched, or is pending, too. */
static int with_all_given_back(void *arg)
{
    struct set *s = arg;
    unsigned fds = count_fds(), watched = on_asic("gaudi") ? 2 + spare() : 0;

    hlthunk_dmabuf_unref(s->foreign);
    hlthunk_dmabuf_unref(s->m);
    hlthunk_buffer_unref(s->b);
    hlthunk_device_unref(s->d);
    return count_fds() != fds - 3 - watched;
}

/* The parent's dma-buf is a foreign one here, and its device one that the parent has opened. */
static int with_an_import(void *arg)
{
    struct set *s = arg;
    struct hlthunk_dmabuf *m = NULL;
    int fd = dup(hlthunk_dmabuf_borrow_fd(s->m)), bad;

    bad = hlthunk_dmabuf_import(fd, &m) || m == s->m || hlthunk_dmabuf_borrow_buffer(m) ||
          hlthunk_dmabuf_set_name(m, "child");
    hlthunk_dmabuf_unref(m);
    return bad || fcntl(fd, F_GETFD) != -1;
}

TEST(a_child_closes_its_own_copies_only)
{
    struct hlthunk_buffer *pending;
    struct hlthunk_dmabuf *gone;
    struct set s;
    int fd;

    if (!can_export())
        skip();
    s.d = open_exported(&s.b, &s.m);
    ok(hlthunk_dmabuf_export(s.b, 4096, 4096, NULL, &gone));
    ok(hlthunk_dmabuf_dup_fd(gone, &s.fd));
    hlthunk_dmabuf_unref(gone);
    ok(hlthunk_dmabuf_import(s.fd, &s.foreign));
    assert_null(hlthunk_dmabuf_borrow_buffer(s.foreign));
    /* a whole buffer that is waited for */
    ok(hlthunk_buffer_alloc(s.d, MIB, NULL, &pending));
    ok(hlthunk_dmabuf_export(pending, 0, 0, NULL, &gone));
    ok(hlthunk_dmabuf_dup_fd(gone, &fd));
    hlthunk_dmabuf_unref(gone);
    hlthunk_buffer_unref(pending);
    assert_int_equal(in_child(with_numbers_used_again, &s), 0);
    assert_int_equal(in_child(with_all_given_back, &s), 0);
    assert_int_equal(in_child(with_an_import, &s), 0);
    close(fd);
    hlthunk_dmabuf_unref(s.foreign);
    hlthunk_dmabuf_unref(s.m);
    hlthunk_buffer_unref(s.b);
    assert_int_equal(hlthunk_device_close(s.d), 0);
    hlthunk_device_unref(open_device());
}

/* One of each object with descriptors of its own, behind the one of the device. */
struct owners {
    struct hlthunk_device *d;
    struct hlthunk_reset_watch *watch;
    struct hlthunk_event_notifier *notifier;
    struct hlthunk_completion *completion;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    uint64_t word;
};

static void no_reset(struct hlthunk_device *d, enum hlthunk_stale_reason why, void *user)
{
    (void)d, (void)why, (void)user;
}

static void make_owners(struct owners *s)
{
    const uint64_t one = 1;

    memset(s, 0, sizeof(*s));
    s->d = open_device();
    ok(hlthunk_reset_watch_create(s->d, no_reset, NULL, NULL, &s->watch));
    if (!on_kernel("6.1"))
        ok(hlthunk_event_notifier_create(s->d, NULL, &s->notifier));
    if (on_asic("gaudi2")) /* which never comes */
        ok(hlthunk_completion_create_for_interrupt(s->d, 0, &s->word, one, NULL, &s->completion));
    ok(hlthunk_buffer_alloc(s->d, MIB, NULL, &s->b));
    if (can_export())
        ok(hlthunk_dmabuf_export(s->b, 0, 0, NULL, &s->m));
}

static void give_owners_back(struct owners *s)
{
    hlthunk_completion_unref(s->completion);
    hlthunk_event_notifier_unref(s->notifier);
    hlthunk_reset_watch_unref(s->watch);
    hlthunk_dmabuf_unref(s->m);
    hlthunk_buffer_unref(s->b);
    hlthunk_device_unref(s->d);
}

/*
 * An eventfd as fd, the lowest number that is free, which was the library's (its number, or -1).
 * The kernel gives the number of a closed eventfd to any later one: the same one under the same
 * descriptor could not be told from the library's.
 */
static bool own_eventfd(int fd, int64_t was)
{
    int64_t number;
    int first = eventfd(0, EFD_NONBLOCK), second;

    if (first != fd || hl_eventfd_number(fd, &number))
        return false;
    if (was < 0 || number != was)
        return true;
    second = eventfd(0, EFD_NONBLOCK);
    return dup2(second, fd) == fd && close(second) == 0;
}

/*
 * Closes everything above 2, as daemons and launchers do, and has files of its own under all the
 * numbers: eventfds and epolls, which have the same inode as the library's, or pipes.  True: after
 * the objects are given back each is there, and is empty.
 */
static bool reuse_all_numbers(struct owners *s, bool anonymous)
{
    int64_t was[64];
    bool good = true;

    for (int fd = 3; fd < 64; fd++)
        (void)hl_eventfd_number(fd, &was[fd]);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    for (int fd = 3; fd < 64; fd++) {
        int pair[2] = { -1, -1 };

        if (anonymous)
            good &= fd % 4 ? own_eventfd(fd, was[fd]) : epoll_create1(0) == fd;
        else if (fd % 2)
            good &= pipe2(pair, O_NONBLOCK) == 0 && pair[0] == fd;
    }
    give_owners_back(s);
    for (int fd = 3; fd < 63; fd++) {
        char bytes[8];

        good &= fcntl(fd, F_GETFD) >= 0;
        good &= (anonymous ? fd % 4 == 0 : fd % 2 == 0) || read(fd, bytes, sizeof(bytes)) < 0;
    }
    return good;
}

/* Whoever closes our descriptors keeps what it has under the numbers: a child, or the program. */
TEST(somebody_elses_descriptor_stays)
{
    for (int anonymous = 0; anonymous < 2; anonymous++) {
        for (int itself = 0; itself < 2; itself++) {
            struct owners s;
            pid_t pid;

            if (!itself)
                make_owners(&s);
            pid = fork();
            if (pid == 0) {
                if (itself)
                    make_owners(&s);
                _exit(!reuse_all_numbers(&s, anonymous));
            }
            assert_int_equal(end_of(pid), 0);
            if (!itself)
                give_owners_back(&s);
        }
    }
}

/* What it has not closed is: a copy in a child, and all of it in the process that made it. */
TEST(no_descriptor_is_left)
{
    unsigned fds = count_fds();
    struct owners s;
    pid_t pid;

    make_owners(&s);
    pid = fork();
    if (pid == 0) {
        give_owners_back(&s);
        _exit(count_fds() != fds);
    }
    assert_int_equal(end_of(pid), 0);
    give_owners_back(&s);
    assert_int_equal(count_fds(), fds);
    /* also when there is none left to look with */
    pid = fork();
    if (pid == 0) {
        struct rlimit some, none = { 3, 3 };

        getrlimit(RLIMIT_NOFILE, &some);
        none.rlim_max = some.rlim_max;
        make_owners(&s);
        setrlimit(RLIMIT_NOFILE, &none);
        give_owners_back(&s);
        setrlimit(RLIMIT_NOFILE, &some);
        _exit(count_fds() != fds);
    }
    assert_int_equal(end_of(pid), 0);
}

SUITE(lifetime)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order),
        cmocka_unit_test(closing_tells_what_is_alive),
        cmocka_unit_test(live_objects),
        cmocka_unit_test(memory_waits_for_the_last_descriptor),
        cmocka_unit_test(memory_comes_back_while_the_device_is_open),
        cmocka_unit_test(memory_waits_for_each_descriptor),
        cmocka_unit_test(the_last_reference_releases_what_waited),
        cmocka_unit_test(after_fork),
        cmocka_unit_test(a_child_closes_its_own_copies_only),
        cmocka_unit_test(after_raw_clone),
        cmocka_unit_test(a_child_reuses_the_numbers),
        cmocka_unit_test(somebody_elses_descriptor_stays),
        cmocka_unit_test(no_descriptor_is_left),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
