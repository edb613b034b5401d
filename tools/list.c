/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "tools/command.h"

static const char usage[] =
    "usage: hlthunk list [--json]\n\n"
    "Lists the Habana devices of this machine: index, ASIC, PCI address, state, module ID, and the\n"
    "node, under whatever name this container has it.  Reads sysfs, and opens no device where that\n"
    "can be read.\n";

/* An attribute, or "-" where this kernel lacks it. */
static const char *attribute(const struct hlthunk_device_entry *e, const char *name, char *value,
                             size_t size)
{
    return hlthunk_device_entry_get_attribute(e, name, value, size) < 0 ? "-" : value;
}

/* Where this process has the node, or why it has none. */
static const char *node_of(const struct hlthunk_device_entry *e, char *text, size_t size)
{
    int rc = hlthunk_device_entry_find_node(e, false, text, size);

    if (rc == -ENODEV)
        snprintf(text, size, "not passed to this container");
    else if (rc)
        snprintf(text, size, "unknown: %s", strerror(-rc));
    return text;
}

static void print_table(const struct hlthunk_device_entry *list, size_t n)
{
    printf("%-5s  %-7s  %-14s  %-13s  %-6s  %s\n", "INDEX", "ASIC", "PCI ADDRESS", "STATUS",
           "MODULE", "NODE");
    for (size_t i = 0; i < n; i++) {
        char status[64], module[16], node[256], plain[64];

        printf(
            "%-5u  %-7s  %-14s  %-13s  %-6s  %s\n", list[i].index,
            hlthunk_asic_get_name(list[i].asic), *list[i].pci_address ? list[i].pci_address : "?",
            printable(attribute(&list[i], "status", status, sizeof(status)), plain, sizeof(plain)),
            attribute(&list[i], "module_id", module, sizeof(module)),
            node_of(&list[i], node, sizeof(node)));
    }
}

static void add_attribute(cJSON *o, const struct hlthunk_device_entry *e, const char *name)
{
    char value[64];

    if (hlthunk_device_entry_get_attribute(e, name, value, sizeof(value)) >= 0)
        add_text(o, name, value);
}

static void add_node(cJSON *o, const struct hlthunk_device_entry *e, bool control, const char *name)
{
    char path[256];

    if (hlthunk_device_entry_find_node(e, control, path, sizeof(path)) == 0)
        add_text(o, name, path);
    else
        cJSON_AddNullToObject(o, name);
}

static int print_json(const struct hlthunk_device_entry *list, size_t n)
{
    cJSON *top = cJSON_CreateObject(), *devices = cJSON_AddArrayToObject(top, "devices");

    for (size_t i = 0; i < n; i++) {
        cJSON *o = cJSON_CreateObject();
        char module[16];

        cJSON_AddItemToArray(devices, o);
        cJSON_AddNumberToObject(o, "index", list[i].index);
        cJSON_AddStringToObject(o, "asic", hlthunk_asic_get_name(list[i].asic));
        cJSON_AddStringToObject(o, "pci_address", list[i].pci_address);
        cJSON_AddNumberToObject(o, "pci_device_id", list[i].pci_device_id);
        add_node(o, &list[i], false, "node");
        add_node(o, &list[i], true, "control_node");
        add_attribute(o, &list[i], "device_type");
        add_attribute(o, &list[i], "status");
        if (hlthunk_device_entry_get_attribute(&list[i], "module_id", module, sizeof(module)) >= 0)
            cJSON_AddNumberToObject(o, "module_id", (double)strtoul(module, NULL, 10));
    }
    return print_object(top);
}

int command_list(int argc, char **argv)
{
    struct hlthunk_device_entry *list = NULL, *larger;
    size_t n = 0, room = 0;
    int code = EXIT_OK;
    bool json;

    if (!parse_common(argc, argv, usage, &json, &code))
        return code;
    if (argv[optind])
        return wrong_usage(usage);
    /* devices may appear meanwhile: ask until all fit */
    do {
        room = n;
        larger = reallocarray(list, room ? room : 1, sizeof(*list));
        list = larger ? larger : list;
        if (!larger || hlthunk_device_enumerate(list, sizeof(*list), room, &n)) {
            free(list);
            return fail("list");
        }
    } while (n > room);
    if (json)
        code = print_json(list, n);
    else if (n)
        print_table(list, n);
    if (!n)
        code = no_device("list");
    free(list);
    return code;
}
