/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIM_SUPPORT_H
#define TESTS_SIM_SUPPORT_H

#include "tests/rights.h"
#include "tests/test.h"

#include <stdbool.h>

#include <habanalabs/hlthunk.h>
#include <hlthunk/hlthunk.h>

#include "sim/importer.h"

#define MIB (1024ull * 1024)

/* The simulation or the rig, as the test needs?  Ends the program with an error otherwise. */
void require_simulation(void);
/* The real driver, on an emulated device (rig/run) or a card: without what the simulator brings. */
bool in_rig(void);
/* A card (hlthunk-conformance): nothing resets it. */
bool on_card(void);
/* The simulator's importer; NULL in the rig, and on a card. */
const struct hlsim_importer *test_importer(void);
/* Of the device to test: in most places the only one. */
const char *test_pci_address(void);
unsigned test_index(void);
const char *test_node(bool control);
const char *test_asic(void);
const char *test_kernel(void);
bool on_asic(const char *name);
bool on_kernel(const char *name);
/* Can memory be exported?  (Not on 6.1 behind an MMU.) */
bool can_export(void);

/* Succeeds, or fails the test with the library's text. */
#define ok(call)                                                                                   \
    do {                                                                                           \
        int ok_rc = (call);                                                                        \
        if (ok_rc)                                                                                 \
            fail_msg("%s: %d: %s", #call, ok_rc, hlthunk_last_error());                            \
    } while (0)
/* Fails with this errno and a text that has this in it. */
#define refused(call, error, part)                                                                 \
    do {                                                                                           \
        assert_int_equal((call), -(error));                                                        \
        if (!strstr(hlthunk_last_error(), part))                                                   \
            fail_msg("%s: \"%s\" does not say \"%s\"", #call, hlthunk_last_error(), part);         \
    } while (0)

/*
 * Runs an array of tests as cmocka_run_group_tests() does, and has what a failed one left open (the
 * device, its dma-bufs and mappings, children) closed before the next one begins.  TEST_ONLY is a
 * pattern of the names of those that run.
 */
#define RUN_GROUP(tests, before_all, after_all)                                                    \
    run_group(#tests, tests, sizeof(tests) / sizeof((tests)[0]), before_all, after_all)
int run_group(const char *name, const struct CMUnitTest *tests, size_t count,
              CMFixtureFunction before_all, CMFixtureFunction after_all);

struct hlthunk_device *open_device(void);
/*
 * After all of its objects were given back.  hlthunk_device_close() waits a second for the threads
 * that tell of fences; those of a busy machine may need longer.
 */
void close_device(struct hlthunk_device *d);
/*
 * A DMA by a submission (up: on the queue for what comes from the device), on Gaudi and Gaudi2:
 * 0, or -errno of the wait (-EBUSY: it did not end in time).
 */
int copy_by_device(struct hlthunk_device *d, uint64_t src, uint64_t dst, uint32_t n, bool up,
                   uint64_t wait_us);
/* The same without the wait: its command buffer, to be released when it is over. */
struct hlthunk_command_buffer *copy_begin(struct hlthunk_device *d, uint64_t src, uint64_t dst,
                                          uint32_t n, bool up, uint64_t *seq);
/* Of the whole device, and of only its engines, since the driver was loaded. */
struct hlthunk_reset_count_info count_resets(struct hlthunk_device *d);
/*
 * Goya on 6.1: hangs the queue for what goes to the device, until the driver resets the engines a
 * second later.  The command buffer is to be released after that.
 */
struct hlthunk_command_buffer *hang_engine(struct hlthunk_device *d);
/* Waits until it has done so more often than this, and goes on. */
void wait_for_engines(struct hlthunk_device *d, uint32_t before);
/* Descriptors that are open now. */
unsigned count_fds(void);

#endif
