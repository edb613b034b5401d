/* SPDX-License-Identifier: MIT */
/* The control socket of an emulated device, with clients of every kind. */
#include "tests/test.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rig/emu/control.h"

static struct control control;
static char path[108], heard[64];
static unsigned count;

static int command(void *priv, const char *line)
{
    (void)priv;
    count++;
    snprintf(heard, sizeof(heard), "%s", line);
    return strcmp(line, "bad") ? 0 : -EINVAL;
}

FIXTURE(setup)
{
    count = 0;
    snprintf(path, sizeof(path), "/tmp/hlthunk-control-%d", getpid());
    alarm(30); /* whoever waits for a client has failed */
    return control_open(&control, path, command, NULL);
}

FIXTURE(teardown)
{
    control_close(&control);
    unlink(path);
    alarm(0);
    return 0;
}

static void turn(void)
{
    struct pollfd p[CONTROL_POLLS];

    control_poll(&control, p);
    poll(p, CONTROL_POLLS, 0);
    control_serve(&control, p);
}

static int join(void)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(sa.sun_path, path);
    assert_int_equal(connect(s, (struct sockaddr *)&sa, sizeof(sa)), 0);
    turn();
    return s;
}

static void say(int s, const char *text)
{
    assert_int_equal(send(s, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    turn();
}

static void answers(int s, const char *text)
{
    char buf[128] = { 0 };

    assert_true(recv(s, buf, sizeof(buf) - 1, MSG_DONTWAIT) > 0);
    assert_string_equal(buf, text);
}

TEST(each_line_has_its_answer)
{
    int s = join();

    say(s, "event 5\n");
    answers(s, "ok\n");
    assert_string_equal(heard, "event 5");
    say(s, "bad\ngood\n");
    answers(s, "Invalid argument\nok\n");
    say(s, "without an end");
    assert_string_equal(heard, "good");
    shutdown(s, SHUT_WR);
    turn();
    assert_string_equal(heard, "without an end");
    close(s);
}

TEST(a_silent_client_keeps_nobody_waiting)
{
    int silent = join(), half = join(), s = join();

    say(half, "hal");
    say(s, "first\n");
    answers(s, "ok\n");
    say(half, "f\n");
    answers(half, "ok\n");
    assert_string_equal(heard, "half");
    close(silent);
    close(half);
    close(s);
}

TEST(a_crowd_of_silent_clients_does_not_either)
{
    int crowd[3 * CONTROL_CLIENTS], s;

    for (unsigned i = 0; i < 3 * CONTROL_CLIENTS; i++)
        crowd[i] = join();
    s = join();
    say(s, "here\n");
    answers(s, "ok\n");
    for (unsigned i = 0; i < 3 * CONTROL_CLIENTS; i++)
        close(crowd[i]);
    close(s);
}

TEST(one_who_does_not_read_is_hung_up_on)
{
    char text[200] = { 0 };
    int s = join();

    memset(text, '\n', sizeof(text) - 1); /* many empty lines */
    for (unsigned i = 0; i < 10000; i++) {
        if (send(s, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE)
            break;
        turn();
    }
    assert_int_equal(send(s, text, 1, MSG_NOSIGNAL | MSG_DONTWAIT), -1);
    assert_int_equal(errno, EPIPE);
    close(s);
}

TEST(a_line_without_end_is_hung_up_on)
{
    char text[CONTROL_LINE + 1];
    int s = join();

    memset(text, 'x', sizeof(text));
    text[CONTROL_LINE] = 0;
    say(s, text);
    turn();
    assert_int_equal(count, 0);
    assert_int_equal(send(s, "x", 1, MSG_NOSIGNAL), -1);
    close(s);
}

/* Something else lies at the path: it stays. */
TEST(a_file_is_not_replaced)
{
    struct control other;
    char name[120];
    FILE *f;

    snprintf(name, sizeof(name), "%s.file", path);
    f = fopen(name, "we");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(control_open(&other, name, command, NULL), -1);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(access(name, F_OK), 0);
    unlink(name);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(each_line_has_its_answer),
        CASE(a_silent_client_keeps_nobody_waiting),
        CASE(a_crowd_of_silent_clients_does_not_either),
        CASE(one_who_does_not_read_is_hung_up_on),
        CASE(a_line_without_end_is_hung_up_on),
        CASE(a_file_is_not_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
