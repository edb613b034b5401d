/* SPDX-License-Identifier: MIT */
/* The end of submissions in an event loop: one eventfd for all of them, in an epoll set. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <habanalabs/hlthunk.h>
#include <hlthunk/hlthunk.h>

#define COUNT 100

static void must(int rc)
{
    if (rc) {
        fprintf(stderr, "%d: %s\n", rc, hlthunk_last_error());
        exit(1);
    }
}

/* One packet that does nothing, in a queue of the first DMA engine. */
static uint64_t submit(struct hlthunk_device *device, struct hlthunk_command_buffer *packets)
{
    struct hl_cs_chunk chunk = { .cb_handle = hlthunk_command_buffer_borrow_handle(packets),
                                 .cb_size = 8 };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk,
                                .num_chunks_execute = 1,
                                .flags = HL_CS_FLAGS_TIMESTAMP };
    struct hlthunk_cs_out out;
    int rc;

    if (hlthunk_command_buffer_get_address(packets)) { /* Gaudi2 */
        chunk.cb_handle = hlthunk_command_buffer_get_address(packets);
        chunk.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    }
    while ((rc = hlthunk_command_submission(hlthunk_device_borrow_fd(device), &in, &out)) ==
           -EAGAIN)
        usleep(1000); /* the queue is full */
    must(rc);
    return out.seq;
}

int main(void)
{
    struct hlthunk_command_buffer_options mapped = { .struct_size = sizeof(mapped),
                                                     .device_mapped = true };
    struct hlthunk_completion_options options = { .struct_size = sizeof(options) };
    struct hlthunk_completion_result result = { .struct_size = sizeof(result) };
    struct hlthunk_completion *completions[COUNT];
    struct hlthunk_command_buffer *packets;
    struct hlthunk_device *device;
    struct epoll_event event = { .events = EPOLLIN };
    uint64_t n, ended = 0, done = 0;
    int loop = epoll_create1(EPOLL_CLOEXEC);

    must(hlthunk_device_open(NULL, &device));
    if (hlthunk_command_buffer_create(device, 4096, &mapped, &packets)) /* not on Gaudi */
        must(hlthunk_command_buffer_create(device, 4096, NULL, &packets));
    ((uint32_t *)hlthunk_command_buffer_borrow_data(packets))[1] = 10u << 24; /* NOP */
    options.eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    epoll_ctl(loop, EPOLL_CTL_ADD, options.eventfd, &event);
    for (int i = 0; i < COUNT; i++) {
        uint64_t sequence = submit(device, packets);

        must(hlthunk_completion_create_for_submissions(device, &sequence, 1, &options,
                                                       &completions[i]));
    }
    /* the loop: the set can hold whatever else the program waits for */
    while (ended < COUNT && epoll_wait(loop, &event, 1, 10000) == 1) {
        if (read(options.eventfd, &n, sizeof(n)) == sizeof(n))
            ended += n;
    }
    for (int i = 0; i < COUNT; i++) {
        must(hlthunk_completion_get_result(completions[i], &result));
        done += result.status == HLTHUNK_COMPLETION_DONE;
        hlthunk_completion_unref(completions[i]);
    }
    printf("%d submissions, %llu ended, %llu done; the last: %s\n", COUNT,
           (unsigned long long)ended, (unsigned long long)done,
           hlthunk_completion_status_get_name(result.status));
    hlthunk_command_buffer_unref(packets);
    hlthunk_device_unref(device);
    close(options.eventfd);
    close(loop);
    return done != COUNT;
}
