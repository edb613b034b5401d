/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong around a device that is in use, on the real driver: resets, removal, unloading,
 * processes that die, firmware that fails. After each of these the device must serve again.
 */
#include "tests/rig/guest.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Events until this one; others (a reset announces itself too) may come first. */
static void expect_event(struct hlthunk_event_notifier *n, enum hlthunk_event_kind kind,
                         struct hlthunk_event *e)
{
    do {
        e->struct_size = sizeof(*e);
        ok(hlthunk_event_notifier_wait(n, 15000000000, e));
    } while (e->kind != kind);
}

TEST(a_page_fault_is_told)
{
    uint64_t address = on_asic("gaudi2") ? 0xFFF0123450000000 : 0x100000ABCD000;
    struct hlthunk_device *d;
    struct hlthunk_event_notifier *n;
    struct hlthunk_event e;
    pid_t pid;

    if (on_asic("goya"))
        skip(); /* its driver tells nobody */
    if (on_kernel("6.1")) {
        /* that driver has no such event; on Gaudi2 it resets the device instead */
        pid = rig_holder();
        assert_int_equal(rig_request(RIG_PAGE_FAULT, address), 0);
        if (on_asic("gaudi2"))
            assert_int_equal(rig_ended(pid, 60), SIGKILL);
        else
            rig_teardown(NULL);
        rig_serves(60);
        return;
    }
    d = open_device();
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    assert_int_equal(rig_request(RIG_PAGE_FAULT, address), 0);
    expect_event(n, HLTHUNK_EVENT_PAGE_FAULT, &e);
    assert_true(e.recorded);
    assert_int_equal(e.address, address);
    hlthunk_event_notifier_unref(n);
    hlthunk_device_close(d);
    rig_serves(60);
}

TEST(a_forbidden_access_is_told)
{
    struct hlthunk_device *d;
    struct hlthunk_event_notifier *n;
    struct hlthunk_event e;

    if (!on_asic("gaudi") || on_kernel("6.1"))
        skip(); /* the emulated device knows where Gaudi's driver looks, and 6.1 tells nobody */
    d = open_device();
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    assert_int_equal(rig_request(RIG_RAZWI, 0x123450000), 0);
    expect_event(n, HLTHUNK_EVENT_RAZWI, &e);
    assert_true(e.recorded && e.write);
    assert_int_equal(e.address, 0x123450000);
    hlthunk_event_notifier_unref(n);
    hlthunk_device_close(d);
    rig_serves(60);
}

TEST(firmware_that_fails_costs_a_reset)
{
    pid_t pid = rig_holder();

    assert_int_equal(rig_request(RIG_CRITICAL, 0), 0);
    assert_int_equal(rig_ended(pid, 60), SIGKILL);
    rig_serves(60);
}

TEST(a_lost_heartbeat_costs_a_reset)
{
    pid_t pid = rig_holder();

    assert_int_equal(rig_request(RIG_MUTE, 18), 0);
    assert_int_equal(rig_ended(pid, 90), SIGKILL);
    rig_serves(60);
    assert_int_equal(rig_request(RIG_HEAL, 0), 0);
}

TEST(a_hard_reset_with_live_memory)
{
    pid_t pid = rig_holder();

    ok(rig_poke_attribute("hard_reset"));
    assert_int_equal(rig_ended(pid, 60), SIGKILL);
    rig_serves(60);
}

TEST(a_soft_reset_between_users)
{
    const char *name = rig_has_attribute("soft_reset") ? "soft_reset" : "inference_soft_reset";

    if (!rig_has_attribute(name))
        skip();               /* the driver offers it for some devices only */
    rig_poke_attribute(name); /* it may refuse: the device serves all the same */
    rig_serves(60);
}

TEST(the_module_stays_while_memory_is_exported)
{
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    int fd, rc;

    if (!rig_can_reload())
        skip(); /* the host sets the word once */
    d = open_device();
    rc = rig_unload();
    assert_true(rc == -EAGAIN || rc == -EBUSY);
    if (can_export()) {
        ok(hlthunk_buffer_alloc(d, 64 * MIB, NULL, &b));
        ok(hlthunk_dmabuf_export(b, 0, 64 * MIB, NULL, &m));
        ok(hlthunk_dmabuf_dup_fd(m, &fd));
        hlthunk_dmabuf_unref(m);
        hlthunk_buffer_unref(b);
        hlthunk_device_close(d);
        rc = rig_unload(); /* only the dma-buf is left */
        assert_true(rc == -EAGAIN || rc == -EBUSY);
        close(fd);
    } else {
        assert_int_equal(hlthunk_device_close(d), 0);
    }
    rig_serves(60);
    for (unsigned i = 0; i < 100 && (rc = rig_unload()); i++)
        usleep(50000);
    assert_int_equal(rc, 0);
    assert_int_equal(rig_load(), 0);
    rig_serves(60);
}

TEST(hot_removal_with_open_descriptors)
{
    pid_t pid = rig_holder();

    /* Where the machine's bridge has no room to place the BARs again, only the driver is removed
     * from the device: its way out is the same. */
    if (on_asic("gaudi2"))
        ok(rig_poke_attribute("remove"));
    else
        ok(rig_bind(false));
    assert_int_equal(rig_ended(pid, 60), SIGKILL);
    ok(on_asic("gaudi2") ? rig_rescan() : rig_bind(true));
    rig_serves(60);
}

TEST(killed_while_exporting)
{
    if (!can_export())
        skip();
    for (unsigned i = 0; i < 10; i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
            struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                                .timeout_ns = 20000000000 };
            struct hlthunk_device *d;
            struct hlthunk_buffer *b;
            struct hlthunk_dmabuf *m;

            if (hlthunk_device_open(&o, &d))
                _exit(1);
            for (;;) {
                if (hlthunk_buffer_alloc(d, 2 * MIB, NULL, &b) ||
                    hlthunk_dmabuf_export(b, 0, 2 * MIB, NULL, &m))
                    _exit(2);
                hlthunk_dmabuf_unref(m);
                hlthunk_buffer_unref(b);
            }
        }
        usleep(150000 + 7919 * i);
        kill(pid, SIGKILL);
        assert_int_equal(rig_ended(pid, 10), SIGKILL);
    }
    rig_serves(60);
}

/* ---- a program that drops everything when it is called back is not killed ---- */

struct user {
    struct hlthunk_device *d;
    struct hlthunk_buffer *b, *host;
    struct hlthunk_dmabuf *m;
    struct hlthunk_command_buffer *cb;
    struct hlthunk_event_notifier *n;
    struct hlthunk_reset_watch *w;
    struct hlthunk_completion *c; /* Gaudi2: of an interrupt that never comes */
    enum hlthunk_completion_status ended;
    void *memory;
    int fd, done;
    enum hlthunk_stale_reason why;
    int raw, rc; /* what the driver said, and what the library made of it */
};

static void drop(struct hlthunk_device *d, enum hlthunk_stale_reason why, void *arg)
{
    struct user *u = arg;
    struct hlthunk_buffer *none = NULL;
    const uint64_t one = 1;

    u->why = why;
    errno = 0;
    u->raw =
        hlthunk_device_memory_alloc(hlthunk_device_borrow_fd(d), MIB, 0, false, false) ? 0 : errno;
    u->rc = hlthunk_buffer_alloc(d, MIB, NULL, &none);
    if (u->fd >= 0)
        close(u->fd);
    hlthunk_dmabuf_unref(u->m);
    hlthunk_buffer_unref(u->b);
    hlthunk_buffer_unref(u->host);
    hlthunk_command_buffer_unref(u->cb);
    hlthunk_event_notifier_unref(u->n);
    if (u->c) {
        struct hlthunk_completion_result r = { .struct_size = sizeof(r) };

        if (hlthunk_completion_wait(u->c, 400000000) || hlthunk_completion_get_result(u->c, &r))
            r.status = HLTHUNK_COMPLETION_PENDING;
        u->ended = r.status;
        hlthunk_completion_unref(u->c);
    }
    hlthunk_reset_watch_unref(u->w);
    hlthunk_device_unref(d);
    if (write(u->done, &one, sizeof(one)) < 0)
        abort();
}

static void user_begin(struct user *u)
{
    memset(u, 0, sizeof(*u));
    u->fd = -1;
    u->done = eventfd(0, EFD_CLOEXEC);
    assert_true(u->done > 2);
    u->d = open_device();
    ok(hlthunk_buffer_alloc(u->d, 64 * MIB, NULL, &u->b));
    assert_int_equal(posix_memalign(&u->memory, 4096, MIB), 0);
    memset(u->memory, 0, MIB);
    ok(hlthunk_buffer_from_host(u->d, u->memory, MIB, NULL, &u->host));
    ok(hlthunk_command_buffer_create(u->d, 4096, NULL, &u->cb));
    ok(hlthunk_event_notifier_create(u->d, NULL, &u->n));
    if (can_export()) {
        ok(hlthunk_dmabuf_export(u->b, 0, 0, NULL, &u->m));
        ok(hlthunk_dmabuf_dup_fd(u->m, &u->fd));
    }
    if (on_asic("gaudi2")) {
        struct hlthunk_device_properties p = { .struct_size = sizeof(p) };

        ok(hlthunk_device_get_properties(u->d, &p));
        ok(hlthunk_completion_create_for_interrupt(u->d, p.first_user_interrupt + 3u, u->memory, 1,
                                                   NULL, &u->c));
    }
    ok(hlthunk_reset_watch_create(u->d, drop, u, NULL, &u->w));
}

/* Called back, all given back, and alive: the driver has not had to kill anybody. */
static void user_end(struct user *u, enum hlthunk_stale_reason why)
{
    struct pollfd p = { .fd = u->done, .events = POLLIN };

    assert_int_equal(poll(&p, 1, 30000), 1);
    print_message("the driver answers %s meanwhile\n", u->raw ? strerrorname_np(u->raw) : "ok");
    assert_int_equal(u->why, why);
    assert_int_equal(u->rc, -ENODEV);
    if (u->c)
        assert_true(u->ended == HLTHUNK_COMPLETION_ABORTED || u->ended == HLTHUNK_COMPLETION_LOST);
    close(u->done);
    free(u->memory);
    sleep(3); /* longer than the driver waits before it kills */
    rig_serves(60);
}

TEST(a_hard_reset_calls_back)
{
    struct user u;

    user_begin(&u);
    ok(rig_poke_attribute("hard_reset"));
    user_end(&u, HLTHUNK_STALE_RESET);
}

TEST(firmware_that_fails_calls_back)
{
    struct user u;

    user_begin(&u);
    assert_int_equal(rig_request(RIG_CRITICAL, 0), 0);
    user_end(&u, HLTHUNK_STALE_RESET);
}

TEST(hot_removal_calls_back)
{
    struct user u;
    pid_t pid;

    user_begin(&u);
    pid = fork(); /* who removes it waits until it is gone */
    assert_true(pid >= 0);
    if (pid == 0) {
        syscall(SYS_close_range, 3, ~0u, 0);
        _exit((on_asic("gaudi2") ? rig_poke_attribute("remove") : rig_bind(false)) != 0);
    }
    {
        struct pollfd p = { .fd = u.done, .events = POLLIN };

        assert_int_equal(poll(&p, 1, 30000), 1);
    }
    assert_int_equal(rig_ended(pid, 60), 0);
    ok(on_asic("gaudi2") ? rig_rescan() : rig_bind(true));
    /* 6.1 says "in reset" until it is gone */
    user_end(&u, on_kernel("6.1") ? HLTHUNK_STALE_RESET : HLTHUNK_STALE_GONE);
}

#define CASE(f) cmocka_unit_test_teardown(f, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_page_fault_is_told),
        CASE(a_forbidden_access_is_told),
        CASE(killed_while_exporting),
        CASE(the_module_stays_while_memory_is_exported),
        CASE(a_soft_reset_between_users),
        CASE(a_hard_reset_with_live_memory),
        CASE(firmware_that_fails_costs_a_reset),
        CASE(hot_removal_with_open_descriptors),
        CASE(a_lost_heartbeat_costs_a_reset),
        CASE(a_hard_reset_calls_back),
        CASE(firmware_that_fails_calls_back),
        CASE(hot_removal_calls_back),
    };

    require_rig();
    return RUN_GROUP(tests, NULL, NULL);
}
