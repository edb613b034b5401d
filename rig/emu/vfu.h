/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user server for as much of the protocol (0.x) as QEMU's client uses: one client, requests
 * in the order in which they arrive. The owner accepts the connection into `sock`, fills in the
 * regions and calls vfu_step() whenever the socket can be read. Nothing that a client sends, half
 * a message included, makes a call wait for it, and nothing that it does to the files that it
 * passed is a signal here. One that does not read its answers is gone after two seconds. One thread
 * calls a server.
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
#define VFU_MAX_FDS 8u              /* in one message */
#define VFU_MAX_TRANSFER (1u << 20) /* bytes of one access */
#define VFU_MAX_MESSAGE (VFU_MAX_TRANSFER + 4096u)

struct vfu_area {
    uint64_t off, len;
};

struct vfu_region {
    uint64_t size;
    int fd; /* -1: every access arrives as a message */
    uint64_t fd_off;
    void *mem; /* our own mapping of the file */
    uint64_t mem_size;
    unsigned nareas; /* with fd >= 0: pages that the client may map */
    struct vfu_area area[VFU_MAX_SPARSE];
};

struct vfu_dma {
    uint64_t iova, size;
    uint8_t *mem; /* NULL: no file came with it, so it cannot be accessed */
    bool readable, writable;
};

struct vfu;

struct vfu_ops {
    /* accesses outside the mapped pages; len is usually 1..8 */
    void (*rd)(struct vfu *v, unsigned region, uint64_t off, void *buf, uint32_t len);
    void (*wr)(struct vfu *v, unsigned region, uint64_t off, const void *buf, uint32_t len);
    void (*reset)(struct vfu *v); /* may be NULL */
};

struct vfu {
    int sock;
    const struct vfu_ops *ops;
    void *priv;
    uint8_t cfg[4096];
    struct vfu_region region[VFU_NUM_REGIONS];
    unsigned irq_count[VFU_NUM_IRQS];
    int irqfd[VFU_NUM_IRQS][VFU_MAX_VECTORS];
    unsigned long posted; /* writes that the client did not wait for */
    struct vfu_dma dma[VFU_MAX_DMA];
    unsigned ndma;
    struct {
        size_t have;
        int fds[VFU_MAX_FDS];
        unsigned nfds;
        bool lost_fds; /* there were more, or this process had no room for them */
        uint8_t message[VFU_MAX_MESSAGE];
    } in;
    uint8_t out[VFU_MAX_MESSAGE];
};

/* A listening socket of that type for this user only, which replaces one at path; -1 and errno. */
int vfu_listen(const char *path, int type);
void vfu_init(struct vfu *v, const struct vfu_ops *ops, void *priv);
/* Give back the client's mappings and descriptors and the regions' memory; not `sock`. */
void vfu_fini(struct vfu *v);
/* Handles what can be read: 1, 0 when the client is gone, -1 when it broke the protocol. */
int vfu_step(struct vfu *v);
/*
 * The machine's memory as the device sees it, over as many maps as it takes. 0; -EFAULT where
 * nothing is mapped, the map forbids it or its file ends: a part may be done then.
 */
int vfu_read(struct vfu *v, uint64_t iova, void *buf, uint64_t len);
int vfu_write(struct vfu *v, uint64_t iova, const void *buf, uint64_t len);
/* A range within one map, or NULL. Only for guard_copy(): the file can end at any time. */
void *vfu_iova(struct vfu *v, uint64_t iova, uint64_t len, bool write);
bool vfu_mapped(struct vfu *v, uint64_t iova);
/* Raise an interrupt: 0, or -1 when the client has no descriptor for it. */
int vfu_irq(struct vfu *v, unsigned index, unsigned vector);
/* Memory of ours that the client may map, of fixed size. 0, or -1 and errno. */
int vfu_bar_mem(struct vfu *v, unsigned region, uint64_t size, const char *name);

#endif
