/* SPDX-License-Identifier: MIT */
/*
 * Gaudi2's blocks (gaudi2_user_mapped_blocks_init()): in the driver's order, which gives them
 * their numbers: memory of the scheduler and queue cores, their engines, network doorbells,
 * decoders, and the sync managers of three dcores.
 */
#include "sim/model/block.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TYPE_BLOCK (0x4ull << 59)
#define CORES 69u
#define UMR 360u /* 24 network engines, 15 blocks each */
#define BLOCKS (CORES + 8 + UMR + 10 + 6)

/* gaudi2_arc_dccm_bases[] */
static const uint32_t cores[CORES] = {
    0x4e90000, 0x4eb0000, 0x4ed0000, 0x4ef0000, 0x42c0000, 0x46c0000, 0x4000000, 0x4010000,
    0x4020000, 0x4030000, 0x4040000, 0x4050000, 0x4200000, 0x4210000, 0x4220000, 0x4230000,
    0x4240000, 0x4250000, 0x4400000, 0x4410000, 0x4420000, 0x4430000, 0x4440000, 0x4450000,
    0x4600000, 0x4610000, 0x4620000, 0x4630000, 0x4640000, 0x4650000, 0x4060000, 0x40c0000,
    0x44c0000, 0x41c0000, 0x41d0000, 0x43c0000, 0x43d0000, 0x45c0000, 0x45d0000, 0x47c0000,
    0x47d0000, 0x4c80000, 0x4c90000, 0x4e00000, 0x4e10000, 0x5410000, 0x5430000, 0x5490000,
    0x54b0000, 0x5510000, 0x5530000, 0x5590000, 0x55b0000, 0x5610000, 0x5630000, 0x5690000,
    0x56b0000, 0x5710000, 0x5730000, 0x5790000, 0x57b0000, 0x5810000, 0x5830000, 0x5890000,
    0x58b0000, 0x5910000, 0x5930000, 0x5990000, 0x59b0000,
};

static void block(unsigned i, uint32_t *offset, uint32_t *size)
{
    *size = 0x1000;
    if (i < CORES) {
        *offset = cores[i];
        *size = i < 4 ? 0x10000 : 0x8000;
        return;
    }
    i -= CORES;
    if (i < 8) {
        *offset = i < 4 ? 0x4E8F000 + 0x20000 * i : 0x40CF000 + 0x200000 * (i - 4);
        return;
    }
    i -= 8;
    if (i < UMR) {
        unsigned nic = i / 15;

        *offset = 0x5400000 + 0x80000 * (nic / 2) + 0x20000 * (nic % 2) + 0x1000 * (i % 15);
        return;
    }
    i -= UMR;
    if (i < 10) {
        *offset = i < 8 ? 0x41E0000 + 0x200000 * (i / 2) + 0x10000 * (i % 2)
                        : 0x4F00000 + 0x10000 * (i - 8);
        return;
    }
    i -= 10;
    *offset = 0x4100000 + 0x200000 * (1 + i / 2) + (i % 2 ? 0x1E000 : 0);
    if (i % 2 == 0)
        *size = 0x14000;
}

int sim_block_find(const struct sim_device *d, uint64_t address, uint64_t *handle, uint32_t *size)
{
    uint32_t offset, n;

    *handle = 0;
    *size = 0;
    if (!sim_asic_of(d)->block_map)
        return -EPERM;
    for (unsigned i = 0; i < BLOCKS; i++) {
        block(i, &offset, &n);
        if (address != sim_asic_of(d)->chip->cfg_base + offset)
            continue;
        *handle = TYPE_BLOCK | (uint64_t)i << 12;
        *size = n;
        return 0;
    }
    return -EINVAL;
}

int sim_block_mmap(const struct sim_device *d, uint64_t offset, uint64_t length, uint64_t *at)
{
    uint32_t i = (uint32_t)(offset >> 12), o, n; /* as the driver cuts it */

    if (!sim_asic_of(d)->block_map)
        return -EPERM;
    if (i >= BLOCKS)
        return -EINVAL;
    block(i, &o, &n);
    if (length != n)
        return -EINVAL;
    *at = o;
    return 0;
}

void *block_registers(const struct sim_state *s, const struct sim_device *d, uint64_t offset,
                      uint64_t size)
{
    uint64_t first = offset & ~(SIM_PAGE - 1);
    void *p;

    (void)s;
    if (d->regs_fd < 0)
        return NULL;
    p = mmap(NULL, offset + size - first, PROT_READ | PROT_WRITE, MAP_SHARED, d->regs_fd,
             (off_t)first);
    return p == MAP_FAILED ? NULL : (uint8_t *)p + (offset - first);
}

void block_unmap(void *registers, uint64_t size)
{
    uintptr_t a = (uintptr_t)registers & ~(uintptr_t)(SIM_PAGE - 1);

    syscall(SYS_munmap, a, (uintptr_t)registers + size - a);
}
