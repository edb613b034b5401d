/* SPDX-License-Identifier: MIT */
#include "lib/op/op_open.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hlthunk/error.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/errno.h"
#include "lib/kernel/node.h"
#include "lib/kernel/pci_address.h"
#include "lib/kernel/sysfs.h"
#include "lib/op/choice.h"
#include "lib/op/op_info.h"
#include "lib/op/open_error.h"
#include "uapi/habanalabs_accel.h"

/* Pauses between attempts: short at first (a release takes milliseconds), then rarer. */
#define PAUSE_MIN_US 500
#define PAUSE_MAX_US 50000

/* One attempt.  *explained: the text is set, and is the reason. */
static int open_once(const struct hlthunk_device_entry *e, bool control, char *path, size_t size,
                     bool *explained)
{
    int fd, rc = hl_node_find(e, control, path, size);

    *explained = rc != 0;
    if (rc)
        return rc;
    do {
        fd = open(path, O_RDWR | O_CLOEXEC);
        rc = fd < 0 ? hl_errno() : 0;
    } while (rc == -EINTR);
    if (rc)
        return rc;
    rc = hl_node_check(fd, e, control, path);
    if (rc) {
        close(fd);
        *explained = true;
        return rc;
    }
    return hl_fd_sanitize(fd);
}

/* ---- what a device is ---- */

static int ask_control(const struct hlthunk_device_entry *e, struct hl_info_hw_ip_info *ip)
{
    int fd = hl_open_node(e, true), rc;

    if (fd < 0)
        return fd;
    memset(ip, 0, sizeof(*ip));
    rc = hl_info_get(fd, HL_INFO_HW_IP_INFO, ip, sizeof(*ip));
    close(fd);
    return rc;
}

int hl_entry_module_id(const struct hlthunk_device_entry *e, uint32_t *module_id)
{
    struct hl_info_hw_ip_info ip;
    char text[32], *end;
    unsigned long x;
    int rc = hl_attribute_read("", e, "module_id", text, sizeof(text));

    if (hl_is_exhausted(rc))
        return hl_err(rc, "module_id of %s cannot be read: %s", e->node, strerror(-rc));
    if (rc) {
        rc = ask_control(e, &ip);
        if (rc == 0)
            *module_id = ip.module_id;
        return rc;
    }
    x = strtoul(text, &end, 0);
    if (end == text || *end || x > UINT32_MAX)
        return hl_err(-EIO, "module_id of %s is \"%s\"", e->node, text);
    *module_id = (uint32_t)x;
    return 0;
}

int hl_entry_asic(struct hlthunk_device_entry *e)
{
    struct hl_info_hw_ip_info ip;
    int rc = hl_entry_identify("", e);

    if (hl_is_exhausted(rc))
        return hl_err(rc, "the ASIC of %s cannot be read: %s", e->node, strerror(-rc));
    rc = rc ? ask_control(e, &ip) : 0;
    if (rc == 0 && !e->pci_device_id) {
        e->pci_device_id = (uint16_t)ip.device_id;
        e->asic = hl_asic_of_pci_id(ip.device_id);
    }
    return rc;
}

/* ---- which device ---- */

struct wanted {
    const struct hlthunk_device_options *o;
    struct hl_pci_address pci;
    struct hl_choice choice;
};

static int has_module_id(const struct hlthunk_device_entry *e, uint32_t wanted)
{
    uint32_t module_id;
    int rc = hl_entry_module_id(e, &module_id);

    return rc ? rc : module_id == wanted;
}

/*
 * Does the entry fit the selection, of a choice the at-th?  1, 0, or -errno with a text when it
 * cannot be known.  Reads sysfs only where the selection needs it.
 */
static int selected(const struct wanted *w, uint32_t at, struct hlthunk_device_entry *e)
{
    const struct hlthunk_device_options *o = w->o;
    struct hl_pci_address a;
    int rc;

    if (w->choice.from)
        return w->choice.modules ? has_module_id(e, w->choice.id[at])
                                 : e->index == w->choice.id[at];
    switch (o->select) {
    case HLTHUNK_SELECT_ANY:
    case HLTHUNK_SELECT_INDEX_LIST:
    case HLTHUNK_SELECT_MODULE_ID_LIST:
        return 1;
    case HLTHUNK_SELECT_INDEX:
        return e->index == o->index;
    case HLTHUNK_SELECT_PCI_ADDRESS:
        if (!*e->pci_address)
            return hl_err(-ENODATA, "the PCI address of %s is not known: /sys cannot be read",
                          e->node);
        return hl_pci_parse(e->pci_address, &a) && hl_pci_equal(&a, &w->pci);
    case HLTHUNK_SELECT_MODULE_ID:
        return has_module_id(e, o->module_id);
    case HLTHUNK_SELECT_ASIC:
        rc = hl_entry_asic(e);
        return rc ? rc : e->asic == o->asic;
    }
    return 0;
}

static int check(const struct hlthunk_device_options *o, struct hl_pci_address *pci)
{
    switch (o->select) {
    case HLTHUNK_SELECT_INDEX_LIST:
    case HLTHUNK_SELECT_MODULE_ID_LIST:
    case HLTHUNK_SELECT_ANY:
    case HLTHUNK_SELECT_INDEX:
    case HLTHUNK_SELECT_MODULE_ID:
        return 0;
    case HLTHUNK_SELECT_PCI_ADDRESS:
        if (!o->pci_address)
            return hl_err(-EINVAL, "options->pci_address is NULL");
        if (!hl_pci_parse(o->pci_address, pci))
            return hl_err(
                -EINVAL, "options->pci_address \"%.40s\" is not a PCI address such as 0000:0d:00.0",
                o->pci_address);
        return 0;
    case HLTHUNK_SELECT_ASIC:
        if (o->asic <= HLTHUNK_ASIC_UNKNOWN || o->asic > HLTHUNK_ASIC_GAUDI2)
            return hl_err(-EINVAL, "options->asic is %d, which is not an ASIC", (int)o->asic);
        return 0;
    }
    return hl_err(-EINVAL, "options->select is %d, which is not a way to choose a device",
                  (int)o->select);
}

static int none(const struct wanted *w, size_t devices)
{
    const struct hlthunk_device_options *o = w->o;
    char what[80] = "";

    if (!devices)
        return hl_err(-ENODEV, "this machine has no Habana device, or its driver is not loaded");
    if (w->choice.from)
        return hl_err(
            -ENODEV, "no Habana device of this machine is in %s, a list of %u %s (devices: %zu)",
            w->choice.from, w->choice.count, w->choice.modules ? "module IDs" : "indices", devices);
    if (o->select == HLTHUNK_SELECT_PCI_ADDRESS)
        snprintf(what, sizeof(what), "PCI address %s", o->pci_address);
    else if (o->select == HLTHUNK_SELECT_INDEX)
        snprintf(what, sizeof(what), "index %u", o->index);
    else if (o->select == HLTHUNK_SELECT_MODULE_ID)
        snprintf(what, sizeof(what), "module ID %u", o->module_id);
    else
        snprintf(what, sizeof(what), "ASIC %s", hlthunk_asic_get_name(o->asic));
    return hl_err(-ENODEV, "no Habana device of this machine has %s (devices: %zu)", what, devices);
}

/* A pause that does not outlast the deadline; each is longer than the last. */
static void wait_a_little(uint64_t deadline, useconds_t *pause)
{
    uint64_t left = hl_left_us(deadline);

    usleep(left < *pause ? (useconds_t)left : *pause);
    *pause = *pause < PAUSE_MAX_US / 2 ? *pause * 2 : PAUSE_MAX_US;
}

static bool may_pass(int rc)
{
    return rc == -EBUSY || rc == -EAGAIN;
}

int hl_open_node(const struct hlthunk_device_entry *e, bool control)
{
    char path[HL_NODE_PATH] = "";
    bool explained;
    int fd = open_once(e, control, path, sizeof(path), &explained);

    return fd >= 0 || explained ? fd : hl_open_error(e, path, fd, 0);
}

/* Of several failures the one to report: what may pass, then what exists, then what does not. */
struct failure {
    int weight, rc;
    struct hlthunk_device_entry entry;
    char path[HL_NODE_PATH];
    char text[HL_ERROR_TEXT_SIZE]; /* "": by hl_open_error() */
};

enum { WEIGHT_NONE, WEIGHT_UNKNOWN, WEIGHT_ABSENT, WEIGHT_FAILED, WEIGHT_MAY_PASS };

static void note(struct failure *f, int weight, int rc, const struct hlthunk_device_entry *e,
                 const char *path, bool explained)
{
    if (weight <= f->weight)
        return;
    f->weight = weight;
    f->rc = rc;
    f->entry = *e;
    snprintf(f->path, sizeof(f->path), "%s", path);
    snprintf(f->text, sizeof(f->text), "%s", explained ? hlthunk_last_error() : "");
}

/* One device of the list: its fd, or a negative number when it is not that, for which see *f. */
static int try_one(const struct wanted *w, uint32_t at, struct hlthunk_device_entry *e,
                   struct failure *f)
{
    char path[HL_NODE_PATH] = "";
    bool explained;
    int rc = selected(w, at, e);

    if (rc < 0)
        note(f, hl_is_exhausted(rc) ? WEIGHT_FAILED : WEIGHT_UNKNOWN, rc, e, path, true);
    if (rc <= 0)
        return -ENODEV;
    rc = open_once(e, w->o->control, path, sizeof(path), &explained);
    if (rc < 0)
        note(f,
             may_pass(rc)    ? WEIGHT_MAY_PASS
             : rc == -ENODEV ? WEIGHT_ABSENT
                             : WEIGHT_FAILED,
             rc, e, path, explained);
    return rc;
}

/* One round: the fd, or -errno with *f, or with the text where that has no weight. */
static int try_all(const struct wanted *w, struct hlthunk_device_entry *entry, struct failure *f)
{
    uint32_t rounds = w->choice.from ? w->choice.count : 1;
    struct hlthunk_device_entry *list;
    size_t n;
    int fd = -ENODEV, rc = hl_discover(&list, &n);

    if (rc)
        return rc;
    for (uint32_t at = 0; at < rounds && fd < 0; at++) {
        for (size_t i = 0; i < n && fd < 0; i++) {
            fd = try_one(w, at, &list[i], f);
            if (fd >= 0)
                *entry = list[i];
        }
    }
    free(list);
    return fd >= 0 ? fd : f->weight ? f->rc : none(w, n);
}

int hl_open_selected(const struct hlthunk_device_options *o, struct hlthunk_device_entry *entry)
{
    uint64_t deadline = hl_deadline_after(o->timeout_ns), start = hl_now_ns();
    useconds_t pause = PAUSE_MIN_US;
    struct wanted w = { .o = o };
    struct failure f;
    int fd = check(o, &w.pci);

    fd = fd ? fd : hl_choice_read(o, &w.choice);
    if (fd)
        return fd;
    for (;;) {
        f.weight = WEIGHT_NONE;
        fd = try_all(&w, entry, &f);
        if (fd >= 0 || f.weight != WEIGHT_MAY_PASS || !hl_left_us(deadline))
            break;
        wait_a_little(deadline, &pause);
    }
    if (fd >= 0 || f.weight == WEIGHT_NONE)
        return fd;
    if (*f.text)
        return hl_err(f.rc, "%s", f.text);
    return hl_open_error(&f.entry, f.path, f.rc, o->timeout_ns ? (hl_now_ns() - start) / 1000 : 0);
}
