/* SPDX-License-Identifier: MIT */
/*
 * Preflight: will export and import succeed on this machine, and if not, why not?
 *
 * An export that succeeds says nothing about the import: the importer gets EPERM when the kernel,
 * the importer's driver or the way over PCIe does not allow peer-to-peer, and only when it maps.
 * This looks at all of it beforehand and says what to do.
 */
#ifndef HLTHUNK_DIAG_PREFLIGHT_H
#define HLTHUNK_DIAG_PREFLIGHT_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

/* From good to bad; the worst of several is the largest. */
enum hlthunk_verdict {
    HLTHUNK_VERDICT_OK = 0,
    HLTHUNK_VERDICT_UNKNOWN = 1, /* cannot be known, or not by this user: the text says why */
    HLTHUNK_VERDICT_WARNING = 2, /* works, with a limit */
    HLTHUNK_VERDICT_PROBLEM = 3, /* export or import will fail */
};

/*
 * One check.  Later versions may add members at the end, and checks.  The ids, in this order:
 *
 *   kernel           which one runs
 *   p2pdma           is peer-to-peer DMA (CONFIG_PCI_P2PDMA) built into it
 *   device           there is one, and the driver has taken it
 *   node             its nodes exist
 *   permission       this user may open them
 *   status           the driver says that it is operational
 *   open             the node can be opened (Linux 6.12 and later: often not)
 *   holders          nobody else has it, and nothing of a former user is left
 *   export           this kernel's driver exports this ASIC's memory
 *   importer         a candidate's driver allows peer-to-peer
 *   route            the way over PCIe between the device and the candidate
 *   iommu            what the IOMMU does to the candidate's requests
 *   import           at least one candidate has all three
 *   memlock, nofile, huge-pages    limits of this process and settings of the machine
 */
struct hlthunk_check {
    size_t struct_size; /* as the library filled it */
    enum hlthunk_verdict verdict;
    uint8_t reserved[4];
    const char *id;
    const char *device;   /* PCI address of the accelerator, or "" */
    const char *importer; /* PCI address of the candidate, or "" */
    const char *text;     /* what was found, in a sentence or two */
    const char *remedy;   /* what to do, or "" */
};

/* May the preflight open a device's node for a moment? */
enum hlthunk_preflight_open {
    /* Only where nothing else proves that it can be opened: it has not been since the driver was
       loaded, and nobody has it.  (The device is not free meanwhile; Gaudi2 resets at close.) */
    HLTHUNK_PREFLIGHT_OPEN_IF_UNPROVEN = 0,
    HLTHUNK_PREFLIGHT_OPEN_NEVER = 1,
    /* Always, and one page is allocated and exported: the proof. */
    HLTHUNK_PREFLIGHT_OPEN_AND_EXPORT = 2,
};

struct hlthunk_preflight_options {
    size_t struct_size;      /* sizeof(struct hlthunk_preflight_options) */
    const char *pci_address; /* this device alone; NULL: all */
    const char *importer;    /* PCI address of the importer that will be used: what
                                stands in its way is a problem; NULL: all candidates */
    const char *root;        /* a folder with /sys, /proc, /boot, /dev of a recorded
                                machine: nothing is opened then; NULL: this machine */
    enum hlthunk_preflight_open open;
    uint8_t reserved[4];
};

/**
 * typedef hlthunk_check_fn - receives one check
 * @check: valid during the call, with what it points to
 * @user: as given to hlthunk_preflight_run()
 *
 * A non-zero return ends the preflight.
 */
typedef int (*hlthunk_check_fn)(const struct hlthunk_check *check, void *user);

/**
 * hlthunk_preflight_run() - look at everything that sharing device memory depends on
 * @options: NULL for defaults
 * @visit: called for each check
 * @user: passed to @visit
 * @worst: receives the worst verdict; may be NULL
 *
 * Reads sysfs, /proc and the kernel's configuration, and asks devices through their control nodes,
 * which disturbs nobody; see .open for the primary node.  Some facts only root can read (ACS, other
 * people's processes): then the verdict is HLTHUNK_VERDICT_UNKNOWN.  Takes some milliseconds, and
 * more with many processes.
 *
 * Returns 0 when all was looked at, whatever was found; what @visit returned; or -errno with a text
 * in hlthunk_diag_last_error(): -EINVAL, -E2BIG (bad options), -ENODEV (.pci_address or .importer
 * is not there), -ENOENT (.root), -ENOMEM. Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_preflight_run(const struct hlthunk_preflight_options *options, hlthunk_check_fn visit,
                      void *user, enum hlthunk_verdict *worst);

/* "ok", "unknown", "warning", "problem".  Since: 0.9 */
HLTHUNK_API const char *hlthunk_verdict_get_name(enum hlthunk_verdict verdict);

HLTHUNK_END_DECLS

#endif
