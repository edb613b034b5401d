/* SPDX-License-Identifier: MIT */
#include "lib/op/op_signal.h"

#include "lib/error.h"
#include "lib/op/op_cs.h"
#include "uapi/habanalabs_accel.h"

/* Success of the call, and of what it started. */
static int submit(int fd, const struct hl_cs_in *in, uint32_t timeout_s, struct hl_cs_out *out)
{
    struct hl_cs_out answer;
    int rc = hl_cs_submit(fd, in, timeout_s, &answer);

    if (rc)
        return rc;
    if (answer.status != HL_CS_STATUS_SUCCESS)
        return hl_err(-EINVAL, "the driver answered a signal with status %u", answer.status);
    *out = answer;
    return 0;
}

static int submit_chunk(int fd, const struct hl_signal_common *common,
                        const struct hl_cs_chunk *chunk, uint32_t flags, struct hl_cs_out *out)
{
    struct hl_cs_in in = {
        .chunks_restore = (uint64_t)(uintptr_t)common->chunks_restore,
        .num_chunks_restore = common->num_chunks_restore,
        .chunks_execute = (uint64_t)(uintptr_t)chunk,
        .num_chunks_execute = 1,
        .cs_flags = common->flags | flags,
    };

    if (common->num_chunks_restore && !common->chunks_restore)
        return hl_err(-EINVAL, "chunks_restore is NULL with %u chunks", common->num_chunks_restore);
    return submit(fd, &in, common->timeout_s, out);
}

int hl_signal_submit(int fd, const struct hl_signal_common *common, uint32_t queue,
                     struct hl_cs_out *out)
{
    struct hl_cs_chunk chunk = { .queue_index = queue };

    return submit_chunk(fd, common, &chunk, HL_CS_FLAGS_SIGNAL, out);
}

int hl_signal_wait(int fd, const struct hl_signal_common *common, const struct hl_signal_wait *wait,
                   struct hl_cs_out *out)
{
    struct hl_cs_chunk chunk = { .queue_index = wait->queue };
    uint32_t flags = wait->collective ? HL_CS_FLAGS_COLLECTIVE_WAIT : HL_CS_FLAGS_WAIT;

    if (wait->encapsulated) {
        flags |= HL_CS_FLAGS_ENCAP_SIGNALS;
        chunk.encaps_signal_seq = wait->sequence;
        chunk.encaps_signal_offset = wait->offset;
    } else {
        if (!wait->signal)
            return hl_err(-EINVAL, "the sequence number of the signal to wait for is NULL");
        chunk.signal_seq_arr = (uint64_t)(uintptr_t)wait->signal;
        chunk.num_signal_seq_arr = 1;
    }
    if (wait->collective)
        chunk.collective_engine_id = wait->collective_engine;
    return submit_chunk(fd, common, &chunk, flags, out);
}

int hl_signal_reserve(int fd, uint32_t queue, uint32_t count, struct hl_cs_out *out)
{
    /* the driver demands a chunk count for these two, and reads no chunk */
    struct hl_cs_in in = {
        .encaps_signals_count = count,
        .encaps_signals_q_idx = queue,
        .num_chunks_execute = 1,
        .cs_flags = HL_CS_FLAGS_RESERVE_SIGNALS_ONLY,
    };

    return submit(fd, &in, 0, out);
}

int hl_signal_unreserve(int fd, uint32_t handle, struct hl_cs_out *out)
{
    /* .seq first: the handle is half of the union, whose other half must be 0 */
    struct hl_cs_in in = {
        .seq = 0,
        .num_chunks_execute = 1,
        .cs_flags = HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY,
    };

    in.encaps_sig_handle_id = handle;
    return submit(fd, &in, 0, out);
}
