/* SPDX-License-Identifier: MIT */
/*
 * Works with a device until something fails, and checks what follows.  For the script that
 * injects the fault: usage: reset_probe reset | gone | neither
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hlthunk/hlthunk.h>

#include "sim/importer.h"

static const char *expected;
static struct hlthunk_device *d;
static unsigned lines, failed;

static void count_line(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)level, (void)message, (void)user;
    lines++;
}

static void complain(const char *what)
{
    fprintf(stderr, "%s (%s)\n", what, hlthunk_last_error());
    exit(1);
}

/* Passes rc on; the first failure decides, all later ones must be the same. */
static int look(const char *call, int rc)
{
    if (!rc && failed && strcmp(expected, "neither"))
        complain("a call on a stale device succeeded");
    if (!rc)
        return 0;
    failed++;
    if (strcmp(expected, "neither")) {
        if (rc != -ENODEV || !strstr(hlthunk_last_error(), "reset or removed"))
            complain(call);
    } else if (rc == -ENODEV || hlthunk_device_get_stale_reason(d)) {
        complain("stale, without a reset");
    }
    return rc;
}

static void work(void *memory)
{
    struct hlthunk_buffer *b = NULL, *host = NULL;
    struct hlthunk_command_buffer *cb = NULL;
    struct hlthunk_dmabuf *m = NULL;
    struct hlthunk_memory_usage u = { .struct_size = sizeof(u) };

    look("alloc", hlthunk_buffer_alloc(d, 1 << 20, NULL, &b));
    look("from_host", hlthunk_buffer_from_host(d, memory, 4096, NULL, &host));
    look("command buffer", hlthunk_command_buffer_create(d, 4096, NULL, &cb));
    look("usage", hlthunk_device_get_memory_usage(d, &u));
    if (b) {
        int rc = hlthunk_dmabuf_export(b, 0, 0, NULL, &m);

        if (rc != -EOPNOTSUPP)
            look("export", rc);
    }
    hlthunk_dmabuf_unref(m);
    hlthunk_command_buffer_unref(cb);
    hlthunk_buffer_unref(host);
    hlthunk_buffer_unref(b);
}

/* All that the library had was given back, once. */
static void look_at_counters(void)
{
    struct hlthunk_memory_statistics s = { .struct_size = sizeof(s) };

    if (hlthunk_device_get_memory_statistics(d, &s))
        complain("statistics");
    if (s.buffers.current || s.segments.current || s.allocated_bytes.current ||
        s.reserved_bytes.current)
        complain("memory is counted that there is not");
}

/* Works until the fault has come, and checks what the device and the log say of it. */
static enum hlthunk_stale_reason meet_fault(void *memory)
{
    enum hlthunk_stale_reason why;

    if (hlthunk_device_open(NULL, &d))
        complain("open");
    hlthunk_log_set(count_line, NULL, HLTHUNK_LOG_WARNING);
    for (int i = 0; i < 20; i++)
        work(memory);
    why = hlthunk_device_get_stale_reason(d);
    if (why != (!strcmp(expected, "reset")  ? HLTHUNK_STALE_RESET
                : !strcmp(expected, "gone") ? HLTHUNK_STALE_GONE
                                            : HLTHUNK_STALE_NOT))
        complain("not stale, or for another reason");
    if (!failed)
        complain("no call failed");
    look_at_counters();
    if (hlthunk_device_close(d))
        complain("close");
    if (lines != (why ? 1 : 0))
        complain("more was logged than the reset");
    return why;
}

/* After a reset the device can be opened again and serves; once removed it cannot. */
static void work_again(void *memory, enum hlthunk_stale_reason why)
{
    struct hlthunk_device_options wait = { .struct_size = sizeof(wait), .timeout_ns = 20000000000 };
    int rc = hlthunk_device_open(&wait, &d);

    if (rc != (why == HLTHUNK_STALE_GONE ? -ENODEV : 0))
        complain("reopen");
    if (rc)
        return;
    failed = 0;
    expected = "neither";
    work(memory);
    if (failed || hlthunk_device_close(d))
        complain("after reopening");
}

int main(int argc, char **argv)
{
    void *memory = NULL;

    if (argc != 2 || !hlsim_importer() || posix_memalign(&memory, 4096, 4096))
        return 2;
    memset(memory, 0, 4096);
    expected = argv[1];
    work_again(memory, meet_fault(memory));
    free(memory);
    return 0;
}
