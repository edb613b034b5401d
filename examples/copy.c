/* SPDX-License-Identifier: MIT */
/* Copies bytes to the device, between two buffers there, and back: cc copy.c -lhlthunk */
#include <hlthunk/hlthunk.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    struct hlthunk_buffer *a = NULL, *b = NULL;
    struct hlthunk_device *device = NULL;
    struct hlthunk_queue *queue = NULL;
    char text[] = "there and back", back[sizeof(text)] = "";
    int rc = hlthunk_device_open(NULL, &device);

    rc = rc ? rc : hlthunk_queue_create(device, NULL, &queue);
    rc = rc ? rc : hlthunk_buffer_alloc(device, 1 << 20, NULL, &a);
    rc = rc ? rc : hlthunk_buffer_alloc(device, 1 << 20, NULL, &b);
    rc = rc ? rc : hlthunk_queue_write(queue, a, 0, text, sizeof(text)); /* recorded … */
    rc = rc ? rc : hlthunk_queue_copy(queue, b, 4096, a, 0, sizeof(text));
    rc = rc ? rc : hlthunk_queue_read_sync(queue, back, b, 4096, sizeof(text)); /* … and done */
    puts(rc ? hlthunk_last_error() : back);
    hlthunk_buffer_unref(a);
    hlthunk_buffer_unref(b);
    hlthunk_queue_unref(queue);
    hlthunk_device_unref(device);
    return rc || strcmp(text, back);
}
