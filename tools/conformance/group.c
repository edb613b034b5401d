/* SPDX-License-Identifier: MIT */
/* What can be run: the differential's groups of cases, then the suites of tests. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/rig/cases.h"
#include "tools/conformance/conformance.h"
#include "tools/conformance/suites.h"

bool group_get(unsigned i, struct group *group)
{
    const char *name, *what;
    unsigned cases = 0;

    while (cases_group(cases, NULL))
        cases++;
    *group = (struct group){ .suite = -1 };
    if (i < cases) {
        name = cases_group(i, &what);
        snprintf(group->name, sizeof(group->name), "%s", name);
    } else {
        name = suite_get(i - cases, &what);
        if (!name)
            return false;
        snprintf(group->name, sizeof(group->name), "suite_%s", name);
        group->suite = (int)(i - cases);
    }
    group->what = what;
    return true;
}

/* The tests' name for the driver's kind; NULL: the device cannot be asked. */
static const char *kernel_of(const struct hlthunk_device_entry *e)
{
    struct hlthunk_device_options o = {
        .struct_size = sizeof(o), .select = HLTHUNK_SELECT_INDEX, .index = e->index, .control = true
    };
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_device *d;
    int rc = hlthunk_device_open(&o, &d);

    if (rc)
        return NULL;
    rc = hlthunk_device_get_properties(d, &p);
    hlthunk_device_unref(d);
    if (rc)
        return NULL;
    return p.generation == HLTHUNK_GENERATION_MISC    ? "6.1"
           : p.generation == HLTHUNK_GENERATION_ACCEL ? "6.6"
           : p.generation == HLTHUNK_GENERATION_DRM   ? "6.12"
                                                      : "vendor";
}

/* What the tests need to know of the device (tests/sim/support.h); the library opens no other one.
 */
static bool tell_tests(const struct hlthunk_device_entry *e)
{
    const char *kernel = kernel_of(e);
    char index[12];

    if (!kernel) {
        fprintf(stderr, "%s\n", hlthunk_last_error());
        return false;
    }
    snprintf(index, sizeof(index), "%u", e->index);
    unsetenv("HABANA_VISIBLE_MODULES");
    return !setenv("TEST_ON_CARD", "1", 1) && !setenv("TEST_KERNEL", kernel, 1) &&
           !setenv("TEST_ASIC", hlthunk_asic_get_name(e->asic), 1) &&
           !setenv("TEST_PCI_ADDRESS", e->pci_address, 1) && !setenv("TEST_INDEX", index, 1) &&
           !setenv("HABANA_VISIBLE_DEVICES", index, 1);
}

bool group_run(const struct group *group, const struct hlthunk_device_entry *e)
{
    char name[sizeof(group->name)], *names[] = { name, NULL };

    if (group->suite >= 0)
        return tell_tests(e) && suite_run((unsigned)group->suite);
    snprintf(name, sizeof(name), "%s", group->name);
    cases_choose_device(e->index);
    cases_run(names);
    return true;
}
