/* SPDX-License-Identifier: MIT */
/* How the running kernel was built. */
#ifndef HL_DIAG_CONFIG_H
#define HL_DIAG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

struct hl_kernel_version {
    unsigned major, minor;
    char release[96]; /* "6.12.95+deb13-amd64" */
};

/* 0 or -errno. */
int hl_kernel_version(const char *root, struct hl_kernel_version *version);
bool hl_kernel_at_least(const struct hl_kernel_version *version, unsigned major, unsigned minor);

/*
 * Is an option of the configuration set (=y or =m)?  1, 0, -ENOENT where there is no configuration,
 * or another -errno where one could not be read.  symbol: a function that is there only with the
 * option, for kernels that do not tell their configuration.  source: where the answer was found.
 */
int hl_kernel_option(const char *root, const struct hl_kernel_version *version, const char *option,
                     const char *symbol, char *source, size_t size);

#endif
