/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/client.h"

static const struct {
    const char *name;
    enum sim_request_op op;
    bool mask;
} commands[] = {
    { "reset", SIM_REQUEST_RESET, false },
    { "remove", SIM_REQUEST_REMOVE, false },
    { "event", SIM_REQUEST_EVENT, true },
};

int ctl_main(int argc, char **argv)
{
    struct sim_state *s = client_state();
    struct sim_request q = { 0 };
    int rc;

    if (!s) {
        fprintf(stderr, "hlsim: not within a simulation\n");
        return 1;
    }
    for (size_t i = 0; argc > 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) || argc != (commands[i].mask ? 4 : 3))
            continue;
        q.op = commands[i].op;
        q.device = (uint32_t)strtoul(argv[2], NULL, 10);
        q.events = commands[i].mask ? strtoull(argv[3], NULL, 0) : 0;
        rc = client_request(s, &q, -1, true, NULL);
        if (rc < 0)
            fprintf(stderr, "hlsim: %s %s: %s\n", argv[1], argv[2], strerror(-rc));
        return rc < 0;
    }
    fprintf(stderr, "usage: hlsim ctl reset DEVICE | remove DEVICE | event DEVICE MASK\n");
    return 2;
}
