/* SPDX-License-Identifier: MIT */
/* Command buffers (hl_cb_ioctl of the driver's command_buffer.c, memory_mgr.c). */
#include <errno.h>
#include <string.h>

#include "sim/model/model.h"

#define TYPE_CB (0x2ull << 59)

/* By the number only, as the driver looks it up: the type bits are not compared. */
static struct sim_buffer *by_handle(struct sim_context *c, uint64_t handle)
{
    uint32_t n = (uint32_t)(handle >> 12);

    return n && n <= SIM_MAX_BUFFERS && c->buffers[n - 1].kind ? &c->buffers[n - 1] : NULL;
}

static uint64_t rounded(uint64_t size)
{
    return (size + SIM_PAGE - 1) & ~(SIM_PAGE - 1);
}

/*
 * In the memory file each buffer is followed by a page that is never mapped: the host's kernel
 * would take two mappings that are adjacent both in the file and in the address space for one.
 */
static uint64_t room(uint64_t size)
{
    return rounded(size) + SIM_PAGE;
}

struct sim_buffer *sim_buffer_new(struct sim_context *c, enum sim_buffer_kind kind, uint64_t size,
                                  uint64_t *number)
{
    uint32_t i = c->buffer_hint;
    uint64_t at;

    while (i < SIM_MAX_BUFFERS && c->buffers[i].kind != SIM_BUFFER_FREE)
        i++;
    at = i < SIM_MAX_BUFFERS ? sim_space_get(&c->spaces[SIM_SPACE_BUFFERS], room(size), 0, false,
                                             SIM_PAGE, SIM_PAGE, NULL)
                             : 0;
    if (!at)
        return NULL;
    c->buffer_hint = i + 1;
    if (c->buffer_top < c->buffer_hint)
        c->buffer_top = c->buffer_hint;
    c->buffers[i] =
        (struct sim_buffer){ .kind = (uint8_t)kind, .mapper = SIM_NONE, .at = at, .size = size };
    *number = i + 1;
    return &c->buffers[i];
}

static int create(const struct sim_asic *a, struct sim_context *c, const struct hl_cb_in *in,
                  uint64_t *handle)
{
    uint64_t size = in->cb_size < SIM_PAGE ? SIM_PAGE : in->cb_size;
    uint64_t va = 0, va_size = rounded(size), number;
    struct sim_buffer *b;

    if (in->cb_size > HL_MAX_CB_SIZE)
        return -EINVAL;
    if (in->flags & HL_CB_FLAGS_MAP) {
        if (!a->cb_map)
            return -ENOMEM; /* the allocator returns that for every failure within it */
        va = sim_space_first(&c->spaces[SIM_SPACE_CB], va_size);
        if (!va)
            return -ENOMEM;
    }
    b = sim_buffer_new(c, SIM_BUFFER_CB, size, &number);
    if (b) {
        b->device_va = va;
        *handle = TYPE_CB | number << 12;
        return 0;
    }
    if (va)
        sim_space_put(&c->spaces[SIM_SPACE_CB], va, va_size);
    return -ENOMEM;
}

static int destroy(struct sim_context *c, uint64_t handle)
{
    struct sim_buffer *b = by_handle(c, handle);

    if (!b || b->destroyed)
        return -EINVAL;
    b->destroyed = true;
    if (b->mapper == SIM_NONE)
        sim_buffer_gone(c, b);
    return 0;
}

void sim_buffer_gone(struct sim_context *c, struct sim_buffer *b)
{
    uint32_t i = (uint32_t)(b - c->buffers);

    if (b->device_va)
        sim_space_put(&c->spaces[SIM_SPACE_CB], b->device_va, rounded(b->size));
    sim_space_put(&c->spaces[SIM_SPACE_BUFFERS], b->at, room(b->size));
    memset(b, 0, sizeof(*b));
    if (i < c->buffer_hint)
        c->buffer_hint = i;
}

static int query(struct sim_context *c, union hl_cb_args *args)
{
    const struct sim_buffer *b = by_handle(c, args->in.cb_handle);
    uint32_t flags = args->in.flags;

    if (!b)
        return -EINVAL;
    if ((flags & HL_CB_FLAGS_GET_DEVICE_VA) && !b->device_va)
        return -EINVAL;
    memset(&args->out, 0, sizeof(args->out));
    if (flags & HL_CB_FLAGS_GET_DEVICE_VA)
        args->out.device_va = b->device_va;
    return 0;
}

int sim_cb(const struct sim_env *env, uint32_t file, union hl_cb_args *args)
{
    struct sim_state *s = env->state;
    struct sim_device *d = &s->devices[s->files[file].device];
    struct sim_context *c = sim_context_of(s, file);
    uint64_t handle = 0;
    int rc;

    if (!c || !sim_device_operational(d))
        return -EBUSY;
    switch (args->in.op) {
    case HL_CB_OP_CREATE:
        rc = create(sim_asic_of(d), c, &args->in, &handle);
        if (!rc)
            env->clear_buffer(s, d, (uint32_t)(handle >> 12) - 1);
        memset(args, 0, sizeof(*args));
        args->out.cb_handle = handle;
        return rc;
    case HL_CB_OP_DESTROY:
        return destroy(c, args->in.cb_handle);
    case HL_CB_OP_INFO:
        return query(c, args);
    default:
        return -EINVAL;
    }
}

/* mmap() of the node: which buffer, 0 or -EINVAL (hl_mem_mgr_mmap). */
int sim_buffer_mmap(struct sim_context *c, uint64_t offset, uint64_t length, uint32_t *index)
{
    struct sim_buffer *b = by_handle(c, offset);

    if (!b || length != rounded(b->size) || b->mapper != SIM_NONE)
        return -EINVAL;
    *index = (uint32_t)(b - c->buffers);
    return 0;
}

void sim_buffer_munmap(struct sim_context *c, uint32_t index)
{
    struct sim_buffer *b = &c->buffers[index];

    b->mapper = SIM_NONE;
    if (b->destroyed)
        sim_buffer_gone(c, b);
}
