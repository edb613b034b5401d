/* SPDX-License-Identifier: MIT */
/* One request of a program, carried out: the model's surroundings are its process. */
#ifndef HLSIM_CALL_H
#define HLSIM_CALL_H

#include <stdatomic.h>

#include "sim/state.h"
#include "sim/wire.h"

struct call {
    struct sim_state *state;
    struct sim_request request; /* our own copy: the process may change the original */
    struct sim_reply *reply;
    pid_t pid;     /* of the process, as we see it */
    int pass;      /* a descriptor that came along, or -1 */
    int fds[2];    /* to send back, or -1 */
    bool own[2];   /* made for the program: ours is to be closed */
    bool transfer; /* descriptors can go back */
    /*
     * Sends the reply and closes our copies, with the lock: nobody who has the reply finds that
     * they still keep a file open.  NULL: there are none.
     */
    void (*finish)(struct call *c);
    _Atomic bool cancelled; /* its caller has received a signal, or is gone */
};

/*
 * The file of a request, where it is one of these kinds (1 << enum sim_file_kind) and still the
 * caller's: a killed process's request may come after its file, and another file has the number.
 */
struct sim_file *call_file(struct sim_state *s, const struct sim_request *q, unsigned kinds);

/* Answers it; may wait, as the driver's ioctl() does. */
void call_serve(struct call *c);

/* A device at a place in the state that has none: 0 or -errno. */
int call_create_device(struct sim_state *s, uint32_t place, enum sim_asic_id asic);
/* Signals eventfds and brings sysfs up to date; with the lock. */
void call_attend(struct sim_state *s);
/* Makes every wait on this device check whether it was cancelled. */
void call_wake(struct sim_state *s, uint32_t file);

/* The seed of the order in which queues run; both segments that HELLO gives away. */
extern uint64_t call_seed;
extern int call_segments[2];

#endif
