/* SPDX-License-Identifier: MIT */
#include "tests/mock/mock.h"

#include <sys/ioctl.h>

static struct mock_call queue[64];
static unsigned head, tail, came;

const int mock_errnos[] = {
    EPERM,  ENOENT, EIO,       ENXIO,      E2BIG,     EBADF,     EAGAIN, ENOMEM,
    EACCES, EFAULT, EBUSY,     ENODEV,     EINVAL,    ENFILE,    EMFILE, ENOSPC,
    ERANGE, EPROTO, EOVERFLOW, EOPNOTSUPP, ETIMEDOUT, ECANCELED,
};
const size_t mock_errno_count = sizeof(mock_errnos) / sizeof(mock_errnos[0]);

void mock_expect(const struct mock_call *call)
{
    assert_true(tail < sizeof(queue) / sizeof(queue[0]));
    queue[tail++] = *call;
}

union hl_mem_args mock_memory_request(uint32_t op)
{
    union hl_mem_args a;

    memset(&a, 0, sizeof(a));
    a.in.op = op;
    return a;
}

void mock_ok(unsigned long request, const void *in, const void *out, size_t size)
{
    struct mock_call c = { .request = request, .size = size };

    memcpy(c.in, in, size);
    memcpy(c.out, out, size);
    mock_expect(&c);
}

void mock_fail(unsigned long request, const void *in, size_t size, int error)
{
    struct mock_call c = { .request = request, .size = size, .error = error };

    memcpy(c.in, in, size);
    memset(c.out, 0xff, size);
    mock_expect(&c);
}

void mock_end(void)
{
    unsigned left = tail - head;

    head = tail = came = 0;
    if (left)
        fail_msg("%u expected ioctls did not come", left);
}

unsigned mock_count(void)
{
    return came;
}

/* The library's only ioctl() ends here. */
int ioctl(int fd, unsigned long request, ...)
{
    const struct mock_call *c;
    unsigned char *arg;
    va_list ap;

    (void)fd;
    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    came++;
    if (head == tail)
        fail_msg("ioctl %#lx came unexpectedly", request);
    c = &queue[head++];
    if (c->request != request)
        fail_msg("ioctl %#lx came, %#lx was expected", request, c->request);
    if (c->op && ((const struct hl_info_args *)(const void *)arg)->op != c->op)
        fail_msg("INFO operation %u came, %u was expected",
                 ((const struct hl_info_args *)(const void *)arg)->op, c->op);
    for (size_t i = 0; i < c->size; i++) {
        if (arg[i] != c->in[i])
            fail_msg("ioctl %#lx: byte %zu is %#x, %#x was expected", request, i, arg[i], c->in[i]);
    }
    if (c->data && !c->error) {
        const struct hl_info_args *info = (const void *)arg;

        memcpy((void *)(uintptr_t)info->return_pointer, c->data,
               c->data_size < info->return_size ? c->data_size : info->return_size);
    }
    memcpy(arg, c->out, c->size ? c->size : c->out_size);
    errno = c->error;
    return c->error ? -1 : 0;
}
