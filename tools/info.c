/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "tools/command.h"

static const char usage[] =
    "usage: hlthunk info [--json] [DEVICE]\n\n"
    "Prints a device's properties and state, as its control node reports them, so that a busy\n"
    "device is not an obstacle.  DEVICE is an index (0), a PCI address (0000:10:00.0) or an ASIC's\n"
    "name (gaudi2); without one, the first device.\n";

struct facts {
    struct hlthunk_device_properties p;
    struct hlthunk_memory_usage usage;
    enum hlthunk_status status;
    bool usage_known;
};

static int gather(struct hlthunk_device *d, struct facts *f)
{
    int rc;

    memset(f, 0, sizeof(*f));
    f->p.struct_size = sizeof(f->p);
    f->usage.struct_size = sizeof(f->usage);
    rc = hlthunk_device_get_properties(d, &f->p);
    rc = rc ? rc : hlthunk_device_get_status(d, &f->status);
    if (rc)
        return rc;
    f->usage_known =
        hlthunk_device_get_memory_usage(d, &f->usage) == 0; /* not known during a reset on 6.1 */
    return 0;
}

#define MIB(bytes) ((unsigned long long)(bytes) >> 20)

static void print_table(const struct facts *f)
{
    const struct hlthunk_device_properties *p = &f->p;
    char card[sizeof(p->card_name)], firmware[sizeof(p->firmware_version)];

    printf("device            %s %u (%s)\n", hlthunk_asic_get_name(p->asic), p->index,
           *p->pci_address ? p->pci_address : "PCI address not known");
    printf("card              %s, PCI ID 1da3:%04x\n", printable(p->card_name, card, sizeof(card)),
           p->pci_device_id);
    printf("firmware          %s%s\n", printable(p->firmware_version, firmware, sizeof(firmware)),
           p->secured ? " (secured)" : "");
    printf("driver            generation %s\n", hlthunk_generation_get_name(p->generation));
    printf("status            %s\n", hlthunk_status_get_name(f->status));
    printf("device memory     %llu MiB from %#llx, pages of %llu MiB, %s\n", MIB(p->memory_size),
           (unsigned long long)p->memory_base, MIB(p->memory_page_size),
           p->has_device_mmu ? "behind an MMU" : "physical addresses");
    if (f->usage_known)
        printf("free memory       %llu MiB\n", MIB(f->usage.free_bytes));
    printf("SRAM              %u KiB from %#llx\n", p->sram_size >> 10,
           (unsigned long long)p->sram_base);
    if (p->number_of_user_interrupts)
        printf("user interrupts   %u, from %u\n", p->number_of_user_interrupts,
               p->first_user_interrupt);
}

static int print_json(const struct facts *f)
{
    const struct hlthunk_device_properties *p = &f->p;
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "asic", hlthunk_asic_get_name(p->asic));
    cJSON_AddNumberToObject(o, "index", p->index);
    cJSON_AddStringToObject(o, "pci_address", p->pci_address);
    cJSON_AddNumberToObject(o, "pci_device_id", p->pci_device_id);
    cJSON_AddNumberToObject(o, "module_id", p->module_id);
    add_text(o, "card_name", p->card_name);
    add_text(o, "firmware_version", p->firmware_version);
    cJSON_AddBoolToObject(o, "secured", p->secured);
    cJSON_AddStringToObject(o, "generation", hlthunk_generation_get_name(p->generation));
    cJSON_AddStringToObject(o, "status", hlthunk_status_get_name(f->status));
    cJSON_AddBoolToObject(o, "device_mmu", p->has_device_mmu);
    add_hex(o, "memory_base", p->memory_base);
    cJSON_AddNumberToObject(o, "memory_bytes", (double)p->memory_size);
    cJSON_AddNumberToObject(o, "memory_page_bytes", (double)p->memory_page_size);
    if (f->usage_known)
        cJSON_AddNumberToObject(o, "memory_free_bytes", (double)f->usage.free_bytes);
    add_hex(o, "sram_base", p->sram_base);
    cJSON_AddNumberToObject(o, "sram_bytes", p->sram_size);
    cJSON_AddNumberToObject(o, "user_interrupts", p->number_of_user_interrupts);
    return print_object(o);
}

int command_info(int argc, char **argv)
{
    struct hlthunk_device_options o = { 0 };
    struct hlthunk_device *d;
    struct facts f;
    int code = EXIT_OK, rc;
    bool json;

    if (!parse_common(argc, argv, usage, &json, &code))
        return code;
    if (argc - optind > 1)
        return wrong_usage(usage);
    if (!parse_device(argv[optind], &o))
        return not_a_device("info", argv[optind]);
    rc = hlthunk_device_open(&o, &d);
    if (rc == -ENODEV) {
        size_t n = 0;

        if (hlthunk_device_enumerate(NULL, 0, 0, &n) == 0 && !n)
            return no_device("info");
        fail("info");
        return EXIT_NO_DEVICE;
    }
    if (rc)
        return fail("info");
    rc = gather(d, &f);
    if (rc)
        code = fail("info");
    else if (json)
        code = print_json(&f);
    else
        print_table(&f);
    hlthunk_device_close(d);
    return code;
}
