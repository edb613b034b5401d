/* SPDX-License-Identifier: MIT */
/*
 * Threads that share memory regions: each makes some, of a buffer or a pool's memory, on one of two
 * cards, drops what they stand on at once, puts them where the others find them, and takes, reads,
 * deregisters and drops them.  Whoever has one knows the bytes that its card reaches, until
 * somebody deregisters it.  With TEST_RESET the device is reset in the midst of it.
 *
 * TEST_SEED and TEST_STEPS choose another sequence.
 */
#include "tests/sim/support.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hlthunk/verbs.h>

#include "tests/verbs/provider.h"

#define THREADS 4
#define PLACES 6
#define CARDS 2
#define PAGE 4096u
#define ALL (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE)

/* What is known of a region: its first bytes are its tag. */
struct known {
    struct hlthunk_verbs_mr *mr;
    struct card *card;
    uint64_t tag, address;
    uint32_t rkey;
};

struct shared {
    struct hlthunk_device *d;
    struct hlthunk_pool *pool;
    struct card cards[CARDS];
    atomic_uint tags, made;
    struct place {
        pthread_mutex_t lock;
        struct known k; /* .mr is NULL where nothing is */
    } places[PLACES];
};

struct worker {
    struct shared *s;
    uint64_t random;
    bool lost; /* with the device, which is reset in the midst of it */
};

/* Not cmocka's assertions, which say nothing where another thread than the test's fails. */
#define must(right) must_be(right, #right, __LINE__)

static void must_be(bool right, const char *what, int line)
{
    if (right)
        return;
    fprintf(stderr, "%s:%d: not %s (%s; %s)\n", __FILE__, line, what, hlthunk_last_error(),
            hlthunk_verbs_last_error());
    _exit(1);
}

/* A call's result: with TEST_RESET the work may end there. */
static bool went(struct worker *w, int rc)
{
    w->lost |= rc && getenv("TEST_RESET");
    must(rc == 0 || (w->lost && (rc == -ENODEV || rc == -EIO || rc == -EBUSY)));
    return rc == 0;
}

static uint32_t below(struct worker *w, uint32_t n)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((w->random >> 33) % n);
}

/* Its keys are those that it had, or 0 once somebody has deregistered it: then it stays so. */
static void read_back(const struct known *k)
{
    uint32_t rkey = hlthunk_verbs_mr_get_rkey(k->mr), lkey = hlthunk_verbs_mr_get_lkey(k->mr);
    uint64_t tag = 0;
    int rc;

    must(rkey == k->rkey || rkey == 0);
    must(lkey == k->rkey - 1 || lkey == 0);
    must(rkey || (!lkey && !hlthunk_verbs_mr_borrow_mr(k->mr)));
    must(hlthunk_verbs_mr_get_address(k->mr) == k->address);
    rc = card_read(k->card, k->rkey, k->address, &tag, sizeof(tag));
    if (rc == 0) {
        must(tag == k->tag);
    } else if (!getenv("TEST_RESET")) {
        /* somebody is at it: it is over with the next call's end */
        must(rc == -EACCES && hlthunk_verbs_mr_deregister(k->mr) == 0);
        must(!hlthunk_verbs_mr_get_rkey(k->mr));
    }
}

/* Puts *k, a reference, into a place; what was there is in *k then. */
static void swap(struct worker *w, struct known *k)
{
    struct place *p = &w->s->places[below(w, PLACES)];
    struct known there;

    pthread_mutex_lock(&p->lock);
    there = p->k;
    p->k = *k;
    pthread_mutex_unlock(&p->lock);
    *k = there;
}

/* What is in a place, or one more reference of it; false where nothing is. */
static bool take(struct worker *w, struct known *k)
{
    struct place *p = &w->s->places[below(w, PLACES)];
    bool leave = below(w, 2);

    pthread_mutex_lock(&p->lock);
    *k = p->k;
    if (!leave)
        p->k.mr = NULL;
    else if (k->mr)
        hlthunk_verbs_mr_ref(k->mr);
    pthread_mutex_unlock(&p->lock);
    return k->mr != NULL;
}

static bool export(struct worker *w, struct hlthunk_dmabuf **m)
{
    struct hlthunk_dmabuf_options o = { .struct_size = sizeof(o), .whole_pages = true };
    struct hlthunk_buffer *b;
    bool pooled = below(w, 2), fine;
    uint64_t size = pooled ? 8 + below(w, 3 * PAGE) : PAGE * (1 + below(w, 4));

    if (!went(w, pooled ? hlthunk_pool_alloc(w->s->pool, size, NULL, &b)
                        : hlthunk_buffer_alloc(w->s->d, size, NULL, &b)))
        return false;
    fine = went(w, hlthunk_dmabuf_export(b, 0, 0, &o, m));
    hlthunk_buffer_unref(b);
    return fine;
}

/* A new one, which alone holds what it stands on. */
static void make(struct worker *w)
{
    struct known k = { .card = &w->s->cards[below(w, CARDS)],
                       .tag = 1 + atomic_fetch_add(&w->s->tags, 1) };
    struct hlthunk_dmabuf *m;
    bool fine;

    if (!export(w, &m))
        return;
    fine = went(w, hlthunk_verbs_mr_register(&k.card->pd, m, ALL, NULL, &k.mr));
    hlthunk_dmabuf_unref(m);
    if (!fine)
        return;
    atomic_fetch_add(&w->s->made, 1);
    k.rkey = hlthunk_verbs_mr_get_rkey(k.mr);
    k.address = hlthunk_verbs_mr_get_address(k.mr);
    if (went(w, card_write(k.card, k.rkey, k.address, &k.tag, sizeof(k.tag))))
        swap(w, &k);
    if (k.mr)
        read_back(&k);
    hlthunk_verbs_mr_unref(k.mr);
}

static void step(struct worker *w)
{
    struct known k;

    if (!below(w, 3) || !take(w, &k)) {
        make(w);
        return;
    }
    read_back(&k);
    if (!below(w, 3)) {
        must(hlthunk_verbs_mr_deregister(k.mr) == 0);
        must(!hlthunk_verbs_mr_get_rkey(k.mr) && !hlthunk_verbs_mr_borrow_mr(k.mr));
        must(card_read(k.card, k.rkey, k.address, &k.tag, sizeof(k.tag)) == -EACCES);
    }
    hlthunk_verbs_mr_unref(k.mr);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    const char *steps = getenv("TEST_STEPS");

    for (long n = steps ? atol(steps) : 60; n > 0 && !w->lost; n--)
        step(w);
    return NULL;
}

static void set_up(struct shared *s)
{
    s->d = open_device();
    ok(hlthunk_pool_create(s->d, NULL, &s->pool));
    for (unsigned i = 0; i < CARDS; i++)
        card_init(&s->cards[i], i ? "double1" : "double0", true);
    for (unsigned i = 0; i < PLACES; i++)
        pthread_mutex_init(&s->places[i].lock, NULL);
}

/* All are deregistered once, and nothing is left. */
static void tear_down(struct shared *s)
{
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };

    for (unsigned i = 0; i < PLACES; i++) {
        hlthunk_verbs_mr_unref(s->places[i].k.mr);
        pthread_mutex_destroy(&s->places[i].lock);
    }
    hlthunk_pool_unref(s->pool);
    assert_int_equal(hlthunk_device_close(s->d), 0);
    assert_int_equal(s->cards[0].registered + s->cards[1].registered, atomic_load(&s->made));
    for (unsigned i = 0; i < CARDS; i++)
        assert_int_equal(s->cards[i].registered, s->cards[i].deregistered);
    s->d = open_device();
    ok(hlthunk_device_get_memory_usage(s->d, &u));
    assert_int_equal(u.used_bytes, 0);
    assert_int_equal(hlthunk_device_close(s->d), 0);
}

TEST(regions_are_shared)
{
    const char *seed = getenv("TEST_SEED");
    struct worker w[THREADS];
    pthread_t t[THREADS];
    struct shared s = { .tags = 0 };
    unsigned fds, lost = 0;

    if (!can_export())
        skip();
    fds = count_fds();
    set_up(&s);
    for (unsigned i = 0; i < THREADS; i++) {
        w[i] =
            (struct worker){ .s = &s, .random = (seed ? strtoull(seed, NULL, 0) : 1) * 1000 + i };
        assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        lost += w[i].lost;
    }
    tear_down(&s);
    assert_int_equal(count_fds(), fds);
    assert_int_equal(lost, getenv("TEST_RESET") ? THREADS : 0);
}

/* ---- a region that the provider does not let go ------------------------------------------- */

static struct hlthunk_verbs_mr *stuck;
static pthread_t other;
static atomic_bool other_began;

static void *deregister_too(void *arg)
{
    (void)arg;
    atomic_store(&other_began, true);
    return (void *)(intptr_t)hlthunk_verbs_mr_deregister(stuck);
}

/* Another thread wants it deregistered while the first is at it. */
static void at_deregister(struct card *c)
{
    c->at_deregister = NULL;
    assert_int_equal(pthread_create(&other, NULL, deregister_too, NULL), 0);
    while (!atomic_load(&other_began))
        sched_yield();
    for (unsigned i = 0; i < 1000; i++)
        sched_yield();
}

/* Neither is told that it went. */
TEST(two_deregister_a_stuck_region)
{
    struct hlthunk_dmabuf *m;
    struct hlthunk_buffer *b;
    struct hlthunk_device *d;
    struct card card;
    void *rc;

    if (!can_export())
        skip();
    card_init(&card, "double0", true);
    d = open_device();
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    assert_int_equal(hlthunk_verbs_mr_register(&card.pd, m, ALL, NULL, &stuck), 0);
    card.deregister_error = EBUSY;
    card.at_deregister = at_deregister;
    assert_int_equal(hlthunk_verbs_mr_deregister(stuck), -EBUSY);
    pthread_join(other, &rc);
    assert_int_equal((intptr_t)rc, -EBUSY);
    assert_int_not_equal(hlthunk_verbs_mr_get_rkey(stuck), 0);
    card.deregister_error = 0;
    hlthunk_verbs_mr_unref(stuck);
    assert_int_equal(card.deregistered, 1);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(regions_are_shared),
                                        cmocka_unit_test(two_deregister_a_stuck_region) };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
