/* SPDX-License-Identifier: MIT */
/*
 * The event notifier: what happens to a device, as typed records.
 *
 * The driver signals an eventfd, keeps a mask of what has happened and one record of each kind.
 * The notifier reads all three together and gives one event at a time.
 */
#ifndef HLTHUNK_NOTIFIER_H
#define HLTHUNK_NOTIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device;
struct hlthunk_event_notifier;

/* The numbers are the bits of the driver's mask (HL_NOTIFIER_EVENT_*); 7 to 10 from Linux 6.3 on.
 */
enum hlthunk_event_kind {
    HLTHUNK_EVENT_TPC_ASSERT = 0,
    HLTHUNK_EVENT_UNDEFINED_OPCODE = 1,
    HLTHUNK_EVENT_DEVICE_RESET = 2, /* the device is reset: drop what came from it */
    HLTHUNK_EVENT_CS_TIMEOUT = 3,
    HLTHUNK_EVENT_DEVICE_UNAVAILABLE = 4,
    HLTHUNK_EVENT_ENGINE_ERROR = 5,
    HLTHUNK_EVENT_GENERAL_HW_ERROR = 6,
    HLTHUNK_EVENT_RAZWI = 7,      /* access to an address that is not allowed */
    HLTHUNK_EVENT_PAGE_FAULT = 8, /* access to an address that is not mapped */
    HLTHUNK_EVENT_CRITICAL_HW_ERROR = 9,
    HLTHUNK_EVENT_CRITICAL_FW_ERROR = 10,
};

/* Bits of the mask; kinds without a name here are numbers below it. */
#define HLTHUNK_EVENT_KIND_COUNT 64

#define HLTHUNK_EVENT_MAX_ENGINES 128

/* Engine IDs are those of the ASIC (enum gaudi2_engine_id …), 0xffff where it has none. */
struct hlthunk_event {
    size_t struct_size; /* set by the caller: sizeof(struct hlthunk_event) */
    enum hlthunk_event_kind kind;
    bool recorded; /* .timestamp_ns and what belongs to .kind hold; some kinds have none */
    uint8_t reserved[3];
    int64_t timestamp_ns; /* wall clock of the first of its kind since the device was opened */
    uint64_t address;     /* RAZWI, PAGE_FAULT: accessed; UNDEFINED_OPCODE: of the buffer */
    uint64_t sequence;    /* CS_TIMEOUT: the submission */
    uint32_t number;      /* CRITICAL_HW_ERROR, CRITICAL_FW_ERROR: the firmware's event */
    uint32_t count;       /* ENGINE_ERROR: errors; UNDEFINED_OPCODE: bytes of the buffer */
    uint32_t stream;      /* UNDEFINED_OPCODE */
    bool heartbeat_lost;  /* CRITICAL_FW_ERROR: the firmware no longer answers */
    bool read, write;     /* RAZWI, where the hardware tells */
    uint8_t reserved2[1];
    uint16_t engine_count; /* candidates in .engines; 0: not known */
    uint16_t reserved3[3];
    uint16_t engines[HLTHUNK_EVENT_MAX_ENGINES];
};

struct hlthunk_event_notifier_options {
    size_t struct_size; /* sizeof(struct hlthunk_event_notifier_options) */
    const char *label;  /* for leak reports; copied (the first 31 bytes); may be NULL */
};

/**
 * hlthunk_event_notifier_create() - receive a device's events
 * @device: an open node; Linux 6.12 has no events on a control node
 * @options: NULL for defaults
 * @notifier: receives a reference that is the caller's
 *
 * The driver has one notifier per open device file: -EBUSY when there is one, also one that
 * hlthunk_notifier_create() made.  -EOPNOTSUPP on a control node.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_event_notifier_create(struct hlthunk_device *device,
                              const struct hlthunk_event_notifier_options *options,
                              struct hlthunk_event_notifier **notifier);

/* One more reference; returns the notifier.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_event_notifier *
hlthunk_event_notifier_ref(struct hlthunk_event_notifier *notifier);

/* Gives a reference back; NULL is allowed.  The last one ends the notifier.  Any thread.
 * Since: 0.9 */
HLTHUNK_API void hlthunk_event_notifier_unref(struct hlthunk_event_notifier *notifier);

/**
 * hlthunk_event_notifier_borrow_fd() - the eventfd, for poll() and its like
 *
 * Readable when something has happened; not to be read or closed.  Events that
 * hlthunk_event_notifier_wait() has yet to give out do not show there: after poll(), call it with
 * timeout 0 until -ETIMEDOUT.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_event_notifier_borrow_fd(const struct hlthunk_event_notifier *notifier);

/**
 * hlthunk_event_notifier_wait() - the next event
 * @timeout_ns: 0 does not wait, a negative one waits without limit
 * @event: .struct_size must be set; receives as much as that holds
 *
 * Of several that came together the lowest number is given first.  -ETIMEDOUT when the time is
 * over; -EINTR on a signal; -ENODEV when the device is gone.  A stale device still has its last
 * events: this works after a reset.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_event_notifier_wait(struct hlthunk_event_notifier *notifier, int64_t timeout_ns,
                            struct hlthunk_event *event);

/* A name for people; "unknown" for other values.  Never NULL.  Since: 0.9 */
HLTHUNK_API const char *hlthunk_event_kind_get_name(enum hlthunk_event_kind kind);

HLTHUNK_END_DECLS

#endif
