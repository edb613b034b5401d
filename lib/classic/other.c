/* SPDX-License-Identifier: MIT */
/* The rest: memory for callers, the version, what needs a plug-in that this library lacks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/classic/convention.h"
#include "lib/error.h"
#include "lib/op/op_debug.h"

#include <habanalabs/hlthunk.h>
#include <hlthunk/version.h>

void *hlthunk_malloc(size_t size)
{
    return calloc(1, size);
}

void hlthunk_free(void *pt)
{
    free(pt);
}

char *hlthunk_get_version(void)
{
    return strdup(HLTHUNK_VERSION_STRING);
}

int hlthunk_debug(int fd, struct hl_debug_args *debug)
{
    if (!debug)
        return hl_classic(hl_err(-EINVAL, "debug is NULL"));
    return hl_classic(hl_debug(fd, debug));
}

static int no_profiler(void)
{
    return hl_classic(hl_err(-EOPNOTSUPP, "this library has no profiler"));
}

int hlthunk_profiler_start(int fd)
{
    (void)fd;
    return no_profiler();
}

int hlthunk_profiler_stop(int fd)
{
    (void)fd;
    return no_profiler();
}

int hlthunk_profiler_get_trace(int fd, void *buffer, uint64_t *size, uint64_t *num_entries)
{
    (void)fd, (void)buffer, (void)size, (void)num_entries;
    return no_profiler();
}

void hlthunk_profiler_destroy(void)
{
}

static int deprecated(void)
{
    return hl_classic(hl_err(-EPERM, "this function was withdrawn before the classic interface "
                                     "was settled"));
}

int hlthunk_deprecated_func1(int fd, uint64_t seq, uint64_t timeout_us, uint32_t *status,
                             uint64_t *timestamp)
{
    (void)fd, (void)seq, (void)timeout_us, (void)status, (void)timestamp;
    return deprecated();
}

int hlthunk_deprecated_func2(int fd, uint32_t interrupt_id, uint64_t cq_counters_handle,
                             uint64_t cq_counters_offset, uint64_t target_value,
                             uint64_t timestamp_handle, uint64_t timestamp_offset)
{
    (void)fd, (void)interrupt_id, (void)cq_counters_handle, (void)cq_counters_offset;
    (void)target_value, (void)timestamp_handle, (void)timestamp_offset;
    return deprecated();
}

int hlthunk_deprecated_func3(int fd, uint32_t num_elements, uint64_t *handle)
{
    (void)fd, (void)num_elements, (void)handle;
    return deprecated();
}
