/* SPDX-License-Identifier: MIT */
/* The classic functions: classic.inc, and what its calls need beside one line. */
#include "tests/sweep/table.h"

#include <string.h>
#include <unistd.h>

#include "tests/sweep/macros.h"
#include "tests/sweep/sweep.h"

enum { staged = HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_FIRST };

static const uint32_t zero;
static struct hlthunk_signal_in a_signal;
static struct hlthunk_sig_res_in a_reservation = { .count = 1 };
static struct reserve_sig_handle no_reservation = { .id = 0xffff };
static struct hlthunk_debugfs no_debugfs = { .addr_fd = -1, .data_fd = -1, .clk_gate_fd = -1 };

static long get_info(struct context *c)
{
    struct hl_info_args args = {
        .return_pointer = (uintptr_t)c->out,
        .return_size = 64,
        .op = HL_INFO_DEVICE_STATUS,
    };

    return hlthunk_get_info(c->fd, &args);
}

static int hand_back(struct context *c, long handle)
{
    return hlthunk_device_memory_free(c->fd, (uint64_t)handle);
}

static long free_handle(struct context *c)
{
    uint64_t handle = hlthunk_device_memory_alloc(c->fd, 65536, 0, false, false);

    return handle ? hlthunk_device_memory_free(c->fd, handle) : -ENOMEM;
}

static long unmap_handle(struct context *c)
{
    uint64_t address = hlthunk_device_memory_map(c->fd, c->handle, 0);

    return address ? hlthunk_memory_unmap(c->fd, address) : -ENOMEM;
}

static long destroy_one(struct context *c)
{
    uint64_t handle;
    int rc = hlthunk_request_command_buffer(c->fd, 4096, &handle);

    return rc ? rc : hlthunk_destroy_command_buffer(c->fd, handle);
}

static struct hlthunk_cs_in *one_nop(struct context *c, uint32_t flags)
{
    static struct hl_cs_chunk chunk;
    static struct hlthunk_cs_in in;

    memset(&chunk, 0, sizeof(chunk));
    chunk.cb_handle = hlthunk_command_buffer_borrow_handle(c->command_buffer);
    if (one_entry.asic == HLTHUNK_ASIC_GAUDI2) {
        chunk.cb_handle = hlthunk_command_buffer_get_address(c->command_buffer);
        chunk.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    }
    chunk.cb_size = 8;
    chunk.queue_index = sweep_queue();
    in =
        (struct hlthunk_cs_in){ .chunks_execute = &chunk, .num_chunks_execute = 1, .flags = flags };
    return &in;
}

static struct hlthunk_wait_in *a_wait(struct context *c)
{
    static struct hlthunk_wait_for_signal_data data;
    static struct hlthunk_wait_in in;

    memset(&data, 0, sizeof(data));
    data.signal_seq_arr = &c->sequence;
    data.signal_seq_nr = 1;
    in = (struct hlthunk_wait_in){ .hlthunk_wait_for_signal = (uint64_t *)(void *)&data,
                                   .num_wait_for_signal = 1 };
    return &in;
}

static struct hlthunk_wait_multi_cs_in *a_multi_wait(struct context *c)
{
    static struct hlthunk_wait_multi_cs_in in;

    in = (struct hlthunk_wait_multi_cs_in){ .seq = &c->sequence, .timeout_us = 1000, .seq_len = 1 };
    return &in;
}

static long debug_off(struct context *c)
{
    struct hl_debug_args args = { .op = HL_DEBUG_OP_SET_MODE };

    return hlthunk_debug(c->fd, &args);
}

static long debugfs_open_close(struct context *c)
{
    struct hlthunk_debugfs files;
    int rc = hlthunk_debugfs_open(c->fd, &files);

    return rc ? rc : hlthunk_debugfs_close(&files);
}

#include "tests/sweep/functions.h"
#include "tests/sweep/classic.inc"
#undef ENTRY
#undef INFO

#include "tests/sweep/rows.h"
const struct entry classic_entries[] = {
#include "tests/sweep/classic.inc"
    { .name = NULL },
};
