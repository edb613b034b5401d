/* SPDX-License-Identifier: MIT */
#include "tools/prometheus.h"

#include <math.h>
#include <stdio.h>

static const struct {
    const char *name, *type, *help;
} metrics[METRIC_COUNT] = {
    [METRIC_UP] = { "up", "gauge", "1 when the device is operational." },
    [METRIC_MEMORY] = { "memory_bytes", "gauge", "Device memory." },
    [METRIC_MEMORY_FREE] = { "memory_free_bytes", "gauge", "Device memory that is free." },
    [METRIC_TEMPERATURE] = { "temperature_celsius", "gauge", "Temperature of the device." },
    [METRIC_POWER] = { "power_watts", "gauge", "Power that the device draws." },
    [METRIC_RESETS] = { "hard_resets_total", "counter",
                        "Hard resets since the driver was loaded." },
    [METRIC_OPENED] = { "opens_total", "counter",
                        "How often the device was opened since the driver was loaded." },
    [METRIC_IN_USE] = { "in_use", "gauge", "1 while a process has the device." },
    [METRIC_DMABUFS] = { "dmabufs", "gauge",
                         "dma-bufs of the device that could be seen; none is told where "
                         "there are several devices: no kernel tells whose they are." },
    [METRIC_DMABUF_BYTES] = { "dmabuf_bytes", "gauge", "The size of these dma-bufs together." },
    [METRIC_FIRMWARE_EVENTS] = { "firmware_events_total", "counter",
                                 "Events that the firmware has reported." },
};

/* As a label's value: quotes and backslashes are escaped, and newlines, too. */
static void label(const char *name, const char *value)
{
    printf("%s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            putchar('\\');
        putchar(*value == '\n' ? ' ' : *value);
    }
    putchar('"');
}

static void labels(const struct metrics *m)
{
    printf("{device=\"%u\",", m->device.index);
    label("asic", hlthunk_asic_get_name(m->device.asic));
    putchar(',');
    label("pci_address", m->device.pci_address);
}

void prometheus_print(const struct metrics *devices, size_t n)
{
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        printf("# HELP hlthunk_%s %s\n# TYPE hlthunk_%s %s\n", metrics[m].name, metrics[m].help,
               metrics[m].name, metrics[m].type);
        for (size_t i = 0; i < n; i++) {
            if (isnan(devices[i].values[m]))
                continue;
            printf("hlthunk_%s", metrics[m].name);
            labels(&devices[i]);
            printf("} %.15g\n", devices[i].values[m]);
        }
    }
    printf("# HELP hlthunk_status The device's status, as a label.\n# TYPE hlthunk_status gauge\n");
    for (size_t i = 0; i < n; i++) {
        printf("hlthunk_status");
        labels(&devices[i]);
        putchar(',');
        label("status", devices[i].status);
        puts("} 1");
    }
}
