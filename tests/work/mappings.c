/* SPDX-License-Identifier: MIT */
/*
 * As many as the driver takes: command buffers that are mapped at once, in a program with few
 * descriptors (the driver's mappings need none), mappings of host memory, and threads that map and
 * unmap at the same time.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/work/work.h"

#define BUFFERS 9000u
#define MAPS 17000u
#define THREADS 600u
#define DESCRIPTORS 64u

static struct work w;

struct buffer {
    uint64_t handle;
    uint32_t *mem;
};

static void make(struct buffer *b)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 4096 } };

    CHECK(work_try(&w, 1, &a) == 0);
    b->handle = a.out.cb_handle;
    b->mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)b->handle);
    CHECK(b->mem != MAP_FAILED);
}

static void give_back(const struct buffer *b)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_DESTROY, .cb_handle = b->handle } };

    CHECK(munmap(b->mem, 4096) == 0);
    CHECK(work_try(&w, 1, &a) == 0);
}

/* Each is a page of its own, also when others have come and gone. */
static void buffers(void)
{
    struct buffer *b = calloc(BUFFERS, sizeof(*b));

    CHECK(b);
    for (unsigned i = 0; i < BUFFERS; i++) {
        make(&b[i]);
        CHECK(b[i].mem[0] == 0);
        b[i].mem[0] = i;
    }
    for (unsigned i = 0; i < BUFFERS; i += 3) {
        give_back(&b[i]);
        make(&b[i]);
        CHECK(b[i].mem[0] == 0);
        b[i].mem[0] = i;
    }
    for (unsigned i = 0; i < BUFFERS; i++)
        CHECK(b[i].mem[0] == i);
    for (unsigned i = 0; i < BUFFERS; i++)
        give_back(&b[i]);
    free(b);
}

static void maps(void)
{
    uint64_t *at = calloc(MAPS, sizeof(*at));
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(at && page != MAP_FAILED);
    for (unsigned i = 0; i < MAPS; i++)
        at[i] = work_map(&w, page, 4096);
    for (unsigned i = 0; i < MAPS; i++)
        work_unmap(&w, at[i]);
    munmap(page, 4096);
    free(at);
}

static pthread_barrier_t together;

static void *one_thread(void *arg)
{
    struct buffer b;

    (void)arg;
    pthread_barrier_wait(&together);
    for (unsigned i = 0; i < 3; i++) {
        make(&b);
        b.mem[0] = 1;
        give_back(&b);
    }
    return NULL;
}

static void threads(void)
{
    static pthread_t t[THREADS];

    CHECK(pthread_barrier_init(&together, NULL, THREADS) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(pthread_create(&t[i], NULL, one_thread, NULL) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(pthread_join(t[i], NULL) == 0);
}

/* With its mappings and its descriptor the device is free again. */
static void another(void)
{
    close(w.fd);
    work_open(&w);
}

int main(void)
{
    struct rlimit l;

    work_open(&w);
    CHECK(getrlimit(RLIMIT_NOFILE, &l) == 0);
    l.rlim_cur = DESCRIPTORS;
    CHECK(setrlimit(RLIMIT_NOFILE, &l) == 0);
    buffers();
    l.rlim_cur = l.rlim_max < 2048 ? l.rlim_max : 2048; /* a descriptor passes with each mmap() */
    CHECK(setrlimit(RLIMIT_NOFILE, &l) == 0);
    another();
    maps();
    another();
    threads();
    another();
    return 0;
}
