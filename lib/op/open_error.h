/* SPDX-License-Identifier: MIT */
/* Why a node could not be opened: what each errno of open() means here. */
#ifndef HL_OP_OPEN_ERROR_H
#define HL_OP_OPEN_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include <hlthunk/device.h>

/* Sets the text and returns rc.  waited_us: how long it was retried; 0: not at all. */
int hl_open_error(const struct hlthunk_device_entry *entry, const char *path, int rc,
                  uint64_t waited_us);

struct stat;
/* Do the mode bits let this process read and write? */
bool hl_open_mode_allows(const struct stat *st);

#endif
