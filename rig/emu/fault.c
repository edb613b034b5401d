/* SPDX-License-Identifier: MIT */
/*
 * Faults on request. From the host: lines of text on the control socket. From the machine: the
 * mailbox in the configuration space (write the 64-bit argument to 0xFE8 and 0xFEC, then the
 * command's number to 0xFE0), which a test reaches through sysfs without the driver's help.
 *
 *   1 event TYPE [DATA]...   an entry of the event queue
 *   2 critical             the event after which the driver resets the device
 *   3 error                an event that is only reported to the user
 *   4 page-fault ADDRESS   an MMU page fault at ADDRESS
 *   5 razwi ADDRESS        an engine's illegal access to ADDRESS (Gaudi)
 *   6 mute OPCODE          until the next hard reset, CPUCP packets of this kind get no answer;
 *                          18 is the heartbeat's
 *   7 mute-all             likewise, all of them
 *   8 dead-boot            the next boot of the firmware hangs
 *   9 irq VECTOR           an interrupt, whatever it means
 *  10 heal                 ends all of the above
 */
#include "rig/emu/emu.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT = 1, CRITICAL, ERROR, PAGE_FAULT, RAZWI, MUTE, MUTE_ALL, DEAD_BOOT, IRQ, HEAL, END };

static const char *const names[END] = {
    [EVENT] = "event",       [CRITICAL] = "critical",
    [ERROR] = "error",       [PAGE_FAULT] = "page-fault",
    [RAZWI] = "razwi",       [MUTE] = "mute",
    [MUTE_ALL] = "mute-all", [DEAD_BOOT] = "dead-boot",
    [IRQ] = "irq",           [HEAL] = "heal",
};

void emu_heal(struct emu *e)
{
    memset(e->mute, 0, sizeof(e->mute));
    e->mute_all = false;
}

static int tell(struct emu *e, unsigned type, const uint64_t *data, unsigned n)
{
    if (!type)
        return -EOPNOTSUPP;
    emu_event(e, type, data, n);
    return 0;
}

static int run(struct emu *e, unsigned command, const uint64_t *arg, unsigned n)
{
    emu_log(e, "on request: %s %#llx", command && command < END ? names[command] : "?",
            (unsigned long long)arg[0]);
    switch (command) {
    case EVENT:
        return tell(e, (unsigned)arg[0], arg + 1, n ? n - 1 : 0);
    case CRITICAL:
        return tell(e, e->a->event_critical, NULL, 0);
    case ERROR:
        return tell(e, e->a->event_error, NULL, 0);
    case PAGE_FAULT:
        return e->a->page_fault ? tell(e, e->a->page_fault(e, arg[0]), NULL, 0) : -EOPNOTSUPP;
    case RAZWI:
        return e->a->razwi ? tell(e, e->a->razwi(e, arg[0]), NULL, 0) : -EOPNOTSUPP;
    case MUTE:
        if (arg[0] >= sizeof(e->mute))
            return -EINVAL;
        e->mute[arg[0]] = true;
        return 0;
    case MUTE_ALL:
        e->mute_all = true;
        return 0;
    case DEAD_BOOT:
        e->dead_boot = true;
        return 0;
    case IRQ:
        return vfu_irq(&e->v, e->a->msix ? VFU_IRQ_MSIX : VFU_IRQ_MSI, (unsigned)arg[0]) < 0
                   ? -ENOENT
                   : 0;
    case HEAL:
        emu_heal(e);
        e->dead_boot = false;
        return 0;
    default:
        return -EINVAL;
    }
}

int emu_command(struct emu *e, const char *line)
{
    uint64_t arg[8] = { 0 };
    size_t len = strcspn(line, " ");
    unsigned n = 0;

    for (const char *p = line + len; n < 8; n++) {
        char *end;

        arg[n] = strtoull(p, &end, 0);
        if (end == p)
            break;
        p = end;
    }
    for (unsigned i = 1; i < END; i++)
        if (strlen(names[i]) == len && !strncmp(names[i], line, len))
            return run(e, i, arg, n);
    return -EINVAL;
}

void emu_mailbox(struct emu *e)
{
    uint64_t arg[8] = { 0 };
    uint32_t command;
    int rc;

    memcpy(&command, e->v.cfg + EMU_MAILBOX, 4);
    memcpy(&arg[0], e->v.cfg + EMU_MAILBOX + 8, 8);
    rc = run(e, command, arg, 1);
    command = (uint32_t)-rc;
    memcpy(e->v.cfg + EMU_MAILBOX + 4, &command, 4); /* errno, 0: done */
}
