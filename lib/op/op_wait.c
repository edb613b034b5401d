/* SPDX-License-Identifier: MIT */
#include "lib/op/op_wait.h"

#include <stdbool.h>
#include <string.h>

#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/door.h"
#include "lib/op/handle.h"
#include "uapi/habanalabs_accel.h"

typedef unsigned long long ull;

/* The longest that one call waits: below every limit of the driver's arithmetic. */
#define SLICE_US 1000000000ull

/* The interrupt's number in hl_wait_cs_in.flags. */
#define INTERRUPT_SHIFT 20

static int explain(int rc, const struct hl_wait_cs_in *in)
{
    bool interrupt = in->flags & HL_WAIT_CS_FLAGS_INTERRUPT;

    switch (rc) {
    case -ETIMEDOUT:
        return hl_err(rc, "submission %llu did not complete within its own timeout", (ull)in->seq);
    case -EIO:
        return hl_err(rc, "the wait was aborted: the device was reset, or will be once it is "
                          "closed");
    case -EBUSY:
        return hl_err(rc, "the device is not operational, or will be reset once it is closed: "
                          "nothing to wait for");
    case -EPERM:
        return hl_err(rc, interrupt ? "this ASIC has no interrupts for programs"
                                    : "this ASIC cannot wait for several submissions at once");
    case -EFAULT:
        return hl_err(rc, "the memory to read from is not accessible");
    case -EINVAL:
        if (interrupt)
            return hl_err(rc,
                          "the driver refused the wait: no such interrupt (%u), handle or "
                          "offset",
                          in->flags >> INTERRUPT_SHIFT);
        if (in->flags & HL_WAIT_CS_FLAGS_MULTI_CS)
            return hl_err(rc, "one of the submissions was never submitted");
        return hl_err(rc, "submission %llu was never submitted", (ull)in->seq);
    case -EINTR:
        return hl_err(rc, "interrupted by a signal when the time was over");
    case -EBADF:
    case -ENOTTY:
        return hl_err(rc, "not a primary node of the habanalabs driver: nothing to wait for");
    default:
        return hl_err(rc, "the driver refused the wait: %s", strerror(-rc));
    }
}

/*
 * One call, from a fresh copy of the argument, since the driver overwrites it: member by member,
 * each as wide as it was written just now.
 */
static int wait_once(int fd, const struct hl_wait_cs_in *in, uint64_t timeout_us,
                     union hl_wait_cs_args *args)
{
    bool interrupt = in->flags & HL_WAIT_CS_FLAGS_INTERRUPT;

    args->in.seq = in->seq;
    args->in.timeout_us = interrupt ? in->timeout_us : timeout_us;
    args->in.ctx_id = in->ctx_id;
    args->in.flags = in->flags;
    args->in.interrupt_timeout_us = interrupt ? timeout_us : in->interrupt_timeout_us;
    args->in.cq_counters_offset = in->cq_counters_offset;
    args->in.timestamp_handle = in->timestamp_handle;
    args->in.timestamp_offset = in->timestamp_offset;
    return hl_ioctl(fd, HL_CALL_WAIT_CS, args);
}

static uint64_t slice(uint64_t us)
{
    return us < SLICE_US ? us : SLICE_US;
}

/* Out of line: what only looks needs no clock, and no frame for its answer. */
static __attribute__((noinline)) uint64_t deadline_of(uint64_t timeout_us)
{
    return hl_deadline_ns(timeout_us);
}

/* After the first call, which was answered with rc: until it is done, failed, or time is over. */
static int wait_on(int fd, const struct hl_wait_cs_in *in, uint64_t left, uint64_t deadline,
                   union hl_wait_cs_args *args, int rc)
{
    while (rc == -EINTR || (rc == 0 && args->out.status == HL_WAIT_CS_STATUS_BUSY)) {
        if (!left)
            break; /* that was the last look */
        left = hl_left_us(deadline);
        if (!left && rc == 0)
            break;
        rc = wait_once(fd, in, slice(left), args);
    }
    if (rc == -ETIMEDOUT)
        args->out.status = HL_WAIT_CS_STATUS_TIMEDOUT;
    else if (rc == -EIO)
        args->out.status = HL_WAIT_CS_STATUS_ABORTED;
    return rc;
}

static int wait_for(int fd, const struct hl_wait_cs_in *in, uint64_t timeout_us,
                    union hl_wait_cs_args *args)
{
    uint64_t deadline = timeout_us ? deadline_of(timeout_us) : 0;
    int rc = wait_once(fd, in, slice(timeout_us), args);

    rc = wait_on(fd, in, timeout_us, deadline, args, rc);
    return rc ? explain(rc, in) : 0;
}

static __attribute__((cold, noinline)) int wait_on_cs(int fd, uint64_t sequence, uint64_t left,
                                                      uint64_t deadline,
                                                      union hl_wait_cs_args *args, int rc)
{
    struct hl_wait_cs_in in = { .seq = sequence };

    return wait_on(fd, &in, left, deadline, args, rc);
}

int hl_wait_cs_explain(int rc, uint64_t sequence)
{
    return explain(rc, &(struct hl_wait_cs_in){ .seq = sequence });
}

/* Most look at what has completed already. */
int hl_wait_cs_plain(int fd, uint64_t sequence, uint64_t timeout_us, union hl_wait_cs_args *args)
{
    uint64_t deadline = timeout_us ? deadline_of(timeout_us) : 0;
    int rc;

    args->in = (struct hl_wait_cs_in){ .seq = sequence, .timeout_us = slice(timeout_us) };
    rc = hl_ioctl(fd, HL_CALL_WAIT_CS, args);
    if (__builtin_expect(rc == 0 && args->out.status != HL_WAIT_CS_STATUS_BUSY, 1))
        return 0;
    return wait_on_cs(fd, sequence, timeout_us, deadline, args, rc);
}

int hl_wait_multi_cs(int fd, const uint64_t *sequences, uint32_t count, uint64_t timeout_us,
                     union hl_wait_cs_args *args)
{
    struct hl_wait_cs_in in = {
        .seq = (uint64_t)(uintptr_t)sequences,
        .seq_arr_len = (uint8_t)count,
        .flags = HL_WAIT_CS_FLAGS_MULTI_CS,
    };

    if (count > HL_WAIT_MULTI_CS_LIST_MAX_LEN)
        return hl_err(-EINVAL, "%u submissions: one wait takes at most %d", count,
                      HL_WAIT_MULTI_CS_LIST_MAX_LEN);
    if (count && !sequences)
        return hl_err(-EINVAL, "the array of %u sequence numbers is NULL", count);
    return wait_for(fd, &in, timeout_us, args);
}

static int interrupt_flags(uint32_t interrupt, uint32_t *flags)
{
    if (interrupt > HL_INTERRUPT_ANY_CQ)
        return hl_err(-EINVAL, "interrupt %u is above %u", interrupt, HL_INTERRUPT_ANY_CQ);
    *flags = HL_WAIT_CS_FLAGS_INTERRUPT | interrupt << INTERRUPT_SHIFT;
    return 0;
}

int hl_wait_interrupt(int fd, const void *address, uint64_t target, uint32_t interrupt,
                      uint64_t timeout_us, union hl_wait_cs_args *args)
{
    struct hl_wait_cs_in in = { .addr = (uint64_t)(uintptr_t)address, .target = target };
    int rc = interrupt_flags(interrupt, &in.flags);

    if (rc)
        return rc;
    if (!address)
        return hl_err(-EINVAL, "the address to watch is NULL");
    return wait_for(fd, &in, timeout_us, args);
}

/*
 * What buffers can have at most. The driver compares addresses: an offset that wraps around is
 * before the buffer, and it reads and writes there (docs/upstream-defects.md).
 */
#define MAX_COUNTERS ((HL_MAX_CB_SIZE + 32) / 8u)
#define MAX_TIMESTAMPS (1u << 20)

static int counter_in(const struct hl_counter *counter, uint64_t target, uint32_t interrupt,
                      struct hl_wait_cs_in *in)
{
    uint32_t flags = 0;
    int rc = interrupt_flags(interrupt, &flags);

    if (rc)
        return rc;
    if (!hl_handle_is(counter->handle, HL_HANDLE_CB))
        return hl_err(-EINVAL, "%#llx is not a handle of a command buffer with counters",
                      (ull)counter->handle);
    if (counter->offset >= MAX_COUNTERS)
        return hl_err(-EINVAL, "counter %llu: a command buffer has at most %u",
                      (ull)counter->offset, MAX_COUNTERS);
    *in = (struct hl_wait_cs_in){
        .cq_counters_handle = counter->handle,
        .cq_counters_offset = counter->offset,
        .target = target,
        .flags = flags | HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ,
    };
    return 0;
}

int hl_wait_counter(int fd, const struct hl_counter *counter, uint64_t target, uint32_t interrupt,
                    uint64_t timeout_us, union hl_wait_cs_args *args)
{
    struct hl_wait_cs_in in;
    int rc = counter_in(counter, target, interrupt, &in);

    return rc ? rc : wait_for(fd, &in, timeout_us, args);
}

int hl_wait_register_timestamp(int fd, const struct hl_counter *counter, uint64_t target,
                               uint32_t interrupt, const struct hl_counter *timestamp)
{
    struct hl_wait_cs_in in;
    int rc = counter_in(counter, target, interrupt, &in);

    if (rc)
        return rc;
    if (!hl_handle_is(timestamp->handle, HL_HANDLE_TIMESTAMPS))
        return hl_err(-EINVAL, "%#llx is not a handle of timestamps", (ull)timestamp->handle);
    if (timestamp->offset >= MAX_TIMESTAMPS)
        return hl_err(-EINVAL, "timestamp %llu: a buffer has at most %u", (ull)timestamp->offset,
                      MAX_TIMESTAMPS);
    in.flags |= HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT;
    in.timestamp_handle = timestamp->handle;
    in.timestamp_offset = timestamp->offset;
    in.interrupt_timeout_us = 1; /* 6.1 takes 0 for a question and registers nothing */
    do {
        union hl_wait_cs_args args = { .in = in };

        rc = hl_ioctl(fd, HL_CALL_WAIT_CS, &args);
    } while (rc == -EINTR);
    return rc ? explain(rc, &in) : 0;
}
