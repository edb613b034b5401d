/* SPDX-License-Identifier: MIT */
/* What stands between the device and each PCI device that may import its memory: the importer's
 * driver, the route, the IOMMU.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "diag/preflight.h"
#include "lib/kernel/generation.h"
#include "lib/kernel/pci_address.h"
#include "lib/kernel/discovery.h"
#include "diag/pci_tree.h"
#include "diag/route.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"
#include "lib/op/op_open.h"

#define MAX_CANDIDATES 256

/* PCI base classes. */
#define CLASS_NETWORK 0x02
#define CLASS_DISPLAY 0x03
#define CLASS_PROCESSOR 0x0b
#define CLASS_ACCELERATOR 0x12

/*
 * PCI drivers whose imports allow peer-to-peer (their dma_buf_attach_ops say so), and since when
 * that is known.
 */
static const struct importer {
    const char *driver;
    unsigned base_class;
    unsigned major, minor;
    const char *rdma_module; /* that imports; NULL: the driver itself */
} importers[] = {
    { "mlx5_core", CLASS_NETWORK, 5, 12, "mlx5_ib" },
    { "efa", CLASS_NETWORK, 5, 16, "efa" },
    { "ice", CLASS_NETWORK, 6, 12, "irdma" },
    { "i40e", CLASS_NETWORK, 6, 12, "irdma" },
    { "bnxt_en", CLASS_NETWORK, 6, 12, "bnxt_re" },
    { "amdgpu", CLASS_DISPLAY, 5, 8, NULL },
    { "amdgpu", CLASS_PROCESSOR, 5, 8, NULL },
    { "amdgpu", CLASS_ACCELERATOR, 5, 8, NULL },
    { "xe", CLASS_DISPLAY, 6, 8, NULL },
    { "virtio-pci", CLASS_DISPLAY, 6, 14, NULL },
};

/* Display drivers that import without peer-to-peer. */
static const char *const refusing[] = { "i915",    "nouveau",   "ast",
                                        "mgag200", "bochs-drm", "cirrus-qemu" };

/* ---- one candidate ---- */

/* What stands in the way of one candidate among several does not stop the others. */
static enum hlthunk_verdict bad(const struct hl_preflight *p)
{
    return p->options.importer ? HLTHUNK_VERDICT_PROBLEM : HLTHUNK_VERDICT_WARNING;
}

static enum hlthunk_verdict check_route(struct hl_preflight *p, const struct hl_pci_chain *device,
                                        const struct hl_pci_chain *importer)
{
    enum hlthunk_verdict verdict = HLTHUNK_VERDICT_OK;
    char remedy[400];
    struct hl_route r;

    hl_route_find(p->root, &p->kernel, device, importer, &r);
    switch (r.way) {
    case HL_WAY_SWITCH:
        hl_preflight_tell(
            p, "route", verdict, NULL,
            "Both are below the bridge %s, and nothing on the way redirects requests upwards.",
            r.common);
        break;
    case HL_WAY_HOST_BRIDGE:
        hl_preflight_tell(p, "route", verdict, NULL, "Through the host bridge%s: %s.",
                          !*r.common       ? ", as no bridge is above both"
                          : *r.redirecting ? ", as ACS redirects requests there"
                                           : "",
                          r.host);
        break;
    case HL_WAY_UNKNOWN:
        verdict = HLTHUNK_VERDICT_UNKNOWN;
        hl_preflight_tell(p, "route", verdict, NULL,
                          "Through the host bridge, and whether that lets it pass is not known: "
                          "%s.",
                          r.host);
        break;
    case HL_WAY_ACS_HIDDEN:
        verdict = HLTHUNK_VERDICT_UNKNOWN;
        hl_preflight_tell(
            p, "route", verdict, "Ask again as root.",
            "Both are below the bridge %s. Whether ACS redirects requests to the host bridge, "
            "which would not let them pass, only root can see.",
            r.common);
        break;
    case HL_WAY_NONE:
        verdict = bad(p);
        if (*r.redirecting)
            snprintf(remedy, sizeof(remedy),
                     "Start the kernel with pci=disable_acs_redir=%s (this weakens "
                     "the isolation of virtual machines), or turn ACS off in the firmware's setup.",
                     r.redirecting);
        else
            snprintf(remedy, sizeof(remedy),
                     "Put both cards below one PCIe switch, or use a machine whose "
                     "host bridge the kernel lists.");
        if (*r.redirecting)
            hl_preflight_tell(
                p, "route", verdict, remedy,
                "Both are below the bridge %s, but ACS redirects requests to the host bridge "
                "(%s), and %s: imports are EPERM.",
                r.common, r.redirecting, r.host);
        else
            hl_preflight_tell(p, "route", verdict, remedy,
                              "No bridge is above both, and %s: imports are "
                              "EPERM.",
                              r.host);
        break;
    }
    return verdict;
}

static void check_iommu(struct hl_preflight *p)
{
    char group[32], type[32];
    int rc = hl_tree_link_name(p->root, group, sizeof(group), "/sys/bus/pci/devices/%s/iommu_group",
                               p->importer);

    if (rc && !hl_is_absent(rc))
        hl_preflight_tell(p, "iommu", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "Whether an IOMMU translates its requests cannot be read: %s.",
                          strerror(-rc));
    else if (rc)
        hl_preflight_tell(p, "iommu", HLTHUNK_VERDICT_OK, NULL,
                          "No IOMMU translates its requests.");
    else if (hl_tree_read(p->root, type, sizeof(type), "/sys/bus/pci/devices/%s/iommu_group/type",
                          p->importer))
        hl_preflight_tell(p, "iommu", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "It is in IOMMU group %s, whose type cannot be read.", group);
    else if (!strcmp(type, "identity"))
        hl_preflight_tell(p, "iommu", HLTHUNK_VERDICT_OK, NULL,
                          "The IOMMU passes its requests on as they are (group %s).", group);
    else
        hl_preflight_tell(
            p, "iommu", HLTHUNK_VERDICT_WARNING,
            "Start the kernel with iommu=pt where isolation is not needed.",
            "The IOMMU translates its requests (group %s, type %s): they go up to the host "
            "bridge and back, which is slower than the way through a switch.",
            group, type);
}

struct candidates {
    const struct hl_preflight *p;
    struct candidate {
        char address[24], driver[32];
        unsigned base_class;
        bool habana;
        int driver_error; /* the driver could not be read */
    } list[MAX_CANDIDATES];
    unsigned count;
    int error;   /* some function could not be looked at */
    bool itself; /* the importer that is asked about is the device */
};

/* A driver that is known to allow peer-to-peer, with its module and from its kernel on. */
static enum hlthunk_verdict check_known(struct hl_preflight *p, const struct importer *known,
                                        const char *driver)
{
    enum hlthunk_verdict verdict = HLTHUNK_VERDICT_OK;
    const char *module = known->rdma_module;
    int rdma = hl_tree_exists(p->root, "/sys/bus/pci/devices/%s/infiniband", p->importer);

    if (module && rdma < 0) {
        verdict = HLTHUNK_VERDICT_UNKNOWN;
        hl_preflight_tell(p, "importer", verdict, NULL,
                          "Whether it has an RDMA device cannot be read: %s.", strerror(-rdma));
    } else if (module && !rdma) {
        verdict = bad(p);
        hl_preflight_tell(
            p, "importer", verdict, "Load the RDMA driver (modprobe), and see \"rdma link\".",
            "The driver is %s, but there is no RDMA device: %s imports, and is not there.", driver,
            module);
    } else if (!hl_kernel_at_least(&p->kernel, known->major, known->minor)) {
        verdict = HLTHUNK_VERDICT_UNKNOWN;
        hl_preflight_tell(p, "importer", verdict, NULL,
                          "The driver %s is known to allow peer-to-peer from Linux %u.%u on.",
                          driver, known->major, known->minor);
    } else {
        bool other = module && strcmp(module, driver) != 0;

        hl_preflight_tell(p, "importer", verdict, NULL, "The driver %s%s%s allows peer-to-peer.",
                          driver, other ? " with " : "", other ? module : "");
    }
    return verdict;
}

static bool refuses(const char *driver)
{
    for (size_t i = 0; i < sizeof(refusing) / sizeof(refusing[0]); i++) {
        if (!strcmp(driver, refusing[i]))
            return true;
    }
    return false;
}

static const struct importer *find_importer(const char *driver, unsigned base_class)
{
    for (size_t i = 0; i < sizeof(importers) / sizeof(importers[0]); i++) {
        if (!strcmp(driver, importers[i].driver) && base_class == importers[i].base_class)
            return &importers[i];
    }
    return NULL;
}

static enum hlthunk_verdict check_driver(struct hl_preflight *p, const struct candidate *n)
{
    const struct importer *known = find_importer(n->driver, n->base_class);
    enum hlthunk_verdict verdict;

    if (n->driver_error) {
        verdict = HLTHUNK_VERDICT_UNKNOWN;
        hl_preflight_tell(p, "importer", verdict, NULL, "Which driver has it cannot be read: %s.",
                          strerror(-n->driver_error));
    } else if (refuses(n->driver)) {
        verdict = bad(p);
        hl_preflight_tell(p, "importer", verdict, NULL,
                          "The driver %s imports without peer-to-peer: maps are EPERM.", n->driver);
    } else if (!*n->driver) {
        verdict = bad(p);
        hl_preflight_tell(p, "importer", verdict, "Load its driver.", "No driver has taken it.");
    } else if (!known) {
        verdict = HLTHUNK_VERDICT_UNKNOWN;
        hl_preflight_tell(p, "importer", verdict,
                          "Look for allow_peer2peer in that driver's source, or try.",
                          "Whether the driver %s allows peer-to-peer is not known.", n->driver);
    } else {
        verdict = check_known(p, known, n->driver);
    }
    return verdict;
}

/* ---- the candidates ---- */

/*
 * May this function import at all?  Of network cards those with RDMA, or with a driver that has it;
 * Habana's, of which the vendor's driver alone imports, only when they are asked about.
 */
static bool is_candidate(const struct hl_preflight *p, const char *address, const char *driver,
                         unsigned base)
{
    switch (base) {
    case CLASS_DISPLAY:
    case CLASS_ACCELERATOR:
        return true;
    case CLASS_PROCESSOR:
        return *driver != '\0';
    case CLASS_NETWORK:
        for (size_t i = 0; i < sizeof(importers) / sizeof(importers[0]); i++) {
            if (importers[i].base_class == base && !strcmp(importers[i].driver, driver))
                return true;
        }
        return hl_tree_exists(p->root, "/sys/bus/pci/devices/%s/infiniband", address) > 0;
    default:
        return false;
    }
}

static int add_candidate(const char *address, void *user)
{
    struct candidates *c = user;
    struct candidate n = { 0 };
    uint32_t vendor, device, class_code;
    int rc;

    if (c->count == MAX_CANDIDATES || strlen(address) >= sizeof(n.address))
        return 0;
    rc = hl_pci_ids(c->p->root, address, &vendor, &device, &class_code);
    if (rc && !hl_is_absent(rc))
        c->error = rc;
    if (rc)
        return 0;
    strcpy(n.address, address);
    n.habana = vendor == HL_PCI_VENDOR_HABANA;
    n.base_class = class_code >> 16;
    n.driver_error = hl_pci_driver(c->p->root, address, n.driver, sizeof(n.driver));
    if (c->p->options.importer) {
        struct hl_pci_address a, b;

        if (!hl_pci_parse(address, &a) || !hl_pci_parse(c->p->options.importer, &b) ||
            !hl_pci_equal(&a, &b))
            return 0;
        if (!strcmp(address, c->p->device)) {
            c->itself = true;
            return 0;
        }
    } else if (n.habana || !is_candidate(c->p, address, n.driver, n.base_class)) {
        return 0;
    }
    c->list[c->count++] = n;
    return 0;
}

static int by_address(const void *a, const void *b)
{
    return strcmp(((const struct candidate *)a)->address, ((const struct candidate *)b)->address);
}

/* The better of the candidates decides. */
static void check_import(struct hl_preflight *p, const struct candidates *c,
                         enum hlthunk_verdict best)
{
    unsigned candidates = c->count;

    if (c->itself)
        hl_preflight_tell(p, "import", HLTHUNK_VERDICT_UNKNOWN, "Name another device.",
                          "The importer that is asked about is this device itself.");
    else if (!candidates)
        hl_preflight_tell(
            p, "import", HLTHUNK_VERDICT_UNKNOWN, NULL,
            "There is no other PCI device that might import: no RDMA card, GPU or other "
            "accelerator.");
    else if (p->p2pdma == 0)
        hl_preflight_tell(
            p, "import", HLTHUNK_VERDICT_PROBLEM, "See \"p2pdma\".",
            "None of the %u candidates can import: the kernel has no peer-to-peer DMA.",
            candidates);
    else if (best == HLTHUNK_VERDICT_OK && p->p2pdma > 0)
        hl_preflight_tell(p, "import", HLTHUNK_VERDICT_OK, NULL,
                          "At least one of %u candidates can import.", candidates);
    else if (best <= HLTHUNK_VERDICT_UNKNOWN)
        hl_preflight_tell(
            p, "import", HLTHUNK_VERDICT_UNKNOWN, NULL,
            "Some of the %u candidates may be able to import; what is not known was said above.",
            candidates);
    else
        hl_preflight_tell(p, "import", HLTHUNK_VERDICT_PROBLEM, NULL,
                          "None of the %u candidates can import: the reasons were said above.",
                          candidates);
}

/* Another device of habanalabs, which both have. */
static enum hlthunk_verdict check_habana(struct hl_preflight *p,
                                         const struct hlthunk_device_entry *e)
{
    enum hlthunk_generation g = HLTHUNK_GENERATION_MISC;
    enum hlthunk_verdict verdict = HLTHUNK_VERDICT_UNKNOWN;
    int fd = *p->root || e->legacy ? -1 : hl_open_node(e, true);
    bool known = e->legacy || (fd >= 0 && hl_generation_probe(fd, &g) == 0);

    if (fd >= 0)
        close(fd);
    if (known && g == HLTHUNK_GENERATION_VENDOR) {
        hl_preflight_tell(p, "importer", verdict, "Try.",
                          "The vendor's driver imports; whether it allows peer-to-peer is not "
                          "known.");
    } else if (!known) {
        hl_preflight_tell(p, "importer", verdict, NULL,
                          "Of the drivers named habanalabs the vendor's alone imports, and whether "
                          "this is that cannot be known.");
    } else {
        verdict = bad(p);
        hl_preflight_tell(p, "importer", verdict,
                          "Import with an RDMA card or a GPU, or use the vendor's driver.",
                          "The driver habanalabs of Linux exports, and does not import: that of "
                          "the vendor does.");
    }
    return verdict;
}

static enum hlthunk_verdict check_candidate(struct hl_preflight *p,
                                            const struct hlthunk_device_entry *e,
                                            const struct hl_pci_chain *device,
                                            const struct candidate *n)
{
    struct hl_pci_chain chain;
    enum hlthunk_verdict driver, route;
    int rc;

    strcpy(p->importer, n->address);
    driver =
        n->habana && !strcmp(n->driver, "habanalabs") ? check_habana(p, e) : check_driver(p, n);
    rc = hl_pci_chain(p->root, n->address, &chain);
    if (rc) {
        route = HLTHUNK_VERDICT_UNKNOWN;
        hl_preflight_tell(p, "route", route, NULL, "Its place on the bus cannot be read: %s.",
                          strerror(-rc));
    } else {
        route = check_route(p, device, &chain);
    }
    check_iommu(p);
    p->importer[0] = '\0';
    return driver > route ? driver : route;
}

void hl_preflight_importers(struct hl_preflight *p, const struct hlthunk_device_entry *e)
{
    enum hlthunk_verdict best = HLTHUNK_VERDICT_PROBLEM, one;
    struct candidates *c = calloc(1, sizeof(*c));
    struct hl_pci_chain chain;
    int rc;

    if (p->rc)
        goto out;
    if (!c) {
        p->rc = hl_err(-ENOMEM, "no memory for a list of importers");
        goto out;
    }
    rc = *e->pci_address ? hl_pci_chain(p->root, e->pci_address, &chain) : -ENODATA;
    if (rc) {
        hl_preflight_tell(p, "import", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "The device's place on the bus cannot be read: %s.", strerror(-rc));
        goto out;
    }
    c->p = p;
    rc = hl_tree_each(p->root, add_candidate, c, "/sys/bus/pci/devices");
    rc = rc ? rc : c->error;
    qsort(c->list, c->count, sizeof(c->list[0]), by_address);
    for (unsigned i = 0; i < c->count && !p->rc; i++) {
        one = check_candidate(p, e, &chain, &c->list[i]);
        best = one < best ? one : best;
    }
    if (rc && best != HLTHUNK_VERDICT_OK)
        hl_preflight_tell(p, "import", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "Not all PCI devices that might import can be read: %s.", strerror(-rc));
    else
        check_import(p, c, best);
out:
    free(c);
}
