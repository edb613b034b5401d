/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/classic/convention.h"
#include "lib/error.h"
#include "lib/kernel/debugfs.h"
#include "lib/kernel/discovery.h"

#include <habanalabs/hlthunk.h>

static int is_null(void)
{
    return hl_classic(hl_err(-EINVAL, "debugfs is NULL"));
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/*
 * Clock gating is switched off meanwhile, where the driver has a file for it; those of 6.1 and
 * 6.12 have one that does nothing and reads as empty: then there is nothing to restore.
 */
static int stop_clock_gating(const struct hlthunk_device_entry *entry, struct hlthunk_debugfs *d)
{
    struct hl_err_kept kept;
    ssize_t n;

    hl_err_begin(&kept);
    d->clk_gate_fd = hl_debugfs_open(entry, "clk_gate", O_RDWR);
    hl_err_end(&kept, d->clk_gate_fd < 0 && d->clk_gate_fd != -ENOENT);
    if (d->clk_gate_fd == -ENOENT) {
        d->clk_gate_fd = -1;
        return 0;
    }
    if (d->clk_gate_fd < 0)
        return d->clk_gate_fd;
    n = pread(d->clk_gate_fd, d->clk_gate_val, sizeof(d->clk_gate_val) - 1, 0);
    if (n < 0 || (n > 0 && pwrite(d->clk_gate_fd, "0", 1, 0) < 0))
        return hl_err(-errno, "clk_gate of %s: %s", entry->node, strerror(errno));
    return 0;
}

int hlthunk_debugfs_open(int fd, struct hlthunk_debugfs *debugfs)
{
    struct hlthunk_debugfs d = { .addr_fd = -1, .data_fd = -1, .clk_gate_fd = -1 };
    struct hlthunk_device_entry entry;
    bool control;
    int rc;

    if (!debugfs)
        return is_null();
    rc = hl_discover_fd(fd, &entry, &control);
    if (rc)
        return hl_classic(rc);
    rc = d.addr_fd = hl_debugfs_open(&entry, "addr", O_WRONLY);
    if (rc >= 0)
        rc = d.data_fd = hl_debugfs_open(&entry, "data32", O_RDWR);
    if (rc >= 0)
        rc = stop_clock_gating(&entry, &d);
    if (rc < 0) {
        close_one(&d.addr_fd);
        close_one(&d.data_fd);
        close_one(&d.clk_gate_fd);
        return hl_classic(rc);
    }
    *debugfs = d;
    return 0;
}

int hlthunk_debugfs_read(struct hlthunk_debugfs *debugfs, uint64_t full_address, uint32_t *val)
{
    if (!debugfs)
        return is_null();
    if (!val)
        return hl_classic(hl_err(-EINVAL, "val is NULL"));
    return hl_classic(hl_debugfs_peek(debugfs->addr_fd, debugfs->data_fd, full_address, val));
}

int hlthunk_debugfs_write(struct hlthunk_debugfs *debugfs, uint64_t full_address, uint32_t val)
{
    if (!debugfs)
        return is_null();
    return hl_classic(hl_debugfs_poke(debugfs->addr_fd, debugfs->data_fd, full_address, val));
}

int hlthunk_debugfs_close(struct hlthunk_debugfs *debugfs)
{
    size_t n;
    int rc = 0;

    if (!debugfs)
        return is_null();
    n = strnlen(debugfs->clk_gate_val, sizeof(debugfs->clk_gate_val));
    if (debugfs->clk_gate_fd >= 0 && n &&
        pwrite(debugfs->clk_gate_fd, debugfs->clk_gate_val, n, 0) < 0)
        rc = hl_err(-errno, "clock gating could not be restored: %s", strerror(errno));
    close_one(&debugfs->addr_fd);
    close_one(&debugfs->data_fd);
    close_one(&debugfs->clk_gate_fd);
    return hl_classic(rc);
}
