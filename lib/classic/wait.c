/* SPDX-License-Identifier: MIT */
/* Waits for submissions and interrupts. */
#include <errno.h>
#include <limits.h>

#include "lib/classic/convention.h"
#include "lib/error.h"
#include "lib/op/op_wait.h"

#include <habanalabs/hlthunk.h>

/* Programs say "any" as UINT_MAX. */
static uint32_t interrupt_number(uint32_t interrupt_id)
{
    return interrupt_id == UINT_MAX ? HL_INTERRUPT_ANY_CQ : interrupt_id;
}

/*
 * What a wait for one thing returns.  The status is known on success, and of the two errors
 * that are the fate of what was waited for; the time only when the driver says that it is valid.
 */
static int give(int rc, const struct hl_wait_cs_out *answer, uint32_t *status, uint64_t *timestamp)
{
    if (__builtin_expect(rc, 0)) {
        if (rc == -ETIMEDOUT || rc == -EIO)
            *status = answer->status;
        return hl_classic_failed(rc);
    }
    *status = answer->status;
    if (timestamp && (answer->flags & HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD))
        *timestamp = (uint64_t)answer->timestamp_nsec;
    return 0;
}

static int no_status(void)
{
    return hl_classic(hl_err(-EINVAL, "status is NULL"));
}

static int no_timestamp(void)
{
    return hl_classic(hl_err(-EINVAL, "timestamp is NULL"));
}

static int wait_cs(int fd, uint64_t seq, uint64_t timeout_us, uint32_t *status, uint64_t *timestamp)
{
    union hl_wait_cs_args args;

    if (!status)
        return no_status();
    return give(hl_wait_cs(fd, seq, timeout_us, &args), &args.out, status, timestamp);
}

int hlthunk_wait_for_cs(int fd, uint64_t seq, uint64_t timeout_us, uint32_t *status)
{
    return wait_cs(fd, seq, timeout_us, status, NULL);
}

int hlthunk_wait_for_cs_with_timestamp(int fd, uint64_t seq, uint64_t timeout_us, uint32_t *status,
                                       uint64_t *timestamp)
{
    if (!timestamp)
        return no_timestamp();
    return wait_cs(fd, seq, timeout_us, status, timestamp);
}

static int wait_multi(int fd, const struct hlthunk_wait_multi_cs_in *in,
                      struct hlthunk_wait_multi_cs_out *out, uint64_t *timestamp)
{
    union hl_wait_cs_args args;
    uint64_t time = 0;
    int rc;

    if (!in || !out)
        return hl_classic(hl_err(-EINVAL, "%s is NULL", in ? "out" : "in"));
    rc = give(hl_wait_multi_cs(fd, in->seq, in->seq_len, in->timeout_us, &args), &args.out,
              &out->status, &time);
    if (rc == 0) {
        out->seq_set = args.out.cs_completion_map;
        out->completed = (uint8_t)__builtin_popcount(args.out.cs_completion_map);
        if (timestamp)
            *timestamp = time; /* 0: none, as it has always been */
    }
    return rc;
}

int hlthunk_wait_for_multi_cs(int fd, struct hlthunk_wait_multi_cs_in *in,
                              struct hlthunk_wait_multi_cs_out *out)
{
    return wait_multi(fd, in, out, NULL);
}

int hlthunk_wait_for_multi_cs_with_timestamp(int fd, struct hlthunk_wait_multi_cs_in *in,
                                             struct hlthunk_wait_multi_cs_out *out,
                                             uint64_t *timestamp)
{
    if (!timestamp)
        return no_timestamp();
    return wait_multi(fd, in, out, timestamp);
}

static int wait_address(int fd, const void *addr, uint64_t target_value, uint32_t interrupt_id,
                        uint64_t timeout_us, uint32_t *status, uint64_t *timestamp)
{
    union hl_wait_cs_args args;

    if (!status)
        return no_status();
    return give(hl_wait_interrupt(fd, addr, target_value, interrupt_number(interrupt_id),
                                  timeout_us, &args),
                &args.out, status, timestamp);
}

int hlthunk_wait_for_interrupt(int fd, void *addr, uint64_t target_value, uint32_t interrupt_id,
                               uint64_t timeout_us, uint32_t *status)
{
    return wait_address(fd, addr, target_value, interrupt_id, timeout_us, status, NULL);
}

int hlthunk_wait_for_interrupt_with_timestamp(int fd, void *addr, uint64_t target_value,
                                              uint32_t interrupt_id, uint64_t timeout_us,
                                              uint32_t *status, uint64_t *timestamp)
{
    return wait_address(fd, addr, target_value, interrupt_id, timeout_us, status, timestamp);
}

static int wait_counter(int fd, const struct hl_counter *counter, uint64_t target_value,
                        uint32_t interrupt_id, uint64_t timeout_us, uint32_t *status,
                        uint64_t *timestamp)
{
    union hl_wait_cs_args args;

    if (!status)
        return no_status();
    return give(hl_wait_counter(fd, counter, target_value, interrupt_number(interrupt_id),
                                timeout_us, &args),
                &args.out, status, timestamp);
}

int hlthunk_wait_for_interrupt_by_handle(int fd, uint64_t cq_counters_handle,
                                         uint64_t cq_counters_offset, uint64_t target_value,
                                         uint32_t interrupt_id, uint64_t timeout_us,
                                         uint32_t *status)
{
    struct hl_counter counter = { cq_counters_handle, cq_counters_offset };

    return wait_counter(fd, &counter, target_value, interrupt_id, timeout_us, status, NULL);
}

int hlthunk_wait_for_interrupt_by_handle_with_timestamp(int fd, uint64_t cq_counters_handle,
                                                        uint64_t cq_counters_offset,
                                                        uint64_t target_value,
                                                        uint32_t interrupt_id, uint64_t timeout_us,
                                                        uint32_t *status, uint64_t *timestamp)
{
    struct hl_counter counter = { cq_counters_handle, cq_counters_offset };

    return wait_counter(fd, &counter, target_value, interrupt_id, timeout_us, status, timestamp);
}

int hlthunk_register_timestamp_interrupt(int fd, uint32_t interrupt_id, uint64_t cq_counters_handle,
                                         uint64_t cq_counters_offset, uint64_t target_value,
                                         uint64_t timestamps_handle, uint64_t timestamps_offset)
{
    struct hl_counter counter = { cq_counters_handle, cq_counters_offset };
    struct hl_counter timestamp = { timestamps_handle, timestamps_offset };

    return hl_classic(hl_wait_register_timestamp(fd, &counter, target_value,
                                                 interrupt_number(interrupt_id), &timestamp));
}
