/* SPDX-License-Identifier: MIT */
#include "tests/thread_state.h"

#include <stdio.h>
#include <string.h>

char thread_state(pid_t tid)
{
    char path[64], line[256] = "", *p;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
    f = fopen(path, "re");
    if (f) {
        if (!fgets(line, sizeof(line), f))
            line[0] = '\0';
        fclose(f);
    }
    p = strrchr(line, ')');
    return p && p[1] ? p[2] : '?';
}
