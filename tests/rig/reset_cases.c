/* SPDX-License-Identifier: MIT */
/* What the device answers while it is reset and its user has not closed it yet. */
#include "tests/rig/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint32_t status_of(int fd)
{
    uint32_t status[2] = { 99, 99 };
    struct hl_info_args a = { .op = HL_INFO_DEVICE_STATUS,
                              .return_pointer = (uintptr_t)status,
                              .return_size = sizeof(status) };

    return request(fd, OP_INFO, &a) ? 99 : status[0];
}

static void operations(void)
{
    for (uint32_t op = 0; op < 8; op++) {
        union hl_mem_args a = { .in = { .alloc = { .mem_size = 4096 }, .op = op } };

        run_case(w.fd, OP_MEMORY, &a, sizeof(a), "memory %u", op);
    }
    for (uint32_t op = 0; op < 4; op++) {
        union hl_cb_args a = { .in = { .op = op, .cb_size = 4096 } };

        run_case(w.fd, OP_CB, &a, sizeof(a), "cb %u", op);
    }
    {
        union hl_cs_args a = { 0 };

        run_case(w.fd, OP_CS, &a, sizeof(a), "cs");
    }
    for (uint64_t seq = 0; seq < 1001; seq += 1000) {
        union hl_wait_cs_args a = { .in = { .seq = seq } };

        run_case(w.fd, OP_WAIT, &a, sizeof(a), "wait %llu", (unsigned long long)seq);
    }
    for (uint32_t op = 0; op < 9; op++) {
        struct hl_debug_args a = { .op = op };

        run_case(w.fd, OP_DEBUG, &a, sizeof(a), "debug %u", op);
    }
}

static void queries(const char *what, int fd)
{
    static char room[1 << 20];

    for (uint32_t op = 0; op < 45; op++) {
        bool large = op == HL_INFO_ENGINE_STATUS || op == HL_INFO_USER_MAPPINGS;
        struct hl_info_args a = { .op = op,
                                  .return_pointer = (uintptr_t)room,
                                  .return_size = large ? sizeof(room) : 4096 };

        if (op != HL_INFO_FW_GENERIC_REQ) /* asks the firmware, which is being loaded */
            run_case(fd, OP_INFO, &a, sizeof(a), "%s info %u", what, op);
    }
}

static void opens(void)
{
    for (int control = 0; control < 2; control++) {
        int fd = open(node(control), O_RDWR | O_CLOEXEC);

        say("open %s -> %s", control ? "control" : "primary", answer(fd < 0 ? -errno : 0));
        if (fd >= 0)
            close(fd);
    }
}

void reset_cases(void)
{
    struct pollfd p;
    char path[80];
    int fd, n;
    void *m;

    snprintf(path, sizeof(path),
             w.old_nodes ? "/sys/class/habanalabs/hl%u/hard_reset"
                         : "/sys/class/accel/accel%u/device/hard_reset",
             cases_device());
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "1", 1) != 1) {
        say("hard_reset -> %s", answer(-errno));
        return;
    }
    close(fd);
    for (int i = 0; i < 1000 && !status_of(w.fd); i++)
        usleep(1000);
    say("status %u", status_of(w.fd));
    w.dirty = false;
    operations();
    queries("primary", w.fd);
    queries("control", w.control);
    opens();
    p = (struct pollfd){ .fd = w.fd, .events = POLLIN | POLLOUT };
    n = poll(&p, 1, 0);
    say("poll %d %#x", n, p.revents);
    m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, 0);
    say("mmap -> %s", answer(m == MAP_FAILED ? -errno : 0));
    state_again();
    say("status %u", status_of(w.fd));
}
