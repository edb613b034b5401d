/* SPDX-License-Identifier: MIT */
/* The steps of a demonstration: shown as they happen, and as a table at the end. */
#ifndef TOOLS_STEPS_H
#define TOOLS_STEPS_H

#include <stdbool.h>

/* rc 0: done, returns true. text may be NULL. */
bool steps_did(const char *what, int rc, const char *text);
void steps_skip(const char *what, const char *why);
/* Prints the table: EXIT_OK, or EXIT_FAILED. */
int steps_summary(void);

#endif
