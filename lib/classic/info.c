/* SPDX-License-Identifier: MIT */
/*
 * The classic queries.  One engine (hl_info_query) asks; a function here checks its pointer, names
 * the query and translates the answer.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "lib/classic/convention.h"
#include "lib/classic/convert.h"
#include "lib/error.h"
#include "lib/op/op_info.h"

/* The name of the argument in the text is the one in the header. */
#define CHECK_OUT(p)                                                                               \
    do {                                                                                           \
        if (!(p))                                                                                  \
            return hl_classic(hl_err(-EINVAL, #p " is NULL"));                                     \
    } while (0)

/* A kernel struct that starts as zeros: an older kernel fills a part of it. */
#define ASK(fd, op, answer)                                                                        \
    (memset(&(answer), 0, sizeof(answer)), hl_info_get(fd, op, &(answer), sizeof(answer)))

int hlthunk_get_info(int fd, struct hl_info_args *info)
{
    CHECK_OUT(info);
    return hl_classic(
        hl_info_query(fd, info, (void *)(uintptr_t)info->return_pointer, info->return_size));
}

int hlthunk_get_hw_ip_info(int fd, struct hlthunk_hw_ip_info *hw_ip)
{
    struct hl_info_hw_ip_info answer;
    int rc;

    CHECK_OUT(hw_ip);
    rc = ASK(fd, HL_INFO_HW_IP_INFO, answer);
    if (rc == 0)
        hl_hw_ip_from_uapi(&answer, hw_ip);
    return hl_classic(rc);
}

int hlthunk_get_open_stats(int fd, struct hlthunk_open_stats_info *open_stats)
{
    struct hl_open_stats_info answer;
    int rc;

    CHECK_OUT(open_stats);
    rc = ASK(fd, HL_INFO_OPEN_STATS, answer);
    if (rc == 0)
        hl_open_stats_from_uapi(&answer, open_stats);
    return hl_classic(rc);
}

int hlthunk_get_dram_usage(int fd, struct hlthunk_dram_usage_info *dram_usage)
{
    struct hl_info_dram_usage answer;
    int rc;

    CHECK_OUT(dram_usage);
    rc = ASK(fd, HL_INFO_DRAM_USAGE, answer);
    if (rc == 0)
        *dram_usage = (struct hlthunk_dram_usage_info){
            .dram_free_mem = answer.dram_free_mem,
            .ctx_dram_mem = answer.ctx_dram_mem,
        };
    return hl_classic(rc);
}

int hlthunk_get_hw_asic_status(int fd, struct hlthunk_hw_asic_status *hw_asic_status)
{
    struct hlthunk_hw_asic_status s = { 0 };
    struct hl_info_clk_throttle throttle;
    struct hl_open_stats_info stats;
    struct hl_power_info power;
    struct hl_err_kept kept;
    int status, rc;

    CHECK_OUT(hw_asic_status);
    /* the one output that is written on failure: it is made to say so */
    hw_asic_status->valid = 0;
    status = hl_info_device_status(fd);
    rc = status < 0 ? status : 0;
    if (rc == 0)
        rc = ASK(fd, HL_INFO_CLK_THROTTLE_REASON, throttle);
    if (rc == 0)
        rc = ASK(fd, HL_INFO_OPEN_STATS, stats);
    if (rc)
        return hl_classic(rc);
    if (status == HL_DEVICE_STATUS_OPERATIONAL) {
        hl_err_begin(&kept);
        rc = ASK(fd, HL_INFO_POWER, power);
        /* a reset may have begun since: then the status is what to tell */
        if (rc == -EBUSY) {
            status = hl_info_device_status(fd);
            rc = status < 0 ? status : 0;
        } else if (rc == 0) {
            s.power.power = power.power;
        }
        hl_err_end(&kept, rc);
        if (rc)
            return hl_classic(rc);
    }
    s.status = (enum hl_device_status)status;
    hl_clk_throttle_from_uapi(&throttle, &s.throttle);
    hl_open_stats_from_uapi(&stats, &s.open_stats);
    s.timestamp_sec = (uint64_t)time(NULL);
    s.valid = 1;
    *hw_asic_status = s;
    return 0;
}

int hlthunk_get_busy_engines_mask(int fd, struct hlthunk_engines_idle_info *info)
{
    struct hl_info_hw_idle answer;
    int rc;

    CHECK_OUT(info);
    rc = ASK(fd, HL_INFO_HW_IDLE, answer);
    if (rc == 0)
        hl_idle_from_uapi(&answer, info);
    return hl_classic(rc);
}

bool hlthunk_is_device_idle(int fd)
{
    struct hlthunk_engines_idle_info info;

    return hlthunk_get_busy_engines_mask(fd, &info) == 0 && info.is_idle;
}

int hlthunk_get_pll_frequency(int fd, uint32_t index, struct hlthunk_pll_frequency_info *frequency)
{
    struct hl_info_args args = { .op = HL_INFO_PLL_FREQUENCY, .pll_index = index };
    struct hl_pll_frequency_info answer = { { 0 } };
    int rc;

    CHECK_OUT(frequency);
    rc = hl_info_query(fd, &args, &answer, sizeof(answer));
    if (rc == 0)
        memcpy(frequency->output, answer.output, sizeof(frequency->output));
    return hl_classic(rc);
}

int hlthunk_get_device_utilization(int fd, uint32_t period_ms, uint32_t *rate)
{
    struct hl_info_args args = { .op = HL_INFO_DEVICE_UTILIZATION, .period_ms = period_ms };
    struct hl_info_device_utilization answer = { 0 };
    int rc;

    CHECK_OUT(rate);
    rc = hl_info_query(fd, &args, &answer, sizeof(answer));
    if (rc == 0)
        *rate = answer.utilization;
    return hl_classic(rc);
}

int hlthunk_get_hw_events_arr(int fd, bool aggregate, uint32_t hw_events_arr_size,
                              uint32_t *hw_events_arr)
{
    CHECK_OUT(hw_events_arr);
    return hl_classic(hl_info_get(fd, aggregate ? HL_INFO_HW_EVENTS_AGGREGATE : HL_INFO_HW_EVENTS,
                                  hw_events_arr, hw_events_arr_size));
}

int hlthunk_get_clk_rate(int fd, uint32_t *cur_clk_mhz, uint32_t *max_clk_mhz)
{
    struct hl_info_clk_rate answer;
    int rc;

    CHECK_OUT(cur_clk_mhz);
    CHECK_OUT(max_clk_mhz);
    rc = ASK(fd, HL_INFO_CLK_RATE, answer);
    if (rc == 0) {
        *cur_clk_mhz = answer.cur_clk_rate_mhz;
        *max_clk_mhz = answer.max_clk_rate_mhz;
    }
    return hl_classic(rc);
}

int hlthunk_get_reset_count_info(int fd, struct hlthunk_reset_count_info *info)
{
    struct hl_info_reset_count answer;
    int rc;

    CHECK_OUT(info);
    rc = ASK(fd, HL_INFO_RESET_COUNT, answer);
    if (rc == 0)
        *info = (struct hlthunk_reset_count_info){
            .hard_reset_count = answer.hard_reset_cnt,
            .soft_reset_count = answer.soft_reset_cnt,
        };
    return hl_classic(rc);
}

int hlthunk_get_time_sync_info(int fd, struct hlthunk_time_sync_info *info)
{
    struct hl_info_time_sync answer;
    int rc;

    CHECK_OUT(info);
    rc = ASK(fd, HL_INFO_TIME_SYNC, answer);
    if (rc == 0)
        *info = (struct hlthunk_time_sync_info){
            .device_time = answer.device_time,
            .host_time = answer.host_time,
        };
    return hl_classic(rc);
}

int hlthunk_get_sync_manager_info(int fd, int dcore_id, struct hlthunk_sync_manager_info *info)
{
    struct hl_info_args args = { .op = HL_INFO_SYNC_MANAGER, .dcore_id = (uint32_t)dcore_id };
    struct hl_info_sync_manager answer = { 0 };
    int rc;

    CHECK_OUT(info);
    rc = hl_info_query(fd, &args, &answer, sizeof(answer));
    if (rc == 0)
        *info = (struct hlthunk_sync_manager_info){
            .first_available_sync_object = answer.first_available_sync_object,
            .first_available_monitor = answer.first_available_monitor,
            .first_available_cq = answer.first_available_cq,
        };
    return hl_classic(rc);
}

int hlthunk_get_cs_counters_info(int fd, struct hl_info_cs_counters *info)
{
    struct hl_info_cs_counters answer;
    int rc;

    CHECK_OUT(info);
    rc = ASK(fd, HL_INFO_CS_COUNTERS, answer);
    if (rc == 0)
        *info = answer;
    return hl_classic(rc);
}

int hlthunk_get_pci_counters_info(int fd, struct hlthunk_pci_counters_info *info)
{
    struct hl_info_pci_counters answer;
    int rc;

    CHECK_OUT(info);
    rc = ASK(fd, HL_INFO_PCI_COUNTERS, answer);
    if (rc == 0)
        *info = (struct hlthunk_pci_counters_info){
            .rx_throughput = answer.rx_throughput,
            .tx_throughput = answer.tx_throughput,
            .replay_cnt = (uint32_t)answer.replay_cnt,
        };
    return hl_classic(rc);
}

int hlthunk_get_clk_throttle_info(int fd, struct hlthunk_clk_throttle_info *info)
{
    struct hl_info_clk_throttle answer;
    int rc;

    CHECK_OUT(info);
    rc = ASK(fd, HL_INFO_CLK_THROTTLE_REASON, answer);
    if (rc == 0)
        hl_clk_throttle_from_uapi(&answer, info);
    return hl_classic(rc);
}

int hlthunk_get_total_energy_consumption_info(int fd, struct hlthunk_energy_info *info)
{
    struct hl_info_energy answer;
    int rc;

    CHECK_OUT(info);
    rc = ASK(fd, HL_INFO_TOTAL_ENERGY, answer);
    if (rc == 0)
        info->total_energy_consumption = answer.total_energy_consumption;
    return hl_classic(rc);
}

int hlthunk_get_power_info(int fd, struct hlthunk_power_info *info)
{
    struct hl_power_info answer;
    int rc;

    CHECK_OUT(info);
    rc = ASK(fd, HL_INFO_POWER, answer);
    if (rc == 0)
        info->power = answer.power;
    return hl_classic(rc);
}

int hlthunk_get_dram_replaced_rows_info(int fd, struct hlthunk_dram_replaced_rows_info *info)
{
    /* the firmware's struct, which the driver passes on (struct cpucp_hbm_row_replaced_rows_info)
     */
    struct hlthunk_dram_replaced_rows_info answer;
    int rc;

    CHECK_OUT(info);
    rc = ASK(fd, HL_INFO_DRAM_REPLACED_ROWS, answer);
    if (rc)
        return hl_classic(rc);
    if (answer.num_replaced_rows > DRAM_ROW_REPLACE_MAX)
        answer.num_replaced_rows = DRAM_ROW_REPLACE_MAX;
    *info = answer;
    return 0;
}

int hlthunk_get_dram_pending_rows_info(int fd, uint32_t *out)
{
    uint32_t answer;
    int rc;

    CHECK_OUT(out);
    rc = ASK(fd, HL_INFO_DRAM_PENDING_ROWS, answer);
    if (rc == 0)
        *out = answer;
    return hl_classic(rc);
}

int hlthunk_get_dev_memalloc_page_orders(int fd, uint64_t *page_order_bitmask)
{
    struct hl_info_dev_memalloc_page_sizes answer;
    int rc;

    CHECK_OUT(page_order_bitmask);
    rc = ASK(fd, HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES, answer);
    if (rc == 0)
        *page_order_bitmask = answer.page_order_bitmask;
    return hl_classic(rc);
}

int hlthunk_get_sec_attest_info(int fd, uint32_t nonce, struct hlthunk_sec_attest_info *info)
{
    struct hl_info_args args = { .op = HL_INFO_SECURED_ATTESTATION, .sec_attest_nonce = nonce };
    struct hl_info_sec_attest answer;
    int rc;

    CHECK_OUT(info);
    memset(&answer, 0, sizeof(answer));
    rc = hl_info_query(fd, &args, &answer, sizeof(answer));
    if (rc == 0)
        hl_sec_attest_from_uapi(&answer, info);
    return hl_classic(rc);
}

int hlthunk_get_dev_info_signed(int fd, uint32_t nonce, struct hlthunk_dev_info_signed *info)
{
    struct hl_info_args args = { .op = HL_INFO_DEV_SIGNED, .sec_attest_nonce = nonce };
    struct hl_info_signed answer;
    int rc;

    CHECK_OUT(info);
    memset(&answer, 0, sizeof(answer));
    rc = hl_info_query(fd, &args, &answer, sizeof(answer));
    if (rc == 0)
        hl_dev_signed_from_uapi(&answer, info);
    return hl_classic(rc);
}

int hlthunk_get_engine_status(int fd, char *status_buf, uint32_t status_buf_size, int *actual_size)
{
    struct hl_info_args args = { .op = HL_INFO_ENGINE_STATUS };
    int rc;

    CHECK_OUT(status_buf);
    rc = hl_info_query(fd, &args, status_buf, status_buf_size);
    if (rc == -ENOMEM)
        rc = hl_err(rc, "the state of the engines does not fit status_buf's %u bytes",
                    status_buf_size);
    if (rc == 0 && actual_size)
        *actual_size = (int)args.user_buffer_actual_size;
    return hl_classic(rc);
}

int hlthunk_fw_send_generic_request(int fd, void *buff, uint32_t buff_size, uint32_t sub_opcode)
{
    struct hl_info_args args = { .op = HL_INFO_FW_GENERIC_REQ, .fw_sub_opcode = sub_opcode };

    CHECK_OUT(buff);
    if (!buff_size)
        return hl_classic(hl_err(-EINVAL, "buff_size is 0"));
    return hl_classic(hl_info_query(fd, &args, buff, buff_size));
}
