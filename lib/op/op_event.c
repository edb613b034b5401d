/* SPDX-License-Identifier: MIT */
#include "lib/op/op_event.h"

#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/door.h"
#include "lib/op/op_info.h"
#include "uapi/habanalabs_6_1.h"
#include "uapi/habanalabs_accel.h"

static int set_eventfd(int fd, uint32_t op, int eventfd)
{
    int rc;

    do {
        struct hl_info_args args = { .op = op, .eventfd = (uint32_t)eventfd };

        rc = hl_ioctl(fd, HL_CALL_INFO, &args);
    } while (rc == -EINTR);
    return rc;
}

int hl_event_register(int fd, int eventfd)
{
    int rc = set_eventfd(fd, HL_INFO_REGISTER_EVENTFD, eventfd);

    if (rc == -EINVAL)
        return hl_err(rc, "this device file already has a notifier, or fd %d is not an eventfd",
                      eventfd);
    if (rc == -EOPNOTSUPP)
        return hl_err(rc, "a control node has no events on this kernel: use the primary node");
    if (rc)
        return hl_err(rc, "the driver refused eventfd %d: %s", eventfd, strerror(-rc));
    return 0;
}

int hl_event_unregister(int fd, int eventfd)
{
    int rc = set_eventfd(fd, HL_INFO_UNREGISTER_EVENTFD, eventfd);

    if (rc == -EINVAL)
        return hl_err(rc, "this device file has no notifier");
    if (rc)
        return hl_err(rc, "the driver refused to release eventfd %d: %s", eventfd, strerror(-rc));
    return 0;
}

int hl_event_mask(int fd, uint64_t *mask)
{
    uint64_t answer = 0;
    int rc = hl_info_get(fd, HL_INFO_GET_EVENTS, &answer, sizeof(answer));

    if (rc == 0)
        *mask = answer;
    return rc;
}

/*
 * The counter of an eventfd, without blocking where another reader was faster: RWF_NOWAIT leaves
 * the file's own mode alone, which the program may rely on.  Kernels before 5.8 do not know it for
 * eventfds.
 */
static int take_count(int eventfd, uint64_t *count)
{
    struct iovec iov = { .iov_base = count, .iov_len = sizeof(*count) };
#ifdef RWF_NOWAIT
    ssize_t n = preadv2(eventfd, &iov, 1, -1, RWF_NOWAIT);
#else /* musl has neither the call nor the number; an offset of -1 is two words */
    ssize_t n = syscall(SYS_preadv2, (long)eventfd, &iov, 1L, -1L, -1L, 0x8L);
#endif

    if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        n = read(eventfd, count, sizeof(*count));
    if (n < 0)
        return -errno;
    return n == (ssize_t)sizeof(*count) ? 0 : -EIO;
}

/* 1 when there is something to read, 0 when the time is over, -errno. */
static int poll_once(int eventfd, uint64_t left_us)
{
    struct pollfd p = { .fd = eventfd, .events = POLLIN };
    uint64_t ms = left_us == UINT64_MAX ? UINT64_MAX : (left_us + 999) / 1000;
    int rc = poll(&p, 1, ms == UINT64_MAX ? -1 : ms > INT_MAX ? INT_MAX : (int)ms);

    if (rc < 0)
        return -errno;
    if (p.revents & POLLNVAL)
        return -EBADF;
    if (p.revents & POLLIN)
        return 1;
    return p.revents ? -EIO : 0;
}

int hl_event_wait_count(int eventfd, uint64_t deadline, uint64_t *count)
{
    uint64_t left, n;
    int rc;

    for (;;) {
        left = hl_left_us(deadline);
        rc = poll_once(eventfd, left);
        if (rc < 0)
            return hl_err(rc, "waiting on eventfd %d failed: %s", eventfd, strerror(-rc));
        if (rc == 0 && !hl_left_us(deadline)) {
            *count = 0;
            return 0;
        }
        if (rc == 0)
            continue;
        rc = take_count(eventfd, &n);
        if (rc == 0)
            break;
        if (rc != -EAGAIN)
            return hl_err(rc, "reading eventfd %d failed: %s", eventfd, strerror(-rc));
    }
    *count = n;
    return 0;
}

int hl_event_wait(int fd, int eventfd, uint64_t timeout_ms, uint64_t *mask, uint64_t *count)
{
    uint64_t deadline =
        hl_deadline_ns(timeout_ms > UINT64_MAX / 1000 ? UINT64_MAX : timeout_ms * 1000);
    uint64_t n, events;
    int rc = hl_event_wait_count(eventfd, deadline, &n);

    if (rc == 0 && n)
        rc = hl_event_mask(fd, &events);
    if (rc)
        return rc;
    if (n)
        *mask = events;
    *count = n;
    return 0;
}

void hl_razwi_from_6_1(const struct hl_6_1_razwi_event *old, struct hl_info_razwi_event *event)
{
    memset(event, 0, sizeof(*event));
    event->timestamp = old->timestamp;
    event->addr = old->addr;
    /* as 6.12 does: 0xffff means none, a second ID a second candidate */
    if (!old->timestamp || old->engine_id_1 == HL_RAZWI_NA_ENG_ID)
        return;
    event->engine_id[event->num_of_possible_engines++] = old->engine_id_1;
    if (old->engine_id_2 != HL_RAZWI_NA_ENG_ID)
        event->engine_id[event->num_of_possible_engines++] = old->engine_id_2;
}

int hl_event_razwi(int fd, struct hl_info_razwi_event *event)
{
    /*
     * The layout shows in how much is written: 24 bytes always, 280, or nothing when there is no
     * event (6.12).  No event fills its tail, whose last bytes are padding, with this pattern.
     */
    enum { UNTOUCHED = 0xa5 };
    union {
        struct hl_info_razwi_event now;
        struct hl_6_1_razwi_event old;
        unsigned char bytes[sizeof(struct hl_info_razwi_event)];
    } answer;
    size_t written = sizeof(answer);
    int rc;

    memset(&answer, UNTOUCHED, sizeof(answer));
    rc = hl_info_get(fd, HL_INFO_RAZWI_EVENT, &answer, sizeof(answer));
    if (rc)
        return rc;
    while (written && answer.bytes[written - 1] == UNTOUCHED)
        written--;
    if (written > sizeof(answer.old)) {
        *event = answer.now;
        if (event->num_of_possible_engines > HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR)
            event->num_of_possible_engines = HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR;
    } else if (written) {
        hl_razwi_from_6_1(&answer.old, event);
    } else {
        memset(event, 0, sizeof(*event));
    }
    return 0;
}

int hl_event_page_fault(int fd, struct hl_page_fault_info *event)
{
    struct hl_page_fault_info answer = { 0 };
    int rc = hl_info_get(fd, HL_INFO_PAGE_FAULT_EVENT, &answer, sizeof(answer));

    if (rc == 0)
        *event = answer;
    return rc;
}

int hl_event_user_mappings(int fd, struct hl_user_mapping *mappings, uint32_t max, uint32_t *count)
{
    struct hl_info_args args = { .op = HL_INFO_USER_MAPPINGS };
    int rc;

    if (!mappings || !max)
        return hl_err(-EINVAL, "no room for mappings was given");
    if (max > UINT32_MAX / sizeof(*mappings))
        return hl_err(-EINVAL, "room for %u mappings does not fit the driver's 32-bit size", max);
    rc = hl_info_query(fd, &args, mappings, max * (uint32_t)sizeof(*mappings));
    if (rc == -ENOMEM) {
        *count = args.array_size;
        return hl_err(rc, "there are %u mappings, room is for %u", args.array_size, max);
    }
    if (rc)
        return rc;
    /* what the driver says is not trusted to index the caller's array with */
    *count = args.array_size < max ? args.array_size : max;
    return 0;
}
