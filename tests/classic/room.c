/* SPDX-License-Identifier: MIT */
/*
 * A full queue on the simulated device: the submission waits for room asleep, and ends with the
 * device's reset.  HLSIM_PROGRAM has the path of hlsim.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <habanalabs/hlthunk.h>

#include "tests/clock.h"
#include "tests/work/work.h"

#define LONG_ENOUGH_US 1000000u

static struct work w;

static uint64_t processor_us(void)
{
    struct rusage u;

    CHECK(getrusage(RUSAGE_THREAD, &u) == 0);
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Submissions that the driver had no room for. */
static uint64_t refused(void)
{
    struct hl_info_cs_counters c = { 0 };

    CHECK(hlthunk_get_cs_counters_info(w.fd, &c) == 0);
    return c.ctx_queue_full_drop_cnt + c.ctx_max_cs_in_flight_drop_cnt;
}

/* Once somebody waits for room: how often does it ask?  A pause is a millisecond, but for the
 * first. */
static void *watch(void *before)
{
    char command[512];
    uint64_t first, attempts, start;

    while (refused() == *(uint64_t *)before)
        usleep(1000);
    start = now_us();
    first = refused();
    usleep(LONG_ENOUGH_US);
    attempts = refused() - first;
    start = now_us() - start;
    printf("%u attempts in %u ms\n", (unsigned)attempts, (unsigned)(start / 1000));
    CHECK(attempts > 0 && attempts <= start / 1000 + 10);
    snprintf(command, sizeof(command), "%s ctl reset 0 >/dev/null", getenv("HLSIM_PROGRAM"));
    CHECK(system(command) == 0); /* NOLINT: of the simulator's own */
    return NULL;
}

static void submit(const struct work_cb *cb)
{
    struct hl_cs_chunk k = { .cb_handle = cb->handle, .queue_index = w.down, .cb_size = cb->len };
    struct hlthunk_cs_in in = { .chunks_execute = &k, .num_chunks_execute = 1 };
    struct hlthunk_cs_out out = { .seq = 77 };
    uint64_t processor = processor_us(), wall = now_us();
    int rc;

    if (w.asic == WORK_GAUDI2)
        k.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    rc = hlthunk_command_submission(w.fd, &in, &out);
    processor = processor_us() - processor;
    wall = now_us() - wall;
    printf("%d after %u ms, %u of them with a processor\n", rc, (unsigned)(wall / 1000),
           (unsigned)(processor / 1000));
    /* the driver looks twice: before it takes the submission, and before it queues it (EPERM) */
    CHECK((rc == -EBUSY || rc == -EPERM) && out.seq == 77);
    CHECK(processor < wall / 4);
}

int main(void)
{
    struct work_cb hanging, cb;
    union hl_cs_args a;
    uint64_t before;
    pthread_t t;
    int rc;

    work_open(&w);
    work_cb(&w, &hanging, 4096);
    work_fence(&hanging, 1);
    work_cb(&w, &cb, 4096);
    work_nop(&cb);
    work_submit(&w, w.down, &hanging);
    do {
        memset(&a, 0, sizeof(a));
        rc = work_try_submit(&w, w.down, &cb, 0, &a);
    } while (!rc);
    CHECK(rc == -EAGAIN);
    before = refused();
    CHECK(pthread_create(&t, NULL, watch, &before) == 0);
    submit(&cb);
    CHECK(pthread_join(t, NULL) == 0);
    return 0;
}
