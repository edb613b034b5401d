/* SPDX-License-Identifier: MIT */
/* The option "root": the folder of a recorded machine. */
#ifndef HL_DIAG_ROOT_H
#define HL_DIAG_ROOT_H

/*
 * NULL (this machine) becomes "", a folder stays what it is: 0; anything else is -EINVAL or -ENOENT
 * with a text.
 */
int hl_root_check(const char *option, const char **root);

#endif
