/* SPDX-License-Identifier: MIT */
/* A thousand small buffers in one allocation, one of them exported. */
#include <stdio.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

#define COUNT 1000

int main(void)
{
    struct hlthunk_pool_options options = { .struct_size = sizeof(options),
                                            .label = "activations" };
    struct hlthunk_pool_buffer_options own_pages = { .struct_size = sizeof(own_pages),
                                                     .exportable = true };
    struct hlthunk_pool_statistics s = { .struct_size = sizeof(s) };
    struct hlthunk_buffer *buffers[COUNT] = { NULL }, *shared = NULL;
    struct hlthunk_device *device = NULL;
    struct hlthunk_dmabuf *dmabuf = NULL;
    struct hlthunk_pool *pool = NULL;
    int fd = -1, rc = hlthunk_device_open(NULL, &device);

    rc = rc ? rc : hlthunk_pool_create(device, &options, &pool);
    for (unsigned i = 0; i < COUNT && !rc; i++)
        rc = hlthunk_pool_alloc(pool, 3000 + i, NULL, &buffers[i]);
    rc = rc ? rc : hlthunk_pool_alloc(pool, 10000, &own_pages, &shared);
    rc = rc ? rc : hlthunk_dmabuf_export(shared, 0, 0, NULL, &dmabuf);
    rc = rc ? rc : hlthunk_dmabuf_dup_fd(dmabuf, &fd);
    rc = rc ? rc : hlthunk_pool_get_statistics(pool, &s);
    if (rc) {
        fprintf(stderr, "%s\n", hlthunk_last_error());
    } else {
        printf("%llu buffers of %llu bytes take %llu, in %u chunk of %llu\n",
               (unsigned long long)s.live_buffers, (unsigned long long)s.used_bytes,
               (unsigned long long)s.taken_bytes, s.chunks, (unsigned long long)s.granted_bytes);
        printf("one of them as a dma-buf: %llu bytes\n",
               (unsigned long long)hlthunk_dmabuf_get_size(dmabuf));
        close(fd); /* once an importer has it */
    }
    for (unsigned i = 0; i < COUNT; i++)
        hlthunk_buffer_unref(buffers[i]);
    hlthunk_dmabuf_unref(dmabuf);
    hlthunk_buffer_unref(shared);
    hlthunk_pool_unref(pool);
    hlthunk_device_unref(device);
    return rc != 0;
}
