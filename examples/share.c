/* SPDX-License-Identifier: MIT */
/*
 * Two processes share device memory: "share export PATH" listens on a UNIX socket and sends two
 * ranges of a buffer to whoever connects, "share import PATH" receives them.
 * cc share.c $(pkg-config --cflags --libs hlthunk) -o share
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

#define MIB (1024ull * 1024)

static int failed(const char *text)
{
    fprintf(stderr, "share: %s\n", text);
    return 1;
}

/* A read() from a socket whose peer is gone returns 0: nothing is left to wait for. */
static int export(int listening)
{
    struct hlthunk_dmabuf_options names[2] = {
        { .struct_size = sizeof(names[0]), .label = "weights" },
        { .struct_size = sizeof(names[1]), .label = "activations" },
    };
    struct hlthunk_device *device = NULL;
    struct hlthunk_buffer *buffer = NULL;
    struct hlthunk_dmabuf *dmabufs[2] = { NULL, NULL };
    int peer = -1, rc = hlthunk_device_open(NULL, &device);
    char end;

    rc = rc ? rc : hlthunk_buffer_alloc(device, 16 * MIB, NULL, &buffer);
    rc = rc ? rc : hlthunk_dmabuf_export(buffer, 0, 12 * MIB, &names[0], &dmabufs[0]);
    rc = rc ? rc : hlthunk_dmabuf_export(buffer, 12 * MIB, 4 * MIB, &names[1], &dmabufs[1]);
    if (!rc)
        peer = accept(listening, NULL, NULL);
    rc = rc ? rc : hlthunk_dmabuf_send(peer, dmabufs, 2, HLTHUNK_WAIT_INDEFINITELY);
    if (rc)
        failed(hlthunk_last_error());
    else if (read(peer, &end, 1) == 0)
        printf("export: the importer has done its work\n");
    if (peer >= 0)
        close(peer);
    hlthunk_dmabuf_unref(dmabufs[0]);
    hlthunk_dmabuf_unref(dmabufs[1]);
    hlthunk_buffer_unref(buffer);
    hlthunk_device_unref(device);
    return rc != 0;
}

static int import(int socket)
{
    const int64_t o = 5000000000;
    struct hlthunk_dmabuf *dmabufs[8];
    size_t n = 0;
    int rc = hlthunk_dmabuf_receive(socket, dmabufs, 8, &n, o);

    if (rc)
        return failed(hlthunk_last_error());
    for (size_t i = 0; i < n; i++) {
        struct hlthunk_dmabuf_origin from = { .struct_size = sizeof(from) };

        if (hlthunk_dmabuf_get_origin(dmabufs[i], &from))
            return failed(hlthunk_last_error());
        printf("import: %llu MiB from offset %llu MiB of a buffer on %s, \"%s\"\n",
               (unsigned long long)(hlthunk_dmabuf_get_size(dmabufs[i]) / MIB),
               (unsigned long long)(from.offset / MIB), from.pci_address, from.label);
        hlthunk_dmabuf_unref(dmabufs[i]); /* after an importing driver has done its work */
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

    if (argc != 3 || (strcmp(argv[1], "export") && strcmp(argv[1], "import")))
        return failed("usage: share export|import PATH");
    if (strlen(argv[2]) >= sizeof(name.sun_path))
        return failed("PATH is longer than a socket's name may be");
    if (s < 0)
        return failed(strerror(errno));
    strcpy(name.sun_path, argv[2]);
    if (!strcmp(argv[1], "export")) {
        /* replaces nothing: what is there may be somebody's file */
        if (bind(s, (struct sockaddr *)&name, sizeof(name)))
            return failed(strerror(errno));
        rc = listen(s, 1) ? failed(strerror(errno)) : export(s);
        unlink(argv[2]);
    } else {
        for (int i = 0; (rc = connect(s, (struct sockaddr *)&name, sizeof(name))) && i < 100; i++)
            usleep(50000); /* the exporter may start later */
        rc = rc ? failed("nobody listens there") : import(s);
    }
    close(s);
    return rc;
}
