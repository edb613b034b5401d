/* SPDX-License-Identifier: MIT */
#include "tests/libc/libc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uapi/requests.h"

bool old_kernel;
const char *node, *folder, *name, *class_folder, *attributes;

const char *wrong(const char *file, int line, const char *what)
{
    static char text[512];

    snprintf(text, sizeof(text), "%s:%d: %s (errno %d, %s)", file, line, what, errno,
             strerror(errno));
    return text;
}

bool is_node(int fd)
{
    struct hl_info_device_status s = { .status = 99 };
    struct hl_info_args a = { .op = HL_INFO_DEVICE_STATUS,
                              .return_size = sizeof(s),
                              .return_pointer = (uintptr_t)&s };

    if (fd < 0 || ioctl(fd, old_kernel ? HL_REQ_H_INFO : HL_REQ_D_INFO, &a) || s.status)
        return false;
    return close(fd) == 0;
}

bool looks_like_node(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && major(st->st_rdev) == (old_kernel ? 234 : 261) &&
           minor(st->st_rdev) == 0 && st->st_size == 0;
}

unsigned long long new_buffer(int fd)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 4096 } };

    return ioctl(fd, old_kernel ? HL_REQ_H_CB : HL_REQ_D_CB, &a) ? 0 : a.out.cb_handle;
}

bool free_buffer(int fd, unsigned long long handle)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_DESTROY, .cb_handle = handle } };

    return ioctl(fd, old_kernel ? HL_REQ_H_CB : HL_REQ_D_CB, &a) == 0;
}

/* In a process of its own: what one leaves open is not the next one's. */
static bool run(const struct way *w)
{
    const char *what;
    int s = -1;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        what = w->run();
        printf("%s %s%s%s\n", what ? "FAIL" : "ok  ", w->name, what ? ": " : "", what ? what : "");
        fflush(NULL);
        _exit(what != NULL);
    }
    if (waitpid(pid, &s, 0) == pid && WIFEXITED(s))
        return WEXITSTATUS(s) == 0;
    printf("FAIL %s: signal %d\n", w->name, WTERMSIG(s));
    return false;
}

int main(int argc, char **argv)
{
    static const struct way *const tables[] = { opening,  status,  listing, descriptors, programs,
                                                refusals, devices, pages,   dmabufs };
    unsigned n = 0, failed = 0;

    old_kernel = getenv("TEST_KERNEL") && !strcmp(getenv("TEST_KERNEL"), "6.1");
    node = old_kernel ? "/dev/hl0" : "/dev/accel/accel0";
    folder = old_kernel ? "/dev" : "/dev/accel";
    name = old_kernel ? "hl0" : "accel0";
    class_folder = old_kernel ? "/sys/class/habanalabs" : "/sys/class/accel";
    attributes = old_kernel ? "/sys/class/habanalabs/hl0" : "/sys/class/accel/accel0/device";
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        for (const struct way *w = tables[t]; w->name; w++) {
            if (argc > 1 && strcmp(argv[1], w->name))
                continue;
            failed += !run(w);
            n++;
        }
    }
    printf("%u ways, %u failed\n", n, failed);
    return failed || !n;
}
