/* SPDX-License-Identifier: MIT */
/*
 * What Linux's EFA driver and rdma-core's libefa write and expect, as the card sees it: the
 * registers, the entries of the queues. Everything is little endian.
 */
#ifndef RIG_EMU_EFA_LAYOUT_H
#define RIG_EMU_EFA_LAYOUT_H

#include <stdint.h>

/* BAR 0 */
enum {
    REG_VERSION = 0x00,
    REG_CONTROLLER = 0x04,
    REG_CAPS = 0x08,
    REG_AQ_LO = 0x10,
    REG_AQ_HI = 0x14,
    REG_AQ_CAPS = 0x18,
    REG_ACQ_LO = 0x20,
    REG_ACQ_HI = 0x24,
    REG_ACQ_CAPS = 0x28,
    REG_AQ_DOORBELL = 0x2c,
    REG_AENQ_CAPS = 0x34,
    REG_AENQ_LO = 0x38,
    REG_AENQ_HI = 0x3c,
    REG_AENQ_DOORBELL = 0x40,
    REG_INTR_MASK = 0x4c,
    REG_DEV_CTL = 0x54,
    REG_DEV_STS = 0x58,
    REG_READ = 0x5c, /* requests a read of a register: the answer goes to host memory */
    REG_READ_LO = 0x60,
    REG_READ_HI = 0x64,
    REG_EQ_DOORBELL = 0x68,
    REG_END = 0x6c,
};
#define STS_READY 0x01u
#define STS_RESETTING 0x08u
#define CTL_RESET 0x01u

/* admin queue */
enum {
    CMD_CREATE_QP = 1,
    CMD_MODIFY_QP,
    CMD_QUERY_QP,
    CMD_DESTROY_QP,
    CMD_CREATE_AH,
    CMD_DESTROY_AH,
    CMD_REG_MR,
    CMD_DEREG_MR,
    CMD_CREATE_CQ,
    CMD_DESTROY_CQ,
    CMD_GET_FEATURE,
    CMD_SET_FEATURE,
    CMD_GET_STATS,
    CMD_ALLOC_PD,
    CMD_DEALLOC_PD,
    CMD_ALLOC_UAR,
    CMD_DEALLOC_UAR,
    CMD_CREATE_EQ,
    CMD_DESTROY_EQ,
    CMD_ALLOC_MR,
    CMD_END,
};
enum {
    ADMIN_OK,
    ADMIN_NO_RESOURCES,
    ADMIN_BAD_OPCODE,
    ADMIN_UNSUPPORTED,
    ADMIN_MALFORMED,
    ADMIN_BAD_PARAMETER,
    ADMIN_UNKNOWN,
    ADMIN_BUSY,
};
enum {
    FEATURE_DEVICE = 1,
    FEATURE_AENQ,
    FEATURE_NETWORK,
    FEATURE_QUEUES,
    FEATURE_HINTS,
    FEATURE_HOST_INFO,
    FEATURE_EVENT_QUEUES,
    FEATURE_QUEUES_2 = 9,
};
enum { GROUP_FATAL = 1, GROUP_WARNING, GROUP_NOTIFICATION, GROUP_KEEP_ALIVE };

#define AQ_PHASE 0x1u
#define AQ_BUFFER 0x2u
#define AQ_INDIRECT 0x4u

struct aq_entry {
    uint16_t id; /* 12 bits */
    uint8_t opcode, flags;
    union {
        uint32_t word[15];
        struct {
            uint16_t pd;
            uint8_t type, flags;
            uint64_t sq_base, rq_base;
            uint32_t send_cq, recv_cq, sq_key, rq_key;
            uint32_t sq_bytes, sq_depth, rq_bytes, rq_depth;
            uint16_t uar;
            uint8_t sl, reserved;
        } __attribute__((packed)) create_qp;
        struct {
            uint32_t mask, handle, state, current, qkey, psn;
            uint8_t notify, rnr_retry;
        } __attribute__((packed)) modify_qp;
        struct {
            uint8_t gid[16];
            uint16_t pd;
        } __attribute__((packed)) create_ah;
        struct {
            uint16_t ah, pd;
        } destroy_ah;
        struct {
            uint16_t pd, reserved;
            union {
                uint64_t page[4];
                struct {
                    uint32_t length, lo, hi;
                } list;
            } __attribute__((packed)) at;
            uint64_t length;
            uint8_t flags, permissions;
            uint16_t reserved2;
            uint32_t pages;
            uint64_t iova;
        } __attribute__((packed)) reg_mr;
        struct {
            uint8_t caps1, caps2;
            uint16_t depth, eqn, reserved;
            uint32_t lo, hi, key;
            uint16_t sub_cqs, uar;
        } __attribute__((packed)) create_cq;
        struct {
            uint32_t length, lo, hi;
            uint8_t reserved, id;
            uint16_t reserved2;
            uint32_t word[11];
        } __attribute__((packed)) feature;
        struct {
            uint32_t word[3];
            uint8_t type, scope;
            uint16_t modifier;
        } __attribute__((packed)) stats;
        struct {
            uint16_t depth;
            uint8_t vector, caps;
            uint32_t lo, hi, events, reserved;
        } __attribute__((packed)) create_eq;
    } u;
} __attribute__((packed));
_Static_assert(sizeof(struct aq_entry) == 64, "an entry of the admin queue");

struct acq_entry {
    uint16_t id;
    uint8_t status, flags;
    uint16_t checksum, reserved;
    uint32_t word[14];
};
_Static_assert(sizeof(struct acq_entry) == 64, "an entry of the admin completion queue");

struct aenq_entry {
    uint16_t group, syndrome;
    uint8_t flags, reserved[3];
    uint32_t time_lo, time_hi, word[12];
};
_Static_assert(sizeof(struct aenq_entry) == 64, "an entry of the queue of asynchronous events");

struct eq_entry {
    uint32_t common, reserved;
    uint16_t cqn, reserved2;
    uint32_t reserved3;
};
_Static_assert(sizeof(struct eq_entry) == 16, "an entry of an event queue");

/* lists of pages too long for one buffer: pages of 510 pointers and where the next one is */
#define CHUNK_POINTERS 510
#define CHUNK_BYTES 4096
#define CHUNK_PAGES 512 /* addresses in what a pointer leads to */

/* data path */
enum { QP_UD = 1, QP_SRD };
enum { STATE_RESET, STATE_INIT, STATE_RTR, STATE_RTS, STATE_SQD, STATE_SQE, STATE_ERR, STATE_END };
enum { OP_SEND, OP_READ, OP_WRITE };
enum { QUEUE_SEND = 1, QUEUE_RECEIVE };

enum {
    COMP_OK,
    COMP_FLUSHED,
    COMP_INTERNAL,
    COMP_UNSUPPORTED,
    COMP_BAD_AH,
    COMP_BAD_LKEY,
    COMP_BAD_LENGTH,
    COMP_REMOTE_ADDRESS,
    COMP_REMOTE_ABORT,
    COMP_REMOTE_QPN,
    COMP_REMOTE_RNR,
    COMP_REMOTE_LENGTH,
    COMP_REMOTE_STATUS,
    COMP_UNRESPONSIVE,
    COMP_UNKNOWN_PEER,
    COMP_UNREACHABLE,
    COMP_END,
};

#define KEY_MASK 0xffffffu
#define WQE_HAS_IMM 0x10u
#define WQE_INLINE 0x20u
#define WQE_EXTENSION 0x40u
#define WQE_META 0x80u
#define WQE_WANTED2 0x0cu /* the first descriptor of its request, and the last */

struct buffer_desc {
    uint32_t length, lkey, lo, hi;
};

struct wqe { /* 64 bytes, or 128 with more inline data */
    uint16_t id;
    uint8_t ctrl1, ctrl2;
    uint16_t qpn, length; /* bytes of inline data, or buffers */
    uint32_t imm;
    uint16_t ah;
    uint8_t ctrl3, reserved;
    uint32_t qkey;
    uint8_t reserved2[12];
    union {
        struct buffer_desc buffer[2];
        uint8_t data[96];
        struct {
            struct {
                uint32_t length, rkey, lo, hi;
            } remote;
            union {
                struct buffer_desc local;
                uint8_t data[80];
            };
        } rdma;
    } u;
};
_Static_assert(sizeof(struct wqe) == 128, "a work request");

struct rx_desc {
    uint32_t lo, hi;
    uint16_t id, length;
    uint32_t key; /* and RX_FIRST, RX_LAST */
};
#define RX_FIRST 0x40000000u
#define RX_LAST 0x80000000u

struct cqe {
    uint16_t id;
    uint8_t status, flags;
    uint16_t qpn;
    /* of what was received */
    uint16_t length, ah, src_qpn;
    uint32_t imm;
    union {
        uint8_t src_gid[16];
        uint16_t length_hi;
    } u;
};
_Static_assert(sizeof(struct cqe) == 32, "a completion");

#endif
