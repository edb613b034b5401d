/* SPDX-License-Identifier: MIT */
/* The plan, printed before anything runs. */
#include "tools/conformance/conformance.h"

#include <string.h>

#include "tools/conformance/suites.h"

bool plan_has(const struct plan *p, const struct group *group)
{
    for (unsigned i = 0; i < p->only_count; i++)
        if (!strcmp(p->only[i], group->name))
            return true;
    return !p->only_count && (p->reset || strcmp(group->name, "reset"));
}

void plan_print(FILE *f, const struct plan *p)
{
    struct group group;
    const char *what;

    fprintf(
        f,
        "hlthunk-conformance asks %s %u at %s some thousand questions and writes every answer\n"
        "to %s.  It needs the device for itself, for some minutes.\n\n"
        "It will open and close the device some hundred times (Gaudi2 resets each time), allocate\n"
        "and export its memory, submit work that copies bytes within it, and run in turn:\n\n",
        hlthunk_asic_get_name(p->device.asic), p->device.index,
        *p->device.pci_address ? p->device.pci_address : "an unknown address", p->output);
    for (unsigned i = 0; group_get(i, &group); i++)
        if (plan_has(p, &group))
            fprintf(f, "  %-18s %s\n", group.name, group.what);
    if (!suite_get(0, &what))
        fputs("\nNot the suites of tests: this program was built without CMocka.\n", f);
    fputs(
        "\nIt never\n"
        "  - touches a device that somebody holds, or another device than this one;\n"
        "  - loads or unloads a module, changes settings, frequencies or firmware;\n"
        "  - uses debugfs, trace units, or the network ports of the card;\n"
        "  - imports dma-bufs into a driver;\n"
        "  - makes the calls that are known to crash kernels (docs/upstream-defects.md):\n"
        "      DRM's GET_UNIQUE and GET_MAGIC; MAP of 16 TiB of host memory or more;\n"
        "      destroying a mapped command buffer twice; a timestamp buffer's handle where a\n"
        "      command buffer's is wanted, and the reverse; a timestamp buffer of no elements;\n"
        "      waiting for a counter, or registering a timestamp, at an offset that wraps around;\n"
        "      two registrations at one place of a timestamp buffer.\n",
        f);
    if (!plan_has(p, &(struct group){ .name = "reset" }))
        fputs("  - asks for a reset (--reset would).\n", f);
    fputs("\nShould the device not finish some work, its driver resets it, as for any program.\n",
          f);
    fputc('\n', f);
}
