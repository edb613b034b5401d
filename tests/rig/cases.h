/* SPDX-License-Identifier: MIT */
/*
 * The differential cases: raw system calls, each in a known state of the device, each printed as
 * one line "STATE OPERATION ARGUMENTS -> RESULT". Nothing is expected here: the lines of a run in
 * the simulator and of a run on the real driver are compared (tests/rig/differential).
 */
#ifndef TESTS_RIG_CASES_H
#define TESTS_RIG_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi/habanalabs_accel.h"

enum op { OP_INFO, OP_CB, OP_CS, OP_WAIT, OP_MEMORY, OP_DEBUG, OP_COUNT };

/* A number, and how it is called in the output: addresses differ from driver to driver. */
struct value {
    const char *name;
    uint64_t n;
};

/* What the device was brought to before a case. */
struct world {
    int fd, control;
    bool old;                   /* request numbers of the first generation */
    const char *name;           /* of the state */
    uint64_t handle, va, second, host_va, cb, cb_mapped;
    char *host;                 /* two megabytes of it */
    bool dirty;                 /* a case has changed the state: make it again */
};

extern struct world w;

/* Puts the device into the state of this number; NULL after the last. */
const char *state_enter(unsigned state);
void state_again(void);
void state_leave(void);

/* The call; its line begins with what the format says. Marks the state dirty when it succeeds. */
int run_case(int fd, enum op op, void *args, size_t size, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

void memory_cases(void);
void export_cases(void);
void info_cases(void);
void cb_cases(void);
void cs_cases(void);
void wait_cases(void);
void debug_cases(void);
void file_cases(void);
void dmabuf_cases(void);

#define FOR_EACH(v, list) \
    for (const struct value *v = (list); v < (list) + sizeof(list) / sizeof((list)[0]); v++)

#endif
