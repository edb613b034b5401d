/* SPDX-License-Identifier: MIT */
/* The kernel interface under the name that it has since Linux 6.3. */
#include "../uapi/habanalabs_accel.h"
