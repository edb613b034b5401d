/* SPDX-License-Identifier: MIT */
#include "tests/sim/support.h"

#include <dirent.h>

bool in_rig(void)
{
    return getenv("HLTHUNK_RIG") != NULL;
}

void require_simulation(void)
{
    if (!hlsim_importer() && !in_rig()) {
        fprintf(stderr, "this test runs in a simulation, hlsim run -- PROGRAM, or on the real "
                "driver, rig/run -- PROGRAM\n");
        exit(1);
    }
}

const char *test_pci_address(void)
{
    return in_rig() ? "0000:00:04.0" : "0000:10:00.0";
}

const char *test_asic(void)
{
    const char *s = getenv("TEST_ASIC");

    return s ? s : "gaudi2";
}

const char *test_kernel(void)
{
    const char *s = getenv("TEST_KERNEL");

    return s ? s : "6.12";
}

bool on_asic(const char *name)
{
    return !strcmp(test_asic(), name);
}

bool on_kernel(const char *name)
{
    return !strcmp(test_kernel(), name);
}

bool can_export(void)
{
    return !on_kernel("6.1") || on_asic("gaudi");
}

struct hlthunk_device *open_device(void)
{
    struct hlthunk_device_options o = { .size = sizeof(o), .timeout_us = 20000000 };
    struct hlthunk_device *d;

    ok(hlthunk_device_open(&o, &d));
    return d;
}

unsigned count_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}
