/* SPDX-License-Identifier: MIT */
/* Exports 16 MiB of device memory as a dma-buf.  cc export.c $(pkg-config --cflags --libs hlthunk)
 */
#include <stdio.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

int main(void)
{
    struct hlthunk_device *device = NULL;
    struct hlthunk_buffer *buffer = NULL;
    struct hlthunk_dmabuf *dmabuf = NULL;
    int fd, rc = hlthunk_device_open(NULL, &device);

    rc = rc ? rc : hlthunk_buffer_alloc(device, 16 << 20, NULL, &buffer);
    rc = rc ? rc : hlthunk_dmabuf_export(buffer, 0, 0, NULL, &dmabuf);
    rc = rc ? rc : hlthunk_dmabuf_dup_fd(dmabuf, &fd);
    if (rc) {
        fprintf(stderr, "%s\n", hlthunk_last_error());
    } else {
        printf("dma-buf fd %d: %llu bytes\n", fd,
               (unsigned long long)hlthunk_dmabuf_get_size(dmabuf));
        close(fd); /* once an importer, such as ibv_reg_dmabuf_mr(), has it */
    }
    hlthunk_device_unref(device); /* any order is right */
    hlthunk_buffer_unref(buffer);
    hlthunk_dmabuf_unref(dmabuf);
    return rc != 0;
}
