/* SPDX-License-Identifier: MIT */
#include "tests/classic/door.h"

#include <sys/ioctl.h>

static enum door_kernel kernel;
static door_driver driver;

unsigned door_calls;
unsigned char door_last[64];
int door_error;
bool door_any_fd;
int door_fd;

static const size_t sizes[] = {
    [OP_INFO] = sizeof(struct hl_info_args), [OP_CB] = sizeof(union hl_cb_args),
    [OP_CS] = sizeof(union hl_cs_args),      [OP_WAIT_CS] = sizeof(union hl_wait_cs_args),
    [OP_MEMORY] = sizeof(union hl_mem_args), [OP_DEBUG] = sizeof(struct hl_debug_args),
};

size_t door_size(enum door_op op)
{
    return sizes[op];
}

void door_open(enum door_kernel k, door_driver d)
{
    kernel = k;
    driver = d;
    door_calls = 0;
    memset(door_last, 0, sizeof(door_last));
}

int ioctl(int fd, unsigned long request, ...)
{
    bool d = _IOC_TYPE(request) == 'd';
    unsigned nr = _IOC_NR(request) - (d ? 0x40 : 1);
    va_list ap;
    void *arg;
    int rc;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (fd != FD && !door_any_fd) {
        rc = -EBADF;
    } else if (d != (kernel >= KERNEL_6_12) || nr > OP_DEBUG || _IOC_SIZE(request) != sizes[nr]) {
        rc = -ENOTTY;
    } else {
        door_calls++;
        door_fd = fd;
        memset(door_last, 0, sizeof(door_last));
        memcpy(door_last, arg, sizes[nr]);
        rc = driver(nr, arg);
    }
    if (rc == 0)
        return 0;
    errno = -rc;
    return -1;
}

int door_fails(enum door_op op, void *arg)
{
    memset(arg, 0xff, sizes[op]);
    return -door_error;
}

int door_answers_zero(enum door_op op, void *arg)
{
    if (op == OP_INFO) {
        const struct hl_info_args *a = arg;

        if (a->return_pointer)
            memset((void *)(uintptr_t)a->return_pointer, 0, a->return_size);
    } else {
        memset(arg, 0, sizes[op]);
    }
    return 0;
}
