/* SPDX-License-Identifier: MIT */
/* Devices: their life from the driver's probe to removal, resets, events. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/model/submission.h"

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void sim_device_init(struct sim_state *s, struct sim_device *d, enum sim_asic_id asic,
                     uint32_t index)
{
    (void)s;
    /* the context is cleared when it begins: untouched, it uses no memory */
    memset(d, 0, offsetof(struct sim_device, context));
    d->asic = asic;
    d->index = index;
    d->module_id = index;
    d->memory_fd = d->buffer_fd = d->submit_fd = d->regs_fd = -1;
    snprintf(d->pci_address, sizeof(d->pci_address), "0000:%02x:00.0", 0x10 + index);
}

void sim_device_return(struct sim_state *s, struct sim_device *d)
{
    /* what processes may have mapped, and numbers that are never reused */
    int memory_fd = d->memory_fd, buffer_fd = d->buffer_fd;
    int submit_fd = d->submit_fd, regs_fd = d->regs_fd;
    uint32_t next_context = d->next_context;

    sim_device_init(s, d, (enum sim_asic_id)d->asic, d->index);
    d->memory_fd = memory_fd;
    d->buffer_fd = buffer_fd;
    d->submit_fd = submit_fd;
    d->regs_fd = regs_fd;
    d->next_context = next_context;
}

/* A reset that does not wait for a user ends by itself. */
static bool in_reset(const struct sim_device *d)
{
    return d->status == HL_DEVICE_STATUS_IN_RESET && (d->reset_pending || now_ns() < d->ready_ns);
}

bool sim_device_recovers(const struct sim_device *d)
{
    return in_reset(d) && !d->reset_pending;
}

/* hl_device_status(): of a reset of the engines alone it says what it says of those at a close. */
uint32_t sim_device_status(const struct sim_device *d)
{
    uint32_t status = d->status;

    if (status == HL_DEVICE_STATUS_IN_RESET && !in_reset(d))
        status = HL_DEVICE_STATUS_OPERATIONAL;
    if (status == HL_DEVICE_STATUS_IN_RESET && d->compute_reset)
        return HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE;
    if (status == HL_DEVICE_STATUS_OPERATIONAL && sim_asic_of(d)->close_resets &&
        sim_device_releasing(d))
        return HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE;
    return status;
}

void sim_device_releases(struct sim_device *d, pid_t killed)
{
    if (d->context.id || d->removed)
        return;
    d->released_ns = now_ns() + SIM_RELEASE_NS;
    d->releaser = killed;
}

bool sim_device_releasing(const struct sim_device *d)
{
    if (!d->released_ns || now_ns() >= d->released_ns)
        return false;
    return !d->releaser || kill(d->releaser, 0) == 0 || errno == EPERM;
}

bool sim_device_release_ends(const struct sim_device *d, struct timespec *end)
{
    uint64_t at = d->released_ns;

    *end = (struct timespec){ (time_t)(at / 1000000000), (long)(at % 1000000000) };
    return sim_device_releasing(d);
}

bool sim_device_operational(const struct sim_device *d)
{
    return sim_device_status(d) == HL_DEVICE_STATUS_OPERATIONAL;
}

void sim_device_event(struct sim_state *s, struct sim_device *d, uint64_t events)
{
    uint32_t index = (uint32_t)(d - s->devices);

    sim_trace_event(s, index, "event %#" PRIx64, events);
    for (uint32_t i = 0; i < SIM_MAX_FILES; i++) {
        struct sim_file *f = &s->files[i];

        if (f->device == index &&
            (f->kind == SIM_FILE_PRIMARY ||
             (f->kind == SIM_FILE_CONTROL && sim_kernel(s)->control_events))) {
            f->events |= events;
            f->signal = f->eventfd;
        }
    }
    s->attention = true;
}

/* hl_device_reset() counts one when it is over. */
uint32_t sim_device_hard_resets(const struct sim_device *d)
{
    return d->hard_resets - (in_reset(d) && !d->compute_reset);
}

uint32_t sim_device_soft_resets(const struct sim_device *d)
{
    return d->soft_resets - (in_reset(d) && d->compute_reset);
}

static void reset(struct sim_state *s, struct sim_device *d, bool compute)
{
    /* there is one, but for a hard reset after one of the engines */
    if (in_reset(d) && (compute || !d->compute_reset))
        return;
    sim_trace_event(s, (uint32_t)(d - s->devices), compute ? "compute reset" : "reset");
    if (compute)
        d->soft_resets++;
    else
        d->hard_resets++;
    d->compute_reset = compute;
    d->watchdog = false;
    d->status = HL_DEVICE_STATUS_IN_RESET;
    d->reset_pending = !compute && d->context.id != 0;
    d->ready_ns = now_ns() + SIM_RESET_NS;
    submission_abort(s, d, SUBMISSION_RESET);
    s->attention = true;
}

/*
 * A hard reset: the device answers EBUSY until its user has closed it, then it is ready again.
 * (The driver waits for the user, too, and kills it when that takes too long.)
 */
void sim_device_reset(struct sim_state *s, struct sim_device *d)
{
    reset(s, d, false);
}

void sim_device_fail(struct sim_state *s, struct sim_device *d)
{
    sim_device_reset(s, d);
    sim_device_event(s, d, HL_NOTIFIER_EVENT_DEVICE_RESET | HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE);
}

/* hl_device_cond_reset(); 6.1 resets at once, and of Goya only what its user's work has used. */
void sim_device_error_reset(struct sim_state *s, struct sim_device *d, uint64_t events)
{
    uint32_t file = d->context.id ? d->context.file : SIM_NONE;

    if (events)
        sim_device_event(s, d, events);
    if (!sim_kernel(s)->postpones_reset) {
        reset(s, d, sim_asic_of(d)->soft_reset);
        return;
    }
    if (file == SIM_NONE || in_reset(d) || (!s->files[file].eventfd && !d->watchdog)) {
        sim_device_reset(s, d);
        return;
    }
    d->watchdog = true;
    submission_abort(s, d, SUBMISSION_WAITS_END);
}

/* Where a close resets the engines anyhow, that is it. */
void sim_device_postponed_reset(struct sim_state *s, struct sim_device *d)
{
    if (!sim_asic_of(d)->close_resets)
        reset(s, d, sim_asic_of(d)->soft_reset);
}

void sim_device_remove(struct sim_state *s, struct sim_device *d)
{
    sim_device_event(s, d, HL_NOTIFIER_EVENT_DEVICE_UNAVAILABLE);
    submission_abort(s, d, SUBMISSION_RESET);
    d->removed = true;
    d->status = HL_DEVICE_STATUS_MALFUNCTION;
}

void sim_context_init(const struct sim_asic *a, struct sim_context *c)
{
    uint32_t id = c->id, maps = c->map_top, buffers = c->buffer_top;

    /* of the large arrays only what the last context has touched: the rest uses no memory */
    memset(c, 0, offsetof(struct sim_context, maps));
    memset(c->maps, 0, maps * sizeof(c->maps[0]));
    memset(c->buffers, 0, buffers * sizeof(c->buffers[0]));
    c->map_hint = 0;
    c->id = id;
    memset(c->map_buckets, 0xff, sizeof(c->map_buckets));
    for (unsigned i = 0; i < SIM_SPACE_COUNT; i++)
        c->spaces[i].count = 0;
    sim_space_init(&c->spaces[SIM_SPACE_BUFFERS], SIM_PAGE, SIM_BUFFER_BYTES - 1);
    sim_space_init(&c->spaces[SIM_SPACE_CB], a->host_first, a->host_first + a->host_cb_size - 1);
    sim_space_init(&c->spaces[SIM_SPACE_HOST], a->host_first + a->host_cb_size + a->host_pool_size,
                   a->host_last);
    if (a->host_huge_first)
        sim_space_init(&c->spaces[SIM_SPACE_HOST_HUGE], a->host_huge_first, a->host_huge_last);
    if (a->device_mmu)
        sim_space_init(&c->spaces[SIM_SPACE_DEVICE], a->device_first, a->device_last);
}
