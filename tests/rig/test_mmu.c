/* SPDX-License-Identifier: MIT */
/*
 * What the queues of the emulated accelerators reach: through page tables, in their own memory, at
 * doorbells; and what is told of what they do not reach.
 */
#include "tests/rig/device.h"

#include <unistd.h>

#define RING 0x1000u /* in the machine's memory: descriptors, packets, data */
#define PACKETS 0x2000u
#define DATA 0x10000u
#define MORE_DATA 0x20000u
#define USER 1u /* the ASID of programs */

/* A queue of the driver's, and where the page tables' place is told. */
static const struct face {
    uint32_t lo, hi, size, pi, ci;
    uint32_t asid, hop_lo, hop_hi, busy; /* asid 0: it is in what `busy` is told */
    uint64_t va;                         /* a virtual address */
    uint8_t hops, shift[6];
} faces[HL_ASIC_COUNT] = {
    [HL_ASIC_GOYA] = { 0x400060,
                       0x400064,
                       0x400068,
                       0x40006C,
                       0x400070,
                       0,
                       0x490004,
                       0x490008,
                       0x490000,
                       0x4000000000,
                       5,
                       { 48, 39, 30, 21, 12 } },
    [HL_ASIC_GAUDI] = { 0x508070,
                        0x508080,
                        0x508090,
                        0x5080A0,
                        0x5080B0,
                        0xC12004,
                        0xC12008,
                        0xC1200C,
                        0xC12000,
                        0x4000000000,
                        5,
                        { 48, 39, 30, 21, 12 } },
    [HL_ASIC_GAUDI2] = { 0x4C8A050,
                         0x4C8A060,
                         0x4C8A070,
                         0x4C8A080,
                         0x4C8A090,
                         0x4D01004,
                         0x4D01008,
                         0x4D0100C,
                         0x4D01000,
                         0xFFF0000000400000,
                         6,
                         { 57, 48, 39, 30, 21, 12 } },
};
static const struct face *f;
static struct tables user;
static uint32_t produced;

static void tell_tables(uint32_t asid_at, uint32_t lo_at, uint32_t hi_at, uint32_t busy_at,
                        uint64_t hop0)
{
    if (asid_at)
        poke(asid_at, USER);
    poke(lo_at, (uint32_t)(hop0 >> 12));
    poke(hi_at, (uint32_t)(hop0 >> 44));
    poke(busy_at, 1u << 31 | USER);
    assert_int_equal(peek(busy_at), 0);
}

static int start(const struct emu_asic *a)
{
    if (device_begin(a, HL_GENERATION_UNKNOWN))
        return -1;
    f = &faces[hl_asic_by_pci_id(a->asic->pci_id)];
    emu.verbose = 1;
    user = (struct tables){ .hop0 = new_table(), .hops = f->hops };
    memcpy(user.shift, f->shift, sizeof(user.shift));
    tell_tables(f->asid, f->hop_lo, f->hop_hi, f->busy, user.hop0);
    produced = 0;
    poke(f->lo, (uint32_t)host(RING));
    poke(f->hi, (uint32_t)(host(RING) >> 32));
    poke(f->size, 4);
    return 0;
}

FIXTURE(goya)
{
    return start(&emu_goya);
}

FIXTURE(gaudi)
{
    return start(&emu_gaudi);
}

FIXTURE(gaudi2)
{
    return start(&emu_gaudi2);
}

/* ---- packets -------------------------------------------------------------------------------- */

#define MSG_LONG (3u << 24)
#define LIN_DMA (9u << 24)
#define MEMSET (LIN_DMA | (emu.a == &emu_goya ? 1u << 6 : 1u << 4))

static uint32_t packets_end;

static void message(uint64_t to, uint32_t value)
{
    store(packets_end, value);
    store(packets_end + 4, MSG_LONG);
    store64(packets_end + 8, to);
    packets_end += 16;
}

static void transfer(uint32_t kind, uint64_t to, uint64_t from, uint32_t n)
{
    store(packets_end, n);
    store(packets_end + 4, kind);
    store64(packets_end + 8, from);
    store64(packets_end + 16, to);
    packets_end += 24;
}

/* A command buffer at this address. */
static void submit_at(uint64_t at, uint32_t bytes, uint32_t ctl)
{
    uint32_t slot = RING + produced % 16 * 16;

    store64(slot, at);
    store(slot + 8, bytes);
    store(slot + 12, ctl);
    produced = (produced + 1) % 32;
    poke(f->pi, produced);
    run();
    packets_end = PACKETS;
}

static void submit(void)
{
    submit_at(host(PACKETS), packets_end - PACKETS, 0);
}

static void count_up(uint32_t at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        ram[at + i] = (uint8_t)(i * 7 + i / 256);
}

/* ---- tests ---------------------------------------------------------------------------------- */

TEST(addresses_go_through_page_tables)
{
    packets_end = PACKETS;
    /* pages that follow one another there do not here */
    map_page(&user, f->va, host(DATA));
    map_page(&user, f->va + 0x1000, host(DATA + 0x5000));
    map_page(&user, f->va + 0x2000, host(MORE_DATA + 0x1000));
    map_page(&user, f->va + 0x3000, host(MORE_DATA));
    map_page(&user, f->va + 0x4000, host(PACKETS));
    count_up(DATA, 0x1000);
    count_up(DATA + 0x5000, 0x1000);
    transfer(LIN_DMA, f->va + 0x2800, f->va + 0x800, 0x1000);
    message(f->va + 0x3ff0, 0x4711);
    submit_at(f->va + 0x4000, packets_end - PACKETS, 0);
    assert_int_equal(emu_get(&emu, f->ci), 1);
    assert_memory_equal(ram + MORE_DATA + 0x1800, ram + DATA + 0x800, 0x800);
    assert_memory_equal(ram + MORE_DATA, ram + DATA + 0x5000, 0x800);
    assert_int_equal(load(MORE_DATA + 0xff0), 0x4711);
    /* the driver's own tables are looked at, too */
    if (f->asid)
        poke(f->asid, 0);
    poke(f->busy, 1u << 31);
    transfer(LIN_DMA, f->va + 0x3000, f->va, 16);
    submit();
    assert_memory_equal(ram + MORE_DATA, ram + DATA, 16);
}

/* Where a fault's address was left; 0: nowhere. */
static uint64_t fault_address(void)
{
    if (emu.a == &emu_gaudi)
        return peek(0xC11038) | (uint64_t)(peek(0xC11034) & 0x3FFFF) << 32;
    if (emu.a == &emu_gaudi2)
        return peek(0x4D00038) | (uint64_t)peek(0x4D00034) << 32;
    return 0;
}

static void expect_fault(uint64_t va)
{
    submit();
    assert_int_equal(fault_address(), emu.a == &emu_goya ? 0 : va);
    assert_int_equal(load(MORE_DATA), 0);
    /* and after a reset it goes on */
    emu.v.ops->reset(&emu.v);
    tell_tables(f->asid, f->hop_lo, f->hop_hi, f->busy, user.hop0);
    produced = 0;
    poke(f->lo, (uint32_t)host(RING));
    poke(f->hi, (uint32_t)(host(RING) >> 32));
    poke(f->size, 4);
}

TEST(a_fault_is_told)
{
    packets_end = PACKETS;
    map_page(&user, f->va, host(DATA));
    transfer(LIN_DMA, host(MORE_DATA), f->va + 0x7000, 16); /* no entry in the last table */
    expect_fault(f->va + 0x7000);
    transfer(LIN_DMA, f->va + 0x8000, host(DATA), 16);
    expect_fault(f->va + 0x8000);
    transfer(LIN_DMA, host(MORE_DATA), f->va + 0x40000000, 16); /* nor in one before */
    expect_fault(f->va + 0x40000000);
    transfer(MEMSET, f->va + 0x9000, 5, 16);
    expect_fault(f->va + 0x9000);
    message(f->va + 0xa000, 1);
    expect_fault(f->va + 0xa000);
    submit_at(f->va + 0xb000, 16, 0); /* a command buffer */
    expect_fault(f->va + 0xb000);
    /* a page that is nowhere, for one that reads and one that writes */
    map_page(&user, f->va + 0xc000, emu.chip->host_base + RAM);
    transfer(LIN_DMA, host(MORE_DATA), f->va + 0xc000, 16);
    expect_fault(f->va + 0xc000);
    transfer(LIN_DMA, f->va + 0xc008, host(DATA), 16);
    expect_fault(f->va + 0xc008);
    message(f->va + 0xc010, 1);
    expect_fault(f->va + 0xc010);
    transfer(LIN_DMA, host(MORE_DATA), f->va, 16);
    submit();
    assert_int_equal(load(MORE_DATA), load(DATA));
}

TEST(a_ring_nowhere_is_left_alone)
{
    packets_end = PACKETS;
    poke(f->lo, (uint32_t)(host(RING) + RAM));
    message(host(DATA), 1);
    submit();
    assert_int_equal(load(DATA), 0);
    assert_int_equal(emu_get(&emu, f->ci), 0);
}

TEST(memory_of_its_own_is_filled)
{
    uint64_t at = emu.chip->memory_base + 64 * MiB, sram = emu.chip->sram_base + 0x2000;
    uint8_t *p = emu.dram + 64 * MiB;

    packets_end = PACKETS;
    transfer(MEMSET, at, 0x1122334455667788, (uint32_t)(2 * MiB) + 12);
    submit();
    assert_int_equal(p[0], 0x88);
    assert_int_equal(p[2 * MiB + 11], 0x55);
    assert_int_equal(p[2 * MiB + 12], 0);
    transfer(MEMSET, at, 0, (uint32_t)MiB); /* a hole in the file */
    submit();
    assert_int_equal(p[0] | p[MiB - 1], 0);
    assert_int_equal(p[MiB], 0x88);
    transfer(MEMSET, at + MiB, 0, 16);
    transfer(MEMSET, at + MiB + 32, 0, (uint32_t)(MiB - 32)); /* not whole pages */
    submit();
    assert_int_equal(p[MiB] | p[2 * MiB - 1], 0);
    assert_int_equal(p[MiB + 16], 0x88);
    transfer(MEMSET, sram, 0x5A5A5A5A5A5A5A5A, 64);
    transfer(LIN_DMA, host(DATA), sram, 64);
    submit();
    assert_int_equal(emu.sram[0x2000 + 63], 0x5A);
    assert_int_equal(ram[DATA + 63], 0x5A);
    /* of which a part is past the end */
    assert_int_equal(emu_fill(&emu, emu.chip->memory_base + emu.dram_size - 8, 0, 16), -EOPNOTSUPP);
    assert_int_equal(emu_fill(&emu, emu.chip->sram_base + emu.chip->sram_size - 8, 0, 16),
                     -EOPNOTSUPP);
    assert_int_equal(emu_mem(&emu, emu.chip->memory_base + emu.dram_size, p, 8, true), -EFAULT);
}

/* Device memory of programs on a Gaudi2: blocks of 48 MiB lie 64 MiB apart for its page tables. */
TEST(gaudi2_memory_is_scrambled)
{
    struct tables t = { .hop0 = new_table(), .hops = 4, .shift = { 57, 48, 39, 30 } };
    uint64_t base = emu.chip->memory_base, va = base + 128 * (768 * MiB);

    packets_end = PACKETS;
    tell_tables(0x4081004, 0x4081008, 0x408100C, 0x4081000, t.hop0);
    map_page(&t, base + 128 * GiB, base + GiB);
    message(va + 0x10, 0x1111);
    message(va + 48 * MiB + 0x20, 0x2222);
    message(va + 767 * MiB, 0x3333);
    submit();
    assert_int_equal(emu.dram[768 * MiB + 0x10], 0x11);
    assert_int_equal(emu.dram[768 * MiB + 48 * MiB + 0x20], 0x22);
    assert_int_equal(emu.dram[768 * MiB + 767 * MiB], 0x33);
    /* a copy across two blocks, and two pages that do not follow one another */
    map_page(&t, base + 129 * GiB, base + 3 * GiB);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t first = i ? 768 * MiB : 48 * MiB, second = i ? 3 * (768 * MiB) : 768 * MiB + first;

        memset(emu.dram + 768 * MiB + first - 64, 0x44 + (int)i, 64);
        memset(emu.dram + second, 0x55 + (int)i, 64);
        transfer(LIN_DMA, host(DATA), va + first - 64, 128);
        submit();
        assert_int_equal(ram[DATA + 63], 0x44 + i);
        assert_int_equal(ram[DATA + 64], 0x55 + i);
    }
}

TEST(gaudi2_translations_are_invalidated)
{
    static const uint32_t pages[] = { 0x4D01000, 0x4081000, 0x46B1000 };

    for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        poke(pages[i] + 0x34, 1);
        assert_int_equal(peek(pages[i] + 0x34), 0);
        poke(pages[i] + 0x8C, 0x31);
        assert_int_equal(peek(pages[i] + 0x8C), 0x30);
        poke(pages[i] + 0x50, 1);
        assert_int_equal(peek(pages[i] + 0x54), 1);
        poke(pages[i] + 0x60, 7); /* no more than memory */
        assert_int_equal(peek(pages[i] + 0x60), 7);
    }
    poke(0x4881034, 1); /* past the last dcore: no MMU of its own */
    assert_int_equal(peek(0x4881034), 1);
    poke(0x41E3110, 1); /* a decoder stops */
    assert_int_equal(peek(0x41E3110), 0x11);
}

TEST(gaudi_translations_are_invalidated)
{
    poke(0xC1203C, 1);
    assert_int_equal(peek(0xC1203C), 0);
}

/* A page of the machine's memory may be the doorbell, and every queue tells what it has done. */
TEST(gaudi2_queues_ring_doorbells)
{
    packets_end = PACKETS;
    listen_to(VFU_IRQ_MSIX, 5);
    map_page(&user, f->va, host(0x30000));
    message(f->va + 8, 5); /* it is memory yet */
    submit();
    assert_int_equal(load(0x30008), 5);
    emu.a->cpucp(&emu, 2, host(0x30000) + 8);
    message(f->va + 8, 5);
    message(host(0x30008), 5);
    message(host(0x31008), 5); /* another page */
    message(f->va + 8, 6);     /* a vector without a listener */
    submit();
    assert_int_equal(interrupts(VFU_IRQ_MSIX, 5), 2);
    assert_int_equal(load(0x31008), 5);
    emu.a->cpucp(&emu, 1, 0);
    message(host(0x30010), 5);
    submit();
    assert_int_equal(interrupts(VFU_IRQ_MSIX, 5), 0);
    assert_int_equal(load(0x30010), 5);
    poke(0x4C02948, 5);
    poke(0x4C02948, 6);
    assert_int_equal(interrupts(VFU_IRQ_MSIX, 5), 1);
    /* its completions */
    poke(0x4C8A000 + 0x46C, (uint32_t)host(0x32000));
    poke(0x4C8A000 + 0x47C, (uint32_t)(host(0x32000) >> 32));
    poke(0x4C8A000 + 0x45C, 0x99);
    message(host(DATA), 1);
    submit_at(host(PACKETS), 16, 3u << 16);
    assert_int_equal(load(0x3200C), 0);
    poke(0x4C8A000 + 0x48C, 1);
    message(host(DATA), 1);
    submit_at(host(PACKETS), 16, 3u << 16);
    assert_int_equal(load(0x3200C), 0x99);
}

TEST(goya_invalidates_and_interrupts)
{
    poke(0x490034, 1); /* all translations are invalid */
    assert_int_equal(peek(0x490034), 0);
    listen_to(VFU_IRQ_MSIX, 3);
    poke(0xC02948, 3);
    assert_int_equal(interrupts(VFU_IRQ_MSIX, 3), 1);
}

/* A queue that waits for a time is woken by it: how long the emulator may sleep is known. */
TEST(a_log_has_an_end)
{
    static char *text; /* not on the stack: a failed test closes the stream without this function */
    static size_t size;
    FILE *old = emu.log;

    emu.log = open_memstream(&text, &size);
    assert_non_null(emu.log);
    packets_end = PACKETS;
    message(host(DATA), 0x1234);
    submit();
    fflush(emu.log);
    assert_non_null(strstr(text, "descriptor 0: "));
    assert_non_null(strstr(text, "MSG_LONG"));
    emu.logged = 256 * MiB - 1;
    emu_log(&emu, "the last one");
    emu_log(&emu, "one more");
    fflush(emu.log);
    assert_non_null(strstr(text, "the last one\nthe log is full\n"));
    assert_null(strstr(text, "one more"));
    fclose(emu.log);
    free(text);
    emu.log = old;
}

int main(void)
{
#define on(setup, f) cmocka_unit_test_setup_teardown(f, setup, device_end)
#define ALL(f) on(goya, f), on(gaudi, f), on(gaudi2, f)
    const struct CMUnitTest tests[] = {
        ALL(addresses_go_through_page_tables),
        ALL(a_fault_is_told),
        ALL(a_ring_nowhere_is_left_alone),
        ALL(memory_of_its_own_is_filled),
        ALL(a_log_has_an_end),
        on(gaudi, gaudi_translations_are_invalidated),
        on(gaudi2, gaudi2_translations_are_invalidated),
        on(gaudi2, gaudi2_memory_is_scrambled),
        on(gaudi2, gaudi2_queues_ring_doorbells),
        on(goya, goya_invalidates_and_interrupts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
