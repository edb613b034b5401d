/* SPDX-License-Identifier: MIT */
/*
 * Events: the eventfd that the driver signals, the mask of what has happened, and the records of
 * it.  0 or -errno with a text; outputs are written on success only.
 */
#ifndef HL_OP_EVENT_H
#define HL_OP_EVENT_H

#include <stdint.h>

struct hl_info_razwi_event;
struct hl_6_1_razwi_event;
struct hl_page_fault_info;
struct hl_user_mapping;

/* HL_INFO_REGISTER_EVENTFD: one per device file. */
int hl_event_register(int fd, int eventfd);
int hl_event_unregister(int fd, int eventfd);

/* HL_INFO_GET_EVENTS: the mask HL_NOTIFIER_EVENT_*, which this clears. */
int hl_event_mask(int fd, uint64_t *mask);

/* No limit, as a timeout of hl_event_wait(). */
#define HL_EVENT_INDEFINITELY UINT64_MAX

/*
 * Waits for the eventfd and takes its count and the mask: *count 0 when the time is over.  -EINTR
 * on a signal, which may be meant to end the wait.  Never blocks in read(), whoever else reads.
 */
int hl_event_wait(int fd, int eventfd, uint64_t timeout_ms, uint64_t *mask, uint64_t *count);

/* The first half of it: waits until the deadline (hl_deadline_ns()) and takes the count. */
int hl_event_wait_count(int eventfd, uint64_t deadline_ns, uint64_t *count);

/* HL_INFO_RAZWI_EVENT; what Linux 6.1 answers is translated.  All 0 when there was none. */
int hl_event_razwi(int fd, struct hl_info_razwi_event *event);
void hl_razwi_from_6_1(const struct hl_6_1_razwi_event *old, struct hl_info_razwi_event *event);

/* HL_INFO_PAGE_FAULT_EVENT (6.3 on) */
int hl_event_page_fault(int fd, struct hl_page_fault_info *event);

/*
 * HL_INFO_USER_MAPPINGS (6.3 on): what was mapped when the page fault happened.  *count is how
 * many there are, and set with -ENOMEM too, when they are more than max.
 */
int hl_event_user_mappings(int fd, struct hl_user_mapping *mappings, uint32_t max, uint32_t *count);

#endif
