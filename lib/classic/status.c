/* SPDX-License-Identifier: MIT */
/* The query that programs make again and again; the others are in info.c. */
#include "lib/classic/convention.h"
#include "lib/op/op_info.h"

#include <habanalabs/hlthunk.h>

enum hl_device_status hlthunk_get_device_status_info(int fd)
{
    return (enum hl_device_status)hl_classic(hl_info_device_status(fd));
}
