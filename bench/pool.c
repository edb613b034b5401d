/* SPDX-License-Identifier: MIT */
/*
 * What a pool's buffer costs, compared with a buffer of its own, with a driver that costs nothing.
 *
 * usage: bench-pool times       one thread, and two at once with buffers of their own
 *        bench-pool pool N      N times pool alloc and unref, for callgrind
 *        bench-pool buffer N    N times buffer alloc and unref
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

#include <habanalabs/hlthunk.h>
#include <hlthunk/hlthunk.h>

#include "bench/device.h"
#include "uapi/requests.h"

#define SIZE 4096
#define ROUNDS 200000
#define TRIES 9
#define MAX_THREADS 8
#define WINDOW 64 /* buffers that are alive at a time */

/* The driver that costs nothing. */
int ioctl(int fd, unsigned long request, ...)
{
    union hl_mem_args *m;
    va_list ap;

    (void)fd;
    va_start(ap, request);
    m = va_arg(ap, void *);
    va_end(ap);
    if (request == HL_REQ_D_MEMORY && m->in.op == HL_MEM_OP_ALLOC)
        m->out.handle = 1;
    else if (request == HL_REQ_D_MEMORY && m->in.op == HL_MEM_OP_MAP)
        m->out.device_virt_addr = 0x1001001800000000;
    return 0;
}

static struct hlthunk_device *device;
static struct hlthunk_pool *pool;

static void pool_cycle(void)
{
    struct hlthunk_buffer *b;

    if (hlthunk_pool_alloc(pool, SIZE, NULL, &b))
        abort();
    hlthunk_buffer_unref(b);
}

static void buffer_cycle(void)
{
    struct hlthunk_buffer *b;

    if (hlthunk_buffer_alloc(device, SIZE, NULL, &b))
        abort();
    hlthunk_buffer_unref(b);
}

/* Not always the same one: a window of live buffers, of several sizes. */
static void pool_window(unsigned rounds)
{
    struct hlthunk_buffer *b[WINDOW] = { NULL };

    for (unsigned i = 0; i < rounds; i++) {
        unsigned k = i * 7 % WINDOW;

        if (b[k])
            hlthunk_buffer_unref(b[k]);
        if (hlthunk_pool_alloc(pool, 64 + i % 13 * 500, NULL, &b[k]))
            abort();
    }
    for (unsigned k = 0; k < WINDOW; k++) {
        if (b[k])
            hlthunk_buffer_unref(b[k]);
    }
}

static pthread_barrier_t ready;
static void (*cycle)(void);

static double now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Of one thread, for one cycle. */
struct cost {
    double elapsed_ns, cpu_ns;
    double waits; /* for a lock; of all cycles and tries */
};

static void *worker(void *argument)
{
    struct cost *c = argument;
    struct rusage before, after;
    double cpu;

    pthread_barrier_wait(&ready);
    getrusage(RUSAGE_THREAD, &before);
    cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
    if (cycle) {
        for (unsigned i = 0; i < ROUNDS; i++)
            cycle();
    } else {
        pool_window(ROUNDS);
    }
    c->cpu_ns = (now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / ROUNDS;
    getrusage(RUSAGE_THREAD, &after);
    c->waits = (double)(after.ru_nvcsw - before.ru_nvcsw);
    pthread_barrier_wait(&ready);
    return NULL;
}

/* n threads at once: the best of some tries in each respect, of the slower thread. */
static struct cost measure(unsigned n, void (*what)(void))
{
    struct cost best = { 1e18, 1e18, 0 }, one[MAX_THREADS];
    pthread_t t[MAX_THREADS];

    cycle = what;
    for (unsigned i = 0; i < TRIES; i++) {
        struct cost worst = { 0 };
        double start;

        pthread_barrier_init(&ready, NULL, n + 1);
        for (unsigned k = 0; k < n; k++) {
            if (pthread_create(&t[k], NULL, worker, &one[k]))
                abort();
        }
        pthread_barrier_wait(&ready);
        start = now_ns(CLOCK_MONOTONIC);
        pthread_barrier_wait(&ready);
        worst.elapsed_ns = (now_ns(CLOCK_MONOTONIC) - start) / ROUNDS;
        for (unsigned k = 0; k < n; k++) {
            pthread_join(t[k], NULL);
            worst.cpu_ns = one[k].cpu_ns > worst.cpu_ns ? one[k].cpu_ns : worst.cpu_ns;
            worst.waits = one[k].waits > worst.waits ? one[k].waits : worst.waits;
        }
        pthread_barrier_destroy(&ready);
        best.elapsed_ns = worst.elapsed_ns < best.elapsed_ns ? worst.elapsed_ns : best.elapsed_ns;
        best.cpu_ns = worst.cpu_ns < best.cpu_ns ? worst.cpu_ns : best.cpu_ns;
        best.waits += worst.waits;
    }
    return best;
}

/* On a machine with less than two idle processors the elapsed time says nothing, CPU time does. */
static void line(const char *name, void (*what)(void))
{
    struct cost one = measure(1, what), two = measure(2, what);

    printf("%-20s %4.0f ns; of two threads each %4.0f ns of CPU, ratio %.2f, %.0f waits; elapsed "
           "ratio %.2f\n",
           name, one.cpu_ns, two.cpu_ns, two.cpu_ns / one.cpu_ns, two.waits,
           two.elapsed_ns / one.elapsed_ns);
}

int main(int argc, char **argv)
{
    unsigned n = argc == 3 ? (unsigned)atoi(argv[2]) : 0;

    device = make_device();
    if (hlthunk_pool_create(device, NULL, &pool))
        abort();
    pool_cycle();
    for (unsigned i = 0; i < n; i++)
        (strcmp(argv[1], "pool") ? buffer_cycle : pool_cycle)();
    if (n)
        return 0;
    line("pool alloc, unref", pool_cycle);
    line("pool, 64 alive", NULL);
    line("buffer alloc, unref", buffer_cycle);
    return 0;
}
