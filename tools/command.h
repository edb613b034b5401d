/* SPDX-License-Identifier: MIT */
/* The commands of hlthunk, and what they share. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <stdbool.h>

#include <hlthunk/hlthunk.h>

/* Exit codes. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,        /* the command could not do its work: the reason is on stderr */
    EXIT_USAGE = 2,
    EXIT_NO_DEVICE = 3,     /* there is no such device, or none at all */
};

int command_list(int argc, char **argv);
int command_info(int argc, char **argv);
int command_demo(int argc, char **argv);

/* "hlthunk: WHAT: the library's last error" on stderr; returns EXIT_FAILED. */
int fail(const char *what);
/* No device: says so, and how to try the command on a simulated one; EXIT_NO_DEVICE. */
int no_device(const char *command);
/*
 * The options that commands share (--json, --help): true, or false with *code to return.  usage
 * is printed for --help and for what is not known.
 */
bool parse_common(int argc, char **argv, const char *usage, bool *json, int *code);

#endif
