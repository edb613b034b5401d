/* SPDX-License-Identifier: MIT */
/*
 * ioctl() on a node.  The supervisor carries it out; queries that change nothing are answered here,
 * from the state, without a lock.
 */
#include <errno.h>
#include <linux/ioctl.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/lock.h"
#include "sim/preload/preload.h"
#include "uapi/requests.h"

/* The driver's operations, by their number within their generation. */
enum {
    OPERATION_INFO,
    OPERATION_SUBMISSION = 2,
    OPERATION_WAIT = 3,
    OPERATION_MEMORY = 4,
    OPERATION_NONE = 99
};

/* A call, as far as this side has to understand it. */
struct node_call {
    uint32_t file;
    unsigned request;
    uint64_t user;
    unsigned operation;
    union {
        struct hl_info_args info;
        union hl_mem_args memory;
        uint8_t bytes[SIM_ARGUMENT];
    } args; /* as the driver gets them */
    uint32_t window;
};

static unsigned operation_of(uint32_t file, unsigned request)
{
    unsigned nr = _IOC_NR(request);
    bool drm = sim_kernel(sim)->drm;

    if (drm && _IOC_TYPE(request) != 'd' && sim->files[file].kind != SIM_FILE_CONTROL)
        return OPERATION_NONE;
    nr -= drm ? 0x40 : 1;
    return nr < 6 ? nr : OPERATION_NONE;
}

/* What the driver does not copy in is zero (drm_ioctl()). */
static bool copies_in(uint32_t file, unsigned request)
{
    return !sim_kernel(sim)->drm || sim->files[file].kind == SIM_FILE_CONTROL ||
           _IOC_DIR(request) & _IOC_WRITE;
}

static void prepare(struct node_call *c, uint32_t file, unsigned request, uint64_t user)
{
    const struct sim_env *env = preload_env();
    unsigned size = _IOC_SIZE(request);

    memset(c, 0, sizeof(*c));
    c->file = file;
    c->request = request;
    c->user = user;
    c->operation = operation_of(file, request);
    c->window = size < SIM_ARGUMENT ? size : SIM_ARGUMENT;
    if (!copies_in(file, request) || env->copy_in(c->args.bytes, user, c->window))
        c->window = 0;
}

/* ---- without the supervisor ---- */

/* Queries that only read the state, in a bounded number of steps. */
static bool only_reads(uint32_t op)
{
    static const uint64_t those =
        1ull << HL_INFO_HW_IP_INFO | 1ull << HL_INFO_HW_EVENTS | 1ull << HL_INFO_DRAM_USAGE |
        1ull << HL_INFO_DEVICE_STATUS | 1ull << HL_INFO_HW_EVENTS_AGGREGATE |
        1ull << HL_INFO_CLK_RATE | 1ull << HL_INFO_RESET_COUNT | 1ull << HL_INFO_TIME_SYNC |
        1ull << HL_INFO_PCI_COUNTERS | 1ull << HL_INFO_SYNC_MANAGER |
        1ull << HL_INFO_PLL_FREQUENCY | 1ull << HL_INFO_LAST_ERR_OPEN_DEV_TIME |
        1ull << HL_INFO_CS_TIMEOUT_EVENT | 1ull << HL_INFO_RAZWI_EVENT |
        1ull << HL_INFO_UNDEFINED_OPCODE_EVENT | 1ull << HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES |
        1ull << HL_INFO_PAGE_FAULT_EVENT | 1ull << HL_INFO_HW_ERR_EVENT |
        1ull << HL_INFO_FW_ERR_EVENT | 1ull << HL_INFO_USER_ENGINE_ERR_EVENT;

    return op < 64 && those >> op & 1;
}

static bool answer_here(const struct node_call *c, int *rc)
{
    uint32_t at;

    if (c->operation != OPERATION_INFO || !c->window || !only_reads(c->args.info.op) ||
        sim->fault_count || sim->trace.on)
        return false;
    for (unsigned n = 0; sim_read_begin(sim, &at, n); n++) {
        *rc = sim_ioctl(preload_env(), c->file, c->request, c->user);
        if (sim_read_valid(sim, at))
            return true;
    }
    return false;
}

/* ---- with the supervisor ---- */

/* Writes the reply into the program's memory: false where it is not writable. */
static bool deliver(const struct sim_reply *r)
{
    const struct sim_env *env = preload_env();
    struct sim_out o;
    bool all = true;

    for (uint32_t at = 0; at + sizeof(o) <= r->out_size;
         at += (uint32_t)sizeof(o) + ((o.size + 7) & ~7u)) {
        const uint8_t *bytes = r->out + at + sizeof(o);

        memcpy(&o, r->out + at, sizeof(o));
        if (o.size > r->out_size - at - sizeof(o))
            break;
        if (!o.address)
            syscall(SYS_write, STDERR_FILENO, bytes, o.size);
        else if (env->copy_out(o.address, bytes, o.size))
            all = false;
    }
    return all;
}

/* Fills the descriptor that this process received into the argument that goes back. */
static void put_descriptor(struct sim_reply *r, uint64_t user, int fd)
{
    struct sim_out o;

    for (uint32_t at = 0; at + sizeof(o) <= r->out_size;
         at += (uint32_t)sizeof(o) + ((o.size + 7) & ~7u)) {
        memcpy(&o, r->out + at, sizeof(o));
        if (o.address == user && o.size >= sizeof(fd)) {
            memcpy(r->out + at + sizeof(o) + offsetof(union hl_mem_args, out.fd), &fd, sizeof(fd));
            return;
        }
    }
}

static bool exports(const struct node_call *c)
{
    return c->operation == OPERATION_MEMORY && c->window &&
           c->args.memory.in.op == HL_MEM_OP_EXPORT_DMABUF_FD;
}

/* Host memory that is to be mapped: can the driver pin it? */
static int pinned(const struct node_call *c)
{
    const struct hl_mem_in *in = &c->args.memory.in;
    uint64_t start = in->map_host.host_virt_addr, size = in->map_host.mem_size;

    if (c->operation != OPERATION_MEMORY || in->op != HL_MEM_OP_MAP ||
        !(in->flags & HL_MEM_USERPTR) || !size || start + size + SIM_PAGE < start)
        return 0;
    return sim_kernel(sim)->vendor_calls && in->flags & HL_MEM_ODP
               ? 0
               : preload_env()->pin(sim, start, size);
}

/* DRM_IOCTL_PRIME_FD_TO_HANDLE: handled by the core, not by the driver. */
static bool asks_of_descriptor(const struct node_call *c)
{
    return sim_kernel(sim)->drm && _IOC_TYPE(c->request) == 'd' && _IOC_NR(c->request) == 0x2e;
}

/* The descriptor that an argument names, or -1. */
static int passes(const struct node_call *c)
{
    int fd = -1;

    if (asks_of_descriptor(c))
        memcpy(&fd, c->args.bytes + 8, sizeof(fd));

    else if (c->operation == OPERATION_MEMORY && c->args.memory.in.op == HL_MEM_OP_REG_DMABUF_FD)
        fd = (int)c->args.memory.in.reg_dmabuf_fd.fd;
    else if (c->operation == OPERATION_INFO && c->args.info.op == HL_INFO_REGISTER_EVENTFD)
        fd = (int)c->args.info.eventfd;
    return fd >= 0 && syscall(SYS_fcntl, fd, F_GETFD) >= 0 ? fd : -1;
}

/* A dma-buf: its descriptor goes into the argument. */
static int export(struct sim_request *q, struct node_call *c, struct sim_reply *r)
{
    bool cloexec = c->args.memory.in.flags & O_CLOEXEC;
    int fds[2], rc = client_transfer(q, r, -1, cloexec, fds);

    if (rc == 0 && fds[0] < 0)
        rc = -EMFILE; /* no descriptor was free; its file is closed again */
    if (rc == 0)
        fd_note(fds[0], r->file);
    if (fds[0] >= 0 || rc == -EMFILE)
        put_descriptor(r, c->user, fds[0] < 0 ? -EBADF : fds[0]);
    return rc;
}

static int ask(struct node_call *c)
{
    struct sim_request q = {
        .op = SIM_REQUEST_IOCTL,
        .file = c->file,
        .request = c->request,
        .argument = c->user,
        .window = c->window,
        .pinned = pinned(c),
    };
    struct sim_reply r;
    int fds[2], pass = passes(c), rc;

    r.out_size = 0;
    memcpy(q.args, c->args.bytes, sizeof(q.args));
    if (exports(c))
        rc = export(&q, c, &r);
    else if (pass >= 0)
        rc = client_transfer(&q, &r, pass, true, fds);
    else
        rc = client_call(&q, &r,
                         c->operation == OPERATION_WAIT || c->operation == OPERATION_SUBMISSION);
    return deliver(&r) ? rc : -EFAULT;
}

int call_ioctl(uint32_t file, unsigned request, uint64_t user)
{
    struct node_call c;
    int rc;

    prepare(&c, file, request, user);
    return answer_here(&c, &rc) ? rc : ask(&c);
}
