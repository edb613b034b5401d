/* SPDX-License-Identifier: MIT */
/*
 * Work that shows each submission that is lost, done twice or out of order: every round moves a
 * pattern on by eight bytes.  A call that fails is made again, as the header allows.
 *
 * usage: shift    0: the bytes are right, or the queue is lost and has said so in every place
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

#define SIZE 4096u
#define ROUNDS 6u
#define TRIES 5u

static bool lost;

static void fail(const char *what)
{
    printf("%s: %s\n", what, hlthunk_last_error());
    exit(1);
}

/* A call that can fail and be made again; false: the queue is lost. */
#define AGAIN(call)                                                                                \
    ({                                                                                             \
        int rc_ = -1;                                                                              \
        for (unsigned try_ = 0; try_ < TRIES && rc_ && !lost; try_++) {                            \
            rc_ = (call);                                                                          \
            if (rc_ && strlen(hlthunk_last_error()) < 20)                                          \
                fail(#call " has no text");                                                        \
            lost = rc_ == -ENODEV || rc_ == -EIO || rc_ == -ETIMEDOUT || rc_ == -ECANCELED;        \
        }                                                                                          \
        if (rc_ && !lost)                                                                          \
            fail(#call);                                                                           \
        rc_ == 0;                                                                                  \
    })

struct work {
    struct hlthunk_device *d;
    struct hlthunk_queue *q, *other;
    struct hlthunk_buffer *a, *b;
    uint8_t in[SIZE], out[SIZE];
};

static void make(struct work *w)
{
    struct hlthunk_queue_options o = { .struct_size = sizeof(o), .depth = 2 };

    if (!AGAIN(hlthunk_device_open(NULL, &w->d)) ||
        !AGAIN(hlthunk_buffer_alloc(w->d, SIZE, NULL, &w->a)) ||
        !AGAIN(hlthunk_buffer_alloc(w->d, SIZE, NULL, &w->b)) ||
        !AGAIN(hlthunk_queue_create(w->d, &o, &w->q)) ||
        !AGAIN(hlthunk_queue_create(w->d, &o, &w->other)))
        return;
    for (unsigned i = 0; i < SIZE; i++)
        w->in[i] = (uint8_t)(i * 2654435761u >> 13);
}

/* a to b, and back eight bytes further on: one submission, which twice would shift twice. */
static bool shift(struct work *w)
{
    return AGAIN(hlthunk_queue_copy(w->q, w->b, 0, w->a, 0, SIZE)) &&
           AGAIN(hlthunk_queue_copy(w->q, w->a, 8, w->b, 0, SIZE - 8)) &&
           AGAIN(hlthunk_queue_flush(w->q));
}

static bool work(struct work *w)
{
    struct hlthunk_fence *f = NULL;
    bool good;

    if (!AGAIN(hlthunk_queue_write(w->q, w->a, 0, w->in, SIZE)))
        return false;
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (!shift(w))
            return false;
    }
    /* the other queue reads when that is done */
    if (!AGAIN(hlthunk_queue_create_fence(w->q, NULL, &f)))
        return false;
    good = AGAIN(hlthunk_queue_wait_fence(w->other, f, NULL)) &&
           AGAIN(hlthunk_queue_read(w->other, w->out, w->a, 0, SIZE)) &&
           AGAIN(hlthunk_queue_finish(w->other, -1)) && AGAIN(hlthunk_fence_wait(f, -1));
    hlthunk_fence_unref(f);
    return good;
}

/* A queue that the driver's answer has ended does not say that its device is lost. */
static void check_text(struct hlthunk_queue *q)
{
    int rc = q ? hlthunk_queue_flush(q) : 0;

    if (rc && rc != -ENODEV && strstr(hlthunk_last_error(), "lost with its device"))
        fail("the device is not lost");
}

static void check(const struct work *w)
{
    for (unsigned i = 0; i < SIZE; i++) {
        uint8_t want = i < 8 * ROUNDS ? w->in[i % 8] : w->in[i - 8 * ROUNDS];

        if (w->out[i] != want) {
            printf("byte %u is %#x, not %#x\n", i, w->out[i], want);
            exit(1);
        }
    }
}

int main(void)
{
    static struct work w;

    make(&w);
    if (!lost && work(&w))
        check(&w);
    check_text(w.q);
    check_text(w.other);
    hlthunk_queue_unref(w.other);
    hlthunk_queue_unref(w.q);
    hlthunk_buffer_unref(w.a);
    hlthunk_buffer_unref(w.b);
    if (w.d && hlthunk_device_close(w.d)) {
        printf("something is left\n");
        return 1;
    }
    puts(lost ? "lost" : "right");
    return 0;
}
