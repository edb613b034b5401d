/* SPDX-License-Identifier: MIT */
/* A monitor: state and memory of each device and who holds it, without opening what jobs open.
 * cc monitor.c $(pkg-config --cflags --libs hlthunk-diag hlthunk) -o monitor
 */
#include <stdio.h>

#include <hlthunk-diag/diag.h>
#include <hlthunk/hlthunk.h>

static int tell_holder(const struct hlthunk_holder *h, void *user)
{
    (void)user;
    printf("  %s of %s (PID %d)\n", hlthunk_holder_kind_get_name(h->kind), h->comm, (int)h->pid);
    return 0;
}

static int look_at(const struct hlthunk_device_entry *entry)
{
    struct hlthunk_device_options control = { .struct_size = sizeof(control),
                                              .select = HLTHUNK_SELECT_INDEX,
                                              .index = entry->index,
                                              .control = true };
    struct hlthunk_holders_options who = { .struct_size = sizeof(who), .device = entry };
    struct hlthunk_memory_usage usage = { .struct_size = sizeof(usage) };
    enum hlthunk_status status;
    struct hlthunk_device *device;
    int rc = hlthunk_device_open(&control, &device);

    if (rc)
        return rc;
    rc = hlthunk_device_get_status(device, &status);
    rc = rc ? rc : hlthunk_device_get_memory_usage(device, &usage);
    hlthunk_device_unref(device);
    if (rc)
        return rc;
    printf("%s %u at %s: %s, %llu MiB free\n", hlthunk_asic_get_name(entry->asic), entry->index,
           entry->pci_address, hlthunk_status_get_name(status),
           (unsigned long long)(usage.free_bytes >> 20));
    if (hlthunk_holders_list(&who, tell_holder, NULL, NULL))
        fprintf(stderr, "%s\n", hlthunk_diag_last_error());
    return 0;
}

int main(void)
{
    struct hlthunk_device_entry list[64];
    size_t n = 0;
    int rc = hlthunk_device_enumerate(list, sizeof(list[0]), 64, &n);
    int failed = rc != 0;

    if (rc)
        fprintf(stderr, "%s\n", hlthunk_last_error());
    for (size_t i = 0; i < n && i < 64 && !rc; i++) {
        if (look_at(&list[i])) { /* the others may answer */
            fprintf(stderr, "%s %u: %s\n", hlthunk_asic_get_name(list[i].asic), list[i].index,
                    hlthunk_last_error());
            failed = 1;
        }
    }
    return failed;
}
