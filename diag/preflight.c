/* SPDX-License-Identifier: MIT */
#include "diag/preflight.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "diag/root.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/pci_address.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"
#include "lib/options.h"

void hl_preflight_tell(struct hl_preflight *p, const char *id, enum hlthunk_verdict verdict,
                       const char *remedy, const char *fmt, ...)
{
    char text[768];
    struct hlthunk_check c = {
        .struct_size = sizeof(c),
        .id = id,
        .verdict = verdict,
        .device = p->device,
        .importer = p->importer,
        .text = text,
        .remedy = remedy ? remedy : "",
    };
    va_list ap;

    if (p->rc)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (verdict > p->worst)
        p->worst = verdict;
    p->rc = p->visit(&c, p->user);
}

static void check_kernel(struct hl_preflight *p)
{
    int rc = hl_kernel_version(p->root, &p->kernel);

    if (rc)
        hl_preflight_tell(
            p, "kernel", HLTHUNK_VERDICT_UNKNOWN, NULL,
            "/proc/sys/kernel/osrelease cannot be read (%s): which kernel runs is not known.",
            strerror(-rc));
    else
        hl_preflight_tell(p, "kernel", HLTHUNK_VERDICT_OK, NULL, "Linux %s.", p->kernel.release);
}

static void check_p2pdma(struct hl_preflight *p)
{
    char source[160] = "";

    p->p2pdma = hl_kernel_option(p->root, &p->kernel, "CONFIG_PCI_P2PDMA",
                                 "pci_p2pdma_distance_many", source, sizeof(source));
    if (p->p2pdma > 0)
        hl_preflight_tell(p, "p2pdma", HLTHUNK_VERDICT_OK, NULL,
                          "The kernel has peer-to-peer DMA, CONFIG_PCI_P2PDMA (%s).", source);
    else if (p->p2pdma == 0)
        hl_preflight_tell(
            p, "p2pdma", HLTHUNK_VERDICT_PROBLEM,
            "Use a kernel that is built with CONFIG_PCI_P2PDMA=y. Debian's 7.x kernels "
            "are, its 6.12 and 6.1 are not.",
            "The kernel is built without peer-to-peer DMA, CONFIG_PCI_P2PDMA (%s): "
            "exports succeed, and every other device that imports gets EPERM.",
            source);
    else if (!hl_is_absent(p->p2pdma))
        hl_preflight_tell(p, "p2pdma", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "Whether the kernel has CONFIG_PCI_P2PDMA cannot be known: its "
                          "configuration cannot be read (%s).",
                          strerror(-p->p2pdma));
    else
        hl_preflight_tell(p, "p2pdma", HLTHUNK_VERDICT_UNKNOWN,
                          "Look for CONFIG_PCI_P2PDMA in the configuration that this kernel was "
                          "built with (zgrep P2PDMA /proc/config.gz, where there is one).",
                          "Whether the kernel has CONFIG_PCI_P2PDMA cannot be known: its "
                          "configuration is neither in /boot nor in /lib/modules, and "
                          "/proc/kallsyms is hidden.");
}

/* The entries that are asked for come first; how many. */
static int choose(const struct hl_preflight *p, struct hlthunk_device_entry *list, size_t *count)
{
    struct hl_pci_address wanted, a;

    if (!p->options.pci_address)
        return 0;
    if (!hl_pci_parse(p->options.pci_address, &wanted))
        return hl_err(-EINVAL,
                      "options->pci_address \"%.40s\" is not a PCI address such as 0000:0d:00.0",
                      p->options.pci_address);
    for (size_t i = 0; i < *count; i++) {
        if (hl_pci_parse(list[i].pci_address, &a) && hl_pci_equal(&a, &wanted)) {
            list[0] = list[i];
            *count = 1;
            return 0;
        }
    }
    return hl_err(-ENODEV, "options->pci_address: no Habana device has the PCI address %s",
                  p->options.pci_address);
}

static int check_options(struct hl_preflight *p)
{
    struct hlthunk_preflight_options *o = &p->options;
    struct hl_pci_address a;
    int rc = hl_root_check(o->root, &p->root);

    if (rc)
        return rc;
    if (o->open > HLTHUNK_PREFLIGHT_OPEN_AND_EXPORT)
        return hl_err(-EINVAL, "options->open is %d, which is not a choice", (int)o->open);
    if (*p->root)
        o->open = HLTHUNK_PREFLIGHT_OPEN_NEVER;
    if (!o->importer)
        return 0;
    if (!hl_pci_parse(o->importer, &a))
        return hl_err(-EINVAL,
                      "options->importer \"%.40s\" is not a PCI address such as 0000:0d:00.0",
                      o->importer);
    hl_pci_format(&a, p->importer, sizeof(p->importer));
    rc = hl_tree_exists(p->root, "/sys/bus/pci/devices/%s", p->importer);
    if (rc <= 0)
        return hl_err(rc ? rc : -ENODEV, "options->importer: there is no PCI device %s%s%s",
                      p->importer, rc ? " that can be looked at: " : "", rc ? strerror(-rc) : "");
    p->importer[0] = '\0';
    return 0;
}

/* found: what looking for devices returned. */
static void check_all(struct hl_preflight *p, int found, struct hlthunk_device_entry *list,
                      size_t n)
{
    const char *missing;

    for (size_t i = 0; i < n && !p->some_passed; i++)
        p->some_passed = hl_preflight_nodes(p, &list[i], &missing) > 0;
    check_kernel(p);
    check_p2pdma(p);
    hl_preflight_devices(p, found, n);
    for (size_t i = 0; i < n; i++) {
        hl_entry_identify(p->root, &list[i]);
        if (*list[i].pci_address)
            memcpy(p->device, list[i].pci_address, sizeof(p->device));
        else
            snprintf(p->device, sizeof(p->device), "%s %u", hlthunk_asic_get_name(list[i].asic),
                     list[i].index);
        if (hl_preflight_device(p, &list[i]))
            hl_preflight_importers(p, &list[i]);
        p->device[0] = '\0';
    }
    hl_preflight_limits(p);
}

int hlthunk_preflight_run(const struct hlthunk_preflight_options *options, hlthunk_check_fn visit,
                          void *user, enum hlthunk_verdict *worst)
{
    struct hl_preflight p = { .visit = visit, .user = user };
    struct hlthunk_device_entry *list = NULL;
    size_t n = 0;
    int rc, found;

    rc = HL_OPTIONS_READ(p.options, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(p.options);
    if (rc)
        return rc;
    if (!visit)
        return hl_err(-EINVAL, "visit is NULL");
    rc = check_options(&p);
    if (rc)
        return rc;
    found = hl_discover_in(p.root, &list, &n);
    if (found == -ENOMEM || (found && p.options.pci_address))
        return found;
    rc = found ? 0 : choose(&p, list, &n);
    if (rc) {
        free(list);
        return rc;
    }
    check_all(&p, found, list, n);
    free(list);
    if (worst && p.rc >= 0)
        *worst = p.worst;
    return p.rc;
}

const char *hlthunk_verdict_get_name(enum hlthunk_verdict verdict)
{
    static const char *const names[] = { "ok", "unknown", "warning", "problem" };

    return (unsigned)verdict < 4 ? names[verdict] : "unknown";
}
