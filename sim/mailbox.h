/* SPDX-License-Identifier: MIT */
/*
 * The mailbox: memory that all processes of a simulation share with its supervisor.  A request
 * takes a slot and is posted, and the supervisor's threads answer in the slot.
 *
 * A process holds nothing here but slots of its own, from any thread and any signal handler; the
 * supervisor reclaims those of dead processes.  Neither side trusts anything in it.
 */
#ifndef SIM_MAILBOX_H
#define SIM_MAILBOX_H

#include "sim/wire.h"

#define SIM_SLOTS 1024u
#define SIM_MOVES 256u

/* The phase of a slot in the low byte of its state, its client above. */
enum sim_phase { SIM_SLOT_FREE, SIM_SLOT_CLAIMED, SIM_SLOT_POSTED, SIM_SLOT_DONE };

static inline uint32_t sim_slot_state(enum sim_phase phase, uint32_t client)
{
    return (uint32_t)phase | client << 8;
}

struct sim_slot {
    uint32_t state;  /* futex: changes when the answer is there */
    uint32_t cancel; /* the caller received a signal: a wait must end */
    struct sim_request request;
    struct sim_reply reply;
};

struct sim_mailbox {
    uint32_t work; /* futex: changes with each request */
    uint64_t posted[SIM_SLOTS / 64];
    struct sim_slot slots[SIM_SLOTS];
    uint32_t moves[SIM_MOVES]; /* client_moved(), by the file's number */
};

#endif
