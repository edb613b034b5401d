/* SPDX-License-Identifier: MIT */
/*
 * A signal comes during a call: the driver has overwritten the argument, so each operation builds
 * it again, the same to the byte.
 */
#include "tests/test.h"

#include <sys/ioctl.h>

#include "lib/op/op_cb.h"
#include "lib/op/op_cs.h"
#include "lib/op/op_debug.h"
#include "lib/op/op_event.h"
#include "lib/op/op_info.h"
#include "lib/op/op_mem.h"
#include "lib/op/op_wait.h"
#include "uapi/requests.h"

#include <habanalabs/hlthunk.h>

#define FD 7
#define CB (2ull << 59) /* handles of a command buffer and of timestamps */
#define TIMESTAMPS (0x10ull << 59)

static unsigned interruptions, calls;
static unsigned long first_request;
static unsigned char first[128];

/* Some calls are interrupted; each must come as the first did. */
int ioctl(int fd, unsigned long request, ...)
{
    size_t size = _IOC_SIZE(request);
    va_list ap;
    void *arg;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    assert_int_equal(fd, FD);
    if (!calls++) {
        assert_true(size <= sizeof(first));
        first_request = request;
        memcpy(first, arg, size);
    }
    assert_int_equal(request, first_request);
    assert_memory_equal(arg, first, size);
    memset(arg, calls <= interruptions ? 0xff : 0x01, size);
    if (calls > interruptions)
        return 0;
    errno = EINTR;
    return -1;
}

static int debug(void)
{
    struct hl_debug_args args = { .op = HL_DEBUG_OP_SET_MODE, .enable = 1, .ctx_id = 3 };

    return hl_debug(FD, &args);
}

static int query(void)
{
    struct hl_info_args args = { .op = HL_INFO_PLL_FREQUENCY, .pll_index = 5, .pad = 6 };
    struct hl_pll_frequency_info answer;

    return hl_info_query(FD, &args, &answer, sizeof(answer));
}

static int get(void)
{
    struct hl_info_device_status status;

    return hl_info_get(FD, HL_INFO_DEVICE_STATUS, &status, sizeof(status));
}

static int submit(void)
{
    const struct hl_cs_in in = { .cs_flags = HL_CS_FLAGS_STAGED_SUBMISSION, .seq = 9, .ctx_id = 4 };
    struct hl_cs_out out;

    return hl_cs_submit(FD, &in, 60, &out);
}

static int classic_submit(void)
{
    struct hlthunk_cs_in in = { .flags = HL_CS_FLAGS_STAGED_SUBMISSION, .num_chunks_execute = 3 };
    struct hlthunk_cs_out out;

    return hlthunk_staged_command_submission_timeout(FD, 9, &in, &out, 60);
}

static int status(void)
{
    return hl_info_device_status(FD) < 0;
}

/* So long that what is left of it is more than the driver is asked for at a time. */
static int wait_submission(void)
{
    union hl_wait_cs_args args;

    return hl_wait_cs(FD, 9, UINT64_MAX, &args);
}

static int wait_interrupt(void)
{
    static const uint64_t word = 0;
    union hl_wait_cs_args args;

    return hl_wait_interrupt(FD, &word, 11, 2, 4000000000ull, &args);
}

static int counter_timestamp(void)
{
    const struct hl_counter counter = { CB, 8 }, timestamp = { TIMESTAMPS, 16 };

    return hl_wait_register_timestamp(FD, &counter, 11, 2, &timestamp);
}

static uint64_t u64;
static uint32_t u32;
static int fd_out;

static int alloc(void)
{
    return hl_mem_alloc(FD, 4096, 64, HL_MEM_SHARED).rc;
}
static int release(void)
{
    return hl_mem_free(FD, 5);
}
static int map_device(void)
{
    return hl_mem_map_device(FD, 5, 6, HL_MEM_FORCE_HINT).rc;
}
static int map_host(void)
{
    return hl_mem_map_host(FD, (void *)65536, 131072, 7, 0, &u64);
}
static int unmap(void)
{
    return hl_mem_unmap(FD, 6);
}
static int map_block(void)
{
    return hl_mem_map_block(FD, 7, &u64, &u32);
}
static int export(void)
{
    return hl_mem_export(FD, 65536, 131072, 0, 2, &fd_out);
}
static int timestamps(void)
{
    return hl_mem_ts_alloc(FD, 12, &u64);
}
static int import(void)
{
    return hl_mem_import(FD, 8, 4096, &u64);
}
static int cb_create(void)
{
    return hl_cb_create(FD, 4096, 0, &u64);
}
static int cb_destroy(void)
{
    return hl_cb_destroy(FD, CB);
}
static int cb_usage(void)
{
    return hl_cb_usage(FD, CB, &u32);
}
static int cb_address(void)
{
    return hl_cb_device_address(FD, CB, &u64);
}
static int eventfd(void)
{
    return hl_event_register(FD, 9);
}

TEST(each_argument_is_built_again)
{
    static int (*const operations[])(void) = {
        get,        query,          debug,     submit,          counter_timestamp, alloc,
        release,    map_device,     map_host,  unmap,           map_block,         export,
        timestamps, import,         cb_create, cb_destroy,      cb_usage,          cb_address,
        eventfd,    classic_submit, status,    wait_submission, wait_interrupt,
    };

    interruptions = 0;
    calls = 0;
    assert_int_equal(get(), 0); /* the numbers of this kernel's requests are known */
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        for (interruptions = 0; interruptions < 3; interruptions++) {
            calls = 0;
            assert_int_equal(operations[i](), 0);
            assert_int_equal(calls, interruptions + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_argument_is_built_again) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
