/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user client in a process of its own, as QEMU is one: it works with an emulated device
 * until that has gone. Each call that talks to the device returns false once it has; an answer that
 * is wrong ends the process with 1.
 */
#ifndef TESTS_RIG_CLIENT_H
#define TESTS_RIG_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIENT_RAM 0x100000u /* of the machine, at address 0 of the bus */

/* What the client and who watches it have in common, in shared memory. */
struct progress {
    atomic_uint steps; /* requests that were answered */
    atomic_bool over;  /* there is no device any more, and none is waited for */
};

extern uint8_t *client_ram;

/* Connects as soon as somebody listens at path. */
bool client_connect(const char *path, struct progress *p);
/* One connection, and the first request: what comes of it, if anything. */
void client_knock(const char *path);

/* Asks what the device has, maps its memory, gives it the machine's and interrupts. */
bool client_set_up(void);
bool client_drop_ram(void);
bool client_read(unsigned region, uint64_t off, uint32_t *x);
bool client_write(unsigned region, uint64_t off, const void *x, uint32_t n);
bool client_poke(unsigned region, uint64_t off, uint32_t x);
bool client_post(unsigned region, uint64_t off, uint32_t x); /* without an answer */
bool client_reset(void);
/* The interrupts of vector 0 that came since the last call. */
unsigned client_interrupts(void);
void client_expect(const char *what, uint64_t got, uint64_t wanted);
/* Its memory stays when the device has gone. */
void client_touch(void);

/* A round of work (client_work.c). */
bool client_work_accelerator(const char *asic);
bool client_work_card(void);

#endif
