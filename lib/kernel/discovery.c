/* SPDX-License-Identifier: MIT */
#include "lib/kernel/discovery.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/kernel/node.h"
#include "lib/kernel/pci_address.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"

/* Those whose names the nodes and classes have: all later ones, and the first. */
static const enum hl_generation named[] = { HL_GENERATION_ACCEL, HL_GENERATION_MISC };

_Static_assert((int)HLTHUNK_ASIC_GOYA == HL_ASIC_GOYA && (int)HLTHUNK_ASIC_GAUDI == HL_ASIC_GAUDI &&
                   (int)HLTHUNK_ASIC_GAUDI2 == HL_ASIC_GAUDI2,
               "the public numbers are those of the table");

enum hlthunk_asic hl_asic_of_pci_id(unsigned id)
{
    return (enum hlthunk_asic)hl_asic_by_pci_id(id);
}

/* "accel12" with prefix "accel" is 12; "accel_controlD12", "accel" and "accel012" are none. */
static bool entry_index(const char *name, const char *prefix, uint32_t *index)
{
    size_t n = strlen(prefix);
    unsigned long x = 0;

    if (strncmp(name, prefix, n) || !name[n] || (name[n] == '0' && name[n + 1]))
        return false;
    for (const char *p = name + n; *p; p++) {
        if (*p < '0' || *p > '9')
            return false;
        x = x * 10 + (unsigned long)(*p - '0');
        if (x > INT_MAX)
            return false;
    }
    *index = (uint32_t)x;
    return true;
}

/* The value of a "KEY=value" line of a uevent file, cut to size; false without it. */
static bool uevent_value(const char *text, const char *key, char *value, size_t size)
{
    size_t k = strlen(key);

    for (const char *p = text; p; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (!strncmp(p, key, k) && p[k] == '=') {
            size_t n = strcspn(p + k + 1, "\n");

            snprintf(value, size, "%.*s", (int)n, p + k + 1);
            return true;
        }
    }
    return false;
}

/*
 * Fills in what the class entry says.  1; 0: not a Habana device, or gone meanwhile; -errno: it
 * could not be read.
 */
static int read_accel(const char *root, struct hlthunk_device_entry *e)
{
    char text[1024], value[32];
    unsigned vendor, device;
    struct hl_pci_address a;
    int rc =
        hl_tree_read(root, text, sizeof(text), "/sys/class/accel/accel%u/device/uevent", e->index);

    if (rc)
        return rc;
    if (!uevent_value(text, "PCI_ID", value, sizeof(value)) ||
        sscanf(value, "%x:%x", &vendor, &device) != 2 || vendor != HL_PCI_VENDOR_HABANA ||
        !uevent_value(text, "PCI_SLOT_NAME", value, sizeof(value)) || !hl_pci_parse(value, &a))
        return 0;
    hl_pci_format(&a, e->pci_address, sizeof(e->pci_address));
    e->pci_device_id = (uint16_t)device;
    e->asic = hl_asic_of_pci_id(device);
    return 1;
}

static int read_legacy(const char *root, struct hlthunk_device_entry *e)
{
    char text[64];
    struct hl_pci_address a;
    int rc =
        hl_tree_read(root, text, sizeof(text), "/sys/class/habanalabs/hl%u/pci_addr", e->index);

    if (rc)
        return rc;
    if (!hl_pci_parse(text, &a))
        return 0;
    hl_pci_format(&a, e->pci_address, sizeof(e->pci_address));
    return 1;
}

static int read_entry(const char *root, bool legacy, uint32_t index, struct hlthunk_device_entry *e)
{
    int rc;

    memset(e, 0, sizeof(*e));
    e->index = index;
    e->legacy = legacy;
    hl_node_path(e, false, e->node, sizeof(e->node));
    hl_node_path(e, true, e->control_node, sizeof(e->control_node));
    rc = legacy ? read_legacy(root, e) : read_accel(root, e);
    /* what is removed while its file is open answers ENODEV */
    return hl_is_absent(rc) || rc == -ENODEV ? 0 : rc;
}

static int by_index(const void *a, const void *b)
{
    const struct hlthunk_device_entry *x = a, *y = b;

    if (x->legacy != y->legacy)
        return x->legacy ? 1 : -1;
    return x->index < y->index ? -1 : x->index > y->index;
}

struct list {
    struct hlthunk_device_entry *entries;
    size_t count, room;
};

static int add(struct list *l, const struct hlthunk_device_entry *e)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 8;
        void *p = reallocarray(l->entries, room, sizeof(*l->entries));

        if (!p)
            return hl_err(-ENOMEM, "no memory for a list of %zu devices", room);
        l->entries = p;
        l->room = room;
    }
    l->entries[l->count] = *e;
    l->entries[l->count++].struct_size = sizeof(*e);
    return 0;
}

struct scan {
    const char *root;
    const struct hl_traits *names;
    struct list *list;
};

static int scan_entry(const char *name, void *user)
{
    struct scan *s = user;
    struct hlthunk_device_entry e;
    uint32_t index;
    int rc;

    if (!entry_index(name, s->names->prefix, &index))
        return 0;
    rc = read_entry(s->root, !s->names->accel_nodes, index, &e);
    return rc > 0 ? add(s->list, &e) : rc;
}

/* A class that does not exist has no devices, if there is a sysfs at all; what is not a folder
 * could not be looked into. */
static int scan(const char *root, enum hl_generation generation, struct list *l)
{
    struct scan s = { .root = root, .names = hl_traits(generation), .list = l };
    int rc = hl_tree_each(root, scan_entry, &s, "/sys/class/%s", s.names->class);

    if (rc == -ENOENT) {
        rc = hl_tree_exists(root, "/sys/class");
        rc = rc > 0 ? 0 : rc == 0 ? -ENOENT : rc;
    }
    return rc;
}

static int add_node(const struct hlthunk_device_entry *e, void *user)
{
    return add(user, e);
}

/* Without sysfs a node that answers is a device, too; why: what sysfs answered. */
static int ask_nodes(struct list *l, int why)
{
    int rc;

    l->count = 0;
    rc = hl_node_each(add_node, l);
    if (rc)
        return hl_err(rc, "device nodes cannot be searched: %s", strerror(-rc));
    if (l->count)
        return 0;
    return hl_err(why, "/sys/class cannot be read (%s), and no node of a Habana device is in /dev",
                  strerror(-why));
}

int hl_discover(struct hlthunk_device_entry **list, size_t *count)
{
    return hl_discover_in("", list, count);
}

int hl_discover_in(const char *root, struct hlthunk_device_entry **list, size_t *count)
{
    struct list l = { 0 };
    int rc = 0;

    for (size_t i = 0; i < 2 && !rc; i++)
        rc = scan(root, named[i], &l);
    if (rc && *root && rc == -ENOENT)
        rc = 0; /* what was not recorded did not exist */
    if (hl_is_exhausted(rc) || (rc && *root))
        hl_err(rc, "%s/sys/class cannot be read: %s", root, strerror(-rc));
    else if (rc)
        rc = ask_nodes(&l, rc);
    if (rc) {
        free(l.entries);
        return rc;
    }
    if (l.count > 1)
        qsort(l.entries, l.count, sizeof(*l.entries), by_index);
    *list = l.entries;
    *count = l.count;
    return 0;
}

/* Where sysfs does not say which device it is, the file itself does. */
static int ask_fd(int fd, struct hlthunk_device_entry *entry, bool *control)
{
    int rc = hl_node_ask(fd, entry, control);

    if (rc == -ENOTTY || rc == -EINVAL)
        return hl_err(-ENODEV, "fd %d is not a node of a Habana device", fd);
    return rc ? hl_err(rc, "fd %d does not say which device it is: %s", fd, strerror(-rc)) : 0;
}

/* By the name of a class entry: 0, -ENODEV, or -errno when it could not be read. */
static int discover_name(const char *name, struct hlthunk_device_entry *entry, bool *control)
{
    struct hlthunk_device_entry e;
    uint32_t index;

    for (size_t i = 0; i < 2; i++) {
        const struct hl_traits *t = hl_traits(named[i]);
        char control_prefix[32];
        bool ctl = false;
        int rc;

        snprintf(control_prefix, sizeof(control_prefix), "%s_controlD", t->prefix);
        if (!entry_index(name, t->prefix, &index)) {
            ctl = true;
            if (!entry_index(name, control_prefix, &index))
                continue;
        }
        rc = read_entry("", !t->accel_nodes, index, &e);
        if (rc <= 0)
            return rc ? rc : -ENODEV;
        *entry = e;
        *control = ctl;
        return 0;
    }
    return -ENODEV;
}

/*
 * The kernel's own answer to "which device is this node": the name of the entry that
 * /sys/dev/char/MAJOR:MINOR leads to.
 */
int hl_discover_fd(int fd, struct hlthunk_device_entry *entry, bool *control)
{
    char name[64] = "";
    struct stat st;
    int rc;

    if (fstat(fd, &st) < 0)
        return hl_err(-errno, "fd %d is not open", fd);
    if (!S_ISCHR(st.st_mode))
        return hl_err(-ENODEV, "fd %d is not a device node", fd);
    rc = hl_tree_link_name("", name, sizeof(name), "/sys/dev/char/%u:%u", major(st.st_rdev),
                           minor(st.st_rdev));
    if (hl_is_absent(rc) && hl_tree_exists("", "/sys/dev/char") > 0)
        return hl_err(-ENODEV, "fd %d is %u:%u, which is not a device of this system", fd,
                      major(st.st_rdev), minor(st.st_rdev));
    rc = rc ? rc : discover_name(name, entry, control);
    if (rc == -ENODEV)
        return hl_err(rc, "fd %d is %s, which is not a Habana device", fd, name);
    if (hl_is_exhausted(rc))
        return hl_err(rc, "the device of fd %d cannot be read: %s", fd, strerror(-rc));
    return rc ? ask_fd(fd, entry, control) : 0;
}

bool hl_attribute_path(const struct hlthunk_device_entry *entry, const char *name, unsigned which,
                       char *path, size_t size)
{
    const struct hl_traits *t = hl_entry_traits(entry);

    if (which == 0)
        snprintf(path, size, "/sys/class/%s/%s%u/%s%s", t->class, t->prefix, entry->index,
                 entry->legacy ? "" : "device/", name);
    else if (which == 1 && entry->legacy && *entry->pci_address)
        /* MISC has the driver's attributes in the class entry, the PCI device's elsewhere */
        snprintf(path, size, "/sys/bus/pci/devices/%s/%s", entry->pci_address, name);
    else
        return false;
    return true;
}

int hl_attribute_read(const char *root, const struct hlthunk_device_entry *entry, const char *name,
                      char *value, size_t size)
{
    char path[256];
    int rc = -ENOENT;

    for (unsigned i = 0; hl_is_absent(rc) && hl_attribute_path(entry, name, i, path, sizeof(path));
         i++)
        rc = hl_tree_read(root, value, size, "%s", path);
    return rc;
}

int hl_entry_identify(const char *root, struct hlthunk_device_entry *entry)
{
    char text[16];
    int rc;

    if (entry->pci_device_id)
        return 0;
    rc = hl_tree_read(root, text, sizeof(text), "/sys/bus/pci/devices/%s/device",
                      entry->pci_address);
    if (rc)
        return rc;
    entry->pci_device_id = (uint16_t)strtoul(text, NULL, 16);
    entry->asic = hl_asic_of_pci_id(entry->pci_device_id);
    return 0;
}
