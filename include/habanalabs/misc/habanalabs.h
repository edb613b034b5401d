/* SPDX-License-Identifier: MIT */
/* The kernel interface under the name that it had up to Linux 6.2. */
#include "../uapi/habanalabs_accel.h"
