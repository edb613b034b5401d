/* SPDX-License-Identifier: MIT */
#ifndef HL_VERBS_EXPLAIN_H
#define HL_VERBS_EXPLAIN_H

/* What an errno of ibv_reg_dmabuf_mr() means and what to do about it; "" where it says it itself.
 */
const char *hlv_explain(int error);

#endif
