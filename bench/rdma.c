/* SPDX-License-Identifier: MIT */
/*
 * What device memory costs an RDMA card, beside host memory: registration and deregistration, and
 * bytes through the card.  In the rig's machine (bench/rig, ./dev bench --rig); ratios of one run.
 * The lower quartile of many tries: an emulated processor is interrupted often.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <hlthunk/hlthunk.h>
#include <hlthunk/verbs.h>

#include "tools/rdma_end.h"

#define ACCESS (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE)
#define MIB (1ull << 20)
#define TRIES 24

static struct rdma_end end;
static struct hlthunk_dmabuf *dmabuf;
static char *host;

static void check(int bad, const char *what, const char *why)
{
    if (!bad)
        return;
    fprintf(stderr, "bench-rdma: %s: %s\n", what, why);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double quartile(double *v)
{
    qsort(v, TRIES, sizeof(*v), by_value);
    return v[TRIES / 4];
}

/* Microseconds to register and to deregister this many bytes: [0] of the host's, [1] the device's.
 */
static void registration(uint64_t size)
{
    double in[2][TRIES], out[2][TRIES], r[2], d[2];

    for (int i = 0; i < TRIES; i++) {
        struct hlthunk_verbs_mr_options o = { .struct_size = sizeof(o), .size_bytes = size };
        struct hlthunk_verbs_mr *mr;
        struct ibv_mr *plain;
        double t = now();

        plain = ibv_reg_mr(end.pd, host, size, ACCESS);
        in[0][i] = now() - t;
        check(!plain, "host memory", "not registered");
        t = now();
        ibv_dereg_mr(plain);
        out[0][i] = now() - t;
        t = now();
        check(hlthunk_verbs_mr_register(end.pd, dmabuf, ACCESS, &o, &mr), "device memory",
              hlthunk_verbs_last_error());
        in[1][i] = now() - t;
        t = now();
        check(hlthunk_verbs_mr_deregister(mr), "device memory", hlthunk_verbs_last_error());
        out[1][i] = now() - t;
        hlthunk_verbs_mr_unref(mr);
    }
    for (int k = 0; k < 2; k++) {
        r[k] = quartile(in[k]);
        d[k] = quartile(out[k]);
    }
    printf("%6llu KiB: register %.2f, deregister %.2f\n", (unsigned long long)size / 1024,
           r[1] / r[0], d[1] / d[0]);
}

/* Microseconds of one transfer from the first half of host memory into a region. */
static double through_the_card(const struct rdma_transfer *t)
{
    double v[TRIES];

    for (int i = 0; i < TRIES; i++) {
        double begin = now();

        check(rdma_end_transfer(&end, t), "a transfer", end.text);
        v[i] = now() - begin;
    }
    return quartile(v);
}

static void bytes(struct ibv_ah *self, const struct ibv_mr *plain,
                  const struct hlthunk_verbs_mr *mr, bool read, uint32_t size)
{
    struct rdma_transfer t = {
        .read = read,
        .ah = self,
        .peer = rdma_end_address(&end),
        .lkey = plain->lkey,
        .rkey = plain->rkey,
        .local = (uintptr_t)host,
        .remote = (uintptr_t)host + 8 * MIB,
        .bytes = size,
    };
    double to_host = through_the_card(&t), to_device;

    t.rkey = hlthunk_verbs_mr_get_rkey(mr);
    t.remote = hlthunk_verbs_mr_get_address(mr);
    to_device = through_the_card(&t);
    printf("%6u KiB: %s %.2f\n", size / 1024, read ? "read" : "write", to_device / to_host);
}

int main(void)
{
    struct hlthunk_device *device;
    struct hlthunk_buffer *buffer;
    struct hlthunk_verbs_mr *mr;
    struct rdma_peer me;
    struct ibv_mr *plain;
    struct ibv_ah *self;

    host = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
                -1, 0);
    check(host == MAP_FAILED, "host memory", "exhausted");
    check(rdma_end_open(&end, 0), "the card", end.text);
    check(hlthunk_device_open(NULL, &device) ||
              hlthunk_buffer_alloc(device, 16 * MIB, NULL, &buffer) ||
              hlthunk_dmabuf_export(buffer, 0, 0, NULL, &dmabuf),
          "the accelerator", hlthunk_last_error());
    puts("device memory to host memory, ratios of times");
    for (uint64_t size = 64 * 1024; size <= 16 * MIB; size *= 16)
        registration(size);
    me = rdma_end_address(&end);
    self = rdma_end_reach(&end, &me);
    plain = ibv_reg_mr(end.pd, host, 16 * MIB, ACCESS);
    check(!self || !plain, "the card", "has no address, or does not register memory");
    check(hlthunk_verbs_mr_register(end.pd, dmabuf, ACCESS, NULL, &mr), "device memory",
          hlthunk_verbs_last_error());
    for (int read = 0; read < 2; read++)
        for (uint32_t size = 64 * 1024; size <= 4 * MIB; size *= 8)
            bytes(self, plain, mr, read, size);
    hlthunk_verbs_mr_unref(mr);
    ibv_dereg_mr(plain);
    ibv_destroy_ah(self);
    hlthunk_dmabuf_unref(dmabuf);
    hlthunk_buffer_unref(buffer);
    check(hlthunk_device_close(device), "the accelerator", hlthunk_last_error());
    rdma_end_close(&end);
    return 0;
}
