/* SPDX-License-Identifier: MIT */
/*
 * libhlthunk-diag (pkg-config hlthunk-diag): questions about the whole machine.  Who holds a
 * device, what is near it, and will sharing its memory work?  A library of its own, so that what
 * applications load stays small.  <hlthunk/hlthunk.h> does not include these headers.
 */
#ifndef HLTHUNK_DIAG_H
#define HLTHUNK_DIAG_H

#include <hlthunk-diag/error.h>
#include <hlthunk-diag/holders.h>
#include <hlthunk-diag/neighbours.h>
#include <hlthunk-diag/preflight.h>

#endif
