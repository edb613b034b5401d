/* SPDX-License-Identifier: MIT */
/* The error text of libhlthunk-diag. */
#ifndef HLTHUNK_DIAG_ERROR_H
#define HLTHUNK_DIAG_ERROR_H

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

/* As hlthunk_last_error(), for the functions of this library.  Since: 0.9 */
HLTHUNK_API const char *hlthunk_diag_last_error(void);

HLTHUNK_END_DECLS

#endif
