/* SPDX-License-Identifier: MIT */
/*
 * What the classic functions cost over a driver that answers at once, beside functions that do what
 * the original library's do: a table of functions, one that fills the argument, a loop around
 * ioctl().  A plain program of libhl-thunk.so, so that it can be run with another one, too:
 *
 * usage: bench-classic        [LD_LIBRARY_PATH=folder of another libhl-thunk.so]
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <hlthunk.h>

#include "uapi/requests.h"

/* The driver that costs nothing. */
int ioctl(int fd, unsigned long request, ...)
{
    union hl_wait_cs_args *wait;
    union hl_mem_args *m;
    va_list ap;
    void *arg;

    (void)fd;
    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (request == HL_REQ_D_MEMORY || request == HL_REQ_H_MEMORY) {
        m = arg;
        m->out.handle = 0x1001001800000000;
    } else if (request == HL_REQ_D_WAIT_CS || request == HL_REQ_H_WAIT_CS) {
        wait = arg;
        memset(wait, 0, sizeof(*wait));
    }
    return 0;
}

/* ---- as the original has it ---- */

static __attribute__((noinline)) int plain_ioctl(int fd, unsigned long request, void *arg)
{
    int rc;

    do {
        rc = ioctl(fd, request, arg);
    } while (rc == -1 && (errno == EINTR || errno == EAGAIN));
    return rc;
}

static uint64_t plain_alloc(int fd, uint64_t size, uint64_t page_size, bool contiguous, bool shared)
{
    union hl_mem_args args;

    memset(&args, 0, sizeof(args));
    args.in.alloc.mem_size = size;
    args.in.alloc.page_size = page_size;
    if (contiguous)
        args.in.flags |= HL_MEM_CONTIGUOUS;
    if (shared)
        args.in.flags |= HL_MEM_SHARED;
    args.in.op = HL_MEM_OP_ALLOC;
    return plain_ioctl(fd, HL_REQ_D_MEMORY, &args) ? 0 : args.out.handle;
}

static int plain_free(int fd, uint64_t handle)
{
    union hl_mem_args args;

    memset(&args, 0, sizeof(args));
    args.in.free.handle = handle;
    args.in.op = HL_MEM_OP_FREE;
    return plain_ioctl(fd, HL_REQ_D_MEMORY, &args);
}

static uint64_t plain_map(int fd, uint64_t handle, uint64_t hint)
{
    union hl_mem_args args;

    memset(&args, 0, sizeof(args));
    args.in.map_device.handle = handle;
    args.in.map_device.hint_addr = hint;
    args.in.op = HL_MEM_OP_MAP;
    return plain_ioctl(fd, HL_REQ_D_MEMORY, &args) ? 0 : args.out.device_virt_addr;
}

static int plain_unmap(int fd, uint64_t address)
{
    union hl_mem_args args;

    memset(&args, 0, sizeof(args));
    args.in.unmap.device_virt_addr = address;
    args.in.op = HL_MEM_OP_UNMAP;
    return plain_ioctl(fd, HL_REQ_D_MEMORY, &args);
}

static enum hl_device_status plain_status(int fd)
{
    struct hl_info_device_status status;
    struct hl_info_args args;

    memset(&args, 0, sizeof(args));
    memset(&status, 0, sizeof(status));
    args.op = HL_INFO_DEVICE_STATUS;
    args.return_pointer = (uint64_t)(uintptr_t)&status;
    args.return_size = sizeof(status);
    return plain_ioctl(fd, HL_REQ_D_INFO, &args) ? (enum hl_device_status) - 1
                                                 : (enum hl_device_status)status.status;
}

static int plain_submit(int fd, struct hlthunk_cs_in *in, struct hlthunk_cs_out *out)
{
    union hl_cs_args args;
    int rc;

    memset(&args, 0, sizeof(args));
    args.in.chunks_restore = (uint64_t)(uintptr_t)in->chunks_restore;
    args.in.chunks_execute = (uint64_t)(uintptr_t)in->chunks_execute;
    args.in.num_chunks_restore = in->num_chunks_restore;
    args.in.num_chunks_execute = in->num_chunks_execute;
    args.in.cs_flags = in->flags;
    rc = plain_ioctl(fd, HL_REQ_D_CS, &args);
    out->seq = args.out.seq;
    out->status = args.out.status;
    return rc;
}

static int plain_wait(int fd, uint64_t seq, uint64_t timeout_us, uint32_t *status)
{
    union hl_wait_cs_args args;
    int rc;

    memset(&args, 0, sizeof(args));
    args.in.seq = seq;
    args.in.timeout_us = timeout_us;
    rc = plain_ioctl(fd, HL_REQ_D_WAIT_CS, &args);
    *status = args.out.status;
    return rc;
}

/* What a program calls: each leads through a table, which the original fills at its start. */
static struct {
    uint64_t (*alloc)(int, uint64_t, uint64_t, bool, bool);
    int (*free)(int, uint64_t);
    uint64_t (*map)(int, uint64_t, uint64_t);
    int (*unmap)(int, uint64_t);
    enum hl_device_status (*status)(int);
    int (*submit)(int, struct hlthunk_cs_in *, struct hlthunk_cs_out *);
    int (*wait)(int, uint64_t, uint64_t, uint32_t *);
} *volatile table;

#define ROUNDS 1000
#define TRIES 400

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define ONCE(statement)                                                                            \
    ({                                                                                             \
        double start_ = now_ns();                                                                  \
        for (int i_ = 0; i_ < ROUNDS; i_++)                                                        \
            statement;                                                                             \
        (now_ns() - start_) / ROUNDS;                                                              \
    })

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *tries)
{
    qsort(tries, TRIES, sizeof(*tries), by_value);
    return tries[TRIES / 2];
}

/* In turns, so that both meet the same machine; the median of each. */
#define COMPARE(name, ours, plain)                                                                 \
    do {                                                                                           \
        static double a_[TRIES], b_[TRIES];                                                        \
        for (int t_ = 0; t_ < TRIES; t_++) {                                                       \
            a_[t_] = ONCE(ours);                                                                   \
            b_[t_] = ONCE(plain);                                                                  \
        }                                                                                          \
        printf("%-34s %5.1f ns, as the original %5.1f ns: ratio %.2f\n", name, median(a_),         \
               median(b_), median(a_) / median(b_));                                               \
    } while (0)

int main(void)
{
    struct hlthunk_cs_out out = { 0 };
    struct hlthunk_cs_in in = { .flags = HL_CS_FLAGS_STAGED_SUBMISSION };
    uint32_t status;

    table = malloc(sizeof(*table));
    if (!table)
        return 1;
    table->alloc = plain_alloc;
    table->free = plain_free;
    table->map = plain_map;
    table->unmap = plain_unmap;
    table->status = plain_status;
    table->submit = plain_submit;
    table->wait = plain_wait;
    COMPARE("hlthunk_device_memory_alloc", hlthunk_device_memory_alloc(3, 4096, 0, false, false),
            table->alloc(3, 4096, 0, false, false));
    COMPARE("hlthunk_device_memory_free", hlthunk_device_memory_free(3, 1), table->free(3, 1));
    COMPARE("hlthunk_device_memory_map", hlthunk_device_memory_map(3, 1, 0), table->map(3, 1, 0));
    COMPARE("hlthunk_memory_unmap", hlthunk_memory_unmap(3, 1), table->unmap(3, 1));
    COMPARE("hlthunk_get_device_status_info", hlthunk_get_device_status_info(3), table->status(3));
    COMPARE("hlthunk_command_submission", hlthunk_command_submission(3, &in, &out),
            table->submit(3, &in, &out));
    COMPARE("hlthunk_wait_for_cs", hlthunk_wait_for_cs(3, 1, 0, &status),
            table->wait(3, 1, 0, &status));
    free(table);
    return 0;
}
