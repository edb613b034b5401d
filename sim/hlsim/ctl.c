/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/asic.h"
#include "sim/client.h"
#include "sim/layout.h"
#include "sim/number.h"

static const char usage_text[] =
    "usage: hlsim ctl reset DEVICE | remove DEVICE | event DEVICE MASK | add goya|gaudi|gaudi2\n";

static const struct {
    const char *name;
    enum sim_request_op op;
    int arguments;
} commands[] = {
    { "reset", SIM_REQUEST_RESET, 1 },
    { "remove", SIM_REQUEST_REMOVE, 1 },
    { "event", SIM_REQUEST_EVENT, 2 },
    { "add", SIM_REQUEST_ADD, 1 },
};

/* What the words say, into *q. */
static bool parse(char **words, struct sim_request *q)
{
    uint64_t device;

    if (q->op == SIM_REQUEST_ADD) {
        q->asic = sim_asic_by_name(words[0]);
        return q->asic != SIM_ASIC_COUNT;
    }
    if (!sim_number(words[0], 0, SIM_MAX_DEVICES - 1, &device))
        return false;
    q->device = (uint32_t)device;
    return q->op != SIM_REQUEST_EVENT || sim_number(words[1], 0, UINT64_MAX, &q->events);
}

/* A device that was added: who added it wants to open it. */
static int tell_node(const struct sim_state *s, uint32_t device)
{
    char node[64];

    layout_node(s, device, false, node, sizeof(node));
    if (puts(node) >= 0 && !fflush(stdout))
        return 0;
    fprintf(stderr, "hlsim: device added as %s, but the output could not be written\n", node);
    return 1;
}

int ctl_main(int argc, char **argv)
{
    const struct sim_state *s = NULL;
    struct sim_request q = { 0 };
    int rc;

    if (client_join(&s)) {
        fprintf(stderr, "hlsim: not within a simulation\n");
        return 1;
    }
    for (size_t i = 0; argc > 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) || argc != 2 + commands[i].arguments)
            continue;
        q.op = commands[i].op;
        if (!parse(argv + 2, &q))
            break;
        rc = client_call(&q, NULL, false);
        if (rc < 0) {
            fprintf(stderr, "hlsim: %s %s: %s\n", argv[1], argv[2], strerror(-rc));
            return 1;
        }
        return q.op == SIM_REQUEST_ADD ? tell_node(s, (uint32_t)rc) : 0;
    }
    fputs(usage_text, stderr);
    return 2;
}
