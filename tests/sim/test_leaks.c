/* SPDX-License-Identifier: MIT */
/* Leak reports: what is alive and where it was made, down to the line. */
#include "tests/sim/support.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char lines[32][512];
static unsigned line_count;

static void keep_line(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)level, (void)user;
    if (line_count < 32)
        snprintf(lines[line_count++], sizeof(lines[0]), "%s", message);
}

static unsigned made_at; /* the line of the call */

/* Not inlined: it has a frame of its own. */
static __attribute__((noinline)) struct hlthunk_buffer *inner(struct hlthunk_device *d)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .label = "weights" };
    struct hlthunk_buffer *b = NULL;

    made_at = __LINE__ + 1;
    ok(hlthunk_buffer_alloc(d, MIB, &o, &b));
    return b;
}

static unsigned led_at;

static __attribute__((noinline)) struct hlthunk_buffer *outer(struct hlthunk_device *d)
{
    struct hlthunk_buffer *b;

    led_at = __LINE__ + 1;
    b = inner(d);
    assert_non_null(b); /* keeps the call from becoming a jump */
    return b;
}

/* The line that addr2line names for the first "FILE(+OFFSET)" in a text; 0 without that tool. */
static unsigned line_of(const char *text)
{
    const char *open = strstr(text, "(+0x"), *file = open;
    char command[600], answer[512] = "", *colon;
    FILE *p;

    assert_non_null(open);
    while (file > text && !isspace((unsigned char)file[-1]))
        file--;
    if (system("command -v addr2line >/dev/null 2>&1") != 0)
        return 0;
    snprintf(command, sizeof(command), "addr2line -e '%.*s' %.*s", (int)(open - file), file,
             (int)strcspn(open + 2, ")"), open + 2);
    p = popen(command, "r");
    assert_non_null(p);
    if (!fgets(answer, sizeof(answer), p))
        answer[0] = '\0';
    pclose(p);
    if (!strstr(answer, "test_leaks.c"))
        fail_msg("%s: \"%s\", in \"%s\"", command, answer, text);
    colon = strrchr(answer, ':');
    return (unsigned)atoi(colon + 1);
}

/* The files in reports must be found from here. */
static void at_line(const char *text, unsigned line)
{
    unsigned found = line_of(text);

    /* a call over two lines may be either */
    if (found && (found < line || found > line + 1))
        fail_msg("line %u, not %u: %s", found, line, text);
}

static int keep_text(const struct hlthunk_live_object *o, void *user)
{
    char **text = user;
    size_t n = hlthunk_live_object_format(o, NULL, 0);
    char small[8];

    *text = malloc(n + 1);
    assert_non_null(*text);
    assert_int_equal(hlthunk_live_object_format(o, *text, n + 1), n);
    assert_int_equal(strlen(*text), n);
    /* cut, terminated, and the length of all of it */
    memset(small, 'x', sizeof(small));
    assert_int_equal(hlthunk_live_object_format(o, small, sizeof(small)), n);
    assert_int_equal(strlen(small), sizeof(small) - 1);
    assert_memory_equal(small, *text, sizeof(small) - 1);
    return 0;
}

/* The first two calls of the backtrace in a text: where it was made, and who led there.  What is
 * behind. */
static const char *leads_to_the_lines(const char *text)
{
    const char *frame = strstr(text, "\n    #0 ");

    assert_non_null(frame);
    at_line(frame + 1, made_at);
    frame = strstr(frame, "\n    #1 ");
    assert_non_null(frame);
    at_line(frame + 1, led_at);
    return frame;
}

/* To be freed. */
static char *report_of(struct hlthunk_device *d)
{
    char *report = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&report, &size);

    ok(hlthunk_device_report(d, f));
    fclose(f);
    return report;
}

TEST(a_backtrace_leads_to_the_lines)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;
    char *text = NULL;

    hlthunk_backtrace_set_depth(4);
    b = outer(d);
    hlthunk_backtrace_set_depth(0);
    assert_int_equal(hlthunk_device_list_live_objects(d, keep_text, &text), 0);
    assert_ptr_equal(strstr(text, "a buffer of "), text);
    assert_non_null(strstr(text, " by sim_leaks(+0x"));
    assert_non_null(strstr(text, ", label weights\n"));
    leads_to_the_lines(text);
    assert_non_null(strstr(text, "\n    #3 "));
    assert_null(strstr(text, "\n    #4 "));
    free(text);
    /* the same through the log, when it is closed too early */
    line_count = 0;
    hlthunk_log_set(keep_line, NULL, HLTHUNK_LOG_WARNING);
    assert_int_not_equal(hlthunk_device_close(d), 0);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    assert_int_equal(line_count, 5);
    assert_non_null(strstr(lines[0], "stays open: a buffer of "));
    assert_non_null(strstr(lines[0], "label weights"));
    at_line(lines[1], made_at);
    at_line(lines[2], led_at);
    hlthunk_buffer_unref(b);
}

TEST(a_label_keeps_to_its_line)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .label = "two\nlines\x1b[1m ä" };
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b;
    char *text = NULL;

    ok(hlthunk_buffer_alloc(d, MIB, &o, &b));
    assert_int_equal(hlthunk_device_list_live_objects(d, keep_text, &text), 0);
    assert_non_null(strstr(text, ", label two?lines?[1m ä"));
    assert_null(strchr(text, '\n'));
    free(text);
    line_count = 0;
    hlthunk_log_set(keep_line, NULL, HLTHUNK_LOG_WARNING);
    assert_int_not_equal(hlthunk_device_close(d), 0);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    assert_int_equal(line_count, 1);
    assert_null(strchr(lines[0], '\n'));
    hlthunk_buffer_unref(b);
}

/* All buffers of a program's own allocator are made by the same call: its callers differ. */
static __attribute__((noinline)) struct hlthunk_buffer *allocator(struct hlthunk_pool *p)
{
    struct hlthunk_buffer *b = NULL;

    made_at = __LINE__ + 1;
    ok(hlthunk_pool_alloc(p, 4096, NULL, &b));
    return b;
}

static __attribute__((noinline)) struct hlthunk_buffer *one_caller(struct hlthunk_pool *p)
{
    struct hlthunk_buffer *b;

    led_at = __LINE__ + 1;
    b = allocator(p);
    assert_non_null(b);
    return b;
}

static __attribute__((noinline)) struct hlthunk_buffer *another_caller(struct hlthunk_pool *p)
{
    struct hlthunk_buffer *b = allocator(p);

    assert_non_null(b);
    return b;
}

TEST(buffers_of_a_pool_are_grouped_by_backtrace)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b[5];
    struct hlthunk_pool *p;
    const char *group;
    char *report;

    ok(hlthunk_pool_create(d, NULL, &p));
    hlthunk_backtrace_set_depth(2);
    for (unsigned i = 0; i < 3; i++)
        b[i] = one_caller(p);
    b[3] = another_caller(p);
    /* its block is used again, without a backtrace */
    hlthunk_buffer_unref(another_caller(p));
    hlthunk_backtrace_set_depth(0);
    b[4] = allocator(p);
    report = report_of(d);
    group = strstr(report, "3 pool buffers of 12288 bytes together");
    assert_non_null(group);
    group = leads_to_the_lines(group);
    assert_null(strstr(group, "#2"));
    group = strstr(report, "a pool buffer of 4096 bytes");
    assert_non_null(group);
    assert_non_null(strstr(group + 1, "a pool buffer of 4096 bytes"));
    free(report);
    for (unsigned i = 0; i < 5; i++)
        hlthunk_buffer_unref(b[i]);
    hlthunk_pool_unref(p);
    assert_int_equal(hlthunk_device_close(d), 0);
}

TEST(without_a_backtrace_there_is_the_creator)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b = outer(d);
    struct hlthunk_event_notifier *n;
    char *report;
    FILE *f;

    ok(hlthunk_event_notifier_create(d, NULL, &n));
    report = report_of(d);
    assert_non_null(strstr(report, "a buffer of "));
    assert_non_null(strstr(report, "label weights\n"));
    assert_non_null(strstr(report, "an event notifier is alive"));
    assert_null(strstr(report, "#0"));
    free(report);
    hlthunk_event_notifier_unref(n);
    hlthunk_buffer_unref(b);
    report = report_of(d);
    assert_string_equal(report, "");
    free(report);
    refused(hlthunk_device_report(d, NULL), EINVAL, "stream is NULL");
    refused(hlthunk_device_report(NULL, stderr), EINVAL, "device is NULL");
    f = fopen("/dev/full", "w");
    b = outer(d);
    refused(hlthunk_device_report(d, f), EIO, "stream");
    fclose(f);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* As a program that looks closer at what it is told: takes the device's lock, and forks. */
static int look_closer(struct hlthunk_device *d)
{
    struct hlthunk_buffer *b;
    int status;
    pid_t pid;

    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    hlthunk_buffer_unref(b);
    pid = fork();
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void look_closer_at_line(enum hlthunk_log_level level, const char *message, void *user)
{
    keep_line(level, message, NULL);
    assert_int_equal(look_closer(user), 0);
}

/* Releases what it is told of, which is a buffer. */
static struct hlthunk_buffer *told;

static int release(const struct hlthunk_live_object *o, void *user)
{
    hlthunk_buffer_unref(told);
    told = NULL; /* once */
    assert_string_equal(hlthunk_live_object_get_kind(o), "buffer");
    assert_string_equal(hlthunk_live_object_get_label(o), "weights");
    return look_closer(user);
}

TEST(no_lock_is_held_in_callbacks)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_buffer *b = outer(d);

    told = outer(d);
    alarm(20); /* otherwise it would hang */
    ok(hlthunk_device_list_live_objects(d, release, d));
    line_count = 0;
    hlthunk_log_set(look_closer_at_line, d, HLTHUNK_LOG_WARNING);
    assert_int_not_equal(hlthunk_device_close(hlthunk_device_ref(d)), 0);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    alarm(0);
    assert_int_equal(line_count, 1);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Of every kind of object, and a dma-buf that never had a device. */
TEST(backtraces_are_freed)
{
    struct hlthunk_device *d = open_device();
    struct hlthunk_command_buffer *cb;
    struct hlthunk_event_notifier *n;
    struct hlthunk_dmabuf *m;
    struct hlthunk_buffer *b;

    hlthunk_backtrace_set_depth(1000); /* as many as there may be */
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_command_buffer_create(d, 4096, NULL, &cb));
    ok(hlthunk_event_notifier_create(d, NULL, &n));
    if (can_export()) {
        ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
        hlthunk_dmabuf_unref(m);
    }
    hlthunk_backtrace_set_depth(0);
    hlthunk_event_notifier_unref(n);
    hlthunk_command_buffer_unref(cb);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

/* Allocates, fails to allocate, and gives back while another thread lists what is alive. */
struct churn {
    struct hlthunk_device *d;
    atomic_bool end;
    atomic_uint failures;
};

static void *churn(void *user)
{
    struct churn *c = user;
    struct hlthunk_buffer *b, *none = NULL;

    while (!atomic_load(&c->end)) {
        if (hlthunk_buffer_alloc(c->d, MIB, NULL, &b))
            break;
        hlthunk_buffer_unref(b);
        if (hlthunk_buffer_alloc(c->d, 1ull << 60, NULL, &none))
            atomic_fetch_add(&c->failures, 1);
    }
    return NULL;
}

static int is_complete(const struct hlthunk_live_object *o, void *user)
{
    unsigned *seen = user;

    ++*seen;
    if (strcmp(hlthunk_live_object_get_kind(o), "buffer"))
        return 0;
    return hlthunk_live_object_get_address(o) && hlthunk_live_object_get_size(o) < 1ull << 60
               ? 0
               : -EBADMSG;
}

TEST(only_complete_objects_are_listed)
{
    const unsigned rounds = getenv("TEST_VALGRIND") ? 20 : 500;
    struct churn c = { .d = open_device() };
    unsigned seen = 0;
    pthread_t t;

    assert_int_equal(pthread_create(&t, NULL, churn, &c), 0);
    while (seen < 20 || atomic_load(&c.failures) < rounds)
        assert_int_equal(hlthunk_device_list_live_objects(c.d, is_complete, &seen), 0);
    atomic_store(&c.end, true);
    pthread_join(t, NULL);
    assert_int_equal(hlthunk_device_close(c.d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backtrace_leads_to_the_lines),
        cmocka_unit_test(a_label_keeps_to_its_line),
        cmocka_unit_test(buffers_of_a_pool_are_grouped_by_backtrace),
        cmocka_unit_test(without_a_backtrace_there_is_the_creator),
        cmocka_unit_test(no_lock_is_held_in_callbacks),
        cmocka_unit_test(backtraces_are_freed),
        cmocka_unit_test(only_complete_objects_are_listed),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
