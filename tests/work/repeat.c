/* SPDX-License-Identifier: MIT */
/* The same copy again and again, and what was written in between is not missed. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/work/work.h"

#define SIZE 65536u

static struct work w;
static uint8_t *host;
static uint64_t host_va, sram, one, two;

static void put(uint64_t to, uint64_t seed)
{
    work_fill(host, SIZE, seed);
    CHECK(work_try_copy(&w, host_va, to, SIZE, 0) == 0);
}

static void within(uint64_t from, uint64_t to)
{
    CHECK(work_try_copy(&w, from, to, SIZE, 2) == 0);
}

static bool has(uint64_t at, uint64_t seed)
{
    memset(host, 0, SIZE);
    CHECK(work_try_copy(&w, at, host_va, SIZE, 1) == 0);
    return work_same(host, SIZE, seed);
}

static void message(uint64_t to, uint32_t value)
{
    struct work_cb cb;

    work_cb(&w, &cb, 64);
    work_msg(&cb, to, value, true);
    work_wait(&w, work_submit(&w, w.down, &cb));
    work_cb_free(&w, &cb);
}

static void poke(uint64_t at, const char *value)
{
    int addr = open("/sys/kernel/debug/accel/0000:10:00.0/addr", O_WRONLY | O_CLOEXEC);
    int data = open("/sys/kernel/debug/accel/0000:10:00.0/data32", O_WRONLY | O_CLOEXEC);
    char text[32] = "0x";
    unsigned n = 2;

    for (int i = 60; i >= 0; i -= 4)
        text[n++] = "0123456789abcdef"[at >> i & 15];
    CHECK(write(addr, text, n) == (ssize_t)n && write(data, value, strlen(value)) > 0);
    close(addr);
    close(data);
}

static void test_source(void)
{
    for (unsigned i = 0; i < 3; i++) {
        put(sram, i);
        within(sram, one);
        within(sram, one);
        CHECK(has(one, i));
    }
}

static void test_destination(void)
{
    put(sram, 7);
    for (unsigned how = 0; how < 4; how++) {
        within(sram, one);
        CHECK(has(one, 7));
        if (how == 0)
            put(one, 8);
        else if (how == 1)
            message(one + 4096, 0x12345);
        else if (how == 2)
            within(two, one);
        else
            poke(one + 8192, "0xabcdef01");
        CHECK(!has(one, 7));
    }
    within(sram, one);
    CHECK(has(one, 7));
}

/* A change travels on, though each copy of the chain was made before. */
static void test_chain(void)
{
    for (unsigned i = 20; i < 24; i++) {
        put(sram, i);
        within(sram, one);
        within(one, two);
        CHECK(has(two, i));
    }
}

/* More writes in between than anybody remembers, and the first of them into the destination. */
static void test_many(void)
{
    put(sram, 30);
    within(sram, one);
    put(one, 31);
    for (unsigned i = 0; i < 400; i++)
        message(two + 8 * i, i);
    within(sram, one);
    CHECK(has(one, 30));
}

int main(void)
{
    work_open(&w);
    host = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(host != MAP_FAILED);
    host_va = work_map(&w, host, SIZE);
    sram = w.ip.sram_base_address;
    one = work_alloc(&w, SIZE, NULL);
    two = work_alloc(&w, SIZE, NULL);
    put(two, 99);
    test_source();
    test_destination();
    test_chain();
    test_many();
    return 0;
}
