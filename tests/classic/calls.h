/* SPDX-License-Identifier: MIT */
/* Every classic function that calls the driver, in one table: to fail each with each errno. */
#ifndef TESTS_CLASSIC_CALLS_H
#define TESTS_CLASSIC_CALLS_H

#include "tests/classic/door.h"

/* Where the functions write: the test fills it before a call, and checks every byte after it. */
union outputs {
    unsigned char bytes[16384];
    uint32_t u32[2];
    uint64_t u64[2];
    int i;
    char text[1024];
    struct hlthunk_hw_ip_info hw_ip;
    struct hlthunk_open_stats_info open_stats;
    struct hlthunk_hw_asic_status asic_status;
    struct hlthunk_dram_usage_info dram_usage;
    struct hlthunk_engines_idle_info idle;
    struct hlthunk_pll_frequency_info pll;
    struct hlthunk_reset_count_info reset_count;
    struct hlthunk_time_sync_info time_sync;
    struct hlthunk_time_sync_die_info die;
    struct hlthunk_mac_addr_info mac;
    struct hlthunk_sync_manager_info sync_manager;
    struct hl_info_cs_counters cs_counters;
    struct hlthunk_pci_counters_info pci_counters;
    struct hlthunk_clk_throttle_info clk_throttle;
    struct hlthunk_energy_info energy;
    struct hlthunk_power_info power;
    struct hlthunk_dram_replaced_rows_info rows;
    struct hlthunk_sec_attest_info attest;
    struct hlthunk_dev_info_signed dev_signed;
    struct hlthunk_cs_out cs;
    struct hlthunk_signal_out signal;
    struct hlthunk_wait_out wait;
    struct hlthunk_sig_res_out reserve;
    struct {
        struct hlthunk_wait_multi_cs_out out;
        uint64_t timestamp;
    } multi;
    struct {
        uint64_t timestamp;
        uint32_t status;
    } waited;
};

enum call_kind {
    RETURNS_INT, /* 0 or -errno */
    RETURNS_U64, /* 0 is failure */
    RETURNS_FD   /* an fd or -errno */
};

struct call {
    const char *name; /* without hlthunk_ */
    enum call_kind kind;
    enum door_op op;
    /* with good inputs, and outputs in out */
    int64_t (*run)(union outputs *out);
    /* with NULL for outputs and inputs that must not be NULL: -EINVAL; or no function */
    int64_t (*run_null)(void);
};

extern const struct call calls[];
extern const size_t call_count;

/* Handles as the driver gives them. */
#define CB_HANDLE ((uint64_t)0x02 << 59 | 0x1000)
#define TS_HANDLE ((uint64_t)0x10 << 59 | 0x2000)

#endif
