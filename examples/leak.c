/* SPDX-License-Identifier: MIT */
/* Forgets a buffer: the report says which one, and where it was made. */
#include <stdio.h>

#include <hlthunk/hlthunk.h>

static struct hlthunk_buffer *load_weights(struct hlthunk_device *device)
{
    struct hlthunk_buffer_options options = { .struct_size = sizeof(options), .label = "weights" };
    struct hlthunk_buffer *buffer = NULL;

    if (hlthunk_buffer_alloc(device, 16 << 20, &options, &buffer))
        fprintf(stderr, "%s\n", hlthunk_last_error());
    return buffer;
}

int main(void)
{
    struct hlthunk_device *device;
    struct hlthunk_buffer *buffer;
    size_t left;

    if (hlthunk_device_open(NULL, &device)) {
        fprintf(stderr, "%s\n", hlthunk_last_error());
        return 1;
    }
    buffer = load_weights(device);
    hlthunk_device_report(device, stdout); /* at any time */
    left = hlthunk_device_close(device);   /* and through the log */
    if (left)
        printf("closed: %zu things keep the device busy\n", left);
    hlthunk_buffer_unref(buffer);
    return 0;
}
