/* SPDX-License-Identifier: MIT */
#include "lib/classic/convert.h"

#include <string.h>

#include "lib/kernel/discovery.h"

void hl_hw_ip_from_uapi(const struct hl_info_hw_ip_info *in, struct hlthunk_hw_ip_info *out)
{
    *out = (struct hlthunk_hw_ip_info){
        .sram_base_address = in->sram_base_address,
        .dram_base_address = in->dram_base_address,
        .dram_size = in->dram_size,
        .sram_size = in->sram_size,
        .num_of_events = in->num_of_events,
        .device_id = in->device_id,
        .cpld_version = in->cpld_version,
        .psoc_pci_pll_nr = in->psoc_pci_pll_nr,
        .psoc_pci_pll_nf = in->psoc_pci_pll_nf,
        .psoc_pci_pll_od = in->psoc_pci_pll_od,
        .psoc_pci_pll_div_factor = in->psoc_pci_pll_div_factor,
        .tpc_enabled_mask = in->tpc_enabled_mask,
        .dram_enabled = in->dram_enabled,
        .module_id = in->module_id,
        .decoder_enabled_mask = in->decoder_enabled_mask,
        .mme_master_slave_mode = in->mme_master_slave_mode,
        .tpc_enabled_mask_ext = in->tpc_enabled_mask_ext,
        .dram_page_size = in->dram_page_size,
        .first_available_interrupt_id = in->first_available_interrupt_id,
        .edma_enabled_mask = in->edma_enabled_mask,
        .server_type = in->server_type,
        .pdma_user_owned_ch_mask = in->pdma_user_owned_ch_mask,
        .number_of_user_interrupts = in->number_of_user_interrupts,
        .device_mem_alloc_default_page_size = in->device_mem_alloc_default_page_size,
        .nic_ports_mask = in->nic_ports_mask,
        .interposer_version = in->interposer_version,
        .substrate_version = in->substrate_version,
        .nic_ports_external_mask = in->nic_ports_external_mask,
        .mme_enabled_mask = in->mme_enabled_mask,
        .odp_supported = in->odp_supported,
        .security_enabled = in->security_enabled,
        .revision_id = in->revision_id,
        .tpc_interrupt_id = in->tpc_interrupt_id,
        .engine_core_interrupt_reg_addr = in->engine_core_interrupt_reg_addr,
        .rotator_enabled_mask = in->rotator_enabled_mask,
        .sched_arc_enabled_mask = in->sched_arc_enabled_mask,
        .reserved_dram_size = in->reserved_dram_size,
    };
    memcpy(out->cpucp_version, in->cpucp_version, sizeof(out->cpucp_version));
    memcpy(out->card_name, in->card_name, sizeof(out->card_name));
}

void hl_open_stats_from_uapi(const struct hl_open_stats_info *in,
                             struct hlthunk_open_stats_info *out)
{
    *out = (struct hlthunk_open_stats_info){
        .open_counter = in->open_counter,
        .last_open_period_ms = in->last_open_period_ms,
        .is_compute_ctx_active = in->is_compute_ctx_active,
        .compute_ctx_in_release = in->compute_ctx_in_release,
        .compute_ctx_has_mapped_resources = in->pad[0],
    };
}

void hl_idle_from_uapi(const struct hl_info_hw_idle *in, struct hlthunk_engines_idle_info *out)
{
    _Static_assert(sizeof(out->mask) == sizeof(in->busy_engines_mask_ext), "one for one");

    *out = (struct hlthunk_engines_idle_info){ .is_idle = in->is_idle };
    memcpy(out->mask, in->busy_engines_mask_ext, sizeof(out->mask));
}

void hl_clk_throttle_from_uapi(const struct hl_info_clk_throttle *in,
                               struct hlthunk_clk_throttle_info *out)
{
    *out = (struct hlthunk_clk_throttle_info){
        .clk_throttle_reason_bitmask = in->clk_throttling_reason,
    };
    for (int i = 0; i < HL_CLK_THROTTLE_TYPE_MAX; i++) {
        out->clk_throttle_start_timestamp_us[i] = in->clk_throttling_timestamp_us[i];
        out->clk_throttle_duration_ns[i] = in->clk_throttling_duration_ns[i];
    }
}

void hl_sec_attest_from_uapi(const struct hl_info_sec_attest *in,
                             struct hlthunk_sec_attest_info *out)
{
    *out = (struct hlthunk_sec_attest_info){
        .nonce = in->nonce,
        .pcr_quote_len = in->pcr_quote_len,
        .pub_data_len = in->pub_data_len,
        .certificate_len = in->certificate_len,
        .pcr_num_reg = in->pcr_num_reg,
        .pcr_reg_len = in->pcr_reg_len,
        .quote_sig_len = in->quote_sig_len,
    };
    memcpy(out->pcr_data, in->pcr_data, sizeof(out->pcr_data));
    memcpy(out->pcr_quote, in->pcr_quote, sizeof(out->pcr_quote));
    memcpy(out->quote_sig, in->quote_sig, sizeof(out->quote_sig));
    memcpy(out->public_data, in->public_data, sizeof(out->public_data));
    memcpy(out->certificate, in->certificate, sizeof(out->certificate));
}

void hl_dev_signed_from_uapi(const struct hl_info_signed *in, struct hlthunk_dev_info_signed *out)
{
    *out = (struct hlthunk_dev_info_signed){
        .nonce = in->nonce,
        .pub_data_len = in->pub_data_len,
        .certificate_len = in->certificate_len,
        .info_sig_len = in->info_sig_len,
        .dev_info_len = in->dev_info_len,
    };
    memcpy(out->public_data, in->public_data, sizeof(out->public_data));
    memcpy(out->certificate, in->certificate, sizeof(out->certificate));
    memcpy(out->info_sig, in->info_sig, sizeof(out->info_sig));
    memcpy(out->dev_info, in->dev_info, sizeof(out->dev_info));
}

void hl_razwi_from_uapi(const struct hl_info_razwi_event *in,
                        struct hlthunk_event_record_razwi_event *out)
{
    uint16_t n = in->num_of_possible_engines;

    /* the count indexes the array: no more than fits, whatever the driver says */
    if (n > HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR)
        n = HL_RAZWI_MAX_NUM_OF_ENGINES_PER_RTR;
    *out = (struct hlthunk_event_record_razwi_event){
        .timestamp = in->timestamp,
        .addr = in->addr,
        .num_of_possible_engines = n,
        .flags = in->flags,
    };
    memcpy(out->engine_id, in->engine_id, n * sizeof(out->engine_id[0]));
}

void hl_undefined_opcode_from_uapi(const struct hl_info_undefined_opcode_event *in,
                                   struct hlthunk_event_record_undefined_opcode *out)
{
    *out = (struct hlthunk_event_record_undefined_opcode){
        .timestamp = in->timestamp,
        .cq_addr = in->cq_addr,
        .cq_size = in->cq_size,
        .cb_addr_streams_len = in->cb_addr_streams_len,
        .engine_id = in->engine_id,
        .stream_id = in->stream_id,
    };
    memcpy(out->cb_addr_streams, in->cb_addr_streams, sizeof(out->cb_addr_streams));
}

enum hlthunk_device_name hl_device_name(enum hlthunk_asic asic, unsigned revision)
{
    static const enum hlthunk_device_name names[HL_ASIC_COUNT] = {
        [HLTHUNK_ASIC_UNKNOWN] = HLTHUNK_DEVICE_INVALID,
        [HLTHUNK_ASIC_GOYA] = HLTHUNK_DEVICE_GOYA,
        [HLTHUNK_ASIC_GAUDI] = HLTHUNK_DEVICE_GAUDI,
        [HLTHUNK_ASIC_GAUDI2] = HLTHUNK_DEVICE_GAUDI2,
    };
    static const enum hlthunk_device_name gaudi2[] = {
        HLTHUNK_DEVICE_GAUDI2,  HLTHUNK_DEVICE_GAUDI2,  HLTHUNK_DEVICE_GAUDI2B,
        HLTHUNK_DEVICE_GAUDI2C, HLTHUNK_DEVICE_GAUDI2D,
    };

    if (asic == HLTHUNK_ASIC_GAUDI2 && revision < sizeof(gaudi2) / sizeof(gaudi2[0]))
        return gaudi2[revision];
    return names[asic];
}

bool hl_device_name_fits(enum hlthunk_device_name name, enum hlthunk_device_name wanted)
{
    if (wanted == HLTHUNK_DEVICE_DONT_CARE || name == wanted)
        return true;
    return wanted == HLTHUNK_DEVICE_GAUDI2 &&
           (name == HLTHUNK_DEVICE_GAUDI2B || name == HLTHUNK_DEVICE_GAUDI2C ||
            name == HLTHUNK_DEVICE_GAUDI2D);
}
