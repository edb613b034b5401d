/* SPDX-License-Identifier: MIT */
/*
 * An emulated accelerator within the test's own process, and what its driver does with it:
 * registers, configuration space, page tables, interrupts, and memory of the machine from host
 * address 0 on.
 */
#ifndef TESTS_RIG_DEVICE_H
#define TESTS_RIG_DEVICE_H

#include "tests/test.h"

#include "rig/emu/emu.h"

#define RAM 0x100000u

extern struct emu emu;
extern uint8_t *ram;

int device_begin(const struct emu_asic *asic, enum hl_generation driver);
int device_end(void **state);

/* A register, 4 bytes of configuration space. */
void poke(uint32_t off, uint32_t x);
uint32_t peek(uint32_t off);
void config(uint32_t off, uint32_t x);
uint32_t config_get(uint32_t off);
/* Words of the machine's memory. */
void store(uint32_t at, uint32_t x);
void store64(uint32_t at, uint64_t x);
uint32_t load(uint32_t at);
uint64_t load64(uint32_t at);
/* The device's address of a place in the machine's memory. */
uint64_t host(uint32_t at);

/* Until there is nothing to do; a program without end gets some slices of time. */
void run(void);

/* Listens to a vector; how many interrupts have come since the last call. */
void listen_to(unsigned index, unsigned vector);
unsigned interrupts(unsigned index, unsigned vector);

/*
 * Page tables, in the device's memory. The shifts of the hops, the last page's size is that of the
 * last of them.
 */
struct tables {
    uint64_t hop0;
    uint8_t shift[6];
    unsigned hops;
};
uint64_t new_table(void);
void map_page(const struct tables *t, uint64_t va, uint64_t pa);

#endif
