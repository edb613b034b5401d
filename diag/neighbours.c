/* SPDX-License-Identifier: MIT */
#include <hlthunk-diag/neighbours.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag/config.h"
#include "diag/pci_tree.h"
#include "diag/root.h"
#include "diag/route.h"
#include "lib/error.h"
#include "lib/kernel/pci_address.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"
#include "lib/options.h"

/* One neighbour with its texts. */
struct near {
    struct hlthunk_neighbour n;
    char address[24], driver[32], rdma[64], bridge[24];
};

struct search {
    const char *root;
    struct hl_pci_chain device;
    struct hl_kernel_version kernel;
    bool kernel_known;
    struct near *list;
    size_t count, room;
    int rc; /* why the search ended early */
};

/* 0: it would not import anything. */
static enum hlthunk_neighbour_kind kind_of(uint32_t class_code)
{
    switch (class_code >> 8) {
    case 0x0200: /* Ethernet */
    case 0x0207: /* InfiniBand */
        return HLTHUNK_NEIGHBOUR_NETWORK;
    case 0x0300: /* VGA */
    case 0x0302: /* 3D */
    case 0x0380: /* another display controller */
        return HLTHUNK_NEIGHBOUR_GPU;
    case 0x1200:
        return HLTHUNK_NEIGHBOUR_ACCELERATOR;
    default:
        return (enum hlthunk_neighbour_kind)0;
    }
}

/* A PCI device's NUMA node, -1 where there is none: 0 or -errno. */
static int read_numa(const char *root, const char *address, int32_t *node)
{
    char text[32];
    int rc = hl_tree_read(root, text, sizeof(text), "/sys/bus/pci/devices/%s/numa_node", address);

    *node = rc ? -1 : (int32_t)strtol(text, NULL, 10);
    return hl_is_absent(rc) ? 0 : rc;
}

static int keep_name(const char *name, void *user)
{
    struct near *o = user;

    snprintf(o->rdma, sizeof(o->rdma), "%.63s", name);
    return 1;
}

static enum hlthunk_route route_of(const struct search *s, const struct hl_pci_chain *chain)
{
    struct hl_route r;

    hl_route_find(s->root, &s->kernel, &s->device, chain, &r);
    switch (r.way) {
    case HL_WAY_SWITCH:
        return HLTHUNK_ROUTE_SWITCH;
    case HL_WAY_HOST_BRIDGE:
        return HLTHUNK_ROUTE_HOST_BRIDGE;
    case HL_WAY_NONE: /* by this kernel's list of host bridges */
        return s->kernel_known ? HLTHUNK_ROUTE_NONE : HLTHUNK_ROUTE_UNKNOWN;
    default:
        return HLTHUNK_ROUTE_UNKNOWN;
    }
}

static void place(const struct search *s, const struct hl_pci_chain *chain, struct near *o)
{
    int meet = hl_route_meet(&s->device, chain);

    o->n.same_root = !strcmp(s->device.root_bus, chain->root_bus);
    if (meet >= 0)
        snprintf(o->bridge, sizeof(o->bridge), "%s", s->device.at[meet]);
    /* at[0] is the device itself, not a bridge; the functions of one device meet there */
    o->n.hops = meet > 0 ? (unsigned)meet - 1 : meet < 0 ? s->device.depth - 1 : 0;
    o->n.route = route_of(s, chain);
}

/* What sysfs says of one neighbour: 0 or -errno. */
static int look_at(struct search *s, const char *address, struct near *o)
{
    struct hl_pci_chain chain;
    int rc = hl_pci_chain(s->root, address, &chain);

    rc = rc ? rc : read_numa(s->root, address, &o->n.numa_node);
    rc = rc ? rc : hl_pci_driver(s->root, address, o->driver, sizeof(o->driver));
    if (rc)
        return rc;
    rc = hl_tree_each(s->root, keep_name, o, "/sys/bus/pci/devices/%s/infiniband", address);
    if (rc < 0 && !hl_is_absent(rc))
        return rc;
    snprintf(o->address, sizeof(o->address), "%.23s", address);
    o->n.struct_size = sizeof(o->n);
    place(s, &chain, o);
    return 0;
}

static int make_room(struct search *s)
{
    size_t room = s->room ? 2 * s->room : 16;
    struct near *list;

    if (s->count < s->room)
        return 0;
    list = realloc(s->list, room * sizeof(*list));
    if (!list)
        return -ENOMEM;
    s->list = list;
    s->room = room;
    return 0;
}

static int add(const char *address, void *user)
{
    struct search *s = user;
    uint32_t vendor, device, class_code;
    enum hlthunk_neighbour_kind kind;
    int rc;

    if (!strcmp(address, s->device.at[0]))
        return 0;
    rc = hl_pci_ids(s->root, address, &vendor, &device, &class_code);
    kind = rc ? (enum hlthunk_neighbour_kind)0 : kind_of(class_code);
    if (!rc && !kind)
        return 0;
    rc = rc ? rc : make_room(s);
    if (!rc) {
        s->list[s->count] = (struct near){ .n = { .kind = kind } };
        rc = look_at(s, address, &s->list[s->count]);
    }
    if (hl_is_absent(rc) || rc == -ENODEV) /* it was removed meanwhile */
        return 0;
    if (rc) {
        s->rc = hl_err(rc, "the PCI device %s cannot be looked at: %s", address, strerror(-rc));
        return s->rc;
    }
    s->count++;
    return 0;
}

static int nearer(const void *a, const void *b)
{
    const struct near *x = a, *y = b;

    if (x->n.same_root != y->n.same_root)
        return y->n.same_root - x->n.same_root;
    if (x->n.hops != y->n.hops)
        return x->n.hops < y->n.hops ? -1 : 1;
    return strcmp(x->address, y->address);
}

/* Where the device itself is. */
static int locate(const struct search *s, struct hlthunk_location *l)
{
    const char *address = s->device.at[0];
    int rc = read_numa(s->root, address, &l->numa_node);

    if (!rc) {
        rc = hl_tree_read(s->root, l->processors, sizeof(l->processors),
                          "/sys/bus/pci/devices/%s/local_cpulist", address);
        if (rc) /* truncated, it would be a lie */
            l->processors[0] = '\0';
        rc = hl_is_absent(rc) || rc == -ENOSPC ? 0 : rc;
    }
    return rc ? hl_err(rc, "where the PCI device %s is cannot be read: %s", address, strerror(-rc))
              : 0;
}

static int begin(struct search *s, const char *pci_address,
                 const struct hlthunk_neighbours_options *options)
{
    struct hlthunk_neighbours_options o;
    struct hl_pci_address a;
    char address[24];
    int rc = HL_OPTIONS_READ(o, options);

    rc = rc ? rc : hl_root_check(o.root, &s->root);
    if (rc)
        return rc;
    if (!pci_address || !hl_pci_parse(pci_address, &a))
        return hl_err(-EINVAL, "pci_address \"%.40s\" is not a PCI address such as 0000:0d:00.0",
                      pci_address ? pci_address : "(null)");
    hl_pci_format(&a, address, sizeof(address));
    rc = hl_pci_chain(s->root, address, &s->device);
    if (rc == -ENODEV)
        return hl_err(rc, "pci_address: there is no PCI device %s", address);
    if (rc)
        return hl_err(rc, "the place of %s on the bus cannot be read: %s", address, strerror(-rc));
    rc = hl_kernel_version(s->root, &s->kernel);
    s->kernel_known = !rc;
    return hl_is_exhausted(rc) ? hl_err(rc, "the kernel's version: %s", strerror(-rc)) : 0;
}

static int tell(struct search *s, hlthunk_neighbour_fn visit, void *user)
{
    int rc = 0;

    if (s->count)
        qsort(s->list, s->count, sizeof(*s->list), nearer);
    for (size_t i = 0; visit && i < s->count && !rc; i++) {
        struct near *o = &s->list[i];

        o->n.pci_address = o->address;
        o->n.driver = o->driver;
        o->n.rdma_device = o->rdma;
        o->n.bridge = o->bridge;
        rc = visit(&o->n, user);
    }
    return rc;
}

int hlthunk_neighbours_list(const char *pci_address,
                            const struct hlthunk_neighbours_options *options,
                            hlthunk_neighbour_fn visit, void *user,
                            struct hlthunk_location *location)
{
    struct hlthunk_location here = { 0 };
    struct search s = { 0 };
    int rc = location ? hl_struct_check(location, "location") : 0;

    rc = rc ? rc : begin(&s, pci_address, options);
    rc = rc ? rc : locate(&s, &here);
    if (rc)
        return rc;
    rc = hl_tree_each(s.root, add, &s, "/sys/bus/pci/devices");
    if (rc && !s.rc)
        hl_err(rc, "the PCI devices cannot be listed: %s", strerror(-rc));
    here.neighbours = (uint32_t)s.count;
    rc = rc ? rc : tell(&s, visit, user);
    free(s.list);
    if (location && rc >= 0)
        HL_STRUCT_FILL(location, here);
    return rc;
}

const char *hlthunk_neighbour_kind_get_name(enum hlthunk_neighbour_kind kind)
{
    static const char *const names[] = { "unknown", "network", "gpu", "accelerator" };

    return (unsigned)kind < 4 ? names[kind] : "unknown";
}

const char *hlthunk_route_get_name(enum hlthunk_route route)
{
    static const char *const names[] = { "unknown", "switch", "host bridge", "none" };

    return (unsigned)route < 4 ? names[route] : "unknown";
}
