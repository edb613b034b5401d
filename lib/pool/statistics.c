/* SPDX-License-Identifier: MIT */
#include <hlthunk/statistics.h>

#include "lib/device/device.h"
#include "lib/error.h"
#include "lib/options.h"
#include "lib/pool/pool.h"

/* What is counted is of interest on a stale device, too. */
static int check(struct hlthunk_pool *p)
{
    if (!p || !hl_object_is_ours(&p->object))
        return hl_object_check(p ? &p->object : NULL, "pool");
    if (!p->counters)
        return hl_err(-EOPNOTSUPP, "pool %s was made without hlthunk_pool_options.statistics",
                      p->object.label);
    return 0;
}

int hlthunk_pool_get_memory_statistics(struct hlthunk_pool *p,
                                       struct hlthunk_memory_statistics *statistics)
{
    struct hlthunk_memory_statistics all = { 0 };
    int rc = check(p);

    rc = rc ? rc : hl_struct_check(statistics, "statistics");
    if (rc)
        return rc;
    hl_memory_counters_read(p->counters, &all);
    HL_STRUCT_FILL(statistics, all);
    return 0;
}

int hlthunk_pool_reset_memory_peaks(struct hlthunk_pool *p)
{
    int rc = check(p);

    if (rc == 0)
        hl_memory_counters_reset_peaks(p->counters);
    return rc;
}
