/* SPDX-License-Identifier: MIT */
/* What only a test in the rig's machine can do: faults, resets, module and bus. */
#ifndef TESTS_RIG_GUEST_H
#define TESTS_RIG_GUEST_H

#include "tests/sim/support.h"

#include <sys/types.h>

/* Ends the program unless it runs in the rig, as root of its machine. */
void require_rig(void);

/* Commands of the emulated device's mailbox (rig/emu/fault.c). */
enum rig_command {
    RIG_EVENT = 1,
    RIG_CRITICAL,
    RIG_ERROR,
    RIG_PAGE_FAULT,
    RIG_RAZWI,
    RIG_MUTE,
    RIG_MUTE_ALL,
    RIG_DEAD_BOOT,
    RIG_IRQ,
    RIG_HEAL,
};

/* 0, or the emulated device's errno. Fails the test when the device cannot be reached. */
int rig_request(enum rig_command command, uint64_t argument);

/* Write "1" to a file of the PCI device's folder, or below it; 0 or -errno. */
int rig_poke_attribute(const char *name);
bool rig_has_attribute(const char *name);

int rig_rescan(void);
int rig_bind(bool bind); /* the driver to the device, or off it */
int rig_unload(void);    /* delete_module(); -EAGAIN or -EBUSY while it is in use */
int rig_load(void);
bool rig_can_reload(void); /* false where the host has to set a word after each load */

/* A process that has the device, a buffer and (where possible) its dma-buf open until it is
 * killed. It is ready when this returns. */
pid_t rig_holder(void);
/* How it ended: a signal's number, or -(exit code). */
int rig_ended(pid_t pid, unsigned seconds);

int rig_teardown(void **state);

/* The device works again within these seconds: open, allocate, export and close succeed. */
void rig_serves(unsigned seconds);

#endif
