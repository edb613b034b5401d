/* SPDX-License-Identifier: MIT */
/*
 * The firmware of the emulated accelerators, as their drivers know it: boot, packets and their
 * answers, the event queue, resets, and faults on request.
 */
#include "tests/rig/device.h"

#define PQ 0x1000u /* where the test has what in the machine's memory */
#define EQ 0x2000u
#define PACKET 0x4000u
#define BUFFER 0x8000u
#define RING 256u /* bytes of the packets' ring */

enum { TEST_PACKET = 18, TEMPERATURE_GET = 3, INFO_GET = 14, PASSTHROUGH = 56 };

/* Where a driver finds what. */
static const struct face {
    uint32_t pq_lo, pq_hi, pq_len, pq_pi, eq_lo, eq_hi;
    uint32_t init, bell, ring; /* ring: what the bell wants to be told */
    uint32_t boot, message;
} faces[HL_ASIC_COUNT] = {
    [HL_ASIC_GOYA] = { 0xC4B100, 0xC4B104, 0xC4B114, 0x442100, 0xC4B108, 0xC4B10C, 0xC4B11C,
                       0x800040, 484, 0xC4B300, 0xC4B304 },
    [HL_ASIC_GAUDI] = { 0x442204, 0x442208, 0x44220C, 0x442200, 0x442220, 0x442224, 0x442230,
                        0x800040, 484, 0xC4B300, 0xC4B304 },
    [HL_ASIC_GAUDI2] = { 0x4CC1204, 0x4CC1208, 0x4CC120C, 0x4CC1200, 0x4CC1220, 0x4CC1224,
                         0x4CC1230, 0x4C4B124, 1, 0x4C4B300, 0x4C4B304 },
};
static const struct face *f;
static uint32_t sent; /* packets */

/* Goya's firmware sees the machine's memory through the MMU. */
static void map_ram_for_goya(void)
{
    struct tables t = { .shift = { 48, 39, 30, 21, 12 }, .hops = 5 };

    t.hop0 = new_table();
    for (uint32_t at = 0; at < RAM; at += 4096)
        map_page(&t, host(at), host(at));
    poke(0x490004, (uint32_t)(t.hop0 >> 12));
    poke(0x490008, (uint32_t)(t.hop0 >> 44));
    poke(0x490000, 1u << 31);
    assert_int_equal(peek(0x490000), 0); /* it is not busy any more */
}

static void open_queues(void)
{
    poke(f->pq_lo, (uint32_t)host(PQ));
    poke(f->pq_hi, (uint32_t)(host(PQ) >> 32));
    poke(f->pq_len, RING);
    poke(f->eq_lo, (uint32_t)host(EQ));
    poke(f->eq_hi, (uint32_t)(host(EQ) >> 32));
    poke(f->init, 1);
    poke(f->bell, f->ring);
    assert_int_equal(peek(f->init), 2);
    sent = 0;
}

static int start(const struct emu_asic *a, enum hl_generation driver)
{
    if (device_begin(a, driver))
        return -1;
    f = &faces[hl_asic_by_pci_id(a->asic->pci_id)];
    if (a == &emu_goya)
        map_ram_for_goya();
    open_queues();
    listen_to(a->eq_irq, a->eq_vector);
    return 0;
}

FIXTURE(goya)
{
    return start(&emu_goya, HL_GENERATION_MISC);
}

FIXTURE(gaudi)
{
    return start(&emu_gaudi, HL_GENERATION_UNKNOWN);
}

FIXTURE(gaudi2)
{
    return start(&emu_gaudi2, HL_GENERATION_UNKNOWN);
}

FIXTURE(gaudi2_misc)
{
    return start(&emu_gaudi2, HL_GENERATION_MISC);
}

/* A packet at this address of the device's. */
static void send_at(uint64_t at)
{
    uint32_t slot = PQ + sent % (RING / 16) * 16;

    store64(slot, at);
    store(slot + 8, 32);
    sent = (sent + 1) % (2 * RING / 16);
    poke(f->pq_pi, sent);
    poke(f->bell, f->ring);
}

static bool answered(unsigned op, uint64_t value, uint32_t arg)
{
    memset(ram + PACKET, 0, 32);
    store64(PACKET, value);
    store(PACKET + 8, op << 16);
    store(PACKET + 16, arg);
    send_at(host(PACKET));
    return load(PACKET + 12) == FENCE_VAL;
}

TEST(packets_are_answered)
{
    for (unsigned i = 0; i < 40; i++) { /* more than one round of the ring */
        assert_true(answered(TEST_PACKET, 0x1234567890 + i, 0));
        assert_int_equal(load64(PACKET), 0x1234567890 + i);
    }
    assert_true(answered(TEMPERATURE_GET, 0, 0));
    assert_int_equal(load64(PACKET), 42000);
    assert_true(answered(63, 5, 0)); /* of no kind that it knows */
    assert_int_equal(load64(PACKET), 0);
    assert_true(answered(INFO_GET, host(BUFFER), 4096));
    assert_string_equal((char *)ram + BUFFER + 1024, "Linux fw-0.0.0-rig ");
    assert_int_equal(load64(BUFFER + 1560), emu.chip->memory_size);
    assert_true(answered(PASSTHROUGH, host(BUFFER), 100));
    assert_int_equal(load64(PACKET), 4);
    assert_string_equal((char *)ram + BUFFER, "rig");
    memset(ram + BUFFER, 0xEE, 4);
    assert_true(answered(PASSTHROUGH, host(BUFFER), 2)); /* no more than it may */
    assert_int_equal(load64(PACKET), 2);
    assert_int_equal(ram[BUFFER + 2], 0xEE);
    /* one that is nowhere is lost, and so is what it answers nowhere */
    send_at(emu.chip->host_base + RAM);
    assert_true(answered(INFO_GET, emu.chip->host_base + RAM, 4096));
    assert_true(answered(TEST_PACKET, 7, 0));
    assert_int_equal(load64(PACKET), 7);
}

/* An entry of the event queue, once the interrupt has come: its kind, or 0. */
static unsigned event(unsigned entry, uint64_t *data)
{
    uint32_t at = EQ + entry % 64 * 64, ctl = load(at + 4);

    assert_int_equal(interrupts(emu.a->eq_irq, emu.a->eq_vector), 1);
    if (data)
        *data = load64(at + 8);
    assert_int_equal(ctl & 0xFFFF, entry & 0xFFFF);
    return ctl >> 31 ? ctl >> 16 & 0xFFF : 0;
}

TEST(events_are_announced)
{
    uint64_t data;

    for (unsigned i = 0; i < 70; i++) { /* more than one round */
        char line[40];

        snprintf(line, sizeof(line), "event %u %u 9 9 9 9 9 9 9", 200 + i, 1000 + i);
        assert_int_equal(emu_command(&emu, line), 0);
        assert_int_equal(event(i, &data), 200 + i);
        assert_int_equal(data, 1000 + i);
    }
    assert_int_equal(emu_command(&emu, "event 300"), 0);
    assert_int_equal(event(70, &data), 300);
    assert_int_equal(data, 0);
    assert_int_equal(emu_command(&emu, "critical"), 0);
    assert_int_equal(event(71, NULL), emu.a->event_critical);
    /* without a place for it there is no entry and no interrupt */
    poke(f->eq_lo, RAM);
    assert_int_equal(emu_command(&emu, "critical"), 0);
    poke(f->eq_lo, 0);
    poke(f->eq_hi, 0);
    assert_int_equal(emu_command(&emu, "critical"), 0);
    assert_int_equal(interrupts(emu.a->eq_irq, emu.a->eq_vector), 0);
}

TEST(an_event_without_a_vector_is_written)
{
    int fd = emu.v.irqfd[emu.a->eq_irq][emu.a->eq_vector];

    emu.v.irqfd[emu.a->eq_irq][emu.a->eq_vector] = -1;
    assert_int_equal(emu_command(&emu, "event 200"), 0);
    assert_int_equal(load(EQ + 4), 1u << 31 | 200u << 16);
    emu.v.irqfd[emu.a->eq_irq][emu.a->eq_vector] = fd;
}

/* A fault that not every one of them has: the event's kind, 0 without one. */
static unsigned fault(const char *line, bool has)
{
    assert_int_equal(emu_command(&emu, line), has ? 0 : -EOPNOTSUPP);
    return has ? event(emu.eq_index - 1, NULL) : 0;
}

TEST(faults_leave_their_address)
{
    bool goya_ = emu.a == &emu_goya, gaudi_ = emu.a == &emu_gaudi, gaudi2_ = emu.a == &emu_gaudi2;

    assert_int_equal(fault("error", !goya_), emu.a->event_error);
    assert_int_equal(fault("page-fault 0xfff0000000123000", !goya_), gaudi_    ? 380
                                                                     : gaudi2_ ? 768
                                                                               : 0);
    if (gaudi_) {
        assert_int_equal(peek(0xC11038), 0x00123000);
        assert_int_equal(peek(0xC11034) & 0x40000, 0x40000);
    } else if (gaudi2_) {
        assert_int_equal(peek(0x4D00034), 0xFFF00000);
        assert_int_equal(peek(0x4D00038), 0x00123000);
        assert_int_equal(peek(0x4D00044), 1);
        /* the other MMU's is scrambled: 48 MiB become 64 */
        assert_int_equal(fault("page-fault 0x1001000003000010", true), 720);
        assert_int_equal(peek(0x4080038), 0x4000010);
    }
    assert_int_equal(fault("razwi 0x1234", gaudi_), gaudi_ ? 380 : 0);
    if (gaudi_) {
        assert_int_equal(peek(0xC1105C), 1);
        assert_int_equal(peek(0xC11038), 0x1234);
    }
}

TEST(an_interrupt_on_request)
{
    unsigned index = emu.a->msix ? VFU_IRQ_MSIX : VFU_IRQ_MSI;

    listen_to(index, 3);
    assert_int_equal(emu_command(&emu, "irq 3"), 0);
    assert_int_equal(interrupts(index, 3), 1);
    assert_int_equal(emu_command(&emu, "irq 4"), -ENOENT);
}

static uint32_t mailbox(uint32_t command, uint64_t argument)
{
    config(EMU_MAILBOX + 8, (uint32_t)argument);
    config(EMU_MAILBOX + 12, (uint32_t)(argument >> 32));
    config(EMU_MAILBOX, command);
    return config_get(EMU_MAILBOX + 4);
}

static void reset_all(void)
{
    emu.v.ops->reset(&emu.v);
    if (emu.a == &emu_goya)
        map_ram_for_goya();
    open_queues();
}

TEST(firmware_falls_silent_on_request)
{
    static const char *const refused[] = {
        "", "nonsense", "mute 64", "even", "events", "criticall"
    };

    for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_int_equal(emu_command(&emu, refused[i]), -EINVAL);
    assert_int_equal(mailbox(0, 0), EINVAL);
    assert_int_equal(mailbox(11, 0), EINVAL);
    assert_int_equal(mailbox(6, TEST_PACKET), 0);
    assert_false(answered(TEST_PACKET, 1, 0));
    assert_true(answered(TEMPERATURE_GET, 0, 0));
    assert_int_equal(mailbox(7, 0), 0);
    assert_false(answered(TEMPERATURE_GET, 0, 0));
    assert_int_equal(mailbox(10, 0), 0);
    assert_true(answered(TEST_PACKET, 1, 0));
    /* a hard reset cures it */
    assert_int_equal(emu_command(&emu, "mute-all"), 0);
    assert_false(answered(TEST_PACKET, 1, 0));
    reset_all();
    assert_true(answered(TEST_PACKET, 1, 0));
    /* what does not boot */
    assert_int_equal(emu_command(&emu, "dead-boot"), 0);
    reset_all();
    assert_int_equal(peek(f->boot), 0);
    assert_int_equal(emu_command(&emu, "heal"), 0);
    reset_all();
    assert_int_equal(peek(f->boot), 16);
}

/* Goya and Gaudi: two images, the boot fit and Linux, and how far it is. */
TEST(firmware_boots)
{
    poke(f->message, 0);
    assert_int_equal(peek(f->boot), 16);
    poke(f->message, 2);
    assert_int_equal(peek(f->boot), 2);
    assert_int_equal(peek(0xC4B15C), 1);
    poke(f->message, 2);
    assert_int_equal(peek(f->boot), 3);
    poke(f->message, 1);
    assert_int_equal(peek(f->boot), emu.a == &emu_gaudi ? 1 : 3); /* waits, on Gaudi alone */
}

#define COMMS_STATUS 0x4C4B15Cu
#define ACKNOWLEDGED (1u << 28 | 0x400)
#define DONE (2u << 28 | 0x400)

static void comms(unsigned command)
{
    poke(f->message, command << 27);
    assert_int_equal(peek(COMMS_STATUS), ACKNOWLEDGED);
    poke(f->message, 0);
    assert_int_equal(peek(COMMS_STATUS), DONE);
    poke(f->message, 0); /* once */
    poke(f->message, 1u << 27);
    assert_int_equal(peek(COMMS_STATUS), 0);
}

/* As le32_to_cpu(crc32_le()) of the kernel, bit by bit. */
static uint32_t checksum(const uint8_t *p, unsigned n)
{
    uint32_t c = ~0u;

    for (unsigned i = 0; i < 8 * n; i++)
        c = (c >> 1) ^ (0xEDB88320u & -((c ^ p[i / 8] >> i % 8) & 1u));
    return ~c;
}

TEST(gaudi2_boots_by_comms)
{
    const uint8_t *d = emu.sram + 0x1000;
    uint32_t magic, crc;
    uint16_t size;

    assert_int_equal(peek(f->boot), 16);
    comms(3); /* a descriptor, please */
    memcpy(&magic, d, 4);
    memcpy(&crc, d + 4, 4);
    memcpy(&size, d + 8, 2);
    assert_int_equal(magic, 0x4843444D);
    assert_int_equal(d[10], emu.driver == HL_GENERATION_MISC ? 1 : 3);
    assert_int_equal(crc, checksum(d + 16, size));
    comms(5);
    assert_int_equal(peek(f->boot), 15);
    comms(5);
    assert_int_equal(peek(f->boot), 3);
    comms(9); /* of no kind that it knows */
    comms(7);
    assert_int_equal(peek(f->boot), 1);
    poke(f->message, 6u << 27); /* all over again */
    assert_int_equal(peek(f->boot), 16);
    assert_int_equal(peek(f->init), 0);
}

TEST(gaudi2_soft_resets_keep_the_queues)
{
    assert_true(answered(64, 0, 0)); /* later kernels' */
    assert_int_equal(peek(f->init), 2);
    poke(0x4C4B130, 5); /* 6.1's interrupt */
    assert_int_equal(peek(0x4C4B138), 1);
    assert_true(answered(TEST_PACKET, 1, 0));
    poke(0x4C4B128, 5); /* halt, and interrupts: it has nothing to do for them */
    poke(0x4C4B12C, 5);
    poke(0x4C4B1F0, 5);
    assert_true(answered(TEST_PACKET, 1, 0));
    poke(0x4C74804, 2); /* the register, another bit of it */
    assert_int_equal(peek(f->init), 2);
    poke(0x4C74804, 1);
    assert_int_equal(peek(f->init), 0);
}

TEST(goya_resets_softly_or_all_of_it)
{
    poke(f->bell, 1); /* another event than "look at the queues" */
    poke(0xC4B474, 1);
    assert_int_equal(peek(f->init), 2);
    assert_true(answered(TEST_PACKET, 1, 0));
    poke(0xC4B474, 1u << 12);
    assert_int_equal(peek(f->init), 0);
}

TEST(gaudi_has_one_reset)
{
    poke(0xC4B498, 2);
    assert_int_equal(peek(f->init), 2);
    poke(f->init, 3); /* some drivers' way to say that the queues are there */
    poke(f->bell, 1); /* another event of theirs */
    assert_int_equal(peek(f->init), 3);
    poke(f->bell, f->ring);
    assert_int_equal(peek(f->init), 2);
    poke(0xC04100, 0);
    assert_int_equal(interrupts(VFU_IRQ_MSI, 0), 1);
    poke(0xC4B498, 1);
    assert_int_equal(peek(f->init), 0);
}

/* A ring that is nowhere is left alone. */
TEST(a_ring_nowhere_has_no_packets)
{
    poke(f->pq_lo, RAM);
    sent = 0;
    assert_false(answered(TEST_PACKET, 1, 0));
    poke(f->pq_lo, (uint32_t)host(PQ));
    sent = 0;
    assert_true(answered(TEST_PACKET, 1, 0));
}

/* The memory of a BAR by message, as the client reads what it has not mapped. */
TEST(memory_is_memory)
{
    uint64_t x = 0x1122334455667788, y = 0;
    uint32_t word;

    emu.v.ops->wr(&emu.v, emu.a->dram_bar, 0x1000, &x, 8);
    emu.v.ops->rd(&emu.v, emu.a->dram_bar, 0x1000, &y, 8);
    assert_int_equal(x, y);
    emu.v.ops->wr(&emu.v, emu.a->sram_bar, emu.a->sram_in_bar + 8, &x, 8);
    assert_memory_equal(emu.sram + 8, &x, 8);
    emu.v.ops->wr(&emu.v, 1, 0, &x, 4); /* no such BAR */
    emu.v.ops->rd(&emu.v, 1, 0, &word, 4);
    assert_int_equal(word, 0);
    emu_config_write(&emu, sizeof(emu.v.cfg) - 2, &x, 4); /* past its end */
    emu_config_write(&emu, sizeof(emu.v.cfg) + 1, &x, 1);
    emu_config_write(&emu, 0, &x, sizeof(emu.v.cfg) + 1);
    assert_int_equal(config_get(0) & 0xFFFF, HL_PCI_VENDOR_HABANA);
}

int main(void)
{
#define on(setup, f) cmocka_unit_test_setup_teardown(f, setup, device_end)
#define ALL(f) on(goya, f), on(gaudi, f), on(gaudi2, f)
    const struct CMUnitTest tests[] = {
        ALL(packets_are_answered),
        ALL(events_are_announced),
        ALL(an_event_without_a_vector_is_written),
        ALL(faults_leave_their_address),
        ALL(an_interrupt_on_request),
        ALL(firmware_falls_silent_on_request),
        ALL(a_ring_nowhere_has_no_packets),
        ALL(memory_is_memory),
        on(goya, firmware_boots),
        on(gaudi, firmware_boots),
        on(gaudi2, gaudi2_boots_by_comms),
        on(gaudi2_misc, gaudi2_boots_by_comms),
        on(gaudi2, gaudi2_soft_resets_keep_the_queues),
        on(gaudi2_misc, gaudi2_soft_resets_keep_the_queues),
        on(goya, goya_resets_softly_or_all_of_it),
        on(gaudi, gaudi_has_one_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
