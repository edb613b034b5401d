/* SPDX-License-Identifier: MIT */
#ifndef HL_VERBS_EXPLAIN_H
#define HL_VERBS_EXPLAIN_H

#include <stdbool.h>

/* What an errno of ibv_reg_dmabuf_mr() means and what to do about it; "" where it says it itself.
 */
const char *hlv_explain(int error);

/*
 * Numbers that the kernel uses inside itself and that leak out of drivers at times: no errno of
 * user space, strerror() does not know them.
 */
static inline bool hlv_is_internal(int error)
{
    return error >= 512 && error <= 530;
}

#endif
