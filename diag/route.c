/* SPDX-License-Identifier: MIT */
#include "diag/route.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"

#define AMD_ZEN 0x17
#define ANY_DEVICE 0xffffffffu

/* Host bridges that the kernel lets peer-to-peer requests pass. */
static const struct bridge {
    uint32_t vendor, device;
    bool same_bridge;      /* only when both devices are below this one */
    unsigned major, minor; /* since */
} bridges[] = {
    { 0x8086, 0x3c00, true, 5, 2 },                                    /* Xeon E5 */
    { 0x8086, 0x3c01, true, 5, 2 },   { 0x8086, 0x2f00, true, 5, 2 },  /* Xeon E5 v3, E7 v3 */
    { 0x8086, 0x2f01, true, 5, 2 },   { 0x8086, 0x2030, false, 5, 8 }, /* Skylake-E */
    { 0x8086, 0x2031, false, 5, 14 }, { 0x8086, 0x2032, false, 5, 14 },
    { 0x8086, 0x2033, false, 5, 14 }, { 0x8086, 0x2020, false, 5, 8 },
    { 0x8086, 0x09a2, false, 5, 17 }, /* Xeon of the third generation */
    { 0x8086, 0x0b25, false, 7, 0 },  /* Sapphire Rapids and later: their first functions */
    { 0x8086, 0x0cfe, false, 7, 0 },  { 0x8086, 0x11fb, false, 7, 0 },
    { 0x8086, 0x1212, false, 7, 0 },  { 0x8086, 0x1216, false, 7, 0 },
    { 0x8086, 0x4940, false, 7, 0 },  { 0x8086, 0x4942, false, 7, 0 },
    { 0x8086, 0x4944, false, 7, 0 },  { 0x8086, 0x4946, false, 7, 0 },
    { 0x8086, 0x4948, false, 7, 0 },  { 0x1ae0, ANY_DEVICE, false, 7, 0 },
};

/* 1, 0, or -errno. */
static int cpu_is_amd_zen(const char *root)
{
    size_t n;
    char *text = hl_tree_read_all(root, &n, "/proc/cpuinfo");
    const char *family = text ? strstr(text, "cpu family") : NULL;
    int rc = text ? 0 : -errno;

    family = family ? strchr(family, ':') : NULL;
    if (family)
        rc = strstr(text, "AuthenticAMD") && strtoul(family + 1, NULL, 10) >= AMD_ZEN;
    free(text);
    return rc;
}

enum listed { NOT_LISTED, LISTED, LISTED_LATER, LISTED_FOR_ONE };

static enum listed look_up(const struct hl_kernel_version *kernel, uint32_t vendor, uint32_t device,
                           bool same)
{
    for (size_t i = 0; i < sizeof(bridges) / sizeof(bridges[0]); i++) {
        const struct bridge *b = &bridges[i];

        if (b->vendor != vendor || (b->device != device && b->device != ANY_DEVICE))
            continue;
        if (!hl_kernel_at_least(kernel, b->major, b->minor))
            return LISTED_LATER;
        return b->same_bridge && !same ? LISTED_FOR_ONE : LISTED;
    }
    return NOT_LISTED;
}

/* May requests go through the host bridges?  1, 0, or -errno when that is unknown; why in text. */
static int through_host_bridge(const char *root, const struct hl_kernel_version *kernel,
                               const struct hl_pci_chain *a, const struct hl_pci_chain *b,
                               char *text, size_t size)
{
    const struct hl_pci_chain *both[2] = { a, b };
    bool same = !strcmp(a->root_bus, b->root_bus);
    int zen = cpu_is_amd_zen(root);

    if (zen > 0) {
        snprintf(text, size, "the host bridge of an AMD Zen processor lets it pass");
        return 1;
    }
    for (int i = 0; i < (same ? 1 : 2); i++) {
        uint32_t vendor, device;
        enum listed l;
        int rc = hl_pci_host_bridge(root, both[i]->root_bus, &vendor, &device);

        if (rc < 0) {
            snprintf(text, size, "the host bridge of %s cannot be read (%s)", both[i]->root_bus,
                     strerror(-rc));
            return rc;
        }
        if (rc == 0) {
            snprintf(text, size, "%s has no host bridge that the kernel could know",
                     both[i]->root_bus);
            return 0;
        }
        l = look_up(kernel, vendor, device, same);
        if (l != LISTED) {
            snprintf(text, size, "the host bridge of %s (%04x:%04x) %s%s", both[i]->root_bus,
                     vendor, device,
                     l == LISTED_LATER ? "is on the list of later kernels only"
                     : l == LISTED_FOR_ONE
                         ? "is on the kernel's list for devices below one and the same bridge only"
                         : "is not on the kernel's list",
                     zen < 0 && !hl_is_absent(zen) ? " (the processor's kind cannot be read)" : "");
            return zen < 0 && !hl_is_absent(zen) ? zen : 0;
        }
    }
    snprintf(text, size, "the host bridge is on the kernel's list");
    return 1;
}

int hl_route_meet(const struct hl_pci_chain *a, const struct hl_pci_chain *b)
{
    for (unsigned i = 0; i < a->depth; i++) {
        for (unsigned k = 0; k < b->depth; k++) {
            if (!strcmp(a->at[i], b->at[k]))
                return (int)i;
        }
    }
    return -1;
}

static void look_at_acs(const char *root, const char *address, struct hl_route *r)
{
    int rc = hl_pci_acs_redirects(root, address);
    size_t n = strlen(r->redirecting);

    if (rc < 0)
        r->acs_hidden = true;
    else if (rc)
        snprintf(r->redirecting + n, sizeof(r->redirecting) - n, "%s%s", n ? ";" : "", address);
}

void hl_route_find(const char *root, const struct hl_kernel_version *kernel,
                   const struct hl_pci_chain *a, const struct hl_pci_chain *b, struct hl_route *r)
{
    int common = hl_route_meet(a, b), host;

    memset(r, 0, sizeof(*r));
    if (common >= 0) {
        strcpy(r->common, a->at[common]);
        /* from the device up to and with the common bridge; from the importer up to below it */
        for (int i = 0; i <= common; i++)
            look_at_acs(root, a->at[i], r);
        for (unsigned k = 0; k < b->depth && strcmp(b->at[k], r->common) != 0; k++)
            look_at_acs(root, b->at[k], r);
        if (!*r->redirecting && !r->acs_hidden) {
            r->way = HL_WAY_SWITCH;
            return;
        }
    }
    host = through_host_bridge(root, kernel, a, b, r->host, sizeof(r->host));
    if (host > 0)
        r->way = HL_WAY_HOST_BRIDGE;
    else if (common >= 0 && !*r->redirecting)
        r->way = HL_WAY_ACS_HIDDEN;
    else
        r->way = host < 0 ? HL_WAY_UNKNOWN : HL_WAY_NONE;
}
