/* SPDX-License-Identifier: MIT */
/* Submissions; signals between queues are in signal.c. */
#include <errno.h>
#include <string.h>

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

static void from_classic(struct hl_cs_in *cs, const struct hlthunk_cs_in *in)
{
    memset(cs, 0, sizeof(*cs));
    cs->chunks_restore = (uint64_t)(uintptr_t)in->chunks_restore;
    cs->chunks_execute = (uint64_t)(uintptr_t)in->chunks_execute;
    cs->num_chunks_restore = in->num_chunks_restore;
    cs->num_chunks_execute = in->num_chunks_execute;
    cs->cs_flags = in->flags;
}

static int submit(int fd, const struct hl_cs_in *in, uint32_t timeout, struct hlthunk_cs_out *out)
{
    struct hl_room room = { 0 };
    struct hl_cs_out answer;
    int rc;

    while ((rc = hl_cs_submit(fd, in, timeout, &answer)) == -EAGAIN)
        hl_room_wait(&room);
    if (rc == 0) {
        out->seq = answer.seq;
        out->status = answer.status;
        out->sob_count_before_submission = answer.sob_count_before_submission;
    }
    return rc;
}

int hlthunk_command_submission_timeout(int fd, struct hlthunk_cs_in *in, struct hlthunk_cs_out *out,
                                       uint32_t timeout)
{
    struct hl_cs_in cs;
    int rc = check(in, out);

    if (rc)
        return hl_classic(rc);
    from_classic(&cs, in);
    return hl_classic(submit(fd, &cs, timeout, out));
}

int hlthunk_command_submission(int fd, struct hlthunk_cs_in *in, struct hlthunk_cs_out *out)
{
    return hlthunk_command_submission_timeout(fd, in, out, 0);
}

int hlthunk_staged_command_submission_timeout(int fd, uint64_t sequence, struct hlthunk_cs_in *in,
                                              struct hlthunk_cs_out *out, uint32_t timeout)
{
    struct hl_cs_in cs;
    int rc = check_staged(in, out);

    if (rc)
        return hl_classic(rc);
    from_classic(&cs, in);
    cs.seq = sequence;
    return hl_classic(submit(fd, &cs, timeout, out));
}

int hlthunk_staged_command_submission(int fd, uint64_t sequence, struct hlthunk_cs_in *in,
                                      struct hlthunk_cs_out *out)
{
    return hlthunk_staged_command_submission_timeout(fd, sequence, in, out, 0);
}

int hlthunk_staged_command_submission_encaps_signals(int fd, uint64_t handle_id,
                                                     struct hlthunk_cs_in *in,
                                                     struct hlthunk_cs_out *out)
{
    struct hl_cs_in cs;
    int rc = check_staged(in, out);

    if (rc == 0 && handle_id > UINT32_MAX)
        rc = hl_err(-EINVAL, "handle_id %#llx does not fit the driver's 32 bits",
                    (unsigned long long)handle_id);
    if (rc)
        return hl_classic(rc);
    from_classic(&cs, in);
    cs.encaps_sig_handle_id = (uint32_t)handle_id;
    cs.cs_flags |= HL_CS_FLAGS_ENCAP_SIGNALS;
    return hl_classic(submit(fd, &cs, 0, out));
}

int hlthunk_cs_flush_pci_hbw_writes(int fd)
{
    struct hl_room room = { 0 };
    int rc;

    while ((rc = hl_cs_flush_pci_writes(fd)) == -EAGAIN)
        hl_room_wait(&room);
    return hl_classic(rc);
}

int hlthunk_engine_cores_set_mode(int fd, const uint32_t *core_ids, uint32_t num_cores,
                                  uint32_t mode)
{
    struct hl_room room = { 0 };
    int rc;

    while ((rc = hl_cs_engine_cores(fd, core_ids, num_cores, mode)) == -EAGAIN)
        hl_room_wait(&room);
    return hl_classic(rc);
}

int hlthunk_engines_command(int fd, const uint32_t *engine_ids, uint32_t num_engines,
                            enum hl_engine_command command)
{
    struct hl_room room = { 0 };
    int rc;

    while ((rc = hl_cs_engines(fd, engine_ids, num_engines, command)) == -EAGAIN)
        hl_room_wait(&room);
    return hl_classic(rc);
}
