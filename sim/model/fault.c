/* SPDX-License-Identifier: MIT */
/*
 * Fault scripts: OP:CALLS:ACTION
 *
 * OP      a name of sim_op_names[]
 * CALLS   N (the Nth call of OP in the simulation), N-M, N+ (that one and all later ones), *
 * ACTION  an errno's name (the call fails with it and does nothing), delay=MILLISECONDS, reset,
 *         remove, event=MASK
 */
#include <errno.h>
#include <string.h>

#include "sim/model/model.h"
#include "sim/number.h"

const char *const sim_op_names[SIM_OP_COUNT] = {
    [SIM_OP_ANY] = "any",     [SIM_OP_OPEN] = "open",     [SIM_OP_INFO] = "info",
    [SIM_OP_ALLOC] = "alloc", [SIM_OP_FREE] = "free",     [SIM_OP_MAP] = "map",
    [SIM_OP_UNMAP] = "unmap", [SIM_OP_EXPORT] = "export", [SIM_OP_IMPORT] = "import",
    [SIM_OP_CB] = "cb",       [SIM_OP_CS] = "cs",         [SIM_OP_WAIT] = "wait",
    [SIM_OP_DEBUG] = "debug", [SIM_OP_MEMORY] = "memory",
};

static int errno_by_name(const char *name)
{
    for (int e = 1; e < 134; e++) {
        const char *n = strerrorname_np(e);

        if (n && !strcmp(n, name))
            return e;
    }
    return 0;
}

static bool parse_calls(char *s, struct sim_fault *f)
{
    char *end = s + strcspn(s, "+-"), sign = *end;
    uint64_t last;

    f->count = UINT64_MAX;
    if (!strcmp(s, "*")) {
        f->first = 1;
        return true;
    }
    *end = '\0';
    if (!sim_number(s, 10, UINT64_MAX, &f->first) || !f->first)
        return false;
    if (sign == '+')
        return !end[1];
    last = f->first;
    if (sign == '-' && !sim_number(end + 1, 10, UINT64_MAX, &last))
        return false;
    f->count = last - f->first + 1;
    return last >= f->first;
}

static bool parse_action(const char *s, struct sim_fault *f)
{
    if (!strncmp(s, "delay=", 6)) {
        f->action = SIM_FAULT_DELAY;
        if (!sim_number(s + 6, 10, UINT64_MAX / 1000, &f->delay_us))
            return false;
        f->delay_us *= 1000;
        return true;
    }
    if (!strncmp(s, "event=", 6)) {
        f->action = SIM_FAULT_EVENT;
        return sim_number(s + 6, 0, UINT64_MAX, &f->events);
    }
    if (!strcmp(s, "reset")) {
        f->action = SIM_FAULT_RESET;
        return true;
    }
    if (!strcmp(s, "remove")) {
        f->action = SIM_FAULT_REMOVE;
        return true;
    }
    f->action = SIM_FAULT_ERRNO;
    f->error = errno_by_name(s);
    return f->error != 0;
}

const char *sim_fault_parse(const char *spec, struct sim_fault *f)
{
    char text[96], *calls, *action;

    memset(f, 0, sizeof(*f));
    if (strlen(spec) >= sizeof(text))
        return "too long";
    strcpy(text, spec);
    calls = strchr(text, ':');
    action = calls ? strchr(calls + 1, ':') : NULL;
    if (!action)
        return "not of the form OP:CALLS:ACTION";
    *calls++ = *action++ = '\0';
    for (f->op = 0; f->op < SIM_OP_COUNT && strcmp(text, sim_op_names[f->op]); f->op++)
        ;
    if (f->op == SIM_OP_COUNT)
        return "OP is none of any, open, info, alloc, free, map, unmap, export, import, memory, cb, "
               "cs, wait, debug";
    if (!parse_calls(calls, f))
        return "CALLS is none of N, N-M, N+ and *, counted from 1";
    if (!parse_action(action, f))
        return "ACTION is none of an errno's name, delay=MILLISECONDS, event=MASK, reset, remove";
    return NULL;
}

int sim_fault_check(struct sim_state *s, struct sim_device *d, enum sim_op op, uint64_t *delay_us)
{
    int rc = 0;

    for (uint32_t i = 0; i < s->fault_count; i++) {
        struct sim_fault *f = &s->faults[i];

        if (f->op != SIM_OP_ANY && f->op != op)
            continue;
        f->seen++;
        if (f->seen < f->first || f->seen - f->first >= f->count)
            continue;
        switch ((enum sim_fault_action)f->action) {
        case SIM_FAULT_ERRNO:
            rc = rc ? rc : -f->error;
            break;
        case SIM_FAULT_DELAY:
            *delay_us += f->delay_us;
            break;
        case SIM_FAULT_RESET:
            sim_device_fail(s, d);
            break;
        case SIM_FAULT_REMOVE:
            sim_device_remove(s, d);
            break;
        case SIM_FAULT_EVENT:
            sim_device_event(s, d, f->events);
            break;
        }
    }
    return rc;
}
