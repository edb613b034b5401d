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

/* A number, and its name in the output: addresses differ from driver to driver. */
struct value {
    const char *name;
    uint64_t n;
};

/* The state of the device before a case. */
struct world {
    int fd, control;
    bool old;       /* request numbers of the first generation */
    bool old_nodes; /* /dev/hlN */
    struct hl_info_hw_ip_info ip;
    const char *name; /* of the state */
    uint64_t handle, va, second, host_va, cb, cb_mapped;
    char *host; /* two megabytes of it */
    bool dirty; /* a case has changed the state: make it again */
};

extern struct world w;

/* The name of a group of cases, and what it asks (what may be NULL); NULL after the last. */
const char *cases_group(unsigned i, const char **what);
/* The device to ask: N of its node.  Otherwise the first. */
void cases_choose_device(unsigned index);
unsigned cases_device(void);
/* Runs these groups, up to a NULL; all without one.  Returns how many lines were printed. */
unsigned cases_run(char **groups);

/* Puts the device into the state of this number; NULL after the last. */
const char *state_enter(unsigned state);
void state_again(void);
void state_leave(void);
/* A dma-buf of a new megabyte in this state; -1 where that is not possible. */
int state_dmabuf(void);

/* The node, when its last user is gone. */
void world_open(void);
const char *node(bool control);

/* A call without a line: 0 or -errno. */
int request(int fd, enum op op, void *args);
unsigned long request_of(enum op op);
/* "0" or the error's name; of a negative errno */
const char *answer(long rc);
/* A line about anything. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

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
void value_cases(void);
void argument_cases(void);
void node_cases(void);
void sysfs_cases(void);
void work_cases(void);
void interrupt_cases(void);
void sequence_cases(void);
void random_cases(void);
void reset_cases(void);
void host_cases(void);
void mmap_cases(void);
void face_cases(void);
void release_cases(void);

static inline bool is_gaudi2(void)
{
    return w.ip.device_id >= 0x1020;
}

static inline bool is_goya(void)
{
    return w.ip.device_id == 1;
}

#define FOR_EACH(v, list)                                                                          \
    for (const struct value *v = (list); v < (list) + sizeof(list) / sizeof((list)[0]); v++)

#endif
