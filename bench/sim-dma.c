/* SPDX-License-Identifier: MIT */
/*
 * How fast the simulated device's DMA is, as a ratio to memcpy() on the same machine:
 *
 *   hlsim run --device gaudi2 -- bench/sim-dma [MIB]
 *
 * Each number is the median of five. The host side is this program's memory, which the simulator
 * reaches through the kernel, so that a copy costs a bit more than memcpy().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "tests/work/work.h"

#define RUNS 5

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *t)
{
    qsort(t, RUNS, sizeof(*t), compare);
    return t[RUNS / 2];
}

static uint8_t *memory(uint64_t n)
{
    uint8_t *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

int main(int argc, char **argv)
{
    uint64_t n = (argc > 1 ? strtoull(argv[1], NULL, 0) : 256) << 20, va, va2, dev, dev2;
    uint8_t *a = memory(n), *b = memory(n);
    double t[RUNS], base;
    struct work w;

    work_fill(a, n, 7);
    memset(b, 1, n);
    for (unsigned i = 0; i < RUNS; i++) {
        t[i] = now();
        memcpy(b, a, n);
        t[i] = now() - t[i];
    }
    base = median(t);
    printf("%-24s %8.2f GB/s\n", "memcpy", (double)n / base / 1e9);
    work_open(&w);
    va = work_map(&w, a, n);
    va2 = work_map(&w, b, n);
    dev = work_alloc(&w, n, NULL);
    dev2 = work_alloc(&w, n, NULL);
    memset(b, 0, n);
    for (unsigned k = 0; k < 3; k++) {
        static const char *const names[] = { "host to device", "device to host",
                                             "within the device" };

        for (unsigned i = 0; i < RUNS; i++) {
            t[i] = now();
            CHECK(work_try_copy(&w, k == 0 ? va : dev,
                                k == 0   ? dev
                                : k == 1 ? va2
                                         : dev2,
                                n, k) == 0);
            t[i] = now() - t[i];
        }
        printf("%-24s %8.2f GB/s  %.2f of memcpy\n", names[k], (double)n / median(t) / 1e9,
               base / t[RUNS / 2]);
    }
    CHECK(work_same(b, n, 7));
    return 0;
}
