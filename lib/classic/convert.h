/* SPDX-License-Identifier: MIT */
/* Kernel structs to those of the classic interface: pure functions. */
#ifndef HL_CLASSIC_CONVERT_H
#define HL_CLASSIC_CONVERT_H

#include <habanalabs/hlthunk.h>
#include <hlthunk/device.h>

void hl_hw_ip_from_uapi(const struct hl_info_hw_ip_info *in, struct hlthunk_hw_ip_info *out);
void hl_open_stats_from_uapi(const struct hl_open_stats_info *in,
                             struct hlthunk_open_stats_info *out);
void hl_idle_from_uapi(const struct hl_info_hw_idle *in, struct hlthunk_engines_idle_info *out);
void hl_clk_throttle_from_uapi(const struct hl_info_clk_throttle *in,
                               struct hlthunk_clk_throttle_info *out);
void hl_sec_attest_from_uapi(const struct hl_info_sec_attest *in,
                             struct hlthunk_sec_attest_info *out);
void hl_dev_signed_from_uapi(const struct hl_info_signed *in, struct hlthunk_dev_info_signed *out);
void hl_razwi_from_uapi(const struct hl_info_razwi_event *in,
                        struct hlthunk_event_record_razwi_event *out);
void hl_undefined_opcode_from_uapi(const struct hl_info_undefined_opcode_event *in,
                                   struct hlthunk_event_record_undefined_opcode *out);

/*
 * The name of an ASIC; Gaudi2's revisions are names of their own: REV_ID_A (1) to REV_ID_D of the
 * driver's hw_ip/pci/pci_general.h.  6.1 reports none: 0.
 */
enum hlthunk_device_name hl_device_name(enum hlthunk_asic asic, unsigned revision);

/* Does a device of that name satisfy a program that asks for wanted? */
bool hl_device_name_fits(enum hlthunk_device_name name, enum hlthunk_device_name wanted);

#endif
