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
#include "lib/options.h"
#include "lib/kernel/pci_address.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"

/* The two classes: names of their entries, and of the nodes. */
static const struct class
{
    const char *path;
    const char *primary; /* prefix of an entry's name; the rest is the index */
    const char *node, *control_node;
    bool legacy;
} classes[] = {
    { "/sys/class/accel", "accel", "/dev/accel/accel%u", "/dev/accel/accel_controlD%u", false },
    { "/sys/class/habanalabs", "hl", "/dev/hl%u", "/dev/hl_controlD%u", true },
};

enum hlthunk_asic hl_asic_of_pci_id(unsigned id)
{
    switch (id) {
    case 0x0001:
        return HLTHUNK_ASIC_GOYA;
    case 0x1000:
    case 0x1010: /* secured */
        return HLTHUNK_ASIC_GAUDI;
    case 0x1020:
        return HLTHUNK_ASIC_GAUDI2;
    default:
        return HLTHUNK_ASIC_UNKNOWN;
    }
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

/* Fills vendor-dependent fields; false: not a Habana device, or gone meanwhile. */
static bool read_accel(const char *root, struct hlthunk_device_entry *e)
{
    char text[1024], value[32];
    unsigned vendor, device;
    struct hl_pci_address a;

    if (hl_tree_read(root, text, sizeof(text), "/sys/class/accel/accel%u/device/uevent",
                     e->index) ||
        !uevent_value(text, "PCI_ID", value, sizeof(value)) ||
        sscanf(value, "%x:%x", &vendor, &device) != 2 || vendor != HL_PCI_VENDOR_HABANA ||
        !uevent_value(text, "PCI_SLOT_NAME", value, sizeof(value)) || !hl_pci_parse(value, &a))
        return false;
    hl_pci_format(&a, e->pci_address, sizeof(e->pci_address));
    e->pci_device_id = (uint16_t)device;
    e->asic = hl_asic_of_pci_id(device);
    return true;
}

static bool read_legacy(const char *root, struct hlthunk_device_entry *e)
{
    char text[64];
    struct hl_pci_address a;

    if (hl_tree_read(root, text, sizeof(text), "/sys/class/habanalabs/hl%u/pci_addr", e->index) ||
        !hl_pci_parse(text, &a))
        return false;
    hl_pci_format(&a, e->pci_address, sizeof(e->pci_address));
    return true;
}

static bool read_entry(const char *root, const struct class *c, uint32_t index,
                       struct hlthunk_device_entry *e)
{
    memset(e, 0, sizeof(*e));
    e->index = index;
    e->legacy = c->legacy;
    /* formats come from the table above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(e->node, sizeof(e->node), c->node, index);
    snprintf(e->control_node, sizeof(e->control_node), c->control_node, index);
#pragma GCC diagnostic pop
    return c->legacy ? read_legacy(root, e) : read_accel(root, e);
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
    l->entries[l->count++] = *e;
    return 0;
}

struct scan {
    const char *root;
    const struct class *class;
    struct list *list;
};

static int scan_entry(const char *name, void *user)
{
    struct scan *s = user;
    struct hlthunk_device_entry e;
    uint32_t index;

    if (!entry_index(name, s->class->primary, &index) || !read_entry(s->root, s->class, index, &e))
        return 0;
    return add(s->list, &e) ? 1 : 0;
}

static int scan(const char *root, const struct class *c, struct list *l)
{
    struct scan s = { .root = root, .class = c, .list = l };
    int rc = hl_tree_each(root, scan_entry, &s, "%s", c->path);

    if (rc == -ENOMEM)
        return hl_err(-ENOMEM, "no memory to read %s", c->path);
    return rc > 0 ? -ENOMEM : 0; /* a class that does not exist has no devices */
}

int hl_discover(struct hlthunk_device_entry **list, size_t *count)
{
    return hl_discover_in("", list, count);
}

int hl_discover_in(const char *root, struct hlthunk_device_entry **list, size_t *count)
{
    struct list l = { 0 };

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        int rc = scan(root, &classes[i], &l);

        if (rc) {
            free(l.entries);
            return rc;
        }
    }
    if (l.count > 1)
        qsort(l.entries, l.count, sizeof(*l.entries), by_index);
    *list = l.entries;
    *count = l.count;
    return 0;
}

/*
 * The kernel's own answer to "which device is this node": the entry's name behind
 * /sys/dev/char/MAJOR:MINOR.  No parity or difference of minors tells it on every generation.
 */
int hl_discover_fd(int fd, struct hlthunk_device_entry *entry, bool *control)
{
    struct hlthunk_device_entry e;
    char path[64], target[PATH_MAX];
    const char *name;
    struct stat st;
    uint32_t index;
    ssize_t n;

    if (fstat(fd, &st) < 0)
        return hl_err(-errno, "fd %d is not open", fd);
    if (!S_ISCHR(st.st_mode))
        return hl_err(-ENODEV, "fd %d is no device node", fd);
    snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", major(st.st_rdev), minor(st.st_rdev));
    n = readlink(path, target, sizeof(target) - 1);
    if (n < 0)
        return hl_err(-ENODEV, "%s does not exist: fd %d is no device of this system", path, fd);
    target[n] = '\0';
    name = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        const struct class *c = &classes[i];
        char control_prefix[32];
        bool ctl = false;

        snprintf(control_prefix, sizeof(control_prefix), "%s_controlD", c->primary);
        if (!entry_index(name, c->primary, &index)) {
            ctl = true;
            if (!entry_index(name, control_prefix, &index))
                continue;
        }
        if (!read_entry("", c, index, &e))
            continue;
        *entry = e;
        *control = ctl;
        return 0;
    }
    return hl_err(-ENODEV, "fd %d is %s, which is no Habana device", fd, name);
}

void hl_attribute_path(const struct hlthunk_device_entry *entry, const char *name, char *path,
                       size_t size)
{
    if (entry->legacy)
        snprintf(path, size, "/sys/class/habanalabs/hl%u/%s", entry->index, name);
    else
        snprintf(path, size, "/sys/class/accel/accel%u/device/%s", entry->index, name);
}

enum hlthunk_asic hl_entry_asic(struct hlthunk_device_entry *entry)
{
    return hl_entry_asic_in("", entry);
}

enum hlthunk_asic hl_entry_asic_in(const char *root, struct hlthunk_device_entry *entry)
{
    char text[16];

    if (entry->pci_device_id)
        return entry->asic;
    if (hl_tree_read(root, text, sizeof(text), "/sys/bus/pci/devices/%s/device",
                     entry->pci_address) == 0) {
        entry->pci_device_id = (uint16_t)strtoul(text, NULL, 16);
        entry->asic = hl_asic_of_pci_id(entry->pci_device_id);
    }
    return entry->asic;
}

int hlthunk_device_enumerate(struct hlthunk_device_entry *entries, size_t entry_size, size_t max,
                             size_t *count)
{
    struct hlthunk_device_entry *list;
    size_t n;
    int rc;

    if (!count)
        return hl_err(-EINVAL, "count is NULL");
    if (!entries && max)
        return hl_err(-EINVAL, "entries is NULL, but max is %zu", max);
    if (max && entry_size < sizeof(entries->struct_size))
        return hl_err(-EINVAL, "entry_size is %zu: give sizeof(*entries)", entry_size);
    rc = hl_discover(&list, &n);
    if (rc)
        return rc;
    for (size_t i = 0; i < n && i < max; i++) {
        void *entry = (char *)entries + i * entry_size;

        hl_entry_asic(&list[i]);
        memcpy(entry, &entry_size, sizeof(entry_size));
        HL_STRUCT_FILL(entry, list[i]);
    }
    free(list);
    *count = n;
    return 0;
}

int hl_entry_attribute(const struct hlthunk_device_entry *entry, const char *name, char *value,
                       size_t size)
{
    char path[256];
    char text[4096];
    size_t n;
    int rc;

    if (!*name || strchr(name, '/') || name[0] == '.' || strlen(name) > 64)
        return hl_err(-EINVAL, "name \"%.64s\" is no attribute's name", name);
    hl_attribute_path(entry, name, path, sizeof(path));
    rc = hl_sysfs_read(path, text, sizeof(text));
    if (rc)
        return hl_err(rc, "%s: %s", path, strerror(-rc));
    n = strlen(text);
    if (size) {
        size_t kept = n < size ? n : size - 1;

        memcpy(value, text, kept);
        value[kept] = '\0';
    }
    return (int)n;
}

int hlthunk_device_entry_get_attribute(const struct hlthunk_device_entry *entry, const char *name,
                                       char *value, size_t size)
{
    struct hlthunk_device_entry e;
    int rc;

    if (!entry || !name || (!value && size))
        return hl_err(-EINVAL, "%s is NULL", !entry ? "entry" : !name ? "name" : "value");
    rc = hl_options_read(&e, sizeof(e), entry, "entry");
    return rc ? rc : hl_entry_attribute(&e, name, value, size);
}
