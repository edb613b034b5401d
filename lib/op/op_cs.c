/* SPDX-License-Identifier: MIT */
#include "lib/op/op_cs.h"

#include <string.h>

#include "lib/error.h"
#include "lib/kernel/copy_in.h"
#include "lib/kernel/door.h"
#include "lib/kernel/generation.h"
#include "lib/op/handle.h"
#include "uapi/habanalabs_accel.h"

/* Flags that Linux 6.1 ignores silently: it would take the request for an ordinary submission. */
#define FLAGS_SINCE_6_3 (HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES | HL_CS_FLAGS_ENGINES_COMMAND)
#define FLAGS_OF_SIGNALS (HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT | HL_CS_FLAGS_COLLECTIVE_WAIT)
/* Kinds whose first words are not arrays of chunks with command buffers. */
#define FLAGS_NO_BUFFERS                                                                           \
    (FLAGS_OF_SIGNALS | HL_CS_FLAGS_RESERVE_SIGNALS_ONLY | HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY |    \
     HL_CS_FLAGS_ENGINE_CORE_COMMAND | FLAGS_SINCE_6_3)

#define AT_ONCE 16u /* chunks that are copied */

/*
 * Linux 6.1 crashes on a handle of timestamps in the place of a command buffer's.  Later kernels
 * look themselves, and then only they read the caller's array.
 */
static int check_chunks(uint64_t address, uint32_t count, const char *which)
{
    struct hl_cs_chunk chunks[AT_ONCE];

    if (!count)
        return 0;
    if (!address)
        return hl_err(-EINVAL, "%s is NULL with %u chunks", which, count);
    if (count > HL_MAX_JOBS_PER_CS)
        return hl_err(-EINVAL, "%u chunks in %s: a submission takes at most %d", count, which,
                      HL_MAX_JOBS_PER_CS);
    for (uint32_t i = 0; i < count; i++) {
        const struct hl_cs_chunk *chunk = &chunks[i % AT_ONCE];
        uint32_t n = count - i < AT_ONCE ? count - i : AT_ONCE;

        if (i % AT_ONCE == 0 &&
            hl_copy_in(chunks, address + i * sizeof(*chunk), n * sizeof(*chunk)))
            return hl_err(-EFAULT, "%s: %u chunks at %#llx cannot be read", which, count,
                          (unsigned long long)address);
        if (!(chunk->cs_chunk_flags & HL_CS_CHUNK_FLAGS_USER_ALLOC_CB) &&
            hl_handle_is(chunk->cb_handle, HL_HANDLE_TIMESTAMPS))
            return hl_err(-EINVAL, "%s[%u] has a handle of timestamps for its command buffer",
                          which, i);
    }
    return 0;
}

/* What kernels before type 'd' requests would crash on or take for something else. */
int hl_cs_check(int fd, const struct hl_cs_in *in)
{
    const struct hl_traits *has;
    int rc = 0;

    if (!(in->cs_flags & FLAGS_NO_BUFFERS)) {
        rc = check_chunks(in->chunks_restore, in->num_chunks_restore, "chunks_restore");
        if (!rc)
            rc = check_chunks(in->chunks_execute, in->num_chunks_execute, "chunks_execute");
    }
    if (rc)
        return rc;
    has = in->cs_flags & FLAGS_SINCE_6_3 ? hl_generation_traits(fd) : NULL;
    if (has && !has->engine_commands)
        return hl_err(-EOPNOTSUPP,
                      "this kernel's driver (before 6.3) does not know submission "
                      "flags %#x",
                      in->cs_flags & FLAGS_SINCE_6_3);
    return 0;
}

#define WRONG_CHUNKS "no chunks or more than 512, a bad queue or command buffer, a malformed packet"

/*
 * What the driver looks at before it says -EINVAL, by the kind of the submission
 * (hl_cs_sanity_checks(), cs_ioctl_signal_wait() and the like).
 */
static const struct {
    uint32_t flags;
    const char *wrong;
} kinds[] = {
    { HL_CS_FLAGS_SIGNAL,
      "a queue that there is not, or that cannot signal (Goya has none that can), or too many of "
      "its signals are not over yet" },
    { HL_CS_FLAGS_WAIT,
      "a queue that there is not, or that cannot wait for signals (Goya has none that can), or a "
      "number or an offset that is not a signal's" },
    { HL_CS_FLAGS_COLLECTIVE_WAIT,
      "a queue or an engine that collective waits are not made of, no network ports, or a number "
      "or an offset that is not a signal's" },
    { HL_CS_FLAGS_RESERVE_SIGNALS_ONLY,
      "a queue that there is not, or that cannot signal, 32768 signals or more, or too many that "
      "are not over yet" },
    { HL_CS_FLAGS_UNRESERVE_SIGNALS_ONLY,
      "there is no such reservation, or the queue has signalled since" },
    { HL_CS_FLAGS_ENGINE_CORE_COMMAND, "an engine core that there is not, or too many" },
    { HL_CS_FLAGS_ENGINES_COMMAND, "an engine that there is not, or too many" },
    { HL_CS_FLAGS_STAGED_SUBMISSION,
      WRONG_CHUNKS ", a first stage that there is not or that has had its last, or signals that "
                   "are not reserved" },
};

static const char *what_is_wrong(uint32_t flags)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (flags & kinds[i].flags)
            return kinds[i].wrong;
    return WRONG_CHUNKS ", work for internal queues alone";
}

/* Kinds that some ASICs have: the others answer -EPERM. */
#define FLAGS_OF_SOME                                                                              \
    (HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_ENGINE_CORE_COMMAND | HL_CS_FLAGS_ENGINES_COMMAND)

static int not_permitted(int rc, uint32_t flags)
{
    if (flags & FLAGS_OF_SOME)
        return hl_err(rc,
                      "this ASIC does not support submissions with flags %#x, or the device's "
                      "reset has just begun",
                      flags);
    if (flags & FLAGS_OF_SIGNALS)
        return hl_err(rc, "the device's reset has just begun");
    return hl_err(rc, "the submission has a packet that programs may not use, or the device's "
                      "reset has just begun");
}

static int bad_address(int rc, uint32_t flags)
{
    if (flags & FLAGS_OF_SIGNALS)
        return hl_err(rc,
                      "the driver refused a submission with flags %#x: the number of the signal "
                      "cannot be read, or there is no memory for the driver's command buffer",
                      flags);
    return hl_err(rc,
                  "the driver refused a submission with flags %#x: an address in it, of an "
                  "array, a command buffer or a packet, is not one that it may use",
                  flags);
}

int hl_cs_explain(int rc, uint32_t flags)
{
    flags &= ~HL_CS_FLAGS_CUSTOM_TIMEOUT;
    switch (rc) {
    case -EAGAIN:
        return hl_err(rc, "the queue is full: try again when a submission has completed");
    case -EPERM:
        return not_permitted(rc, flags);
    case -EBUSY:
        return hl_err(rc, "the device is not operational (in reset?): nothing can be submitted");
    case -EINVAL:
        return hl_err(rc,
                      "the driver refused a submission with flags %#x: %s, or flags that exclude "
                      "one another",
                      flags, what_is_wrong(flags));
    case -EFAULT:
        return bad_address(rc, flags);
    case -ENOEXEC:
        return hl_err(rc, "what is in chunks_restore did not complete: nothing was executed");
    case -EOPNOTSUPP:
        return hl_err(rc, "this ASIC does not support submissions with flags %#x", flags);
    case -EBADF:
    case -ENOTTY:
        return hl_err(rc, "not a primary node of the habanalabs driver: nothing can be submitted");
    default:
        return hl_err(rc, "the driver refused a submission with flags %#x: %s", flags,
                      strerror(-rc));
    }
}

int hl_cs_submit(int fd, const struct hl_cs_in *in, uint32_t timeout_s, struct hl_cs_out *out)
{
    union hl_cs_args args;
    int rc;

    do {
        args.in = *in;
        args.in.timeout = timeout_s;
        args.in.cs_flags |= timeout_s ? HL_CS_FLAGS_CUSTOM_TIMEOUT : 0;
        rc = hl_cs_try(fd, &args);
    } while (rc == -EINTR);
    if (rc == 0)
        *out = args.out;
    return rc;
}

int hl_cs_flush_pci_writes(int fd)
{
    struct hl_cs_in in = { .cs_flags = HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES };
    struct hl_cs_out out;

    return hl_cs_submit(fd, &in, 0, &out);
}

static int check_engines(const uint32_t *ids, uint32_t count)
{
    if (!ids)
        return hl_err(-EINVAL, "the array of engine IDs is NULL");
    if (!count)
        return hl_err(-EINVAL, "the number of engines is 0");
    return 0;
}

int hl_cs_engine_cores(int fd, const uint32_t *cores, uint32_t count, uint32_t command)
{
    struct hl_cs_in in = {
        .engine_cores = (uint64_t)(uintptr_t)cores,
        .num_engine_cores = count,
        .core_command = command,
        .cs_flags = HL_CS_FLAGS_ENGINE_CORE_COMMAND,
    };
    struct hl_cs_out out;
    int rc = check_engines(cores, count);

    if (rc)
        return rc;
    if (command != HL_ENGINE_CORE_HALT && command != HL_ENGINE_CORE_RUN)
        return hl_err(-EINVAL, "engine core command %u is neither halt nor run", command);
    return hl_cs_submit(fd, &in, 0, &out);
}

int hl_cs_engines(int fd, const uint32_t *engines, uint32_t count, uint32_t command)
{
    struct hl_cs_in in = {
        .engines = (uint64_t)(uintptr_t)engines,
        .num_engines = count,
        .engine_command = command,
        .cs_flags = HL_CS_FLAGS_ENGINES_COMMAND,
    };
    struct hl_cs_out out;
    int rc = check_engines(engines, count);

    if (rc)
        return rc;
    if (command < HL_ENGINE_CORE_HALT || command >= HL_ENGINE_COMMAND_MAX)
        return hl_err(-EINVAL, "engine command %u is not one of enum hl_engine_command", command);
    return hl_cs_submit(fd, &in, 0, &out);
}
