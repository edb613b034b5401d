/* SPDX-License-Identifier: MIT */
/*
 * hlthunk-conformance with its look for holders led to the tree in TEST_ROOT (linked with --wrap):
 * what it does when the look fails, and when only the kernel has the device.
 */
#include <stdlib.h>

#include <hlthunk-diag/holders.h>

int __real_hlthunk_holders_list(const struct hlthunk_holders_options *options,
                                hlthunk_holder_fn visit, void *user,
                                struct hlthunk_holders_seen *seen);
int __wrap_hlthunk_holders_list(const struct hlthunk_holders_options *options,
                                hlthunk_holder_fn visit, void *user,
                                struct hlthunk_holders_seen *seen);

int __wrap_hlthunk_holders_list(const struct hlthunk_holders_options *options,
                                hlthunk_holder_fn visit, void *user,
                                struct hlthunk_holders_seen *seen)
{
    struct hlthunk_holders_options elsewhere = *options;

    elsewhere.root = getenv("TEST_ROOT");
    return __real_hlthunk_holders_list(&elsewhere, visit, user, seen);
}
