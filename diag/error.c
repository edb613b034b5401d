/* SPDX-License-Identifier: MIT */
#include <hlthunk-diag/error.h>

#include "lib/error.h"

const char *hlthunk_diag_last_error(void)
{
    return hl_error_text();
}
