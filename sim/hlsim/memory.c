/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

/* A system that forbids it (Yama, a container) makes calls fail in ways that are hard to guess. */
static int refused(const char *what)
{
    static bool told;

    if ((errno == EPERM || errno == EACCES) && !__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
        fprintf(stderr, "hlsim: this system does not let hlsim %s: such calls fail with EFAULT\n",
                what);
    return -EFAULT;
}

int memory_read(struct call *c, void *to, uint64_t user, size_t n)
{
    const struct sim_request *q = &c->request;
    struct iovec local = { to, n }, remote = { (void *)(uintptr_t)user, n };

    if (user >= q->argument && n <= q->window && user - q->argument <= q->window - n) {
        memcpy(to, q->args + (user - q->argument), n);
        return 0;
    }
    errno = 0;
    return process_vm_readv(c->pid, &local, 1, &remote, 1, 0) == (ssize_t)n
               ? 0
               : refused("read its program's memory");
}

static bool append(struct sim_reply *r, uint64_t user, const void *from, size_t n)
{
    struct sim_out o = { .address = user, .size = (uint32_t)n };
    size_t room = (n + 7) & ~(size_t)7;

    if (n > SIM_OUT || r->out_size + sizeof(o) + room > SIM_OUT)
        return false;
    memcpy(r->out + r->out_size, &o, sizeof(o));
    memcpy(r->out + r->out_size + sizeof(o), from, n);
    memset(r->out + r->out_size + sizeof(o) + n, 0, room - n);
    r->out_size += (uint32_t)(sizeof(o) + room);
    return true;
}

int memory_write(struct call *c, uint64_t user, const void *from, size_t n)
{
    struct iovec local = { (void *)(uintptr_t)from, n }, remote = { (void *)(uintptr_t)user, n };

    if (!user)
        return -EFAULT;
    if (append(c->reply, user, from, n))
        return 0;
    errno = 0;
    return process_vm_writev(c->pid, &local, 1, &remote, 1, 0) == (ssize_t)n
               ? 0
               : refused("write its program's memory");
}

void memory_say(struct call *c, const char *line)
{
    append(c->reply, 0, line, strlen(line));
}
