/* SPDX-License-Identifier: MIT */
#include <hlthunk/version.h>

const char *hlthunk_version(void)
{
    return HLTHUNK_VERSION_STRING;
}
