/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/command.h"

int fail(const char *what)
{
    fprintf(stderr, "hlthunk: %s: %s\n", what, hlthunk_last_error());
    return EXIT_FAILED;
}

int no_device(const char *command)
{
    fprintf(stderr,
            "hlthunk: no Habana device on this machine, or its driver is not loaded.\n"
            "Try a simulated one:  hlsim run --device gaudi2 -- hlthunk %s\n",
            command);
    return EXIT_NO_DEVICE;
}

bool parse_device(const char *text, struct hlthunk_device_options *o)
{
    char *end;

    o->struct_size = sizeof(*o);
    o->control = true;
    if (!text)
        return true;
    for (int a = HLTHUNK_ASIC_GOYA; a <= HLTHUNK_ASIC_GAUDI2; a++) {
        if (!strcmp(text, hlthunk_asic_get_name((enum hlthunk_asic)a))) {
            o->select = HLTHUNK_SELECT_ASIC;
            o->asic = (enum hlthunk_asic)a;
            return true;
        }
    }
    if (strchr(text, ':')) {
        o->select = HLTHUNK_SELECT_PCI_ADDRESS;
        o->pci_address = text;
        return true;
    }
    o->select = HLTHUNK_SELECT_INDEX;
    o->index = (uint32_t)strtoul(text, &end, 10);
    return *text && !*end;
}

/* "10:00.0" is "0000:10:00.0", in either case. */
static bool same_address(const char *entry, const char *text)
{
    size_t n = strlen(entry), m = strlen(text);

    return !strcasecmp(entry, text) ||
           (m < n && entry[n - m - 1] == ':' && !strcasecmp(entry + n - m, text));
}

static bool is_meant(const struct hlthunk_device_options *o, const struct hlthunk_device_entry *e)
{
    switch (o->select) {
    case HLTHUNK_SELECT_INDEX:
        return e->index == o->index;
    case HLTHUNK_SELECT_ASIC:
        return e->asic == o->asic;
    case HLTHUNK_SELECT_PCI_ADDRESS:
        return same_address(e->pci_address, o->pci_address);
    default:
        return true;
    }
}

int find_device(const char *command, const char *text, struct hlthunk_device_entry *entry)
{
    struct hlthunk_device_options o = { 0 };
    struct hlthunk_device_entry list[64];
    size_t n = 0;

    if (!parse_device(text, &o)) {
        fprintf(stderr, "hlthunk: %s: \"%s\" is no index, PCI address or ASIC\n", command, text);
        return EXIT_USAGE;
    }
    if (hlthunk_device_enumerate(list, sizeof(*list), 64, &n))
        return fail(command);
    if (!n)
        return no_device(command);
    for (size_t i = 0; i < n && i < 64; i++) {
        if (is_meant(&o, &list[i])) {
            *entry = list[i];
            return EXIT_OK;
        }
    }
    fprintf(stderr, "hlthunk: %s: none of this machine's %zu Habana devices is \"%s\"\n", command,
            n, text);
    return EXIT_NO_DEVICE;
}

bool parse_options(int argc, char **argv, const char *usage, const struct option *options,
                   bool (*take)(int option, void *user), void *user, bool *json, int *code)
{
    int c;

    *json = false;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'j') {
            *json = true;
        } else if (c == 'h') {
            fputs(usage, stdout);
            *code = EXIT_OK;
            return false;
        } else if (c == '?' || !take(c, user)) {
            fputs(usage, stderr);
            *code = EXIT_USAGE;
            return false;
        }
    }
    return true;
}

bool parse_common(int argc, char **argv, const char *usage, bool *json, int *code)
{
    static const struct option options[] = { COMMON_OPTIONS, { NULL, 0, NULL, 0 } };

    return parse_options(argc, argv, usage, options, NULL, NULL, json, code);
}

const char *format_size(uint64_t bytes, char *text, size_t size)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    unsigned unit = 0;

    while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, size, "%llu %s", (unsigned long long)bytes, units[unit]);
    return text;
}

const char *format_age(uint64_t ns, char *text, size_t size)
{
    unsigned long long s = ns / 1000000000u;

    if (!ns)
        snprintf(text, size, "-");
    else if (s < 120)
        snprintf(text, size, "%llu.%llu s", s, (unsigned long long)(ns / 100000000u % 10));
    else if (s < 7200)
        snprintf(text, size, "%llu min", s / 60);
    else if (s < 172800)
        snprintf(text, size, "%llu h", s / 3600);
    else
        snprintf(text, size, "%llu days", s / 86400);
    return text;
}

const char *printable(const char *text, char *out, size_t size)
{
    size_t n = 0;

    for (; text[n] && n + 1 < size; n++)
        out[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
    out[n] = '\0';
    return out;
}

int print_object(cJSON *object)
{
    char *text = cJSON_Print(object);

    cJSON_Delete(object);
    if (!text)
        return EXIT_FAILED;
    puts(text);
    cJSON_free(text);
    return EXIT_OK;
}

void add_hex(cJSON *object, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%#llx", (unsigned long long)value);
    cJSON_AddStringToObject(object, name, text);
}
