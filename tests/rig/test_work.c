/* SPDX-License-Identifier: MIT */
/*
 * Work that the emulated device does for the real driver, where the driver itself has a part in
 * it: translations, interrupts, the sync manager, what is told of a fault.
 */
#include "tests/clock.h"
#include "tests/rig/guest.h"
#include "tests/work/work.h"

#include <pthread.h>
#include <unistd.h>

#define CFG 0x1000007FF8000000ull /* Gaudi2 */
#define SOB(n) (CFG + 0x4100000 + 4 * (n))
#define MON_ADDR_LOW(n) (CFG + 0x4108000 + 4 * (n))
#define MON_ADDR_HIGH(n) (CFG + 0x410A000 + 4 * (n))
#define MON_DATA(n) (CFG + 0x410C000 + 4 * (n))
#define MON_ARM(n) (CFG + 0x410E000 + 4 * (n))
#define MON_CONFIG(n) (CFG + 0x4110000 + 4 * (n))
#define DOORBELL_PAGE 0xFFF077FFFFFF0000ull /* RESERVED_VA_FOR_VIRTUAL_MSIX_DOORBELL_START */
#define DOORBELL_REGISTER (CFG + 0x4C02948) /* mmPCIE_DBI_MSIX_DOORBELL_OFF */
#define USER 1024u                          /* a sync object and a monitor that are the user's */

static uint8_t *page(void)
{
    void *p = NULL;

    assert_int_equal(posix_memalign(&p, 4096, 4096), 0);
    return memset(p, 0, 4096);
}

TEST(bytes_go_there_and_back)
{
    const uint64_t size = 8 << 20;
    uint8_t *in = NULL, *out = NULL;
    struct work w;
    uint64_t a, b, dev;

    assert_int_equal(posix_memalign((void **)&in, 4096, size), 0);
    assert_int_equal(posix_memalign((void **)&out, 4096, size), 0);
    work_open(&w);
    work_fill(in, size, 42);
    memset(out, 0, size);
    a = work_map(&w, in, size);
    b = work_map(&w, out, size);
    dev = work_alloc(&w, size, NULL);
    assert_int_equal(work_try_copy(&w, a, dev, size, 0), 0);
    assert_int_equal(work_try_copy(&w, dev, b, size, 1), 0);
    assert_true(work_same(out, size, 42));
    close(w.fd);
    free(in);
    free(out);
}

struct waiter {
    struct work *w;
    uint64_t *counter;
    uint32_t interrupt;
    union hl_wait_cs_args args;
    int rc;
    uint64_t took_ms;
};

static void *wait_for_interrupt(void *arg)
{
    struct waiter *x = arg;
    uint64_t begun = now_ms();

    x->args.in.addr = (uintptr_t)x->counter;
    x->args.in.target = 5;
    x->args.in.interrupt_timeout_us = 10000000;
    x->args.in.flags = HL_WAIT_CS_FLAGS_INTERRUPT | x->interrupt << 20;
    x->rc = work_try(x->w, 3, &x->args);
    x->took_ms = now_ms() - begun;
    return NULL;
}

/* The wait sleeps until the device's interrupt makes the driver look again. */
static void interrupt_by(uint64_t doorbell)
{
    struct waiter x = { .counter = (uint64_t *)(void *)page() };
    struct work_cb cb;
    struct work w;
    pthread_t t;
    uint64_t va;

    if (!on_asic("gaudi2"))
        skip(); /* the others have no user interrupts */
    work_open(&w);
    x.w = &w;
    x.interrupt = w.ip.first_available_interrupt_id + 3u;
    va = work_map(&w, x.counter, 4096);
    assert_int_equal(pthread_create(&t, NULL, wait_for_interrupt, &x), 0);
    usleep(300000);
    work_cb(&w, &cb, 4096);
    work_msg(&cb, va, 5, false);
    work_msg(&cb, doorbell, x.interrupt, true);
    work_submit(&w, w.down, &cb);
    pthread_join(t, NULL);
    assert_int_equal(x.rc, 0);
    assert_int_equal(x.args.out.status, HL_WAIT_CS_STATUS_COMPLETED);
    assert_true(x.took_ms > 250 && x.took_ms < 8000);
    work_cb_free(&w, &cb);
    work_unmap(&w, va);
    close(w.fd);
    free(x.counter);
}

TEST(a_user_interrupt_by_the_virtual_doorbell)
{
    interrupt_by(DOORBELL_PAGE);
}

TEST(a_user_interrupt_by_the_register)
{
    interrupt_by(DOORBELL_REGISTER);
}

/* Armed by packets, set off by another queue's packet, it writes to the program's memory. */
TEST(a_monitor_writes_when_its_object_says_so)
{
    volatile uint32_t *result = (volatile uint32_t *)(void *)page();
    struct work_cb arm, set;
    struct work w;
    uint64_t va;

    if (!on_asic("gaudi2"))
        skip(); /* elsewhere users reach the sync manager by other packets */
    work_open(&w);
    va = work_map(&w, (void *)(uintptr_t)result, 4096);
    work_cb(&w, &arm, 4096);
    work_msg(&arm, SOB(USER), 0, false);
    work_msg(&arm, MON_CONFIG(USER), 0, false);
    work_msg(&arm, MON_ADDR_LOW(USER), (uint32_t)va, false);
    work_msg(&arm, MON_ADDR_HIGH(USER), (uint32_t)(va >> 32), false);
    work_msg(&arm, MON_DATA(USER), 0xBEEF, false);
    work_msg(&arm, MON_ARM(USER), 2u << 17 | 0xFE00 | USER / 8, true);
    work_wait(&w, work_submit(&w, w.down, &arm));
    work_cb(&w, &set, 4096);
    work_msg(&set, SOB(USER), 1u << 31 | 1, true); /* adds one */
    work_wait(&w, work_submit(&w, 8, &set));
    assert_int_equal(*result, 0); /* it waits for two */
    work_wait(&w, work_submit(&w, 8, &set));
    for (int i = 0; i < 100 && !*result; i++)
        usleep(10000);
    assert_int_equal(*result, 0xBEEF);
    work_cb_free(&w, &arm);
    work_cb_free(&w, &set);
    work_unmap(&w, va);
    close(w.fd);
    free((void *)(uintptr_t)result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(bytes_go_there_and_back, rig_teardown),
        cmocka_unit_test_teardown(a_user_interrupt_by_the_virtual_doorbell, rig_teardown),
        cmocka_unit_test_teardown(a_user_interrupt_by_the_register, rig_teardown),
        cmocka_unit_test_teardown(a_monitor_writes_when_its_object_says_so, rig_teardown),
    };

    require_rig();
    return RUN_GROUP(tests, NULL, NULL);
}
