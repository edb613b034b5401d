/* SPDX-License-Identifier: MIT */
/*
 * ggml from several threads at once, on the named backend: each has a stream of its own, and
 * repeatedly moves its numbers through a graph of copies.  Then rows that there are not.
 * threads BACKEND
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml.h>

#define THREADS 4u
#define ROUNDS 25
#define WIDTH 48
#define HEIGHT 30

static ggml_backend_dev_t device;
static atomic_int wrong;

struct graph {
    struct ggml_context *context;
    struct ggml_tensor *in, *out, *rows, *picked;
    struct ggml_cgraph *graph;
    ggml_backend_buffer_t buffer;
};

/* out = in transposed, twice side by side; picked = rows of in. */
static int build(ggml_backend_t backend, struct graph *g)
{
    struct ggml_init_params p = { ggml_tensor_overhead() * 16 + ggml_graph_overhead(), NULL, true };
    struct ggml_tensor *t;

    g->context = ggml_init(p);
    if (!g->context)
        return -1;
    g->in = ggml_new_tensor_2d(g->context, GGML_TYPE_F32, WIDTH, HEIGHT);
    g->rows = ggml_new_tensor_1d(g->context, GGML_TYPE_I32, HEIGHT);
    t = ggml_cont(g->context, ggml_transpose(g->context, g->in));
    g->out = ggml_concat(g->context, t, t, 0);
    g->picked = ggml_get_rows(g->context, g->in, g->rows);
    g->graph = ggml_new_graph(g->context);
    ggml_build_forward_expand(g->graph, g->out);
    ggml_build_forward_expand(g->graph, g->picked);
    g->buffer = ggml_backend_alloc_ctx_tensors(g->context, backend);
    return g->buffer ? 0 : -1;
}

static float number(unsigned thread, int round, int x, int y)
{
    return (float)(thread * 1000000 + (unsigned)(round * 10000 + y * WIDTH + x));
}

static int row_of(int round, int y)
{
    return (y * 7 + round) % HEIGHT;
}

static int check(unsigned thread, int round, const float *out, const float *picked)
{
    int bad = 0;

    for (int x = 0; x < WIDTH; x++)
        for (int y = 0; y < HEIGHT; y++) {
            bad += out[x * 2 * HEIGHT + y] != number(thread, round, x, y);
            bad += out[x * 2 * HEIGHT + HEIGHT + y] != number(thread, round, x, y);
            bad += picked[y * WIDTH + x] != number(thread, round, x, row_of(round, y));
        }
    return bad;
}

static void *run(void *arg)
{
    static _Thread_local float in[WIDTH * HEIGHT], out[2 * WIDTH * HEIGHT], picked[WIDTH * HEIGHT];
    unsigned thread = (unsigned)(uintptr_t)arg;
    ggml_backend_t backend = ggml_backend_dev_init(device, NULL);

    for (int round = 0; backend && round < ROUNDS; round++) {
        int32_t rows[HEIGHT];
        struct graph g = { 0 };

        for (int y = 0; y < HEIGHT; y++) {
            rows[y] = row_of(round, y);
            for (int x = 0; x < WIDTH; x++)
                in[y * WIDTH + x] = number(thread, round, x, y);
        }
        if (build(backend, &g)) {
            atomic_fetch_add(&wrong, 1);
            ggml_free(g.context);
            break;
        }
        ggml_backend_tensor_set_async(backend, g.in, in, 0, sizeof(in));
        ggml_backend_tensor_set_async(backend, g.rows, rows, 0, sizeof(rows));
        if (ggml_backend_graph_compute_async(backend, g.graph) != GGML_STATUS_SUCCESS)
            atomic_fetch_add(&wrong, 1);
        ggml_backend_tensor_get_async(backend, g.out, out, 0, sizeof(out));
        ggml_backend_tensor_get_async(backend, g.picked, picked, 0, sizeof(picked));
        ggml_backend_synchronize(backend);
        atomic_fetch_add(&wrong, check(thread, round, out, picked));
        ggml_backend_buffer_free(g.buffer);
        ggml_free(g.context);
    }
    if (!backend)
        atomic_fetch_add(&wrong, 1);
    ggml_backend_free(backend);
    return NULL;
}

/* An index comes with the data: one that is wrong fails the graph, and the next one is right. */
static void wrong_rows(void)
{
    static const int32_t bad[] = { HEIGHT, -1, INT32_MAX, INT32_MIN };
    ggml_backend_t backend = ggml_backend_dev_init(device, NULL);
    struct graph g = { 0 };
    int32_t rows[HEIGHT] = { 0 };

    if (!backend || build(backend, &g)) {
        atomic_fetch_add(&wrong, 1);
        return;
    }
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        rows[HEIGHT - 1] = bad[i];
        ggml_backend_tensor_set(g.rows, rows, 0, sizeof(rows));
        if (ggml_backend_graph_compute(backend, g.graph) != GGML_STATUS_FAILED)
            atomic_fetch_add(&wrong, 1);
    }
    rows[HEIGHT - 1] = HEIGHT - 1;
    ggml_backend_tensor_set(g.rows, rows, 0, sizeof(rows));
    if (ggml_backend_graph_compute(backend, g.graph) != GGML_STATUS_SUCCESS)
        atomic_fetch_add(&wrong, 1);
    ggml_backend_buffer_free(g.buffer);
    ggml_free(g.context);
    ggml_backend_free(backend);
}

int main(int argc, char **argv)
{
    pthread_t t[THREADS];

    ggml_backend_load_all();
    device = argc == 2 ? ggml_backend_dev_by_name(argv[1]) : NULL;
    if (!device) {
        fprintf(stderr, "threads: no backend %s\n", argc == 2 ? argv[1] : "named");
        return 1;
    }
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&t[i], NULL, run, (void *)i))
            return 1;
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    wrong_rows();
    if (wrong) {
        fprintf(stderr, "threads: %d numbers or steps are wrong\n", wrong);
        return 1;
    }
    printf("%u threads: %u graphs right\n", THREADS, THREADS * ROUNDS);
    return 0;
}
