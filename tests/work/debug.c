/* SPDX-License-Identifier: MIT */
/* Debug mode, performance counters, hardware blocks, block reads: what profilers use. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/work/work.h"
#include "uapi/habanalabs_vendor.h"

static int debug(struct work *w, uint32_t op, uint32_t index, uint32_t enable, const void *in,
                 uint32_t in_size, void *out, uint32_t out_size)
{
    struct hl_debug_args a = { .op = op,
                               .reg_idx = index,
                               .enable = enable,
                               .input_ptr = (uintptr_t)in,
                               .input_size = in_size,
                               .output_ptr = (uintptr_t)out,
                               .output_size = out_size };

    return work_try(w, 5, &a);
}

/* not_debugging: what operations that need debug mode say without it */
static void test_mode(struct work *w, int not_debugging)
{
    CHECK(debug(w, HL_DEBUG_OP_TIMESTAMP, 0, 0, NULL, 0, NULL, 0) == not_debugging);
    CHECK(debug(w, 99, 0, 0, NULL, 0, NULL, 0) == -EINVAL);
    CHECK(debug(w, HL_DEBUG_OP_SET_MODE, 0, 0, NULL, 0, NULL, 0) == -EFAULT);
    CHECK(debug(w, HL_DEBUG_OP_SET_MODE, 0, 1, NULL, 0, NULL, 0) == 0);
    CHECK(debug(w, HL_DEBUG_OP_SET_MODE, 0, 1, NULL, 0, NULL, 0) == -EFAULT);
    CHECK(debug(w, HL_DEBUG_OP_TIMESTAMP, 0, 0, NULL, 0, NULL, 0) == 0);
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 5000, 0, NULL, 0, NULL, 0) == -EINVAL);
    CHECK(debug(w, HL_DEBUG_OP_STM, 0, 1, (void *)8, sizeof(struct hl_debug_params_stm), NULL, 0) ==
          -EFAULT);
}

static void test_counters(struct work *w)
{
    struct hl_debug_params_spmu p = { .event_types = { 1, 2, 3 }, .event_types_num = 3 };
    uint64_t first[5] = { 0 }, later[5] = { 0 };

    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 1, NULL, 0, NULL, 0) == -EINVAL);
    p.event_types_num = 7;
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 1, &p, sizeof(p), NULL, 0) == -EINVAL);
    p.event_types_num = 3;
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 1, &p, sizeof(p), NULL, 0) == 0);
    usleep(2000);
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 0, NULL, 0, first, sizeof(first)) == 0);
    CHECK(first[4] > 1000000); /* cycles of two milliseconds or more */
    CHECK(first[0] && first[1] && first[2] && first[0] < first[4]);
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 1, &p, sizeof(p), NULL, 0) == 0);
    usleep(8000);
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 0, NULL, 0, later, sizeof(later)) == 0);
    /* the first two milliseconds may have been more on a busy machine */
    CHECK(later[4] > first[4] || first[4] > 4 * 1000000);
    CHECK(later[4] > 4 * 1000000);
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 0, NULL, 0, (void *)8, 40) == -EFAULT);
}

/* Without room for its counts a counter is not read; Gaudi2's is stopped all the same. */
static void test_refused_counts(struct work *w)
{
    struct hl_debug_params_spmu p = { .event_types = { 1, 2, 3 }, .event_types_num = 3 };
    uint64_t at_once[9] = { 0 }, later[5] = { 0 };

    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 1, &p, sizeof(p), NULL, 0) == 0);
    usleep(2000);
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 0, NULL, 0, at_once, sizeof(at_once)) == -EINVAL);
    usleep(20000);
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 0, NULL, 0, later, sizeof(later)) == 0);
    CHECK(w->asic == WORK_GAUDI2 || later[4] > 20 * 1000000);
}

/* A trace unit that is on stays as it is, until debug mode ends (6.1 sets it up again). */
static void test_halt(struct work *w)
{
    struct hl_debug_params_etf p = { .sink_mode = 2 };

    CHECK(debug(w, HL_DEBUG_OP_ETF, 0, 1, &p, sizeof(p), NULL, 0) == 0);
    CHECK(debug(w, HL_DEBUG_OP_ETF, 0, 1, NULL, 0, NULL, 0) == (w->old ? -EINVAL : 0));
    CHECK(debug(w, HL_DEBUG_OP_SET_MODE, 0, 0, NULL, 0, NULL, 0) == 0);
    CHECK(debug(w, HL_DEBUG_OP_SET_MODE, 0, 1, NULL, 0, NULL, 0) == 0);
    CHECK(debug(w, HL_DEBUG_OP_ETF, 0, 1, NULL, 0, NULL, 0) == -EINVAL);
}

/* The sync manager of DCORE1 as memory: a submission changes it, the program sees it. */
static void test_block(struct work *w)
{
    const uint64_t objects = 0x1000007FF8000000 + 0x4300000;
    union hl_mem_args m = { .in = { .op = HL_MEM_OP_MAP_BLOCK } };
    volatile uint32_t *sob;
    struct work_cb cb;

    m.in.map_block.block_addr = objects;
    if (w->asic != WORK_GAUDI2) {
        CHECK(work_try(w, 4, &m) == -EPERM);
        return;
    }
    CHECK(work_try(w, 4, &m) == 0);
    CHECK(m.out.block_size == 0x14000);
    CHECK(mmap(NULL, 0x1000, PROT_READ, MAP_SHARED, w->fd, (off_t)m.out.block_handle) ==
              MAP_FAILED &&
          errno == EINVAL);
    sob = mmap(NULL, 0x14000, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, (off_t)m.out.block_handle);
    CHECK(sob != MAP_FAILED);
    work_cb(w, &cb, 4096);
    work_msg(&cb, objects + 4 * 77, 123, true);
    work_wait(w, work_submit(w, w->down, &cb));
    CHECK(sob[77] == 123);
    memset(&m, 0, sizeof(m));
    m.in.op = HL_MEM_OP_MAP_BLOCK;
    m.in.map_block.block_addr = objects + 4;
    CHECK(work_try(w, 4, &m) == -EINVAL);
    munmap((void *)(uintptr_t)sob, 0x14000);
    work_cb_free(w, &cb);
}

/* The vendor's driver: registers by their address, counters among them. */
static void test_read_block(struct work *w, bool vendor)
{
    struct hl_debug_params_spmu p = { .event_types = { 1, 2, 3 }, .event_types_num = 3 };
    uint32_t regs[64] = { 0 };
    struct hl_debug_params_read_block b = { .cfg_address = 0x1000007FF8000000 + 0x1000,
                                            .user_address = (uintptr_t)regs,
                                            .size = sizeof(regs) };

    if (!vendor) {
        CHECK(debug(w, HL_DEBUG_OP_READBLOCK, 0, 0, &b, sizeof(b), NULL, 0) == -EINVAL);
        return;
    }
    CHECK(debug(w, HL_DEBUG_OP_SPMU, 0, 1, &p, sizeof(p), NULL, 0) == 0);
    usleep(1000);
    CHECK(debug(w, HL_DEBUG_OP_READBLOCK, 0, 0, &b, sizeof(b), NULL, 0) == 0);
    CHECK(regs[0] && regs[2] && regs[4] && regs[0xF8 / 4] > 100000);
    b.size = 16385;
    CHECK(debug(w, HL_DEBUG_OP_READBLOCK, 0, 0, &b, sizeof(b), NULL, 0) == -EINVAL);
    b.size = 4;
    b.cfg_address = 0x1000;
    CHECK(debug(w, HL_DEBUG_OP_READBLOCK, 0, 0, &b, sizeof(b), NULL, 0) == -EINVAL);
}

int main(int argc, char **argv)
{
    bool vendor = argc > 1 && !strcmp(argv[1], "vendor");
    int not_debugging = vendor ? -EPERM : -EFAULT;
    struct work w;

    work_open(&w);
    test_mode(&w, not_debugging);
    test_counters(&w);
    test_refused_counts(&w);
    test_halt(&w);
    test_block(&w);
    test_read_block(&w, vendor);
    close(w.fd);
    work_open(&w); /* closing ends debug mode */
    CHECK(debug(&w, HL_DEBUG_OP_TIMESTAMP, 0, 0, NULL, 0, NULL, 0) == not_debugging);
    close(w.fd);
    puts("debug mode, counters, blocks: as expected");
    return 0;
}
