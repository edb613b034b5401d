/* SPDX-License-Identifier: MIT */
/*
 * Preflight: will export and import succeed on this machine, and if not, why not?
 *
 * An export that succeeds says nothing about the import: the importer gets EPERM when the kernel,
 * the importer's driver or the PCIe route does not allow peer-to-peer, and only when it maps.
 * This looks at all of it beforehand and says what to do.
 */
#ifndef HLTHUNK_DIAG_PREFLIGHT_H
#define HLTHUNK_DIAG_PREFLIGHT_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

/**
 * enum hlthunk_verdict - the result of a check, from good to bad
 * @HLTHUNK_VERDICT_OK: fine
 * @HLTHUNK_VERDICT_UNKNOWN: cannot be known, or not by this user; the text says why
 * @HLTHUNK_VERDICT_WARNING: works, with a limitation
 * @HLTHUNK_VERDICT_PROBLEM: export or import will fail
 *
 * The worst of several is the largest.
 *
 * Since: 0.9
 */
enum hlthunk_verdict {
    HLTHUNK_VERDICT_OK = 0,
    HLTHUNK_VERDICT_UNKNOWN = 1,
    HLTHUNK_VERDICT_WARNING = 2,
    HLTHUNK_VERDICT_PROBLEM = 3,
};

/**
 * struct hlthunk_check - one check
 * @struct_size: set by the library; later versions may add members at the end
 * @verdict: its result
 * @id: what was checked, see below
 * @device: PCI address of the accelerator, its ASIC and index ("gaudi2 0") without sysfs, or ""
 * @importer: PCI address of the candidate, or ""
 * @text: what was found, in a sentence or two
 * @remedy: what to do, or ""
 *
 * The ids, in order; later versions may add some:
 *
 *     kernel: which one runs
 *
 *     p2pdma: peer-to-peer DMA (CONFIG_PCI_P2PDMA) is built into it
 *
 *     device: there is one, and the driver has bound to it
 *
 *     node: its nodes exist
 *
 *     permission: this user may open them
 *
 *     status: the driver reports it as operational
 *
 *     open: the node can be opened (Linux 6.12 and later: often not)
 *
 *     holders: no other process has it, and nothing of a former user is left
 *
 *     export: this kernel's driver exports this ASIC's memory
 *
 *     importer: a candidate's driver allows peer-to-peer
 *
 *     route: the PCIe route between the device and the candidate
 *
 *     iommu: what the IOMMU does to the candidate's requests
 *
 *     import: at least one candidate has all three
 *
 *     memlock, nofile, huge-pages: limits of this process and settings of the machine
 *
 * Since: 0.9
 */
struct hlthunk_check {
    size_t struct_size;
    enum hlthunk_verdict verdict;
    uint8_t reserved[4];
    const char *id;
    const char *device;
    const char *importer;
    const char *text;
    const char *remedy;
};

/**
 * enum hlthunk_preflight_open - whether the preflight may open a device's node for a moment
 * @HLTHUNK_PREFLIGHT_OPEN_IF_UNPROVEN: only where nothing else proves that it can be opened: it has
 *   not been opened since the driver was loaded, and no process has it.  The device is not free
 *   meanwhile, and Gaudi2 resets when it is closed
 * @HLTHUNK_PREFLIGHT_OPEN_NEVER: never
 * @HLTHUNK_PREFLIGHT_OPEN_AND_EXPORT: always, and allocate and export a page: the proof
 *
 * Since: 0.9
 */
enum hlthunk_preflight_open {
    HLTHUNK_PREFLIGHT_OPEN_IF_UNPROVEN = 0,
    HLTHUNK_PREFLIGHT_OPEN_NEVER = 1,
    HLTHUNK_PREFLIGHT_OPEN_AND_EXPORT = 2,
};

/**
 * struct hlthunk_preflight_options - what hlthunk_preflight_run() looks at
 * @struct_size: sizeof(struct hlthunk_preflight_options)
 * @pci_address: this device only; NULL for all
 * @importer: PCI address of the importer that will be used, so that what prevents it is a problem;
 *            NULL for all candidates
 * @root: a folder with the /sys, /proc, /boot and /dev of a recorded machine, of which nothing is
 *        opened; NULL for this machine
 * @open: whether to open the device's node
 *
 * Since: 0.9
 */
struct hlthunk_preflight_options {
    size_t struct_size;
    const char *pci_address;
    const char *importer;
    const char *root;
    enum hlthunk_preflight_open open;
    uint8_t reserved[4];
};

/**
 * typedef hlthunk_check_fn - receives one check
 * @check: valid during the call, with what it points to
 * @user: as passed to hlthunk_preflight_run()
 *
 * Return: 0 to continue; anything else ends the preflight.
 *
 * Since: 0.9
 */
typedef int (*hlthunk_check_fn)(const struct hlthunk_check *check, void *user);

/**
 * hlthunk_preflight_run() - check everything that sharing device memory depends on
 * @options: NULL for defaults
 * @visit: called for each check
 * @user: passed to @visit
 * @worst: receives the worst verdict; may be NULL
 *
 * Reads sysfs, /proc and the kernel's configuration, and queries devices through their control
 * nodes, which disturbs nobody; see .open for the primary node.  Some facts are readable only by
 * root (ACS, other users' processes): then the verdict is HLTHUNK_VERDICT_UNKNOWN.  Takes some
 * milliseconds, and more with many processes.
 *
 * Return: 0 when everything was checked, whatever was found; what @visit returned; or a negative
 * errno, of which hlthunk_diag_last_error() has the sentence.
 *
 * Errors:
 *   -EINVAL: @visit is NULL, or bad options
 *   -E2BIG: @options has a non-zero member that this version of the library does not know
 *   -ENODEV: .pci_address or .importer is not there
 *   -ENOENT: .root is not there
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; reads files, may open a node.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_preflight_run(const struct hlthunk_preflight_options *options, hlthunk_check_fn visit,
                      void *user, enum hlthunk_verdict *worst);

/**
 * hlthunk_verdict_get_name() - get the name of a verdict
 * @verdict: the verdict
 *
 * Return: a static text: "ok", "unknown", "warning" or "problem".  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_verdict_get_name(enum hlthunk_verdict verdict);

HLTHUNK_END_DECLS

#endif
