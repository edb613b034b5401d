/* SPDX-License-Identifier: MIT */
#include "tests/rig/device.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#define TABLES (16 * MiB) /* in the device's memory */
#define PRESENT 1u
#define LAST (1u << 11)

struct emu emu;
uint8_t *ram;
static uint64_t tables_end;

int device_begin(const struct emu_asic *asic, enum hl_generation driver)
{
    int fd = memfd_create("ram", MFD_CLOEXEC);

    memset(&emu, 0, sizeof(emu));
    emu.a = asic;
    emu.driver = driver;
    emu.log = fopen("/dev/null", "we");
    if (fd < 0 || !emu.log || ftruncate(fd, RAM) < 0 || emu_init(&emu) < 0)
        return -1;
    ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    emu.v.dma[0] =
        (struct vfu_dma){ .size = RAM,
                          .mem = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
                          .readable = true,
                          .writable = true };
    emu.v.ndma = 1;
    close(fd);
    tables_end = emu.chip->memory_base + TABLES;
    alarm(60); /* who waits or runs on has failed */
    return ram == MAP_FAILED || emu.v.dma[0].mem == MAP_FAILED;
}

int device_end(void **state)
{
    (void)state;
    alarm(0);
    munmap(ram, RAM);
    emu_fini(&emu);
    fclose(emu.log);
    return 0;
}

void poke(uint32_t off, uint32_t x)
{
    emu.v.ops->wr(&emu.v, emu.a->cfg_bar, emu.a->cfg_in_bar + off, &x, 4);
}

uint32_t peek(uint32_t off)
{
    uint32_t x;

    emu.v.ops->rd(&emu.v, emu.a->cfg_bar, emu.a->cfg_in_bar + off, &x, 4);
    return x;
}

void config(uint32_t off, uint32_t x)
{
    emu.v.ops->wr(&emu.v, VFU_REGION_CONFIG, off, &x, 4);
}

uint32_t config_get(uint32_t off)
{
    uint32_t x;

    emu.v.ops->rd(&emu.v, VFU_REGION_CONFIG, off, &x, 4);
    return x;
}

void store(uint32_t at, uint32_t x)
{
    memcpy(ram + at, &x, sizeof(x));
}

void store64(uint32_t at, uint64_t x)
{
    memcpy(ram + at, &x, sizeof(x));
}

uint32_t load(uint32_t at)
{
    uint32_t x;

    memcpy(&x, ram + at, sizeof(x));
    return x;
}

uint64_t load64(uint32_t at)
{
    uint64_t x;

    memcpy(&x, ram + at, sizeof(x));
    return x;
}

uint64_t host(uint32_t at)
{
    return emu.chip->host_base + at;
}

void run(void)
{
    for (unsigned i = 0; i < 500 && emu_run(&emu) == 0; i++)
        ;
}

void listen_to(unsigned index, unsigned vector)
{
    emu.v.irqfd[index][vector] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(emu.v.irqfd[index][vector] >= 0);
}

unsigned interrupts(unsigned index, unsigned vector)
{
    uint64_t n;

    return read(emu.v.irqfd[index][vector], &n, sizeof(n)) == sizeof(n) ? (unsigned)n : 0;
}

uint64_t new_table(void)
{
    uint64_t at = tables_end;

    tables_end += 4096;
    return at;
}

void map_page(const struct tables *t, uint64_t va, uint64_t pa)
{
    uint64_t hop = t->hop0, pte;

    for (unsigned i = 0; i < t->hops; i++) {
        uint64_t at = hop + (va >> t->shift[i] & 511) * 8;
        bool end = i == t->hops - 1;

        assert_int_equal(emu_mem(&emu, at, &pte, sizeof(pte), false), 0);
        if (!(pte & PRESENT)) {
            pte = (end ? pa | LAST : new_table()) | PRESENT;
            assert_int_equal(emu_mem(&emu, at, &pte, sizeof(pte), true), 0);
        }
        hop = pte & ~0xFFFull;
    }
}
