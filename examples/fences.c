/* SPDX-License-Identifier: MIT */
/* What the fences of a Habana device's dma-buf say: always "ready". */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

int main(void)
{
    struct hlthunk_device *device = NULL;
    struct hlthunk_buffer *buffer = NULL;
    struct hlthunk_dmabuf *dmabuf = NULL;
    struct pollfd p = { .events = POLLIN };
    int fd = -1, n, rc = hlthunk_device_open(NULL, &device);

    rc = rc ? rc : hlthunk_buffer_alloc(device, 1 << 20, NULL, &buffer);
    rc = rc ? rc : hlthunk_dmabuf_export(buffer, 0, 0, NULL, &dmabuf);
    /* what an importer that waits for fences would wait for */
    rc = rc ? rc : hlthunk_dmabuf_wait(dmabuf, HLTHUNK_ACCESS_WRITE, 0);
    if (rc == 0)
        printf("the dma-buf is ready to be written, whatever the device does with it\n");
    rc = rc ? rc : hlthunk_dmabuf_export_sync_file(dmabuf, HLTHUNK_ACCESS_READ, &fd);
    if (rc == 0) {
        p.fd = fd;
        n = poll(&p, 1, 0);
        printf("a sync file exported from it has %s\n",
               n == 1 && p.revents == POLLIN ? "signalled already" : "not signalled yet");
        close(fd);
    }
    if (rc)
        fprintf(stderr, "%s\n", hlthunk_last_error());
    hlthunk_dmabuf_unref(dmabuf);
    hlthunk_buffer_unref(buffer);
    hlthunk_device_unref(device);
    return rc != 0;
}
