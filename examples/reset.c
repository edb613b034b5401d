/* SPDX-License-Identifier: MIT */
/* Survives a reset: deregisters what importers have, releases everything, opens the device again.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static int registered = -1; /* stands for a registration with an importer; guarded by lock */
static int lost;

/* On the watch's thread: whatever the program is doing, this comes within a second. */
static void on_reset(struct hlthunk_device *device, enum hlthunk_stale_reason why, void *user)
{
    (void)device, (void)user;
    pthread_mutex_lock(&lock);
    close(registered); /* once the importer has released it: ibv_dereg_mr() or the like */
    registered = -1;
    lost = 1;
    printf("callback: the device is %s: registrations dropped\n",
           why == HLTHUNK_STALE_RESET ? "being reset" : "gone");
    pthread_cond_signal(&told);
    pthread_mutex_unlock(&lock);
}

static int work(void)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device *device = NULL;
    struct hlthunk_buffer *buffer = NULL;
    struct hlthunk_dmabuf *dmabuf = NULL;
    struct hlthunk_reset_watch *watch = NULL;
    struct hlthunk_memory_usage usage = { .struct_size = sizeof(usage) };
    int rc = hlthunk_device_open(NULL, &device);

    rc = rc ? rc : hlthunk_device_get_properties(device, &p);
    rc = rc ? rc : hlthunk_buffer_alloc(device, 16 << 20, NULL, &buffer);
    rc = rc ? rc : hlthunk_dmabuf_export(buffer, 0, 0, NULL, &dmabuf);
    rc = rc ? rc : hlthunk_dmabuf_dup_fd(dmabuf, &registered);
    rc = rc ? rc : hlthunk_reset_watch_create(device, on_reset, NULL, NULL, &watch);
    if (rc == 0)
        printf("%s: dma-buf fd %d is registered\n", p.pci_address, registered);
    while (rc == 0) {
        usleep(10000);
        rc = hlthunk_device_get_memory_usage(device, &usage);
    }
    printf("main: %d, %s\n", rc, hlthunk_last_error());
    if (watch && rc == -ENODEV) { /* any other failure is no reset, and nobody is told of it */
        pthread_mutex_lock(&lock);
        while (!lost)
            pthread_cond_wait(&told, &lock);
        pthread_mutex_unlock(&lock);
    }
    hlthunk_reset_watch_unref(watch); /* the callback has run, or never will */
    if (registered >= 0)
        close(registered); /* nobody else does: it would keep the device away */
    hlthunk_dmabuf_unref(dmabuf);
    hlthunk_buffer_unref(buffer);
    hlthunk_device_unref(device);
    return rc;
}

int main(void)
{
    struct hlthunk_device_options wait = { .struct_size = sizeof(wait), .timeout_ns = 10000000000 };
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device *device;
    int rc = work();

    if (rc != -ENODEV)
        return 1;
    if (hlthunk_device_open(&wait, &device) || hlthunk_device_get_properties(device, &p)) {
        fprintf(stderr, "%s\n", hlthunk_last_error());
        return 1;
    }
    printf("%s: open again, %" PRIu64 " bytes\n", p.pci_address, p.memory_size);
    hlthunk_device_unref(device);
    return 0;
}
