/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"

int fail_with(const char *what, const char *why)
{
    char text[400];

    fprintf(stderr, "hlthunk: %s: %s\n", what, printable(why, text, sizeof(text)));
    return EXIT_FAILED;
}

int fail(const char *what)
{
    return fail_with(what, hlthunk_last_error());
}

int wrong_usage(const char *usage)
{
    fputs(usage, stderr);
    return EXIT_USAGE;
}

int no_device(const char *command)
{
    fprintf(stderr,
            "hlthunk: no Habana device on this machine, or its driver is not loaded.\n"
            "Try a simulated one:  hlsim run --device gaudi2 -- hlthunk %s\n",
            command);
    return EXIT_NO_DEVICE;
}

/* [DOMAIN:]BUS:DEVICE.FUNCTION, as the library takes it: hexadecimal, of any number of digits. */
static bool parse_address(const char *text, unsigned long long part[4])
{
    static const unsigned long long max[] = { UINT32_MAX, 0xff, 0x1f, 7 };
    static const char after[] = "::.";

    part[0] = 0;
    for (unsigned i = strchr(text, ':') == strrchr(text, ':'); i < 4; i++) {
        char *end;

        /* strtoull() takes signs, white space and 0x as well */
        if (!isxdigit((unsigned char)*text) || text[1] == 'x' || text[1] == 'X')
            return false;
        part[i] = strtoull(text, &end, 16);
        if (part[i] > max[i] || *end != after[i])
            return false;
        text = end + 1;
    }
    return true;
}

bool is_address(const char *text)
{
    unsigned long long part[4];

    return parse_address(text, part);
}

bool parse_device(const char *text, struct hlthunk_device_options *o)
{
    unsigned long long index;
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
        return is_address(text);
    }
    o->select = HLTHUNK_SELECT_INDEX;
    errno = 0;
    index = strtoull(text, &end, 10);
    o->index = (uint32_t)index;
    /* only digits: strtoull() takes signs and white space as well */
    return *text >= '0' && *text <= '9' && !*end && !errno && index <= UINT32_MAX;
}

int not_a_device(const char *command, const char *text)
{
    fprintf(stderr, "hlthunk: %s: \"%s\" is not an index, PCI address or ASIC\n", command, text);
    return EXIT_USAGE;
}

/* "10:00.0" is "0000:10:00.0", in either case. */
static bool same_address(const char *entry, const char *text)
{
    unsigned long long a[4], b[4];

    return parse_address(entry, a) && parse_address(text, b) && !memcmp(a, b, sizeof(a));
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

    if (!parse_device(text, &o))
        return not_a_device(command, text);
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
    fprintf(stderr, "hlthunk: %s: no Habana device of this machine is \"%s\" (devices: %zu)\n",
            command, text, n);
    return EXIT_NO_DEVICE;
}

int need_address(const char *command, const struct hlthunk_device_entry *entry)
{
    if (*entry->pci_address)
        return EXIT_OK;
    fprintf(stderr, "hlthunk: %s: %s %u has no PCI address here: no sysfs\n", command,
            hlthunk_asic_get_name(entry->asic), entry->index);
    return EXIT_FAILED;
}

int find_operand(const char *command, int argc, char **argv, const char *usage, const char **text,
                 struct hlthunk_device_entry *entry)
{
    if (argc - optind > 1)
        return wrong_usage(usage);
    *text = argv[optind];
    return find_device(command, *text, entry);
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
            if (c != '?' && optarg) /* getopt_long() has told the rest */
                fprintf(stderr, "hlthunk: %s: \"%s\" is not a value of this option\n", argv[0],
                        optarg);
            *code = wrong_usage(usage);
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

/* The number of bytes of the UTF-8 character at p; 0: it is not one. */
static size_t utf8(const unsigned char *p)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    uint32_t c = n > 1 ? *p & (0x7fu >> n) : *p;

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) /* also at the end of the text */
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    return n && c >= least[n] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? n : 0;
}

void add_text(cJSON *object, const char *name, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    char *valid = malloc(3 * strlen(text) + 1), *out = valid;

    if (!valid)
        return;
    while (*p) {
        size_t n = utf8(p);

        memcpy(out, n ? (const char *)p : "\xef\xbf\xbd", n ? n : 3);
        out += n ? n : 3;
        p += n ? n : 1;
    }
    *out = '\0';
    cJSON_AddStringToObject(object, name, valid);
    free(valid);
}

void add_hex(cJSON *object, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%#llx", (unsigned long long)value);
    cJSON_AddStringToObject(object, name, text);
}
