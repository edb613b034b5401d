/* SPDX-License-Identifier: MIT */
/* A new program: what pkg-config gives is enough for the objects and for the classic functions. */
#include <habanalabs/hlthunk.h>
#include <hlthunk/hlthunk.h>

#include <hlthunk.h>

#include <stdio.h>
#include <unistd.h>

int main(void)
{
    struct hlthunk_device *device;
    struct hlthunk_buffer *buffer;
    struct hlthunk_dram_usage_info usage;
    char *version = hlthunk_get_version();
    int failed = 1;

    if (hlthunk_device_open(NULL, &device) == 0) {
        if (hlthunk_buffer_alloc(device, 65536, NULL, &buffer) == 0) {
            failed = hlthunk_get_dram_usage(hlthunk_device_borrow_fd(device), &usage) != 0 ||
                     usage.ctx_dram_mem < 65536;
            hlthunk_buffer_unref(buffer);
        }
        failed |= hlthunk_device_close(device) != 0;
    }
    if (failed)
        printf("%s: %s\n", version, hlthunk_last_error());
    hlthunk_free(version);
    return failed;
}
