/* SPDX-License-Identifier: MIT */
/* INFO: every operation, with good and bad places for the answer, on both nodes. */
#include "tests/rig/cases.h"

#include <stdio.h>
#include <string.h>

/* How much of the buffer the driver wrote to, whatever it wrote: the last byte that differs after
 * two calls with two fillings. */
static unsigned written(int fd, uint32_t op, uint32_t size)
{
    static unsigned char bytes[2][16384];
    unsigned last = 0;

    for (unsigned k = 0; k < 2; k++) {
        struct hl_info_args a = { .op = op,
                                  .return_size = size,
                                  .return_pointer = (uintptr_t)bytes[k] };

        memset(bytes[k], k ? 0xa5 : 0x5a, sizeof(bytes[k]));
        run_case(fd, OP_INFO, &a, sizeof(a), "INFO %u size %u%s filling %u", op, size,
                 fd == w.control ? " control" : "", k);
    }
    for (unsigned i = 0; i < sizeof(bytes[0]); i++)
        if (bytes[0][i] != 0x5a || bytes[1][i] != 0xa5)
            last = i + 1;
    return last;
}

/* The text about the engines: its parts, without what registers hold. */
static void engine_status(void)
{
    static const uint32_t sizes[] = { 1023, 1024, 2048, 4096, 65536, 1 << 20, (1 << 20) + 1 };
    static char text[65536];

    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct hl_info_args a = { .op = HL_INFO_ENGINE_STATUS,
                                  .return_size = sizes[i],
                                  .return_pointer = (uintptr_t)text };
        int rc =
            run_case(i % 2 ? w.control : w.fd, OP_INFO, &a, sizeof(a), "engines size %u", sizes[i]);
        uint32_t n = a.user_buffer_actual_size;

        if (rc || sizes[i] != sizeof(text))
            continue;
        for (uint32_t at = 0; at < n; at += (uint32_t)strlen(text + at) + 1) {
            char line[256];

            snprintf(line, sizeof(line), "%s", text + at);
            if (strstr(line, "0x"))
                *strstr(line, "0x") = '\0';
            for (char *p = line; *p; p++)
                if (*p == 'Y') /* or not idle: the emulated device is mostly not */
                    *p = 'N';
            say("engines: %s|", line);
        }
    }
}

void info_cases(void)
{
    static const uint32_t sizes[] = { 1, 8, 64, 512, 4096 };
    unsigned char bytes[64];

    for (uint32_t op = 0; op <= 48; op++) {
        const struct value places[] = { { "NULL", 0 }, { "bad", 8 }, { "good", (uintptr_t)bytes } };

        /* they change the state, or have cases of their own */
        if (op == HL_INFO_REGISTER_EVENTFD || op == HL_INFO_UNREGISTER_EVENTFD)
            continue;
        /* text with registers' contents, however long */
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && op != HL_INFO_ENGINE_STATUS;
             i++)
            printf("info %u size %u wrote %u\n", op, sizes[i], written(w.fd, op, sizes[i]));
        FOR_EACH(p, places)
        {
            struct hl_info_args a = { .op = op,
                                      .return_size = p->n == (uintptr_t)bytes ? 0 : 64,
                                      .return_pointer = p->n };

            run_case(w.fd, OP_INFO, &a, sizeof(a), "INFO %u to %s size %u", op, p->name,
                     a.return_size);
        }
        if (op == HL_INFO_ENGINE_STATUS)
            engine_status();
        else
            printf("info %u control wrote %u\n", op, written(w.control, op, 4096));
    }
    for (unsigned i = 0; i < 3; i++) {
        static const uint32_t ops[] = { 200, 1u << 31, UINT32_MAX };
        struct hl_info_args a = { .op = ops[i],
                                  .return_size = 64,
                                  .return_pointer = (uintptr_t)bytes };

        run_case(w.fd, OP_INFO, &a, sizeof(a), "INFO %u", ops[i]);
    }
    for (uint32_t word = 1; word; word <<= 3) {
        struct hl_info_args a = { .op = HL_INFO_DEVICE_STATUS,
                                  .return_size = 16,
                                  .pad = word,
                                  .return_pointer = (uintptr_t)bytes };

        run_case(w.fd, OP_INFO, &a, sizeof(a), "INFO status pad %#x", word);
        a = (struct hl_info_args){ .op = HL_INFO_SYNC_MANAGER,
                                   .return_size = 16,
                                   .dcore_id = word,
                                   .return_pointer = (uintptr_t)bytes };
        run_case(w.fd, OP_INFO, &a, sizeof(a), "INFO sync manager %#x", word);
    }
    for (int i = 0; i < 2; i++) {
        struct hl_info_args a = { .op = HL_INFO_REGISTER_EVENTFD, .eventfd = 900 };

        run_case(i ? w.control : w.fd, OP_INFO, &a, sizeof(a), "INFO register bad eventfd %d", i);
        a = (struct hl_info_args){ .op = HL_INFO_UNREGISTER_EVENTFD };
        run_case(i ? w.control : w.fd, OP_INFO, &a, sizeof(a), "INFO unregister %d", i);
    }
}
