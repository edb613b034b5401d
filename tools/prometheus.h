/* SPDX-License-Identifier: MIT */
/* Prometheus' text format. */
#ifndef TOOLS_PROMETHEUS_H
#define TOOLS_PROMETHEUS_H

#include <stdint.h>

#include <hlthunk/hlthunk.h>

enum metric {
    METRIC_UP,
    METRIC_MEMORY,
    METRIC_MEMORY_FREE,
    METRIC_TEMPERATURE,
    METRIC_POWER,
    METRIC_RESETS,
    METRIC_OPENED,
    METRIC_IN_USE,
    METRIC_DMABUFS,
    METRIC_DMABUF_BYTES,
    METRIC_FIRMWARE_EVENTS,
    METRIC_COUNT,
};

/* Of one device. */
struct metrics {
    struct hlthunk_device_entry device;
    char status[48];
    double values[METRIC_COUNT]; /* NAN: not known, and omitted */
};

/* Each metric with its help, its type and a line for each device. */
void prometheus_print(const struct metrics *devices, size_t n);

#endif
