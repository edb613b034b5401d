/* SPDX-License-Identifier: MIT */
/* Submissions; signals between queues are in signal.c. */
#include <errno.h>

#include "lib/classic/convention.h"
#include "lib/classic/room.h"
#include "lib/error.h"
#include "lib/op/op_cs.h"

#include <habanalabs/hlthunk.h>

/* Before anything is submitted: what was submitted cannot be taken back. */
static int check(const struct hlthunk_cs_in *in, const struct hlthunk_cs_out *out)
{
    if (!in || !out)
        return hl_err(-EINVAL, "%s is NULL", in ? "out" : "in");
    return 0;
}

static int check_staged(const struct hlthunk_cs_in *in, const struct hlthunk_cs_out *out)
{
    int rc = check(in, out);

    if (rc == 0 && !(in->flags & HL_CS_FLAGS_STAGED_SUBMISSION))
        rc = hl_err(-EINVAL, "in->flags %#x lack HL_CS_FLAGS_STAGED_SUBMISSION", in->flags);
    return rc;
}

/*
 * The kernel's argument straight from the caller's struct.  What that lacks: seq or a handle in its
 * place, flags that the function stands for, a timeout of its own or 0.
 */
static inline int try_once(int fd, const struct hlthunk_cs_in *in, uint64_t seq, uint32_t flags,
                           uint32_t timeout_s, union hl_cs_args *args)
{
    args->in = (struct hl_cs_in){
        .chunks_restore = (uint64_t)(uintptr_t)in->chunks_restore,
        .chunks_execute = (uint64_t)(uintptr_t)in->chunks_execute,
        .seq = seq,
        .num_chunks_restore = in->num_chunks_restore,
        .num_chunks_execute = in->num_chunks_execute,
        .timeout = timeout_s,
        .cs_flags = in->flags | flags | (timeout_s ? HL_CS_FLAGS_CUSTOM_TIMEOUT : 0),
    };
    return hl_cs_try(fd, args);
}

/* After a full queue, a signal or a failure, which rc is. */
static __attribute__((cold, noinline)) int try_again(int fd, const struct hlthunk_cs_in *in,
                                                     uint64_t seq, uint32_t flags,
                                                     uint32_t timeout_s, union hl_cs_args *args,
                                                     struct hl_room *room, int rc)
{
    while (rc == -EAGAIN || rc == -EINTR) {
        if (rc == -EAGAIN)
            hl_room_wait(room);
        rc = try_once(fd, in, seq, flags, timeout_s, args);
    }
    return hl_classic(rc);
}

static inline int submit(int fd, const struct hlthunk_cs_in *in, uint64_t seq, uint32_t flags,
                         uint32_t timeout_s, struct hlthunk_cs_out *out)
{
    union hl_cs_args args;
    struct hl_room room;
    int rc;

    hl_room_begin(&room);
    rc = try_once(fd, in, seq, flags, timeout_s, &args);
    if (__builtin_expect(rc, 0))
        rc = try_again(fd, in, seq, flags, timeout_s, &args, &room, rc);
    hl_room_end(&room, rc);
    if (rc)
        return rc;
    out->seq = args.out.seq;
    out->status = args.out.status;
    out->sob_count_before_submission = args.out.sob_count_before_submission;
    return 0;
}

int hlthunk_command_submission_timeout(int fd, struct hlthunk_cs_in *in, struct hlthunk_cs_out *out,
                                       uint32_t timeout)
{
    int rc = check(in, out);

    return rc ? hl_classic(rc) : submit(fd, in, 0, 0, timeout, out);
}

int hlthunk_command_submission(int fd, struct hlthunk_cs_in *in, struct hlthunk_cs_out *out)
{
    return hlthunk_command_submission_timeout(fd, in, out, 0);
}

static int submit_staged(int fd, uint64_t seq, const struct hlthunk_cs_in *in,
                         struct hlthunk_cs_out *out, uint32_t flags, uint32_t timeout)
{
    int rc = check_staged(in, out);

    return rc ? hl_classic(rc) : submit(fd, in, seq, flags, timeout, out);
}

int hlthunk_staged_command_submission_timeout(int fd, uint64_t sequence, struct hlthunk_cs_in *in,
                                              struct hlthunk_cs_out *out, uint32_t timeout)
{
    return submit_staged(fd, sequence, in, out, 0, timeout);
}

int hlthunk_staged_command_submission(int fd, uint64_t sequence, struct hlthunk_cs_in *in,
                                      struct hlthunk_cs_out *out)
{
    return submit_staged(fd, sequence, in, out, 0, 0);
}

int hlthunk_staged_command_submission_encaps_signals(int fd, uint64_t handle_id,
                                                     struct hlthunk_cs_in *in,
                                                     struct hlthunk_cs_out *out)
{
    struct hl_cs_in with = { .seq = 0 };

    if (handle_id > UINT32_MAX)
        return hl_classic(hl_err(-EINVAL, "handle_id %#llx does not fit the driver's 32 bits",
                                 (unsigned long long)handle_id));
    with.encaps_sig_handle_id = (uint32_t)handle_id;
    return submit_staged(fd, with.seq, in, out, HL_CS_FLAGS_ENCAP_SIGNALS, 0);
}

int hlthunk_cs_flush_pci_hbw_writes(int fd)
{
    struct hl_room room;
    int rc;

    hl_room_begin(&room);
    while ((rc = hl_cs_flush_pci_writes(fd)) == -EAGAIN)
        hl_room_wait(&room);
    hl_room_end(&room, rc);
    return hl_classic(rc);
}

int hlthunk_engine_cores_set_mode(int fd, const uint32_t *core_ids, uint32_t num_cores,
                                  uint32_t mode)
{
    struct hl_room room;
    int rc;

    hl_room_begin(&room);
    while ((rc = hl_cs_engine_cores(fd, core_ids, num_cores, mode)) == -EAGAIN)
        hl_room_wait(&room);
    hl_room_end(&room, rc);
    return hl_classic(rc);
}

int hlthunk_engines_command(int fd, const uint32_t *engine_ids, uint32_t num_engines,
                            enum hl_engine_command command)
{
    struct hl_room room;
    int rc;

    hl_room_begin(&room);
    while ((rc = hl_cs_engines(fd, engine_ids, num_engines, command)) == -EAGAIN)
        hl_room_wait(&room);
    hl_room_end(&room, rc);
    return hl_classic(rc);
}
