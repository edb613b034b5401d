/* SPDX-License-Identifier: MIT */
/* The commands of hlthunk, and what they share. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include <hlthunk-diag/diag.h>
#include <hlthunk/hlthunk.h>

#include "tools/printable.h"

/* Exit codes. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1, /* the command could not do its work: the reason is on stderr */
    EXIT_USAGE = 2,
    EXIT_NO_DEVICE = 3, /* there is no such device, or none at all */
    EXIT_PROBLEM = 4,   /* "doctor" found a problem */
};

int command_list(int argc, char **argv);
int command_info(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_monitor(int argc, char **argv);
int command_topology(int argc, char **argv);
int command_who(int argc, char **argv);

/* "hlthunk: WHAT: the library's last error" on stderr; returns EXIT_FAILED. */
int fail(const char *what);
/* The same with the text of another library. */
int fail_with(const char *what, const char *why);
/* Prints it on stderr: EXIT_USAGE. */
int wrong_usage(const char *usage);
/* No device: says so, and how to try the command on a simulated one; EXIT_NO_DEVICE. */
int no_device(const char *command);
/*
 * The options that commands share (--json, --help): true, or false with *code to return.  usage
 * is printed for --help and for unknown options.
 */
bool parse_common(int argc, char **argv, const char *usage, bool *json, int *code);
/*
 * The same for a command with options of its own: take receives each by the "val" of its entry, and
 * returns false for an invalid value.
 */
#define COMMON_OPTIONS                                                                             \
    { "json", no_argument, NULL, 'j' },                                                            \
    {                                                                                              \
        "help", no_argument, NULL, 'h'                                                             \
    }
bool parse_options(int argc, char **argv, const char *usage, const struct option *options,
                   bool (*take)(int option, void *user), void *user, bool *json, int *code);

/*
 * What DEVICE means on a command line: an index, a PCI address, an ASIC's name; NULL: any.  Asks
 * for the control node.  False when it is none of them.
 */
bool parse_device(const char *text, struct hlthunk_device_options *options);
/* Is it a PCI address, with its domain or without? */
bool is_address(const char *text);
/* Says that it is none of them: EXIT_USAGE. */
int not_a_device(const char *command, const char *text);
/* The entry of the selected device: EXIT_OK, or the exit code after a message. */
int find_device(const char *command, const char *text, struct hlthunk_device_entry *entry);
/* EXIT_OK, or EXIT_FAILED after a message when the entry has no PCI address, which sysfs tells. */
int need_address(const char *command, const struct hlthunk_device_entry *entry);
/*
 * The operand DEVICE of a command that takes one at most, after its options: *text is it, or NULL
 * with *entry any device.  EXIT_OK, or the code to end with; usage is printed for more operands.
 */
int find_operand(const char *command, int argc, char **argv, const char *usage, const char **text,
                 struct hlthunk_device_entry *entry);

/* For people to read; returns text. */
const char *format_size(uint64_t bytes, char *text, size_t size);
const char *format_age(uint64_t ns, char *text, size_t size);

/* Prints the object and deletes it: EXIT_OK, or EXIT_FAILED without memory. */
int print_object(cJSON *object);
/* A text from others: what is not UTF-8 in it becomes U+FFFD. */
void add_text(cJSON *object, const char *name, const char *text);
/* A number of 64 bits as text, since JSON's are floating point for many readers. */
void add_hex(cJSON *object, const char *name, uint64_t value);

#endif
