/* SPDX-License-Identifier: MIT */
/* Event records, the page fault with its mappings, and the notifier. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/classic/convention.h"
#include "lib/classic/convert.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/op/op_event.h"
#include "lib/op/op_info.h"

static int record(int fd, enum hlthunk_event_record_id id, void *buf)
{
    union {
        struct hl_info_last_err_open_dev_time open_time;
        struct hl_info_cs_timeout_event cs_timeout;
        struct hl_info_razwi_event razwi;
        struct hl_info_undefined_opcode_event opcode;
        struct hl_info_hw_err_event hw;
        struct hl_info_fw_err_event fw;
        struct hl_info_engine_err_event engine;
    } a;
    int rc;

    memset(&a, 0, sizeof(a));
    switch (id) {
    case HLTHUNK_OPEN_DEV:
        rc = hl_info_get(fd, HL_INFO_LAST_ERR_OPEN_DEV_TIME, &a.open_time, sizeof(a.open_time));
        if (rc == 0)
            *(struct hlthunk_event_record_open_dev_time *)buf =
                (struct hlthunk_event_record_open_dev_time){ a.open_time.timestamp };
        return rc;
    case HLTHUNK_CS_TIMEOUT:
        rc = hl_info_get(fd, HL_INFO_CS_TIMEOUT_EVENT, &a.cs_timeout, sizeof(a.cs_timeout));
        if (rc == 0)
            *(struct hlthunk_event_record_cs_timeout *)buf =
                (struct hlthunk_event_record_cs_timeout){ a.cs_timeout.timestamp,
                                                          a.cs_timeout.seq };
        return rc;
    case HLTHUNK_RAZWI_EVENT:
        rc = hl_event_razwi(fd, &a.razwi);
        if (rc == 0)
            hl_razwi_from_uapi(&a.razwi, buf);
        return rc;
    case HLTHUNK_UNDEFINED_OPCODE:
        rc = hl_info_get(fd, HL_INFO_UNDEFINED_OPCODE_EVENT, &a.opcode, sizeof(a.opcode));
        if (rc == 0)
            hl_undefined_opcode_from_uapi(&a.opcode, buf);
        return rc;
    case HLTHUNK_HW_ERR_OPCODE:
        rc = hl_info_get(fd, HL_INFO_HW_ERR_EVENT, &a.hw, sizeof(a.hw));
        if (rc == 0)
            *(struct hlthunk_event_record_critical_hw_err *)buf =
                (struct hlthunk_event_record_critical_hw_err){ a.hw.timestamp, a.hw.event_id };
        return rc;
    case HLTHUNK_FW_ERR_OPCODE:
        rc = hl_info_get(fd, HL_INFO_FW_ERR_EVENT, &a.fw, sizeof(a.fw));
        if (rc == 0)
            *(struct hlthunk_event_record_critical_fw_err *)buf =
                (struct hlthunk_event_record_critical_fw_err){
                    a.fw.timestamp,
                    (enum hl_info_fw_err_type)a.fw.err_type,
                    a.fw.event_id,
                };
        return rc;
    case HLTHUNK_ENGINE_EVENT:
        rc = hl_info_get(fd, HL_INFO_USER_ENGINE_ERR_EVENT, &a.engine, sizeof(a.engine));
        if (rc == 0)
            *(struct hlthunk_event_record_engine_err *)buf =
                (struct hlthunk_event_record_engine_err){ a.engine.timestamp, a.engine.engine_id,
                                                          a.engine.error_count };
        return rc;
    }
    return hl_err(-EINVAL, "event_id %d is not an enum hlthunk_event_record_id", (int)id);
}

int hlthunk_get_event_record(int fd, enum hlthunk_event_record_id event_id, void *buf)
{
    if (!buf)
        return hl_classic(hl_err(-EINVAL, "buf is NULL"));
    return hl_classic(record(fd, event_id, buf));
}

int hlthunk_get_page_fault_info(int fd, struct hlthunk_page_fault_info *pf,
                                uint32_t num_of_allocated_mappings)
{
    struct hl_page_fault_info fault;
    uint32_t count = UINT32_MAX;
    int rc;

    _Static_assert(sizeof(struct hlthunk_user_mapping) == sizeof(struct hl_user_mapping),
                   "one array serves as the other");
    if (!pf)
        return hl_classic(hl_err(-EINVAL, "pf is NULL"));
    rc = hl_event_page_fault(fd, &fault);
    if (rc == 0) {
        pf->timestamp = fault.timestamp;
        pf->addr = fault.addr;
        pf->engine_id = fault.engine_id;
        rc = hl_event_user_mappings(fd, (struct hl_user_mapping *)pf->mappings_buf,
                                    num_of_allocated_mappings, &count);
    }
    pf->num_of_mappings = count;
    return hl_classic(rc);
}

int hlthunk_notifier_create(int fd)
{
    int rc, handle = eventfd(0, EFD_CLOEXEC);

    if (handle < 0)
        return hl_classic(hl_err(-errno, "no eventfd: %s", strerror(errno)));
    handle = hl_fd_sanitize(handle);
    if (handle < 0)
        return hl_classic(hl_err(handle, "the eventfd: %s", strerror(-handle)));
    rc = hl_event_register(fd, handle);
    if (rc) {
        close(handle);
        return hl_classic(rc);
    }
    return handle;
}

int hlthunk_notifier_release(int fd, int handle)
{
    int rc = hl_event_unregister(fd, handle);

    if (rc == 0 && close(handle))
        rc = hl_err(-errno, "eventfd %d could not be closed", handle);
    return hl_classic(rc);
}

int hlthunk_notifier_recv(int fd, int handle, uint64_t *notifier_events, uint64_t *notifier_cnt,
                          uint32_t flags, uint32_t timeout)
{
    (void)flags;
    if (!notifier_events || !notifier_cnt)
        return hl_classic(
            hl_err(-EINVAL, "%s is NULL", notifier_events ? "notifier_cnt" : "notifier_events"));
    return hl_classic(hl_event_wait(fd, handle,
                                    timeout == UINT32_MAX ? HL_EVENT_INDEFINITELY : timeout,
                                    notifier_events, notifier_cnt));
}
