/* SPDX-License-Identifier: MIT */
/* The vfio-user protocol's numbers and layouts (version 0.x), for the server's own files. */
#ifndef RIG_EMU_VFU_WIRE_H
#define RIG_EMU_VFU_WIRE_H

#include "rig/emu/vfu.h"

enum vfu_command {
    VFU_VERSION = 1,
    VFU_DMA_MAP,
    VFU_DMA_UNMAP,
    VFU_GET_INFO,
    VFU_GET_REGION_INFO,
    VFU_GET_REGION_IO_FDS,
    VFU_GET_IRQ_INFO,
    VFU_SET_IRQS,
    VFU_REGION_READ,
    VFU_REGION_WRITE,
    VFU_RESET = 13,
};

/* Flags of a message's header */
#define VFU_TYPE_MASK 0xFu
#define VFU_TYPE_COMMAND 0x0u
#define VFU_TYPE_REPLY 0x1u
#define VFU_NO_REPLY 0x10u
#define VFU_ERROR 0x20u

struct vfu_header {
    uint16_t id, command;
    uint32_t size; /* with this header */
    uint32_t flags, error;
};

#define VFU_DMA_FLAG_READ 0x1u
#define VFU_DMA_FLAG_WRITE 0x2u
#define VFU_UNMAP_ALL 0x2u

struct vfu_dma_map {
    uint32_t argsz, flags;
    uint64_t offset, iova, size;
};

struct vfu_dma_unmap {
    uint32_t argsz, flags;
    uint64_t iova, size;
};

#define VFU_DEVICE_RESET 0x1u
#define VFU_DEVICE_PCI 0x2u

struct vfu_device_info {
    uint32_t argsz, flags, regions, irqs;
};

#define VFU_REGION_CAN_READ 0x1u
#define VFU_REGION_CAN_WRITE 0x2u
#define VFU_REGION_CAN_MMAP 0x4u
#define VFU_REGION_HAS_CAPS 0x8u
#define VFU_CAP_SPARSE_MMAP 1

struct vfu_region_info {
    uint32_t argsz, flags, index, cap_offset;
    uint64_t size, offset;
};

struct vfu_sparse {
    uint16_t id, version;
    uint32_t next, areas, reserved;
    struct vfu_area area[VFU_MAX_SPARSE];
};

struct vfu_access {
    uint64_t offset;
    uint32_t region, count;
};

#define VFU_IRQ_INFO_EVENTFD 0x1u
#define VFU_IRQ_INFO_NORESIZE 0x8u

struct vfu_irq_info {
    uint32_t argsz, flags, index, count;
};

#define VFU_IRQ_DATA_NONE 0x1u
#define VFU_IRQ_DATA_BOOL 0x2u
#define VFU_IRQ_DATA_EVENTFD 0x4u
#define VFU_IRQ_ACTION_TRIGGER 0x20u

struct vfu_irq_set {
    uint32_t argsz, flags, index, start, count;
};

/* A request, as the handlers get it. What they keep of the descriptors they set to -1. */
struct vfu_request {
    struct vfu_header h;
    const uint8_t *body;
    uint32_t len;
    int *fds;
    unsigned nfds;
};

/* Fill `to` (of fixed size) from the start of the body: false when it is shorter. */
bool vfu_take(const struct vfu_request *q, void *to, size_t size);

/* Each answers. 0, or -1 when the client is gone. */
int vfu_answer(struct vfu *v, const struct vfu_request *q, int error, const void *body, size_t len);
int vfu_answer_fd(struct vfu *v, const struct vfu_request *q, const void *body, size_t len, int fd);
int vfu_do_dma_map(struct vfu *v, const struct vfu_request *q);
int vfu_do_dma_unmap(struct vfu *v, const struct vfu_request *q);
int vfu_do_region_info(struct vfu *v, const struct vfu_request *q);
int vfu_do_region_read(struct vfu *v, const struct vfu_request *q);
int vfu_do_region_write(struct vfu *v, const struct vfu_request *q);
int vfu_do_irq_info(struct vfu *v, const struct vfu_request *q);
int vfu_do_set_irqs(struct vfu *v, const struct vfu_request *q);

int vfu_send(int sock, const struct vfu_header *h, const void *body, size_t len, int fd);
/* One message into v->in: 1 complete, 0 not yet, -1 the client is gone, -2 malformed. */
int vfu_receive(struct vfu *v);
void vfu_forget(struct vfu *v); /* the message in v->in was handled */

#endif
