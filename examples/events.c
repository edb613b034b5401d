/* SPDX-License-Identifier: MIT */
/* An event loop that survives resets: events of the device beside whatever else the program polls.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include <hlthunk/hlthunk.h>

/* All that there is to be told; true: the device is reset, and what belongs to it is lost. */
static bool take_events(struct hlthunk_event_notifier *notifier)
{
    struct hlthunk_event event = { .struct_size = sizeof(event) };
    bool reset = false;

    while (!hlthunk_event_notifier_wait(notifier, 0, &event)) {
        printf("event: %s\n", hlthunk_event_kind_get_name(event.kind));
        reset = reset || event.kind == HLTHUNK_EVENT_DEVICE_RESET;
    }
    return reset;
}

/* Until the device is reset: -ENODEV. */
static int loop(struct hlthunk_device *device)
{
    struct hlthunk_memory_usage usage = { .struct_size = sizeof(usage) };
    struct hlthunk_event_notifier *notifier = NULL;
    struct hlthunk_buffer *buffer = NULL;
    int rc = hlthunk_event_notifier_create(device, NULL, &notifier);

    rc = rc ? rc : hlthunk_buffer_alloc(device, 16 << 20, NULL, &buffer);
    while (!rc) {
        struct pollfd fds[] = { { .fd = hlthunk_event_notifier_borrow_fd(notifier),
                                  .events = POLLIN } }; /* and the program's own */

        if (poll(fds, 1, 10) > 0 && take_events(notifier))
            rc = -ENODEV;
        else
            rc = hlthunk_device_get_memory_usage(device, &usage); /* its work */
    }
    hlthunk_buffer_unref(buffer);
    hlthunk_event_notifier_unref(notifier);
    return rc;
}

int main(void)
{
    struct hlthunk_device_options wait = { .struct_size = sizeof(wait), .timeout_ns = 20000000000 };
    struct hlthunk_device *device;
    int rc = 0;

    for (int round = 0; round < 2 && !rc; round++) {
        rc = hlthunk_device_open(&wait, &device); /* waits while the device is being reset */
        if (rc)
            break;
        printf("round %d: the device is open\n", round);
        rc = round ? 0 : loop(device);
        hlthunk_device_unref(device);
        rc = rc == -ENODEV ? 0 : rc;
    }
    if (rc)
        fprintf(stderr, "%s\n", hlthunk_last_error());
    return rc != 0;
}
