/* SPDX-License-Identifier: MIT */
#include <hlthunk/notifier.h>

#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/kernel/deadline.h"
#include "lib/device/device.h"
#include "lib/device/events.h"
#include "lib/device/stale.h"
#include "lib/core/object.h"
#include "lib/op/op_event.h"
#include "lib/op/op_info.h"
#include "lib/options.h"
#include "uapi/habanalabs_accel.h"

struct hlthunk_event_notifier {
    struct hl_object object;
    int eventfd; /* the device's, which has it while this lives */
};

/* A child of fork() has the same device file: it must not end its parent's notifier. */
static void destroy(struct hl_object *o)
{
    if (hl_object_is_ours(o))
        hl_events_leave(o->device, true);
    hl_object_free(o);
}

static const struct hl_object_ops ops = { .kind = "event notifier", .destroy = destroy };

int hlthunk_event_notifier_create(struct hlthunk_device *d,
                                  const struct hlthunk_event_notifier_options *options,
                                  struct hlthunk_event_notifier **out)
{
    struct hlthunk_event_notifier_options o;
    struct hlthunk_event_notifier *n;
    int rc = hl_device_check(d);

    if (rc)
        return rc;
    if (!out)
        return hl_err(-EINVAL, "notifier is NULL");
    rc = HL_OPTIONS_READ(o, options);
    if (rc)
        return rc;
    n = calloc(1, sizeof(*n));
    if (!n)
        return hl_err(-ENOMEM, "no memory for a notifier");
    rc = hl_events_join(d, true);
    if (rc) {
        free(n);
        return hl_device_failed(d, rc);
    }
    n->eventfd = hl_events_fd(d);
    hl_object_init(&n->object, &ops, &d->base, o.label, __builtin_return_address(0));
    hl_object_list(&n->object);
    *out = n;
    return 0;
}

struct hlthunk_event_notifier *hlthunk_event_notifier_ref(struct hlthunk_event_notifier *n)
{
    hl_object_get(&n->object);
    return n;
}

void hlthunk_event_notifier_unref(struct hlthunk_event_notifier *n)
{
    if (n)
        hl_object_put(&n->object);
}

int hlthunk_event_notifier_borrow_fd(const struct hlthunk_event_notifier *n)
{
    return n->eventfd;
}

static int razwi(int fd, struct hlthunk_event *e)
{
    struct hl_info_razwi_event r;
    int rc = hl_event_razwi(fd, &r);

    _Static_assert(HLTHUNK_EVENT_MAX_ENGINES == HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR, "all of them");
    if (rc)
        return rc;
    e->timestamp_ns = r.timestamp;
    e->address = r.addr;
    e->read = r.flags & HL_RAZWI_READ;
    e->write = r.flags & HL_RAZWI_WRITE;
    e->engine_count = r.num_of_possible_engines;
    memcpy(e->engines, r.engine_id, e->engine_count * sizeof(e->engines[0]));
    return 0;
}

static void one_engine(struct hlthunk_event *e, uint16_t id)
{
    e->engines[0] = id;
    e->engine_count = id != HL_RAZWI_NA_ENG_ID;
}

/* The driver's record for the kind: 0, or why there is none.  Pure where the kind has none. */
static int read_record(int fd, struct hlthunk_event *e)
{
    union {
        struct hl_info_undefined_opcode_event opcode;
        struct hl_info_cs_timeout_event timeout;
        struct hl_info_engine_err_event engine;
        struct hl_page_fault_info fault;
        struct hl_info_hw_err_event hw;
        struct hl_info_fw_err_event fw;
    } a;
    int rc;

    memset(&a, 0, sizeof(a));
    switch (e->kind) {
    case HLTHUNK_EVENT_UNDEFINED_OPCODE:
        rc = hl_info_get(fd, HL_INFO_UNDEFINED_OPCODE_EVENT, &a.opcode, sizeof(a.opcode));
        if (rc)
            return rc;
        e->timestamp_ns = a.opcode.timestamp;
        e->address = a.opcode.cq_addr;
        e->count = a.opcode.cq_size;
        e->stream = a.opcode.stream_id;
        one_engine(e, (uint16_t)a.opcode.engine_id);
        return 0;
    case HLTHUNK_EVENT_CS_TIMEOUT:
        rc = hl_info_get(fd, HL_INFO_CS_TIMEOUT_EVENT, &a.timeout, sizeof(a.timeout));
        e->timestamp_ns = a.timeout.timestamp;
        e->sequence = a.timeout.seq;
        return rc;
    case HLTHUNK_EVENT_ENGINE_ERROR:
        rc = hl_info_get(fd, HL_INFO_USER_ENGINE_ERR_EVENT, &a.engine, sizeof(a.engine));
        if (rc)
            return rc;
        e->timestamp_ns = a.engine.timestamp;
        e->count = a.engine.error_count;
        one_engine(e, a.engine.engine_id);
        return 0;
    case HLTHUNK_EVENT_RAZWI:
        return razwi(fd, e);
    case HLTHUNK_EVENT_PAGE_FAULT:
        rc = hl_event_page_fault(fd, &a.fault);
        if (rc)
            return rc;
        e->timestamp_ns = a.fault.timestamp;
        e->address = a.fault.addr;
        one_engine(e, a.fault.engine_id);
        return 0;
    case HLTHUNK_EVENT_CRITICAL_HW_ERROR:
        rc = hl_info_get(fd, HL_INFO_HW_ERR_EVENT, &a.hw, sizeof(a.hw));
        e->timestamp_ns = a.hw.timestamp;
        e->number = a.hw.event_id;
        return rc;
    case HLTHUNK_EVENT_CRITICAL_FW_ERROR:
        rc = hl_info_get(fd, HL_INFO_FW_ERR_EVENT, &a.fw, sizeof(a.fw));
        e->timestamp_ns = a.fw.timestamp;
        e->number = a.fw.event_id;
        e->heartbeat_lost = rc == 0 && a.fw.timestamp && a.fw.err_type == HL_INFO_FW_HEARTBEAT_ERR;
        return rc;
    default:
        return -EOPNOTSUPP;
    }
}

/* Not hl_object_check(): after a reset the object is stale, and its last events are of interest. */
static int check(const struct hlthunk_event_notifier *n, const struct hlthunk_event *event)
{
    int rc = n ? hl_struct_check(event, "event") : hl_err(-EINVAL, "notifier is NULL");

    if (rc)
        return rc;
    if (!hl_object_is_ours(&n->object))
        return hl_err(-EPERM, "notifier was made by the parent of this process");
    return 0;
}

int hlthunk_event_notifier_wait(struct hlthunk_event_notifier *n, int64_t timeout_ns,
                                struct hlthunk_event *event)
{
    struct hlthunk_event e = { 0 };
    uint64_t deadline, count;
    struct hlthunk_device *d;
    struct hl_err_kept kept;
    int kind, rc = check(n, event);

    if (rc)
        return rc;
    d = n->object.device;
    deadline = hl_deadline_after(timeout_ns);
    while ((kind = hl_events_take(d)) < 0) {
        rc = hl_event_wait_count(n->eventfd, deadline, &count);
        if (rc)
            return rc;
        if (!count)
            return hl_err(-ETIMEDOUT, "no event within %lld ns", (long long)timeout_ns);
        rc = hl_events_fetch(d);
        if (rc)
            return rc;
    }
    e.kind = (enum hlthunk_event_kind)kind;
    hl_err_begin(&kept); /* an event without a record is one, too */
    e.recorded = read_record(d->fd, &e) == 0 && e.timestamp_ns != 0;
    hl_err_end(&kept, 0);
    HL_STRUCT_FILL(event, e);
    return 0;
}

const char *hlthunk_event_kind_get_name(enum hlthunk_event_kind kind)
{
    static const char *const names[] = {
        [HLTHUNK_EVENT_TPC_ASSERT] = "TPC assert",
        [HLTHUNK_EVENT_UNDEFINED_OPCODE] = "undefined opcode",
        [HLTHUNK_EVENT_DEVICE_RESET] = "device reset",
        [HLTHUNK_EVENT_CS_TIMEOUT] = "submission timeout",
        [HLTHUNK_EVENT_DEVICE_UNAVAILABLE] = "device unavailable",
        [HLTHUNK_EVENT_ENGINE_ERROR] = "engine error",
        [HLTHUNK_EVENT_GENERAL_HW_ERROR] = "hardware error",
        [HLTHUNK_EVENT_RAZWI] = "illegal access",
        [HLTHUNK_EVENT_PAGE_FAULT] = "page fault",
        [HLTHUNK_EVENT_CRITICAL_HW_ERROR] = "critical hardware error",
        [HLTHUNK_EVENT_CRITICAL_FW_ERROR] = "critical firmware error",
    };

    return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}
