/* SPDX-License-Identifier: MIT */
#include "verbs/explain.h"

#include <errno.h>

/*
 * Where each comes from.  EPERM: the accelerator's driver refuses to map for an attachment without
 * peer-to-peer (hl_map_dmabuf()), which the kernel decides on (pci_p2pdma_distance()).  EOPNOTSUPP:
 * libibverbs, for a provider without the operation, or the card's driver.
 */
const char *hlv_explain(int error)
{
    if (hlv_is_internal(error))
        error = EOPNOTSUPP; /* 524 is the kernel's own word for it, which some drivers let out */
    switch (error) {
    case EPERM:
        return ": no peer-to-peer route.  The kernel needs CONFIG_PCI_P2PDMA, the card's driver must "
               "allow peer-to-peer, and the two devices a common PCIe switch or a host bridge that "
               "the kernel knows to pass it";
    case EOPNOTSUPP:
    case ENOSYS:
    case ENOTTY:
    case EPROTONOSUPPORT:
        return ": the card's driver, its libibverbs provider or the kernel (5.12 on; some drivers: "
               "with CONFIG_INFINIBAND_ON_DEMAND_PAGING) cannot register dma-bufs";
    case ENOMEM:
        return ": the card's translation table, RLIMIT_MEMLOCK or the kernel's memory is used up";
    case EINVAL:
        return ": the card does not take these access flags (remote writing needs local writing, "
               "too), this size or this address";
    case EBADF:
        return ": the dma-buf's descriptor is closed: somebody closed what was borrowed";
    case ENODEV:
    case EIO:
        return ": the card or the accelerator is gone or being reset";
    default:
        return "";
    }
}
