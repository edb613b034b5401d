/* SPDX-License-Identifier: MIT */
/* What others see while the device is being released by its user. */
#include "tests/rig/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/clock.h"

static uint32_t status(int *rc)
{
    uint32_t s[2] = { 99, 99 };
    struct hl_info_args a = { .op = HL_INFO_DEVICE_STATUS,
                              .return_pointer = (uintptr_t)s,
                              .return_size = sizeof(s) };

    *rc = request(w.control, OP_INFO, &a);
    return s[0];
}

/* A child that has the device; it closes it, or dies, when its pipe is closed. */
static pid_t user(int *go, bool killed)
{
    int ready[2], wait[2];
    char byte = 0;
    pid_t pid;

    if (pipe(ready) < 0 || pipe(wait) < 0)
        return -1;
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        close(wait[1]);
        world_open();
        if (write(ready[1], "", 1) != 1 || read(wait[0], &byte, 1) < 0)
            _exit(1);
        if (killed)
            raise(SIGKILL);
        close(w.fd);
        _exit(0);
    }
    close(wait[0]);
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        pid = -1;
    close(ready[0]);
    *go = wait[1];
    return pid;
}

/* Which answers came until the open succeeded, not how often.  EBUSY may be over before the first
 * look. */
struct answers {
    bool again, other, statuses[8], status_failed;
};

/* Opens again and again; the descriptor, or -1 after 10 s. */
static int open_at_last(struct answers *seen)
{
    uint64_t end = now_ms() + 10000;

    while (now_ms() < end) {
        int rc, fd;
        uint32_t s = status(&rc);

        seen->statuses[s < 7 ? s : 7] = true;
        seen->status_failed |= rc != 0;
        fd = open(node(false), O_RDWR | O_CLOEXEC);
        if (fd >= 0)
            return fd;
        seen->again |= errno == EAGAIN;
        seen->other |= errno != EAGAIN && errno != EBUSY;
        sched_yield();
    }
    return -1;
}

/* Everything that an open and the status say until the open succeeds. */
static void watched(const char *how, bool killed)
{
    struct answers seen = { .again = false };
    char line[64] = "";

    for (int round = 0; round < 40 && (round < 4 || (!seen.again && !killed)); round++) {
        int go = -1, fd;
        pid_t pid = user(&go, killed);

        if (pid < 0)
            return;
        close(go);
        fd = open_at_last(&seen);
        waitpid(pid, NULL, 0);
        if (fd >= 0)
            close(fd);
        else
            say("release %s: never again", how);
    }
    for (unsigned i = 1; i < 8; i++)
        if (seen.statuses[i])
            snprintf(line + strlen(line), sizeof(line) - strlen(line), " %u", i);
    /* a dying process releases on its way; who waits for it cannot tell, who races can */
    if (killed)
        seen.again = true, line[0] = 0;
    say("release %s: EAGAIN %d others %d status failed %d statuses but 0:%s", how, seen.again,
        seen.other, seen.status_failed, line);
}

/* One that closes finds the device ready as soon as its close() has returned. */
static void own(void)
{
    bool good = true;

    for (int i = 0; i < 5; i++) {
        int fd = open(node(false), O_RDWR | O_CLOEXEC);

        good &= fd >= 0;
        if (fd >= 0)
            close(fd);
    }
    say("open after one's own close: %d", good);
}

/* ... and after waitpid() where the user was killed. */
static void after_death(void)
{
    bool good = true;

    for (int i = 0; i < 5; i++) {
        int go = -1, fd;
        pid_t pid = user(&go, true);

        close(go);
        waitpid(pid, NULL, 0);
        fd = open(node(false), O_RDWR | O_CLOEXEC);
        good &= fd >= 0;
        if (fd >= 0)
            close(fd);
    }
    say("open after a user's death: %d", good);
}

void release_cases(void)
{
    state_leave();
    watched("closed", false);
    watched("killed", true);
    own();
    after_death();
    world_open();
    w.dirty = true;
}
