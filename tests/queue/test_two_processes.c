/* SPDX-License-Identifier: MIT */
/*
 * Two processes, a device each: the first writes memory with its queue and sends a dma-buf of it
 * and an eventfd of its fence; the second has mapped the dma-buf into its own device, and reads it
 * with its queue when the eventfd says so.
 */
#include "tests/sim/support.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (8u << 20)
#define ROUNDS 20u

static struct hlthunk_device *open_index(uint32_t index)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX,
                                        .index = index,
                                        .timeout_ns = 20000000000 };
    struct hlthunk_device *d;

    ok(hlthunk_device_open(&o, &d));
    return d;
}

static int wait_for(int eventfd)
{
    struct pollfd p = { .fd = eventfd, .events = POLLIN };

    return poll(&p, 1, 60000) == 1 ? 0 : -1;
}

/* The reader; cmocka's assertions are for the parent.  0 or the number of the line. */
static int reader(int socket)
{
    struct hlthunk_device *d = open_index(1);
    struct hlthunk_buffer *imported;
    struct hlthunk_dmabuf *m;
    struct hlthunk_queue *q;
    size_t count;

    if (hlthunk_dmabuf_receive(socket, &m, 1, &count, -1))
        return __LINE__;
    if (hlthunk_buffer_from_dmabuf(d, m, NULL, &imported) || hlthunk_queue_create(d, NULL, &q))
        return __LINE__;
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        int eventfd = receive_fd(socket);
        uint64_t last = 0;

        if (eventfd < 0 || wait_for(eventfd))
            return __LINE__;
        close(eventfd);
        if (hlthunk_queue_read_sync(q, &last, imported, SIZE - 8, 8))
            return __LINE__;
        if (last != i)
            return __LINE__;
        if (write(socket, "r", 1) != 1)
            return __LINE__;
    }
    hlthunk_queue_unref(q);
    hlthunk_buffer_unref(imported);
    hlthunk_dmabuf_unref(m);
    return hlthunk_device_close(d) ? __LINE__ : 0;
}

TEST(one_writes_the_other_reads)
{
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    struct hlthunk_queue *q;
    int pair[2], status;
    pid_t pid;
    char c;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    pid = fork();
    if (pid == 0) {
        close(pair[0]);
        _exit(reader(pair[1]) % 255);
    }
    close(pair[1]);
    d = open_index(0);
    ok(hlthunk_buffer_alloc(d, SIZE, NULL, &b));
    ok(hlthunk_queue_create(d, NULL, &q));
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    ok(hlthunk_dmabuf_send(pair[0], &m, 1, -1));
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        struct hlthunk_fence *f;
        int eventfd;

        ok(hlthunk_queue_fill(q, b, 0, SIZE, i, 8));
        ok(hlthunk_queue_create_fence(q, NULL, &f));
        ok(hlthunk_fence_create_eventfd(f, &eventfd));
        assert_true(send_fd(pair[0], eventfd));
        close(eventfd);
        hlthunk_fence_unref(f);
        if (read(pair[0], &c, 1) != 1) /* the memory is the writer's again */
            break;
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    hlthunk_dmabuf_unref(m);
    hlthunk_queue_unref(q);
    hlthunk_buffer_unref(b);
    close(pair[0]);
    close_device(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(one_writes_the_other_reads) };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
