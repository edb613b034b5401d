/* SPDX-License-Identifier: MIT */
#include "lib/op/op_open.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/pci_address.h"

/* Pauses between attempts: short at first (a release takes milliseconds), then rarer. */
#define PAUSE_MIN_US 500
#define PAUSE_MAX_US 50000

static int open_once(const char *node)
{
    int fd;

    do {
        fd = open(node, O_RDWR | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : hl_fd_sanitize(fd);
}

/* Linux 6.12 and later refuse to open a node whose driver lacks FOP_UNSIGNED_OFFSET. */
static bool kernel_checks_fop_flags(void)
{
    unsigned a, b;
    struct utsname u;

    return uname(&u) == 0 && sscanf(u.release, "%u.%u", &a, &b) == 2 &&
           (a > 6 || (a == 6 && b >= 12));
}

static int explain(const char *node, int rc, uint64_t waited_us)
{
    char waited[64] = "";

    if (waited_us)
        snprintf(waited, sizeof(waited), " (waited for %llu ms)",
                 (unsigned long long)waited_us / 1000);
    switch (rc) {
    case -EBUSY:
        return hl_err(rc,
                      "%s is busy%s: some process has it open, or still has a dma-buf or a "
                      "mapping of it",
                      node, waited);
    case -EAGAIN:
        return hl_err(rc,
                      "%s is in reset, or still being released by its last user%s; a dma-buf "
                      "that some process has not closed keeps it there on Linux 6.1",
                      node, waited);
    case -EPERM:
        return hl_err(rc, "%s is not operational: the driver has disabled it, or it needs a reset",
                      node);
    case -EACCES:
        return hl_err(rc, "no permission to open %s: check its owner and group", node);
    case -ENOENT:
    case -ENXIO:
    case -ENODEV:
        return hl_err(-ENODEV, "%s: no such device", node);
    case -EINVAL:
        if (kernel_checks_fop_flags())
            return hl_err(rc,
                          "%s cannot be opened on this kernel: its habanalabs driver lacks "
                          "FOP_UNSIGNED_OFFSET, which Linux demands since 6.12 (see "
                          "docs/upstream-defects.md)",
                          node);
        /* fall through */
    default:
        return hl_err(rc, "%s: %s", node, strerror(-rc));
    }
}

/* Does the entry fit the selection?  Reads sysfs only where the selection needs it. */
static bool selected(const struct hlthunk_device_options *o, const struct hl_pci_address *pci,
                     struct hlthunk_device_entry *e)
{
    struct hl_pci_address a;
    char text[32];

    switch (o->select) {
    case HLTHUNK_SELECT_ANY:
        return true;
    case HLTHUNK_SELECT_INDEX:
        return e->index == o->index;
    case HLTHUNK_SELECT_PCI_ADDRESS:
        return hl_pci_parse(e->pci_address, &a) && hl_pci_equal(&a, pci);
    case HLTHUNK_SELECT_MODULE_ID:
        return hl_entry_attribute(e, "module_id", text, sizeof(text)) >= 0 &&
               strtoul(text, NULL, 0) == o->module_id;
    case HLTHUNK_SELECT_ASIC:
        return hl_entry_asic(e) == o->asic;
    }
    return false;
}

static int check(const struct hlthunk_device_options *o, struct hl_pci_address *pci)
{
    switch (o->select) {
    case HLTHUNK_SELECT_ANY:
    case HLTHUNK_SELECT_INDEX:
    case HLTHUNK_SELECT_MODULE_ID:
        return 0;
    case HLTHUNK_SELECT_PCI_ADDRESS:
        if (!o->pci_address)
            return hl_err(-EINVAL, "options->pci_address is NULL");
        if (!hl_pci_parse(o->pci_address, pci))
            return hl_err(-EINVAL,
                          "options->pci_address \"%.40s\" is no PCI address such as 0000:0d:00.0",
                          o->pci_address);
        return 0;
    case HLTHUNK_SELECT_ASIC:
        if (o->asic <= HLTHUNK_ASIC_UNKNOWN || o->asic > HLTHUNK_ASIC_GAUDI2)
            return hl_err(-EINVAL, "options->asic is %d, no ASIC", (int)o->asic);
        return 0;
    }
    return hl_err(-EINVAL, "options->select is %d, no way to choose a device", (int)o->select);
}

static int none(const struct hlthunk_device_options *o, size_t devices)
{
    char what[80] = "";

    if (!devices)
        return hl_err(-ENODEV, "this machine has no Habana device, or its driver is not loaded "
                               "(try a simulated one: hlsim run -- PROGRAM)");
    if (o->select == HLTHUNK_SELECT_PCI_ADDRESS)
        snprintf(what, sizeof(what), "PCI address %s", o->pci_address);
    else if (o->select == HLTHUNK_SELECT_INDEX)
        snprintf(what, sizeof(what), "index %u", o->index);
    else if (o->select == HLTHUNK_SELECT_MODULE_ID)
        snprintf(what, sizeof(what), "module ID %u", o->module_id);
    else
        snprintf(what, sizeof(what), "ASIC %s", hlthunk_asic_get_name(o->asic));
    return hl_err(-ENODEV, "none of this machine's %zu Habana devices has %s", devices, what);
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

int hl_open_node(const char *node, uint64_t timeout_us)
{
    uint64_t start = hl_now_ns(), deadline = hl_deadline_ns(timeout_us);
    useconds_t pause = PAUSE_MIN_US;
    int fd = open_once(node);

    while (may_pass(fd) && hl_left_us(deadline)) {
        wait_a_little(deadline, &pause);
        fd = open_once(node);
    }
    return fd >= 0 ? fd : explain(node, fd, timeout_us ? (hl_now_ns() - start) / 1000 : 0);
}

int hl_open_selected(const struct hlthunk_device_options *o, struct hlthunk_device_entry *entry)
{
    uint64_t deadline = hl_deadline_after(o->timeout_ns), start = hl_now_ns();
    useconds_t pause = PAUSE_MIN_US;
    struct hl_pci_address pci = { 0 };
    struct hlthunk_device_entry *list;
    const char *node;
    char last_node[sizeof(list->node)] = "";
    int rc = check(o, &pci), fd;
    size_t n, matches;
    bool worth_waiting;

    if (rc)
        return rc;
    for (;;) {
        rc = hl_discover(&list, &n);
        if (rc)
            return rc;
        matches = 0;
        worth_waiting = false;
        for (size_t i = 0; i < n; i++) {
            if (!selected(o, &pci, &list[i]))
                continue;
            matches++;
            node = o->control ? list[i].control_node : list[i].node;
            fd = open_once(node);
            if (fd >= 0) {
                *entry = list[i];
                free(list);
                return fd;
            }
            /* of several failures the one that may pass is the one to tell */
            if (!worth_waiting) {
                rc = fd;
                snprintf(last_node, sizeof(last_node), "%s", node);
            }
            worth_waiting |= may_pass(fd);
        }
        free(list);
        if (!matches)
            return none(o, n);
        if (!worth_waiting || !hl_left_us(deadline))
            break;
        wait_a_little(deadline, &pause);
    }
    return explain(last_node, rc, o->timeout_ns ? (hl_now_ns() - start) / 1000 : 0);
}
