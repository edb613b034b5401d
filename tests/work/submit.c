/* SPDX-License-Identifier: MIT */
/*
 * Submissions on a device: bytes move and come back, queues wait for one another, waits say what
 * they should. With the argument "simulated" also what no rig executes.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/work/work.h"

#define SIZE (4u << 20)

static uint8_t *memory(uint64_t n)
{
    uint8_t *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    memset(p, 0, n);
    return p;
}

static void test_round_trip(struct work *w)
{
    uint8_t *in = memory(SIZE), *out = memory(SIZE);
    uint64_t a = work_map(w, in, SIZE), b = work_map(w, out, SIZE);
    uint64_t dev = work_alloc(w, SIZE, NULL);

    work_fill(in, SIZE, 1);
    CHECK(work_try_copy(w, a, dev, SIZE, 0) == 0);
    CHECK(work_try_copy(w, dev, b, SIZE, 1) == 0);
    CHECK(work_same(out, SIZE, 1));
    /* odd addresses, odd sizes */
    CHECK(work_try_copy(w, a + 3, dev + 4099, 65537, 0) == 0);
    CHECK(work_try_copy(w, dev + 4099, b + 11, 65537, 1) == 0);
    CHECK(!memcmp(out + 11, in + 3, 65537));
    work_unmap(w, a);
    work_unmap(w, b);
    munmap(in, SIZE);
    munmap(out, SIZE);
}

static void test_many(struct work *w)
{
    struct work_cb cb;
    uint64_t seq = 0;

    work_cb(w, &cb, 4096);
    work_nop(&cb);
    work_nop(&cb);
    for (unsigned i = 0; i < 500; i++) {
        union hl_cs_args a = { 0 };
        int rc = work_try_submit(w, w->down, &cb, 0, &a);

        if (rc == -EAGAIN) { /* as many as may be in flight */
            work_wait(w, seq);
            i--;
            continue;
        }
        CHECK(rc == 0);
        CHECK(a.out.seq == seq + 1 || seq == 0);
        seq = a.out.seq;
    }
    work_wait(w, seq);
    work_cb_free(w, &cb);
}

static void test_waits(struct work *w)
{
    union hl_wait_cs_args wait;
    union hl_cs_args a = { 0 };
    struct work_cb cb;

    work_cb(w, &cb, 4096);
    work_nop(&cb);
    CHECK(work_try_submit(w, w->up, &cb, HL_CS_FLAGS_TIMESTAMP, &a) == 0);
    work_wait(w, a.out.seq);
    CHECK(work_try_wait(w, a.out.seq, 0, &wait) == 0);
    CHECK(wait.out.flags == HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD && wait.out.timestamp_nsec > 0);
    CHECK(work_try_wait(w, a.out.seq + 1, 0, &wait) == -EINVAL);
    CHECK(work_try_wait(w, 0, 0, &wait) == 0 && wait.out.flags == HL_WAIT_CS_STATUS_FLAG_GONE);
    /* a chunk for a queue that is none: the number is used up */
    memset(&a, 0, sizeof(a));
    CHECK(work_try_submit(w, 5000, &cb, 0, &a) == -EINVAL);
    CHECK(a.out.seq == UINT64_MAX && a.out.status == (uint32_t)-EINVAL);
    work_cb_free(w, &cb);
}

/* One queue signals, another waits for it: Gaudi and Gaudi2. */
static uint64_t known_device, known_host;

static void test_signal(struct work *w)
{
    struct hl_cs_chunk k = { .queue_index = w->down };
    union hl_cs_args s = { 0 }, a = { 0 };

    s.in.chunks_execute = a.in.chunks_execute = (uintptr_t)&k;
    s.in.num_chunks_execute = a.in.num_chunks_execute = 1;
    s.in.cs_flags = HL_CS_FLAGS_SIGNAL;
    a.in.cs_flags = HL_CS_FLAGS_WAIT;
    if (w->asic == WORK_GOYA) {
        CHECK(work_try(w, 2, &s) == -EINVAL);
        return;
    }
    CHECK(work_try(w, 2, &s) == 0);
    k = (struct hl_cs_chunk){ .queue_index = w->up,
                              .signal_seq_arr = (uintptr_t)&s.out.seq,
                              .num_signal_seq_arr = 1 };
    CHECK(work_try(w, 2, &a) == 0);
    if (a.out.seq != UINT64_MAX) /* else: the signal was there already */
        work_wait(w, a.out.seq);
    work_wait(w, s.out.seq);
}

/* An address of the host's was wrong: its mappings are listed, with the bytes asked for. */
static void test_mappings(struct work *w)
{
    struct hl_user_mapping maps[64] = { { 0, 0 } };
    struct hl_info_args info = { .op = HL_INFO_USER_MAPPINGS,
                                 .return_size = sizeof(maps),
                                 .return_pointer = (uintptr_t)maps };
    bool found = false;

    CHECK(work_try(w, 0, &info) == 0);
    for (uint32_t i = 0; i < info.array_size && i < 64; i++) {
        CHECK(maps[i].dev_va != known_device);
        found |= maps[i].dev_va == known_host && maps[i].size == 5000;
    }
    CHECK(found);
}

/* An eventfd tells of what follows. */
static struct pollfd listen_to_events(struct work *w)
{
    struct pollfd p = { .fd = eventfd(0, 0), .events = POLLIN };
    struct hl_info_args info = { .op = HL_INFO_REGISTER_EVENTFD, .eventfd = (uint32_t)p.fd };

    CHECK(work_try(w, 0, &info) == 0);
    return p;
}

static uint64_t events(struct work *w)
{
    uint64_t mask = 0;
    struct hl_info_args info = { .op = HL_INFO_GET_EVENTS,
                                 .return_size = 8,
                                 .return_pointer = (uintptr_t)&mask };

    CHECK(work_try(w, 0, &info) == 0);
    return mask;
}

static uint32_t status(struct work *w)
{
    struct hl_info_device_status s = { 0 };
    struct hl_info_args info = { .op = HL_INFO_DEVICE_STATUS,
                                 .return_size = sizeof(s),
                                 .return_pointer = (uintptr_t)&s };

    CHECK(work_try(w, 0, &info) == 0);
    return s.status;
}

/* Goya's driver only logs it; 6.1 calls it an engine's error, and resets Gaudi2. */
static uint64_t events_of_a_page_fault(const struct work *w)
{
    if (w->asic == WORK_GOYA)
        return 0;
    if (w->old)
        return HL_NOTIFIER_EVENT_USER_ENGINE_ERR |
               (w->asic == WORK_GAUDI2 ? HL_NOTIFIER_EVENT_DEVICE_RESET : 0);
    return HL_NOTIFIER_EVENT_USER_ENGINE_ERR | HL_NOTIFIER_EVENT_PAGE_FAULT |
           (w->asic == WORK_GAUDI ? HL_NOTIFIER_EVENT_RAZWI : 0);
}

/* The records say where. */
static void test_page_fault(struct work *w)
{
    struct hl_page_fault_info fault = { 0 };
    struct hl_info_args info = { .op = HL_INFO_PAGE_FAULT_EVENT,
                                 .return_size = sizeof(fault),
                                 .return_pointer = (uintptr_t)&fault };
    union hl_wait_cs_args wait;
    union hl_cs_args a = { 0 };
    struct pollfd p;
    uint64_t dev = work_alloc(w, SIZE, NULL), bad = 0x1000000ABCD000, mask;
    struct work_cb cb;
    int rc;

    if (w->asic == WORK_GAUDI2)
        bad = 0xFFF0123450000000;
    known_device = dev;
    known_host = work_map(w, memory(8192), 5000);
    p = listen_to_events(w);
    work_cb(w, &cb, 4096);
    work_dma(w, &cb, bad, dev, 4096, 0);
    CHECK(work_try_submit(w, w->down, &cb, 0, &a) == 0);
    CHECK(poll(&p, 1, w->asic == WORK_GOYA ? 300 : 5000) == (w->asic != WORK_GOYA));
    mask = events(w);
    CHECK(mask == events_of_a_page_fault(w));
    if (!w->old) {
        CHECK(work_try(w, 0, &info) == 0);
        if (w->asic != WORK_GOYA)
            test_mappings(w);
        else
            bad = 0;
        CHECK(fault.addr == bad && !fault.timestamp == !bad);
    }
    rc = work_try_wait(w, a.out.seq, 10000, &wait);
    if (mask & HL_NOTIFIER_EVENT_DEVICE_RESET) {
        CHECK(rc == -EBUSY && status(w) == HL_DEVICE_STATUS_IN_RESET);
    } else {
        CHECK(rc == 0 && wait.out.status == HL_WAIT_CS_STATUS_BUSY); /* the queue stands still */
        CHECK(status(w) == HL_DEVICE_STATUS_OPERATIONAL);
        work_cb_free(w, &cb); /* a mapped one would keep the device open */
    }
    close(p.fd);
}

/*
 * Gaudi2: what an engine's error does; resets: the driver of 6.1 resets the device for it, at once.
 * Later ones do when who listens to events has closed it, and nothing is waited for meanwhile.
 */
static void test_error(struct work *w, const struct work_cb *cb, bool resets)
{
    bool told = resets || !w->old;
    struct pollfd p = listen_to_events(w);
    union hl_wait_cs_args wait;
    union hl_cs_args a = { 0 };

    CHECK(work_try_submit(w, 8, cb, 0, &a) == 0);
    CHECK(poll(&p, 1, 5000) == 1);
    CHECK(events(w) ==
          (HL_NOTIFIER_EVENT_USER_ENGINE_ERR | (told ? HL_NOTIFIER_EVENT_DEVICE_RESET : 0)));
    CHECK(status(w) == (told && w->old ? HL_DEVICE_STATUS_IN_RESET : HL_DEVICE_STATUS_OPERATIONAL));
    CHECK(work_try_wait(w, a.out.seq, 10000, &wait) == (told ? -EBUSY : 0));
    CHECK(told || wait.out.status == HL_WAIT_CS_STATUS_BUSY);
    close(p.fd);
    close(w->fd);
    work_open(w);
}

/* Of Gaudi2 alone: the others' driver refuses what is no packet before it runs. */
static void test_errors(struct work *w)
{
    const uint32_t none[2] = { 0, 0x1Eu << 24 }, most = 0x7FFF, increment = 1u << 31;
    const uint64_t sync_object = 0x1000007FF8000000 + 0x4100000 + 4 * 1000;
    struct work_cb cb;

    if (w->asic != WORK_GAUDI2)
        return;
    work_cb(w, &cb, 4096);
    work_put(&cb, none, sizeof(none));
    test_error(w, &cb, false);
    work_cb(w, &cb, 4096);
    work_msg(&cb, sync_object, most, false);
    work_msg(&cb, sync_object, increment | 1, false);
    work_fence(&cb, 3);
    test_error(w, &cb, true);
}

static void test_timeout(struct work *w)
{
    union hl_cs_args a = { .in = { .timeout = 1 } };
    union hl_wait_cs_args wait;
    struct work_cb cb;
    int rc;

    work_cb(w, &cb, 4096);
    work_fence(&cb, 3);
    CHECK(work_try_submit(w, w->asic == WORK_GAUDI ? 5 : w->up, &cb, HL_CS_FLAGS_CUSTOM_TIMEOUT,
                          &a) == 0);
    rc = work_try_wait(w, a.out.seq, 5000000, &wait);
    /* the reset may come before the wait looks again */
    CHECK(rc == -ETIMEDOUT || rc == -EIO || rc == -EBUSY);
}

/* Gaudi2: a queue writes a value and the interrupt's number; the wait sees both. */
static void test_interrupt(struct work *w)
{
    uint64_t *counter = (uint64_t *)(void *)memory(4096);
    union hl_wait_cs_args a = { 0 };
    struct work_cb cb;
    uint64_t va;

    if (w->asic != WORK_GAUDI2)
        return;
    va = work_map(w, counter, 4096);
    work_cb(w, &cb, 4096);
    work_msg(&cb, va, 5, false);
    work_msg(&cb, 0x1000007FF8000000 + 0x4C02948, w->ip.first_available_interrupt_id + 3, true);
    a.in.addr = (uintptr_t)counter;
    a.in.target = 5;
    a.in.interrupt_timeout_us = 10000000;
    a.in.flags = HL_WAIT_CS_FLAGS_INTERRUPT | (uint32_t)(w->ip.first_available_interrupt_id + 3)
                                                  << 20;
    work_submit(w, w->down, &cb);
    CHECK(work_try(w, 3, &a) == 0);
    CHECK(a.out.status == HL_WAIT_CS_STATUS_COMPLETED);
    CHECK(*counter == 5);
}

int main(int argc, char **argv)
{
    bool simulated = argc > 1 && !strcmp(argv[1], "simulated");
    struct work w;

    setbuf(stdout, NULL);
    work_open(&w);
    test_round_trip(&w);
    puts("round trip: the same bytes");
    test_many(&w);
    test_waits(&w);
    test_signal(&w);
    puts("waits, signals: as expected");
    if (simulated) {
        test_interrupt(&w);
        test_errors(&w);
        test_page_fault(&w);
        close(w.fd);
        work_open(&w);
        test_round_trip(&w); /* the queues run again for the next user */
        test_timeout(&w);
        puts("interrupts, faults, timeouts: as expected");
    }
    close(w.fd);
    return 0;
}
