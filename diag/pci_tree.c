/* SPDX-License-Identifier: MIT */
#include "diag/pci_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kernel/pci_address.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"

/* Of the configuration space (PCI Express Base Specification, chapter 7). */
#define CONFIG_CAPABILITIES 0x34
#define CAPABILITY_EXPRESS 0x10
#define EXPRESS_ROOT_PORT 4
#define EXTENDED_START 0x100
#define EXTENDED_ACS 0x000d
#define ACS_CONTROL 6
#define ACS_REQUEST_REDIRECT 0x04
#define ACS_COMPLETION_REDIRECT 0x08
#define ACS_EGRESS_CONTROL 0x20
#define CLASS_BRIDGE 0x0604

int hl_pci_chain(const char *root, const char *address, struct hl_pci_chain *c)
{
    char target[HL_TREE_PATH], *part, *rest = NULL;
    char *parts[HL_PCI_DEPTH + 1];
    unsigned n = 0;
    int rc = hl_tree_link(root, target, sizeof(target), "/sys/bus/pci/devices/%s", address);

    if (rc)
        return rc == -ENOENT ? -ENODEV : rc;
    memset(c, 0, sizeof(*c));
    /* "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0", below /sys/devices/platform maybe */
    for (part = strtok_r(target, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        struct hl_pci_address a;

        if (!strncmp(part, "pci", 3) && strchr(part, ':')) {
            snprintf(c->root_bus, sizeof(c->root_bus), "%.23s", part);
            n = 0;
        } else if (hl_pci_parse(part, &a) && strlen(part) < sizeof(c->at[0])) {
            if (n == HL_PCI_DEPTH)
                return -E2BIG;
            parts[n++] = part;
        }
    }
    if (!n)
        return -ENODEV;
    c->depth = n;
    for (unsigned i = 0; i < n; i++)
        strcpy(c->at[i], parts[n - 1 - i]);
    return 0;
}

static int read_hex(const char *root, const char *address, const char *name, uint32_t *value)
{
    char text[32];
    int rc = hl_tree_read(root, text, sizeof(text), "/sys/bus/pci/devices/%s/%s", address, name);

    if (rc == 0)
        *value = (uint32_t)strtoul(text, NULL, 16);
    return rc;
}

int hl_pci_ids(const char *root, const char *address, uint32_t *vendor, uint32_t *device,
               uint32_t *class_code)
{
    int rc = read_hex(root, address, "vendor", vendor);

    rc = rc ? rc : read_hex(root, address, "device", device);
    return rc ? rc : read_hex(root, address, "class", class_code);
}

int hl_pci_driver(const char *root, const char *address, char *driver, size_t size)
{
    int rc = hl_tree_link_name(root, driver, size, "/sys/bus/pci/devices/%s/driver", address);

    if (rc)
        *driver = '\0';
    return hl_is_absent(rc) ? 0 : rc;
}

static unsigned word(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

/* As much of the configuration space as this user may read: 64 bytes without privileges. */
static unsigned char *read_config(const char *root, const char *address, size_t *n)
{
    return (unsigned char *)hl_tree_read_all(root, n, "/sys/bus/pci/devices/%s/config", address);
}

int hl_pci_acs_redirects(const char *root, const char *address)
{
    size_t n, at = EXTENDED_START;
    unsigned char *config = read_config(root, address, &n);
    int rc = 0;

    if (!config || n <= 64) {
        free(config);
        return -EACCES;
    }
    /* 256 bytes: not PCI Express.  The list goes upwards only in sane devices: bounded. */
    for (unsigned i = 0; i < 960 && at >= EXTENDED_START && at + 8 <= n; i++) {
        unsigned id = word(config + at), next = word(config + at + 2) >> 4;

        if (id == EXTENDED_ACS) {
            rc = (word(config + at + ACS_CONTROL) &
                  (ACS_REQUEST_REDIRECT | ACS_COMPLETION_REDIRECT | ACS_EGRESS_CONTROL)) != 0;
            break;
        }
        at = next & ~3u;
    }
    free(config);
    return rc;
}

/* Is it a root port?  Without the right to read its capabilities a bridge on a root bus counts. */
static bool is_root_port(const char *root, const char *address, uint32_t class_code)
{
    size_t n;
    unsigned char *config = read_config(root, address, &n);
    bool known = config && n >= 256, yes = false;

    if (known) {
        unsigned at = config[CONFIG_CAPABILITIES] & ~3u;

        for (unsigned i = 0; i < 48 && at >= 0x40 && at + 4 <= 256; i++) {
            if (config[at] == CAPABILITY_EXPRESS) {
                yes = (word(config + at + 2) >> 4 & 0xf) == EXPRESS_ROOT_PORT;
                break;
            }
            at = config[at + 1] & ~3u;
        }
    }
    free(config);
    return known ? yes : class_code >> 8 == CLASS_BRIDGE;
}

/* The lowest function in a root bus's folder; a virtual function may be of a later bus. */
struct first {
    bool found;
    struct hl_pci_address address;
};

static int keep_first(const char *name, void *user)
{
    struct first *f = user;
    struct hl_pci_address a;

    if (hl_pci_parse(name, &a) &&
        (!f->found || a.bus < f->address.bus ||
         (a.bus == f->address.bus &&
          (a.device < f->address.device ||
           (a.device == f->address.device && a.function < f->address.function))))) {
        f->found = true;
        f->address = a;
    }
    return 0;
}

int hl_pci_host_bridge(const char *root, const char *root_bus, uint32_t *vendor, uint32_t *device)
{
    struct first f = { 0 };
    char address[24];
    uint32_t class_code;
    int rc = hl_tree_each(root, keep_first, &f, "/sys/devices/%s", root_bus);

    if (rc || !f.found)
        return hl_is_absent(rc) ? 0 : rc;
    hl_pci_format(&f.address, address, sizeof(address));
    rc = hl_pci_ids(root, address, vendor, device, &class_code);
    if (rc)
        return rc;
    return (!f.address.device && !f.address.function) || is_root_port(root, address, class_code);
}
