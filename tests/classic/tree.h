/* SPDX-License-Identifier: MIT */
/*
 * A /sys and a /dev of the test's own: paths below them lead into a temporary directory, for this
 * program's open(), opendir(), readlink(), stat() and fstat().
 */
#ifndef TESTS_CLASSIC_TREE_H
#define TESTS_CLASSIC_TREE_H

#include <stddef.h>

void tree_begin(void);
void tree_end(void);

/* Files and links with all directories above them. */
void tree_file(const char *path, const char *text);
void tree_link(const char *path, const char *target);
/* A device node, and its link in /sys/dev/char. */
void tree_node(const char *path, unsigned major, unsigned minor, const char *entry);

/* A whole device of the generations with accel nodes, or of MISC. */
void tree_accel(unsigned index, unsigned control_minor, const char *pci, const char *pci_id,
                const char *type, unsigned module_id);
void tree_legacy(unsigned index, const char *pci, const char *pci_device);

/* Renames a node, as a container may; removes a whole part, which a container may lack. */
void tree_rename(const char *from, const char *to);
void tree_remove(const char *path);
/* At the next open of path, `from` replaces it first. */
void tree_swap_at_open(const char *path, const char *from);

/* The text of a file now. */
void tree_read(const char *path, char *text, size_t size);

/* Opens since tree_begin(): how many, and how many without O_CLOEXEC. */
extern unsigned tree_opens, tree_opens_inherited;
/* The next so many opens of nodes fail with this errno. */
extern int tree_fail_errno;
extern unsigned tree_fail_count;
/* The last of them with this errno instead, where it is not 0. */
extern int tree_fail_last_errno;
/* Opens at or below this path fail with this errno; 0: none do. */
extern const char *tree_refused_path;
extern int tree_refused_errno;

#endif
