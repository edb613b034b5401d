/* SPDX-License-Identifier: MIT */
/* A forked child lets go of everything in one call; what it makes itself stays. */
#include "tests/sim/support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/share/message.h"

struct everything {
    struct hlthunk_device *device, *control;
    struct hlthunk_buffer *buffer, *pinned, *piece;
    struct hlthunk_pool *pool;
    struct hlthunk_dmabuf *dmabuf;
    struct hlthunk_event_notifier *notifier;
    struct hlthunk_queue *queue;
    struct hlthunk_fence *fence;
    int fence_fd; /* the program's */
    unsigned fds; /* with all of these */
};

static void make(struct everything *e)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .control = true };

    memset(e, 0, sizeof(*e));
    e->device = open_device();
    ok(hlthunk_device_open(&o, &e->control));
    ok(hlthunk_buffer_alloc(e->device, 8192, NULL, &e->buffer));
    ok(hlthunk_buffer_alloc_host(e->device, 8192, NULL, &e->pinned));
    ok(hlthunk_pool_create(e->device, NULL, &e->pool));
    ok(hlthunk_pool_alloc(e->pool, 100, NULL, &e->piece));
    if (can_export())
        ok(hlthunk_dmabuf_export(e->buffer, 0, 0, NULL, &e->dmabuf));
    ok(hlthunk_event_notifier_create(e->device, NULL, &e->notifier));
    ok(hlthunk_queue_create(e->device, NULL, &e->queue));
    ok(hlthunk_queue_write(e->queue, e->buffer, 0, "hello", 6));
    ok(hlthunk_queue_create_fence(e->queue, NULL, &e->fence));
    e->fds = count_fds() + 1;
    ok(hlthunk_fence_create_eventfd(e->fence, &e->fence_fd));
}

static void drop(struct everything *e)
{
    hlthunk_fence_unref(e->fence);
    hlthunk_queue_unref(e->queue);
    hlthunk_event_notifier_unref(e->notifier);
    hlthunk_dmabuf_unref(e->dmabuf);
    hlthunk_buffer_unref(e->piece);
    hlthunk_pool_unref(e->pool);
    hlthunk_buffer_unref(e->pinned);
    hlthunk_buffer_unref(e->buffer);
    hlthunk_device_unref(e->control);
    hlthunk_device_unref(e->device);
}

static int status_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

TEST(a_child_lets_go)
{
    unsigned before = count_fds(), with_all;
    struct everything e;
    struct pollfd p;
    pid_t pid;

    make(&e);
    /*
     * The queue's thread has a duplicate of the fence's eventfd until it has signalled it and
     * closed it: between these two a child could not know it as the library's.
     */
    p = (struct pollfd){ .fd = e.fence_fd, .events = POLLIN };
    assert_int_equal(poll(&p, 1, 60000), 1);
    for (int i = 0; i < 60000 && count_fds() > e.fds; i++)
        usleep(1000);
    with_all = count_fds();
    assert_int_equal(with_all, e.fds);
    assert_int_equal(hlthunk_release_inherited(), 0); /* nothing is inherited */
    assert_int_equal(count_fds(), with_all);
    pid = fork();
    if (pid == 0) {
        struct hlthunk_device *own;
        unsigned left;
        size_t n = hlthunk_release_inherited();

        if (n < 3 || count_fds() != before + 1 /* fence_fd: the program's */)
            _exit(1);
        if (hlthunk_release_inherited())
            _exit(2);
        /* the number of the parent's device comes back as the child's own */
        own = NULL;
        if (hlthunk_device_open(
                &(struct hlthunk_device_options){
                    .struct_size = sizeof(struct hlthunk_device_options), .control = true },
                &own))
            _exit(3);
        left = count_fds();
        if (hlthunk_release_inherited() || count_fds() != left)
            _exit(4);
        drop(&e); /* closes nothing of it */
        if (count_fds() != left)
            _exit(5);
        if (hlthunk_device_get_status(own, &(enum hlthunk_status){ 0 }))
            _exit(6);
        hlthunk_device_unref(own);
        _exit(count_fds() == before + 1 ? 0 : 7);
    }
    assert_int_equal(status_of(pid), 0);
    ok(hlthunk_queue_finish(e.queue, -1)); /* the parent's work goes on */
    drop(&e);
    close(e.fence_fd);
    assert_int_equal(count_fds(), before);
}

/* A child that closed everything has files of its own under the same numbers: they stay. */
TEST(a_childs_own_files_stay)
{
    struct everything e;
    pid_t pid;

    make(&e);
    pid = fork();
    if (pid == 0) {
        bool was[256];

        for (int fd = 3; fd < 256; fd++)
            was[fd] = close(fd) == 0;
        for (int fd = 3; fd < 256; fd++) {
            int own = fd % 2 ? epoll_create1(0) : eventfd(0, 0);

            if (own != fd)
                _exit(1);
        }
        if (hlthunk_release_inherited())
            _exit(2);
        for (int fd = 3; fd < 256; fd++) {
            if (was[fd] && fcntl(fd, F_GETFD) < 0)
                _exit(3);
        }
        _exit(0);
    }
    assert_int_equal(status_of(pid), 0);
    drop(&e);
    close(e.fence_fd);
}

/* The device is free while a child lives on. */
TEST(the_device_is_free)
{
    struct hlthunk_device *d = open_device();
    int go[2], ready[2];
    char c = 0;
    pid_t pid;

    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        size_t n = hlthunk_release_inherited();

        if (write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
            _exit(1);
        _exit(n ? 0 : 2);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(hlthunk_device_close(d), 0);
    d = open_device(); /* the node has one user at a time */
    assert_int_equal(hlthunk_device_close(d), 0);
    assert_int_equal(write(go[1], &c, 1), 1);
    assert_int_equal(status_of(pid), 0);
    for (unsigned i = 0; i < 2; i++) {
        close(go[i]);
        close(ready[i]);
    }
}

/* A number that the program has closed and used again is not the library's any more. */
TEST(what_was_closed_and_used_again)
{
    struct hlthunk_device *d = open_device();
    int fd = hlthunk_device_borrow_fd(d), own = dup(fd), pair[2];
    pid_t pid;

    assert_int_equal(pipe(pair), 0);
    pid = fork();
    if (pid == 0) {
        dup2(pair[0], fd);
        _exit(hlthunk_release_inherited() == 0 && hlthunk_device_borrow_fd(d) == fd &&
                      write(pair[1], "x", 1) == 1 && read(fd, &(char){ 0 }, 1) == 1
                  ? 0
                  : 1);
    }
    assert_int_equal(status_of(pid), 0);
    close(pair[0]);
    close(pair[1]);
    close(own);
    assert_int_equal(hlthunk_device_close(d), 0);
}

static atomic_bool stop;

static void *churn(void *device)
{
    while (!atomic_load(&stop)) {
        struct hlthunk_event_notifier *n;

        if (hlthunk_event_notifier_create(device, NULL, &n) == 0)
            hlthunk_event_notifier_unref(n);
    }
    return NULL;
}

/* Whatever the parent's other threads are in the middle of. */
TEST(while_threads_run)
{
    struct hlthunk_device *d = open_device();
    pthread_t t[2];

    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&t[i], NULL, churn, d), 0);
    for (unsigned i = 0; i < 20; i++) {
        pid_t pid = fork();

        if (pid == 0)
            _exit(hlthunk_release_inherited() >= 1 ? 0 : 1);
        assert_int_equal(status_of(pid), 0);
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(hlthunk_device_close(d), 0);
}

static unsigned dmabuf_fds(void)
{
    char path[32], text[64];
    unsigned n = 0;

    for (int fd = 3; fd < 200; fd++) {
        ssize_t got;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        got = readlink(path, text, sizeof(text) - 1);
        text[got > 0 ? got : 0] = '\0';
        n += strncmp(text, "/dmabuf:", 8) == 0;
    }
    return n;
}

static void *receive_one(void *socket)
{
    struct hlthunk_dmabuf *m = NULL;
    size_t count;

    if (hlthunk_dmabuf_receive(*(int *)socket, &m, 1, &count, 60000000000))
        return NULL;
    return m;
}

/* Of a stream's message the descriptors come first, and the rest when its sender likes. */
TEST(a_message_that_is_still_arriving)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { { 0 } };
    char text[HL_MESSAGE_MAX_BYTES];
    struct iovec part = { text, 24 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control) };
    int whole[2], slow[2], fd;
    struct hlthunk_dmabuf *m;
    struct everything e;
    pthread_t thread;
    void *got;
    ssize_t n;
    pid_t pid;

    if (!can_export())
        skip();
    make(&e);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, whole), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, slow), 0);
    ok(hlthunk_dmabuf_send(whole[0], &e.dmabuf, 1, 0));
    n = recv(whole[1], text, sizeof(text), 0); /* the bytes alone: its descriptor goes */
    assert_true(n > 24);
    fd = hlthunk_dmabuf_borrow_fd(e.dmabuf);
    control.align.cmsg_level = SOL_SOCKET;
    control.align.cmsg_type = SCM_RIGHTS;
    control.align.cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
    assert_int_equal(pthread_create(&thread, NULL, receive_one, &slow[1]), 0);
    assert_int_equal(sendmsg(slow[0], &message, 0), 24);
    for (unsigned i = 0; i < 6000 && dmabuf_fds() < 2; i++)
        usleep(5000);
    assert_int_equal(dmabuf_fds(), 2);
    pid = fork();
    if (pid == 0) {
        hlthunk_release_inherited();
        _exit(dmabuf_fds() != 0);
    }
    assert_int_equal(status_of(pid), 0);
    assert_int_equal(send(slow[0], text + 24, (size_t)n - 24, 0), n - 24);
    pthread_join(thread, &got);
    m = got;
    assert_ptr_equal(m, e.dmabuf);
    assert_int_equal(dmabuf_fds(), 1);
    hlthunk_dmabuf_unref(m);
    for (unsigned i = 0; i < 2; i++) {
        close(whole[i]);
        close(slow[i]);
    }
    close(e.fence_fd);
    drop(&e);
}

SUITE(inherited)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_lets_go),    cmocka_unit_test(a_childs_own_files_stay),
        cmocka_unit_test(the_device_is_free), cmocka_unit_test(what_was_closed_and_used_again),
        cmocka_unit_test(while_threads_run),  cmocka_unit_test(a_message_that_is_still_arriving),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
