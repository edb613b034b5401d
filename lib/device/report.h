/* SPDX-License-Identifier: MIT */
#ifndef HL_DEVICE_REPORT_H
#define HL_DEVICE_REPORT_H

#include <hlthunk/leaks.h>

/* A visitor of hlthunk_device_list_live_objects(): "… stays open" in the log.  user: the device. */
int hl_report_to_log(const struct hlthunk_live_object *object, void *user);

#endif
