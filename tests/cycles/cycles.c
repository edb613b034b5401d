/* SPDX-License-Identifier: MIT */
/*
 * Each kind of object is made and given back again and again: descriptors, heap and resident
 * memory stay as they are.  Prints a row for each, with the processor's time for the first tenth
 * and for the last.
 *
 *   TEST_CYCLES   how many (1000)
 *   TEST_SECONDS  a kind that would take longer has as many as fit
 *   TEST_KIND     only this one; "list": their names
 */
#include "tests/cycles/cycles.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock.h"

#define TENTHS 10
#define STEPS 1000u /* whose time is kept, at most */
#define WARM_UP                                                                                    \
    200 /* what is kept for good is there after these, or after as many as there is time for */

struct state {
    unsigned descriptors;
    unsigned long resident_kib;
    size_t heap;
};

static unsigned long resident_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long size, pages = 0;

    if (f && fscanf(f, "%lu %lu", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

static struct state look(void)
{
    return (struct state){ count_fds(), resident_kib(), mallinfo2().uordblks };
}

/* Sanitizers keep what was freed for a while, and find leaks themselves. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_COUNTS false
#else
#define MEMORY_COUNTS true
#endif

/* A thread's cache of freed memory may keep a buffer of stdio's, and then another. */
#define HEAP_SLACK 16384u

static bool grew(const struct state *before, const struct state *after)
{
    return after->descriptors > before->descriptors ||
           (MEMORY_COUNTS && (after->heap > before->heap + HEAP_SLACK ||
                              after->resident_kib > before->resident_kib + 256));
}

/* A thread of the library's gives back as it ends; it has a generous moment for it. */
static struct state look_when_quiet(const struct state *before)
{
    struct state s = look();

    for (int i = 0; i < 20000 && grew(before, &s); i++) {
        usleep(1000);
        s = look();
    }
    return s;
}

static unsigned long number(const char *variable, unsigned long otherwise)
{
    const char *s = getenv(variable);

    return s ? strtoul(s, NULL, 0) : otherwise;
}

/* The processor's, which other work of the machine does not lengthen. */
static double processor_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What the cycles took, step by step. */
struct course {
    unsigned long cycles, each; /* of a step */
    unsigned steps;
    double used_s[STEPS];
};

static void cycle(const struct kind *k, struct world *w, struct course *c, unsigned long n)
{
    double begun = processor_seconds();

    for (unsigned long i = 0; i < n; i++) {
        int rc = k->cycle(w);

        if (rc)
            fail_msg("%s: cycle %lu: %d: %s", k->name, c->cycles + i, rc, hlthunk_last_error());
    }
    c->cycles += n;
    c->used_s[c->steps++] = processor_seconds() - begun;
}

/* Each step is as long as two were. */
static void halve(struct course *c)
{
    for (unsigned i = 0; i < STEPS / 2; i++)
        c->used_s[i] = c->used_s[2 * i] + c->used_s[2 * i + 1];
    c->steps = STEPS / 2;
    c->each *= 2;
}

static void run(const struct kind *k, struct world *w, struct course *c, unsigned long n)
{
    uint64_t until = now_ms() + 1000 * number("TEST_SECONDS", 1000000);

    *c = (struct course){ .each = 1 };
    while (c->cycles < n && (c->steps < TENTHS || now_ms() < until)) {
        unsigned long left = n - c->cycles;

        cycle(k, w, c, left < c->each ? left : c->each);
        if (c->steps == STEPS)
            halve(c);
    }
}

static double tenth_s(const struct course *c, unsigned which)
{
    double s = 0;

    for (unsigned i = c->steps * which / TENTHS; i < c->steps * (which + 1) / TENTHS; i++)
        s += c->used_s[i];
    return s;
}

static void make(struct world *w)
{
    const struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .unmapped = true };

    w->device = open_device();
    w->fd = hlthunk_device_borrow_fd(w->device);
    ok(hlthunk_buffer_alloc(w->device, 65536, NULL, &w->a));
    ok(hlthunk_buffer_alloc(w->device, 65536, NULL, &w->b));
    ok(hlthunk_buffer_alloc(w->device, 65536, &o, &w->unmapped));
    if (can_export())
        ok(hlthunk_dmabuf_export(w->a, 0, 0, NULL, &w->dmabuf));
    ok(hlthunk_pool_create(w->device, NULL, &w->pool));
    ok(hlthunk_queue_create(w->device, NULL, &w->queue));
    ok(hlthunk_handle_server_create(&w->server));
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, w->sockets), 0);
    w->host = mmap(NULL, HOST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(w->host, MAP_FAILED);
    memset(w->host, 1, HOST_BYTES);
}

static void unmake(struct world *w)
{
    munmap(w->host, HOST_BYTES);
    close(w->sockets[0]);
    close(w->sockets[1]);
    hlthunk_handle_server_unref(w->server);
    hlthunk_queue_unref(w->queue);
    hlthunk_pool_unref(w->pool);
    hlthunk_dmabuf_unref(w->dmabuf);
    hlthunk_buffer_unref(w->unmapped);
    hlthunk_buffer_unref(w->b);
    hlthunk_buffer_unref(w->a);
    close_device(w->device);
}

/* False: this kernel or ASIC does not have it. */
static bool is_here(const struct kind *k, struct world *w)
{
    int rc = k->needs == WITH_DMABUF && !w->dmabuf ? -EOPNOTSUPP : k->cycle(w);

    if (rc && rc != -EOPNOTSUPP)
        fail_msg("%s: %d: %s", k->name, rc, hlthunk_last_error());
    return !rc;
}

static void measure(const struct kind *k, struct world *w)
{
    unsigned long n = number("TEST_CYCLES", 1000);
    struct state before, after;
    static struct course c;
    uint64_t took_us;

    run(k, w, &c, n < WARM_UP ? n : WARM_UP);
    before = look();
    took_us = now_us();
    run(k, w, &c, n);
    took_us = now_us() - took_us;
    after = look_when_quiet(&before);
    printf("# %-22s %8lu %9.2f us %7lu %7lu KiB %3u %3u fds %8.3f %8.3f s\n", k->name, c.cycles,
           (double)took_us / (double)c.cycles, before.resident_kib, after.resident_kib,
           before.descriptors, after.descriptors, tenth_s(&c, 0), tenth_s(&c, TENTHS - 1));
    fflush(stdout);
    if (grew(&before, &after))
        fail_msg("%s: %zu bytes of heap before, %zu after", k->name, before.heap, after.heap);
}

static void stays_flat(void **state)
{
    const struct kind *k = *state;
    struct world w = { .device = NULL };
    bool here;

    if (k->needs != ALONE)
        make(&w);
    here = is_here(k, &w);
    if (here)
        measure(k, &w);
    if (k->needs != ALONE)
        unmake(&w);
    if (!here)
        skip();
}

#define MAX_KINDS 64

int main(void)
{
    const char *only = getenv("TEST_KIND");
    struct CMUnitTest tests[MAX_KINDS];
    size_t n = 0;

    for (const struct kind *k = kinds; k->name; k++) {
        if (only && !strcmp(only, "list"))
            puts(k->name);
        else if (!only || !strcmp(only, k->name))
            tests[n++] = (struct CMUnitTest){ k->name, stays_flat, NULL, NULL, (void *)k };
    }
    if (only && !strcmp(only, "list"))
        return 0;
    require_simulation();
    return n ? run_group("cycles", tests, n, NULL, NULL) : 2;
}
