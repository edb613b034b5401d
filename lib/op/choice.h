/* SPDX-License-Identifier: MIT */
/* A list of devices of which the first that can be opened is wanted: the program's or the user's.
 */
#ifndef HL_OP_CHOICE_H
#define HL_OP_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include <hlthunk/device.h>

#define HL_CHOICE_MAX 64u

struct hl_choice {
    const char *from; /* who made it, for texts; NULL: nobody, any device will do */
    bool modules;     /* module IDs, not indices */
    uint32_t count;
    uint32_t id[HL_CHOICE_MAX];
};

/*
 * What is wanted by options->list, or, with HLTHUNK_SELECT_ANY, by the environment:
 * HABANA_VISIBLE_MODULES, else HABANA_VISIBLE_DEVICES, neither in a set-uid program.  0, or -EINVAL
 * with a text.
 */
int hl_choice_read(const struct hlthunk_device_options *options, struct hl_choice *choice);

/* The second half of that: a comma-separated list.  "all" and nothing mean any device. */
int hl_choice_parse(const char *text, const char *from, bool modules, struct hl_choice *choice);

#endif
