/* SPDX-License-Identifier: MIT */
/*
 * Who holds a device: processes with its node open, with a dma-buf of it, or with a mapping of it.
 *
 * A device serves one compute user at a time, and is not released before the last dma-buf and the
 * last mapping of that user are gone, in whatever process they are.  This says where they are.
 */
#ifndef HLTHUNK_DIAG_HOLDERS_H
#define HLTHUNK_DIAG_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_device_entry;

enum hlthunk_holder_kind {
    HLTHUNK_HOLDER_NODE = 1,         /* a descriptor of the primary node: the compute user */
    HLTHUNK_HOLDER_CONTROL_NODE = 2, /* of the control node: a bystander, keeps nobody out */
    HLTHUNK_HOLDER_DMABUF = 3,       /* of a dma-buf that the driver has exported */
    HLTHUNK_HOLDER_MAPPING = 4,      /* mmap()ed memory of the node; may outlive its descriptor */
    HLTHUNK_HOLDER_KERNEL = 5,       /* a dma-buf without a descriptor that could be seen */
};

/* The device that a dma-buf belongs to is not told by any kernel: known where there is only one. */
#define HLTHUNK_HOLDER_ANY_DEVICE UINT32_MAX

/* One thing that is held.  Later versions may add members at the end. */
struct hlthunk_holder {
    size_t struct_size; /* as the library filled it */
    enum hlthunk_holder_kind kind;
    int32_t pid;    /* in this process's PID namespace; 0 with HLTHUNK_HOLDER_KERNEL */
    uint32_t uid;   /* owner of the process */
    int32_t fd;     /* its descriptor; -1 for a mapping */
    uint32_t index; /* of the device, or HLTHUNK_HOLDER_ANY_DEVICE */
    bool legacy;    /* as in struct hlthunk_device_entry */
    bool attachments_known;
    uint8_t reserved[2];
    const char *comm;        /* name of the process, up to 15 bytes, which it may have set itself */
    uint64_t identity;       /* dma-buf: as hlthunk_dmabuf_get_identity(), same for all holders */
    uint64_t size_bytes;     /* of the dma-buf or mapping; 0 for nodes */
    uint64_t address;        /* mapping: where, in that process */
    uint64_t age_ns;         /* dma-buf: since it was exported; 0: not known */
    uint64_t process_age_ns; /* since the process started; 0: not known */
    uint64_t references;     /* dma-buf: to its file, in the whole system; 0: not known */
    const char *name;        /* dma-buf: its name, or "" */
    const char *importers;   /* dma-buf: devices that are attached, separated by spaces; "" for
                                none or not known (.attachments_known) */
};

struct hlthunk_holders_options {
    size_t struct_size;                        /* sizeof(struct hlthunk_holders_options) */
    const struct hlthunk_device_entry *device; /* this one; NULL: any.  dma-bufs whose device is
                                                  not known are listed in any case */
    const char *root; /* a folder with the /sys and /proc of a recorded machine; NULL: this one */
};

/* What was looked at, and what could not be seen. */
struct hlthunk_holders_seen {
    size_t struct_size;        /* set by the caller: sizeof(struct hlthunk_holders_seen) */
    uint32_t devices;          /* Habana devices of this machine */
    uint32_t processes;        /* looked at */
    uint32_t hidden_processes; /* there, but this process may not look into them */
    bool other_namespace;      /* this process is in a container: it sees that one's processes */
    bool kernel_list;          /* the kernel's own list of dma-bufs was read (root, debugfs) */
    uint8_t reserved[2];
};

/**
 * typedef hlthunk_holder_fn - receives one thing that is held
 * @holder: valid during the call, with what it points to
 * @user: as given to hlthunk_holders_list()
 *
 * A non-zero return ends the list.
 */
typedef int (*hlthunk_holder_fn)(const struct hlthunk_holder *holder, void *user);

/**
 * hlthunk_holders_list() - list who holds devices
 * @options: NULL: every device of this machine
 * @visit: called for each thing that is held, in order of PID
 * @user: passed to @visit
 * @seen: receives what was looked at; .struct_size must be set; may be NULL
 *
 * Reads /proc (descriptors, fdinfo, maps) of each process, as far as this process may, and the
 * kernel's list of dma-bufs in debugfs where it may; opens no node.  A dma-buf on that list without
 * a descriptor that was seen is reported with HLTHUNK_HOLDER_KERNEL: a driver has imported it, it
 * is on its way through a socket, or a hidden process has it.  Takes some ten microseconds a
 * process; what changes meanwhile may be missed.  Descriptors of this process are listed as well.
 *
 * Returns 0, what @visit last returned, or -errno with a text in hlthunk_diag_last_error():
 * -EINVAL, -E2BIG (options), -ENOENT (.root), -ENOMEM, -EACCES (no /proc).
 * @seen is written unless an error is returned.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_holders_list(const struct hlthunk_holders_options *options, hlthunk_holder_fn visit,
                     void *user, struct hlthunk_holders_seen *seen);

/* A name for people: "node", "control node", "dma-buf", "mapping", "kernel".  Since: 0.9 */
HLTHUNK_API const char *hlthunk_holder_kind_get_name(enum hlthunk_holder_kind kind);

HLTHUNK_END_DECLS

#endif
