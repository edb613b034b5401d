/* SPDX-License-Identifier: MIT */
/*
 * How fast the simulated device moves bytes, beside memcpy() in the same run:
 *
 *   hlsim run --device gaudi2 -- bench/sim-dma [MIB]
 *
 * Each number is the median of seven rounds, and a round measures everything once, so that what
 * else the machine does falls on all of them, and the source of a copy within the device was
 * written to just before (one that would change nothing is not made again).  The host side is this
 * program's memory, which the simulator reaches through the kernel: what the kernel's copy between
 * two processes gives one thread is measured, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

#include "tests/work/work.h"

#define RUNS 7
#define PIECE (4ull << 20)

enum {
    MEMCPY,
    PROCESSES,
    TO_DEVICE,
    FROM_DEVICE,
    WITHIN,
    LIBRARY_TO_DEVICE,
    LIBRARY_FROM_DEVICE,
    LIBRARY_WITHIN,
    COUNT
};

static const struct {
    const char *name;
    int beside; /* the other comparison, besides memcpy() */
} figures[COUNT] = {
    [MEMCPY] = { "memcpy", MEMCPY },
    [PROCESSES] = { "between processes", MEMCPY },
    [TO_DEVICE] = { "host to device", PROCESSES },
    [FROM_DEVICE] = { "device to host", PROCESSES },
    [WITHIN] = { "within the device", MEMCPY },
    [LIBRARY_TO_DEVICE] = { "queue: host to device", TO_DEVICE },
    [LIBRARY_FROM_DEVICE] = { "queue: device to host", FROM_DEVICE },
    [LIBRARY_WITHIN] = { "queue: within the device", WITHIN },
};

static uint64_t n;
static uint8_t *a, *b;
static struct work w;
static uint64_t va, va2, dev, dev2;
static struct hlthunk_queue *queue;
static struct hlthunk_buffer *host, *host2, *device, *device2;
static int ask[2], answer[2]; /* pipes to the other process, and back */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *x, const void *y)
{
    double s = *(const double *)x, t = *(const double *)y;

    return (s > t) - (s < t);
}

static double median(const double *t)
{
    double sorted[RUNS];

    memcpy(sorted, t, sizeof(sorted));
    qsort(sorted, RUNS, sizeof(sorted[0]), compare);
    return sorted[RUNS / 2];
}

static uint8_t *memory(uint64_t size)
{
    uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

/* The other process: reads all of this one's bytes whenever it is asked to, until the pipe ends. */
static void serve(pid_t parent)
{
    uint8_t *mine = memory(n);
    char c;

    memset(mine, 1, n);
    while (read(ask[0], &c, 1) == 1) {
        for (uint64_t at = 0; at < n; at += PIECE) {
            uint64_t k = n - at < PIECE ? n - at : PIECE;
            struct iovec here = { mine + at, k }, there = { a + at, k };

            CHECK(process_vm_readv(parent, &here, 1, &there, 1, 0) == (ssize_t)k);
        }
        CHECK(write(answer[1], &c, 1) == 1);
    }
    _exit(0);
}

static void start_other(void)
{
    pid_t self = getpid();

    CHECK(pipe(ask) == 0 && pipe(answer) == 0);
    if (fork() == 0) {
        close(ask[1]);
        serve(self);
    }
    close(ask[0]);
    close(answer[1]);
}

static void between_processes(void)
{
    char c = 0;

    CHECK(write(ask[1], &c, 1) == 1 && read(answer[0], &c, 1) == 1);
}

static void by_queue(struct hlthunk_buffer *to, struct hlthunk_buffer *from)
{
    CHECK(hlthunk_queue_copy(queue, to, 0, from, 0, n) == 0);
    CHECK(hlthunk_queue_finish(queue, -1) == 0);
}

static void run(int what)
{
    switch (what) {
    case MEMCPY:
        memcpy(b, a, n);
        break;
    case PROCESSES:
        between_processes();
        break;
    case TO_DEVICE:
        CHECK(work_try_copy(&w, va, dev, n, 0) == 0);
        break;
    case FROM_DEVICE:
        CHECK(work_try_copy(&w, dev, va2, n, 1) == 0);
        break;
    case WITHIN:
        CHECK(work_try_copy(&w, dev, dev2, n, 2) == 0);
        break;
    case LIBRARY_TO_DEVICE:
        by_queue(device, host);
        break;
    case LIBRARY_FROM_DEVICE:
        by_queue(host2, device);
        break;
    default:
        by_queue(device2, device);
        break;
    }
}

int main(int argc, char **argv)
{
    static double took[COUNT][RUNS];
    struct hlthunk_device *d;
    double base[COUNT];

    n = (argc > 1 ? strtoull(argv[1], NULL, 0) : 128) << 20;
    a = memory(n);
    b = memory(n);
    work_fill(a, n, 7);
    memset(b, 1, n);
    start_other();
    work_open(&w);
    va = work_map(&w, a, n);
    va2 = work_map(&w, b, n);
    dev = work_alloc(&w, n, NULL);
    dev2 = work_alloc(&w, n, NULL);
    CHECK(hlthunk_device_from_fd(w.fd, &d) == 0);
    CHECK(hlthunk_queue_create(d, NULL, &queue) == 0);
    CHECK(hlthunk_buffer_from_host(d, a, n, NULL, &host) == 0);
    CHECK(hlthunk_buffer_from_host(d, b, n, NULL, &host2) == 0);
    CHECK(hlthunk_buffer_alloc(d, n, NULL, &device) == 0);
    CHECK(hlthunk_buffer_alloc(d, n, NULL, &device2) == 0);
    for (int i = -1; i < RUNS; i++) { /* the first round faults the pages in */
        for (int what = 0; what < COUNT; what++) {
            double start = now();

            run(what);
            if (i >= 0)
                took[what][i] = now() - start;
        }
    }
    for (int what = 0; what < COUNT; what++) {
        int beside = figures[what].beside;

        base[what] = median(took[what]);
        printf("%-24s %8.2f GB/s  %.2f of %s\n", figures[what].name, (double)n / base[what] / 1e9,
               base[beside] / base[what], figures[beside].name);
        if (beside != MEMCPY)
            printf("%-24s %13s  %.2f of memcpy\n", "", "", base[MEMCPY] / base[what]);
    }
    CHECK(work_same(b, n, 7));
    hlthunk_buffer_unref(host);
    hlthunk_buffer_unref(host2);
    hlthunk_buffer_unref(device);
    hlthunk_buffer_unref(device2);
    hlthunk_queue_unref(queue);
    hlthunk_device_unref(d);
    close(ask[1]);
    CHECK(wait(NULL) > 0);
    return 0;
}
