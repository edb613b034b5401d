/* SPDX-License-Identifier: MIT */
/* Submissions that are executed, and waits for them. */
#include "tests/rig/cases.h"
#include "tests/work/work.h"

#include <errno.h>
#include <string.h>

static struct work k;

static void begin(void)
{
    if (w.dirty)
        state_again();
    k = (struct work){ .fd = w.fd,
                       .old = w.old,
                       .ip = w.ip,
                       .asic = is_goya()     ? WORK_GOYA
                               : is_gaudi2() ? WORK_GAUDI2
                                             : WORK_GAUDI,
                       .down = is_goya(),
                       .up = is_goya() ? 2 : 4,
                       .next_dram = w.ip.dram_base_address };
}

/* The first submission of a context has 1: numbers are the same everywhere. */
static uint64_t submit(const char *what, struct work_cb *cb, uint32_t flags)
{
    union hl_cs_args a = { .in = { .timeout = 100 } };
    int rc = work_try_submit(&k, k.down, cb, flags, &a);

    say("submit %s flags %#x -> %s seq %lld status %u", what, flags, answer(rc),
        (long long)a.out.seq, a.out.status);
    return rc ? 0 : a.out.seq;
}

static void wait_for(const char *what, uint64_t seq, uint64_t us)
{
    union hl_wait_cs_args a;
    int rc = work_try_wait(&k, seq, us, &a);

    say("wait %s %lld us %llu -> %s status %u flags %#x timestamp %d map %#x", what, (long long)seq,
        (unsigned long long)us, answer(rc), a.out.status, a.out.flags, a.out.timestamp_nsec != 0,
        a.out.cs_completion_map);
}

static void multi(const char *what, const uint64_t *list, uint8_t n, uint64_t us)
{
    union hl_wait_cs_args a = { .in = { .seq = (uintptr_t)list,
                                        .timeout_us = us,
                                        .flags = HL_WAIT_CS_FLAGS_MULTI_CS,
                                        .seq_arr_len = n } };
    int rc = request(w.fd, OP_WAIT, &a);

    if (rc)
        say("multi %s %u us %llu -> %s", what, n, (unsigned long long)us, answer(rc));
    else
        say("multi %s %u us %llu -> %s status %u flags %#x timestamp %d map %#x", what, n,
            (unsigned long long)us, answer(rc), a.out.status, a.out.flags,
            a.out.timestamp_nsec != 0, a.out.cs_completion_map);
}

static void counters(const char *when)
{
    struct hl_info_cs_counters c = { 0 };
    struct hl_info_args a = { .op = HL_INFO_CS_COUNTERS,
                              .return_pointer = (uintptr_t)&c,
                              .return_size = sizeof(c) };

    for (int control = 0; control < 2; control++) {
        int rc = request(control ? w.control : w.fd, OP_INFO, &a);

        say("counters %s %d -> %s own memory %llu parsing %llu full %llu reset %llu flight %llu"
            " validation %llu",
            when, control, answer(rc), c.ctx_out_of_mem_drop_cnt, c.ctx_parsing_drop_cnt,
            c.ctx_queue_full_drop_cnt, c.ctx_device_in_reset_drop_cnt,
            c.ctx_max_cs_in_flight_drop_cnt, c.ctx_validation_drop_cnt);
    }
}

static void nops(struct work_cb *cb, unsigned n)
{
    work_cb(&k, cb, 4096);
    while (n--)
        work_nop(cb);
}

static void plain(void)
{
    struct work_cb cb;
    uint64_t seq = 0, list[3];

    begin();
    counters("fresh");
    nops(&cb, 4);
    wait_for("none yet", 0, 0);
    wait_for("none yet", 1, 0);
    wait_for("none yet", 2, 1000);
    seq = submit("nops", &cb, 0);
    wait_for("nops", seq, 10000000);
    wait_for("nops again", seq, 10000000);
    wait_for("nops polled", seq, 0);
    wait_for("the next", seq + 1, 0);
    wait_for("number 0", 0, 0);
    wait_for("-1", UINT64_MAX, 0);
    seq = submit("with a timestamp", &cb, HL_CS_FLAGS_TIMESTAMP);
    wait_for("timestamp", seq, 10000000);
    wait_for("timestamp again", seq, 10000000);
    wait_for("the one before", seq - 1, 0);
    list[0] = seq - 1;
    list[1] = seq;
    list[2] = seq + 1;
    multi("two", list, 2, 10000000);
    multi("two", list, 2, 0);
    multi("one", list, 1, 1000);
    multi("none", list, 0, 0);
    multi("none", list, 0, 1000);
    multi("with a future one", list, 3, 0);
    multi("NULL", NULL, 2, 0);
    multi("bad", (const uint64_t *)8, 2, 0);
    multi("33", (const uint64_t *)(uintptr_t)w.host, 33, 0);
    seq = submit("custom timeout", &cb, HL_CS_FLAGS_CUSTOM_TIMEOUT);
    seq = submit("no reset", &cb, HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT);
    wait_for("no reset", seq, 10000000);
    seq = submit("restore", &cb, HL_CS_FLAGS_FORCE_RESTORE);
    wait_for("restore", seq, 10000000);
    submit("staged", &cb, HL_CS_FLAGS_STAGED_SUBMISSION);
    submit("staged first", &cb, HL_CS_FLAGS_STAGED_SUBMISSION_FIRST);
    submit("staged last", &cb, HL_CS_FLAGS_STAGED_SUBMISSION | HL_CS_FLAGS_STAGED_SUBMISSION_LAST);
    counters("after refusals");
    for (unsigned i = 0; i < 70; i++) {
        union hl_cs_args a = { 0 };

        union hl_wait_cs_args done;

        if (work_try_submit(&k, k.down, &cb, 0, &a) == 0) {
            seq = a.out.seq;
            work_try_wait(&k, seq, 10000000, &done);
        }
    }
    wait_for("the last of many", seq, 10000000);
    wait_for("an old one", 1, 0);
    wait_for("63 before", seq - 63, 0);
    wait_for("64 before", seq - 64, 0);
    work_cb_free(&k, &cb);
    w.dirty = true;
}

/* Parts of a command buffer as chunks, of sizes that are right and wrong. */
static void chunk_sizes(const struct work_cb *cb)
{
    const uint32_t sizes[] = { 0, 1, 4, 7, 8, 12, 16, 4096, 4104, 1 << 20, UINT32_MAX };

    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct work_cb part = *cb;
        uint64_t seq;

        /* Gaudi2 has no parser: what is not a whole packet would reach the device */
        if (is_gaudi2() && (sizes[i] % 8 || sizes[i] > 4096 || !sizes[i]))
            continue;
        part.len = sizes[i];
        seq = submit(sizes[i] ? "a part" : "nothing", &part, 0);
        say("of %u bytes", sizes[i]);
        if (seq)
            wait_for("a part", seq, 10000000);
    }
}

/* Handles that are not of a buffer, reserved members, unknown flags. */
static void chunk_members(const struct work_cb *cb)
{
    for (unsigned f = 0; f < 5; f++) {
        struct hl_cs_chunk c = { .cb_handle = cb->handle,
                                 .queue_index = k.down,
                                 .cb_size = 8,
                                 .cs_chunk_flags = f < 4 ? 0 : 0x80 };
        union hl_cs_args a = { .in = { .chunks_execute = (uintptr_t)&c, .num_chunks_execute = 1 } };

        if (is_gaudi2())
            c.cs_chunk_flags |= HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
        if (f == 1)
            c.cb_handle = 0;
        else if (f == 2)
            c.cb_handle = 0xdead000;
        else if (f == 3)
            c.pad[3] = 1;
        say("chunk %u -> %s", f, answer(request(w.fd, OP_CS, &a)));
        if (a.out.status == HL_CS_STATUS_SUCCESS && a.out.seq != UINT64_MAX)
            wait_for("chunk", a.out.seq, 10000000);
    }
}

static void chunks(void)
{
    struct work_cb cb;

    begin();
    nops(&cb, 512);
    chunk_sizes(&cb);
    chunk_members(&cb);
    work_cb_free(&k, &cb);
    counters("after chunks");
    w.dirty = true;
}

/* Which queues exist, and what each takes: with a buffer that is none. */
static void queues(void)
{
    begin();
    for (uint32_t flags = 0; flags < 2; flags++) {
        char last[16] = "";

        for (uint32_t q = 0; q < 300; q++) {
            struct hl_cs_chunk c = {
                .cb_handle = 8, .queue_index = q, .cb_size = 8, .cs_chunk_flags = flags
            };
            union hl_cs_args a = { .in = { .chunks_execute = (uintptr_t)&c,
                                           .num_chunks_execute = 1 } };
            const char *text = answer(request(w.fd, OP_CS, &a));

            if (strcmp(text, last))
                say("queue %u flags %u -> %s", q, flags, text);
            strcpy(last, text);
        }
    }
    w.dirty = true;
}

/* Signals and waits for them: which queues can. */
static void signals(void)
{
    for (uint32_t q = 0; q < 12; q++) {
        struct hl_cs_chunk c = { .queue_index = q };
        union hl_cs_args a = { .in = { .chunks_execute = (uintptr_t)&c,
                                       .num_chunks_execute = 1,
                                       .cs_flags = HL_CS_FLAGS_SIGNAL } };
        uint64_t seq;
        int rc;

        begin();
        rc = request(w.fd, OP_CS, &a);
        say("signal on %u -> %s seq %lld status %u sob +%u", q, answer(rc), (long long)a.out.seq,
            a.out.status, rc ? 0 : a.out.sob_count_before_submission);
        w.dirty = true;
        if (rc)
            continue;
        seq = a.out.seq;
        wait_for("signal", seq, 10000000);
        for (unsigned n = 0; n < 3; n++) {
            c = (struct hl_cs_chunk){ .queue_index = (q + 1) % 8,
                                      .signal_seq_arr = (uintptr_t)&seq,
                                      .num_signal_seq_arr = n };
            a = (union hl_cs_args){ .in = { .chunks_execute = (uintptr_t)&c,
                                            .num_chunks_execute = 1,
                                            .cs_flags = HL_CS_FLAGS_WAIT } };
            rc = request(w.fd, OP_CS, &a);
            say("wait for it, %u signals -> %s seq %lld", n, answer(rc), (long long)a.out.seq);
            if (!rc)
                wait_for("the wait", a.out.seq, 10000000);
        }
        seq += 50;
        a = (union hl_cs_args){ .in = { .chunks_execute = (uintptr_t)&c,
                                        .num_chunks_execute = 1,
                                        .cs_flags = HL_CS_FLAGS_WAIT } };
        c.num_signal_seq_arr = 1;
        say("wait for a future signal -> %s", answer(request(w.fd, OP_CS, &a)));
        c.signal_seq_arr = 8;
        say("wait for a bad list -> %s", answer(request(w.fd, OP_CS, &a)));
    }
}

/* Command buffers in the device's address space. */
static void mapped_buffers(void)
{
    begin();
    for (uint32_t size = 1; size <= 65536; size *= 16) {
        union hl_cb_args a = {
            .in = { .op = HL_CB_OP_CREATE, .cb_size = size, .flags = HL_CB_FLAGS_MAP }
        };
        int rc = request(w.fd, OP_CB, &a);
        uint64_t handle = a.out.cb_handle;

        say("mapped buffer of %u -> %s", size, answer(rc));
        if (rc)
            continue;
        a = (union hl_cb_args){
            .in = { .op = HL_CB_OP_INFO, .cb_handle = handle, .flags = HL_CB_FLAGS_GET_DEVICE_VA }
        };
        rc = request(w.fd, OP_CB, &a);
        say("its address -> %s %#llx", answer(rc), rc ? 0ull : a.out.device_va);
        if (size == 16)
            continue;
        a = (union hl_cb_args){ .in = { .op = HL_CB_OP_DESTROY, .cb_handle = handle } };
        say("destroyed -> %s", answer(request(w.fd, OP_CB, &a)));
    }
    w.dirty = true;
}

static void engine_commands(void)
{
    static const uint32_t flags[] = { HL_CS_FLAGS_ENGINE_CORE_COMMAND,
                                      HL_CS_FLAGS_ENGINES_COMMAND };
    static const uint32_t counts[] = { 0, 1, 2, 5000, UINT32_MAX };
    static uint32_t bad[2] = { 60000, 60001 };

    begin();
    for (unsigned f = 0; f < 2; f++)
        for (unsigned n = 0; n < 5; n++)
            for (uint32_t command = 0; command < 7; command++) {
                union hl_cs_args a = { .in = { .cs_flags = flags[f],
                                               .engines = (uintptr_t)bad,
                                               .num_engines = counts[n],
                                               .engine_command = command } };

                /* 6.1 does not know the second: it would be a submission without chunks */
                say("engines %#x count %u command %u -> %s", flags[f], counts[n], command,
                    answer(request(w.fd, OP_CS, &a)));
                a = (union hl_cs_args){ .in = { .cs_flags = flags[f],
                                                .num_engines = counts[n],
                                                .engine_command = command } };
                say("engines NULL %#x count %u command %u -> %s", flags[f], counts[n], command,
                    answer(request(w.fd, OP_CS, &a)));
            }
    w.dirty = true;
}

/* What the driver's parser lets through, packet by packet: Goya and Gaudi. */
static void packets(void)
{
    if (is_gaudi2())
        return;
    for (unsigned opcode = 0; opcode < 32; opcode++) {
        uint32_t p[6] = { 0, opcode << 24, 0, 0, 0, 0 };
        struct work_cb cb;
        uint64_t seq;

        /* a fence waits indefinitely; what stops or repeats does not end either */
        if (opcode == 8 || opcode == 7 || opcode == 9)
            continue;
        begin();
        work_cb(&k, &cb, 4096);
        work_put(&cb, p, 24);
        say("opcode %u", opcode);
        seq = submit("a packet", &cb, 0);
        if (seq)
            wait_for("a packet", seq, 10000000);
        work_cb_free(&k, &cb);
        w.dirty = true;
    }
}

void work_cases(void)
{
    plain();
    chunks();
    queues();
    signals();
    mapped_buffers();
    engine_commands();
    packets();
}
