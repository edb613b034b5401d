/* SPDX-License-Identifier: MIT */
/* Where devices are: their NUMA node and processors, and the devices that might import from them.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"

static const char usage[] =
    "usage: hlthunk topology [--json] [DEVICE]\n\n"
    "Shows each device's NUMA node and processors, and the network cards, GPUs and accelerators of\n"
    "this machine, the nearest first: how many bridges up from the device they meet, and where.\n"
    "Reads sysfs alone.  DEVICE is an index, a PCI address or an ASIC's name; without one, all.\n";

#define PCI_DEVICES "/sys/bus/pci/devices"

struct neighbour {
    char address[24];
    const char *kind;
    long numa;      /* -1: not known */
    unsigned hops;  /* bridges from the device up to the one that both are below */
    bool same_root; /* they meet below one root of the PCI tree */
};

/* The whole path of a PCI device, bridges included; false where there is none. */
static bool path_of(const char *address, char path[PATH_MAX])
{
    char link[128];

    snprintf(link, sizeof(link), PCI_DEVICES "/%s", address);
    return realpath(link, path) != NULL;
}

/* A number in an attribute of a PCI device; what otherwise without one. */
static long attribute(const char *address, const char *name, long otherwise)
{
    char path[160];
    long value;
    FILE *f;

    snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address, name);
    f = fopen(path, "re");
    if (!f)
        return otherwise;
    if (fscanf(f, "%li", &value) != 1)
        value = otherwise;
    fclose(f);
    return value;
}

static const char *processors(const char *address, char *text, size_t size)
{
    char path[160];
    FILE *f;

    snprintf(path, sizeof(path), PCI_DEVICES "/%s/local_cpulist", address);
    f = fopen(path, "re");
    if (!f || !fgets(text, (int)size, f))
        *text = '\0';
    if (f)
        fclose(f);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

/* What might import; NULL: it would not. */
static const char *kind_of(const char *address)
{
    switch (attribute(address, "class", 0) >> 8) {
    case 0x0200:
    case 0x0207:
        return "network";
    case 0x0300:
    case 0x0302:
    case 0x0380:
        return "gpu";
    case 0x1200:
        return "accelerator";
    default:
        return NULL;
    }
}

/* Where two paths meet: the number of bridges that are left of ours, and whether below one root. */
static void compare_paths(const char *ours, const char *its, struct neighbour *n)
{
    const char *p = ours, *last = ours, *root = strstr(ours, "/pci");

    while (*p && *p == *its) {
        if (*p == '/')
            last = p;
        p++;
        its++;
    }
    if ((!*p || *p == '/') && (!*its || *its == '/'))
        last = p;
    n->same_root = root && strchr(root + 1, '/') && last >= strchr(root + 1, '/');
    n->hops = 0;
    /* the last part is the device itself, no bridge */
    for (const char *q = last; *q; q++)
        n->hops += *q == '/';
    n->hops -= n->hops > 0;
}

static int nearer(const void *a, const void *b)
{
    const struct neighbour *x = a, *y = b;

    if (x->same_root != y->same_root)
        return y->same_root - x->same_root;
    if (x->hops != y->hops)
        return x->hops < y->hops ? -1 : 1;
    return strcmp(x->address, y->address);
}

/* All that might import from the device at address: their number, or -errno. */
static int neighbours(const char *address, struct neighbour *list, int max)
{
    char ours[PATH_MAX], its[PATH_MAX];
    struct dirent *entry;
    DIR *dir;
    int n = 0;

    if (!path_of(address, ours))
        return -errno;
    dir = opendir(PCI_DEVICES);
    if (!dir)
        return -errno;
    while (n < max && (errno = 0, entry = readdir(dir))) {
        struct neighbour *o = &list[n];

        if (*entry->d_name == '.' || !strcmp(entry->d_name, address))
            continue;
        o->kind = kind_of(entry->d_name);
        if (!o->kind || !path_of(entry->d_name, its))
            continue;
        snprintf(o->address, sizeof(o->address), "%.23s", entry->d_name);
        o->numa = attribute(o->address, "numa_node", -1);
        compare_paths(ours, its, o);
        n++;
    }
    if (errno)
        n = -errno;
    closedir(dir);
    if (n > 0)
        qsort(list, (size_t)n, sizeof(*list), nearer);
    return n;
}

static void add_numa(cJSON *o, long numa)
{
    if (numa < 0)
        cJSON_AddNullToObject(o, "numa_node");
    else
        cJSON_AddNumberToObject(o, "numa_node", (double)numa);
}

static void add_device(cJSON *devices, const struct hlthunk_device_entry *e,
                       const struct neighbour *list, int n)
{
    cJSON *o = cJSON_CreateObject(), *all;
    char cpus[256];

    cJSON_AddItemToArray(devices, o);
    cJSON_AddNumberToObject(o, "index", e->index);
    cJSON_AddStringToObject(o, "asic", hlthunk_asic_get_name(e->asic));
    cJSON_AddStringToObject(o, "pci_address", e->pci_address);
    add_numa(o, attribute(e->pci_address, "numa_node", -1));
    add_text(o, "processors", processors(e->pci_address, cpus, sizeof(cpus)));
    all = cJSON_AddArrayToObject(o, "neighbours");
    for (int i = 0; i < n; i++) {
        cJSON *r = cJSON_CreateObject();

        cJSON_AddItemToArray(all, r);
        cJSON_AddStringToObject(r, "pci_address", list[i].address);
        cJSON_AddStringToObject(r, "kind", list[i].kind);
        add_numa(r, list[i].numa);
        cJSON_AddBoolToObject(r, "same_root", list[i].same_root);
        cJSON_AddNumberToObject(r, "hops", list[i].hops);
    }
}

static void print_device(const struct hlthunk_device_entry *e, const struct neighbour *list, int n)
{
    long numa = attribute(e->pci_address, "numa_node", -1);
    char cpus[256], node[32] = "NUMA node not known";

    if (numa >= 0)
        snprintf(node, sizeof(node), "NUMA node %ld", numa);
    printf("%s %u at %s: %s, processors %s\n", hlthunk_asic_get_name(e->asic), e->index,
           e->pci_address, node, *processors(e->pci_address, cpus, sizeof(cpus)) ? cpus : "?");
    for (int i = 0; i < n; i++) {
        printf("  %-14s %-12s ", list[i].address, list[i].kind);
        if (list[i].same_root)
            printf("%u bridge%s up, below one root", list[i].hops, list[i].hops == 1 ? "" : "s");
        else
            printf("below another root");
        puts(list[i].numa >= 0 && numa >= 0 && list[i].numa != numa ? ", another NUMA node" : "");
    }
    if (!n)
        puts("  no network card, GPU or other accelerator");
}

int command_topology(int argc, char **argv)
{
    struct hlthunk_device_entry list[64], meant;
    struct neighbour near[256];
    int code = EXIT_OK;
    cJSON *top, *devices;
    size_t n = 0;
    bool json;

    if (!parse_common(argc, argv, usage, &json, &code))
        return code;
    if (argc - optind > 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    code = find_device("topology", argv[optind], &meant);
    if (code != EXIT_OK)
        return code;
    if (hlthunk_device_enumerate(list, sizeof(*list), 64, &n))
        return fail("topology");
    top = cJSON_CreateObject();
    devices = cJSON_AddArrayToObject(top, "devices");
    for (size_t i = 0; i < n && i < 64; i++) {
        int count;

        if (argv[optind] && list[i].index != meant.index)
            continue;
        count = neighbours(list[i].pci_address, near, 256);
        if (count < 0) {
            fprintf(stderr, "hlthunk: topology: %s cannot be looked at: %s\n",
                    *list[i].pci_address ? list[i].pci_address : "a device without an address",
                    strerror(-count));
            cJSON_Delete(top);
            return EXIT_FAILED;
        }
        if (json)
            add_device(devices, &list[i], near, count);
        else
            print_device(&list[i], near, count);
    }
    if (json)
        return print_object(top);
    cJSON_Delete(top);
    return EXIT_OK;
}
