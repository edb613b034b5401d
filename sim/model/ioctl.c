/* SPDX-License-Identifier: MIT */
/*
 * From a request number to the operation, as each kernel generation does it: which numbers it
 * accepts, how it truncates and pads arguments, what it copies back.
 */
#include <errno.h>
#include <linux/ioctl.h>
#include <string.h>
#include <time.h>

#include "sim/lock.h"
#include "sim/model/model.h"
#include "uapi/requests.h"

#define ARG_MAX 128
#define DRM_COMMAND_BASE 0x40
#define DRIVER_COMMANDS 6

static enum sim_op memory_op(const union hl_mem_args *args)
{
    switch (args->in.op) {
    case HL_MEM_OP_ALLOC:
        return SIM_OP_ALLOC;
    case HL_MEM_OP_FREE:
        return SIM_OP_FREE;
    case HL_MEM_OP_MAP:
        return SIM_OP_MAP;
    case HL_MEM_OP_UNMAP:
        return SIM_OP_UNMAP;
    case HL_MEM_OP_EXPORT_DMABUF_FD:
        return SIM_OP_EXPORT;
    case HL_MEM_OP_REG_DMABUF_FD:
        return SIM_OP_IMPORT;
    default:
        return SIM_OP_MEMORY;
    }
}

static enum sim_op op_of(unsigned operation, const void *args)
{
    static const enum sim_op ops[DRIVER_COMMANDS] = {
        SIM_OP_INFO, SIM_OP_CB, SIM_OP_CS, SIM_OP_WAIT, SIM_OP_MEMORY, SIM_OP_DEBUG,
    };

    return operation == 4 ? memory_op(args) : ops[operation];
}

/* A call that is late has not begun: it does not hold its file, which may be gone afterwards. */
static bool is_late(struct sim_state *s, uint32_t file, uint64_t us)
{
    struct timespec t = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };
    struct sim_file *f = &s->files[file];
    uint64_t serial = f->serial;

    f->calls--;
    sim_unlock(s);
    nanosleep(&t, NULL);
    sim_lock(s);
    if (!f->kind || f->serial != serial)
        return false;
    f->calls++;
    return true;
}

static int perform(const struct sim_env *env, uint32_t file, unsigned operation, void *args)
{
    struct sim_state *s = env->state;
    struct sim_device *d = &s->devices[s->files[file].device];
    uint64_t delay_us = 0;
    int rc = sim_fault_check(s, d, op_of(operation, args), &delay_us);

    if (delay_us && !is_late(s, file, delay_us))
        return -EBADF;
    if (rc)
        return rc;
    if (d->removed)
        return -ENODEV;
    switch (operation) {
    case 0:
        return sim_info(env, file, args);
    case 1:
        return sim_cb(env, file, args);
    case 2:
        return sim_cs(env, file, args);
    case 3:
        return sim_wait(env, file, args);
    case 4:
        return sim_memory(env, file, args);
    default:
        return sim_debug(env, file, args);
    }
}

/* An operation of the driver, in the trace. */
static int traced(const struct sim_env *env, uint32_t file, unsigned operation, void *args)
{
    struct sim_state *s = env->state;
    uint64_t before[ARG_MAX / 8];
    int64_t begin;
    int rc;

    if (!s->trace.on)
        return perform(env, file, operation, args);
    begin = sim_trace_now();
    memcpy(before, args, sizeof(before));
    rc = perform(env, file, operation, args);
    sim_trace_call(env, s->files[file].device, operation, before, args, rc, begin);
    return rc;
}

/* What a larger request has beyond the argument is copied in, too, and so has to be readable. */
static int read_rest(const struct sim_env *env, uint64_t user, unsigned from, unsigned to)
{
    uint64_t unused[64];
    int rc = 0;

    for (; !rc && from < to; from += sizeof(unused))
        rc = env->copy_in(unused, user + from,
                          to - from < sizeof(unused) ? to - from : sizeof(unused));
    return rc;
}

/* ... and comes back as it was, or as zeros where nothing came in. */
static int write_rest(const struct sim_env *env, uint64_t user, unsigned from, unsigned to)
{
    static const uint64_t zeros[64];
    int rc = 0;

    for (; !rc && from < to; from += sizeof(zeros))
        rc = env->copy_out(user + from, zeros,
                           to - from < sizeof(zeros) ? to - from : sizeof(zeros));
    return rc;
}

/*
 * The argument in, the operation, the argument out.  in, out: bytes that are copied; what the
 * operation has beyond them is zero.  The argument is written back on failure, too.
 */
static int call(const struct sim_env *env, uint32_t file, bool core, unsigned number, uint64_t user,
                unsigned in, unsigned out)
{
    uint64_t args[ARG_MAX / 8] = { 0 }; /* aligned for every argument */
    int rc;

    if (in && (env->copy_in(args, user, in < ARG_MAX ? in : ARG_MAX) ||
               read_rest(env, user, ARG_MAX, in)))
        return -EFAULT;
    rc = core ? sim_drm(env, number, args) : traced(env, file, number, args);
    if (out && (env->copy_out(user, args, out < ARG_MAX ? out : ARG_MAX) ||
                (!in && write_rest(env, user, ARG_MAX, out))))
        rc = -EFAULT;
    return rc;
}

/* Requests of the other generations, and isatty()'s: legitimate programs send them. */
static bool is_probe(unsigned request)
{
    unsigned type = _IOC_TYPE(request), nr = _IOC_NR(request);

    return type == 'T' || (type == 'H' && nr >= 1 && nr <= DRIVER_COMMANDS) ||
           (type == 'd' &&
            (!nr || (nr >= DRM_COMMAND_BASE && nr < DRM_COMMAND_BASE + DRIVER_COMMANDS)));
}

/* The driver's own dispatcher (hl_ioctl, before there is the DRM core's): only the number counts.
 */
static int by_number(const struct sim_env *env, uint32_t file, unsigned request, uint64_t user,
                     unsigned first, unsigned count)
{
    unsigned nr = _IOC_NR(request), size = _IOC_SIZE(request);

    if (nr < first || nr >= first + count) {
        if (!is_probe(request))
            env->complain(env->state, "unknown ioctl", request);
        return -ENOTTY;
    }
    return call(env, file, false, nr - first, user, size, size);
}

/* drm_ioctl(): type, then number; sizes as the caller's request has them, by direction. */
static int drm(const struct sim_env *env, uint32_t file, unsigned request, uint64_t user)
{
    unsigned nr = _IOC_NR(request), size = _IOC_SIZE(request), dir = _IOC_DIR(request);
    unsigned in, out;

    if (_IOC_TYPE(request) != 'd') {
        if (!is_probe(request))
            env->complain(env->state, "unknown ioctl", request);
        return -ENOTTY;
    }
    if (env->state->devices[env->state->files[file].device].removed)
        return -ENODEV;
    in = dir & _IOC_WRITE ? size : 0;
    out = dir & _IOC_READ ? size : 0;
    if (sim_drm_knows(nr))
        return call(env, file, true, nr, user, in, out);
    if (nr < DRM_COMMAND_BASE || nr >= DRM_COMMAND_BASE + DRIVER_COMMANDS) {
        env->complain(env->state, "unknown DRM ioctl", request);
        return -EINVAL;
    }
    return call(env, file, false, nr - DRM_COMMAND_BASE, user, in, out);
}

int sim_ioctl(const struct sim_env *env, uint32_t file, unsigned request, uint64_t argument)
{
    struct sim_state *s = env->state;
    bool control = s->files[file].kind == SIM_FILE_CONTROL;

    if (control)
        return by_number(env, file, request, argument, sim_kernel(s)->drm ? DRM_COMMAND_BASE : 1,
                         1);
    if (sim_kernel(s)->drm)
        return drm(env, file, request, argument);
    return by_number(env, file, request, argument, 1, DRIVER_COMMANDS);
}
