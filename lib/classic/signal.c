/* SPDX-License-Identifier: MIT */
/* Signals between queues. */
#include <errno.h>

#include "lib/classic/convention.h"
#include "lib/classic/room.h"
#include "lib/error.h"
#include "lib/op/op_signal.h"

#include <habanalabs/hlthunk.h>

int hlthunk_signal_submission_timeout(int fd, struct hlthunk_signal_in *in,
                                      struct hlthunk_signal_out *out, uint32_t timeout)
{
    struct hl_signal_common common;
    struct hl_room room;
    struct hl_cs_out answer;
    int rc;

    if (!in || !out)
        return hl_classic(hl_err(-EINVAL, "%s is NULL", in ? "out" : "in"));
    common = (struct hl_signal_common){
        .chunks_restore = in->chunks_restore,
        .num_chunks_restore = in->num_chunks_restore,
        .flags = in->flags,
        .timeout_s = timeout,
    };
    hl_room_begin(&room);
    while ((rc = hl_signal_submit(fd, &common, in->queue_index, &answer)) == -EAGAIN)
        hl_room_wait(&room);
    hl_room_end(&room, rc);
    if (rc == 0)
        *out = (struct hlthunk_signal_out){
            .seq = answer.seq,
            .status = answer.status,
            .sob_base_addr_offset = answer.sob_base_addr_offset,
            .sob_count_before_submission = answer.sob_count_before_submission,
        };
    return hl_classic(rc);
}

int hlthunk_signal_submission(int fd, struct hlthunk_signal_in *in, struct hlthunk_signal_out *out)
{
    return hlthunk_signal_submission_timeout(fd, in, out, 0);
}

/* All waits for signals: of a single or a collective, for a signal or one in a submission. */
static int wait_for(int fd, const struct hlthunk_wait_in *in, struct hlthunk_wait_out *out,
                    uint32_t timeout, bool collective, bool encapsulated)
{
    const struct hlthunk_wait_for_signal_data *data;
    struct hl_signal_common common;
    struct hl_signal_wait wait;
    struct hl_room room;
    struct hl_cs_out answer;
    int rc;

    if (!in || !out)
        return hl_classic(hl_err(-EINVAL, "%s is NULL", in ? "out" : "in"));
    data = (const void *)in->hlthunk_wait_for_signal;
    if (!data || in->num_wait_for_signal != 1)
        return hl_classic(hl_err(-EINVAL, "%u signals to wait for at %p: there must be exactly 1",
                                 in->num_wait_for_signal, (const void *)data));
    if (data->signal_seq_nr != 1)
        return hl_classic(hl_err(-EINVAL, "signal_seq_nr is %u, not 1", data->signal_seq_nr));
    common = (struct hl_signal_common){
        .chunks_restore = in->chunks_restore,
        .num_chunks_restore = in->num_chunks_restore,
        .flags = in->flags,
        .timeout_s = timeout,
    };
    wait = (struct hl_signal_wait){
        .collective = collective,
        .encapsulated = encapsulated,
        .queue = data->queue_index,
        .collective_engine = data->collective_engine_id,
    };
    if (encapsulated) {
        wait.sequence = data->encaps_signal_seq;
        wait.offset = data->encaps_signal_offset;
    } else {
        wait.signal = data->signal_seq_arr;
    }
    hl_room_begin(&room);
    while ((rc = hl_signal_wait(fd, &common, &wait, &answer)) == -EAGAIN)
        hl_room_wait(&room);
    hl_room_end(&room, rc);
    if (rc == 0)
        *out = (struct hlthunk_wait_out){ .seq = answer.seq, .status = answer.status };
    return hl_classic(rc);
}

int hlthunk_wait_for_signal(int fd, struct hlthunk_wait_in *in, struct hlthunk_wait_out *out)
{
    return wait_for(fd, in, out, 0, false, false);
}

int hlthunk_wait_for_signal_timeout(int fd, struct hlthunk_wait_in *in,
                                    struct hlthunk_wait_out *out, uint32_t timeout)
{
    return wait_for(fd, in, out, timeout, false, false);
}

int hlthunk_wait_for_collective_signal(int fd, struct hlthunk_wait_in *in,
                                       struct hlthunk_wait_out *out)
{
    return wait_for(fd, in, out, 0, true, false);
}

int hlthunk_wait_for_collective_signal_timeout(int fd, struct hlthunk_wait_in *in,
                                               struct hlthunk_wait_out *out, uint32_t timeout)
{
    return wait_for(fd, in, out, timeout, true, false);
}

int hlthunk_wait_for_reserved_encaps_signals(int fd, struct hlthunk_wait_in *in,
                                             struct hlthunk_wait_out *out)
{
    return wait_for(fd, in, out, 0, false, true);
}

int hlthunk_wait_for_reserved_encaps_collective_signals(int fd, struct hlthunk_wait_in *in,
                                                        struct hlthunk_wait_out *out)
{
    return wait_for(fd, in, out, 0, true, true);
}

int hlthunk_reserve_encaps_signals(int fd, struct hlthunk_sig_res_in *in,
                                   struct hlthunk_sig_res_out *out)
{
    struct hl_room room;
    struct hl_cs_out answer;
    int rc;

    if (!in || !out)
        return hl_classic(hl_err(-EINVAL, "%s is NULL", in ? "out" : "in"));
    hl_room_begin(&room);
    while ((rc = hl_signal_reserve(fd, in->queue_index, in->count, &answer)) == -EAGAIN)
        hl_room_wait(&room);
    hl_room_end(&room, rc);
    if (rc == 0) {
        out->handle.id = answer.handle_id;
        out->handle.sob_base_addr_offset = answer.sob_base_addr_offset;
        out->handle.count = answer.count;
        out->status = answer.status;
    }
    return hl_classic(rc);
}

int hlthunk_unreserve_encaps_signals(int fd, struct reserve_sig_handle *handle, uint32_t *status)
{
    struct hl_room room;
    struct hl_cs_out answer;
    int rc;

    if (!handle || !status)
        return hl_classic(hl_err(-EINVAL, "%s is NULL", handle ? "status" : "handle"));
    hl_room_begin(&room);
    while ((rc = hl_signal_unreserve(fd, handle->id, &answer)) == -EAGAIN)
        hl_room_wait(&room);
    hl_room_end(&room, rc);
    if (rc == 0)
        *status = answer.status;
    return hl_classic(rc);
}
