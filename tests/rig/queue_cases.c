/* SPDX-License-Identifier: MIT */
/* CB, CS, WAIT_CS and DEBUG: what is refused, and how. Nothing here is executed by the device. */
#include "tests/rig/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

void cb_cases(void)
{
    const struct value sizes[] = {
        { "0", 0 },
        { "1", 1 },
        { "4096", 4096 },
        { "max", HL_MAX_CB_SIZE },
        { "max+1", HL_MAX_CB_SIZE + 1 },
        { "2M", 2 << 20 },
        { "-1", UINT32_MAX },
    };
    const struct value handles[] = {
        { "0", 0 },
        { "cb", w.cb },
        { "cb+4096", w.cb + 4096 },
        { "cb|1<<32", w.cb ^ 1ull << 44 },
        { "-1", UINT64_MAX },
    };
    static const uint32_t flags[] = { 0, HL_CB_FLAGS_MAP, HL_CB_FLAGS_GET_DEVICE_VA, 0x80 };

    for (unsigned f = 0; f < 4; f++) {
        FOR_EACH(s, sizes)
        {
            union hl_cb_args a = {
                .in = { .op = HL_CB_OP_CREATE, .cb_size = (uint32_t)s->n, .flags = flags[f] }
            };

            run_case(w.fd, OP_CB, &a, sizeof(a), "CB CREATE %s flags %#x", s->name, flags[f]);
        }
        FOR_EACH(h, handles)
        {
            union hl_cb_args a = {
                .in = { .op = HL_CB_OP_INFO, .cb_handle = h->n, .flags = flags[f] }
            };

            if (w.dirty)
                state_again();
            if (!strcmp(h->name, "cb"))
                a.in.cb_handle = w.cb;
            run_case(w.fd, OP_CB, &a, sizeof(a), "CB INFO %s flags %#x", h->name, flags[f]);
        }
    }
    FOR_EACH(h, handles)
    {
        union hl_cb_args a = { .in = { .op = HL_CB_OP_DESTROY, .cb_handle = h->n } };

        if (w.dirty)
            state_again();
        if (!strcmp(h->name, "cb"))
            a.in.cb_handle = w.cb;
        run_case(w.fd, OP_CB, &a, sizeof(a), "CB DESTROY %s", h->name);
    }
    for (uint32_t op = 3; op < 6; op++) {
        union hl_cb_args a = { .in = { .op = op } };

        run_case(w.fd, OP_CB, &a, sizeof(a), "CB op %u", op);
    }
}

void cs_cases(void)
{
    struct hl_cs_chunk bad = { .queue_index = 5000, .cb_size = 64 };

    for (int bit = -1; bit < 20; bit++) {
        uint32_t flags = bit < 0 ? 0 : 1u << bit;
        union hl_cs_args a = { .in = { .cs_flags = flags } };

        if (flags == HL_CS_FLAGS_FLUSH_PCI_HBW_WRITES)
            continue; /* succeeds; reads a register of real hardware */
        /* 6.1 on Gaudi: such a reservation holds the device after its close, for good */
        if (flags == HL_CS_FLAGS_RESERVE_SIGNALS_ONLY && w.old)
            continue;
        run_case(w.fd, OP_CS, &a, sizeof(a), "CS no chunks flags %#x", flags);
        a = (union hl_cs_args){ .in = { .cs_flags = flags, .num_chunks_execute = 1 } };
        run_case(w.fd, OP_CS, &a, sizeof(a), "CS NULL chunks flags %#x", flags);
        a = (union hl_cs_args){
            .in = { .cs_flags = flags, .num_chunks_execute = 1, .chunks_execute = (uintptr_t)&bad }
        };
        run_case(w.fd, OP_CS, &a, sizeof(a), "CS bad queue flags %#x", flags);
        a = (union hl_cs_args){ .in = { .cs_flags = flags,
                                        .num_chunks_execute = 513,
                                        .chunks_execute = (uintptr_t)w.host } };
        run_case(w.fd, OP_CS, &a, sizeof(a), "CS 513 chunks flags %#x", flags);
        a = (union hl_cs_args){ .in = { .cs_flags = flags,
                                        .num_chunks_execute = 1,
                                        .pad = { 1 },
                                        .chunks_execute = (uintptr_t)&bad } };
        run_case(w.fd, OP_CS, &a, sizeof(a), "CS pad flags %#x", flags);
    }
    {
        union hl_cs_args a = { .in = { .cs_flags = HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT } };

        run_case(w.fd, OP_CS, &a, sizeof(a), "CS two types");
    }
}

void wait_cases(void)
{
    static const uint32_t flags[] = {
        0,
        HL_WAIT_CS_FLAGS_INTERRUPT,
        HL_WAIT_CS_FLAGS_MULTI_CS,
        HL_WAIT_CS_FLAGS_INTERRUPT | 48u << 20,
        HL_WAIT_CS_FLAGS_INTERRUPT | 4000u << 20,
        HL_WAIT_CS_FLAGS_INTERRUPT | HL_WAIT_CS_FLAGS_ANY_CQ_INTERRUPT,
        HL_WAIT_CS_FLAGS_INTERRUPT | HL_WAIT_CS_FLAGS_INTERRUPT_KERNEL_CQ | 48u << 20,
        HL_WAIT_CS_FLAGS_REGISTER_INTERRUPT,
        0x80,
    };
    const struct value seqs[] = {
        { "0", 0 },
        { "1", 1 },
        { "1000", 1000 },
        { "-1", UINT64_MAX },
        { "host", (uintptr_t)w.host },
    };

    for (unsigned f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
        FOR_EACH(s, seqs)
        {
            union hl_wait_cs_args a = { .in = { .seq = s->n, .flags = flags[f] } };

            run_case(w.fd, OP_WAIT, &a, sizeof(a), "WAIT %s flags %#x", s->name, flags[f]);
            w.dirty = false;
            a = (union hl_wait_cs_args){ .in = {
                                             .seq = s->n, .flags = flags[f], .seq_arr_len = 33 } };
            if (flags[f] & HL_WAIT_CS_FLAGS_MULTI_CS) {
                run_case(w.fd, OP_WAIT, &a, sizeof(a), "WAIT %s 33 flags %#x", s->name, flags[f]);
                a.in = (struct hl_wait_cs_in){ .seq = s->n, .flags = flags[f], .pad = { 1 } };
                run_case(w.fd, OP_WAIT, &a, sizeof(a), "WAIT %s pad flags %#x", s->name, flags[f]);
            }
        }
    }
}

void debug_cases(void)
{
    for (uint32_t op = 0; op < 12; op++) {
        for (uint32_t enable = 0; enable < 2; enable++) {
            struct hl_debug_args a = { .op = op, .enable = enable };

            if (op == HL_DEBUG_OP_SET_MODE && enable)
                continue;
            run_case(w.fd, OP_DEBUG, &a, sizeof(a), "DEBUG %u enable %u", op, enable);
        }
    }
    {
        struct hl_debug_args a = { .op = HL_DEBUG_OP_SET_MODE, .enable = 1 };

        run_case(w.fd, OP_DEBUG, &a, sizeof(a), "DEBUG mode on");
        w.dirty = false;
        run_case(w.fd, OP_DEBUG, &a, sizeof(a), "DEBUG mode on again");
        a.enable = 0;
        run_case(w.fd, OP_DEBUG, &a, sizeof(a), "DEBUG mode off");
        w.dirty = false;
        run_case(w.fd, OP_DEBUG, &a, sizeof(a), "DEBUG mode off again");
        w.dirty = true;
    }
}

static void result(const char *node, const char *what, long rc)
{
    printf("%s %s -> %s\n", node, what, rc < 0 ? strerrorname_np(errno) : "ok");
}

void file_cases(void)
{
    for (int i = 0; i < 2; i++) {
        const char *node = i ? "control" : "primary";
        int fd = i ? w.control : w.fd;
        struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
        char bytes[128] = { 0 };
        int ready;

        result(node, "read", read(fd, bytes, 1));
        result(node, "write", write(fd, bytes, 1));
        result(node, "pread", pread(fd, bytes, 1, 0));
        result(node, "lseek", lseek(fd, 0, SEEK_SET));
        result(node, "fsync", fsync(fd));
        result(node, "ftruncate", ftruncate(fd, 0));
        result(node, "mmap 0",
               mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
        result(node, "ioctl of a terminal", ioctl(fd, 0x5401, bytes));
        /* not DRM's numbers 1 and 2: they crash kernels (docs/upstream-defects.md) */
        for (unsigned n = 0; n < 12; n++) {
            char what[32];

            snprintf(what, sizeof(what), "request H %u", n);
            if (n == 0 || n > 6)
                result(node, what, ioctl(fd, _IOWR('H', n, struct hl_info_args), bytes));
            snprintf(what, sizeof(what), "request d %#x", 0x46 + n);
            result(node, what, ioctl(fd, _IOWR('d', 0x46 + n, struct hl_info_args), bytes));
        }
        ready = poll(&p, 1, 0);
        printf("%s poll -> %d %#x\n", node, ready, p.revents);
    }
    for (unsigned op = OP_CB; op < OP_COUNT; op++) {
        char args[128] = { 0 };

        run_case(w.control, (enum op)op, args, 24, "control node operation %u", op);
    }
}
