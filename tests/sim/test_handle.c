/* SPDX-License-Identifier: MIT */
/* A dma-buf as bytes: opened by another process, refused when stale, forged or another user's. */
#include "tests/sim/support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct hlthunk_device *device;
static struct hlthunk_buffer *buffer;
static struct hlthunk_dmabuf *dmabuf;
static struct hlthunk_handle_server *server;
static uint8_t handle[HLTHUNK_HANDLE_SIZE];

FIXTURE(set_up)
{
    if (!can_export())
        return 0; /* the tests skip themselves */
    struct hlthunk_dmabuf_options o = { .struct_size = sizeof(o), .label = "weights" };

    device = open_device();
    ok(hlthunk_buffer_alloc(device, 65536, NULL, &buffer));
    ok(hlthunk_dmabuf_export(buffer, 4096, 8192, &o, &dmabuf));
    ok(hlthunk_handle_server_create(&server));
    ok(hlthunk_handle_server_offer(server, dmabuf, handle));
    return 0;
}

FIXTURE(tear_down)
{
    hlthunk_handle_server_unref(server);
    hlthunk_dmabuf_unref(dmabuf);
    hlthunk_buffer_unref(buffer);
    if (device)
        assert_int_equal(hlthunk_device_close(device), 0);
    return 0;
}

static void needs_exports(void)
{
    if (!can_export())
        skip();
}

/* A child that opens these bytes and ends with what came of it; it inherits nothing. */
static pid_t opener(const uint8_t *bytes, int64_t timeout_ns)
{
    uint64_t identity = hlthunk_dmabuf_get_identity(dmabuf);
    pid_t pid = fork();
    int rc;

    if (pid == 0) {
        struct hlthunk_dmabuf_origin from = { .struct_size = sizeof(from) };
        struct hlthunk_dmabuf *m = NULL;

        hlthunk_release_inherited();
        rc = hlthunk_dmabuf_open_handle(bytes, timeout_ns, &m);
        if (rc)
            _exit(m ? 255 : -rc);
        if (hlthunk_dmabuf_get_identity(m) != identity || hlthunk_dmabuf_get_size(m) != 8192)
            _exit(254);
        if (hlthunk_dmabuf_get_origin(m, &from) || from.offset != 4096 ||
            strcmp(from.label, "weights"))
            _exit(253);
        hlthunk_dmabuf_unref(m);
        _exit(0);
    }
    assert_true(pid > 0);
    return pid;
}

static int status_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Serves until the child has ended: how many were handed out. */
static int serve_until_it_ends(pid_t pid, int *status)
{
    int given = 0, rc, raw;

    while (waitpid(pid, &raw, WNOHANG) == 0) {
        rc = hlthunk_handle_server_serve(server, 10000000);
        assert_true(rc >= 0);
        given += rc;
    }
    assert_true(WIFEXITED(raw));
    *status = WEXITSTATUS(raw);
    return given;
}

TEST(another_process_opens_it)
{
    struct pollfd p = { .events = POLLIN };
    uint8_t second[HLTHUNK_HANDLE_SIZE];
    int status;
    pid_t pid;

    needs_exports();
    p.fd = hlthunk_handle_server_borrow_fd(server);
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    pid = opener(handle, -1);
    assert_int_equal(poll(&p, 1, 60000), 1); /* an event loop sees it */
    assert_int_equal(serve_until_it_ends(pid, &status), 1);
    assert_int_equal(status, 0);
    /* as often as wanted, and by another handle */
    ok(hlthunk_handle_server_offer(server, dmabuf, second));
    assert_memory_not_equal(handle, second, sizeof(second));
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(serve_until_it_ends(opener(i % 2 ? second : handle, -1), &status), 1);
        assert_int_equal(status, 0);
    }
}

TEST(stale_and_forged_ones_are_refused)
{
    uint8_t forged[HLTHUNK_HANDLE_SIZE], other[HLTHUNK_HANDLE_SIZE];
    struct hlthunk_dmabuf *none = (void *)1;
    int status;

    needs_exports();
    /* one bit of the token, which begins at byte 24 */
    memcpy(forged, handle, sizeof(forged));
    forged[24] ^= 1;
    assert_int_equal(serve_until_it_ends(opener(forged, -1), &status), 0);
    assert_int_equal(status, ENOENT);
    /* of the name: nobody is there */
    memcpy(forged, handle, sizeof(forged));
    forged[8] ^= 1;
    refused(hlthunk_dmabuf_open_handle(forged, -1, &none), ENOENT, "nobody serves");
    /* anything else */
    for (unsigned i = 0; i < 8; i++) {
        memcpy(forged, handle, sizeof(forged));
        forged[i] ^= 1;
        refused(hlthunk_dmabuf_open_handle(forged, -1, &none), EINVAL, "not a handle");
    }
    memcpy(forged, handle, sizeof(forged));
    forged[HLTHUNK_HANDLE_SIZE - 1] = 1;
    refused(hlthunk_dmabuf_open_handle(forged, -1, &none), EINVAL, "not a handle");
    refused(hlthunk_dmabuf_open_handle(NULL, -1, &none), EINVAL, "handle is NULL");
    refused(hlthunk_dmabuf_open_handle(handle, -1, NULL), EINVAL, "dmabuf is NULL");
    /* withdrawn; the other one stays */
    ok(hlthunk_handle_server_offer(server, dmabuf, other));
    ok(hlthunk_handle_server_withdraw(server, handle));
    refused(hlthunk_handle_server_withdraw(server, handle), ENOENT, "withdrawn already");
    assert_int_equal(serve_until_it_ends(opener(handle, -1), &status), 0);
    assert_int_equal(status, ENOENT);
    assert_int_equal(serve_until_it_ends(opener(other, -1), &status), 1);
    assert_int_equal(status, 0);
    /* nobody serves */
    assert_int_equal(status_of(opener(other, 0)), EAGAIN);
    assert_int_equal(status_of(opener(other, 1000000)), ETIMEDOUT);
    /* the server has ended */
    hlthunk_handle_server_unref(server);
    server = NULL;
    refused(hlthunk_dmabuf_open_handle(other, -1, &none), ENOENT, "nobody serves");
    assert_ptr_equal(none, (void *)1);
}

/* The process that offers it may open it, too: the same object. */
TEST(within_one_process)
{
    struct hlthunk_dmabuf *m = NULL;
    int rc;

    needs_exports();
    rc = hlthunk_dmabuf_open_handle(handle, 0, &m); /* nobody has served yet */
    assert_int_equal(rc, -EAGAIN);
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0); /* it has hung up */
    assert_null(m);
}

static int connect_raw(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int n = sprintf(a.sun_path + 1, "hlthunk-handle-"), fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    for (unsigned i = 0; i < 16; i++)
        n += sprintf(a.sun_path + 1 + n, "%02x", handle[8 + i]);
    assert_int_equal(connect(fd, (struct sockaddr *)&a,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)),
                     0);
    return fd;
}

/* Those who say nothing, nonsense, or go: nobody waits for them. */
TEST(odd_clients)
{
    unsigned before = count_fds();
    char nonsense[100] = "";
    int fd[70], status;
    int32_t answer;

    needs_exports();
    for (unsigned i = 0; i < 70; i++) {
        fd[i] = connect_raw();
        assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    }
    assert_int_equal(count_fds(), before + 70 + 64); /* who came first has been hung up on */
    assert_int_equal(serve_until_it_ends(opener(handle, -1), &status), 1);
    assert_int_equal(status, 0);
    assert_int_equal(send(fd[69], nonsense, sizeof(nonsense), 0), sizeof(nonsense));
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    assert_int_equal(recv(fd[69], &answer, sizeof(answer), 0), sizeof(answer));
    assert_int_equal(answer, -ENOENT);
    /* a token that is right, and goes on: not a request of this version */
    close(fd[69]);
    fd[69] = connect_raw();
    memcpy(nonsense, handle + 24, 16);
    assert_int_equal(send(fd[69], nonsense, 17, 0), 17);
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    assert_int_equal(recv(fd[69], &answer, sizeof(answer), 0), sizeof(answer));
    assert_int_equal(answer, -ENOENT);
    for (unsigned i = 0; i < 70; i++)
        close(fd[i]);
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    assert_int_equal(count_fds(), before);
}

static void *open_and_drop(void *rc)
{
    struct hlthunk_dmabuf *m;

    *(int *)rc = hlthunk_dmabuf_open_handle(handle, -1, &m);
    if (*(int *)rc == 0)
        hlthunk_dmabuf_unref(m);
    return NULL;
}

/* A job that starts: more at once than the server has room for. */
TEST(many_at_once)
{
    pthread_t thread[200];
    int rc[200], given = 0;

    needs_exports();
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, open_and_drop, &rc[i]), 0);
    while (given < 200) {
        int n = hlthunk_handle_server_serve(server, 60000000000);

        assert_true(n > 0);
        given += n;
    }
    for (unsigned i = 0; i < 200; i++) {
        pthread_join(thread[i], NULL);
        ok(rc[i]);
    }
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
}

/* There is no room, and nobody serves: the time ends all the same. */
TEST(no_room_and_no_time)
{
    struct hlthunk_dmabuf *none = (void *)1;
    int fd[65];

    needs_exports();
    for (unsigned i = 0; i < 65; i++)
        fd[i] = connect_raw();
    refused(hlthunk_dmabuf_open_handle(handle, 0, &none), EAGAIN, "too many");
    refused(hlthunk_dmabuf_open_handle(handle, 1, &none), ETIMEDOUT, "too many");
    refused(hlthunk_dmabuf_open_handle(handle, 20000000, &none), ETIMEDOUT, "too many");
    assert_ptr_equal(none, (void *)1);
    for (unsigned i = 0; i < 65; i++)
        close(fd[i]);
}

/* No descriptor is left for one who has connected: that is said, and who waits is answered later.
 */
TEST(no_descriptor_for_a_client)
{
    struct rlimit some, none;
    int32_t answer;
    int fd, rc;

    needs_exports();
    fd = connect_raw();
    assert_int_equal(send(fd, handle + 24, 16, 0), 16);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &some), 0);
    none = (struct rlimit){ 0, some.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    rc = hlthunk_handle_server_serve(server, 20000000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &some), 0);
    refused(rc, EMFILE, "cannot be accepted");
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 1);
    assert_int_equal(recv(fd, &answer, sizeof(answer), 0), sizeof(answer));
    assert_int_equal(answer, 0);
    close(fd);
}

/* Makes a child that has copies of all that this process has, until hold[0] is closed. */
static pid_t keeper(int hold[2])
{
    char byte;
    pid_t pid;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, hold), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(hold[0]);
        _exit(write(hold[1], "", 1) != 1 || read(hold[1], &byte, 1) != 0);
    }
    close(hold[1]);
    assert_int_equal(read(hold[0], &byte, 1), 1);
    return pid;
}

/*
 * A child that was forked while a client was connected has a copy of the connection: what the
 * server closed stays open there, and its number becomes the program's.
 */
TEST(a_child_keeps_a_clients_connection)
{
    int client, hold[2], again[64];
    pid_t pid;

    needs_exports();
    client = connect_raw();
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    pid = keeper(hold);
    assert_int_equal(send(client, "nonsense", 8, MSG_NOSIGNAL), 8);
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    for (unsigned i = 0; i < 64; i++) {
        again[i] = dup(hold[0]);
        assert_true(again[i] >= 0);
    }
    close(client);
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(close(again[i]), 0);
    close(hold[0]);
    assert_int_equal(status_of(pid), 0);
}

/* Who asks a server that has gone is told so, also while a child of its process has its sockets. */
TEST(a_child_keeps_a_server_that_has_ended)
{
    struct hlthunk_dmabuf *none = (void *)1;
    struct pollfd end[2] = { { .events = POLLIN }, { .events = POLLIN } };
    int hold[2];
    char byte;
    pid_t pid;

    needs_exports();
    end[0].fd = connect_raw();
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    end[1].fd = connect_raw(); /* not accepted yet */
    pid = keeper(hold);
    hlthunk_handle_server_unref(server);
    server = NULL;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(poll(&end[i], 1, 20000), 1);
        assert_true(recv(end[i].fd, &byte, 1, 0) <= 0);
        close(end[i].fd);
    }
    refused(hlthunk_dmabuf_open_handle(handle, 60000000000, &none), ENOENT, "nobody serves");
    assert_ptr_equal(none, (void *)1);
    close(hold[0]);
    assert_int_equal(status_of(pid), 0);
}

/* The program has closed the server's end of a connection, which a child keeps, and uses its
 * number. */
TEST(the_program_closes_a_clients_connection)
{
    bool open[256];
    int client, hold[2], again[256], status, n = 0;
    pid_t pid;

    needs_exports();
    client = connect_raw();
    for (int fd = 0; fd < 256; fd++)
        open[fd] = fcntl(fd, F_GETFD) >= 0;
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    pid = keeper(hold);
    open[hold[0]] = true;
    for (int fd = 0; fd < 256; fd++) {
        if (!open[fd] && dup2(hold[0], fd) == fd)
            again[n++] = fd;
    }
    assert_int_equal(send(client, "nonsense", 8, MSG_NOSIGNAL), 8);
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    assert_int_equal(serve_until_it_ends(opener(handle, -1), &status), 1);
    assert_int_equal(status, 0);
    while (n > 0)
        assert_int_equal(close(again[--n]), 0);
    close(client);
    close(hold[0]);
    assert_int_equal(status_of(pid), 0);
}

/* The server's epoll goes with the rest, and one that the child has made in its place stays. */
TEST(a_child_lets_go_of_the_server)
{
    unsigned before = count_fds();
    struct hlthunk_handle_server *s;
    int status;
    pid_t pid;

    ok(hlthunk_handle_server_create(&s));
    pid = fork();
    if (pid == 0) {
        int number = hlthunk_handle_server_borrow_fd(s), own = epoll_create1(0);
        bool replaced = dup2(own, number) == number;

        hlthunk_release_inherited();
        _exit(replaced && fcntl(number, F_GETFD) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    pid = fork();
    if (pid == 0) {
        int number = hlthunk_handle_server_borrow_fd(s);

        hlthunk_release_inherited();
        _exit(fcntl(number, F_GETFD) < 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    hlthunk_handle_server_unref(s);
    assert_int_equal(count_fds(), before);
}

TEST(another_user_is_refused)
{
    int status, given;
    pid_t pid;

    needs_exports();
    if (geteuid())
        skip();
    pid = fork();
    if (pid == 0) {
        struct hlthunk_dmabuf *m;

        hlthunk_release_inherited();
        if (setresuid(65534, 65534, 65534))
            _exit(1);
        _exit(-hlthunk_dmabuf_open_handle(handle, -1, &m));
    }
    given = serve_until_it_ends(pid, &status);
    assert_int_equal(given, 0);
    assert_int_equal(status, EACCES);
}

/* Nor does another user take the places of those who may. */
TEST(another_user_takes_no_place)
{
    int first, status;
    int32_t answer;
    pid_t pid;

    needs_exports();
    if (geteuid())
        skip();
    first = connect_raw();
    assert_int_equal(hlthunk_handle_server_serve(server, 0), 0);
    pid = fork();
    if (pid == 0) {
        hlthunk_release_inherited();
        if (setresuid(65534, 65534, 65534))
            _exit(1);
        for (unsigned i = 0; i < 70; i++) {
            int fd = connect_raw();

            if (recv(fd, &answer, sizeof(answer), 0) != sizeof(answer) || answer != -EACCES)
                _exit(2);
        }
        _exit(0);
    }
    assert_int_equal(serve_until_it_ends(pid, &status), 0);
    assert_int_equal(status, 0);
    assert_int_equal(send(first, handle + 24, 16, MSG_NOSIGNAL), 16);
    assert_int_equal(hlthunk_handle_server_serve(server, 60000000000), 1);
    assert_int_equal(recv(first, &answer, sizeof(answer), 0), sizeof(answer));
    assert_int_equal(answer, 0);
    close(first);
}

/* Who took the name first may be anybody: it is looked at before anything is said. */
TEST(another_users_server_is_refused)
{
    struct hlthunk_handle_server *theirs;
    uint8_t bytes[HLTHUNK_HANDLE_SIZE];
    pid_t pid;

    needs_exports();
    if (geteuid())
        skip();
    assert_int_equal(seteuid(65534), 0); /* the socket has the rights of who listens */
    ok(hlthunk_handle_server_create(&theirs));
    assert_int_equal(seteuid(0), 0);
    ok(hlthunk_handle_server_offer(theirs, dmabuf, bytes));
    pid = fork();
    if (pid == 0) {
        struct hlthunk_dmabuf *m;

        hlthunk_release_inherited();
        if (setresuid(65533, 65533, 65533))
            _exit(1);
        _exit(-hlthunk_dmabuf_open_handle(bytes, 0, &m));
    }
    assert_int_equal(status_of(pid), EACCES);
    hlthunk_handle_server_unref(theirs);
}

static void *open_it(void *unused)
{
    struct hlthunk_dmabuf *m;

    (void)unused;
    return (void *)(intptr_t)hlthunk_dmabuf_open_handle(handle, 60000000000, &m);
}

/* What is offered has gone with its device: one client's failure is none of the server's. */
TEST(a_failure_of_a_client_leaves_the_text)
{
    enum hlthunk_status status;
    pthread_t thread;
    void *rc;

    needs_exports();
    assert_int_equal(system("\"$HLSIM_PROGRAM\" ctl reset 0"), 0);
    while (!hlthunk_device_get_stale_reason(device) && !hlthunk_device_get_status(device, &status))
        usleep(1000);
    refused(hlthunk_device_open(NULL, NULL), EINVAL, "device is NULL");
    assert_int_equal(pthread_create(&thread, NULL, open_it, NULL), 0);
    assert_int_equal(hlthunk_handle_server_serve(server, 2000000000), 0);
    assert_non_null(strstr(hlthunk_last_error(), "device is NULL"));
    pthread_join(thread, &rc);
    assert_int_equal((intptr_t)rc, -ENOENT);
}

/* What the next send() fails with; 0: nothing. */
static int send_error;

ssize_t send(int socket, const void *data, size_t size, int flags)
{
    if (send_error) {
        errno = send_error;
        send_error = 0;
        return -1;
    }
    return syscall(SYS_sendto, socket, data, size, flags, NULL, 0);
}

TEST(a_server_that_cannot_be_asked)
{
    struct hlthunk_dmabuf *m;

    needs_exports();
    send_error = ENOBUFS;
    refused(hlthunk_dmabuf_open_handle(handle, 1000000000, &m), ENOBUFS,
            "the handle's server cannot be asked");
    assert_int_equal(send_error, 0);
}

static int epoll_error; /* the same of epoll_ctl() */

int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    if (epoll_error) {
        errno = epoll_error;
        epoll_error = 0;
        return -1;
    }
    return (int)syscall(SYS_epoll_ctl, epoll, op, fd, event);
}

/* It learns so at once, not when its time is over. */
TEST(a_client_that_cannot_be_waited_for)
{
    pthread_t thread;
    void *rc;

    needs_exports();
    epoll_error = ENOMEM;
    assert_int_equal(pthread_create(&thread, NULL, open_it, NULL), 0);
    while (epoll_error) /* it has not come yet */
        assert_int_equal(hlthunk_handle_server_serve(server, 10000000), 0);
    pthread_join(thread, &rc);
    assert_int_equal((intptr_t)rc, -ENOENT);
}

/* A listener that goes at a certain moment of the client's. */
static int goes = -1;

int getsockopt(int socket, int level, int option, void *value, socklen_t *size)
{
    int rc = (int)syscall(SYS_getsockopt, socket, level, option, value, size);

    if (option == SO_PEERCRED && goes >= 0) {
        close(goes);
        goes = -1;
    }
    return rc;
}

TEST(a_server_that_ends_before_it_is_asked)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    uint8_t bytes[HLTHUNK_HANDLE_SIZE] = "hlhndl1";
    struct hlthunk_dmabuf *m;
    int n;

    memset(bytes + 8, 0xab, 16);
    n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "hlthunk-handle-");
    for (unsigned i = 0; i < 16; i++)
        n += snprintf(a.sun_path + 1 + n, sizeof(a.sun_path) - 1 - (size_t)n, "ab");
    goes = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(goes, (void *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)),
        0);
    assert_int_equal(listen(goes, 5), 0);
    refused(hlthunk_dmabuf_open_handle(bytes, 1000000000, &m), ENOENT, "server has ended");
    assert_int_equal(goes, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_process_opens_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stale_and_forged_ones_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(within_one_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(odd_clients, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_room_and_no_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_descriptor_for_a_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_keeps_a_clients_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_keeps_a_server_that_has_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_program_closes_a_clients_connection, set_up, tear_down),
        cmocka_unit_test(a_child_lets_go_of_the_server),
        cmocka_unit_test_setup_teardown(another_user_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_user_takes_no_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_users_server_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_of_a_client_leaves_the_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_that_cannot_be_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_cannot_be_waited_for, set_up, tear_down),
        cmocka_unit_test(a_server_that_ends_before_it_is_asked),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
