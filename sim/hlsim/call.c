/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/hlsim/debugfs.h"
#include "sim/hlsim/execute.h"
#include "sim/hlsim/files.h"
#include "sim/hlsim/memory.h"
#include "sim/hlsim/sysfs_write.h"
#include "sim/hlsim/tree.h"
#include "sim/layout.h"
#include "sim/lock.h"
#include "sim/model/block.h"
#include "sim/model/submission.h"

uint64_t call_seed;
int call_segments[2] = { -1, -1 };

static _Thread_local struct call *current;

/* ---- the model's surroundings ---- */

static int copy_in(void *to, uint64_t user, size_t n)
{
    return memory_read(current, to, user, n);
}

static int copy_out(uint64_t user, const void *from, size_t n)
{
    return memory_write(current, user, from, n);
}

static int pin(const struct sim_state *s, uint64_t user, uint64_t size)
{
    (void)s;
    (void)user;
    (void)size;
    return current->request.pinned; /* the caller has checked them itself: the pages are its own */
}

/* Only the program's side knows the descriptor's number: it fills it in where there is a 0 now. */
static int new_dmabuf(struct sim_state *s, uint32_t device, const struct sim_dmabuf *b,
                      uint32_t flags)
{
    int rc;

    if (!current->transfer)
        return -EINVAL;
    rc = files_new(s, SIM_FILE_DMABUF, device, flags, &current->fds[0]);
    if (rc < 0)
        return rc;
    current->own[0] = true;
    current->reply->file = (uint32_t)rc;
    s->files[rc].dmabuf = *b;
    return 0;
}

static int import_dmabuf(struct sim_state *s, uint32_t device, uint32_t context, int fd)
{
    (void)fd; /* that is the program's number */
    files_settle(s);
    return files_import(s, device, context, current->pass);
}

static int eventfd_register(struct sim_state *s, uint32_t file, int fd)
{
    if (fd >= 0 && current->pass < 0)
        return -EBADF;
    return files_eventfd(s, file, fd < 0 ? -1 : current->pass);
}

/* A descriptor in the argument comes with the request if it is open. */
static bool is_open(int fd)
{
    (void)fd;
    return current->pass >= 0;
}

static void clear_buffer(struct sim_state *s, struct sim_device *d, uint32_t index)
{
    const struct sim_buffer *b = &d->context.buffers[index];
    uint64_t size = (b->size + SIM_PAGE - 1) & ~(SIM_PAGE - 1);

    (void)s;
    fallocate(d->buffer_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)b->at, (off_t)size);
}

static void complain(const struct sim_state *s, const char *what, unsigned long value)
{
    char line[160];

    if (s->quiet)
        return;
    snprintf(line, sizeof(line), "hlsim: pid %d: %s %#lx\n", (int)current->request.pid, what,
             value);
    memory_say(current, line);
}

static bool interrupted(void)
{
    return atomic_load(&current->cancelled);
}

static const struct sim_env *environment(struct sim_state *s, struct sim_env *env)
{
    *env = (struct sim_env){
        .state = s,
        .pid = current->pid,
        .tid = current->request.tid,
        .copy_in = copy_in,
        .copy_out = copy_out,
        .pin = pin,
        .new_dmabuf = new_dmabuf,
        .import_dmabuf = import_dmabuf,
        .is_open = is_open,
        .settle = files_settle,
        .eventfd = eventfd_register,
        .clear_buffer = clear_buffer,
        .complain = complain,
        .interrupted = interrupted,
    };
    return env;
}

/* ---- requests, with the lock ---- */

struct sim_file *call_file(struct sim_state *s, const struct sim_request *q, unsigned kinds)
{
    struct sim_file *f = q->file < SIM_MAX_FILES ? &s->files[q->file] : NULL;

    return f && f->serial == q->serial && kinds & 1u << f->kind ? f : NULL;
}

#define NODES (1u << SIM_FILE_PRIMARY | 1u << SIM_FILE_CONTROL)
#define DMABUF (1u << SIM_FILE_DMABUF)

static int serve_ioctl(struct sim_state *s, struct call *c)
{
    const struct sim_request *q = &c->request;
    struct sim_env env;
    int rc;

    if (!call_file(s, q, NODES))
        return -EBADF;
    files_call_begins(s, q->file);
    rc = sim_ioctl(environment(s, &env), q->file, q->request, q->argument);
    files_call_ends(s, q->file, q->serial);
    return rc;
}

static void wait_us(struct sim_state *s, uint64_t us)
{
    if (!us)
        return;
    sim_unlock(s);
    usleep((useconds_t)us);
    sim_lock(s);
}

static int serve_open(struct sim_state *s, struct call *c)
{
    const struct sim_request *q = &c->request;
    struct sim_device *d = &s->devices[q->device];
    uint64_t delay_us = 0;
    int rc = q->control ? 0 : sim_fault_check(s, d, SIM_OP_OPEN, &delay_us);

    wait_us(s, delay_us);
    rc = rc ? rc : sim_open_check(s, d, q->control);
    if (!rc && !q->control)
        rc = execute_start(s, d, call_seed);
    if (rc)
        return rc;
    rc = files_new(s, q->control ? SIM_FILE_CONTROL : SIM_FILE_PRIMARY, q->device, q->flags,
                   &c->fds[0]);
    if (rc < 0)
        return rc;
    c->own[0] = true;
    c->reply->file = (uint32_t)rc;
    s->files[rc].opener = c->pid;
    sim_opened(s, (uint32_t)rc);
    return 0;
}

/* The driver's rules: 0, which memory, and where in it; or -errno. */
static int choose(struct sim_state *s, const struct sim_request *q, struct call *c)
{
    const struct sim_file *f = &s->files[q->file];
    const struct sim_device *d = &s->devices[f->device];
    struct sim_context *x = sim_context_of(s, q->file);
    uint32_t buffer = SIM_NONE;
    int rc;

    if (!x || d->removed)
        return -ENODEV;
    switch (q->argument >> 59 & 0x1f) {
    case 0x2: /* command buffers, timestamps */
    case 0x10:
        rc = sim_buffer_mmap(x, q->argument, q->length, &buffer);
        if (!rc)
            c->reply->at = x->buffers[buffer].at;
        c->fds[0] = d->buffer_fd;
        break;
    case 0x4: /* registers */
        rc = sim_block_mmap(d, q->argument, q->length, &c->reply->at);
        c->fds[0] = d->regs_fd;
        break;
    default:
        return -EINVAL;
    }
    if (rc)
        return rc;
    rc = files_map(s, q->file, q->mapper, &c->fds[1]);
    if (rc < 0)
        return rc;
    c->own[1] = c->fds[1] >= 0;
    if (buffer != SIM_NONE)
        x->buffers[buffer].mapper = (uint32_t)rc;
    c->reply->file = (uint32_t)rc;
    c->reply->buffer = buffer;
    return 0;
}

static int serve_mmap(struct sim_state *s, struct call *c)
{
    int rc = call_file(s, &c->request, 1u << SIM_FILE_PRIMARY) ? choose(s, &c->request, c) : -EBADF;

    if (rc)
        c->fds[0] = c->fds[1] = -1;
    return rc;
}

/* Pulled, of the same kind, and no file of it is open any more. */
static bool can_come_back(const struct sim_state *s, uint32_t device, uint32_t asic)
{
    const struct sim_device *d = &s->devices[device];

    if (!d->removed || d->asic != asic || d->context.id)
        return false;
    for (uint32_t i = 0; i < SIM_MAX_FILES; i++) {
        if (s->files[i].kind && s->files[i].device == device)
            return false;
    }
    return true;
}

/* A device is plugged in: one that was pulled, in its old place, or another one. */
static int serve_add(struct sim_state *s, const struct sim_request *q)
{
    uint32_t i = 0;
    int rc;

    if (q->asic >= SIM_ASIC_COUNT)
        return -EINVAL;
    while (i < s->device_count && !can_come_back(s, i, q->asic))
        i++;
    if (i < s->device_count) {
        sim_device_return(s, &s->devices[i]);
        execute_clear(s, &s->devices[i]);
    } else if (i == SIM_MAX_DEVICES) {
        return -ENOSPC;
    } else {
        rc = call_create_device(s, i, (enum sim_asic_id)q->asic);
        if (rc)
            return rc;
        __atomic_store_n(&s->device_count, i + 1, __ATOMIC_RELEASE);
    }
    sim_trace_event(s, i, "added");
    rc = tree_add(s, &s->devices[i]);
    if (rc)
        fprintf(stderr, "hlsim: device %u: its files are incomplete: %s\n", i, strerror(-rc));
    sysfs_write_watch(s, &s->devices[i]);
    return (int)i;
}

static int serve_dmabuf(struct sim_state *s, struct call *c)
{
    const struct sim_request *q = &c->request;
    struct sim_file *f = call_file(s, q, DMABUF);
    struct sim_device *d;

    if (!f)
        return -EBADF;
    d = &s->devices[f->device];
    switch (q->op) {
    case SIM_REQUEST_MEMORY:
        c->fds[0] = d->memory_fd;
        return 0;
    case SIM_REQUEST_LOCATE:
        if (q->argument >= f->dmabuf.size || d->context.id != f->dmabuf.context)
            return -EINVAL;
        c->reply->at = sim_dmabuf_locate(d, &f->dmabuf, q->argument, &c->reply->left);
        return 0;
    default:
        memcpy(f->dmabuf.name, q->args, sizeof(f->dmabuf.name));
        f->dmabuf.name[sizeof(f->dmabuf.name) - 1] = '\0';
        f->dmabuf.named = true;
        return 0;
    }
}

static int serve_flags(struct sim_state *s, const struct sim_request *q)
{
    struct sim_file *f = call_file(s, q, NODES | DMABUF);
    const uint32_t can = O_NONBLOCK | O_APPEND;

    if (!f)
        return -EBADF;
    f->flags = (f->flags & ~can) | (q->flags & can);
    return 0;
}

/* A descriptor travels: the file may have gone since the caller looked. */
static int serve_message(struct sim_state *s, const struct sim_request *q)
{
    struct sim_file *f = call_file(s, q, DMABUF);

    if (!f || f->inode != q->argument)
        return -EBADF;
    if (q->flags)
        f->in_messages++;
    else if (f->in_messages)
        f->in_messages--;
    return 0;
}

static int serve_find(struct sim_state *s, struct call *c)
{
    c->reply->file = sim_file_by_inode(s, c->request.argument);
    return c->reply->file == SIM_NONE ? -ENOENT : 0;
}

static int serve_hello(struct call *c)
{
    memcpy(c->fds, call_segments, sizeof(c->fds));
    c->reply->file = c->request.client;
    return 0;
}

static int serve_device(struct sim_state *s, struct call *c)
{
    const struct sim_request *q = &c->request;
    struct sim_device *d;

    if (q->device >= s->device_count)
        return -ENODEV;
    d = &s->devices[q->device];
    switch (q->op) {
    case SIM_REQUEST_OPEN:
        files_settle(s);
        return c->transfer ? serve_open(s, c) : -EINVAL;
    case SIM_REQUEST_RELEASE:
        files_settle(s);
        sim_device_releases(d, 0);
        return 0;
    case SIM_REQUEST_RESET:
        sim_device_fail(s, d);
        return 0;
    case SIM_REQUEST_REMOVE:
        sim_device_remove(s, d);
        return 0;
    default:
        sim_device_event(s, d, q->events);
        return 0;
    }
}

static int serve(struct sim_state *s, struct call *c)
{
    switch ((enum sim_request_op)c->request.op) {
    case SIM_REQUEST_HELLO:
        return c->transfer ? serve_hello(c) : -EINVAL;
    case SIM_REQUEST_IOCTL:
        return serve_ioctl(s, c);
    case SIM_REQUEST_MMAP:
        return c->transfer ? serve_mmap(s, c) : -EINVAL;
    case SIM_REQUEST_UNMAPPED:
        if (!call_file(s, &c->request, 1u << SIM_FILE_MAPPING))
            return -EBADF;
        files_unmapped(s, c->request.file, c->request.argument);
        return 0;
    case SIM_REQUEST_MEMORY:
    case SIM_REQUEST_LOCATE:
    case SIM_REQUEST_NAME:
        return serve_dmabuf(s, c);
    case SIM_REQUEST_FLAGS:
        return serve_flags(s, &c->request);
    case SIM_REQUEST_MESSAGE:
        return serve_message(s, &c->request);
    case SIM_REQUEST_FIND:
        return serve_find(s, c);
    case SIM_REQUEST_SETTLE:
        files_settle(s);
        return 0;
    case SIM_REQUEST_ADD:
        files_settle(s);
        return serve_add(s, &c->request);
    case SIM_REQUEST_DEBUGFS_OPEN:
    case SIM_REQUEST_DEBUGFS_READ:
    case SIM_REQUEST_DEBUGFS_WRITE:
        return debugfs_serve(s, c);
    case SIM_REQUEST_OPEN:
    case SIM_REQUEST_RELEASE:
    case SIM_REQUEST_RESET:
    case SIM_REQUEST_REMOVE:
    case SIM_REQUEST_EVENT:
        return serve_device(s, c);
    }
    return -EINVAL;
}

void call_attend(struct sim_state *s)
{
    if (!s->attention)
        return;
    s->attention = false;
    files_signal(s);
    for (uint32_t i = 0; i < s->device_count; i++) {
        struct sim_device *d = &s->devices[i];

        /* a reset that will end by itself: sysfs has to report it then */
        if (sim_device_recovers(d))
            s->attention = true;
    }
    tree_update(s);
}

void call_serve(struct call *c)
{
    struct sim_state *s = c->state;

    current = c;
    if (c->request.window > SIM_ARGUMENT)
        c->request.window = 0;
    sim_lock(s);
    c->reply->rc = serve(s, c);
    call_attend(s);
    if (c->finish)
        c->finish(c);
    sim_unlock(s);
    current = NULL;
}

void call_wake(struct sim_state *s, uint32_t file)
{
    struct sim_submit *u;

    if (file >= SIM_MAX_FILES || s->files[file].device >= s->device_count)
        return;
    u = submission_of(s, &s->devices[s->files[file].device]);
    if (u)
        sim_sub_wake(u);
}

/* ---- devices ---- */

static int memfd(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd >= 0 && ftruncate(fd, (off_t)size) < 0) {
        close(fd);
        fd = -1;
    }
    return fd < 0 ? -errno : fd;
}

int call_create_device(struct sim_state *s, uint32_t place, enum sim_asic_id asic)
{
    struct sim_device *d = &s->devices[place];
    char name[32];

    sim_device_init(s, d, asic, place);
    d->memory_fd = memfd("hlsim-memory", sim_asic_of(d)->chip->memory_size);
    snprintf(name, sizeof(name), LAYOUT_BUFFERS "%u", (int)s->supervisor, d->index);
    d->buffer_fd = memfd(name, SIM_BUFFER_BYTES);
    if (d->memory_fd >= 0 && d->buffer_fd >= 0 && !execute_prepare(s, d))
        return 0;
    if (d->memory_fd >= 0)
        close(d->memory_fd);
    if (d->buffer_fd >= 0)
        close(d->buffer_fd);
    return -ENOMEM;
}
