/* SPDX-License-Identifier: MIT */
/* One device: its nodes, who may open them, who has them, what its driver can. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <hlthunk/buffer.h>
#include <hlthunk/dmabuf.h>
#include <hlthunk/error.h>
#include <hlthunk-diag/holders.h>

#include "diag/dmabufs.h"
#include "diag/preflight.h"
#include "lib/error.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/node.h"
#include "diag/pci_tree.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"
#include "lib/op/op_info.h"
#include "lib/op/op_open.h"
#include "lib/op/open_error.h"
#include "uapi/habanalabs_accel.h"

/* Since then vfio-pci exports BARs as dma-bufs (VFIO_DEVICE_FEATURE_DMA_BUF). */
#define VFIO_EXPORTS 6, 19
/* Since then a node's driver must say that its offsets are unsigned, and habanalabs does not. */
#define DEMANDS_FOP_FLAG 6, 12
/* Since then the driver exports memory that is behind an MMU. */
#define EXPORTS_BEHIND_MMU "6.3"

#define REMEDY_FOP                                                                                              \
    "Apply contrib/0001-accel-habanalabs-allow-unsigned-offsets.patch of libhlthunk to the driver (one line), " \
    "or use a kernel before 6.12, or the vendor's driver."

/* ---- is there a device ---- */

struct orphan {
    struct hl_preflight *p;
    unsigned count;
    int unreadable; /* the errno of a function that could not be looked at */
};

#define IN_ITS_MACHINE                                                                             \
    "In the virtual machine that has it, habanalabs there exports its memory, to devices that "    \
    "the same machine has. "
#define TO_HAVE_IT_BACK                                                                            \
    "To have it back: write its address to /sys/bus/pci/drivers/vfio-pci/unbind, then to "         \
    "/sys/bus/pci/drivers/habanalabs/bind."

/* Its habanalabs runs in the machine that it was given to, if it was. */
static void bound_to_vfio(struct hl_preflight *p, enum hlthunk_verdict verdict, const char *address,
                          unsigned device)
{
    bool exports = hl_kernel_at_least(&p->kernel, VFIO_EXPORTS);

    hl_preflight_tell(
        p, "device", verdict,
        exports ? IN_ITS_MACHINE
            "On this host only the program that holds it can export, its BARs, if the kernel has "
            "CONFIG_VFIO_PCI_DMABUF; vfio-pci revokes such an export when the device is reset or "
            "closed, so it is for importers that let go when they are told to, not for those that "
            "pin. " TO_HAVE_IT_BACK
                : IN_ITS_MACHINE TO_HAVE_IT_BACK,
        "%s (1da3:%04x) is bound to vfio-pci: a virtual machine has it or may take it, and %s "
        "export its memory.",
        address, device, exports ? "this library cannot" : "nobody on this host can");
}

/* Beside devices of this host: one that was given to a virtual machine. */
static int given_away(const char *address, void *user)
{
    struct hl_preflight *p = user;
    uint32_t vendor, device, class_code;
    char driver[32];

    if (hl_pci_ids(p->root, address, &vendor, &device, &class_code) ||
        vendor != HL_PCI_VENDOR_HABANA || hl_pci_driver(p->root, address, driver, sizeof(driver)) ||
        strcmp(driver, "vfio-pci") != 0)
        return 0;
    snprintf(p->device, sizeof(p->device), "%.23s", address);
    bound_to_vfio(p, HLTHUNK_VERDICT_OK, address, device);
    p->device[0] = '\0';
    return p->rc;
}

/* A Habana function on the bus that is not a device for the library. */
static int orphan(const char *address, void *user)
{
    struct orphan *o = user;
    struct hl_preflight *p = o->p;
    uint32_t vendor, device, class_code;
    char driver[32];
    int rc = hl_pci_ids(p->root, address, &vendor, &device, &class_code);

    if (rc && !hl_is_absent(rc))
        o->unreadable = rc;
    if (rc || vendor != HL_PCI_VENDOR_HABANA)
        return 0;
    o->count++;
    snprintf(p->device, sizeof(p->device), "%.23s", address);
    rc = hl_pci_driver(p->root, address, driver, sizeof(driver));
    if (rc)
        hl_preflight_tell(p, "device", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "%s (1da3:%04x) is on the bus; which driver has it cannot be read: %s.",
                          address, device, strerror(-rc));
    else if (!*driver)
        hl_preflight_tell(
            p, "device", HLTHUNK_VERDICT_PROBLEM,
            "modprobe habanalabs; if it is loaded, look into the kernel's log (dmesg | grep "
            "habanalabs) for why it refused the device.",
            "%s (1da3:%04x) is on the bus, but no driver has taken it.", address, device);
    else if (!strcmp(driver, "vfio-pci"))
        bound_to_vfio(p, HLTHUNK_VERDICT_PROBLEM, address, device);
    else if (strcmp(driver, "habanalabs"))
        hl_preflight_tell(
            p, "device", HLTHUNK_VERDICT_PROBLEM,
            "Unbind it there and bind it to habanalabs, unless it is meant for a virtual "
            "machine.",
            "%s (1da3:%04x) belongs to the driver %s.", address, device, driver);
    else if (hl_asic_of_pci_id(device) == HLTHUNK_ASIC_GOYA &&
             hl_kernel_at_least(&p->kernel, DEMANDS_FOP_FLAG))
        hl_preflight_tell(
            p, "device", HLTHUNK_VERDICT_PROBLEM,
            "Apply contrib/0002-accel-habanalabs-goya-set-the-page-tables-size.patch of "
            "libhlthunk, or use a kernel before 6.12.",
            "%s is a Goya, which the driver of Linux 6.12 and later cannot start: the size "
            "of its page tables is not set.",
            address);
    else
        hl_preflight_tell(
            p, "device", HLTHUNK_VERDICT_PROBLEM,
            "Look into the kernel's log (dmesg | grep habanalabs).",
            "The driver has %s (1da3:%04x), but no class entry: it failed to start it.", address,
            device);
    p->device[0] = '\0';
    return p->rc;
}

void hl_preflight_devices(struct hl_preflight *p, int rc, size_t count)
{
    struct orphan o = { .p = p };

    if (rc) {
        hl_preflight_tell(p, "device", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "Which devices this machine has cannot be known: %s.", hl_error_text());
        return;
    }
    if (count) { /* each is reported by itself */
        if (!p->options.pci_address)
            hl_tree_each(p->root, given_away, p, "/sys/bus/pci/devices");
        return;
    }
    rc = hl_tree_each(p->root, orphan, &o, "/sys/bus/pci/devices");
    rc = rc ? rc : o.unreadable;
    if (o.count || p->rc)
        return;
    if (rc && !hl_is_absent(rc))
        hl_preflight_tell(p, "device", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "No driver has a Habana device. Whether one is on the PCI bus cannot be "
                          "read: %s.",
                          strerror(-rc));
    else
        hl_preflight_tell(
            p, "device", HLTHUNK_VERDICT_PROBLEM,
            "Is the card plugged in and powered (lspci -d 1da3:)? In a virtual machine or "
            "container it has to be passed on. To go on without one: hlsim run -- PROGRAM.",
            "There is no Habana device on the PCI bus.");
}

/* ---- nodes and permissions ---- */

/* Where a node is: its path below the root, 0; -ENODEV: there is none; -errno. */
static int find_node(const struct hl_preflight *p, const struct hlthunk_device_entry *e,
                     bool control, char *path)
{
    const char *usual = control ? e->control_node : e->node;
    int rc;

    if (!*p->root)
        return hl_node_find(e, control, path, HL_NODE_PATH);
    rc = hl_tree_exists(p->root, "%s", usual);
    if (rc > 0)
        snprintf(path, HL_NODE_PATH, "%s", usual);
    return rc > 0 ? 0 : rc ? rc : -ENODEV;
}

int hl_preflight_nodes(const struct hl_preflight *p, const struct hlthunk_device_entry *e,
                       const char **missing)
{
    char path[HL_NODE_PATH];
    int rc = find_node(p, e, false, path);

    *missing = e->node;
    if (rc == 0) {
        *missing = e->control_node;
        rc = find_node(p, e, true, path);
    }
    return rc == -ENODEV ? 0 : rc ? rc : 1;
}

static bool check_node(struct hl_preflight *p, const struct hlthunk_device_entry *e)
{
    const char *missing;
    char node[HL_NODE_PATH] = "", control[HL_NODE_PATH] = "";
    int rc = hl_preflight_nodes(p, e, &missing);

    if (rc > 0 && find_node(p, e, false, node) == 0 && find_node(p, e, true, control) == 0)
        hl_preflight_tell(p, "node", HLTHUNK_VERDICT_OK, NULL, "Its nodes are %s and %s.", node,
                          control);
    else if (rc < 0)
        hl_preflight_tell(p, "node", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "Whether %s exists cannot be known: %s.", missing, strerror(-rc));
    else if (p->some_passed && !p->options.pci_address)
        hl_preflight_tell(p, "node", HLTHUNK_VERDICT_WARNING,
                          "To use it here, pass its nodes on as well (--device=...).",
                          "This device was not passed to this container, where another one was: "
                          "it has no %s.",
                          missing);
    else
        hl_preflight_tell(
            p, "node", HLTHUNK_VERDICT_PROBLEM,
            "In a container pass the nodes on (--device=/dev/accel or --device=/dev/hlN); "
            "elsewhere udev makes them: udevadm trigger.",
            "The driver has the device, but %s does not exist: it was not passed to this "
            "container, or udev has not made it.",
            missing);
    return rc != 0;
}

#define REMEDY_MODE(kernel)                                                                        \
    "Add this user to the node's group, or give the node another group or mode with a udev rule: " \
    "KERNEL==\"" kernel "\", GROUP=\"render\", MODE=\"0660\"."

/* What access() answered to a node that may not be opened says why not. */
static void tell_forbidden(struct hl_preflight *p, const struct hlthunk_device_entry *e,
                           const char *node, const struct stat *st, int rc)
{
    if (rc == -EPERM)
        hl_preflight_tell(p, "permission", HLTHUNK_VERDICT_PROBLEM,
                          "Start the container with --device for this node, or let its cgroup "
                          "allow the node's number (systemd: DeviceAllow=).",
                          "The device cgroup of this container does not allow %s (%u:%u): opens "
                          "are EPERM.",
                          node, major(st->st_rdev), minor(st->st_rdev));
    else if (rc == -EACCES && hl_open_mode_allows(st))
        hl_preflight_tell(p, "permission", HLTHUNK_VERDICT_PROBLEM,
                          "Look into the audit log (ausearch -m avc, dmesg), and at the mount "
                          "options of /dev.",
                          "This user (uid %u) may not read and write %s, although its mode (%03o) "
                          "allows it: a security module (SELinux, AppArmor), an access control "
                          "list or a mount without devices (nodev) refuses it.",
                          (unsigned)geteuid(), node, (unsigned)st->st_mode & 0777);
    else if (rc == -EACCES)
        hl_preflight_tell(p, "permission", HLTHUNK_VERDICT_PROBLEM,
                          e->legacy ? REMEDY_MODE("hl[0-9]*|hl_controlD[0-9]*")
                                    : REMEDY_MODE("accel[0-9]*|accel_controlD[0-9]*"),
                          "This user (uid %u) may not read and write %s: its owner is uid %u, its "
                          "group %u, its mode %03o.",
                          (unsigned)geteuid(), node, (unsigned)st->st_uid, (unsigned)st->st_gid,
                          (unsigned)st->st_mode & 0777);
    else
        hl_preflight_tell(p, "permission", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "Whether this user may read and write %s cannot be known: %s.", node,
                          strerror(-rc));
}

/* May this process open the node?  0, 1 when that was told, or -errno: none, reported as "node". */
static int check_access(struct hl_preflight *p, const struct hlthunk_device_entry *e, bool control,
                        char *node)
{
    char path[HL_TREE_PATH];
    struct stat st;
    int rc = find_node(p, e, control, node);

    if (rc)
        return rc;
    snprintf(path, sizeof(path), "%s%s", p->root, node);
    if (access(path, R_OK | W_OK) == 0)
        return 0;
    rc = -errno;
    if (stat(path, &st) < 0)
        memset(&st, 0, sizeof(st));
    tell_forbidden(p, e, node, &st, rc);
    return 1;
}

/* True when the primary node, whose path is told, may be opened. */
static bool check_permission(struct hl_preflight *p, const struct hlthunk_device_entry *e,
                             char *node)
{
    char control[HL_NODE_PATH];

    if (check_access(p, e, false, node))
        return false;
    if (check_access(p, e, true, control) == 0)
        hl_preflight_tell(p, "permission", HLTHUNK_VERDICT_OK, NULL,
                          "This user may read and write %s and %s.", node, control);
    return true;
}

static void check_status(struct hl_preflight *p, const struct hlthunk_device_entry *e)
{
    char text[64];
    int rc = hl_attribute_read(p->root, e, "status", text, sizeof(text));

    if (rc)
        hl_preflight_tell(p, "status", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "The device's attribute \"status\" cannot be read: %s.", strerror(-rc));
    else if (!strcasecmp(text, "operational"))
        hl_preflight_tell(p, "status", HLTHUNK_VERDICT_OK, NULL, "The driver says: %s.", text);
    else if (!strncasecmp(text, "in ", 3))
        hl_preflight_tell(p, "status", HLTHUNK_VERDICT_WARNING, "Wait: it passes.",
                          "The driver says: %s. Opening is EAGAIN meanwhile.", text);
    else
        hl_preflight_tell(
            p, "status", HLTHUNK_VERDICT_PROBLEM,
            "Look into the kernel's log (dmesg | grep habanalabs); reset the device (as root: "
            "echo 1 > the device's hard_reset attribute), or reload the driver.",
            "The driver says: %s. Opening is EPERM.", text);
}

/* ---- who has it ---- */

/* What hlthunk_holders_list() tells, put together. */
struct tally {
    unsigned nodes, dmabufs, mappings;
    struct hl_dmabufs descriptors; /* what dmabufs is counted from */
    bool kernel;                   /* some dma-bufs are of no process */
    bool other_devices;            /* dma-bufs may be of another device */
    char first[64], leak[64];      /* "python3 (PID 4711)" */
};

static int count_holder(const struct hlthunk_holder *h, void *user)
{
    struct tally *t = user;
    char who[64];
    int rc = 0;

    snprintf(who, sizeof(who), "%s (PID %d)", h->comm ? h->comm : "", h->pid);
    t->other_devices |= h->index == HLTHUNK_HOLDER_ANY_DEVICE;
    switch (h->kind) {
    case HLTHUNK_HOLDER_NODE:
        if (!t->nodes++)
            strcpy(t->first, who);
        break;
    case HLTHUNK_HOLDER_DMABUF:
    case HLTHUNK_HOLDER_MAPPING:
        if (!*t->leak)
            strcpy(t->leak, who);
        if (h->kind == HLTHUNK_HOLDER_MAPPING)
            t->mappings++;
        else
            rc = hl_dmabufs_add(&t->descriptors, h);
        break;
    case HLTHUNK_HOLDER_KERNEL:
        t->kernel = true;
        rc = hl_dmabufs_add(&t->descriptors, h);
        break;
    default:
        break;
    }
    return rc ? hl_err(rc, "no memory for the list of dma-bufs") : 0;
}

/* What the control node says: how often the device was opened, and whether it is in use. */
static bool ask_control(const struct hlthunk_device_entry *e, struct hl_open_stats_info *stats)
{
    int fd = hl_open_node(e, true), rc;

    if (fd < 0)
        return false;
    rc = hl_info_get(fd, HL_INFO_OPEN_STATS, stats, sizeof(*stats));
    close(fd);
    return rc == 0;
}

struct facts {
    bool stats_known;
    struct hl_open_stats_info stats;
    struct tally tally;
    struct hlthunk_holders_seen seen;
    int failed; /* nobody could be looked for: the error, whose text is in why */
    char why[200];
};

static bool busy(const struct facts *f)
{
    return f->stats_known && (f->stats.is_compute_ctx_active || f->stats.compute_ctx_in_release);
}

static void gather(struct hl_preflight *p, const struct hlthunk_device_entry *e, struct facts *f)
{
    struct hlthunk_holders_options o = { .struct_size = sizeof(o), .device = e };

    memset(f, 0, sizeof(*f));
    o.root = *p->root ? p->root : NULL;
    f->seen.struct_size = sizeof(f->seen);
    f->stats_known = !*p->root && ask_control(e, &f->stats);
    f->failed = hlthunk_holders_list(&o, count_holder, &f->tally, &f->seen);
    if (f->failed)
        snprintf(f->why, sizeof(f->why), "%s", hl_error_text());
    f->tally.dmabufs = hl_dmabufs_count(&f->tally.descriptors, NULL);
    hl_dmabufs_free(&f->tally.descriptors);
}

static const char remedy_leak[] =
    "\"hlthunk who\" lists them: have that process close them, or end it. The device is free then.";

/* Why a holder may not be seen: one of them, or both. */
static const char *unseen(const struct facts *f, char *text, size_t size)
{
    const char *why[3];
    char hidden[64];
    unsigned n = 0;

    snprintf(hidden, sizeof(hidden), "this user cannot look into %u process%s",
             f->seen.hidden_processes, f->seen.hidden_processes == 1 ? "" : "es");
    if (f->seen.hidden_processes)
        why[n++] = hidden;
    if (f->seen.unlisted_processes)
        why[n++] = "processes of other users are not listed here (hidepid)";
    if (f->seen.other_namespace)
        why[n++] = "processes outside this container cannot be seen";
    if (!n)
        why[n++] = "its last user may just have gone";
    snprintf(text, size, "%s%s%s%s%s", why[0], n > 1 ? ", and " : "", n > 1 ? why[1] : "",
             n > 2 ? ", and " : "", n > 2 ? why[2] : "");
    return text;
}

static bool some_unseen(const struct facts *f)
{
    return f->seen.hidden_processes || f->seen.unlisted_processes || f->seen.other_namespace;
}

/*
 * Has the last user closed the device, of which something is left?  A dma-buf or a mapping that a
 * process got from another one does not say that: the other one may have the device still, and be
 * out of sight.
 */
static bool is_left(const struct facts *f)
{
    const struct tally *t = &f->tally;

    if (!t->dmabufs && !t->mappings)
        return false;
    if (!f->stats_known)
        return !t->other_devices && !some_unseen(f);
    return busy(f) && (f->stats.compute_ctx_in_release || !some_unseen(f));
}

/* What is seen beside a user who is not: "; 1 dma-bufs and 0 mappings of it are in …", or "". */
static const char *what_is_seen(const struct tally *t, char *text, size_t size)
{
    char mappings[32] = "";

    *text = '\0';
    if (t->mappings)
        snprintf(mappings, sizeof(mappings), " and %u mappings", t->mappings);
    if (t->dmabufs && t->other_devices)
        snprintf(text, size, "; %u dma-bufs%s%s may be of it or of another device: no kernel tells",
                 t->dmabufs, *t->leak ? ", the first in " : "", t->leak);
    else if (t->dmabufs || t->mappings)
        snprintf(
            text, size,
            "; %u dma-bufs%s of it are seen%s%s: should its user have gone, these keep it busy",
            t->dmabufs, mappings, *t->leak ? ", the first in " : "", t->leak);
    return text;
}

/* The device is in use, and its user is out of sight. */
static void tell_unseen(struct hl_preflight *p, const struct facts *f)
{
    char text[200], others[200];

    hl_preflight_tell(
        p, "holders", HLTHUNK_VERDICT_PROBLEM, "\"hlthunk who\" as root, outside of containers.",
        "The device is in use, and nobody is seen to hold it: %s%s.", unseen(f, text, sizeof(text)),
        what_is_seen(&f->tally, others, sizeof(others)));
}

static void check_holders(struct hl_preflight *p, const struct facts *f)
{
    const struct tally *t = &f->tally;
    char text[200], others[200];

    if (f->failed)
        hl_preflight_tell(p, "holders", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "Who holds the device cannot be known: %s.", f->why);
    else if (t->nodes)
        hl_preflight_tell(
            p, "holders", HLTHUNK_VERDICT_WARNING,
            "Wait for it, or end it: one process at a time can compute. \"hlthunk who\" lists "
            "all that it holds.",
            "%s has the device open: other opens are EBUSY.", t->first);
    else if (is_left(f))
        hl_preflight_tell(
            p, "holders", HLTHUNK_VERDICT_PROBLEM, remedy_leak,
            "The device's last user has closed it, but %u dma-bufs%s and %u mappings of it are "
            "left%s%s%s: until they are gone the device cannot be opened (EBUSY, or EAGAIN on "
            "Linux 6.1).",
            t->dmabufs, t->other_devices ? " (of it or of another device)" : "", t->mappings,
            *t->leak ? ", the first in " : "", t->leak,
            t->kernel ? ", some without a process that could be seen: a driver has imported "
                        "them, or they are on their way between processes"
                      : "");
    else if (busy(f))
        tell_unseen(p, f);
    else if (!f->stats_known && some_unseen(f))
        hl_preflight_tell(p, "holders", HLTHUNK_VERDICT_UNKNOWN, "\"hlthunk who\" as root.",
                          "Nobody is seen to hold the device, but %s%s.",
                          unseen(f, text, sizeof(text)), what_is_seen(t, others, sizeof(others)));
    else
        hl_preflight_tell(p, "holders", HLTHUNK_VERDICT_OK, NULL, "Nobody holds the device.");
}

/* ---- can it be opened ---- */

/* node: its path here, which may be another than the usual one. */
static void tell_opened(struct hl_preflight *p, const char *node, int rc)
{
    if (rc >= 0)
        hl_preflight_tell(p, "open", HLTHUNK_VERDICT_OK, NULL, "%s was opened, and closed again.",
                          node);
    else if (rc == -EINVAL && hl_kernel_at_least(&p->kernel, DEMANDS_FOP_FLAG))
        hl_preflight_tell(p, "open", HLTHUNK_VERDICT_PROBLEM, REMEDY_FOP,
                          "Nobody can open %s on this kernel (EINVAL): since 6.12 Linux demands "
                          "FOP_UNSIGNED_OFFSET of a node's driver, and this habanalabs lacks it.",
                          node);
    else if (hl_is_exhausted(rc))
        hl_preflight_tell(p, "open", HLTHUNK_VERDICT_UNKNOWN, NULL, "%s.", hl_error_text());
    else if (rc == -EBUSY || rc == -EAGAIN)
        hl_preflight_tell(p, "open", HLTHUNK_VERDICT_WARNING,
                          "Wait and try again; see \"holders\".", "%s.", hl_error_text());
    else
        hl_preflight_tell(p, "open", HLTHUNK_VERDICT_PROBLEM, NULL, "%s.", hl_error_text());
}

/* One page, from allocation to dma-buf: 0 or -errno with the library's text. */
static int try_export(const struct hlthunk_device_entry *e)
{
    struct hlthunk_device_options o = {
        .struct_size = sizeof(o),
        .select = HLTHUNK_SELECT_INDEX,
        .index = e->index,
    };
    struct hlthunk_device *d = NULL;
    struct hlthunk_buffer *b = NULL;
    struct hlthunk_dmabuf *m = NULL;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    int rc = hlthunk_device_open(&o, &d);

    rc = rc ? rc : hlthunk_buffer_alloc(d, page, NULL, &b);
    rc = rc ? rc : hlthunk_dmabuf_export(b, 0, page, NULL, &m);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    hlthunk_device_unref(d);
    return rc;
}

/* True when the export was tried, and told. */
static bool open_and_export(struct hl_preflight *p, const struct hlthunk_device_entry *e,
                            const char *node)
{
    int fd = hl_open_node(e, false), rc;

    tell_opened(p, node, fd);
    if (fd < 0)
        return false;
    close(fd);
    rc = try_export(e);
    if (rc)
        hl_preflight_tell(p, "export",
                          rc == -EMFILE || rc == -ENFILE  ? HLTHUNK_VERDICT_UNKNOWN
                          : rc == -EBUSY || rc == -EAGAIN ? HLTHUNK_VERDICT_WARNING
                                                          : HLTHUNK_VERDICT_PROBLEM,
                          NULL, "Tried, and failed: %s.", hlthunk_last_error());
    else
        hl_preflight_tell(p, "export", HLTHUNK_VERDICT_OK, NULL,
                          "Tried: one page was allocated, exported "
                          "and released.");
    return true;
}

/* True when that has told of the export as well. */
static bool check_open(struct hl_preflight *p, const struct hlthunk_device_entry *e,
                       const char *node, const struct facts *f)
{
    bool checks = hl_kernel_at_least(&p->kernel, DEMANDS_FOP_FLAG);
    int fd;

    if (f->tally.nodes || busy(f)) {
        hl_preflight_tell(p, "open", HLTHUNK_VERDICT_OK, NULL, "%s can be opened: it is in use.",
                          node);
        return false;
    }
    if (p->options.open == HLTHUNK_PREFLIGHT_OPEN_AND_EXPORT)
        return open_and_export(p, e, node);
    if (f->stats_known && f->stats.open_counter) {
        hl_preflight_tell(p, "open", HLTHUNK_VERDICT_OK, NULL,
                          "%s can be opened: it was, %llu times since the driver was loaded.", node,
                          (unsigned long long)f->stats.open_counter);
    } else if (p->options.open == HLTHUNK_PREFLIGHT_OPEN_NEVER) {
        hl_preflight_tell(
            p, "open", HLTHUNK_VERDICT_UNKNOWN, checks ? REMEDY_FOP : NULL,
            "Whether %s can be opened was not tried%s.", node,
            checks ? ". Since 6.12 Linux demands FOP_UNSIGNED_OFFSET of a node's driver; "
                     "distributions' habanalabs lacks it, and then every open is EINVAL"
                   : "");
    } else {
        fd = hl_open_node(e, false);
        tell_opened(p, node, fd);
        if (fd >= 0)
            close(fd);
    }
    return false;
}

static void check_export(struct hl_preflight *p, const struct hlthunk_device_entry *e)
{
    if (e->legacy && e->asic != HLTHUNK_ASIC_GAUDI && e->asic != HLTHUNK_ASIC_UNKNOWN)
        hl_preflight_tell(
            p, "export", HLTHUNK_VERDICT_PROBLEM,
            "Use Linux " EXPORTS_BEHIND_MMU " or later, or the vendor's driver.",
            "The driver of this kernel does not export memory that is behind the device's "
            "MMU, as all of %s's is: exports are EOPNOTSUPP.",
            hlthunk_asic_get_name(e->asic));
    else
        hl_preflight_tell(p, "export", HLTHUNK_VERDICT_OK, NULL,
                          "This kernel's driver exports %s's memory as dma-bufs.",
                          hlthunk_asic_get_name(e->asic));
}

bool hl_preflight_device(struct hl_preflight *p, const struct hlthunk_device_entry *e)
{
    char node[HL_NODE_PATH];
    struct facts f;
    bool here, usable;

    hl_preflight_tell(p, "device", HLTHUNK_VERDICT_OK, NULL, "%s %u at %s.",
                      hlthunk_asic_get_name(e->asic), e->index,
                      *e->pci_address ? e->pci_address : "an unknown PCI address");
    here = check_node(p, e);
    usable = here && check_permission(p, e, node);
    check_status(p, e);
    if (p->rc || (!here && p->some_passed))
        return false;
    gather(p, e, &f);
    if (usable && check_open(p, e, node, &f)) {
        check_holders(p, &f);
        return true;
    }
    check_holders(p, &f);
    check_export(p, e);
    return true;
}
