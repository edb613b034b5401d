/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user server, as much of the protocol (0.x) as QEMU's client speaks: one client, requests
 * in the order in which they come. The owner accepts the connection into `sock`, fills in the
 * regions and calls vfu_step() whenever the socket can be read.
 */
#ifndef RIG_EMU_VFU_H
#define RIG_EMU_VFU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VFU_NUM_REGIONS 9 /* BAR0..5, ROM, CONFIG, VGA: the vfio-pci order */
#define VFU_REGION_CONFIG 7
#define VFU_NUM_IRQS 5 /* INTX, MSI, MSIX, ERR, REQ */
#define VFU_IRQ_MSI 1
#define VFU_IRQ_MSIX 2
#define VFU_MAX_VECTORS 2048
#define VFU_MAX_SPARSE 128
#define VFU_MAX_DMA 1024

struct vfu_area {
    uint64_t off, len;
};

struct vfu_region {
    uint64_t size;
    int fd; /* -1: every access is a message */
    uint64_t fd_off;
    void *mem;       /* our own mapping of fd */
    unsigned nareas; /* with fd >= 0: pages that the client may map */
    struct vfu_area area[VFU_MAX_SPARSE];
};

struct vfu_dma {
    uint64_t iova, size;
    uint8_t *mem; /* NULL: a range with no file behind it */
};

struct vfu;

struct vfu_ops {
    /* region accesses that are not to mapped pages; len is 1..8 usually */
    void (*rd)(struct vfu *v, unsigned region, uint64_t off, void *buf, uint32_t len);
    void (*wr)(struct vfu *v, unsigned region, uint64_t off, const void *buf, uint32_t len);
    void (*reset)(struct vfu *v);
};

struct vfu {
    int sock;
    const struct vfu_ops *ops;
    void *priv;
    uint8_t cfg[4096];
    struct vfu_region region[VFU_NUM_REGIONS];
    unsigned irq_count[VFU_NUM_IRQS];
    int irqfd[VFU_NUM_IRQS][VFU_MAX_VECTORS];
    struct vfu_dma dma[VFU_MAX_DMA];
    unsigned ndma;
    uint64_t nmsg[32];
};

int vfu_listen(const char *path);
void vfu_init(struct vfu *v, const struct vfu_ops *ops, void *priv);
int vfu_step(struct vfu *v);
void *vfu_iova(struct vfu *v, uint64_t iova, uint64_t len);
int vfu_irq(struct vfu *v, unsigned index, unsigned vector);
int vfu_bar_mem(struct vfu *v, unsigned region, uint64_t size, const char *name);

#endif
