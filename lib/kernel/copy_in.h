/* SPDX-License-Identifier: MIT */
/* Memory that the caller names, read as the kernel would: a bad address is an error. */
#ifndef HL_KERNEL_COPY_IN_H
#define HL_KERNEL_COPY_IN_H

#include <stddef.h>
#include <stdint.h>

/* n bytes from an address of this process: 0, or -EFAULT without a text. */
int hl_copy_in(void *to, uint64_t address, size_t n);

#endif
