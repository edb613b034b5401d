/* SPDX-License-Identifier: MIT */
/* Where devices are: their NUMA node and processors, and the devices that might import from them.
 */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"

static const char usage[] =
    "usage: hlthunk topology [--json] [DEVICE]\n\n"
    "Shows each device's NUMA node and processors, and the network cards, GPUs and accelerators of\n"
    "this machine, the nearest first: how many bridges up from the device they meet, and the route\n"
    "that peer-to-peer requests take.\n"
    "Reads only sysfs.  DEVICE is an index, a PCI address or an ASIC's name; without one, all.\n";

/* The output of one device's rows. */
struct rows {
    cJSON *json;       /* NULL: for a person */
    int32_t numa_node; /* the device's own */
    unsigned count;
};

static void add_numa(cJSON *o, int32_t node)
{
    if (node < 0)
        cJSON_AddNullToObject(o, "numa_node");
    else
        cJSON_AddNumberToObject(o, "numa_node", node);
}

static void add_optional(cJSON *o, const char *name, const char *text)
{
    if (*text)
        add_text(o, name, text);
    else
        cJSON_AddNullToObject(o, name);
}

static int add_neighbour(const struct hlthunk_neighbour *n, void *user)
{
    struct rows *r = user;
    cJSON *o = cJSON_CreateObject();

    cJSON_AddItemToArray(r->json, o);
    cJSON_AddStringToObject(o, "pci_address", n->pci_address);
    cJSON_AddStringToObject(o, "kind", hlthunk_neighbour_kind_get_name(n->kind));
    add_optional(o, "driver", n->driver);
    add_optional(o, "rdma_device", n->rdma_device);
    add_numa(o, n->numa_node);
    cJSON_AddBoolToObject(o, "same_root", n->same_root);
    cJSON_AddNumberToObject(o, "hops", n->hops);
    cJSON_AddStringToObject(o, "route", hlthunk_route_get_name(n->route));
    add_optional(o, "bridge", n->bridge);
    return 0;
}

static int print_neighbour(const struct hlthunk_neighbour *n, void *user)
{
    static const char *const routes[] = {
        [HLTHUNK_ROUTE_UNKNOWN] = "route not known",
        [HLTHUNK_ROUTE_SWITCH] = "route through a switch",
        [HLTHUNK_ROUTE_HOST_BRIDGE] = "route through the host bridge",
        [HLTHUNK_ROUTE_NONE] = "no route",
    };
    struct rows *r = user;
    char plain[64];

    r->count++;
    printf("  %-14s %-12s %-8s ", n->pci_address, hlthunk_neighbour_kind_get_name(n->kind),
           *n->rdma_device ? printable(n->rdma_device, plain, sizeof(plain)) : "-");
    if (n->same_root)
        printf("%u bridge%s up, below one root", n->hops, n->hops == 1 ? "" : "s");
    else
        printf("below another root");
    printf(", %s%s\n", (unsigned)n->route < 4 ? routes[n->route] : routes[0],
           n->numa_node >= 0 && r->numa_node >= 0 && n->numa_node != r->numa_node
               ? ", another NUMA node"
               : "");
    return 0;
}

/* The neighbours; the place of the device itself comes first, as the rows are relative to it. */
static int near(const struct hlthunk_device_entry *e, struct hlthunk_location *where)
{
    *where = (struct hlthunk_location){ .struct_size = sizeof(*where) };
    return hlthunk_neighbours_list(e->pci_address, NULL, NULL, NULL, where);
}

static int add_device(cJSON *devices, const struct hlthunk_device_entry *e)
{
    cJSON *o = cJSON_CreateObject();
    struct hlthunk_location where;
    struct rows r = { 0 };
    int rc = near(e, &where);

    cJSON_AddItemToArray(devices, o);
    cJSON_AddNumberToObject(o, "index", e->index);
    cJSON_AddStringToObject(o, "asic", hlthunk_asic_get_name(e->asic));
    cJSON_AddStringToObject(o, "pci_address", e->pci_address);
    add_numa(o, where.numa_node);
    add_text(o, "processors", where.processors);
    r.json = cJSON_AddArrayToObject(o, "neighbours");
    return rc ? rc : hlthunk_neighbours_list(e->pci_address, NULL, add_neighbour, &r, NULL);
}

static int print_device(const struct hlthunk_device_entry *e)
{
    struct hlthunk_location where;
    char node[32] = "NUMA node not known";
    struct rows r = { 0 };
    int rc = near(e, &where);

    if (rc)
        return rc;
    r.numa_node = where.numa_node;
    if (where.numa_node >= 0)
        snprintf(node, sizeof(node), "NUMA node %d", (int)where.numa_node);
    printf("%s %u at %s: %s, processors %s\n", hlthunk_asic_get_name(e->asic), e->index,
           e->pci_address, node, *where.processors ? where.processors : "?");
    rc = hlthunk_neighbours_list(e->pci_address, NULL, print_neighbour, &r, NULL);
    if (!rc && !r.count)
        puts("  no network card, GPU or other accelerator");
    return rc;
}

static int all(const struct hlthunk_device_entry *list, size_t n,
               const struct hlthunk_device_entry *only, cJSON *devices)
{
    for (size_t i = 0; i < n; i++) {
        const struct hlthunk_device_entry *e = &list[i];

        if (only && e->index != only->index)
            continue;
        if (need_address("topology", e))
            return EXIT_FAILED;
        if (devices ? add_device(devices, e) : print_device(e))
            return fail_with("topology", hlthunk_diag_last_error());
    }
    return EXIT_OK;
}

int command_topology(int argc, char **argv)
{
    struct hlthunk_device_entry list[64], meant;
    const char *device;
    int code = EXIT_OK;
    cJSON *top, *devices;
    size_t n = 0;
    bool json;

    if (!parse_common(argc, argv, usage, &json, &code))
        return code;
    code = find_operand("topology", argc, argv, usage, &device, &meant);
    if (code != EXIT_OK)
        return code;
    if (hlthunk_device_enumerate(list, sizeof(*list), 64, &n))
        return fail("topology");
    top = cJSON_CreateObject();
    devices = cJSON_AddArrayToObject(top, "devices");
    code = all(list, n < 64 ? n : 64, device ? &meant : NULL, json ? devices : NULL);
    if (json && code == EXIT_OK)
        return print_object(top);
    cJSON_Delete(top);
    return code;
}
