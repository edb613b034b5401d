/* SPDX-License-Identifier: MIT */
/* A made-up recorded machine: /sys, /proc, /dev, /boot below a temporary folder. */
#ifndef TESTS_DIAG_TREE_H
#define TESTS_DIAG_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

void tree_begin(void);
void tree_end(void);
/* The folder, for the option "root". */
const char *tree_root(void);

/* A file, with the folders above it; what is there is replaced. */
void tree_put(const char *path, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tree_put_bytes(const char *path, const void *bytes, size_t n);
void tree_link(const char *path, const char *target);
void tree_folder(const char *path);
void tree_mode(const char *path, mode_t mode);
void tree_remove(const char *path);

/* A Habana device of 6.12 or, legacy, of 6.1: class entry and nodes; its PCI device is apart. */
void tree_device(unsigned index, const char *pci, unsigned pci_id, int legacy);

/*
 * A PCI function.  where: the bridges above it, as in sysfs ("pci0000:00/0000:00:01.0"); port is
 * its PCIe type (4 root port, 5 upstream, 6 downstream, 0 endpoint); acs: the ACS control word, or
 * -1 for a function without the capability.  driver: NULL for none.
 */
void tree_pci(const char *where, const char *address, unsigned vendor, unsigned device,
              unsigned class_code, int port, int acs, const char *driver);

/* Runs a part of a test in a child process, as user nobody where the test is root. */
void as_nobody(void (*part)(void));

#endif
