/* SPDX-License-Identifier: MIT */
#include "tools/steps.h"

#include <stdio.h>

#include "tools/command.h"

static struct {
    const char *what;
    bool ok, skipped;
} steps[32];
static unsigned count;

bool steps_did(const char *what, int rc, const char *text)
{
    printf("  %-46s %s%s%s\n", what, rc ? "FAILED" : "ok", text && *text ? ": " : "",
           text ? text : "");
    fflush(stdout);
    steps[count].what = what;
    steps[count].ok = rc == 0;
    count++;
    return rc == 0;
}

void steps_skip(const char *what, const char *why)
{
    printf("  %-46s skipped: %s\n", what, why);
    steps[count].what = what;
    steps[count].skipped = true;
    count++;
}

int steps_summary(void)
{
    unsigned ok = 0, failed = 0, skipped = 0;

    for (unsigned i = 0; i < count; i++) {
        ok += steps[i].ok;
        skipped += steps[i].skipped;
        failed += !steps[i].ok && !steps[i].skipped;
    }
    printf("\n%-48s %s\n", "STEP", "RESULT");
    for (unsigned i = 0; i < count; i++)
        printf("%-48s %s\n", steps[i].what,
               steps[i].ok        ? "ok"
               : steps[i].skipped ? "skipped"
                                  : "FAILED");
    printf("\n%u steps done, %u failed, %u skipped\n", ok, failed, skipped);
    return failed ? EXIT_FAILED : EXIT_OK;
}
