/* SPDX-License-Identifier: MIT */
/* Resets and removals under a program: stale objects, the callback, closing, opening again. */
#include "tests/sim/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000 /* of a busy machine */

static unsigned lines;
static char last_line[512];

static void count_line(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)level, (void)user;
    snprintf(last_line, sizeof(last_line), "%s", message);
    __atomic_fetch_add(&lines, 1, __ATOMIC_SEQ_CST);
}

static void ctl(const char *command)
{
    char text[96];

    snprintf(text, sizeof(text), "\"$HLSIM_PROGRAM\" ctl %s", command);
    assert_int_equal(system(text), 0);
}

static void *tell_tid(void *tid)
{
    *(pid_t *)tid = (pid_t)syscall(SYS_gettid);
    return NULL;
}

/* Sanitizers have a thread of their own from the first on that a program makes. */
static unsigned count_threads(void)
{
    unsigned n = 0;
    char path[48];
    pthread_t t;
    pid_t tid;
    DIR *d;

    assert_int_equal(pthread_create(&t, NULL, tell_tid, &tid), 0);
    pthread_join(t, NULL);
    /* what was joined is in the list for a moment more */
    snprintf(path, sizeof(path), "/proc/self/task/%d", (int)tid);
    while (access(path, F_OK) == 0)
        usleep(100);
    d = opendir("/proc/self/task");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

/* The library joins its threads, too. */
static void threads_become(unsigned n)
{
    for (int i = 0; i < PATIENCE_MS && count_threads() != n; i++)
        usleep(1000);
    assert_int_equal(count_threads(), n);
}

/* One of everything on a device. */
struct set {
    struct hlthunk_device *d;
    struct hlthunk_buffer *b, *host, *unmapped;
    struct hlthunk_dmabuf *m;
    struct hlthunk_command_buffer *cb;
    void *memory;
};

static void make(struct set *s)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .unmapped = true };

    memset(s, 0, sizeof(*s));
    s->d = open_device();
    ok(hlthunk_buffer_alloc(s->d, MIB, NULL, &s->b));
    ok(hlthunk_buffer_alloc(s->d, MIB, &o, &s->unmapped));
    if (posix_memalign(&s->memory, 4096, 4096))
        abort();
    memset(s->memory, 0, 4096);
    ok(hlthunk_buffer_from_host(s->d, s->memory, 4096, NULL, &s->host));
    ok(hlthunk_command_buffer_create(s->d, 4096, NULL, &s->cb));
    if (can_export())
        ok(hlthunk_dmabuf_export(s->b, 0, 0, NULL, &s->m));
}

static void give_back(struct set *s)
{
    hlthunk_dmabuf_unref(s->m);
    hlthunk_buffer_unref(s->unmapped);
    hlthunk_buffer_unref(s->b);
    hlthunk_buffer_unref(s->host);
    hlthunk_command_buffer_unref(s->cb);
    free(s->memory);
}

static int count_live(const struct hlthunk_live_object *o, void *user)
{
    (void)o;
    ++*(unsigned *)user;
    return 0;
}

/* Every call on every object says so; no output is touched. */
static void all_say_so(struct set *s)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_reset_watch *w = NULL;
    struct hlthunk_event_notifier *n = NULL;
    struct hlthunk_command_buffer *cb = NULL;
    struct hlthunk_device *again = NULL;
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };
    struct hlthunk_buffer *b = NULL;
    struct hlthunk_dmabuf *m = NULL;
    unsigned live = 0;
    uint32_t uses;
    int fd = -7;

    refused(hlthunk_buffer_alloc(s->d, MIB, NULL, &b), ENODEV, "open it again");
    refused(hlthunk_buffer_from_host(s->d, s->memory, 4096, NULL, &b), ENODEV, "open it again");
    refused(hlthunk_buffer_from_address(s->d, 4096, 4096, NULL, &b), ENODEV, "open it again");
    refused(hlthunk_command_buffer_create(s->d, 64, NULL, &cb), ENODEV, "open it again");
    refused(hlthunk_event_notifier_create(s->d, NULL, &n), ENODEV, "open it again");
    refused(hlthunk_reset_watch_create(s->d, (hlthunk_reset_fn)abort, NULL, NULL, &w), ENODEV,
            "open it again");
    refused(hlthunk_device_get_memory_usage(s->d, &u), ENODEV, "open it again");
    refused(hlthunk_device_get_properties(s->d, &p), ENODEV, "open it again");
    refused(hlthunk_buffer_map(s->unmapped, NULL), ENODEV, "buffer is stale");
    refused(hlthunk_buffer_unmap(s->b), ENODEV, "buffer is stale");
    refused(hlthunk_dmabuf_export(s->b, 0, 0, NULL, &m), ENODEV, "buffer is stale");
    refused(hlthunk_command_buffer_get_usage(s->cb, &uses), ENODEV, "command_buffer is stale");
    if (s->m) {
        refused(hlthunk_dmabuf_dup_fd(s->m, &fd), ENODEV, "dmabuf is stale");
        refused(hlthunk_dmabuf_set_name(s->m, "x"), ENODEV, "dmabuf is stale");
        assert_true(hlthunk_dmabuf_borrow_fd(s->m) > 2); /* to deregister it by */
    }
    /* its file may still answer: with another object, never this one */
    if (hlthunk_device_from_fd(hlthunk_device_borrow_fd(s->d), &again) == 0) {
        assert_ptr_not_equal(again, s->d);
        hlthunk_device_unref(again);
    }
    assert_int_equal(fd, -7);
    assert_true(!w && !n && !cb && !b && !m);
    /* what is to be released can be listed */
    assert_int_equal(hlthunk_device_list_live_objects(s->d, count_live, &live), 0);
    assert_true(live >= 4);
}

TEST(a_call_notices)
{
    unsigned fds = count_fds();
    enum hlthunk_status status = 99;
    struct hlthunk_buffer *b = NULL;
    struct set s;

    make(&s);
    lines = 0;
    hlthunk_log_set(count_line, NULL, HLTHUNK_LOG_WARNING);
    ctl("reset 0");
    assert_int_equal(hlthunk_device_get_stale_reason(s.d),
                     HLTHUNK_STALE_NOT); /* nobody has looked yet */
    refused(hlthunk_buffer_alloc(s.d, MIB, NULL, &b), ENODEV, "was reset or removed");
    assert_int_equal(hlthunk_device_get_stale_reason(s.d), HLTHUNK_STALE_RESET);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(last_line, "being reset"));
    all_say_so(&s);
    ok(hlthunk_device_get_status(s.d, &status));
    assert_int_equal(status, HLTHUNK_STATUS_IN_RESET);
    give_back(&s);
    assert_int_equal(hlthunk_device_close(s.d), 0);
    assert_int_equal(lines, 1); /* nothing about memory that cannot be released */
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    assert_int_equal(count_fds(), fds);
    make(&s);
    give_back(&s);
    assert_int_equal(hlthunk_device_close(s.d), 0);
}

TEST(releasing_notices)
{
    struct set s;

    make(&s);
    lines = 0;
    hlthunk_log_set(count_line, NULL, HLTHUNK_LOG_WARNING);
    ctl("reset 0");
    give_back(&s);
    assert_int_equal(hlthunk_device_get_stale_reason(s.d), HLTHUNK_STALE_RESET);
    assert_int_equal(lines, 1);
    assert_int_equal(hlthunk_device_close(s.d), 0);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    hlthunk_device_unref(open_device());
}

TEST(the_status_notices)
{
    struct hlthunk_device *d = open_device();
    enum hlthunk_status status;

    ok(hlthunk_device_get_status(d, &status));
    assert_int_equal(status, HLTHUNK_STATUS_OPERATIONAL);
    assert_int_equal(hlthunk_device_get_stale_reason(d), HLTHUNK_STALE_NOT);
    ctl("reset 0");
    ok(hlthunk_device_get_status(d, &status));
    assert_int_equal(hlthunk_device_get_stale_reason(d), HLTHUNK_STALE_RESET);
    assert_int_equal(hlthunk_device_close(d), 0);
    hlthunk_device_unref(open_device());
}

/* What is kept alive after a reset is reported: it holds the device's file. */
TEST(a_leak_after_a_reset_is_told)
{
    enum hlthunk_status status;
    struct set s;

    make(&s);
    ctl("reset 0");
    ok(hlthunk_device_get_status(s.d, &status));
    lines = 0;
    hlthunk_log_set(count_line, NULL, HLTHUNK_LOG_WARNING);
    assert_int_not_equal(hlthunk_device_close(s.d), 0);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    assert_int_equal(lines, can_export() ? 5 : 4);
    give_back(&s);
    hlthunk_device_unref(open_device());
}

/* The fd that an importer still has keeps the device from coming back. */
TEST(a_forgotten_dmabuf_holds_up_the_reset)
{
    struct hlthunk_device *again;
    struct hlthunk_buffer *b = NULL;
    struct set s;
    int fd, rc;

    if (!can_export())
        skip();
    make(&s);
    ok(hlthunk_dmabuf_dup_fd(s.m, &fd));
    ctl("reset 0");
    refused(hlthunk_buffer_alloc(s.d, MIB, NULL, &b), ENODEV, "was reset");
    give_back(&s);
    assert_int_equal(hlthunk_device_close(s.d), 0);
    rc = hlthunk_device_open(NULL, &again);
    if (rc == -EAGAIN)
        refused(rc, EAGAIN,
                "a dma-buf that some process has not closed keeps it there after a reset");
    else
        refused(rc, EBUSY, "still has a dma-buf");
    close(fd);
    hlthunk_device_unref(open_device());
}

/* EAGAIN from the close to the end of the reset, which a late look misses. */
TEST(after_a_reset_the_device_takes_a_moment)
{
    bool seen = false;
    int fd = -1;

    for (unsigned i = 0; i < 30 && !seen; i++) {
        while ((fd = open(test_node(false), O_RDWR | O_CLOEXEC)) < 0)
            usleep(5000);
        ctl("reset 0");
        close(fd);
        fd = open(test_node(false), O_RDWR | O_CLOEXEC);
        seen = fd < 0 && errno == EAGAIN;
        if (fd >= 0)
            close(fd);
    }
    assert_true(seen);
    hlthunk_device_unref(open_device());
}

/* ---- events ---- */

/* The announcement of a reset: on 6.1 that bit of a Goya's means only its engines. */
static enum hlthunk_event_kind announce_reset(void)
{
    bool unavailable = on_asic("goya") && on_kernel("6.1");

    ctl(unavailable ? "event 0 0x10" : "event 0 0x4");
    return unavailable ? HLTHUNK_EVENT_DEVICE_UNAVAILABLE : HLTHUNK_EVENT_DEVICE_RESET;
}

TEST(an_event_makes_stale)
{
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_event_notifier *n;
    struct hlthunk_buffer *b = NULL;
    struct hlthunk_device *d = open_device();
    enum hlthunk_event_kind announced;

    ok(hlthunk_event_notifier_create(d, NULL, &n));
    ctl("event 0 0x40");
    ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_GENERAL_HW_ERROR);
    assert_int_equal(hlthunk_device_get_stale_reason(d), HLTHUNK_STALE_NOT);
    /* the driver announces a reset: its status is operational still */
    announced = announce_reset();
    ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
    assert_int_equal(e.kind, announced);
    assert_int_equal(hlthunk_device_get_stale_reason(d), HLTHUNK_STALE_RESET);
    refused(hlthunk_buffer_alloc(d, MIB, NULL, &b), ENODEV, "was reset or removed");
    refused(hlthunk_event_notifier_wait(n, 0, &e), ETIMEDOUT, "no event"); /* it still answers */
    hlthunk_event_notifier_unref(n);
    assert_int_equal(hlthunk_device_close(d), 0);
    hlthunk_device_unref(open_device());
}

/* ---- the callback ---- */

struct told {
    atomic_uint times;
    enum hlthunk_stale_reason why;
    pthread_t thread;
    struct set *set;                    /* given back by the callback */
    struct hlthunk_reset_watch **watch; /* likewise */
    int eventfd;
};

static void tell(struct hlthunk_device *d, enum hlthunk_stale_reason why, void *user)
{
    struct told *t = user;
    struct hlthunk_buffer *b = NULL;
    const uint64_t one = 1;

    t->why = why;
    t->thread = pthread_self();
    if (hlthunk_device_get_stale_reason(d) != why ||
        hlthunk_buffer_alloc(d, MIB, NULL, &b) != -ENODEV)
        abort();
    if (t->set)
        give_back(t->set);
    if (t->watch) {
        hlthunk_reset_watch_unref(*t->watch);
        hlthunk_device_unref(d);
    }
    atomic_fetch_add(&t->times, 1);
    if (write(t->eventfd, &one, sizeof(one)) < 0)
        abort();
}

static void told_init(struct told *t)
{
    memset(t, 0, sizeof(*t));
    t->eventfd = eventfd(0, EFD_CLOEXEC);
    assert_true(t->eventfd > 2);
}

/* Within this time, once, on another thread. */
static void told_within(struct told *t, int ms)
{
    struct pollfd p = { .fd = t->eventfd, .events = POLLIN };
    uint64_t count;

    assert_int_equal(poll(&p, 1, ms), 1);
    assert_int_equal(read(t->eventfd, &count, sizeof(count)), sizeof(count));
    assert_int_equal(count, 1);
    assert_int_equal(atomic_load(&t->times), 1);
    assert_false(pthread_equal(t->thread, pthread_self()));
}

TEST(a_watch_calls_back)
{
    unsigned fds = count_fds(), threads = count_threads();
    struct hlthunk_reset_watch *w = NULL;
    struct told t;
    struct set s;

    told_init(&t);
    make(&s);
    ok(hlthunk_reset_watch_create(s.d, tell, &t, NULL, &w));
    threads_become(threads + 1);
    usleep(250000);
    assert_int_equal(atomic_load(&t.times), 0);
    ctl("reset 0");
    told_within(&t, PATIENCE_MS);
    assert_int_equal(t.why, HLTHUNK_STALE_RESET);
    all_say_so(&s);
    usleep(250000);
    assert_int_equal(atomic_load(&t.times), 1);
    hlthunk_reset_watch_unref(w);
    give_back(&s);
    assert_int_equal(hlthunk_device_close(s.d), 0);
    close(t.eventfd);
    assert_int_equal(count_fds(), fds);
    threads_become(threads);
    hlthunk_device_unref(open_device());
}

/* The callback itself gives everything back, the watch and the device too. */
TEST(the_callback_may_end_it_all)
{
    unsigned fds = count_fds();
    struct hlthunk_reset_watch *w = NULL;
    struct told t;
    struct set s;

    told_init(&t);
    make(&s);
    t.set = &s;
    t.watch = &w;
    ok(hlthunk_reset_watch_create(s.d, tell, &t, NULL, &w));
    ctl("reset 0");
    told_within(&t, PATIENCE_MS);
    close(t.eventfd);
    hlthunk_device_unref(open_device()); /* is ready: nothing was left */
    assert_int_equal(count_fds(), fds);
}

/* 6.1 announces a reset of only Goya's engines as one: the device, and all on it, is as it was. */
TEST(a_reset_of_only_the_engines)
{
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_command_buffer *hung;
    struct hlthunk_event_notifier *n;
    struct hlthunk_reset_watch *w;
    struct hlthunk_buffer *b;
    struct hlthunk_device *d;
    struct told t;
    uint32_t resets;

    if (!on_asic("goya") || !on_kernel("6.1"))
        skip();
    told_init(&t);
    d = open_device();
    ok(hlthunk_reset_watch_create(d, tell, &t, NULL, &w));
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    resets = count_resets(d).soft_reset_count;
    hung = hang_engine(d);
    ok(hlthunk_event_notifier_wait(n, 20000000000, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_DEVICE_RESET);
    ok(hlthunk_event_notifier_wait(n, 20000000000, &e));
    assert_int_equal(e.kind, HLTHUNK_EVENT_CS_TIMEOUT);
    wait_for_engines(d, resets);
    usleep(250000); /* the watch asks in the meantime */
    assert_int_equal(hlthunk_device_get_stale_reason(d), HLTHUNK_STALE_NOT);
    assert_int_equal(atomic_load(&t.times), 0);
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    hlthunk_buffer_unref(b);
    hlthunk_event_notifier_unref(n);
    hlthunk_reset_watch_unref(w);
    hlthunk_command_buffer_unref(hung);
    assert_int_equal(hlthunk_device_close(d), 0);
    close(t.eventfd);
}

/* What a log receiver releases on the library's own thread. */
static struct released {
    struct hlthunk_reset_watch *watch;
    struct hlthunk_device *device;
    atomic_uint times;
} released;

static void release_what_is_lost(enum hlthunk_log_level level, const char *message, void *user)
{
    struct released *r = user;

    (void)level;
    if (!strstr(message, "is being reset"))
        return;
    hlthunk_reset_watch_unref(r->watch);
    if (r->device)
        hlthunk_device_unref(r->device);
    atomic_fetch_add(&r->times, 1);
}

/* The message comes on the watch's thread: its receiver may release the watch, and the device. */
TEST(a_receiver_releases_the_watch)
{
    unsigned fds = count_fds(), threads = count_threads();
    struct hlthunk_device *d;
    struct told t;

    for (unsigned last = 0; last < 2; last++) {
        told_init(&t);
        d = open_device();
        memset(&released, 0, sizeof(released));
        released.device = last ? d : NULL;
        ok(hlthunk_reset_watch_create(d, tell, &t, NULL, &released.watch));
        hlthunk_log_set(release_what_is_lost, &released, HLTHUNK_LOG_WARNING);
        ctl("reset 0");
        for (int i = 0; i < PATIENCE_MS && !atomic_load(&released.times); i++)
            usleep(1000);
        assert_int_equal(atomic_load(&released.times), 1);
        threads_become(threads);
        hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
        assert_int_equal(atomic_load(&t.times), 0); /* released: it is not called */
        if (!last)
            hlthunk_device_unref(d);
        close(t.eventfd);
        hlthunk_device_unref(open_device());
        assert_int_equal(count_fds(), fds);
    }
}

struct replaced {
    struct hlthunk_device *control;
    struct hlthunk_reset_watch *watch;
    bool same_memory;
    int eventfd;
};

/* Gives its own watch back, and makes others, until one is where that was. */
static void replace(struct hlthunk_device *d, enum hlthunk_stale_reason why, void *user)
{
    struct replaced *r = user;
    struct hlthunk_reset_watch *w[64];
    uintptr_t old = (uintptr_t)r->watch;
    size_t size = malloc_usable_size(r->watch);
    void *full[14];
    unsigned n = 0;

    (void)d, (void)why;
    /* the seven that a thread keeps: glibc's calloc() takes none of these before 2.41 */
    for (unsigned i = 0; i < 14; i++)
        full[i] = malloc(size);
    for (unsigned i = 0; i < 14; i += 2)
        free(full[i]);
    hlthunk_reset_watch_unref(r->watch);
    while (n < 64 && !r->same_memory) {
        if (hlthunk_reset_watch_create(r->control, (hlthunk_reset_fn)abort, NULL, NULL, &w[n]))
            abort();
        r->same_memory = (uintptr_t)w[n++] == old;
    }
    while (n)
        hlthunk_reset_watch_unref(w[--n]);
    for (unsigned i = 1; i < 14; i += 2)
        free(full[i]);
    eventfd_write(r->eventfd, 1);
}

/* One that the callback makes after its own is another one, also at the same address. */
TEST(a_watch_in_the_memory_of_its_maker)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    unsigned fds = count_fds(), threads = count_threads();
    struct replaced r = { .eventfd = eventfd(0, EFD_CLOEXEC) };
    struct hlthunk_device *d = open_device();
    eventfd_t count;

    ok(hlthunk_device_open(&o, &r.control));
    ok(hlthunk_reset_watch_create(d, replace, &r, NULL, &r.watch));
    ctl("reset 0");
    assert_int_equal(eventfd_read(r.eventfd, &count), 0);
    hlthunk_device_unref(d);
    hlthunk_device_unref(r.control);
    close(r.eventfd);
    threads_become(threads);
    assert_int_equal(count_fds(), fds);
    hlthunk_device_unref(open_device()); /* it is ready again */
    if (!r.same_memory)
        skip(); /* another allocator */
}

/* One notifier of the driver serves both, whichever was first. */
TEST(a_watch_and_a_notifier_share)
{
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_event_notifier *n, *second = NULL;
    struct hlthunk_reset_watch *w, *other;
    struct hlthunk_device *d;
    struct pollfd p = { .events = POLLIN };
    enum hlthunk_event_kind announced;
    struct told t, u;

    for (int first = 0; first < 2; first++) {
        told_init(&t);
        told_init(&u);
        d = open_device();
        if (first)
            ok(hlthunk_event_notifier_create(d, NULL, &n));
        ok(hlthunk_reset_watch_create(d, tell, &t, NULL, &w));
        ok(hlthunk_reset_watch_create(d, tell, &u, NULL, &other));
        if (!first)
            ok(hlthunk_event_notifier_create(d, NULL, &n));
        refused(hlthunk_event_notifier_create(d, NULL, &second), EBUSY, "already");
        /* the watches hear it first, and take nothing from the notifier */
        ctl("event 0 0x40");
        p.fd = hlthunk_event_notifier_borrow_fd(n);
        assert_int_equal(poll(&p, 1, 5000), 1);
        usleep(50000);
        ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
        assert_int_equal(e.kind, HLTHUNK_EVENT_GENERAL_HW_ERROR);
        refused(hlthunk_event_notifier_wait(n, 20000000, &e), ETIMEDOUT, "no event");
        assert_int_equal(poll(&p, 1, 0), 0);
        assert_int_equal(atomic_load(&t.times), 0);
        /* announced: by the event alone, long before the interval would show anything */
        announced = announce_reset();
        told_within(&t, PATIENCE_MS);
        told_within(&u, PATIENCE_MS);
        ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
        assert_int_equal(e.kind, announced);
        hlthunk_event_notifier_unref(n);
        hlthunk_reset_watch_unref(w);
        hlthunk_reset_watch_unref(other);
        close(t.eventfd);
        close(u.eventfd);
        assert_int_equal(hlthunk_device_close(d), 0);
    }
}

/* No event comes, nobody asks for an hour: the call that fails wakes the watch. */
TEST(a_failing_call_wakes_the_watch)
{
    struct hlthunk_reset_watch_options o = { .struct_size = sizeof(o),
                                             .interval_ns = UINT64_MAX,
                                             .label = "links" };
    struct hlthunk_buffer *b = NULL;
    struct hlthunk_reset_watch *w;
    struct hlthunk_device *d = open_device();
    struct told t;
    int classic;

    told_init(&t);
    /* the program listens for itself */
    classic = hlthunk_notifier_create(hlthunk_device_borrow_fd(d));
    assert_true(classic > 2);
    ok(hlthunk_reset_watch_create(d, tell, &t, &o, &w));
    ctl("reset 0");
    usleep(250000);
    assert_int_equal(atomic_load(&t.times), 0);
    refused(hlthunk_buffer_alloc(d, MIB, NULL, &b), ENODEV, "was reset");
    told_within(&t, PATIENCE_MS);
    hlthunk_reset_watch_unref(w);
    hlthunk_notifier_release(hlthunk_device_borrow_fd(d), classic);
    assert_int_equal(hlthunk_device_close(d), 0);
    close(t.eventfd);
    hlthunk_device_unref(open_device());
}

/* Every eventfd from first on becomes another one, as in a program that closed what it does not
 * know. */
static void take_eventfds(int first)
{
    int own = eventfd(0, EFD_CLOEXEC);

    assert_true(own >= 0);
    for (int fd = first; fd < 200; fd++) {
        char path[32], target[64] = "";

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (fd != own && readlink(path, target, sizeof(target) - 1) > 0 &&
            strstr(target, "eventfd"))
            assert_int_equal(dup3(own, fd, O_CLOEXEC), fd);
    }
    close(own);
}

/* Its eventfd is the program's now: it can neither be woken with it nor hear of a reset there. */
TEST(a_watch_whose_eventfd_is_taken)
{
    struct hlthunk_reset_watch_options o = { .struct_size = sizeof(o), .interval_ns = UINT64_MAX };
    struct hlthunk_buffer *b = NULL;
    struct hlthunk_reset_watch *told_one, *other;
    struct hlthunk_device *d = open_device();
    struct told t;
    int classic, first;

    told_init(&t);
    classic = hlthunk_notifier_create(hlthunk_device_borrow_fd(d));
    assert_true(classic > 2);
    first = dup(classic);
    close(first);
    ok(hlthunk_reset_watch_create(d, tell, &t, &o, &told_one));
    ok(hlthunk_reset_watch_create(d, tell, &t, &o, &other));
    take_eventfds(first);
    alarm(PATIENCE_MS / 1000); /* not the hour after which it would ask */
    hlthunk_reset_watch_unref(other);
    assert_int_equal(atomic_load(&t.times), 0);
    ctl("reset 0");
    refused(hlthunk_buffer_alloc(d, MIB, NULL, &b), ENODEV, "was reset");
    told_within(&t, PATIENCE_MS);
    hlthunk_reset_watch_unref(told_one);
    alarm(0);
    hlthunk_notifier_release(hlthunk_device_borrow_fd(d), classic);
    assert_int_equal(hlthunk_device_close(d), 0);
    close(t.eventfd);
    hlthunk_device_unref(open_device());
}

/* Not told by any event: by asking. */
TEST(the_interval_notices)
{
    struct hlthunk_reset_watch_options o = { .struct_size = sizeof(o), .interval_ns = 20000000 };
    struct hlthunk_reset_watch *w;
    struct hlthunk_device *d = open_device();
    struct told t;
    int classic;

    told_init(&t);
    classic = hlthunk_notifier_create(hlthunk_device_borrow_fd(d));
    ok(hlthunk_reset_watch_create(d, tell, &t, &o, &w));
    ctl("reset 0");
    told_within(&t, PATIENCE_MS);
    hlthunk_reset_watch_unref(w);
    hlthunk_notifier_release(hlthunk_device_borrow_fd(d), classic);
    assert_int_equal(hlthunk_device_close(d), 0);
    close(t.eventfd);
    hlthunk_device_unref(open_device());
}

TEST(watches_leave_no_traces)
{
    struct hlthunk_reset_watch_options bad = { .struct_size = 4 };
    struct hlthunk_device *d = open_device();
    struct hlthunk_reset_watch *w = NULL;
    unsigned fds, threads;
    struct told t;

    told_init(&t);
    refused(hlthunk_reset_watch_create(NULL, tell, &t, NULL, &w), EINVAL, "device is NULL");
    refused(hlthunk_reset_watch_create(d, NULL, &t, NULL, &w), EINVAL, "fn is NULL");
    refused(hlthunk_reset_watch_create(d, tell, &t, NULL, NULL), EINVAL, "watch is NULL");
    refused(hlthunk_reset_watch_create(d, tell, &t, &bad, &w), EINVAL, "size");
    assert_null(w);
    fds = count_fds();
    threads = count_threads();
    for (int i = 0; i < 50; i++) {
        ok(hlthunk_reset_watch_create(d, tell, &t, NULL, &w));
        assert_ptr_equal(hlthunk_reset_watch_ref(w), w);
        hlthunk_reset_watch_unref(w);
        hlthunk_reset_watch_unref(w);
    }
    hlthunk_reset_watch_unref(NULL);
    assert_int_equal(count_fds(), fds);
    threads_become(threads);
    assert_int_equal(atomic_load(&t.times), 0);
    close(t.eventfd);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(a_child_has_no_watch)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_reset_watch *w;
    struct told t;
    int status;
    pid_t pid;

    told_init(&t);
    ok(hlthunk_reset_watch_create(d, tell, &t, NULL, &w));
    pid = fork();
    if (pid == 0) {
        struct hlthunk_reset_watch *none = NULL;
        int bad = hlthunk_reset_watch_create(d, tell, &t, NULL, &none) != -EPERM || none;

        hlthunk_reset_watch_unref(w);
        hlthunk_device_unref(d);
        _exit(bad);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    ctl("reset 0");
    told_within(&t, PATIENCE_MS);
    hlthunk_reset_watch_unref(w);
    assert_int_equal(hlthunk_device_close(d), 0);
    close(t.eventfd);
    hlthunk_device_unref(open_device());
}

/* What a monitor has open loses nothing in a reset, of whichever kind. */
TEST(a_control_node_outlives_a_reset)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_device *user = open_device(), *monitor;
    enum hlthunk_status status;

    ok(hlthunk_device_open(&o, &monitor));
    ctl("reset 0");
    ok(hlthunk_device_get_status(monitor, &status));
    assert_int_equal(status, HLTHUNK_STATUS_IN_RESET);
    assert_int_equal(hlthunk_device_get_stale_reason(monitor), HLTHUNK_STALE_NOT);
    hlthunk_device_unref(user);
    hlthunk_device_unref(open_device());
    ok(hlthunk_device_get_status(monitor, &status));
    assert_int_equal(status, HLTHUNK_STATUS_OPERATIONAL);
    assert_int_equal(hlthunk_device_close(monitor), 0);
}

/* A monitor that gives its notifier back when it is told of a reset, and takes another one later.
 */
TEST(a_notifier_is_released_in_a_reset)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_device *user = open_device(), *monitor;
    struct hlthunk_event e = { .struct_size = sizeof(e) };
    struct hlthunk_event_notifier *n;
    int rc;

    ok(hlthunk_device_open(&o, &monitor));
    rc = hlthunk_event_notifier_create(monitor, NULL, &n);
    if (rc == 0) {
        ctl("reset 0");
        hlthunk_event_notifier_unref(n);
        hlthunk_device_unref(user);
        user = open_device();
        ok(hlthunk_event_notifier_create(monitor, NULL, &n));
        refused(hlthunk_event_notifier_wait(n, 0, &e), ETIMEDOUT, "no event");
        ctl("event 0 0x40");
        do /* the driver has kept the reset for whoever asks next */
            ok(hlthunk_event_notifier_wait(n, 5000000000, &e));
        while (e.kind != HLTHUNK_EVENT_GENERAL_HW_ERROR);
        hlthunk_event_notifier_unref(n);
    }
    hlthunk_device_unref(user);
    assert_int_equal(hlthunk_device_close(monitor), 0);
    if (rc)
        refused(rc, EOPNOTSUPP, "control node has no events");
}

/* ---- removal: the last test, nothing is left after it ---- */

TEST(a_removal_is_final)
{
    unsigned fds = count_fds();
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };
    struct hlthunk_reset_watch *w;
    struct hlthunk_device *again, *monitor;
    enum hlthunk_status status = 99;
    struct told t;
    struct set s;

    told_init(&t);
    make(&s);
    ok(hlthunk_device_open(&o, &monitor));
    ok(hlthunk_reset_watch_create(s.d, tell, &t, NULL, &w));
    lines = 0;
    hlthunk_log_set(count_line, NULL, HLTHUNK_LOG_WARNING);
    ctl("remove 0");
    told_within(&t, PATIENCE_MS);
    all_say_so(&s);
    refused(hlthunk_device_get_status(s.d, &status), ENODEV, "open it again");
    refused(hlthunk_device_get_status(monitor, &status), ENODEV, "open it again");
    assert_int_equal(hlthunk_device_get_stale_reason(monitor), HLTHUNK_STALE_GONE);
    assert_int_equal(status, 99);
    hlthunk_reset_watch_unref(w);
    give_back(&s);
    assert_int_equal(hlthunk_device_close(s.d), 0);
    assert_int_equal(hlthunk_device_close(monitor), 0);
    assert_int_equal(lines, 2); /* one for each device object */
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    close(t.eventfd);
    assert_int_equal(count_fds(), fds);
    assert_int_equal(hlthunk_device_open(NULL, &again), -ENODEV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_notices),
        cmocka_unit_test(releasing_notices),
        cmocka_unit_test(the_status_notices),
        cmocka_unit_test(a_leak_after_a_reset_is_told),
        cmocka_unit_test(a_forgotten_dmabuf_holds_up_the_reset),
        cmocka_unit_test(after_a_reset_the_device_takes_a_moment),
        cmocka_unit_test(an_event_makes_stale),
        cmocka_unit_test(a_watch_calls_back),
        cmocka_unit_test(the_callback_may_end_it_all),
        cmocka_unit_test(a_reset_of_only_the_engines),
        cmocka_unit_test(a_receiver_releases_the_watch),
        cmocka_unit_test(a_watch_in_the_memory_of_its_maker),
        cmocka_unit_test(a_watch_and_a_notifier_share),
        cmocka_unit_test(a_failing_call_wakes_the_watch),
        cmocka_unit_test(a_watch_whose_eventfd_is_taken),
        cmocka_unit_test(the_interval_notices),
        cmocka_unit_test(watches_leave_no_traces),
        cmocka_unit_test(a_child_has_no_watch),
        cmocka_unit_test(a_control_node_outlives_a_reset),
        cmocka_unit_test(a_notifier_is_released_in_a_reset),
        cmocka_unit_test(a_removal_is_final),
    };

    require_simulation();
    mallopt(M_ARENA_MAX, 1); /* a_watch_in_the_memory_of_its_maker */
    return RUN_GROUP(tests, NULL, NULL);
}
