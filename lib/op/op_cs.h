/* SPDX-License-Identifier: MIT */
/*
 * The CS operation (union hl_cs_args): everything that is submitted to the device's queues, one
 * engine for all kinds.  0 or -errno with a text; outputs are written on success only.
 */
#ifndef HL_OP_CS_H
#define HL_OP_CS_H

#include <stdint.h>

#include "lib/kernel/door.h"
#include "uapi/habanalabs_accel.h"

/* The two ends of hl_cs_try(): what an older kernel must not get, and the text of a refusal. */
int hl_cs_check(int fd, const struct hl_cs_in *in) __attribute__((cold));
int hl_cs_explain(int rc, uint32_t flags) __attribute__((cold));

/*
 * One attempt, in place: on success args->out is the driver's answer.  -EINTR, without a text: what
 * args are now is not what they were, build them again.
 */
static inline int hl_cs_try(int fd, union hl_cs_args *args)
{
    uint32_t flags = args->in.cs_flags;
    int rc = hl_door_is_drm() ? 0 : hl_cs_check(fd, &args->in);

    if (__builtin_expect(rc, 0))
        return rc;
    rc = hl_ioctl(fd, HL_CALL_CS, args);
    return rc == 0 || rc == -EINTR ? rc : hl_cs_explain(rc, flags);
}

/*
 * The same of a submission that every kernel knows, without a text: hl_cs_explain() has that, where
 * it is not made up for.
 */
static inline int hl_cs_try_plain(int fd, union hl_cs_args *args)
{
    return hl_ioctl(fd, HL_CALL_CS, args);
}

/*
 * Submits in, again after EINTR.  timeout_s other than 0 is this submission's own
 * (HL_CS_FLAGS_CUSTOM_TIMEOUT).
 * -EAGAIN, when the queue is full, is the caller's to wait out: nothing was submitted.
 */
int hl_cs_submit(int fd, const struct hl_cs_in *in, uint32_t timeout_s, struct hl_cs_out *out);

/* HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES: writes of the device to the host have arrived (6.3 on). */
int hl_cs_flush_pci_writes(int fd);

/* HL_CS_FLAGS_ENGINE_CORE_COMMAND: HL_ENGINE_CORE_HALT or _RUN for the cores named. */
int hl_cs_engine_cores(int fd, const uint32_t *cores, uint32_t count, uint32_t command);

/* HL_CS_FLAGS_ENGINES_COMMAND: an enum hl_engine_command for the engines named (6.3 on). */
int hl_cs_engines(int fd, const uint32_t *engines, uint32_t count, uint32_t command);

#endif
