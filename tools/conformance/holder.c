/* SPDX-License-Identifier: MIT */
/* Who has the device. */
#include <string.h>

#include <hlthunk-diag/error.h>
#include <hlthunk-diag/holders.h>

#include "tools/conformance/conformance.h"
#include "tools/printable.h"

struct first {
    const struct hlthunk_device_entry *device;
    char *text;
    size_t size;
};

/* An open control node does not keep others from opening the device. */
static int visit(const struct hlthunk_holder *h, void *user)
{
    const struct first *f = user;
    char name[32];

    if (h->kind == HLTHUNK_HOLDER_CONTROL_NODE || h->index != f->device->index)
        return 0;
    if (h->pid)
        snprintf(f->text, f->size, "process %d (%s) has a %s of it", h->pid,
                 printable(h->comm, name, sizeof(name)), hlthunk_holder_kind_get_name(h->kind));
    else
        snprintf(f->text, f->size, "the kernel has a dma-buf of it");
    return 1;
}

int find_holder(const struct hlthunk_device_entry *device, char *text, size_t size)
{
    struct hlthunk_holders_options options = { .struct_size = sizeof(options), .device = device };
    struct first f = { device, text, size };
    int rc;

    *text = '\0';
    rc = hlthunk_holders_list(&options, visit, &f, NULL);
    if (rc < 0)
        snprintf(text, size, "%s", hlthunk_diag_last_error());
    return rc;
}
