/* SPDX-License-Identifier: MIT */
/*
 * The event notifier: what happens to a device, as typed records.
 *
 * The driver signals an eventfd, and keeps a mask of what has happened and one record of each kind.
 * The notifier reads all three and returns one event at a time.
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

/**
 * enum hlthunk_event_kind - what happened to a device
 * @HLTHUNK_EVENT_TPC_ASSERT: a TPC kernel ran into an assertion
 * @HLTHUNK_EVENT_UNDEFINED_OPCODE: a queue found a packet that it does not know
 * @HLTHUNK_EVENT_DEVICE_RESET: the device is reset: release what belongs to it; Goya on Linux 6.1:
 *   only its engines are, memory stays
 * @HLTHUNK_EVENT_CS_TIMEOUT: a submission exceeded its timeout
 * @HLTHUNK_EVENT_DEVICE_UNAVAILABLE: the device is about to become unavailable
 * @HLTHUNK_EVENT_ENGINE_ERROR: an engine reported an error of the program's
 * @HLTHUNK_EVENT_GENERAL_HW_ERROR: an error of the hardware
 * @HLTHUNK_EVENT_RAZWI: access to an address that is not allowed
 * @HLTHUNK_EVENT_PAGE_FAULT: access to an address that is not mapped
 * @HLTHUNK_EVENT_CRITICAL_HW_ERROR: a critical error of the hardware
 * @HLTHUNK_EVENT_CRITICAL_FW_ERROR: a critical error of the firmware
 *
 * The values are the bits of the driver's mask; 7 to 10 exist since Linux 6.3.  Other values below
 * HLTHUNK_EVENT_KIND_COUNT are kinds that this version of the library has no name for.
 *
 * Source: HL_NOTIFIER_EVENT_* of the kernel.
 * Since: 0.9
 */
enum hlthunk_event_kind {
    HLTHUNK_EVENT_TPC_ASSERT = 0,
    HLTHUNK_EVENT_UNDEFINED_OPCODE = 1,
    HLTHUNK_EVENT_DEVICE_RESET = 2,
    HLTHUNK_EVENT_CS_TIMEOUT = 3,
    HLTHUNK_EVENT_DEVICE_UNAVAILABLE = 4,
    HLTHUNK_EVENT_ENGINE_ERROR = 5,
    HLTHUNK_EVENT_GENERAL_HW_ERROR = 6,
    HLTHUNK_EVENT_RAZWI = 7,
    HLTHUNK_EVENT_PAGE_FAULT = 8,
    HLTHUNK_EVENT_CRITICAL_HW_ERROR = 9,
    HLTHUNK_EVENT_CRITICAL_FW_ERROR = 10,
};

/** define HLTHUNK_EVENT_KIND_COUNT - the number of bits in the driver's mask of events */
#define HLTHUNK_EVENT_KIND_COUNT 64

/** define HLTHUNK_EVENT_MAX_ENGINES - the most engines that an event names */
#define HLTHUNK_EVENT_MAX_ENGINES 128

/**
 * struct hlthunk_event - one event of a device
 * @struct_size: set by the caller: sizeof(struct hlthunk_event)
 * @kind: what happened
 * @recorded: @timestamp_ns and the members of this @kind are valid; some kinds have no record
 * @timestamp_ns: when, by CLOCK_MONOTONIC, the first of this kind since the device was opened came
 * @address: RAZWI and PAGE_FAULT: the address accessed; UNDEFINED_OPCODE: of the command buffer
 * @sequence: CS_TIMEOUT: the submission
 * @number: CRITICAL_HW_ERROR and CRITICAL_FW_ERROR: the firmware's number of the event
 * @count: ENGINE_ERROR: number of errors; UNDEFINED_OPCODE: bytes of the command buffer
 * @stream: UNDEFINED_OPCODE: the stream of the queue
 * @heartbeat_lost: CRITICAL_FW_ERROR: the firmware no longer answers
 * @read: RAZWI: a read, where the hardware reports it
 * @write: RAZWI: a write, where the hardware reports it
 * @engine_count: number of candidates in @engines; 0: not known
 * @engines: engine IDs of the ASIC (enum gaudi2_engine_id …); 0xffff where it has none
 *
 * Since: 0.9
 */
struct hlthunk_event {
    size_t struct_size;
    enum hlthunk_event_kind kind;
    bool recorded;
    uint8_t reserved[3];
    int64_t timestamp_ns;
    uint64_t address;
    uint64_t sequence;
    uint32_t number;
    uint32_t count;
    uint32_t stream;
    bool heartbeat_lost;
    bool read, write;
    uint8_t reserved2[1];
    uint16_t engine_count;
    uint16_t reserved3[3];
    uint16_t engines[HLTHUNK_EVENT_MAX_ENGINES];
};

/**
 * struct hlthunk_event_notifier_options - options of hlthunk_event_notifier_create()
 * @struct_size: sizeof(struct hlthunk_event_notifier_options)
 * @label: name in leak reports; the first 31 bytes are copied; may be NULL
 *
 * Since: 0.9
 */
struct hlthunk_event_notifier_options {
    size_t struct_size;
    const char *label;
};

/**
 * hlthunk_event_notifier_create() - receive a device's events
 * @device: an open node
 * @options: NULL for defaults
 * @notifier: receives a reference that the caller owns
 *
 * The driver has one notifier per device file.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EBUSY: the device file already has a notifier, possibly one of hlthunk_notifier_create()
 *   -EOPNOTSUPP: @device is a control node, which has no events on this kernel (Linux 6.12)
 *   -EMFILE, -ENFILE: no descriptor is left for an eventfd
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_event_notifier_create(struct hlthunk_device *device,
                              const struct hlthunk_event_notifier_options *options,
                              struct hlthunk_event_notifier **notifier);

/**
 * hlthunk_event_notifier_ref() - take one more reference to an event notifier
 * @notifier: the notifier
 *
 * Return: @notifier.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_event_notifier *
hlthunk_event_notifier_ref(struct hlthunk_event_notifier *notifier);

/**
 * hlthunk_event_notifier_unref() - drop a reference to an event notifier
 * @notifier: the notifier; NULL is allowed
 *
 * The last one ends the notifier; the device file can then have another one.
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_event_notifier_unref(struct hlthunk_event_notifier *notifier);

/**
 * hlthunk_event_notifier_borrow_fd() - borrow the eventfd of an event notifier
 * @notifier: the notifier
 *
 * For poll() and the like: readable when something has happened.  Events that
 * hlthunk_event_notifier_wait() has fetched but not returned yet do not make it readable: after
 * poll(), call that with a timeout of 0 until it returns -ETIMEDOUT.
 *
 * Return: the eventfd, valid while the notifier lives; neither to be read nor to be closed.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_event_notifier_borrow_fd(const struct hlthunk_event_notifier *notifier);

/**
 * hlthunk_event_notifier_wait() - wait for the next event
 * @notifier: the notifier
 * @timeout_ns: 0 does not wait, negative waits indefinitely
 * @event: .struct_size must be set; receives as much as it has room for
 *
 * Of several events that came together, the one with the lowest value comes first.  Works on a
 * stale device, which still has its last events.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ETIMEDOUT: no event within @timeout_ns
 *   -EINTR: a signal arrived
 *   -ENODEV: the device was removed
 *
 * Context: one thread per notifier at a time; sleeps for up to @timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_event_notifier_wait(struct hlthunk_event_notifier *notifier, int64_t timeout_ns,
                            struct hlthunk_event *event);

/**
 * hlthunk_event_kind_get_name() - get the name of a kind of event
 * @kind: the kind
 *
 * Return: a static text such as "page fault"; "unknown" for other values.  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_event_kind_get_name(enum hlthunk_event_kind kind);

HLTHUNK_END_DECLS

#endif
