/* SPDX-License-Identifier: MIT */
/*
 * Devices: find, open, ask, close.
 *
 * Three rules hold for every object of this library.  int functions return 0 or -errno, leave
 * outputs untouched on failure, and hlthunk_last_error() says what was wrong.  An object is used
 * by one thread at a time, but for devices and pools, which any number of threads may use at once;
 * ref and unref may be called from any.  Pointer arguments may be NULL only where that is said.
 *
 * Words: get copies something out, borrow lends what the object keeps (valid while the object
 * lives, not to be closed or released), dup hands out a fresh descriptor that is the caller's, ref
 * and unref count.  Structs of the caller begin with .struct_size, which the caller sets to
 * sizeof(struct ...): of options, members that a shorter struct lacks have their defaults, and a
 * longer one with a non-zero byte that this library does not know is -E2BIG; of structs that are
 * filled, members that the library does not know are cleared.
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

/* A timeout_ns without limit; any negative value is. */
#define HLTHUNK_WAIT_INDEFINITELY INT64_C(-1)

/* Which chip, by PCI device ID and revision. */
enum hlthunk_asic {
    HLTHUNK_ASIC_UNKNOWN = 0,
    HLTHUNK_ASIC_GOYA = 1,
    HLTHUNK_ASIC_GAUDI = 2,  /* HL-205 and secured variants */
    HLTHUNK_ASIC_GAUDI2 = 3, /* with variants B, C and D */
};

/* Generations of the kernel's interface. */
enum hlthunk_generation {
    HLTHUNK_GENERATION_MISC = 1,   /* Linux 5.16 to 6.2: /dev/hlN */
    HLTHUNK_GENERATION_ACCEL = 2,  /* 6.3 to about 6.6: /dev/accel/accelN, requests of type 'H' */
    HLTHUNK_GENERATION_DRM = 3,    /* about 6.7 on: requests of type 'd' */
    HLTHUNK_GENERATION_VENDOR = 4, /* the vendor's own driver of 2024 on */
};

/* As the driver reports it (enum hl_device_status). */
enum hlthunk_status {
    HLTHUNK_STATUS_OPERATIONAL = 0,
    HLTHUNK_STATUS_IN_RESET = 1,
    HLTHUNK_STATUS_MALFUNCTION = 2,
    HLTHUNK_STATUS_NEEDS_RESET = 3,
    HLTHUNK_STATUS_IN_CREATION = 4,
    HLTHUNK_STATUS_IN_RELEASE_RESET = 5,
};

/* What sysfs says of one device, without opening it. */
struct hlthunk_device_entry {
    size_t struct_size;     /* as the caller of hlthunk_device_enumerate() gave it */
    uint32_t index;         /* N of accelN or hlN */
    enum hlthunk_asic asic; /* UNKNOWN where sysfs does not tell */
    uint16_t pci_device_id; /* 0 where sysfs does not tell */
    bool legacy;            /* /dev/hlN, generation MISC */
    uint8_t reserved[5];
    char pci_address[24];  /* "0000:0d:00.0", lower case; the domain may be longer; "" without
                              sysfs */
    char node[40];         /* "/dev/accel/accel0": the usual path, which in a container may be
                             another device's (hlthunk_device_entry_find_node()) */
    char control_node[40]; /* "/dev/accel/accel_controlD0" */
};

/**
 * hlthunk_device_enumerate() - list the Habana devices of this machine
 * @entries: receives up to @max entries, by index; may be NULL when @max is 0
 * @entry_size: sizeof(struct hlthunk_device_entry): the stride of @entries, which every
 *              entry's .struct_size repeats
 * @max: number of entries that fit
 * @count: receives how many devices there are, which may be more than @max
 *
 * Reads one directory and one attribute per device below /sys/class/accel (other vendors'
 * devices are skipped) or /sys/class/habanalabs (there one more, for the ASIC), and opens no node.
 * Where sysfs is not mounted or must not be read, the nodes in /dev are asked instead; PCI
 * addresses are "" then.  A machine without a device is not an error: *@count is 0.  What could not
 * be looked at is one: -EMFILE, -ENFILE, -ENOMEM, -EACCES …; -ENOENT: there is no sysfs, and no
 * node answers. -EINVAL (@count NULL, or @entries NULL with @max > 0).  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_enumerate(struct hlthunk_device_entry *entries,
                                                            size_t entry_size, size_t max,
                                                            size_t *count);

/**
 * hlthunk_device_entry_get_attribute() - read a text attribute of a device from sysfs
 * @entry: from hlthunk_device_enumerate()
 * @name: "device_type", "status", "module_id", "armcp_kernel_ver" …, without a slash
 * @value: receives the text, NUL-terminated, without the final newline; may be NULL when
 *         @size_bytes is 0
 * @size_bytes: room at @value; a longer text is cut
 *
 * Knows where each kernel generation keeps them.  Returns the length of the whole text without the
 * NUL, as snprintf(3) does, or -errno: -ENOENT where this kernel lacks the attribute.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_entry_get_attribute(const struct hlthunk_device_entry *entry, const char *name,
                                   char *value, size_t size_bytes);

/**
 * hlthunk_device_entry_find_node() - where this process has the device's node
 * @entry: from hlthunk_device_enumerate()
 * @control: the control node, not the primary one
 * @path: receives the path, NUL-terminated
 * @size: bytes at @path
 *
 * Finds the node by its number, whatever its name: in a container .node may be another device's, or
 * missing.  -ENODEV: none under /dev, so the device was not passed to this container (or udev has
 * not made the node yet).  -ENOSPC when the path does not fit.  Does not open the node.  Any
 * thread.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_entry_find_node(const struct hlthunk_device_entry *entry,
                                               bool control, char *path, size_t size);

/* How hlthunk_device_open() chooses. */
enum hlthunk_device_select {
    HLTHUNK_SELECT_ANY = 0,         /* the first that can be opened */
    HLTHUNK_SELECT_PCI_ADDRESS = 1, /* .pci_address; hex in either case, domain optional */
    HLTHUNK_SELECT_INDEX = 2,       /* .index: N of accelN or hlN */
    HLTHUNK_SELECT_MODULE_ID = 3,   /* .module_id: the card's place in its server */
    HLTHUNK_SELECT_ASIC = 4,        /* .asic: the first such chip that can be opened */
};

struct hlthunk_device_options {
    size_t struct_size; /* sizeof(struct hlthunk_device_options) */
    enum hlthunk_device_select select;
    uint32_t index;
    uint32_t module_id;
    enum hlthunk_asic asic;
    const char *pci_address;
    int64_t
        timeout_ns; /* how long to wait while it is busy or in reset (hlthunk/device.h, above) */
    bool control;   /* the control node: queries only, any number of users */
    uint8_t reserved[7];
};

struct hlthunk_device;

/**
 * hlthunk_device_open() - open a device
 * @options: which and how; NULL: any device, no waiting
 * @device: receives a reference that is the caller's
 *
 * One process at a time can have a device open for compute.  While it is taken (-EBUSY) or in
 * reset or still being released (-EAGAIN), this sleeps and tries again until .timeout_ns is over;
 * then the error is the last one, and the text says which it was and for how long it was waited.
 * Other errors are final: -ENODEV (no such device, or none that this container was given), -EACCES
 * (the node's permissions), -EPERM (the device is not operational, or the container's device cgroup
 * does not allow it: the text says which), -EMFILE and the like (devices could not be looked for),
 * -EINVAL (bad options; or a kernel from 6.12 on whose driver cannot be opened at all, see
 * docs/upstream-defects.md).  Opening the control node needs no free device.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_open(const struct hlthunk_device_options *options,
                                                       struct hlthunk_device **device);

/**
 * hlthunk_device_from_fd() - make an object of a device that the program has opened already
 * @fd: an open primary or control node; borrowed for the call: the object has a duplicate
 * @device: receives a reference that is the caller's
 *
 * A device that has an object in this process already gets that same object, with one more
 * reference.  On ASICs without an MMU for device memory (Gaudi) the program and the object must
 * not both hand out addresses: see hlthunk_buffer_from_address().  -EBADF; -ENODEV: not the node of
 * a Habana device; -ENOTTY: one whose driver answers no request that is known; -EMFILE.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_from_fd(int fd, struct hlthunk_device **device);

/**
 * hlthunk_device_ref() - one more reference
 * Returns @device.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_device *hlthunk_device_ref(struct hlthunk_device *device);

/**
 * hlthunk_device_unref() - give a reference back; NULL is allowed
 *
 * The last one closes the device's file.  Buffers hold references of their own.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_device_unref(struct hlthunk_device *device);

/**
 * hlthunk_device_close() - release the program's reference and report what keeps the device open
 * @device: may be NULL
 *
 * Like hlthunk_device_unref(), but every object that is still alive on the device is reported
 * through the log first (kind, size, offset, age, where it was made).  The reference is gone in any
 * case.  Returns how many things keep the device busy: 0: it is closed.  Otherwise live objects,
 * with the last of which the file closes, and allocations that the kernel still holds because a
 * dma-buf file of them is open in some process, where this process can know it.
 *
 * Since: 0.9
 */
HLTHUNK_API size_t hlthunk_device_close(struct hlthunk_device *device);

/**
 * hlthunk_device_borrow_fd() - lend the object's own file descriptor, for calls on descriptors
 *
 * Valid while the object lives; not to be closed.  For a descriptor to keep, duplicate it.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_device_borrow_fd(const struct hlthunk_device *device);

/* What does not change while a device is open (struct hl_info_hw_ip_info, sysfs). */
struct hlthunk_device_properties {
    size_t struct_size; /* set by the caller: sizeof(struct hlthunk_device_properties) */
    enum hlthunk_asic asic;
    enum hlthunk_generation generation;
    uint32_t index;
    uint32_t module_id;
    uint16_t pci_device_id;
    uint16_t number_of_user_interrupts;
    uint16_t first_user_interrupt;
    uint8_t pci_revision; /* 0 on generation MISC */
    bool control;         /* opened as control node */
    bool has_device_mmu;  /* device memory is behind an MMU: map before use */
    bool secured;
    uint8_t reserved[2];
    uint32_t sram_size; /* bytes */
    uint64_t sram_base;
    uint64_t memory_base;      /* first address of device memory that programs may use */
    uint64_t memory_size;      /* bytes that programs may use */
    uint64_t memory_page_size; /* bytes; allocations are rounded up to it */
    char pci_address[24];
    char card_name[20];
    char firmware_version[132];
};

/**
 * hlthunk_device_get_properties() - what the device is
 * @properties: .struct_size must be set; receives as much as that holds
 *
 * Asked once and remembered: no system call later on.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_get_properties(struct hlthunk_device *device,
                              struct hlthunk_device_properties *properties);

/**
 * hlthunk_device_get_status() - operational, in reset, …
 *
 * Asks the driver (HL_INFO_DEVICE_STATUS).  Works during a reset, and on a stale device as long as
 * the driver answers; a status that tells of a reset makes the device stale (hlthunk/reset.h).  Any
 * thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int hlthunk_device_get_status(struct hlthunk_device *device,
                                                             enum hlthunk_status *status);

struct hlthunk_memory_usage {
    size_t struct_size;  /* set by the caller: sizeof(struct hlthunk_memory_usage) */
    uint64_t free_bytes; /* of the device's memory for programs */
    uint64_t used_bytes; /* by this device file's allocations; 0 on a control node */
};

/**
 * hlthunk_device_get_memory_usage() - free and used device memory (HL_INFO_DRAM_USAGE)
 * @usage: .struct_size must be set; receives as much as that holds
 *
 * One system call.  -EBUSY in reset; -ENODEV.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_device_get_memory_usage(struct hlthunk_device *device, struct hlthunk_memory_usage *usage);

/* Names for people; "unknown" for other values.  Never NULL. */
HLTHUNK_API const char *hlthunk_asic_get_name(enum hlthunk_asic asic);
HLTHUNK_API const char *hlthunk_status_get_name(enum hlthunk_status status);
HLTHUNK_API const char *hlthunk_generation_get_name(enum hlthunk_generation generation);

HLTHUNK_END_DECLS

#endif
