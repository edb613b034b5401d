/* SPDX-License-Identifier: MIT */
/*
 * What becomes of submissions, as the waits of the original library tell it: each fate (done, in
 * flight, timed out, aborted, reset, dropped, gone, never submitted), each wait, one line. The
 * program is the same whatever libhl-thunk.so it runs with; fates.sh compares two of them.
 */
#include "tests/classic/asleep.h"
#include "tests/work/work.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <habanalabs/hlthunk.h>

#define AT_ONCE 0u
#define SHORT_US 1000u
#define LONG_US 100000000u
#define SUBMISSION_LIMIT_S 4u /* of what shall time out: the wait must have begun by then */
#define FENCE 1u              /* nobody lets it go */

static struct work w;

/* ---- submissions ---- */

static void chunk_of(struct hl_cs_chunk *k, const struct work_cb *cb)
{
    *k = (struct hl_cs_chunk){ .cb_handle = cb->handle, .queue_index = w.down, .cb_size = cb->len };
    if (w.asic == WORK_GAUDI2)
        k->cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
}

static uint64_t submit(const struct work_cb *cb, uint32_t flags, uint32_t limit_s)
{
    struct hl_cs_chunk k;
    struct hlthunk_cs_in in = { .chunks_execute = &k, .num_chunks_execute = 1, .flags = flags };
    struct hlthunk_cs_out out = { 0 };
    int rc;

    chunk_of(&k, cb);
    rc = limit_s ? hlthunk_command_submission_timeout(w.fd, &in, &out, limit_s)
                 : hlthunk_command_submission(w.fd, &in, &out);
    CHECK(rc == 0);
    return out.seq;
}

static struct work_cb nop_cb(void)
{
    struct work_cb cb;

    work_cb(&w, &cb, 4096);
    work_nop(&cb);
    return cb;
}

static struct work_cb hanging_cb(void)
{
    struct work_cb cb;

    work_cb(&w, &cb, 4096);
    work_fence(&cb, FENCE);
    return cb;
}

static uint64_t done(uint32_t flags)
{
    struct work_cb cb = nop_cb();
    uint64_t seq = submit(&cb, flags, 0);

    work_wait(&w, seq);
    return seq;
}

/* ---- the waits, and what they give ---- */

enum { WAIT_CS, WAIT_CS_TIME, WAIT_MULTI, WAIT_MULTI_TIME, WAITS };
static const char *const wait_names[] = { "wait", "wait with timestamp", "multi",
                                          "multi with timestamp" };

/* The driver does not answer a failed wait for several: that the original gives a piece of the
 * question as the status is its defect 2, and ours says which (tests/classic/test_wait.c). */
#define NO_STATUS UINT32_MAX

/* The status stands only for these results. */
static void say(const char *what, int rc, uint32_t status, const char *format, ...)
{
    va_list args;

    printf("%s: %s", what, rc ? strerrorname_np(-rc) : "0");
    if (status != NO_STATUS && (rc == 0 || rc == -ETIMEDOUT || rc == -EIO))
        printf(" status %u", status);
    va_start(args, format);
    if (rc == 0)
        vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static void look(unsigned how, const char *fate, uint64_t *seqs, uint32_t n, uint64_t us)
{
    struct hlthunk_wait_multi_cs_in in = { .seq = seqs, .seq_len = n, .timeout_us = us };
    struct hlthunk_wait_multi_cs_out out = { .status = 77 };
    uint64_t time = 0;
    uint32_t status = 77;
    char what[128];
    int rc;

    snprintf(what, sizeof(what), "%s, %s, %s", fate, wait_names[how],
             us == AT_ONCE    ? "at once"
             : us == SHORT_US ? "short"
                              : "long");
    switch (how) {
    case WAIT_CS:
        rc = hlthunk_wait_for_cs(w.fd, seqs[0], us, &status);
        say(what, rc, status, "");
        break;
    case WAIT_CS_TIME:
        rc = hlthunk_wait_for_cs_with_timestamp(w.fd, seqs[0], us, &status, &time);
        say(what, rc, status, " timestamp %s", time ? "yes" : "no");
        break;
    case WAIT_MULTI:
        rc = hlthunk_wait_for_multi_cs(w.fd, &in, &out);
        say(what, rc, rc ? NO_STATUS : out.status, " set %#x completed %u", out.seq_set,
            out.completed);
        break;
    default:
        rc = hlthunk_wait_for_multi_cs_with_timestamp(w.fd, &in, &out, &time);
        say(what, rc, rc ? NO_STATUS : out.status, " set %#x completed %u timestamp %s",
            out.seq_set, out.completed, time ? "yes" : "no");
    }
}

static void every_look(const char *fate, uint64_t *seqs, uint32_t n, uint64_t us)
{
    for (unsigned how = 0; how < WAITS; how++)
        look(how, fate, seqs, n, us);
}

/* ---- fates ---- */

static void completed(unsigned how)
{
    uint64_t seqs[2];

    (void)how;
    seqs[0] = done(0);
    every_look("done", seqs, 1, AT_ONCE);
    every_look("done", seqs, 1, LONG_US);
    seqs[1] = done(HL_CS_FLAGS_TIMESTAMP);
    every_look("done with timestamp", seqs + 1, 1, LONG_US);
    every_look("two done", seqs, 2, LONG_US);
    every_look("one twice", (uint64_t[]){ seqs[0], seqs[0] }, 2, LONG_US);
}

static void in_flight(unsigned how)
{
    struct work_cb cb = hanging_cb();
    uint64_t seqs[2];

    (void)how;
    seqs[0] = done(0);
    seqs[1] = submit(&cb, 0, 0);
    every_look("in flight", seqs + 1, 1, AT_ONCE);
    every_look("in flight", seqs + 1, 1, SHORT_US);
    every_look("one of two done", seqs, 2, AT_ONCE);
    every_look("one of two done", seqs, 2, LONG_US);
}

static void never(unsigned how)
{
    uint64_t seqs[2];

    (void)how;
    seqs[0] = done(0);
    seqs[1] = seqs[0] + 1000;
    every_look("never submitted", seqs + 1, 1, AT_ONCE);
    every_look("never submitted", seqs + 1, 1, SHORT_US);
    every_look("one of two never submitted", seqs, 2, SHORT_US);
    every_look("sequence 0", (uint64_t[]){ 0 }, 1, SHORT_US);
    every_look("the last sequence", (uint64_t[]){ UINT64_MAX }, 1, SHORT_US);
    look(WAIT_MULTI, "none", seqs, 0, SHORT_US);
}

/* So many later that the driver remembers nothing of it. */
static void gone(unsigned how)
{
    struct work_cb cb = nop_cb();
    uint64_t seqs[2], last;

    (void)how;
    seqs[0] = done(0);
    do {
        last = submit(&cb, 0, 0);
        if (last % 64 == 0)
            work_wait(&w, last);
    } while (last < seqs[0] + 17000);
    work_wait(&w, last);
    seqs[1] = last;
    every_look("gone", seqs, 1, AT_ONCE);
    every_look("gone", seqs, 1, LONG_US);
    every_look("one of two gone", seqs, 2, LONG_US);
}

/* Full: the next one is refused, but may have got its number. */
static void dropped(unsigned how)
{
    struct work_cb hanging = hanging_cb(), cb = nop_cb();
    union hl_cs_args a;
    uint64_t seq = submit(&hanging, 0, 0);
    int rc;

    (void)how;
    do {
        memset(&a, 0, sizeof(a));
        rc = work_try_submit(&w, w.down, &cb, 0, &a);
        seq += rc == 0;
    } while (rc == 0);
    printf("full: %s\n", strerrorname_np(-rc));
    seq++;
    every_look("dropped", &seq, 1, AT_ONCE);
    every_look("dropped", &seq, 1, SHORT_US);
}

static void timed_out(unsigned how)
{
    struct work_cb cb = hanging_cb();
    uint64_t seq = submit(&cb, 0, SUBMISSION_LIMIT_S);

    look(how, "timed out", &seq, 1, LONG_US);
    look(how, "timed out before", &seq, 1, AT_ONCE);
}

/* It is taken down with the one before it. */
static void aborted(unsigned how)
{
    struct work_cb hanging = hanging_cb(), cb = nop_cb();
    uint64_t seq;

    submit(&hanging, 0, SUBMISSION_LIMIT_S);
    seq = submit(&cb, 0, 0);
    look(how, "aborted", &seq, 1, LONG_US);
    look(how, "aborted before", &seq, 1, SHORT_US);
}

/* ---- a reset while somebody waits ---- */

struct reset_wait {
    unsigned how;
    uint64_t seq;
};

static void wait_submission(void *arg)
{
    struct reset_wait *r = arg;

    look(r->how, "reset", &r->seq, 1, LONG_US);
}

static void reset(unsigned how)
{
    struct work_cb cb = hanging_cb();
    struct reset_wait r = { how, submit(&cb, 0, 0) };

    wait_and_reset(wait_submission, &r);
    look(how, "reset before", &r.seq, 1, SHORT_US);
}

static void wait_room(void *arg)
{
    struct work_cb *cb = arg;
    struct hl_cs_chunk k;
    struct hlthunk_cs_in in = { .chunks_execute = &k, .num_chunks_execute = 1 };
    struct hlthunk_cs_out out = { 0 };
    int rc;

    chunk_of(&k, cb);
    rc = hlthunk_command_submission(w.fd, &in, &out);
    /* the driver looks twice: before it takes the submission, and before it queues it */
    printf("reset, wait for room: %s\n",
           rc == -EBUSY || rc == -EPERM ? "EBUSY or EPERM" : strerrorname_np(-rc));
}

static void reset_full(unsigned how)
{
    struct work_cb hanging = hanging_cb(), cb = nop_cb();
    union hl_cs_args a = { 0 };

    (void)how;
    submit(&hanging, 0, 0);
    while (work_try_submit(&w, w.down, &cb, 0, &a) == 0)
        memset(&a, 0, sizeof(a));
    wait_and_reset(wait_room, &cb);
}

/* ---- interrupts ---- */

#define NOWHERE (1000ull << 12) /* from one handle to another that nobody has */

/* 0 where there is none: numbers above 0xfff are refused by ours and cut by the original (5). */
static uint32_t interrupt_id(void)
{
    return w.asic == WORK_GAUDI2 ? w.ip.first_available_interrupt_id : 0;
}

static void interrupt_at(const char *what, void *at, uint64_t target, uint32_t id, uint64_t us)
{
    uint32_t status = 77;
    uint64_t time = 0;
    char line[128];
    int rc;

    snprintf(line, sizeof(line), "interrupt, %s", what);
    rc = hlthunk_wait_for_interrupt(w.fd, at, target, id, us, &status);
    say(line, rc, status, "");
    snprintf(line, sizeof(line), "interrupt, %s, with timestamp", what);
    rc = hlthunk_wait_for_interrupt_with_timestamp(w.fd, at, target, id, us, &status, &time);
    say(line, rc, status, " timestamp %s", time ? "yes" : "no");
}

static void interrupt_of(const char *what, uint64_t handle, uint64_t offset, uint64_t target,
                         uint32_t id, uint64_t us)
{
    uint32_t status = 77;
    uint64_t time = 0;
    char line[128];
    int rc;

    snprintf(line, sizeof(line), "counter, %s", what);
    rc = hlthunk_wait_for_interrupt_by_handle(w.fd, handle, offset, target, id, us, &status);
    say(line, rc, status, "");
    snprintf(line, sizeof(line), "counter, %s, with timestamp", what);
    rc = hlthunk_wait_for_interrupt_by_handle_with_timestamp(w.fd, handle, offset, target, id, us,
                                                             &status, &time);
    say(line, rc, status, " timestamp %s", time ? "yes" : "no");
}

static uint64_t counters(uint64_t **at)
{
    uint64_t handle;
    void *p;

    CHECK(hlthunk_request_command_buffer(w.fd, 4096, &handle) == 0);
    p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)handle);
    CHECK(p != MAP_FAILED);
    *at = p;
    return handle;
}

static void interrupts(unsigned how)
{
    uint32_t id = interrupt_id();
    uint64_t *counter, handle = counters(&counter), stamps = 0;
    uint64_t word = 5;

    (void)how;
    interrupt_at("reached", &word, 5, id, LONG_US);
    interrupt_at("not reached, at once", &word, 6, id, AT_ONCE);
    interrupt_at("not reached, short", &word, 6, id, SHORT_US);
    interrupt_at("any", &word, 5, UINT32_MAX, SHORT_US);
    interrupt_at("any decoder", &word, 5, 0xffe, SHORT_US);
    interrupt_at("number that is not there", &word, 5, 3000, SHORT_US);
    interrupt_at("at NULL", NULL, 5, id, SHORT_US);
    interrupt_at("at a bad address", (void *)8, 5, id, SHORT_US); /* NOLINT */
    counter[1] = 5;
    interrupt_of("reached", handle, 1, 5, id, LONG_US);
    interrupt_of("not reached, at once", handle, 1, 6, id, AT_ONCE);
    interrupt_of("not reached, short", handle, 1, 6, id, SHORT_US);
    interrupt_of("past the buffer", handle, 512, 5, id, SHORT_US);
    interrupt_of("no such buffer", handle + NOWHERE, 0, 5, id, SHORT_US);
    printf("timestamps: %s\n",
           hlthunk_allocate_timestamp_elements(w.fd, 16, &stamps) ? "refused" : "0");
    say("register, reached",
        hlthunk_register_timestamp_interrupt(w.fd, id, handle, 1, 5, stamps, 0), 0, "");
    say("register, not reached",
        hlthunk_register_timestamp_interrupt(w.fd, id, handle, 1, 6, stamps, 1), 0, "");
    say("register, no such buffer",
        hlthunk_register_timestamp_interrupt(w.fd, id, handle, 1, 6, stamps + NOWHERE, 1), 0, "");
}

static void wait_interrupt(void *arg)
{
    uint32_t status = 77;
    int rc = hlthunk_wait_for_interrupt(w.fd, arg, 6, interrupt_id(), LONG_US, &status);

    say("reset, interrupt", rc, status, "");
}

static void reset_interrupt(unsigned how)
{
    uint64_t word = 5;

    (void)how;
    if (w.asic == WORK_GAUDI2) /* the others have none, and the wait is refused at once */
        wait_and_reset(wait_interrupt, &word);
}

/* ---- */

static const struct fate {
    void (*run)(unsigned how);
    unsigned ways; /* a process, and perhaps a reset, for each wait */
} fates[] = {
    { completed, 1 },  { in_flight, 1 },     { never, 1 },           { gone, 1 },
    { dropped, 1 },    { timed_out, WAITS }, { aborted, WAITS },     { reset, WAITS },
    { reset_full, 1 }, { interrupts, 1 },    { reset_interrupt, 1 },
};

/* What is not supported is refused at once: no reset would find somebody waiting. */
static bool can_wait(unsigned how)
{
    return how < WAIT_MULTI || w.asic == WORK_GAUDI;
}

static int run(const struct fate *f, unsigned how)
{
    work_open(&w);
    if (can_wait(how))
        f->run(how);
    fflush(stdout);
    _exit(0); /* with everything that it has */
}

int main(void)
{
    int status, failed = 0;

    for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
        for (unsigned how = 0; how < fates[i].ways; how++) {
            pid_t child;

            fflush(stdout);
            child = fork();
            if (!child)
                run(&fates[i], how);
            if (child < 0 || waitpid(child, &status, 0) < 0 || status) {
                printf("fate %zu, wait %u: the process ended with %#x\n", i, how, (unsigned)status);
                failed = 1;
            }
        }
    }
    return failed;
}
