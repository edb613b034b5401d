/* SPDX-License-Identifier: MIT */
/*
 * What a process asks its supervisor for: a datagram each way over an abstract socket
 * (SOCK_SEQPACKET), descriptors beside it.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "sim/state.h"

#define SIM_ENV_VARIABLE "HLSIM_STATE" /* PID:FD of the state's segment */

enum sim_request_op {
    SIM_REQUEST_OPEN,    /* device, control, flags: a descriptor comes back */
    SIM_REQUEST_EXPORT,  /* device, flags, dmabuf: a descriptor comes back */
    SIM_REQUEST_IMPORT,  /* device, context, a dma-buf beside it: the import's place */
    SIM_REQUEST_SETTLE,  /* closed files have been noticed when the answer comes */
    SIM_REQUEST_RELEASE, /* likewise, by one who has closed a file of the device */
    SIM_REQUEST_EVENTFD, /* file; a descriptor beside it, or none to forget it */
    SIM_REQUEST_ADD,     /* asic: the new device's number */
    SIM_REQUEST_RESET,   /* device */
    SIM_REQUEST_REMOVE,  /* device */
    SIM_REQUEST_EVENT,   /* device, events */
    SIM_REQUEST_STATUS   /* sysfs is to be brought up to date */
};

struct sim_request {
    uint32_t op;
    uint32_t device;
    uint32_t asic;
    uint32_t file;
    uint32_t flags;
    uint32_t context;
    bool control;
    uint64_t events;
    struct sim_dmabuf dmabuf;
};

struct sim_reply {
    int32_t rc;
    uint32_t file;
};

#endif
