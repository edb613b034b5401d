/* SPDX-License-Identifier: MIT */
/*
 * Devices: find, open, query, close.
 *
 * Three rules hold for every object of this library.  Functions that return int return 0 or a
 * negative errno, leave outputs untouched on failure, and hlthunk_last_error() says what was wrong.
 * One thread at a time uses an object, except where a function's comment says "any thread";
 * references may be taken and dropped from any thread.  Pointer arguments may be NULL only where
 * that is said.
 *
 * The common errors, which any function on an object may return: -EINVAL, a NULL argument, a bad
 * enumerator or a .struct_size that is not set; -E2BIG, options with a non-zero member that this
 * version of the library does not know, or a .struct_size of more than 4096; -EPERM, the object was
 * made by the parent of this process, before fork(); -ENODEV, the device was reset or removed
 * (hlthunk/reset.h).
 *
 * Words: get copies something out; borrow lends what the object keeps, which is valid while the
 * object lives and not to be closed or released; dup returns a fresh descriptor that the caller
 * closes; ref and unref count references.  Structures that the caller provides begin with
 * .struct_size, which the caller sets to sizeof(struct ...).  In options, members past the end of a
 * shorter structure have their defaults; in structures that are filled, members that the library
 * does not know are cleared.
 *
 * A callback returns to the library: it does not leave by a C++ exception, longjmp() or
 * pthread_exit().  It may end the process.
 *
 * Times are in nanoseconds.  A timeout (timeout_ns) of 0 does not wait, a negative one
 * (HLTHUNK_WAIT_INDEFINITELY) waits without limit.
 */
#ifndef HLTHUNK_DEVICE_H
#define HLTHUNK_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

/** define HLTHUNK_WAIT_INDEFINITELY - a timeout_ns without limit, as any negative value is */
#define HLTHUNK_WAIT_INDEFINITELY INT64_C(-1)

/**
 * enum hlthunk_asic - the kind of chip, by PCI device ID and revision
 * @HLTHUNK_ASIC_UNKNOWN: not known, or not one that this library knows
 * @HLTHUNK_ASIC_GOYA: Goya
 * @HLTHUNK_ASIC_GAUDI: Gaudi (HL-205) and its secured variants
 * @HLTHUNK_ASIC_GAUDI2: Gaudi2 and its variants B, C and D
 *
 * Since: 0.9
 */
enum hlthunk_asic {
    HLTHUNK_ASIC_UNKNOWN = 0,
    HLTHUNK_ASIC_GOYA = 1,
    HLTHUNK_ASIC_GAUDI = 2,
    HLTHUNK_ASIC_GAUDI2 = 3,
};

/**
 * enum hlthunk_generation - generations of the kernel's interface
 * @HLTHUNK_GENERATION_MISC: Linux 5.16 to 6.2: /dev/hlN
 * @HLTHUNK_GENERATION_ACCEL: 6.3 to about 6.6: /dev/accel/accelN, requests of type 'H'
 * @HLTHUNK_GENERATION_DRM: about 6.7 and later: requests of type 'd'
 * @HLTHUNK_GENERATION_VENDOR: the vendor's own driver, 2024 and later
 *
 * Source: include/uapi/misc/habanalabs.h and include/uapi/drm/habanalabs_accel.h of these kernels.
 * Since: 0.9
 */
enum hlthunk_generation {
    HLTHUNK_GENERATION_MISC = 1,
    HLTHUNK_GENERATION_ACCEL = 2,
    HLTHUNK_GENERATION_DRM = 3,
    HLTHUNK_GENERATION_VENDOR = 4,
};

/**
 * enum hlthunk_status - the status of a device, as the driver reports it
 * @HLTHUNK_STATUS_OPERATIONAL: ready for use
 * @HLTHUNK_STATUS_IN_RESET: being reset
 * @HLTHUNK_STATUS_MALFUNCTION: disabled by the driver
 * @HLTHUNK_STATUS_NEEDS_RESET: waiting for a reset
 * @HLTHUNK_STATUS_IN_CREATION: being initialised
 * @HLTHUNK_STATUS_IN_RELEASE_RESET: being reset because its last user closed it
 *
 * Source: enum hl_device_status of the kernel.
 * Since: 0.9
 */
enum hlthunk_status {
    HLTHUNK_STATUS_OPERATIONAL = 0,
    HLTHUNK_STATUS_IN_RESET = 1,
    HLTHUNK_STATUS_MALFUNCTION = 2,
    HLTHUNK_STATUS_NEEDS_RESET = 3,
    HLTHUNK_STATUS_IN_CREATION = 4,
    HLTHUNK_STATUS_IN_RELEASE_RESET = 5,
};

/**
 * struct hlthunk_device_entry - what sysfs says about one device, without opening it
 * @struct_size: as passed to hlthunk_device_enumerate()
 * @index: the N of accelN or hlN
 * @asic: HLTHUNK_ASIC_UNKNOWN where sysfs cannot be read
 * @pci_device_id: 0 where sysfs cannot be read
 * @legacy: true for /dev/hlN, of generation MISC
 * @pci_address: "0000:0d:00.0", in lower case; the domain may have more digits; "" without sysfs
 * @node: "/dev/accel/accel0": the usual path, which in a container may be another device's (see
 *        hlthunk_device_entry_find_node())
 * @control_node: "/dev/accel/accel_controlD0": likewise
 *
 * Since: 0.9
 */
struct hlthunk_device_entry {
    size_t struct_size;
    uint32_t index;
    enum hlthunk_asic asic;
    uint16_t pci_device_id;
    bool legacy;
    uint8_t reserved[5];
    char pci_address[24];
    char node[40];
    char control_node[40];
};

/**
 * hlthunk_device_enumerate() - list the Habana devices of this machine
 * @entries: receives up to @max entries, sorted by index; may be NULL when @max is 0
 * @entry_size: sizeof(struct hlthunk_device_entry): the stride of @entries, which is repeated in
 *              every entry's .struct_size
 * @max: number of entries that fit
 * @count: receives how many devices there are, which may be more than @max
 *
 * Reads a directory and one attribute per device below /sys/class/accel (devices of other vendors
 * are skipped) or /sys/class/habanalabs (one attribute more, for the ASIC) and opens no node. Where
 * sysfs is not mounted or not readable, the nodes in /dev are asked instead, and PCI addresses are
 * "".  A machine without a device is not an error: *@count is 0.
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EINVAL: @count is NULL, @entries is NULL with a @max, or @entry_size is too small
 *   -E2BIG: @entry_size is more than 4096
 *   -ENOENT: there is no sysfs, and no node answers
 *   -EACCES, -EMFILE, -ENFILE, -ENOMEM: the devices could not be looked for
 *
 * Context: any thread; reads files, does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_enumerate(struct hlthunk_device_entry *entries,
                                                            size_t entry_size, size_t max,
                                                            size_t *count);

/**
 * hlthunk_device_entry_get_attribute() - read a text attribute of a device from sysfs
 * @entry: from hlthunk_device_enumerate()
 * @name: "device_type", "status", "module_id", "armcp_kernel_ver" …, without a slash
 * @value: receives the text, NUL-terminated, without its final newline; may be NULL when
 *         @size_bytes is 0
 * @size_bytes: room at @value; a longer text is truncated
 *
 * Knows where each kernel generation keeps its attributes.
 *
 * Return: the length of the whole text without the NUL, as snprintf(3) does, or a negative errno.
 *
 * Errors:
 *   -EINVAL: an argument is NULL, or @name is not the name of an attribute
 *   -ENOENT: this kernel does not have the attribute
 *   -ENODATA: there is no sysfs here
 *   -ENOSPC: the file is longer than a page, which no text of sysfs is
 *   -EACCES, -EMFILE, -ENFILE, -ENOMEM: it could not be read
 *
 * Context: any thread; reads a file, does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_entry_get_attribute(const struct hlthunk_device_entry *entry, const char *name,
                                   char *value, size_t size_bytes);

/**
 * hlthunk_device_entry_find_node() - find the path of a device's node in this process
 * @entry: from hlthunk_device_enumerate()
 * @control: look for the control node rather than the primary one
 * @path: receives the path, NUL-terminated
 * @size: room at @path, in bytes
 *
 * Finds the node by its device number, whatever its name: in a container .node may be another
 * device's, or missing.  Does not open it.
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EINVAL: an argument is NULL
 *   -ENODEV: no such node under /dev: the device was not passed to this container, or udev has not
 *     made the node yet; or the device was removed
 *   -ENOSPC: the path does not fit
 *   -EACCES, -EMFILE, -ENFILE, -ENOMEM: it could not be looked for
 *
 * Context: any thread; reads directories, does not block.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_entry_find_node(const struct hlthunk_device_entry *entry,
                                               bool control, char *path, size_t size);

/**
 * enum hlthunk_device_select - how hlthunk_device_open() chooses a device
 * @HLTHUNK_SELECT_ANY: the first that can be opened, of those that the environment allows
 * @HLTHUNK_SELECT_PCI_ADDRESS: by .pci_address
 * @HLTHUNK_SELECT_INDEX: by .index
 * @HLTHUNK_SELECT_MODULE_ID: by .module_id
 * @HLTHUNK_SELECT_ASIC: by .asic: the first such chip that can be opened
 * @HLTHUNK_SELECT_INDEX_LIST: by .list, of indices: the first of the list that can be opened
 * @HLTHUNK_SELECT_MODULE_ID_LIST: the same with module IDs
 *
 * Since: 0.9
 */
enum hlthunk_device_select {
    HLTHUNK_SELECT_ANY = 0,
    HLTHUNK_SELECT_PCI_ADDRESS = 1,
    HLTHUNK_SELECT_INDEX = 2,
    HLTHUNK_SELECT_MODULE_ID = 3,
    HLTHUNK_SELECT_ASIC = 4,
    HLTHUNK_SELECT_INDEX_LIST = 5,
    HLTHUNK_SELECT_MODULE_ID_LIST = 6,
};

/**
 * struct hlthunk_device_options - which device hlthunk_device_open() opens, and how
 * @struct_size: sizeof(struct hlthunk_device_options)
 * @select: which of the following members chooses the device
 * @index: the N of accelN or hlN
 * @module_id: the card's position in its server
 * @asic: the kind of chip
 * @pci_address: hexadecimal in either case; the domain may be omitted
 * @timeout_ns: how long to wait while the device is busy or in reset; 0 does not wait, negative
 *              waits indefinitely
 * @control: open the control node: queries only, any number of users
 * @list_count: how many numbers are at @list, at most 64
 * @list: indices or module IDs, in the order in which they are tried; read during the call
 *
 * Since: 0.9
 */
struct hlthunk_device_options {
    size_t struct_size;
    enum hlthunk_device_select select;
    uint32_t index;
    uint32_t module_id;
    enum hlthunk_asic asic;
    const char *pci_address;
    int64_t timeout_ns;
    bool control;
    uint8_t reserved[3];
    uint32_t list_count;
    const uint32_t *list;
};

struct hlthunk_device;

/**
 * hlthunk_device_open() - open a device
 * @options: which device, and how; NULL: any device, without waiting
 * @device: receives a reference that the caller owns
 *
 * One process at a time can have a device open for compute.  While the device is busy, in reset or
 * being released, this sleeps and retries until .timeout_ns has passed; then the last error is
 * returned, and the text says how long it waited.  Other errors are final.  A control node can
 * always be opened.
 *
 * With HLTHUNK_SELECT_ANY (so also without options) the user chooses by the environment, as with
 * the vendor's software: HABANA_VISIBLE_MODULES is a comma-separated list of module IDs,
 * HABANA_VISIBLE_DEVICES one of indices, or "all"; the first wins where both are set.  Devices are
 * tried in the order of the list.  Set-uid programs ignore them.
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EBUSY: another process has the device open, or still holds a dma-buf or a mapping of it
 *   -EAGAIN: the device is in reset, or still being released by its last user
 *   -ENODEV: no such device, or none that this container was given
 *   -EACCES: the node's permissions do not allow it
 *   -EPERM: the device is not operational, or the container's device cgroup does not allow it; the
 *     text says which
 *   -EINVAL: bad options or a bad HABANA_VISIBLE_ variable; or a driver whose nodes cannot be
 *     opened on Linux 6.12 and later (docs/upstream-defects.md)
 *   -E2BIG: @options has a non-zero member that this version of the library does not know
 *   -ENODATA: the PCI addresses of this machine's devices cannot be read
 *   -EMFILE, -ENFILE, -ENOMEM: devices could not be looked for or opened
 *
 * Context: any thread; sleeps for up to .timeout_ns.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_open(const struct hlthunk_device_options *options,
                                                       struct hlthunk_device **device);

/**
 * hlthunk_device_from_fd() - make an object of a device that the program has already opened
 * @fd: an open primary or control node; it stays the caller's, the object has a duplicate
 * @device: receives a reference that the caller owns
 *
 * A device file that already has an object in this process yields that object, with one more
 * reference.  On ASICs without an MMU for device memory (Gaudi) the program and the object must not
 * both hand out addresses: see hlthunk_buffer_from_address().  Nor does an object know there what a
 * former one of the same open file has exported: others have to close those dma-bufs first.
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EINVAL: @device is NULL
 *   -EBADF: @fd is not open
 *   -ENODEV: @fd is not the node of a Habana device
 *   -ENOTTY: its driver answers none of the requests that this library knows
 *   -EMFILE, -ENFILE, -ENOMEM: no descriptor or host memory is left
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_from_fd(int fd, struct hlthunk_device **device);

/**
 * hlthunk_device_ref() - take one more reference to a device
 * @device: the device
 *
 * Return: @device.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_device *hlthunk_device_ref(struct hlthunk_device *device);

/**
 * hlthunk_device_unref() - drop a reference to a device
 * @device: the device; NULL is allowed
 *
 * The last one closes the device's file.  Every object of the device holds a reference of its own.
 *
 * Context: any thread; the last reference may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_device_unref(struct hlthunk_device *device);

/**
 * hlthunk_device_close() - drop a reference and report what keeps the device open
 * @device: the device; NULL is allowed
 *
 * Like hlthunk_device_unref(), but first reports every object that is still alive on the device
 * through the log: its kind, size, offset, age and where it was made.  The reference is dropped in
 * any case.
 *
 * Waits first, at most a second, until callbacks and eventfds of fences that are over have been
 * called and written, and what was held for them is released: what the program has dropped by then
 * does not count.  In such a callback it waits for those of other queues only.
 *
 * Return: how many things keep the device busy; 0: nothing does, unless there are more references
 * to @device itself, which are not counted.  They are live objects, with the last of which the file
 * is closed (a pool counts as one, however many of its buffers are alive), and allocations that the
 * kernel still holds because a dma-buf of them is open in some process, as far as this process can
 * know.
 *
 * Context: any thread; waits for callbacks, and may sleep in the driver.
 * Since: 0.9
 */
HLTHUNK_API size_t hlthunk_device_close(struct hlthunk_device *device);

/**
 * hlthunk_device_borrow_fd() - borrow a device's own file descriptor
 * @device: the device
 *
 * For functions on descriptors (<habanalabs/hlthunk.h>) and mmap().  Duplicate it to keep it.
 *
 * Return: the descriptor, valid while the object lives and not to be closed.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_borrow_fd(const struct hlthunk_device *device);

/**
 * struct hlthunk_device_properties - what does not change while a device is open
 * @struct_size: set by the caller: sizeof(struct hlthunk_device_properties)
 * @asic: the kind of chip
 * @generation: which kernel interface the driver has
 * @index: the N of accelN or hlN
 * @module_id: the card's position in its server
 * @pci_device_id: as in PCI configuration space
 * @number_of_user_interrupts: interrupts that programs may wait for; 0 on Goya and Gaudi
 * @first_user_interrupt: number of the first of them
 * @pci_revision: as in PCI configuration space; 0 on generation MISC
 * @control: opened as a control node
 * @has_device_mmu: device memory is behind an MMU, and needs mapping before use
 * @secured: the firmware's security is enabled
 * @sram_size: bytes of SRAM that programs may use
 * @sram_base: address of the first of them
 * @memory_base: first address of device memory that programs may use
 * @memory_size: bytes of device memory that programs may use
 * @memory_page_size: bytes; allocations are rounded up to a multiple of it
 * @pci_address: "0000:0d:00.0"; "" where sysfs cannot be read
 * @card_name: the card's name, from its firmware
 * @firmware_version: version of the firmware
 *
 * Source: struct hl_info_hw_ip_info of the kernel, and sysfs.
 * Since: 0.9
 */
struct hlthunk_device_properties {
    size_t struct_size;
    enum hlthunk_asic asic;
    enum hlthunk_generation generation;
    uint32_t index;
    uint32_t module_id;
    uint16_t pci_device_id;
    uint16_t number_of_user_interrupts;
    uint16_t first_user_interrupt;
    uint8_t pci_revision;
    bool control;
    bool has_device_mmu;
    bool secured;
    uint8_t reserved[2];
    uint32_t sram_size;
    uint64_t sram_base;
    uint64_t memory_base;
    uint64_t memory_size;
    uint64_t memory_page_size;
    char pci_address[24];
    char card_name[20];
    char firmware_version[132];
};

/**
 * hlthunk_device_get_properties() - get what does not change while a device is open
 * @device: the device
 * @properties: .struct_size must be set; receives as much as it has room for
 *
 * The driver is asked once, when the device is opened.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_get_properties(struct hlthunk_device *device,
                              struct hlthunk_device_properties *properties);

/**
 * hlthunk_device_get_status() - ask the driver for the status of a device
 * @device: the device
 * @status: receives the status
 *
 * Works during a reset, and on a stale device as long as the driver answers.  A status that means a
 * reset makes the device stale (hlthunk/reset.h).
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EINVAL: an argument is NULL
 *   -EPERM: the device was opened by the parent of this process
 *   -ENODEV: the device was removed
 *
 * Context: any thread; one system call (HL_INFO_DEVICE_STATUS).
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_get_status(struct hlthunk_device *device,
                                                             enum hlthunk_status *status);

/**
 * struct hlthunk_memory_usage - how much device memory is in use
 * @struct_size: set by the caller: sizeof(struct hlthunk_memory_usage)
 * @free_bytes: free, of the memory that programs may use
 * @used_bytes: allocated through this device file; 0 on a control node
 *
 * Since: 0.9
 */
struct hlthunk_memory_usage {
    size_t struct_size;
    uint64_t free_bytes;
    uint64_t used_bytes;
};

/**
 * hlthunk_device_get_memory_usage() - ask the driver how much device memory is in use
 * @device: the device
 * @usage: .struct_size must be set; receives as much as it has room for
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EBUSY: the device is not operational
 *
 * Context: any thread; one system call (HL_INFO_DRAM_USAGE).
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_get_memory_usage(struct hlthunk_device *device, struct hlthunk_memory_usage *usage);

/**
 * hlthunk_asic_get_name() - get the name of an ASIC
 * @asic: the kind of chip
 *
 * Return: a static text such as "gaudi2"; "unknown" for other values.  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_asic_get_name(enum hlthunk_asic asic);

/**
 * hlthunk_status_get_name() - get the name of a device status
 * @status: the status
 *
 * Return: a static text such as "operational"; "unknown" for other values.  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_status_get_name(enum hlthunk_status status);

/**
 * hlthunk_generation_get_name() - get the name of a generation of the kernel's interface
 * @generation: the generation
 *
 * Return: a static text such as "drm"; "unknown" for other values.  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_generation_get_name(enum hlthunk_generation generation);

HLTHUNK_END_DECLS

#endif
