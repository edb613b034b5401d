/* SPDX-License-Identifier: MIT */
/* What a guest may write to the registers of an emulated accelerator: it answers, and lives on. */
#include "tests/rig/device.h"

FIXTURE(gaudi)
{
    return device_begin(&emu_gaudi, HL_GENERATION_UNKNOWN);
}

FIXTURE(gaudi2)
{
    return device_begin(&emu_gaudi2, HL_GENERATION_UNKNOWN);
}

#define QM 0x508000u /* Gaudi's first DMA queue manager; offsets of stream 0 */
#define PQ_LO (QM + 0x70)
#define PQ_HI (QM + 0x80)
#define PQ_LOG2 (QM + 0x90)
#define PQ_PI (QM + 0xA0)
#define PQ_CI (QM + 0xB0)

static void ring(uint32_t at, uint32_t log2)
{
    poke(PQ_LO, at);
    poke(PQ_HI, (uint32_t)(emu.chip->host_base >> 32));
    poke(PQ_LOG2, log2);
}

static void a_descriptor(uint32_t at, uint64_t ptr, uint32_t len)
{
    memcpy(ram + at, &ptr, 8);
    memcpy(ram + at + 8, &len, 4);
}

/* Index and consumed place count modulo twice the ring's length, whatever is in the registers. */
TEST(an_index_past_the_ring_ends)
{
    ring(0, 4);
    poke(PQ_PI, 0xFFFFFFFF);
    run();
    assert_int_equal(emu_get(&emu, PQ_CI), 31);
    poke(PQ_CI, 0xDEADBEEF);
    poke(PQ_PI, 3);
    run();
    assert_int_equal(emu_get(&emu, PQ_CI), 3);
}

TEST(a_ring_of_any_size_ends)
{
    for (uint32_t log2 = 0; log2 < 64; log2++) {
        ring(0, log2);
        poke(PQ_PI, 0xFFFFFFFF);
        run();
    }
    ring(0, 0xFFFFFFFF);
    poke(PQ_PI, 1);
    run();
}

/* More descriptors than the engine holds: the rest is taken when there is room. */
TEST(a_long_run_of_empty_submissions_is_taken)
{
    ring(0, 14);
    poke(PQ_PI, 16384 + 16000);
    run();
    assert_int_equal(emu_get(&emu, PQ_CI), 16384 + 16000);
}

/* A queue's message to either register is an interrupt: completion queues of programs are set up
 * so. */
TEST(a_message_to_the_msix_block_interrupts)
{
    static const uint32_t regs[] = { 0x4C02948, 0x4C17000 };

    listen_to(VFU_IRQ_MSIX, 48);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(emu_write32(&emu, emu.chip->cfg_base + regs[i], 48), 0);
        assert_int_equal(interrupts(VFU_IRQ_MSIX, 48), 1);
    }
    /* one that nobody listens to is lost, and no other register is a doorbell */
    assert_int_equal(emu_write32(&emu, emu.chip->cfg_base + regs[0], 49), 0);
    assert_int_equal(emu_write32(&emu, emu.chip->cfg_base + regs[1] + 4, 48), 0);
    assert_int_equal(interrupts(VFU_IRQ_MSIX, 48), 0);
}

/* What an engine copies goes in one piece as far as both sides hold. */
TEST(a_copy_is_direct)
{
    uint64_t base = emu.chip->memory_base, n = 64 * MiB;
    bool bad_write = true;

    memset(emu.dram, 0x5A, 4096);
    emu.dram[n - 1] = 0x77;
    assert_int_equal(emu_move(&emu, base + n, base, &n, &bad_write), 0);
    assert_int_equal(n, 64 * MiB);
    assert_int_equal(emu.dram[n], 0x5A);
    assert_int_equal(emu.dram[2 * n - 1], 0x77);
    n = 8192;
    assert_int_equal(emu_move(&emu, emu.chip->host_base + 4096, base, &n, &bad_write), 0);
    assert_int_equal(n, 8192);
    assert_memory_equal(ram + 4096, emu.dram, 8192);
    n = 8192;
    assert_int_equal(emu_move(&emu, emu.chip->host_base + RAM, base, &n, &bad_write), -EFAULT);
    assert_true(bad_write);
    n = 8192;
    assert_int_equal(emu_move(&emu, base, emu.chip->host_base + RAM, &n, &bad_write), -EFAULT);
    assert_false(bad_write);
}

/* A queue that resets its own device: the engine's step is over first. */
TEST(a_packet_may_reset_the_device)
{
    struct {
        uint32_t value, ctl;
        uint64_t addr;
    } packet = { 1, 0x3u << 24, 0x7FFC000000 + 0xC4B498 }; /* MSG_LONG to the reset register */

    memcpy(ram + 0x1000, &packet, sizeof(packet));
    ring(0, 4);
    a_descriptor(0, emu.chip->host_base + 0x1000, sizeof(packet));
    a_descriptor(16, emu.chip->host_base + 0x1000, sizeof(packet));
    poke(PQ_PI, 2);
    run();
    assert_int_equal(emu_get(&emu, PQ_CI), 0);
    /* and it works as before */
    packet.addr = emu.chip->host_base + 0x2000;
    packet.value = 0x1234;
    memcpy(ram + 0x1000, &packet, sizeof(packet));
    ring(0, 4);
    poke(PQ_PI, 1);
    run();
    assert_int_equal(ram[0x2000] | ram[0x2001] << 8, 0x1234);
}

#define CORE 0x500000u /* its DMA core: source, destination, size, commit */

/*
 * Copies to the commit register of the core that makes them, more than it has room for: a program
 * without end, until a reset.
 */
TEST(a_dma_core_may_start_itself)
{
    struct {
        uint32_t len, ctl;
        uint64_t src, dst;
    } packet[64];
    uint64_t commit = emu.chip->cfg_base + CORE + 0x78;

    for (unsigned i = 0; i < 64; i++)
        packet[i].len = 4, packet[i].ctl = 0x9u << 24, packet[i].src = emu.chip->host_base,
        packet[i].dst = commit;
    memcpy(ram + 0x1000, packet, sizeof(packet));
    poke(CORE + 0x74, 4);
    poke(CORE + 0x14, 0);
    poke(CORE + 0x18, (uint32_t)(emu.chip->host_base >> 32));
    poke(CORE + 0x1C, (uint32_t)commit);
    poke(CORE + 0x20, (uint32_t)(commit >> 32));
    ring(0x4000, 4);
    a_descriptor(0x4000, emu.chip->host_base + 0x1000, sizeof(packet));
    poke(PQ_PI, 1);
    for (unsigned i = 0; i < 20; i++)
        emu_run(&emu);
    emu_reset(&emu, true);
    assert_int_equal(emu_run(&emu), -1);
}

TEST(a_firmware_queue_of_any_size_ends)
{
    static const uint32_t bytes[] = { 0, 1, 16, 48, 4096, 4112, 1u << 20, 1u << 31, UINT32_MAX };

    poke(0x442208, (uint32_t)(emu.chip->host_base >> 32));
    for (unsigned i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
        poke(0x44220C, bytes[i]);
        poke(0x442200, 0xFFFFFFF1);
        poke(0x800040, 484);
        run();
    }
}

/* The window on the registers in configuration space, at the end of the registers and past it */
TEST(the_indirect_window_has_an_end)
{
    static const uint32_t at[] = { 0x3FFFFFC, 0x3FFFFFD, 0x3FFFFFF, 0x4000000, 0xFFFFFFFF };

    for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        config(0xFF0, (uint32_t)emu.chip->cfg_base + at[i]);
        config(0xFF4, 0x5A5A5A5A);
        config(0xFF8, 0x80000000);
        config(0xFF8, 0);
    }
}

#define KDMA 0x4E8B000u

static void kdma(uint64_t dst, uint64_t src, uint32_t size, uint32_t commit)
{
    poke(KDMA + 0x8D8, (uint32_t)src);
    poke(KDMA + 0x8DC, (uint32_t)(src >> 32));
    poke(KDMA + 0x8E0, (uint32_t)dst);
    poke(KDMA + 0x8E4, (uint32_t)(dst >> 32));
    poke(KDMA + 0x8E8, size);
    poke(KDMA + 0x8EC, commit);
    run();
}

TEST(a_fill_past_the_registers_stops)
{
    kdma(emu.chip->cfg_base + emu.chip->cfg_size - 4096, 0, UINT32_MAX, 0x10);
    kdma(emu.chip->cfg_base + 0x1000000, 0x11, 16, 0x10);
    assert_int_equal(emu_get(&emu, 0x1000000), 0x11111111);
}

TEST(a_copy_may_start_itself)
{
    memset(ram, 0xFF, 16);
    kdma(emu.chip->cfg_base + KDMA + 0x8EC, 0, 4, 0);
    kdma(emu.chip->cfg_base + KDMA + 0x8EC, 0, 4, 1);
    ram[0] = 7;
    kdma(emu.chip->memory_base, 0, 16, 0);
    assert_int_equal(emu.dram[0], 7);
}

int main(void)
{
#define on(setup, f) cmocka_unit_test_setup_teardown(f, setup, device_end)
    const struct CMUnitTest tests[] = {
        on(gaudi, an_index_past_the_ring_ends),
        on(gaudi, a_ring_of_any_size_ends),
        on(gaudi, a_long_run_of_empty_submissions_is_taken),
        on(gaudi, a_packet_may_reset_the_device),
        on(gaudi, a_dma_core_may_start_itself),
        on(gaudi, a_firmware_queue_of_any_size_ends),
        on(gaudi, the_indirect_window_has_an_end),
        on(gaudi2, a_fill_past_the_registers_stops),
        on(gaudi2, a_copy_may_start_itself),
        on(gaudi2, a_message_to_the_msix_block_interrupts),
        on(gaudi2, a_copy_is_direct),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
