/* SPDX-License-Identifier: MIT */
/* A program of the classic library that loads what uses libhlthunk: each keeps its own texts. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <habanalabs/hlthunk.h>
#include <hlthunk/hlthunk.h>

static char reason[256];

static bool failed(const struct hlthunk_memory_failure *f, void *user)
{
    (void)user;
    snprintf(reason, sizeof(reason), "%s", f->reason);
    return false;
}

int main(void)
{
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;

    if (hlthunk_device_open(NULL, &d) || hlthunk_device_set_failure_callback(d, failed, NULL))
        return 1;
    hlthunk_close(-1); /* the classic library's, which comes first */
    if (!hlthunk_buffer_alloc(d, 1ull << 50, NULL, &b))
        return 2;
    hlthunk_device_close(d);
    printf("%s\n", reason);
    return strstr(reason, "bytes of device memory") ? 0 : 3;
}
