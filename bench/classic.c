/* SPDX-License-Identifier: MIT */
/*
 * What the classic functions cost over a driver that answers at once, beside functions that do what
 * the original library's do: one that fills the argument, a loop around ioctl().  Another library
 * of the same functions, such as a built original, can be measured in the same run.
 *
 * usage: bench-classic OURS.so [ANOTHER.so]
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <hlthunk.h>

#include "uapi/requests.h"

/* A driver that costs nothing. */
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

/* What is compared: all are called through a pointer. */
struct functions {
    uint64_t (*alloc)(int, uint64_t, uint64_t, bool, bool);
    int (*free)(int, uint64_t);
    uint64_t (*map)(int, uint64_t, uint64_t);
    int (*unmap)(int, uint64_t);
    enum hl_device_status (*status)(int);
    int (*submit)(int, struct hlthunk_cs_in *, struct hlthunk_cs_out *);
    int (*wait)(int, uint64_t, uint64_t, uint32_t *);
};

static const struct functions plain = { plain_alloc,  plain_free,   plain_map, plain_unmap,
                                        plain_status, plain_submit, plain_wait };

static void *find(void *library, const char *name)
{
    void *function = dlsym(library, name);

    if (!function) {
        fprintf(stderr, "bench-classic: %s\n", dlerror());
        exit(1);
    }
    return function;
}

static struct functions load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    struct functions f;

    if (!library) {
        fprintf(stderr, "bench-classic: %s\n", dlerror());
        exit(1);
    }
    *(void **)&f.alloc = find(library, "hlthunk_device_memory_alloc");
    *(void **)&f.free = find(library, "hlthunk_device_memory_free");
    *(void **)&f.map = find(library, "hlthunk_device_memory_map");
    *(void **)&f.unmap = find(library, "hlthunk_memory_unmap");
    *(void **)&f.status = find(library, "hlthunk_get_device_status_info");
    *(void **)&f.submit = find(library, "hlthunk_command_submission");
    *(void **)&f.wait = find(library, "hlthunk_wait_for_cs");
    return f;
}

#define ROUNDS 500
#define TRIES 1000

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define ROUND_NS(statement)                                                                        \
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

struct column {
    const char *name;
    const struct functions *volatile functions;
    double ns[TRIES], ratio[TRIES];
};

/* First ours, then what it is compared with. */
static struct column columns[3] = { { .name = "ours" },
                                    { .name = "reference", .functions = &plain } };
static int column_count = 2;

/*
 * The median of many rounds, taken in turns.  Ratios are of rounds that follow one another: a
 * machine that changes its speed meanwhile, as one with other work does, changes both.
 */
static void print(const char *name)
{
    printf("%-31s %6.1f ns", name, median(columns[0].ns));
    for (int n = 1; n < column_count; n++)
        printf("  %s %6.1f ns: ratio %.2f", columns[n].name, median(columns[n].ns),
               median(columns[n].ratio));
    printf("\n");
}

/* call: with f, the functions of a column. */
#define COMPARE(name, call)                                                                        \
    do {                                                                                           \
        for (int t_ = 0; t_ < TRIES; t_++) {                                                       \
            for (int n_ = 0; n_ < column_count; n_++) {                                            \
                struct column *c_ = &columns[n_];                                                  \
                c_->ns[t_] = ROUND_NS({                                                            \
                    const struct functions *f = c_->functions;                                     \
                    call;                                                                          \
                });                                                                                \
                c_->ratio[t_] = columns[0].ns[t_] / c_->ns[t_];                                    \
            }                                                                                      \
        }                                                                                          \
        print(name);                                                                               \
    } while (0)

int main(int argc, char **argv)
{
    struct hlthunk_cs_out out = { 0 };
    struct hlthunk_cs_in in = { .flags = HL_CS_FLAGS_STAGED_SUBMISSION };
    struct functions ours, another;
    uint32_t status;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: bench-classic OURS.so [ANOTHER.so]\n");
        return 2;
    }
    ours = load(argv[1]);
    columns[0].functions = &ours;
    if (argc == 3) {
        another = load(argv[2]);
        columns[column_count++] = (struct column){ .name = "another", .functions = &another };
    }
    COMPARE("hlthunk_device_memory_alloc", f->alloc(3, 4096, 0, false, false));
    COMPARE("hlthunk_device_memory_free", f->free(3, 1));
    COMPARE("hlthunk_device_memory_map", f->map(3, 1, 0));
    COMPARE("hlthunk_memory_unmap", f->unmap(3, 1));
    COMPARE("hlthunk_get_device_status_info", f->status(3));
    COMPARE("hlthunk_command_submission", f->submit(3, &in, &out));
    COMPARE("hlthunk_wait_for_cs", f->wait(3, 1, 0, &status));
    return 0;
}
