/* SPDX-License-Identifier: MIT */
/* Interrupts: each vector has a descriptor of the client's, which an interrupt writes to. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "rig/emu/vfu_wire.h"

int vfu_irq(struct vfu *v, unsigned index, unsigned vector)
{
    struct pollfd p = { .events = POLLOUT };
    uint64_t one = 1;

    if (vector >= VFU_MAX_VECTORS || v->irqfd[index][vector] < 0)
        return -1;
    p.fd = v->irqfd[index][vector];
    /*
     * A full counter already has an interrupt pending: nothing is lost.  It is asked first, as the
     * client may have made its file block again.
     */
    if (poll(&p, 1, 0) == 0)
        return 0;
    return write(p.fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN ? 0 : -1;
}

int vfu_do_irq_info(struct vfu *v, const struct vfu_request *q)
{
    struct vfu_irq_info i;

    if (!vfu_take(q, &i, sizeof(i)) || i.index >= VFU_NUM_IRQS)
        return vfu_answer(v, q, EINVAL, NULL, 0);
    i.argsz = sizeof(i);
    i.count = v->irq_count[i.index];
    i.flags = i.count ? VFU_IRQ_INFO_EVENTFD | VFU_IRQ_INFO_NORESIZE : 0;
    return vfu_answer(v, q, 0, &i, sizeof(i));
}

static void set_vector(struct vfu *v, unsigned index, unsigned vector, int fd)
{
    int *p = &v->irqfd[index][vector];

    if (*p >= 0)
        close(*p);
    *p = fd;
    /* whatever kind of file it is, an interrupt never waits for its reader */
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void tear_down(struct vfu *v, unsigned index)
{
    for (unsigned i = 0; i < VFU_MAX_VECTORS; i++)
        set_vector(v, index, i, -1);
}

/* Sets the descriptors of a range of vectors; vectors without one lose theirs. */
static void assign(struct vfu *v, const struct vfu_irq_set *s, const struct vfu_request *q)
{
    for (unsigned i = 0; i < s->count; i++) {
        set_vector(v, s->index, s->start + i, i < q->nfds ? q->fds[i] : -1);
        if (i < q->nfds)
            q->fds[i] = -1; /* ours now */
    }
}

static void set_off(struct vfu *v, const struct vfu_irq_set *s)
{
    for (unsigned i = 0; i < s->count; i++)
        vfu_irq(v, s->index, s->start + i);
}

int vfu_do_set_irqs(struct vfu *v, const struct vfu_request *q)
{
    struct vfu_irq_set s;

    if (!vfu_take(q, &s, sizeof(s)) || s.index >= VFU_NUM_IRQS || s.start > VFU_MAX_VECTORS ||
        s.count > VFU_MAX_VECTORS - s.start)
        return vfu_answer(v, q, EINVAL, NULL, 0);
    /* masking is up to the machine */
    if (s.flags & VFU_IRQ_ACTION_TRIGGER) {
        if ((s.flags & VFU_IRQ_DATA_NONE) && !s.count)
            tear_down(v, s.index);
        else if (s.flags & VFU_IRQ_DATA_NONE)
            set_off(v, &s);
        else if (s.flags & VFU_IRQ_DATA_EVENTFD)
            assign(v, &s, q);
    }
    return vfu_answer(v, q, 0, NULL, 0);
}
