/* SPDX-License-Identifier: MIT */
/*
 * Who holds a device: processes with its node open, with a dma-buf of it, or with a mapping of it.
 *
 * A device serves one compute user at a time, and is not released until the last dma-buf and the
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

/**
 * enum hlthunk_holder_kind - what keeps a device busy
 * @HLTHUNK_HOLDER_NODE: a descriptor of the primary node: the compute user
 * @HLTHUNK_HOLDER_CONTROL_NODE: a descriptor of the control node, which does not keep anyone out
 * @HLTHUNK_HOLDER_DMABUF: a descriptor of a dma-buf that the driver has exported
 * @HLTHUNK_HOLDER_MAPPING: mmap()ed memory of the node, which may outlive its descriptor
 * @HLTHUNK_HOLDER_KERNEL: a dma-buf for which no descriptor was found
 *
 * Since: 0.9
 */
enum hlthunk_holder_kind {
    HLTHUNK_HOLDER_NODE = 1,
    HLTHUNK_HOLDER_CONTROL_NODE = 2,
    HLTHUNK_HOLDER_DMABUF = 3,
    HLTHUNK_HOLDER_MAPPING = 4,
    HLTHUNK_HOLDER_KERNEL = 5,
};

/** define HLTHUNK_HOLDER_ANY_DEVICE - a dma-buf of a device that no kernel reports */
#define HLTHUNK_HOLDER_ANY_DEVICE UINT32_MAX

/**
 * struct hlthunk_holder - one thing that is held
 * @struct_size: set by the library; later versions may add members at the end
 * @kind: what is held
 * @pid: of the process, in this process's PID namespace; 0 with HLTHUNK_HOLDER_KERNEL
 * @uid: owner of the process
 * @fd: the process's descriptor; -1 for a mapping
 * @index: of the device; HLTHUNK_HOLDER_ANY_DEVICE for a dma-buf where there are several devices.
 *         The only device is taken for its dma-buf's, which may be of one that has been pulled
 * @legacy: as in struct hlthunk_device_entry
 * @attachments_known: @importers is complete
 * @comm: name of the process, up to 15 bytes, which it may have chosen itself
 * @identity: of a dma-buf: as hlthunk_dmabuf_get_identity(), the same for all its holders
 * @size_bytes: of the dma-buf or mapping; 0 for nodes
 * @address: of a mapping: where, in that process
 * @age_ns: of a dma-buf: since it was exported; 0 if not known
 * @process_age_ns: since the process started; 0 if not known
 * @references: of a dma-buf: to its file, in the whole system; 0 if not known
 * @name: of a dma-buf, or ""
 * @importers: of a dma-buf: devices that are attached, separated by spaces; "" if none or not known
 *
 * Since: 0.9
 */
struct hlthunk_holder {
    size_t struct_size;
    enum hlthunk_holder_kind kind;
    int32_t pid;
    uint32_t uid;
    int32_t fd;
    uint32_t index;
    bool legacy;
    bool attachments_known;
    uint8_t reserved[2];
    const char *comm;
    uint64_t identity;
    uint64_t size_bytes;
    uint64_t address;
    uint64_t age_ns;
    uint64_t process_age_ns;
    uint64_t references;
    const char *name;
    const char *importers;
};

/**
 * struct hlthunk_holders_options - what hlthunk_holders_list() looks at
 * @struct_size: sizeof(struct hlthunk_holders_options)
 * @device: list holders of this device only; NULL for any.  Dma-bufs whose device is not known are
 *          listed in any case
 * @root: a folder with the /sys and /proc of a recorded machine; NULL for this machine
 *
 * Since: 0.9
 */
struct hlthunk_holders_options {
    size_t struct_size;
    const struct hlthunk_device_entry *device;
    const char *root;
};

/**
 * struct hlthunk_holders_seen - what was looked at, and what could not be seen
 * @struct_size: set by the caller: sizeof(struct hlthunk_holders_seen)
 * @devices: Habana devices of this machine
 * @processes: processes looked at
 * @hidden_processes: processes that this process may not look into
 * @other_namespace: this process is in a container, and sees the processes of that
 * @kernel_list: the kernel's own list of dma-bufs was read (by root, in debugfs)
 * @unlisted_processes: /proc does not show this process that others are there (hidepid=invisible):
 *                      how many is not known
 *
 * Since: 0.9
 */
struct hlthunk_holders_seen {
    size_t struct_size;
    uint32_t devices;
    uint32_t processes;
    uint32_t hidden_processes;
    bool other_namespace;
    bool kernel_list;
    bool unlisted_processes;
    uint8_t reserved[1];
};

/**
 * typedef hlthunk_holder_fn - receives one thing that is held
 * @holder: valid during the call, with what it points to
 * @user: as passed to hlthunk_holders_list()
 *
 * Return: 0 to continue; anything else ends the list.
 *
 * Since: 0.9
 */
typedef int (*hlthunk_holder_fn)(const struct hlthunk_holder *holder, void *user);

/**
 * hlthunk_holders_list() - list who holds devices
 * @options: NULL: every device of this machine
 * @visit: called for each thing that is held, in order of PID
 * @user: passed to @visit
 * @seen: receives what was looked at, unless an error is returned; .struct_size must be set; may be
 *        NULL
 *
 * Reads /proc (descriptors, fdinfo, maps) of each process, as far as this process may, and the
 * kernel's list of dma-bufs in debugfs where it may; opens no node.  A dma-buf on that list for
 * which no descriptor was found is reported with HLTHUNK_HOLDER_KERNEL: a driver has imported it,
 * it is in flight through a socket, or a hidden process has it.  Takes some ten microseconds per
 * process; what changes meanwhile may be missed.  Descriptors of this process are listed as well.
 *
 * Return: 0, what @visit last returned, or a negative errno, of which hlthunk_diag_last_error() has
 * the sentence.
 *
 * Errors:
 *   -EINVAL: @visit is NULL, or a .struct_size is not set
 *   -E2BIG: @options has a non-zero member that this version of the library does not know
 *   -ENOENT: .root is not there, or /proc is not mounted
 *   -EACCES: /proc cannot be read
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; reads files, does not block.  No file server is asked for a file that
 * another process has open or mapped, except before Linux 5.12, or where a container forbids
 * openat2(): there a mapped file of a server that does not answer holds this up.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_holders_list(const struct hlthunk_holders_options *options, hlthunk_holder_fn visit,
                     void *user, struct hlthunk_holders_seen *seen);

/**
 * hlthunk_holder_kind_get_name() - get the name of a kind of holder
 * @kind: the kind
 *
 * Return: a static text: "node", "control node", "dma-buf", "mapping" or "kernel"; "unknown" for
 * other values.  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_holder_kind_get_name(enum hlthunk_holder_kind kind);

HLTHUNK_END_DECLS

#endif
