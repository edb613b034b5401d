/* SPDX-License-Identifier: MIT */
/*
 * Faults on request, like the accelerators' (rig/emu/fault.c): lines of text on the control socket,
 * or the mailbox in the configuration space (the 64-bit argument at 0xFE8 and 0xFEC, then the
 * command's number at 0xFE0).
 *
 *   1 mute OPCODE            commands of this kind get no answer
 *   2 mute-all               no command gets one
 *   3 refuse OPCODE*256+STATUS  commands of this kind fail with this status
 *   4 no-keep-alive          no more keep-alive events
 *   5 no-interrupts          no vector is signalled
 *   6 drop N                 the next N packets are lost
 *   7 event GROUP            an asynchronous event
 *   8 unplug                 the cable is unplugged: no peer answers
 *   9 reset                  the card loses its configuration, as after power-on
 *  10 heal                   ends all of the above
 */
#include "rig/emu/efa/card.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MUTE = 1,
    MUTE_ALL,
    REFUSE,
    NO_KEEP_ALIVE,
    NO_INTERRUPTS,
    DROP,
    EVENT,
    UNPLUG,
    RESET,
    HEAL,
    END
};

static const char *const names[END] = {
    [MUTE] = "mute",
    [MUTE_ALL] = "mute-all",
    [REFUSE] = "refuse",
    [NO_KEEP_ALIVE] = "no-keep-alive",
    [NO_INTERRUPTS] = "no-interrupts",
    [DROP] = "drop",
    [EVENT] = "event",
    [UNPLUG] = "unplug",
    [RESET] = "reset",
    [HEAL] = "heal",
};

void efa_heal(struct efa_card *c)
{
    memset(c->mute, 0, sizeof(c->mute));
    memset(c->refuse, 0, sizeof(c->refuse));
    c->mute_all = c->no_keep_alive = c->no_interrupts = c->unplugged = false;
    c->drop = 0;
}

static int run(struct efa_card *c, unsigned command, uint64_t arg)
{
    efa_log(c, "on request: %s %llu", command && command < END ? names[command] : "?",
            (unsigned long long)arg);
    switch (command) {
    case MUTE:
        if (arg >= CMD_END)
            return -EINVAL;
        c->mute[arg] = true;
        return 0;
    case MUTE_ALL:
        c->mute_all = true;
        return 0;
    case REFUSE:
        if (arg >> 8 >= CMD_END)
            return -EINVAL;
        c->refuse[arg >> 8] = (uint8_t)arg;
        return 0;
    case NO_KEEP_ALIVE:
        c->no_keep_alive = true;
        return 0;
    case NO_INTERRUPTS:
        c->no_interrupts = true;
        return 0;
    case DROP:
        c->drop = arg > 1000000 ? 1000000 : (unsigned)arg;
        return 0;
    case EVENT:
        if (!arg || arg > GROUP_KEEP_ALIVE)
            return -EINVAL;
        efa_aenq(c, (uint16_t)arg, 0);
        return 0;
    case UNPLUG:
        c->unplugged = true;
        return 0;
    case RESET:
        efa_card_reset(c);
        return 0;
    case HEAL:
        efa_heal(c);
        return 0;
    default:
        return -EINVAL;
    }
}

int efa_command(struct efa_card *c, const char *line)
{
    size_t len = strcspn(line, " ");

    for (unsigned i = 1; i < END; i++)
        if (strlen(names[i]) == len && !strncmp(names[i], line, len))
            return run(c, i, strtoull(line + len, NULL, 0));
    return -EINVAL;
}

void efa_mailbox(struct efa_card *c)
{
    uint32_t command;
    uint64_t arg;

    memcpy(&command, c->v.cfg + EFA_MAILBOX, 4);
    memcpy(&arg, c->v.cfg + EFA_MAILBOX + 8, 8);
    command = (uint32_t)-run(c, command, arg);
    memcpy(c->v.cfg + EFA_MAILBOX + 4, &command, 4); /* errno, 0: done */
}
