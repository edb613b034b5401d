/* SPDX-License-Identifier: MIT */
/* For programs that say <habanalabs/hlthunk.h> with only the folder above on their line. */
#include "../hlthunk.h"
