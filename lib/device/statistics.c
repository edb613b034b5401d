/* SPDX-License-Identifier: MIT */
#include <hlthunk/statistics.h>

#include "lib/device/device.h"
#include "lib/error.h"
#include "lib/options.h"

int hlthunk_device_get_memory_statistics(struct hlthunk_device *d,
                                         struct hlthunk_memory_statistics *statistics)
{
    struct hlthunk_memory_statistics all = { 0 };
    int rc = hl_device_check_process(d);

    rc = rc ? rc : hl_struct_check(statistics, "statistics");
    if (rc)
        return rc;
    hl_memory_counters_read(&d->memory, &all);
    HL_STRUCT_FILL(statistics, all);
    return 0;
}

int hlthunk_device_reset_memory_peaks(struct hlthunk_device *d)
{
    int rc = hl_device_check_process(d);

    if (rc == 0)
        hl_memory_counters_reset_peaks(&d->memory);
    return rc;
}
