/* SPDX-License-Identifier: MIT */
/* gzip files (RFC 1951, RFC 1952): for /proc/config.gz. */
#ifndef HL_KERNEL_INFLATE_H
#define HL_KERNEL_INFLATE_H

#include <stddef.h>

/*
 * The text in a gzip file, NUL-terminated and malloc'ed, at most max bytes of it; NULL when the
 * bytes are no such file, are cut off or hold more.  The checksum is not looked at.
 */
char *hl_gunzip(const unsigned char *bytes, size_t n, size_t max, size_t *size);

#endif
