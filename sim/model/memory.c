/* SPDX-License-Identifier: MIT */
/* The MEMORY operation (hl_mem_ioctl of the driver's memory.c): same checks, same order. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "sim/model/block.h"

#define TYPE_TIMESTAMPS (0x10ull << 59)

/* ---- allocations --------------------------------------------------------------------------- */

static uint32_t page_count(const struct sim_asic *a)
{
    return (uint32_t)((a->chip->memory_size - a->memory_reserved) / a->memory_page);
}

/* The start of n free pages in a row, or SIM_NONE. */
static uint32_t find_run(const struct sim_context *c, uint32_t pages, uint32_t n)
{
    uint32_t run = 0;

    for (uint32_t i = 0; i < pages; i++) {
        run = c->page_used[i] ? 0 : run + 1;
        if (run == n)
            return i + 1 - n;
    }
    return SIM_NONE;
}

static int alloc_pages(const struct sim_asic *a, struct sim_context *c, struct sim_alloc *al,
                       uint32_t n, bool contiguous)
{
    uint32_t pages = page_count(a), last = SIM_NONE, i = 0, got = 0;

    if (contiguous) {
        i = find_run(c, pages, n);
        if (i == SIM_NONE)
            return -ENOMEM;
    } else {
        uint32_t free_pages = 0;

        for (uint32_t p = 0; p < pages; p++)
            free_pages += !c->page_used[p];
        if (free_pages < n)
            return -ENOMEM;
    }
    for (; got < n; i++) {
        if (c->page_used[i])
            continue;
        c->page_used[i] = true;
        if (last == SIM_NONE)
            al->first_page = i;
        else
            c->page_next[last] = (uint16_t)i;
        last = i;
        got++;
    }
    al->pages = n;
    return 0;
}

static int alloc(struct sim_device *d, struct sim_context *c, const struct hl_mem_in *in,
                 uint32_t *handle)
{
    const struct sim_asic *a = sim_asic_of(d);
    uint64_t rounded = in->alloc.mem_size + a->memory_page - 1, n = rounded / a->memory_page;
    uint32_t i;
    int rc;

    if (rounded < in->alloc.mem_size) /* no pages, as the driver counts them */
        return -EINVAL;
    if (n > page_count(a))
        return -ENOMEM;
    for (i = 0; i < SIM_MAX_ALLOCS && c->allocs[i].pages; i++)
        ;
    if (i == SIM_MAX_ALLOCS)
        return -ENOMEM;
    rc = alloc_pages(a, c, &c->allocs[i], (uint32_t)n, in->flags & HL_MEM_CONTIGUOUS);
    if (rc)
        return rc;
    c->allocs[i].mappings = 0;
    c->allocs[i].flags = in->flags;
    c->allocs[i].size = n * a->memory_page;
    c->memory += c->allocs[i].size;
    d->used_memory += c->allocs[i].size;
    *handle = i + 1;
    return 0;
}

static struct sim_alloc *alloc_by_handle(struct sim_context *c, uint64_t handle)
{
    uint32_t h = (uint32_t)handle; /* the driver truncates it, too */

    return h && h <= SIM_MAX_ALLOCS && c->allocs[h - 1].pages ? &c->allocs[h - 1] : NULL;
}

static int free_alloc(struct sim_device *d, struct sim_context *c, uint64_t handle)
{
    struct sim_alloc *al = alloc_by_handle(c, handle);
    uint32_t page;

    if (!al || al->mappings)
        return -EINVAL;
    page = al->first_page;
    for (uint32_t i = 0; i < al->pages; i++) {
        c->page_used[page] = false;
        page = c->page_next[page];
    }
    c->memory -= al->size;
    d->used_memory -= al->size;
    al->pages = 0;
    return 0;
}

/* ---- mappings ------------------------------------------------------------------------------ */

static uint32_t *map_bucket(struct sim_context *c, uint64_t va)
{
    return &c->map_buckets[(va >> 12 ^ va >> 29) % SIM_MAP_BUCKETS];
}

struct sim_map *sim_map_find(struct sim_context *c, uint64_t va)
{
    for (uint32_t i = *map_bucket(c, va); i != SIM_NONE; i = c->maps[i].next) {
        if (c->maps[i].va == va)
            return &c->maps[i];
    }
    return NULL;
}

static struct sim_map *map_new(struct sim_context *c)
{
    for (uint32_t i = c->map_hint; i < SIM_MAX_MAPS; i++) {
        if (!c->maps[i].kind) {
            memset(&c->maps[i], 0, sizeof(c->maps[i]));
            return &c->maps[i];
        }
    }
    return NULL;
}

static void map_insert(struct sim_context *c, struct sim_map *m, enum sim_map_kind kind)
{
    uint32_t *b = map_bucket(c, m->va);

    m->kind = (uint8_t)kind;
    m->next = *b;
    *b = (uint32_t)(m - c->maps);
    c->map_hint = *b + 1; /* the search began there and took the first */
    if (c->map_top < c->map_hint)
        c->map_top = c->map_hint;
}

void sim_map_remove(struct sim_context *c, struct sim_map *m)
{
    uint32_t i = (uint32_t)(m - c->maps), *p = map_bucket(c, m->va);

    while (*p != i)
        p = &c->maps[*p].next;
    *p = m->next;
    sim_space_put(&c->spaces[m->space], m->block, m->block_size);
    if (m->kind == SIM_MAP_DEVICE)
        c->allocs[m->alloc].mappings--;
    m->kind = SIM_MAP_FREE;
    if (i < c->map_hint)
        c->map_hint = i;
}

/* What is kept for firmware and processor cores, and only allocated on request (Gaudi2). */
static const uint64_t reserved_device[2] = { 0x1001500000000000, 0x10016FFFFFFFFFFF };
static const uint64_t reserved_host[2] = { 0xFFF077FFFFFF0000, 0xFFF07FFFFFFFFFFF };
static const uint64_t reserved_huge[2] = { 0xFFF0F80000000000, 0xFFF0FFFFFFFFFFFF };

static const uint64_t *reserved(const struct sim_asic *a, unsigned space)
{
    if (!a->host_huge_first)
        return NULL;
    return space == SIM_SPACE_HOST_HUGE ? reserved_huge : reserved_host;
}

/*
 * Where host memory goes (get_user_memory(), map_device_va()): it keeps a large page's alignment,
 * and large pages have a separate range where the ASIC has one.  Whether memory is in large pages
 * is up to the host; what is aligned and large enough counts as such here.
 */
static enum sim_space_id host_space(const struct sim_asic *a, uint64_t start, uint64_t size,
                                    uint64_t *align)
{
    uint64_t rest = a->huge_page - 1;

    *align = SIM_PAGE;
    if (start & rest)
        return SIM_SPACE_HOST;
    *align = a->huge_page;
    return a->host_huge_first && !(size & rest) ? SIM_SPACE_HOST_HUGE : SIM_SPACE_HOST;
}

static int map_host(const struct sim_env *env, const struct sim_asic *a, struct sim_context *c,
                    const struct hl_mem_in *in, uint64_t *va)
{
    uint64_t start = in->map_host.host_virt_addr, size = in->map_host.mem_size;
    uint64_t hint = in->map_host.hint_addr, offset = start & (SIM_PAGE - 1);
    bool force = in->flags & HL_MEM_FORCE_HINT;
    bool on_demand = sim_kernel(env->state)->vendor_calls && in->flags & HL_MEM_ODP;
    struct sim_map *m;
    uint64_t end, align;
    int rc;

    if (!size)
        return -EINVAL;
    end = (start + size + SIM_PAGE - 1) & ~(SIM_PAGE - 1);
    if (start + size < start || end < start + size)
        return -EINVAL;
    if (on_demand && !a->on_demand)
        return -EOPNOTSUPP;
    rc = on_demand ? 0 : env->pin(env->state, start, size);
    if (rc)
        return rc;
    if (hint && offset && force)
        return -EINVAL;
    m = map_new(c);
    if (!m)
        return -ENOMEM;
    m->block_size = end - (start - offset);
    m->space = (uint8_t)host_space(a, start, size, &align);
    m->block = sim_space_get(&c->spaces[m->space], m->block_size, hint, force, SIM_PAGE, align,
                             reserved(a, m->space));
    if (!m->block)
        return -ENOMEM;
    m->size = size;
    m->on_demand = on_demand;
    m->pid = env->pid;
    m->host_va = start - offset;
    m->host_size = m->block_size;
    m->va = m->block + offset;
    map_insert(c, m, SIM_MAP_HOST);
    *va = m->va;
    return 0;
}

static int map_device(const struct sim_asic *a, struct sim_context *c, const struct hl_mem_in *in,
                      uint64_t *va)
{
    struct sim_alloc *al = alloc_by_handle(c, in->map_device.handle);
    struct sim_map *m;

    if (!al)
        return -EINVAL;
    m = map_new(c);
    if (!m)
        return -ENOMEM;
    m->block_size = al->size;
    m->space = SIM_SPACE_DEVICE;
    m->block = sim_space_get(&c->spaces[SIM_SPACE_DEVICE], al->size, in->map_device.hint_addr,
                             in->flags & HL_MEM_FORCE_HINT, a->memory_page, a->memory_page,
                             a->host_huge_first ? reserved_device : NULL);
    if (!m->block)
        return -ENOMEM;
    m->size = al->size;
    m->alloc = (uint32_t)(al - c->allocs);
    m->va = m->block;
    al->mappings++;
    map_insert(c, m, SIM_MAP_DEVICE);
    *va = m->va;
    return 0;
}

static int map_import(const struct sim_asic *a, struct sim_context *c, uint32_t import,
                      uint64_t length, uint64_t *va)
{
    struct sim_map *m = map_new(c);

    if (!m)
        return -ENOMEM;
    m->block_size = (length + SIM_PAGE - 1) & ~(SIM_PAGE - 1);
    m->space = SIM_SPACE_HOST;
    m->block = sim_space_get(&c->spaces[SIM_SPACE_HOST], m->block_size, 0, false, SIM_PAGE,
                             SIM_PAGE, reserved(a, SIM_SPACE_HOST));
    if (!m->block)
        return -ENOMEM;
    m->size = length;
    m->import = import;
    m->va = m->block;
    map_insert(c, m, SIM_MAP_IMPORT);
    *va = m->va;
    return 0;
}

/*
 * The vendor's operation: a dma-buf of any exporter becomes part of the address space for host
 * memory, through which the device reaches anything on the bus.
 */
static int import_dmabuf(const struct sim_env *env, uint32_t file, const struct hl_mem_in *in,
                         uint64_t *va)
{
    struct sim_state *s = env->state;
    uint32_t device = s->files[file].device;
    struct sim_context *c = sim_context_of(s, file);
    uint64_t length = in->reg_dmabuf_fd.length;
    int rc, import;

    if (!length)
        return -EINVAL;
    import = env->import_dmabuf(s, device, c->id, (int)in->reg_dmabuf_fd.fd);
    if (import < 0)
        return import;
    c = sim_context_of(s, file);
    if (!c)
        return -EBUSY; /* closed meanwhile, and the import dropped with it */
    rc = length > s->imports[import].size
             ? -EINVAL
             : map_import(sim_asic_of(&s->devices[device]), c, (uint32_t)import, length, va);
    if (rc) {
        sim_import_drop(s, (uint32_t)import);
        env->settle(s);
    }
    return rc;
}

static int unmap(const struct sim_env *env, uint32_t file, struct sim_context *c, uint64_t va)
{
    struct sim_map *m = sim_map_find(c, va);
    uint32_t import;

    if (!m)
        return -EINVAL;
    if (m->exports) {
        /* perhaps the last descriptor was closed a moment ago */
        env->settle(env->state);
        c = sim_context_of(env->state, file);
        m = c ? sim_map_find(c, va) : NULL;
        if (!m || m->exports)
            return -EINVAL;
    }
    import = m->kind == SIM_MAP_IMPORT ? m->import : SIM_NONE;
    sim_map_remove(c, m);
    /* the piece being moved right now is the last through this mapping */
    while (__atomic_load_n(&env->state->devices[env->state->files[file].device].dma_active,
                           __ATOMIC_SEQ_CST))
        sched_yield();
    if (import != SIM_NONE) {
        sim_import_drop(env->state, import);
        env->settle(env->state); /* its exporter may unmap it from now on */
    }
    return 0;
}

/* ---- export -------------------------------------------------------------------------------- */

static uint64_t bar_size(const struct sim_state *s, const struct sim_asic *a)
{
    return s->bar_size ? s->bar_size : a->chip->memory_size;
}

/* Without a device MMU: a physical range (validate_export_params_no_mmu). */
static int check_physical(const struct sim_state *s, const struct sim_asic *a, uint64_t address,
                          uint64_t size)
{
    uint64_t end = address + size, bar;

    if (address & (SIM_PAGE - 1))
        return -EINVAL;
    if (sim_kernel(s)->export_pages ? !size || size & (SIM_PAGE - 1) : size < SIM_PAGE)
        return -EINVAL;
    if (address < a->chip->memory_base + a->memory_reserved ||
        end > a->chip->memory_base + a->chip->memory_size || end < address)
        return -EINVAL;
    bar = address - a->chip->memory_base;
    return bar + size > bar_size(s, a) ? -EINVAL : 0;
}

static int check_mapped(const struct sim_state *s, const struct sim_device *d,
                        const struct sim_context *c, const struct sim_map *m, uint64_t address,
                        uint64_t size, uint64_t offset)
{
    const struct sim_asic *a = sim_asic_of(d);
    const struct sim_alloc *al;
    uint32_t page;

    if (m->kind != SIM_MAP_DEVICE)
        return -EINVAL;
    if (address & (SIM_PAGE - 1) || !size || size & (SIM_PAGE - 1) || offset & (SIM_PAGE - 1))
        return -EINVAL;
    al = &c->allocs[m->alloc];
    if (offset + size < offset || offset + size > al->size)
        return -EINVAL;
    page = al->first_page;
    for (uint32_t i = 0; i < al->pages; i++) {
        uint64_t bar = a->memory_reserved + (page + 1ull) * a->memory_page;

        if (bar > bar_size(s, a))
            return -EINVAL;
        page = c->page_next[page];
    }
    return 0;
}

static int export(const struct sim_env *env, uint32_t file, struct sim_device *d,
                  struct sim_context *c, const struct hl_mem_in *in, int *fd)
{
    struct sim_state *s = env->state;
    const struct sim_asic *a = sim_asic_of(d);
    uint64_t address = in->export_dmabuf_fd.addr, size = in->export_dmabuf_fd.mem_size;
    uint64_t offset = sim_kernel(s)->export_mapped ? in->export_dmabuf_fd.offset : 0;
    struct sim_dmabuf b = { .map = SIM_NONE, .size = size, .context = c->id };
    struct sim_map *m = NULL;
    int rc;

    if (a->device_mmu) {
        if (!sim_kernel(s)->export_mapped)
            return -EOPNOTSUPP;
        m = sim_map_find(c, address);
        if (!m)
            return -EINVAL;
        rc = check_mapped(s, d, c, m, address, size, offset);
        b.map = (uint32_t)(m - c->maps);
        b.offset = offset;
    } else {
        if (offset)
            return -EINVAL;
        rc = check_physical(s, a, address, size);
        b.address = address;
    }
    if (rc)
        return rc;
    /* counted while the file is being created, so that it cannot be unmapped meanwhile */
    if (m)
        m->exports++;
    c->dmabufs++;
    c->exports++;
    rc = env->new_dmabuf(s, s->files[file].device, &b, in->flags);
    if (rc < 0) {
        c->dmabufs--;
        if (m)
            m->exports--;
        return rc;
    }
    *fd = rc;
    return 0;
}

uint64_t sim_dmabuf_locate(const struct sim_device *d, const struct sim_dmabuf *b, uint64_t at,
                           uint64_t *left)
{
    const struct sim_asic *a = sim_asic_of(d);
    const struct sim_context *c = &d->context;
    const struct sim_alloc *al;
    uint64_t inner;
    uint32_t page;

    if (b->map == SIM_NONE) {
        *left = b->size - at;
        return b->address - a->chip->memory_base + at;
    }
    al = &c->allocs[c->maps[b->map].alloc];
    inner = b->offset + at;
    page = al->first_page;
    for (; inner >= a->memory_page; inner -= a->memory_page)
        page = c->page_next[page];
    *left = a->memory_page - inner;
    if (*left > b->size - at)
        *left = b->size - at;
    return a->memory_reserved + page * a->memory_page + inner;
}

/* ---- the rest ------------------------------------------------------------------------------ */

static int timestamps(struct sim_context *c, uint32_t elements, __u64 *handle)
{
    uint64_t number;

    if (elements > TS_MAX_ELEMENTS_NUM)
        return -EINVAL;
    if (!elements)
        return -ENOMEM;
    if (!sim_buffer_new(c, SIM_BUFFER_TIMESTAMPS, elements * sizeof(uint64_t), &number))
        return -ENOMEM;
    *handle = TYPE_TIMESTAMPS | number << 12;
    return 0;
}

/* Without an MMU for it, device memory is only counted: a free gives the bytes, not a handle. */
static int allocate(struct sim_device *d, struct sim_context *c, const struct hl_mem_in *in,
                    uint32_t *handle)
{
    if (sim_asic_of(d)->device_mmu)
        return alloc(d, c, in, handle);
    c->memory += in->alloc.mem_size;
    d->used_memory += in->alloc.mem_size;
    return 0;
}

static int give_back(struct sim_device *d, struct sim_context *c, const struct hl_mem_in *in)
{
    if (sim_asic_of(d)->device_mmu)
        return free_alloc(d, c, in->free.handle);
    c->memory -= in->alloc.mem_size;
    d->used_memory -= in->alloc.mem_size;
    return 0;
}

int sim_memory(const struct sim_env *env, uint32_t file, union hl_mem_args *args)
{
    struct sim_state *s = env->state;
    struct sim_device *d = &s->devices[s->files[file].device];
    const struct sim_asic *a = sim_asic_of(d);
    struct sim_context *c = sim_context_of(s, file);
    struct hl_mem_in in = args->in;
    uint64_t address = 0;
    uint64_t block;
    uint32_t handle = 0, size;
    int rc, fd = -EBADF;

    if (!c || !sim_device_operational(d))
        return -EBUSY;
    switch (in.op) {
    case HL_MEM_OP_ALLOC:
        if (!in.alloc.mem_size)
            return -EINVAL; /* the argument is left as it is */
        rc = allocate(d, c, &in, &handle);
        memset(args, 0, sizeof(*args));
        args->out.handle = handle;
        return rc;
    case HL_MEM_OP_FREE:
        return give_back(d, c, &in);
    case HL_MEM_OP_MAP:
        rc = in.flags & HL_MEM_USERPTR ? map_host(env, a, c, &in, &address)
                                       : map_device(a, c, &in, &address);
        memset(args, 0, sizeof(*args));
        args->out.device_virt_addr = address;
        return rc;
    case HL_MEM_OP_UNMAP:
        return unmap(env, file, c, in.unmap.device_virt_addr);
    case HL_MEM_OP_MAP_BLOCK:
        rc = sim_block_find(d, in.map_block.block_addr, &block, &size);
        args->out.block_handle = block;
        args->out.block_size = size;
        return rc;
    case HL_MEM_OP_EXPORT_DMABUF_FD:
        rc = export(env, file, d, c, &in, &fd);
        memset(args, 0, sizeof(*args));
        args->out.fd = fd;
        return rc;
    case HL_MEM_OP_REG_DMABUF_FD:
        if (!sim_kernel(s)->vendor_calls)
            return -EINVAL;
        rc = import_dmabuf(env, file, &in, &address);
        memset(args, 0, sizeof(*args));
        args->out.device_virt_addr = address;
        return rc;
    case HL_MEM_OP_TS_ALLOC:
        rc = timestamps(c, in.num_of_elements, &args->out.handle);
        if (!rc)
            env->clear_buffer(s, d, (uint32_t)(args->out.handle >> 12) - 1);
        return rc;
    default:
        return -EINVAL;
    }
}
