/* SPDX-License-Identifier: MIT */
/*
 * Opens a device, allocates, exports, gives back: prints what each step returned.  For scripts
 * that watch what faults do.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

static void say(const char *what, int rc)
{
    printf("%s=%s\n", what, rc ? strerrorname_np(-rc) : "ok");
    fflush(stdout);
}

int main(void)
{
    struct hlthunk_device_options wait = { .struct_size = sizeof(wait), .timeout_ns = 60000000000 };
    struct hlthunk_device *d = NULL;
    struct hlthunk_buffer *b = NULL;
    struct hlthunk_dmabuf *m = NULL;
    enum hlthunk_status s;
    int rc = hlthunk_device_open(NULL, &d);

    say("open", rc);
    if (rc)
        return 0;
    for (int i = 0; i < 3; i++) {
        rc = hlthunk_buffer_alloc(d, 4096, NULL, &b);
        say("alloc", rc);
        if (rc)
            continue;
        rc = hlthunk_dmabuf_export(b, 0, 0, NULL, &m);
        say("export", rc);
        if (!rc)
            hlthunk_dmabuf_unref(m);
        hlthunk_buffer_unref(b);
    }
    rc = hlthunk_device_get_status(d, &s);
    printf("status=%s\n", rc ? strerrorname_np(-rc) : hlthunk_status_get_name(s));
    printf("close=%zu\n", hlthunk_device_close(d));
    rc = hlthunk_device_open(&wait, &d);
    say("reopen", rc);
    if (!rc)
        hlthunk_device_close(d);
    return 0;
}
