/* SPDX-License-Identifier: MIT */
/*
 * Requests of a process to its supervisor, and the replies.
 *
 * There are two ways.  The mailbox (sim/mailbox.h) is for what needs no descriptor.  A socket
 * (SOCK_SEQPACKET, a connection for each request, a datagram each way) is for the rest: descriptors
 * go beside the datagrams.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "sim/state.h"

#define SIM_ENV_VARIABLE "HLSIM_STATE" /* path of the supervisor's socket */
#define SIM_SOCKET "/run/hlsim"        /* below the tree */
#define SIM_ARGUMENT 128               /* bytes of the largest argument */
#define SIM_OUT 4096
#define SIM_NO_CLIENT 0

enum sim_request_op {
    SIM_REQUEST_HELLO, /* both segments come back, and reply.file: what this process is called */
    SIM_REQUEST_IOCTL, /* file, request, argument */
    SIM_REQUEST_OPEN,  /* device, control, flags: a descriptor comes back */
    /* file, argument, length; mapper: what it gave before, or SIM_NONE; memory comes back, and of a
     * new mapper its descriptor */
    SIM_REQUEST_MMAP,
    SIM_REQUEST_UNMAPPED,     /* file of a mapper, argument: which buffer may be mapped again */
    SIM_REQUEST_MEMORY,       /* file of a dma-buf: its device's memory comes back */
    SIM_REQUEST_LOCATE,       /* file of a dma-buf, argument: where that byte is in the memory */
    SIM_REQUEST_FLAGS,        /* file, flags: F_SETFL */
    SIM_REQUEST_NAME,         /* file of a dma-buf, its name in args */
    SIM_REQUEST_MESSAGE,      /* file of a dma-buf, argument: its inode, flags: sent, or received */
    SIM_REQUEST_FIND,         /* argument: an inode; rc: the file, -ENOENT */
    SIM_REQUEST_SETTLE,       /* closed files have been noticed when the answer comes */
    SIM_REQUEST_RELEASE,      /* device: its user has closed it */
    SIM_REQUEST_ADD,          /* asic: the new device's number */
    SIM_REQUEST_RESET,        /* device */
    SIM_REQUEST_REMOVE,       /* device */
    SIM_REQUEST_EVENT,        /* device, events */
    SIM_REQUEST_DEBUGFS_OPEN, /* device, argument: which file; flags: a descriptor comes back */
    SIM_REQUEST_DEBUGFS_READ, /* file: the number in reply.at */
    SIM_REQUEST_DEBUGFS_WRITE /* file, argument: the number */
};

struct sim_request {
    uint32_t op;
    uint32_t client; /* as HELLO returned it; SIM_NO_CLIENT: not yet */
    int32_t pid, tid;
    uint32_t device;
    uint32_t asic;
    uint32_t file;
    uint32_t mapper;
    uint64_t serial; /* of the file, as the caller had it: its number may be another one's by now */
    uint32_t flags;
    int32_t pinned;   /* whether the host memory in the argument could be pinned: 0 or -errno */
    uint32_t request; /* of ioctl() */
    uint64_t argument, length;
    uint64_t events;
    bool control;
    uint32_t window; /* bytes of the argument that are in args */
    uint8_t args[SIM_ARGUMENT];
};

/* Bytes for the caller's memory; without an address: a line for its standard error. */
struct sim_out {
    uint64_t address;
    uint32_t size; /* of the bytes that follow, up to the next multiple of 8 */
    uint32_t pad;
};

struct sim_reply {
    int32_t rc;
    uint32_t file;
    uint32_t buffer; /* of mmap(): SIM_NONE for registers */
    uint64_t at, left;
    uint32_t out_size; /* used bytes of out: struct sim_out and bytes, one after another */
    uint8_t out[SIM_OUT] __attribute__((aligned(8)));
};

#endif
