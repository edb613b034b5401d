/* SPDX-License-Identifier: MIT */
#include <hlthunk/fork.h>

#include "lib/kernel/owned.h"

size_t hlthunk_release_inherited(void)
{
    return hl_owned_close_inherited();
}
