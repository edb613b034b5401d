/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"

static const char usage[] =
    "usage: hlthunk doctor [--json] [--passive | --try] [--importer ADDRESS] [--root DIR] [DEVICE]\n\n"
    "Says whether sharing device memory will work here, and what to do where it will not: nodes and\n"
    "permissions, the kernel, who has the device, the importers and the PCIe routes to them, limits.\n"
    "DEVICE is an index, a PCI address or an ASIC's name; without one, every device.\n\n"
    "  --passive           open no node, even if something remains unknown\n"
    "  --try               open the node, and export a page (Gaudi2 resets when it is closed)\n"
    "  --importer ADDRESS  the PCI device that will import: whatever prevents it is a problem\n"
    "  --root DIR          examine a recorded machine: its /sys, /proc, /boot and /dev\n\n"
    "Exit code: 0 no problem (there may be warnings), 4 a problem, 3 no device.\n";

struct doctor {
    struct hlthunk_preflight_options options;
    cJSON *rows;    /* NULL: for a person */
    char about[64]; /* the heading that was printed last */
    unsigned counts[4];
    bool no_device;
};

/* --passive and --try exclude one another. */
static bool choose(struct doctor *d, enum hlthunk_preflight_open open)
{
    bool first = d->options.open == HLTHUNK_PREFLIGHT_OPEN_IF_UNPROVEN;

    if (first)
        d->options.open = open;
    return first || d->options.open == open;
}

static bool take(int c, void *user)
{
    struct doctor *d = user;

    switch (c) {
    case 'p':
        return choose(d, HLTHUNK_PREFLIGHT_OPEN_NEVER);
    case 't':
        return choose(d, HLTHUNK_PREFLIGHT_OPEN_AND_EXPORT);
    case 'i':
        d->options.importer = optarg;
        return is_address(optarg);
    case 'r':
        d->options.root = optarg;
        return true;
    default:
        return false;
    }
}

/* Text wrapped to the width of a terminal, with the same indent on each line. */
static void wrap(const char *lead, const char *text)
{
    size_t width = 96, indent = 26, at = indent;
    char plain[1024];

    text = printable(text, plain, sizeof(plain));
    printf("%s", lead);
    while (*text) {
        size_t n = strcspn(text, " ");

        if (at > indent && at + 1 + n > width) {
            printf("\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            putchar(' ');
            at++;
        }
        printf("%.*s", (int)n, text);
        at += n;
        text += n;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_heading(struct doctor *d, const struct hlthunk_check *c)
{
    char about[64] = "this machine";

    if (*c->importer)
        snprintf(about, sizeof(about), "%s to %s", c->device, c->importer);
    else if (*c->device)
        snprintf(about, sizeof(about), "%s", c->device);
    if (strcmp(about, d->about) != 0)
        printf("%s%s\n", *d->about ? "\n" : "", about);
    strcpy(d->about, about);
}

static void print_check(struct doctor *d, const struct hlthunk_check *c)
{
    char lead[64];

    print_heading(d, c);
    snprintf(lead, sizeof(lead), "  %-10s %-12s ", c->id,
             c->verdict == HLTHUNK_VERDICT_PROBLEM ? "PROBLEM"
                                                   : hlthunk_verdict_get_name(c->verdict));
    wrap(lead, c->text);
    if (*c->remedy) {
        snprintf(lead, sizeof(lead), "  %-10s %-12s ", "", "to do:");
        wrap(lead, c->remedy);
    }
}

static void add_check(const struct doctor *d, const struct hlthunk_check *c)
{
    cJSON *r = cJSON_CreateObject();

    cJSON_AddItemToArray(d->rows, r);
    cJSON_AddStringToObject(r, "id", c->id);
    cJSON_AddStringToObject(r, "verdict", hlthunk_verdict_get_name(c->verdict));
    if (*c->device)
        add_text(r, "device", c->device);
    if (*c->importer)
        add_text(r, "importer", c->importer);
    add_text(r, "text", c->text);
    if (*c->remedy)
        add_text(r, "remedy", c->remedy);
}

static int check(const struct hlthunk_check *c, void *user)
{
    struct doctor *d = user;

    d->counts[c->verdict]++;
    d->no_device |= !strcmp(c->id, "device") && c->verdict == HLTHUNK_VERDICT_PROBLEM;
    if (d->rows)
        add_check(d, c);
    else
        print_check(d, c);
    return 0;
}

static int finish(struct doctor *d, enum hlthunk_verdict worst)
{
    int code = d->no_device                       ? EXIT_NO_DEVICE
               : worst == HLTHUNK_VERDICT_PROBLEM ? EXIT_PROBLEM
                                                  : EXIT_OK;

    if (d->rows) {
        cJSON *top = cJSON_CreateObject();

        cJSON_AddStringToObject(top, "verdict", hlthunk_verdict_get_name(worst));
        cJSON_AddItemToObject(top, "checks", d->rows);
        if (print_object(top))
            code = EXIT_FAILED;
    } else {
        printf("\nproblems: %u, warnings: %u, not known: %u, ok: %u\n",
               d->counts[HLTHUNK_VERDICT_PROBLEM], d->counts[HLTHUNK_VERDICT_WARNING],
               d->counts[HLTHUNK_VERDICT_UNKNOWN], d->counts[HLTHUNK_VERDICT_OK]);
    }
    if (d->no_device && !d->options.root)
        no_device("doctor");
    return code;
}

int command_doctor(int argc, char **argv)
{
    static const struct option options[] = {
        COMMON_OPTIONS,
        { "passive", no_argument, NULL, 'p' },
        { "try", no_argument, NULL, 't' },
        { "importer", required_argument, NULL, 'i' },
        { "root", required_argument, NULL, 'r' },
        { NULL, 0, NULL, 0 },
    };
    struct doctor d = { .options = { .struct_size = sizeof(d.options) } };
    struct hlthunk_device_entry entry;
    enum hlthunk_verdict worst;
    int code = EXIT_OK, rc;
    bool json;

    if (!parse_options(argc, argv, usage, options, take, &d, &json, &code))
        return code;
    if (argc - optind > 1)
        return wrong_usage(usage);
    if (argv[optind] && d.options.root) {
        if (!is_address(argv[optind])) {
            fprintf(stderr, "hlthunk: doctor: of a recorded machine DEVICE is a PCI address\n");
            return wrong_usage(usage);
        }
        d.options.pci_address = argv[optind]; /* of a machine that is not this one */
    } else if (argv[optind]) {
        code = find_device("doctor", argv[optind], &entry);
        if (code == EXIT_OK)
            code = need_address("doctor", &entry);
        if (code != EXIT_OK)
            return code;
        d.options.pci_address = entry.pci_address;
    }
    d.rows = json ? cJSON_CreateArray() : NULL;
    rc = hlthunk_preflight_run(&d.options, check, &d, &worst);
    if (rc) {
        cJSON_Delete(d.rows);
        code = fail_with("doctor", hlthunk_diag_last_error());
        return rc == -ENODEV && d.options.root && argv[optind] ? EXIT_NO_DEVICE : code;
    }
    return finish(&d, worst);
}
