/* SPDX-License-Identifier: MIT */
/*
 * What a queue's small copy costs the library, besides the submission: with a driver that costs
 * nothing and completes all at once.
 *
 * usage: bench-queue             times
 *        bench-queue copy N      N copies, each with a submission and a wait, for callgrind
 *        bench-queue calls N     N times the two system calls alone
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

#include "bench/device.h"
#include "lib/memory/buffer.h"
#include "uapi/requests.h"

#define ROUNDS 200000
#define TRIES 9

/* The driver that costs nothing. */
int ioctl(int fd, unsigned long request, ...)
{
    static _Thread_local uint64_t sequence;
    va_list ap;
    void *arg;

    (void)fd;
    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (request == HL_REQ_D_CS) {
        ((union hl_cs_args *)arg)->out.seq = ++sequence;
    } else if (request == HL_REQ_D_WAIT_CS) {
        ((union hl_wait_cs_args *)arg)->out.status = HL_WAIT_CS_STATUS_COMPLETED;
        ((union hl_wait_cs_args *)arg)->out.flags = 0;
    } else if (request == HL_REQ_D_CB) {
        union hl_cb_args *a = arg;

        if (a->in.op == HL_CB_OP_CREATE)
            a->out.cb_handle = 2ull << 59;
        else if (a->in.op == HL_CB_OP_INFO)
            a->out.device_va = 0x1001000000000000;
    } else if (request == HL_REQ_D_MEMORY) {
        ((union hl_mem_args *)arg)->out.device_virt_addr = 0x1001001800000000;
    }
    return 0;
}

/* Command buffers, which are never executed. */
void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    static uint8_t memory[16][64 << 10] __attribute__((aligned(4096)));
    static _Atomic unsigned next;

    if (fd < 0)
        return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
    return memory[next++ % 16];
}

int munmap(void *address, size_t size)
{
    (void)address, (void)size;
    return 0;
}

static void __attribute__((noreturn)) fail(void)
{
    fprintf(stderr, "%s\n", hlthunk_last_error());
    exit(1);
}

static struct hlthunk_device *device;
static struct hlthunk_queue *queue;
static struct hlthunk_buffer *a, *b;

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* One submission for every n copies: the best of several tries, for one copy. */
static double copies(unsigned n)
{
    double best = 1e9;

    for (unsigned try = 0; try < TRIES; try++) {
        double from = now_ns(), took;

        for (unsigned i = 0; i < ROUNDS; i++) {
            if (hlthunk_queue_copy(queue, a, i % 1000 * 64, b, i % 1000 * 64, 64) ||
                (i % n == n - 1 && hlthunk_queue_flush(queue)))
                fail();
        }
        if (hlthunk_queue_finish(queue, -1))
            fail();
        took = (now_ns() - from) / ROUNDS;
        best = took < best ? took : best;
    }
    return best;
}

static void copy_once(void)
{
    if (hlthunk_queue_copy(queue, a, 0, b, 0, 64) || hlthunk_queue_finish(queue, -1))
        fail();
}

/* The two system calls alone, with a driver that costs nothing. */
static void calls_once(void)
{
    union hl_cs_args cs = { 0 };
    union hl_wait_cs_args wait = { 0 };

    ioctl(0, HL_REQ_D_CS, &cs);
    ioctl(0, HL_REQ_D_WAIT_CS, &wait);
}

/* Copies of one thread on a queue of its own. */
struct worker {
    pthread_t thread;
    struct hlthunk_queue *queue;
    struct hlthunk_buffer *from, *to;
    double cpu_ns; /* for one copy */
};

static void *work(void *arg)
{
    struct worker *w = arg;
    double from = now_ns();

    for (unsigned i = 0; i < ROUNDS; i++)
        if (hlthunk_queue_copy(w->queue, w->from, i % 1000 * 64, w->to, i % 1000 * 64, 64) ||
            (i % 100 == 99 && hlthunk_queue_flush(w->queue)))
            fail();
    if (hlthunk_queue_finish(w->queue, -1))
        fail();
    w->cpu_ns = (now_ns() - from) / ROUNDS;
    return NULL;
}

static double wall_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Copies per nanosecond with that many threads at once, the best of several tries; *cpu: for one
 * copy. */
static double rate(struct worker *w, unsigned threads, double *cpu)
{
    double best = 0;

    *cpu = 1e9;
    for (unsigned try = 0; try < TRIES; try++) {
        double from = wall_ns(), now, mean = 0;

        for (unsigned i = 0; i < threads; i++)
            if (pthread_create(&w[i].thread, NULL, work, &w[i]))
                fail();
        for (unsigned i = 0; i < threads; i++) {
            pthread_join(w[i].thread, NULL);
            mean += w[i].cpu_ns / threads;
        }
        now = threads * ROUNDS / (wall_ns() - from);
        best = now > best ? now : best;
        *cpu = mean < *cpu ? mean : *cpu;
    }
    return best;
}

static struct hlthunk_buffer *buffer(void)
{
    static uint64_t mebibytes;
    struct hlthunk_buffer *made;

    if (hlthunk_buffer_alloc(device, 1 << 20, NULL, &made))
        fail();
    made->memory.address += mebibytes++
                            << 20; /* the driver that costs nothing returns the same for all */
    return made;
}

/* Wall time needs two cores that are free; processor time shows what one thread costs the other. */
static void two_threads(void)
{
    struct worker w[2] = { { .queue = queue, .from = a, .to = b } };
    double one, two, cpu_one, cpu_two;

    if (hlthunk_queue_create(device, NULL, &w[1].queue))
        fail();
    w[1].from = buffer();
    w[1].to = buffer();
    one = rate(w, 1, &cpu_one);
    two = rate(w, 2, &cpu_two);
    printf(
        "two threads on two queues: %.2f times as many copies; a copy takes %.0f ns, alone %.0f ns\n",
        two / one, cpu_two, cpu_one);
    hlthunk_buffer_unref(w[1].from);
    hlthunk_buffer_unref(w[1].to);
    hlthunk_queue_unref(w[1].queue);
}

static double calls(void)
{
    double from = now_ns();

    for (unsigned i = 0; i < ROUNDS; i++)
        calls_once();
    return (now_ns() - from) / ROUNDS;
}

int main(int argc, char **argv)
{
    unsigned n = argc == 3 ? (unsigned)atoi(argv[2]) : 0;

    device = make_device();
    device->props.asic = HLTHUNK_ASIC_GAUDI2;
    if (hlthunk_queue_create(device, NULL, &queue))
        fail();
    a = buffer();
    b = buffer();
    for (unsigned i = 0; i < n; i++)
        (strcmp(argv[1], "copy") ? calls_once : copy_once)();
    if (n)
        return 0;
    printf("a copy of 64 bytes, with its submission and wait: %.0f ns; the calls alone %.0f ns\n",
           copies(1), calls());
    printf("a copy of 64 bytes, a thousand to a submission: %.0f ns\n", copies(1000));
    two_threads();
    hlthunk_buffer_unref(a);
    hlthunk_buffer_unref(b);
    hlthunk_queue_unref(queue);
    return 0;
}
