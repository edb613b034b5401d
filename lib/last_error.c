/* SPDX-License-Identifier: MIT */
/* Apart from lib/error.c, which libhlthunk-diag has as well, with a text of its own. */
#include <hlthunk/error.h>

#include "lib/error.h"

const char *hlthunk_last_error(void)
{
    return hl_error_text();
}
