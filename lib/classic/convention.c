/* SPDX-License-Identifier: MIT */
#include "lib/classic/convention.h"

#include "lib/log.h"

#include <hlthunk/error.h>

int hl_classic_failed(int rc)
{
    hl_log(HLTHUNK_LOG_ERROR, "%s", hlthunk_last_error());
    errno = -rc;
    return rc;
}
