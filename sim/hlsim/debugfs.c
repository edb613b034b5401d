/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/debugfs.h"

#include <errno.h>
#include <fcntl.h>

#include "sim/debugfs.h"
#include "sim/hlsim/execute.h"
#include "sim/hlsim/files.h"
#include "sim/model/model.h"

static int open_file(struct sim_state *s, struct call *c)
{
    const struct sim_request *q = &c->request;
    int rc;

    if (q->device >= s->device_count || s->devices[q->device].removed ||
        q->argument >= SIM_DEBUGFS_COUNT)
        return -ENOENT;
    if (!c->transfer)
        return -EINVAL;
    rc = files_new(s, SIM_FILE_DEBUGFS, q->device, q->flags, &c->fds[0]);
    if (rc < 0)
        return rc;
    c->own[0] = true;
    c->reply->file = (uint32_t)rc;
    s->files[rc].attribute = (uint32_t)q->argument;
    return 0;
}

/* hl_data_read32() and its siblings: what the device has at the address. */
static int data(struct sim_device *d, void *value, unsigned n, bool write)
{
    return sim_device_operational(d) ? execute_access(d, d->debug_address, value, n, write)
                                     : -EBUSY;
}

static int read_or_write(struct sim_state *s, uint32_t file, bool write, uint64_t *value)
{
    const struct sim_file *f = &s->files[file];
    struct sim_device *d = &s->devices[f->device];

    switch ((enum sim_debugfs)f->attribute) {
    case SIM_DEBUGFS_ADDR:
        if (write)
            d->debug_address = *value;
        *value = d->debug_address;
        return 0;
    case SIM_DEBUGFS_DATA32:
    case SIM_DEBUGFS_DATA64:
        *value = write ? *value : 0;
        return data(d, value, f->attribute == SIM_DEBUGFS_DATA32 ? 4 : 8, write);
    default:
        return 0;
    }
}

void debugfs_written(struct sim_state *s, uint32_t file, const void *text, size_t n)
{
    const struct sim_file *f = &s->files[file];
    uint64_t value;

    if ((f->flags & O_ACCMODE) != O_RDONLY && !sim_debugfs_number(f->attribute, text, n, &value))
        read_or_write(s, file, true, &value);
}

int debugfs_serve(struct sim_state *s, struct call *c)
{
    const struct sim_request *q = &c->request;

    if (q->op == SIM_REQUEST_DEBUGFS_OPEN)
        return open_file(s, c);
    files_settle(s); /* what was written before, by whomever */
    if (!call_file(s, q, 1u << SIM_FILE_DEBUGFS))
        return -EBADF;
    c->reply->at = q->argument;
    return read_or_write(s, q->file, q->op == SIM_REQUEST_DEBUGFS_WRITE, &c->reply->at);
}
