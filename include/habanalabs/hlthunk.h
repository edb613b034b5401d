/* SPDX-License-Identifier: MIT */
/*
 * The classic interface: functions on a file descriptor, as programs have used them for years.
 *
 * The descriptor is any open node of the habanalabs driver, whoever opened it.  Functions that
 * return int return 0 (or a descriptor, an index) or a negative errno, and set errno to the same
 * error; those that return uint64_t return 0 on failure and set errno.  hlthunk_last_error() says
 * what was wrong; with HLTHUNK_LOG=error in its environment a program prints that on each failure.
 * Outputs are written on success only, except where a comment says otherwise.
 *
 * The common errors, which any function on a descriptor may return: -EINVAL, a NULL argument;
 * -EBADF, the descriptor is not open; -ENOTTY, it is not a node of the driver, or not one that
 * takes the request; -EBUSY, the device is not operational; -ENODEV, it is gone; -EOPNOTSUPP, the
 * device or this kernel's driver does not have the operation.
 *
 * New programs may prefer the objects of <hlthunk/hlthunk.h>, which own what they hand out.
 */
#ifndef HLTHUNK_H
#define HLTHUNK_H

#include "hlthunk_types.h"
#include "hlthunk_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Open, close, find
 */

/**
 * hlthunk_open() - open a device for compute, by its PCI address or by the name of its ASIC
 * hlthunk_open_by_module_id() - open a device for compute, by its position in the server
 * @device_name: HLTHUNK_DEVICE_DONT_CARE for any; HLTHUNK_DEVICE_GAUDI2 includes its variants
 * @busid: PCI address, hexadecimal in either case, with a domain of any length or none; takes
 *         precedence over @device_name; may be NULL
 * @module_id: the card's module ID
 *
 * One process at a time can have a device open for compute.  While a device is in reset or being
 * released, the call retries for up to one second.
 *
 * Return: the descriptor, which the caller closes, or a negative errno; hlthunk_open() without a
 * @busid returns -1 on failure and leaves the reason in errno.
 *
 * Errors:
 *   -EBUSY: the device is in use
 *   -EAGAIN: the device is in reset, or still being released by its last user
 *   -ENODEV: no such device, or none that this container was given
 *   -EACCES: the node's permissions do not allow it
 *   -EPERM: the device is not operational, or the container's device cgroup does not allow it
 *   -EINVAL: @busid is not a PCI address
 *   -ENODATA: the PCI addresses of the devices cannot be read
 *   -EMFILE, -ENFILE, -ENOMEM: the devices could not be looked for, or opened
 *
 * Context: any thread; sleeps for up to one second.
 * Since: 0.9
 */
hlthunk_public int hlthunk_open(enum hlthunk_device_name device_name, const char *busid);
hlthunk_public int hlthunk_open_by_module_id(uint32_t module_id);

/**
 * hlthunk_open_control() - open a control node, by its index or the PCI address
 * hlthunk_open_control_by_name() - open a control node, by the PCI address or the ASIC's name
 * hlthunk_open_control_by_module_id() - open a control node, by the card's position in the server
 * hlthunk_open_control_by_bus_id() - open a control node, by the PCI address
 * @dev_id: the N of accel_controlDN
 * @device_name: HLTHUNK_DEVICE_DONT_CARE for any
 * @busid: PCI address, as for hlthunk_open(); where there are both, it takes precedence
 * @module_id: the card's module ID
 *
 * A control node is for queries only, and any number of processes may have it open.
 *
 * Return: the descriptor, which the caller closes, or a negative errno;
 * hlthunk_open_control_by_name() without a @busid returns -1 on failure, with the reason in errno.
 *
 * Errors:
 *   -ENODEV: no such device, or none that this container was given
 *   -EACCES: the node's permissions do not allow it
 *   -EPERM: the container's device cgroup does not allow it
 *   -EINVAL: @busid is not a PCI address
 *   -ENODATA: the PCI addresses of the devices cannot be read
 *   -EMFILE, -ENFILE, -ENOMEM: the devices could not be looked for, or opened
 *
 * Context: any thread; may sleep for up to one second.
 * Since: 0.9
 */
hlthunk_public int hlthunk_open_control(int dev_id, const char *busid);
hlthunk_public int hlthunk_open_control_by_name(enum hlthunk_device_name device_name,
                                                const char *busid);
hlthunk_public int hlthunk_open_control_by_module_id(uint32_t module_id);
hlthunk_public int hlthunk_open_control_by_bus_id(const char *busid);

/**
 * hlthunk_close() - close a descriptor of a device
 * @fd: the descriptor; it is closed even if an error is returned
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EBADF: @fd is not open
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
hlthunk_public int hlthunk_close(int fd);

/**
 * hlthunk_get_device_count() - count the devices of this machine
 * @device_name: HLTHUNK_DEVICE_DONT_CARE counts all
 *
 * Return: the number of devices, or a negative errno.
 *
 * Errors:
 *   -EINVAL: @device_name is not an ASIC
 *   -ENOENT, -EACCES, -EMFILE, -ENFILE, -ENOMEM: the devices could not be looked for
 *
 * Context: any thread; reads files, does not block.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_device_count(enum hlthunk_device_name device_name);

/**
 * hlthunk_get_device_name_from_fd() - get the ASIC of a device
 * hlthunk_get_device_id_from_fd() - get the PCI device ID of a device
 * @fd: an open node
 *
 * Return: the ASIC or the ID; HLTHUNK_DEVICE_INVALID or 0 if @fd is not a device of the driver,
 * with the reason in errno.
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public enum hlthunk_device_name hlthunk_get_device_name_from_fd(int fd);
hlthunk_public uint32_t hlthunk_get_device_id_from_fd(int fd);

/**
 * hlthunk_get_pci_bus_id_from_fd() - get the PCI address of a device
 * @fd: an open node
 * @pci_bus_id: receives the address, NUL-terminated
 * @len: room at @pci_bus_id, in bytes
 *
 * Return: 0 or a negative errno.
 *
 * Errors:
 *   -EINVAL: @pci_bus_id is NULL, or @len is not positive
 *   -ENOSPC: @len is too small
 *   -EBADF: @fd is not open
 *   -ENODEV: @fd is not a Habana device
 *   -ENODATA: sysfs cannot be read
 *
 * Context: any thread; reads files, does not block.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_pci_bus_id_from_fd(int fd, char *pci_bus_id, int len);

/**
 * hlthunk_get_device_index_from_pci_bus_id() - get the index of a device, by its PCI address
 * hlthunk_get_device_index_from_module_id() - get the index of a device, by its module ID
 * @busid: PCI address, as for hlthunk_open()
 * @module_id: the card's module ID
 *
 * Return: the N of accelN or hlN, or a negative errno.
 *
 * Errors:
 *   -ENODEV: no such device
 *   -EINVAL: @busid is not a PCI address
 *   -ENODATA: the PCI addresses of the devices cannot be read
 *   -EMFILE, -ENFILE, -ENOMEM: the devices could not be looked for
 *
 * Context: any thread; reads files, does not block.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_device_index_from_pci_bus_id(const char *busid);
hlthunk_public int hlthunk_get_device_index_from_module_id(uint32_t module_id);

/*
 * Queries
 */

/**
 * hlthunk_get_hw_ip_info() - get what a device is
 * hlthunk_get_open_stats() - get how often and for how long a device has been open
 * hlthunk_get_dram_usage() - get how much device memory is in use
 * hlthunk_get_busy_engines_mask() - get which engines are busy
 * hlthunk_get_reset_count_info() - get how often a device has been reset
 * hlthunk_get_time_sync_info() - get the clocks of the device and the host at one moment
 * hlthunk_get_cs_counters_info() - get counters of dropped submissions
 * hlthunk_get_pci_counters_info() - get the PCIe throughput and replay count
 * hlthunk_get_clk_throttle_info() - get why and for how long clocks have been throttled
 * hlthunk_get_total_energy_consumption_info() - get the energy consumed since the driver was loaded
 * hlthunk_get_power_info() - get the present power consumption
 * hlthunk_get_dram_replaced_rows_info() - get the replaced rows of the device's memory
 * hlthunk_get_dram_pending_rows_info() - get the number of rows that are to be replaced
 * hlthunk_get_dev_memalloc_page_orders() - get the page sizes that device memory can have
 * @fd: an open node
 * @hw_ip: receives the answer
 * @open_stats: receives the answer
 * @dram_usage: receives the answer, in bytes
 * @info: receives the answer
 * @out: receives the number of rows
 * @page_order_bitmask: receives a mask; bit n stands for pages of 2^n bytes
 *
 * The structures' comments in hlthunk_types.h have the units.  Members that an older kernel does
 * not report are 0.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; one system call, in which the driver may wait for the device's firmware.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_hw_ip_info(int fd, struct hlthunk_hw_ip_info *hw_ip);
hlthunk_public int hlthunk_get_open_stats(int fd, struct hlthunk_open_stats_info *open_stats);
hlthunk_public int hlthunk_get_dram_usage(int fd, struct hlthunk_dram_usage_info *dram_usage);
hlthunk_public int hlthunk_get_busy_engines_mask(int fd, struct hlthunk_engines_idle_info *info);
hlthunk_public int hlthunk_get_reset_count_info(int fd, struct hlthunk_reset_count_info *info);
hlthunk_public int hlthunk_get_time_sync_info(int fd, struct hlthunk_time_sync_info *info);
hlthunk_public int hlthunk_get_cs_counters_info(int fd, struct hl_info_cs_counters *info);
hlthunk_public int hlthunk_get_pci_counters_info(int fd, struct hlthunk_pci_counters_info *info);
hlthunk_public int hlthunk_get_clk_throttle_info(int fd, struct hlthunk_clk_throttle_info *info);
hlthunk_public int hlthunk_get_total_energy_consumption_info(int fd,
                                                             struct hlthunk_energy_info *info);
hlthunk_public int hlthunk_get_power_info(int fd, struct hlthunk_power_info *info);
hlthunk_public int
hlthunk_get_dram_replaced_rows_info(int fd, struct hlthunk_dram_replaced_rows_info *info);
hlthunk_public int hlthunk_get_dram_pending_rows_info(int fd, uint32_t *out);
hlthunk_public int hlthunk_get_dev_memalloc_page_orders(int fd, uint64_t *page_order_bitmask);

/**
 * hlthunk_get_hw_asic_status() - get status, clocks, opens and power of a device together
 * @fd: an open node
 * @hw_asic_status: receives the answers; .valid is 0 after a failure
 *
 * The power is asked for only while the device is operational.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; up to five system calls.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_hw_asic_status(int fd,
                                              struct hlthunk_hw_asic_status *hw_asic_status);

/**
 * hlthunk_get_device_status_info() - get the status of a device
 * @fd: an open node
 *
 * Works during a reset.
 *
 * Return: the status, or a negative errno, cast to the enum.
 *
 * Errors: the common ones.
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public enum hl_device_status hlthunk_get_device_status_info(int fd);

/**
 * hlthunk_is_device_idle() - ask whether all engines of a device are idle
 * @fd: an open node
 *
 * Return: true if they are; false if not, and on failure, with the reason in errno.
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public bool hlthunk_is_device_idle(int fd);

/**
 * hlthunk_get_pll_frequency() - get the frequencies of a PLL
 * @fd: an open node
 * @index: the driver's number of the PLL, which depends on the ASIC
 * @frequency: receives the frequencies of its outputs, in MHz
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: there is no such PLL
 *
 * Context: any thread; one system call, in which the driver waits for the device's firmware.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_pll_frequency(int fd, uint32_t index,
                                             struct hlthunk_pll_frequency_info *frequency);

/**
 * hlthunk_get_device_utilization() - get how busy a device was
 * @fd: an open node
 * @period_ms: over how many milliseconds: a multiple of 100 from 100 to 1000; mainline drivers do
 *             not look at it
 * @rate: receives the utilisation, in per cent
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_device_utilization(int fd, uint32_t period_ms, uint32_t *rate);

/**
 * hlthunk_get_hw_events_arr() - get the counts of hardware events
 * @fd: an open node
 * @aggregate: count since the driver was loaded, rather than since the last reset
 * @hw_events_arr_size: room at @hw_events_arr, in bytes
 * @hw_events_arr: receives a count for each event
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_hw_events_arr(int fd, bool aggregate, uint32_t hw_events_arr_size,
                                             uint32_t *hw_events_arr);

/**
 * hlthunk_get_clk_rate() - get the clock rate of a device
 * @fd: an open node
 * @cur_clk_mhz: receives the present rate, in MHz
 * @max_clk_mhz: receives the highest rate, in MHz
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; one system call, in which the driver waits for the device's firmware.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_clk_rate(int fd, uint32_t *cur_clk_mhz, uint32_t *max_clk_mhz);

/**
 * hlthunk_get_sync_manager_info() - get the first sync objects that programs may use
 * @fd: an open node
 * @dcore_id: which dcore of the device
 * @info: receives the answer
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @dcore_id is 8 or more; of dcores that the ASIC lacks the answer is zeros
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_sync_manager_info(int fd, int dcore_id,
                                                 struct hlthunk_sync_manager_info *info);

/**
 * hlthunk_get_sec_attest_info() - get the attestation of a secured device
 * hlthunk_get_dev_info_signed() - get signed information about a secured device
 * @fd: an open node
 * @nonce: included in what is signed
 * @info: receives the answer
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EOPNOTSUPP: the device is not secured, or this kernel's driver does not have the query
 *
 * Context: any thread; one system call, in which the driver waits for the device's firmware.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_sec_attest_info(int fd, uint32_t nonce,
                                               struct hlthunk_sec_attest_info *info);
hlthunk_public int hlthunk_get_dev_info_signed(int fd, uint32_t nonce,
                                               struct hlthunk_dev_info_signed *info);

/**
 * hlthunk_get_engine_status() - get the state of all engines as a text
 * @fd: an open node
 * @status_buf: receives the text
 * @status_buf_size: room at @status_buf, 1 KiB to 1 MiB
 * @actual_size: receives the length of the text; may be NULL
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @status_buf_size is out of range
 *   -ENOMEM: the text does not fit
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_engine_status(int fd, char *status_buf, uint32_t status_buf_size,
                                             int *actual_size);

/**
 * hlthunk_get_event_record() - get the driver's record of an event
 * @fd: an open node
 * @event_id: which event
 * @buf: receives the structure that belongs to @event_id (struct hlthunk_event_record_*); its
 *       timestamp is 0 if there was no such event
 *
 * The RAZWI record of Linux 6.1 is translated.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @event_id is not an enum hlthunk_event_record_id
 *   -EOPNOTSUPP: this kernel's driver does not keep that record
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_event_record(int fd, enum hlthunk_event_record_id event_id,
                                            void *buf);

/**
 * hlthunk_get_page_fault_info() - get the last page fault, and what was mapped then
 * @fd: an open node
 * @pf: .mappings_buf points to room of the caller's; receives the fault, and in .num_of_mappings
 * how many mappings there were, 0xffffffff when that is not known
 * @num_of_allocated_mappings: how many mappings fit into pf->mappings_buf
 *
 * Return: 0 or a negative errno, after which .num_of_mappings is still set, and so is the fault
 * where the mappings alone could not be had.
 *
 * Errors: besides the common ones:
 *   -EINVAL: no room for mappings was given, or more than 2^28 - 1
 *   -ENOMEM: there are more mappings than fit
 *   -EOPNOTSUPP: a kernel before Linux 6.3
 *
 * Context: any thread; two system calls.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_page_fault_info(int fd, struct hlthunk_page_fault_info *pf,
                                               uint32_t num_of_allocated_mappings);

/**
 * hlthunk_fw_send_generic_request() - send a request to a device's firmware
 * @fd: an open node
 * @buff: the request's data, and room for the answer
 * @buff_size: bytes at @buff
 * @sub_opcode: which request
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @buff_size is 0, or the request is unknown
 *   -EOPNOTSUPP: a kernel before Linux 6.3
 *
 * Context: any thread; one system call, in which the driver waits for the device's firmware.
 * Since: 0.9
 */
hlthunk_public int hlthunk_fw_send_generic_request(int fd, void *buff, uint32_t buff_size,
                                                   uint32_t sub_opcode);

/**
 * hlthunk_get_info() - make any query
 * @fd: an open node
 * @info: passed to the driver as it is (HL_IOCTL_INFO)
 *
 * Return: 0 or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_info(int fd, struct hl_info_args *info);

/*
 * Memory
 */

/**
 * hlthunk_device_memory_alloc() - allocate device memory
 * @fd: a primary node
 * @size: bytes; the driver rounds up to the device's page
 * @page_size: bytes; 0 for the default (ignored by ASICs with one page size)
 * @contiguous: allocate physically contiguous memory
 * @shared: let other contexts map the allocation
 *
 * On Gaudi, whose device memory has no MMU, there is no handle: the driver only counts the bytes,
 * and the call returns their number for hlthunk_device_memory_free().  Use addresses from
 * hlthunk_get_hw_ip_info().
 *
 * Return: a handle, which the caller frees; 0 on failure, with the reason in errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @size is 0, or a bad @page_size
 *   -ENOMEM: not that much memory is free
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
hlthunk_public uint64_t hlthunk_device_memory_alloc(int fd, uint64_t size, uint64_t page_size,
                                                    bool contiguous, bool shared);

/**
 * hlthunk_device_memory_free() - free device memory
 * @fd: a primary node
 * @handle: of hlthunk_device_memory_alloc()
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: the handle is still mapped, or not one of this device file
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
hlthunk_public int hlthunk_device_memory_free(int fd, uint64_t handle);

/**
 * hlthunk_device_memory_map() - map device memory into the device's address space
 * @fd: a primary node
 * @handle: of hlthunk_device_memory_alloc()
 * @hint_addr: preferred address; 0 for any
 *
 * Return: the address on the device, which the caller unmaps; 0 on failure, with the reason in
 * errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @handle is not an allocation of this device
 *   -EPERM: @handle belongs to another context and is not shared
 *   -ENOMEM: no address is free
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
hlthunk_public uint64_t hlthunk_device_memory_map(int fd, uint64_t handle, uint64_t hint_addr);

/**
 * hlthunk_host_memory_map() - map memory of this process for the device
 * hlthunk_host_memory_map_flags() - map memory of this process for the device, with flags
 * @fd: a primary node
 * @host_virt_addr: first byte
 * @hint_addr: preferred device address; 0 for any
 * @host_size: bytes, less than 16 TiB
 * @flags: HL_MEM_FORCE_HINT to fail rather than choose another address; 0 otherwise
 *
 * The pages stay pinned until hlthunk_memory_unmap(); the memory must not be freed before.
 *
 * Return: the address on the device, which the caller unmaps; 0 on failure, with the reason in
 * errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @host_size is 0 or too large
 *   -EFAULT: the memory is not mapped in this process, not writable, or (from Linux 6.5 on) a
 *            shared mapping of a file on a disk
 *   -ENOMEM: part of the memory is not accessible, or no device address is free
 *
 * Context: any thread; sleeps in the driver while pages are pinned.
 * Since: 0.9
 */
hlthunk_public uint64_t hlthunk_host_memory_map(int fd, void *host_virt_addr, uint64_t hint_addr,
                                                uint64_t host_size);
hlthunk_public uint64_t hlthunk_host_memory_map_flags(int fd, void *host_virt_addr,
                                                      uint64_t hint_addr, uint64_t host_size,
                                                      uint32_t flags);

/**
 * hlthunk_memory_unmap() - unmap device or host memory from the device's address space
 * @fd: a primary node
 * @device_virt_addr: an address that a mapping returned
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: not an address that a mapping returned, or a dma-buf of it is still open in some
 *     process
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
hlthunk_public int hlthunk_memory_unmap(int fd, uint64_t device_virt_addr);

/**
 * hlthunk_device_memory_export_dmabuf_fd() - export device memory as a dma-buf, by address
 * hlthunk_device_mapped_memory_export_dmabuf_fd() - export part of a mapping as a dma-buf
 * @fd: a primary node
 * @addr: an address that a mapping returned; on Gaudi, any in device memory
 * @size: bytes, a multiple of the host's page size
 * @offset: bytes from @addr, a multiple of the host's page size; 0 before Linux 6.3
 * @flags: O_RDWR | O_CLOEXEC; hlthunk_device_memory_export_dmabuf_fd() ignores them
 *
 * While the dma-buf is open in any process, the memory cannot be unmapped and the device is busy.
 *
 * Return: a descriptor above 2, O_RDWR and O_CLOEXEC, which the caller closes, or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: bad alignment or flags, an address that is not that of a mapping, or a range outside
 *     the mapping or the PCI BAR
 *   -EOPNOTSUPP: this kernel's driver cannot export the memory of this ASIC
 *   -EMFILE, -ENFILE: no descriptor is left
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
hlthunk_public int hlthunk_device_memory_export_dmabuf_fd(int fd, uint64_t addr, uint64_t size,
                                                          uint32_t flags);
hlthunk_public int hlthunk_device_mapped_memory_export_dmabuf_fd(int fd, uint64_t addr,
                                                                 uint64_t size, uint64_t offset,
                                                                 uint32_t flags);

/**
 * hlthunk_get_hw_block() - get a handle for mapping a block of registers
 * @fd: a primary node
 * @block_address: address of the block in the device's configuration space
 * @block_size: receives its size, in bytes
 * @handle: receives the offset for mmap() of @fd
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EPERM: this ASIC offers no blocks to programs
 *   -EINVAL: there is no such block
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_hw_block(int fd, uint64_t block_address, uint32_t *block_size,
                                        uint64_t *handle);

/**
 * hlthunk_allocate_timestamp_elements() - allocate memory for timestamps of interrupts
 * @fd: a primary node
 * @elements_num: how many, of 8 bytes each: 1 to 1048576
 * @handle: receives the offset for mmap() of @fd; freed with the last mapping
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @elements_num is out of range
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_allocate_timestamp_elements(int fd, uint32_t elements_num,
                                                       uint64_t *handle);

/*
 * Command buffers
 */

/**
 * hlthunk_request_command_buffer() - create a command buffer
 * hlthunk_request_mapped_command_buffer() - create a command buffer with an address on the device
 * @fd: a primary node
 * @cb_size: bytes, up to HL_MAX_CB_SIZE
 * @cb_handle: receives the handle, which is also the offset for mmap() of @fd
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: @cb_size is too large
 *   -ENOMEM: host memory is exhausted, or the ASIC cannot map command buffers (Gaudi2 can)
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
hlthunk_public int hlthunk_request_command_buffer(int fd, uint32_t cb_size, uint64_t *cb_handle);
hlthunk_public int hlthunk_request_mapped_command_buffer(int fd, uint32_t cb_size,
                                                         uint64_t *cb_handle);

/**
 * hlthunk_destroy_command_buffer() - destroy a command buffer
 * @fd: a primary node
 * @cb_handle: of hlthunk_request_command_buffer(); unmap its memory first, which Linux 6.1 needs
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: this device file has no such command buffer
 *
 * Context: any thread; may sleep in the driver.
 * Since: 0.9
 */
hlthunk_public int hlthunk_destroy_command_buffer(int fd, uint64_t cb_handle);

/**
 * hlthunk_get_cb_usage_count() - get how many submissions use a command buffer
 * hlthunk_get_mapped_cb_device_va_by_handle() - get the address of a mapped command buffer
 * @fd: a primary node
 * @cb_handle: of the command buffer
 * @usage_cnt: receives the number of submissions
 * @device_va: receives the address on the device
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: this device file has no such command buffer, or it has no address on the device
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_cb_usage_count(int fd, uint64_t cb_handle, uint32_t *usage_cnt);
hlthunk_public int hlthunk_get_mapped_cb_device_va_by_handle(int fd, uint64_t cb_handle,
                                                             uint64_t *device_va);

/*
 * Submission
 */

/**
 * hlthunk_command_submission() - submit command buffers to queues
 * hlthunk_command_submission_timeout() - submit command buffers to queues, with a timeout
 * @fd: a primary node
 * @in: arrays of struct hl_cs_chunk, and HL_CS_FLAGS_*
 * @out: receives the submission's number
 * @timeout: in seconds, for the submission's execution; 0 for the driver's default
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: no chunks, a bad queue or command buffer, a malformed packet, or flags that exclude
 *     one another
 *   -EPERM: the ASIC does not support these flags, or a packet is not for programs to use
 *   -EFAULT: an address of an array, a command buffer or a packet is not one that it may use
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; sleeps while the queue is full, also across signals, until there is room or
 * the device is reset.
 * Since: 0.9
 */
hlthunk_public int hlthunk_command_submission(int fd, struct hlthunk_cs_in *in,
                                              struct hlthunk_cs_out *out);
hlthunk_public int hlthunk_command_submission_timeout(int fd, struct hlthunk_cs_in *in,
                                                      struct hlthunk_cs_out *out, uint32_t timeout);

/**
 * hlthunk_staged_command_submission() - submit one stage of a staged submission
 * hlthunk_staged_command_submission_timeout() - submit one stage, with a timeout
 * hlthunk_staged_command_submission_encaps_signals() - submit one stage with reserved signals
 * @fd: a primary node
 * @sequence: the number that the first stage returned
 * @handle_id: of hlthunk_reserve_encaps_signals()
 * @in: as for hlthunk_command_submission(); .flags must include HL_CS_FLAGS_STAGED_SUBMISSION
 * @out: receives the submission's number
 * @timeout: in seconds, for the submission's execution; 0 for the driver's default
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: as for hlthunk_command_submission(), or the flag is missing
 *   -EPERM: the ASIC does not support these flags
 *   -ENOMEM: host memory is exhausted
 *
 * Context: any thread; sleeps while the queue is full.
 * Since: 0.9
 */
hlthunk_public int hlthunk_staged_command_submission(int fd, uint64_t sequence,
                                                     struct hlthunk_cs_in *in,
                                                     struct hlthunk_cs_out *out);
hlthunk_public int hlthunk_staged_command_submission_timeout(int fd, uint64_t sequence,
                                                             struct hlthunk_cs_in *in,
                                                             struct hlthunk_cs_out *out,
                                                             uint32_t timeout);
hlthunk_public int hlthunk_staged_command_submission_encaps_signals(int fd, uint64_t handle_id,
                                                                    struct hlthunk_cs_in *in,
                                                                    struct hlthunk_cs_out *out);

/**
 * hlthunk_cs_flush_pci_hbw_writes() - wait until the device's PCIe writes have arrived
 * @fd: a primary node
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EOPNOTSUPP: a kernel before Linux 6.3
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_cs_flush_pci_hbw_writes(int fd);

/**
 * hlthunk_engine_cores_set_mode() - halt engine cores or let them run
 * hlthunk_engines_command() - give a command to engines
 * @fd: a primary node
 * @core_ids: which engine cores
 * @num_cores: how many, at least 1
 * @mode: HL_ENGINE_CORE_HALT or HL_ENGINE_CORE_RUN
 * @engine_ids: which engines
 * @num_engines: how many, at least 1
 * @command: what to do
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: no engines, or an unknown command
 *   -EPERM: the ASIC does not support it
 *   -EOPNOTSUPP: hlthunk_engines_command() before Linux 6.3
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_engine_cores_set_mode(int fd, const uint32_t *core_ids,
                                                 uint32_t num_cores, uint32_t mode);
hlthunk_public int hlthunk_engines_command(int fd, const uint32_t *engine_ids, uint32_t num_engines,
                                           enum hl_engine_command command);

/*
 * Signals between queues
 */

/**
 * hlthunk_signal_submission() - submit a signal to a queue
 * hlthunk_signal_submission_timeout() - submit a signal to a queue, with a timeout
 * @fd: a primary node
 * @in: which queue
 * @out: receives the signal's number
 * @timeout: in seconds, for its execution; 0 for the driver's default
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: a bad queue (Goya has none that can signal), too many of its signals are not over
 *     yet, or the driver answers with a failure
 *
 * Context: any thread; sleeps while the queue is full.
 * Since: 0.9
 */
hlthunk_public int hlthunk_signal_submission(int fd, struct hlthunk_signal_in *in,
                                             struct hlthunk_signal_out *out);
hlthunk_public int hlthunk_signal_submission_timeout(int fd, struct hlthunk_signal_in *in,
                                                     struct hlthunk_signal_out *out,
                                                     uint32_t timeout);

/**
 * hlthunk_wait_for_signal() - make a queue wait for a signal
 * hlthunk_wait_for_signal_timeout() - make a queue wait for a signal, with a timeout
 * hlthunk_wait_for_collective_signal() - make a group of queues wait for a signal
 * hlthunk_wait_for_collective_signal_timeout() - make a group of queues wait, with a timeout
 * hlthunk_wait_for_reserved_encaps_signals() - make a queue wait for a reserved signal
 * hlthunk_wait_for_reserved_encaps_collective_signals() - make a group of queues wait for a
 * reserved signal
 * @fd: a primary node
 * @in: .hlthunk_wait_for_signal points to one struct hlthunk_wait_for_signal_data, and
 *      .num_wait_for_signal is 1
 * @out: receives the submission's number
 * @timeout: in seconds, for its execution; 0 for the driver's default
 *
 * The calls submit a wait to the queue; they do not wait for the signal themselves.  When the
 * signal is over already, @out gets the number UINT64_MAX, which cannot be waited for.  The driver
 * (cs_ioctl_signal_wait()) gives the same answer when the queue has no room for the wait, which is
 * lost then: a program that fills a queue (4,096 command buffers) asks whether the signal is over.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: not exactly one signal, a bad queue (Goya has none that can wait for signals), or a
 *     signal that was never submitted
 *
 * Context: any thread; sleeps while too many submissions are in flight.
 * Since: 0.9
 */
hlthunk_public int hlthunk_wait_for_signal(int fd, struct hlthunk_wait_in *in,
                                           struct hlthunk_wait_out *out);
hlthunk_public int hlthunk_wait_for_signal_timeout(int fd, struct hlthunk_wait_in *in,
                                                   struct hlthunk_wait_out *out, uint32_t timeout);
hlthunk_public int hlthunk_wait_for_collective_signal(int fd, struct hlthunk_wait_in *in,
                                                      struct hlthunk_wait_out *out);
hlthunk_public int hlthunk_wait_for_collective_signal_timeout(int fd, struct hlthunk_wait_in *in,
                                                              struct hlthunk_wait_out *out,
                                                              uint32_t timeout);

/**
 * hlthunk_reserve_encaps_signals() - reserve signals for a staged submission
 * hlthunk_unreserve_encaps_signals() - return reserved signals
 * @fd: a primary node
 * @in: which queue, and how many signals
 * @out: receives the handle
 * @handle: of hlthunk_reserve_encaps_signals()
 * @status: receives the driver's status
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: a bad queue (Goya has none that can signal), 32,768 signals or more, too many of the
 *     queue's that are not over yet, a bad handle, or a queue that has signalled since
 *
 * Context: any thread.
 * Since: 0.9
 */
hlthunk_public int hlthunk_reserve_encaps_signals(int fd, struct hlthunk_sig_res_in *in,
                                                  struct hlthunk_sig_res_out *out);
hlthunk_public int hlthunk_unreserve_encaps_signals(int fd, struct reserve_sig_handle *handle,
                                                    uint32_t *status);
hlthunk_public int hlthunk_wait_for_reserved_encaps_signals(int fd, struct hlthunk_wait_in *in,
                                                            struct hlthunk_wait_out *out);
hlthunk_public int
hlthunk_wait_for_reserved_encaps_collective_signals(int fd, struct hlthunk_wait_in *in,
                                                    struct hlthunk_wait_out *out);

/*
 * Waits
 */

/**
 * hlthunk_wait_for_cs() - wait for a submission
 * hlthunk_wait_for_cs_with_timestamp() - wait for a submission, and get when it completed
 * @fd: a primary node
 * @seq: the submission's number
 * @timeout_us: in microseconds from the call, kept across signals; 0 does not wait, UINT64_MAX
 * waits indefinitely
 * @status: receives HL_WAIT_CS_STATUS_COMPLETED, or HL_WAIT_CS_STATUS_BUSY when the time is over;
 *          with -ETIMEDOUT and -EIO, HL_WAIT_CS_STATUS_TIMEDOUT and HL_WAIT_CS_STATUS_ABORTED
 * @timestamp: receives the time of completion, in nanoseconds, where the driver reports it
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: the submission was never made
 *   -ETIMEDOUT: the submission exceeded its own timeout
 *   -EIO: the submission was aborted by a reset
 *
 * Context: any thread; sleeps for up to @timeout_us.
 * Since: 0.9
 */
hlthunk_public int hlthunk_wait_for_cs(int fd, uint64_t seq, uint64_t timeout_us, uint32_t *status);
hlthunk_public int hlthunk_wait_for_cs_with_timestamp(int fd, uint64_t seq, uint64_t timeout_us,
                                                      uint32_t *status, uint64_t *timestamp);

/**
 * hlthunk_wait_for_multi_cs() - wait for the first of several submissions
 * hlthunk_wait_for_multi_cs_with_timestamp() - wait for the first of several, and get when
 * @fd: a primary node
 * @in: the submissions' numbers, up to HL_WAIT_MULTI_CS_LIST_MAX_LEN, and the timeout as for
 *      hlthunk_wait_for_cs()
 * @out: receives the status, which submissions have completed, and how many
 * @timestamp: receives the time of the first completion, in nanoseconds; 0 where the driver does
 * not report it
 *
 * Return: 0 or a negative errno, with which out->status is set as for hlthunk_wait_for_cs().
 *
 * Errors: besides the common ones:
 *   -EINVAL: too many submissions, or one that was never made
 *   -EPERM: the ASIC cannot wait for several
 *   -ETIMEDOUT: a submission exceeded its own timeout
 *   -EIO: a submission was aborted by a reset
 *
 * Context: any thread; sleeps for up to in->timeout_us.
 * Since: 0.9
 */
hlthunk_public int hlthunk_wait_for_multi_cs(int fd, struct hlthunk_wait_multi_cs_in *in,
                                             struct hlthunk_wait_multi_cs_out *out);
hlthunk_public int hlthunk_wait_for_multi_cs_with_timestamp(int fd,
                                                            struct hlthunk_wait_multi_cs_in *in,
                                                            struct hlthunk_wait_multi_cs_out *out,
                                                            uint64_t *timestamp);

/**
 * hlthunk_wait_for_interrupt() - wait until a word in memory has reached a value
 * hlthunk_wait_for_interrupt_with_timestamp() - wait for a word in memory, and get when
 * hlthunk_wait_for_interrupt_by_handle() - wait until a counter has reached a value
 * hlthunk_wait_for_interrupt_by_handle_with_timestamp() - wait for a counter, and get when
 * @fd: a primary node of an ASIC with user interrupts (Gaudi2)
 * @addr: a word that the device writes before it raises the interrupt
 * @cq_counters_handle: of a command buffer that holds counters
 * @cq_counters_offset: index of the counter in it
 * @target_value: the value to reach or exceed
 * @interrupt_id: a user interrupt; 0xFFF or UINT_MAX for any completion queue's, 0xFFE for any
 *                decoder's
 * @timeout_us: as for hlthunk_wait_for_cs()
 * @status: as for hlthunk_wait_for_cs()
 * @timestamp: receives the time of the interrupt, in nanoseconds, where the driver reports it; may
 *             be NULL
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: no such interrupt, handle or counter
 *   -EPERM: the ASIC has no interrupts for programs
 *   -EFAULT: @addr cannot be read
 *   -EIO: the wait was aborted by a reset
 *
 * Context: any thread; sleeps for up to @timeout_us.
 * Since: 0.9
 */
hlthunk_public int hlthunk_wait_for_interrupt(int fd, void *addr, uint64_t target_value,
                                              uint32_t interrupt_id, uint64_t timeout_us,
                                              uint32_t *status);
hlthunk_public int hlthunk_wait_for_interrupt_by_handle(int fd, uint64_t cq_counters_handle,
                                                        uint64_t cq_counters_offset,
                                                        uint64_t target_value,
                                                        uint32_t interrupt_id, uint64_t timeout_us,
                                                        uint32_t *status);
hlthunk_public int hlthunk_wait_for_interrupt_with_timestamp(int fd, void *addr,
                                                             uint64_t target_value,
                                                             uint32_t interrupt_id,
                                                             uint64_t timeout_us, uint32_t *status,
                                                             uint64_t *timestamp);
hlthunk_public int hlthunk_wait_for_interrupt_by_handle_with_timestamp(
    int fd, uint64_t cq_counters_handle, uint64_t cq_counters_offset, uint64_t target_value,
    uint32_t interrupt_id, uint64_t timeout_us, uint32_t *status, uint64_t *timestamp);

/**
 * hlthunk_register_timestamp_interrupt() - have the driver record when a counter reaches a value
 * @fd: a primary node of an ASIC with user interrupts (Gaudi2)
 * @interrupt_id: as for hlthunk_wait_for_interrupt()
 * @cq_counters_handle: of a command buffer that holds counters
 * @cq_counters_offset: index of the counter in it
 * @target_value: the value to reach or exceed
 * @timestamps_handle: of hlthunk_allocate_timestamp_elements()
 * @timestamps_offset: index of the element that receives the time, in nanoseconds
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: no such interrupt, handle, counter or element
 *   -EPERM: the ASIC has no interrupts for programs
 *
 * Context: any thread; does not wait.
 * Since: 0.9
 */
hlthunk_public int
hlthunk_register_timestamp_interrupt(int fd, uint32_t interrupt_id, uint64_t cq_counters_handle,
                                     uint64_t cq_counters_offset, uint64_t target_value,
                                     uint64_t timestamps_handle, uint64_t timestamps_offset);

/*
 * Events
 */

/**
 * hlthunk_notifier_create() - create an eventfd that counts a device's events
 * hlthunk_notifier_release() - release the eventfd of a device's events, and close it
 * @fd: an open node
 * @handle: the eventfd
 *
 * The driver has one notifier per device file.
 *
 * Return: the eventfd, above 2, or 0 when released; or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: the device file already has a notifier, or has none to release
 *   -EOPNOTSUPP: a control node, which has no events on this kernel
 *   -EMFILE, -ENFILE: no descriptor is left
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
hlthunk_public int hlthunk_notifier_create(int fd);
hlthunk_public int hlthunk_notifier_release(int fd, int handle);

/**
 * hlthunk_notifier_recv() - wait for events of a device
 * @fd: an open node
 * @handle: of hlthunk_notifier_create()
 * @notifier_events: receives the mask of events, HL_NOTIFIER_EVENT_*
 * @notifier_cnt: receives how often the driver has signalled since the last call; 0 on a timeout
 * @flags: not used
 * @timeout: in milliseconds; 0 does not wait, UINT32_MAX waits indefinitely
 *
 * Return: 0, also on a timeout, or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINTR: a signal arrived
 *
 * Context: any thread; sleeps for up to @timeout.
 * Since: 0.9
 */
hlthunk_public int hlthunk_notifier_recv(int fd, int handle, uint64_t *notifier_events,
                                         uint64_t *notifier_cnt, uint32_t flags, uint32_t timeout);

/*
 * Debugging
 */

/**
 * hlthunk_debug() - configure the device's debug and profiling units
 * @fd: a primary node
 * @debug: passed to the driver as it is (HL_IOCTL_DEBUG)
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EFAULT: debug mode is not on, or is on already, or the input cannot be read
 *   -EPERM: the operation needs debug mode, or a device that the vendor simulates
 *   -EOPNOTSUPP: an operation of the vendor's driver
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_debug(int fd, struct hl_debug_args *debug);

/**
 * hlthunk_debugfs_open() - open the debugfs files of a device, to access its registers
 * hlthunk_debugfs_read() - read a register through debugfs
 * hlthunk_debugfs_write() - write a register through debugfs
 * hlthunk_debugfs_close() - close the debugfs files of a device
 * @fd: an open node
 * @debugfs: filled by hlthunk_debugfs_open()
 * @full_address: address of the register
 * @val: the value
 *
 * For root.  Clock gating is off while the files are open, where the driver has a file for that.
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -ENOENT: debugfs is not mounted, or the driver has no such files
 *   -EACCES: not root
 *   -EINVAL: the driver has no such register
 *
 * Context: any thread, one per @debugfs at a time.
 * Since: 0.9
 */
hlthunk_public int hlthunk_debugfs_open(int fd, struct hlthunk_debugfs *debugfs);
hlthunk_public int hlthunk_debugfs_read(struct hlthunk_debugfs *debugfs, uint64_t full_address,
                                        uint32_t *val);
hlthunk_public int hlthunk_debugfs_write(struct hlthunk_debugfs *debugfs, uint64_t full_address,
                                         uint32_t val);
hlthunk_public int hlthunk_debugfs_close(struct hlthunk_debugfs *debugfs);

/**
 * hlthunk_profiler_start() - start the profiler, which this library does not have
 * hlthunk_profiler_stop() - stop the profiler, which this library does not have
 * hlthunk_profiler_get_trace() - get the profiler's trace, which this library does not have
 * hlthunk_profiler_destroy() - do nothing
 * @fd: not used
 * @buffer: not used
 * @size: not used
 * @num_entries: not used
 *
 * Return: a negative errno.
 *
 * Errors:
 *   -EOPNOTSUPP: always
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_profiler_start(int fd);
hlthunk_public int hlthunk_profiler_stop(int fd);
hlthunk_public int hlthunk_profiler_get_trace(int fd, void *buffer, uint64_t *size,
                                              uint64_t *num_entries);
hlthunk_public void hlthunk_profiler_destroy(void);

/*
 * Functions of 2024 and later
 */

/**
 * hlthunk_get_device_status_info_telemetry() - get the status of a device, for monitors
 * @fd: an open node
 * @soft_reset_stall: delay soft resets for a moment; only the vendor's driver does
 *
 * Return: the status, or a negative errno.
 *
 * Errors: the common ones.
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_device_status_info_telemetry(int fd, bool soft_reset_stall);

/**
 * hlthunk_get_time_sync_per_die_info() - get the clocks of one die of a device
 * @fd: an open node
 * @die_index: which die, from 0
 * @info: receives the answer, in nanoseconds
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EOPNOTSUPP: not the vendor's driver
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_time_sync_per_die_info(int fd, uint32_t die_index,
                                                      struct hlthunk_time_sync_die_info *info);

/**
 * hlthunk_set_memory_consumption() - report a program's memory consumption to the firmware
 * @fd: an open node
 * @used_mem: how many of the allocated bytes the program uses
 * @timestamp_sec: when it counted them
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EOPNOTSUPP: not the vendor's driver
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_set_memory_consumption(int fd, uint64_t used_mem,
                                                  uint64_t timestamp_sec);

/**
 * hlthunk_get_mac_addr_info() - get the MAC addresses of a device's network ports
 * @fd: an open node
 * @info: receives an empty list for a device without network ports
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EOPNOTSUPP: the device has network ports, whose addresses this library cannot read
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_get_mac_addr_info(int fd, struct hlthunk_mac_addr_info *info);

/**
 * hlthunk_device_memory_read_block_experimental() - read a block of registers in debug mode
 * @fd: a primary node
 * @buff: receives the registers
 * @block_address: address of the first, a multiple of 4
 * @block_size: bytes: a multiple of 4, up to HL_DEBUG_MAX_READ_BLOCK_SIZE
 * @flags: not used
 *
 * Return: 0 or a negative errno.
 *
 * Errors: besides the common ones:
 *   -EINVAL: bad alignment or size
 *   -EOPNOTSUPP: not the vendor's driver
 *   -EPERM, -EFAULT: not in debug mode
 *
 * Context: any thread; one system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_device_memory_read_block_experimental(int fd, uint32_t *buff,
                                                                 uint64_t block_address,
                                                                 uint32_t block_size,
                                                                 uint32_t flags);

/*
 * Other
 */

/* Not in the original library. */
#ifndef HLTHUNK_HAS_LAST_ERROR /* <hlthunk/error.h> declares it too */
#define HLTHUNK_HAS_LAST_ERROR
/**
 * hlthunk_last_error() - get what went wrong in this thread's last failed call
 *
 * Return: a sentence, or "" if no call of this thread has failed.  It belongs to the library and is
 * valid until the thread's next failing call.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
hlthunk_public const char *hlthunk_last_error(void);
#endif

/**
 * hlthunk_malloc() - allocate host memory
 * hlthunk_free() - free host memory
 * @size: bytes
 * @pt: of hlthunk_malloc() or hlthunk_get_version(); may be NULL
 *
 * Return: zeroed memory, which the caller frees with hlthunk_free(); NULL without memory.
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
hlthunk_public void *hlthunk_malloc(size_t size);
hlthunk_public void hlthunk_free(void *pt);

/**
 * hlthunk_get_version() - get the version of the library
 *
 * Return: a text, which the caller frees with hlthunk_free(); NULL without memory.
 *
 * Context: any thread; does not block.
 * Since: 0.9
 */
hlthunk_public char *hlthunk_get_version(void);

/**
 * hlthunk_deprecated_func1() - fail; withdrawn before the classic interface was settled
 * hlthunk_deprecated_func2() - fail; likewise
 * hlthunk_deprecated_func3() - fail; likewise
 * @fd: not used
 * @seq: not used
 * @timeout_us: not used
 * @status: not used
 * @timestamp: not used
 * @interrupt_id: not used
 * @cq_counters_handle: not used
 * @cq_counters_offset: not used
 * @target_value: not used
 * @timestamp_handle: not used
 * @timestamp_offset: not used
 * @num_elements: not used
 * @handle: not used
 *
 * Return: a negative errno.
 *
 * Errors:
 *   -EPERM: always
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
hlthunk_public int hlthunk_deprecated_func1(int fd, uint64_t seq, uint64_t timeout_us,
                                            uint32_t *status, uint64_t *timestamp);
hlthunk_public int hlthunk_deprecated_func2(int fd, uint32_t interrupt_id,
                                            uint64_t cq_counters_handle,
                                            uint64_t cq_counters_offset, uint64_t target_value,
                                            uint64_t timestamp_handle, uint64_t timestamp_offset);
hlthunk_public int hlthunk_deprecated_func3(int fd, uint32_t num_elements, uint64_t *handle);

#ifdef __cplusplus
}
#endif

#endif
