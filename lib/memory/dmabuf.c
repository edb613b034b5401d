/* SPDX-License-Identifier: MIT */
#include "lib/memory/dmabuf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fork.h"
#include "lib/kernel/door.h"
#include "lib/kernel/owned.h"
#include "lib/memory/buffer.h"
#include "lib/memory/spare.h"
#include "lib/device/device.h"
#include "lib/device/stale.h"
#include "lib/op/op_mem.h"
#include "lib/options.h"
#include "lib/page.h"

typedef unsigned long long ull;

/* The kernel's DMA_BUF_NAME_LEN, with the NUL. */
#define NAME_MAX_SIZE 32

/* A range of a buffer as the kernel exports it: whole pages. */
struct pages {
    uint64_t address, size;
    uint64_t lead; /* bytes before the range */
    uint64_t data; /* bytes of the range */
};

uint64_t hl_dmabuf_get_address(const struct hlthunk_dmabuf *m)
{
    return m->buffer->memory.address + m->offset - m->lead;
}

static void describe(const struct hl_object *o, struct hlthunk_live_object *live)
{
    const struct hlthunk_dmabuf *m = (const struct hlthunk_dmabuf *)o;

    live->size_bytes = m->size;
    live->offset = m->offset;
    live->address = m->buffer ? hl_dmabuf_get_address(m) : 0;
}

/* Does the kernel not say of its memory that it is exported? */
static bool must_be_looked_at(const struct hlthunk_buffer *b)
{
    return b->memory.physical || b->shard;
}

/* May somebody else have its file?  Asking the kernel takes longer. */
static bool has_left(const struct hlthunk_dmabuf *m)
{
    return atomic_load(&m->handed_out) || m->forks != hl_fork_count();
}

/* What nobody else has any more of the buffer's former dma-bufs: their descriptors are closed. */
static void look_again(struct hlthunk_buffer *b)
{
    struct hlthunk_device *d = b->object.device;
    struct hl_open_export *list, **end;

    pthread_mutex_lock(&d->base.lock);
    list = b->open_exports;
    b->open_exports = NULL;
    pthread_mutex_unlock(&d->base.lock);
    list = hl_open_exports_look(d, list);
    if (!list)
        return;
    pthread_mutex_lock(&d->base.lock);
    for (end = &list; *end; end = &(*end)->next)
        ;
    *end = b->open_exports;
    b->open_exports = list;
    pthread_mutex_unlock(&d->base.lock);
}

/*
 * Removes it from the buffer's list.  Where the kernel does not track the export, a file that
 * others still hold, such as a child that was forked meanwhile, is kept open until they have closed
 * it, so that the memory is not reused.  True: m stays, for its file.
 */
static bool leave_buffer(struct hlthunk_dmabuf *m)
{
    struct hlthunk_buffer *b = m->buffer;
    struct hlthunk_device *d = b->object.device;
    /* nobody gets a stale device's memory again */
    bool kept_open = must_be_looked_at(b) && !atomic_load(&d->base.stale) && has_left(m) &&
                     hl_dmabuf_is_shared(d, m->fd);

    if (kept_open)
        look_again(b); /* so that no more are kept than others have */
    pthread_mutex_lock(&d->base.lock);
    for (struct hlthunk_dmabuf **p = &b->dmabufs; *p; p = &(*p)->next) {
        if (*p == m) {
            *p = m->next;
            break;
        }
    }
    if (kept_open) {
        m->open_export = (struct hl_open_export){ .next = b->open_exports,
                                                  .fd = m->fd,
                                                  .id = m->file.id,
                                                  .epoch = m->object.epoch,
                                                  .memory = m };
        b->open_exports = &m->open_export;
    }
    pthread_mutex_unlock(&d->base.lock);
    return kept_open;
}

static void destroy(struct hl_object *o)
{
    struct hlthunk_dmabuf *m = (struct hlthunk_dmabuf *)o;
    struct hlthunk_buffer *b = m->buffer;
    bool kept_open = false;

    if (hl_object_is_ours(o)) {
        hl_registry_remove(&m->file);
        kept_open = b && leave_buffer(m);
    }
    free(atomic_load(&m->origin));
    if (kept_open) {
        hl_object_fini(o);
    } else {
        /* a child's copy, too: it keeps the memory exported */
        hl_owned_close(m->fd, &m->file.id, o->epoch);
        hl_object_free(o);
    }
    hlthunk_buffer_unref(b);
}

static const struct hl_object_ops ops = {
    .kind = "dma-buf",
    .destroy = destroy,
    .describe = describe,
};

/* Without a file yet; NULL with the text set.  device: of its buffer, which will hold it. */
static struct hlthunk_dmabuf *create(struct hlthunk_device *device, const char *label,
                                     const void *creator)
{
    struct hlthunk_dmabuf *m = hl_object_new(sizeof(*m));

    if (!m) {
        hl_err(-ENOMEM, "no memory for a dma-buf object");
        return NULL;
    }
    hl_object_init(&m->object, &ops, NULL, label, creator);
    m->object.device = device;
    m->fd = -1;
    return m;
}

/* It has a file now: adds it to its buffer. */
static void join_buffer(struct hlthunk_dmabuf *m, struct hlthunk_buffer *b)
{
    struct hlthunk_device *d = m->object.device;

    m->buffer = hlthunk_buffer_ref(b);
    if (must_be_looked_at(b))
        hl_spare_keep(d);
    pthread_mutex_lock(&d->base.lock);
    m->next = b->dmabufs;
    b->dmabufs = m;
    pthread_mutex_unlock(&d->base.lock);
    hl_object_list(&m->object);
    hl_registry_add(&m->file, &m->object);
}

/* One more reference of the object of this very range, or NULL. */
static struct hlthunk_dmabuf *find(struct hlthunk_buffer *b, uint64_t offset,
                                   const struct pages *pages, bool read_only)
{
    struct hlthunk_device *d = b->object.device;
    struct hlthunk_dmabuf *m;

    pthread_mutex_lock(&d->base.lock);
    for (m = b->dmabufs; m; m = m->next) {
        if (m->offset == offset && m->size == pages->size && m->data == pages->data &&
            m->read_only == read_only && hl_object_try_get(&m->object))
            break;
    }
    pthread_mutex_unlock(&d->base.lock);
    return m;
}

static int check_exportable(const struct hlthunk_buffer *b, uint64_t offset)
{
    uint64_t granted = b->memory.granted;

    if (b->host)
        return hl_err(-EOPNOTSUPP, "buffer is host memory, which the driver does not export");
    if (b->imported)
        return hl_err(-EOPNOTSUPP, "buffer is an imported dma-buf: pass that dma-buf on instead");
    if (!b->memory.address)
        return hl_err(-EINVAL, "buffer is not mapped: the driver exports only mapped memory");
    if (offset >= granted)
        return hl_err(-EINVAL, "offset %llu is not within the buffer of %llu bytes", (ull)offset,
                      (ull)granted);
    return 0;
}

static int check_size(const struct hlthunk_buffer *b, uint64_t offset, uint64_t size)
{
    if (size > b->memory.granted - offset)
        return hl_err(-EINVAL, "offset %llu + size_bytes %llu is more than the buffer's %llu bytes",
                      (ull)offset, (ull)size, (ull)b->memory.granted);
    return 0;
}

static int behind_the_end(const struct hlthunk_buffer *b, uint64_t offset)
{
    return hl_err(-EINVAL, "offset %llu is at or past the end of the buffer (%llu bytes)",
                  (ull)offset, (ull)b->size);
}

/* Is no other buffer in its pages? */
static bool has_own_pages(const struct hlthunk_buffer *b)
{
    return hl_aligned(b->memory.address, hl_page_size()) &&
           hl_aligned(b->memory.granted, hl_page_size());
}

/* A range that consists of pages; size 0: to the end. */
static int exact_pages(const struct hlthunk_buffer *b, uint64_t offset, uint64_t size,
                       struct pages *pages)
{
    uint64_t page = hl_page_size(), end = (b->size + page - 1) & ~(page - 1);
    int rc;

    if (!has_own_pages(b))
        return hl_err(-EINVAL,
                      "buffer shares pages with others of its pool: allocate it with "
                      ".exportable, or export with .whole_pages, which shows them to importers");
    if (!hl_aligned(offset, page))
        return hl_err(-EINVAL, "offset %llu is not a multiple of the page size %llu", (ull)offset,
                      (ull)page);
    if (!size && offset >= end)
        return behind_the_end(b, offset);
    if (!size)
        size = end - offset;
    if (!hl_aligned(size, page))
        return hl_err(-EINVAL, "size_bytes %llu is not a multiple of the page size %llu", (ull)size,
                      (ull)page);
    rc = check_size(b, offset, size);
    if (rc == 0)
        *pages = (struct pages){ b->memory.address + offset, size, 0, size };
    return rc;
}

/* The pages around any range; size 0: to the end. */
static int whole_pages(const struct hlthunk_buffer *b, uint64_t offset, uint64_t size,
                       struct pages *pages)
{
    uint64_t page = hl_page_size(), start = b->memory.address + offset, lead = start & (page - 1);
    int rc;

    if (!size && offset >= b->size)
        return behind_the_end(b, offset);
    if (!size)
        size = b->size - offset;
    rc = check_size(b, offset, size);
    if (rc == 0)
        *pages = (struct pages){ start - lead, (lead + size + page - 1) & ~(page - 1), lead, size };
    return rc;
}

/* The driver's export: 0 and the file, or -errno with a text and none. */
static int ask_driver(struct hlthunk_dmabuf *m, const struct hlthunk_buffer *buffer,
                      const struct pages *pages)
{
    /* physical memory has no mapping that an offset could be within */
    uint64_t base =
        buffer->memory.physical ? pages->address : buffer->memory.address - buffer->within;
    uint32_t flags = O_CLOEXEC | (m->read_only ? O_RDONLY : O_RDWR);
    struct hlthunk_device *d = buffer->object.device;
    int rc;

    /* it has no offsets either; the program needs not know that */
    if (pages->address != base && d->props.generation == HLTHUNK_GENERATION_MISC)
        return hl_err(-EOPNOTSUPP, "this kernel's driver cannot export memory of this ASIC");
    rc = hl_mem_export(d->fd, base, pages->size, pages->address - base, flags, &m->fd);
    if (rc)
        return hl_device_failed(d, rc);
    m->fd = hl_owned_adopt(m->fd, &m->file.id);
    return m->fd < 0 ? hl_err(m->fd, "the identity of the driver's dma-buf cannot be read: %s",
                              strerror(-m->fd))
                     : 0;
}

/* around: the pages around the range where no other buffer is in them. */
static int export(struct hlthunk_buffer *buffer, uint64_t offset, uint64_t size, bool around,
                  const struct hlthunk_dmabuf_options *options, const void *creator,
                  struct hlthunk_dmabuf **out)
{
    struct hlthunk_dmabuf_options o;
    struct hlthunk_dmabuf *m;
    struct pages pages = { 0 };
    int rc = hl_object_check(buffer ? &buffer->object : NULL, "buffer");

    if (rc)
        return rc;
    if (!out)
        return hl_err(-EINVAL, "dmabuf is NULL");
    rc = HL_OPTIONS_READ(o, options);
    rc = rc ? rc : HL_OPTIONS_RESERVED(o);
    if (rc)
        return rc;
    rc = check_exportable(buffer, offset);
    if (rc == 0)
        rc = (o.whole_pages || (around && has_own_pages(buffer)) ? whole_pages : exact_pages)(
            buffer, offset, size, &pages);
    if (rc)
        return rc;
    m = find(buffer, offset, &pages, o.read_only);
    if (m) {
        *out = m;
        return 0;
    }
    if (must_be_looked_at(buffer))
        look_again(buffer);
    m = create(buffer->object.device, o.label, creator);
    if (!m)
        return -ENOMEM;
    m->offset = offset;
    m->size = pages.size;
    m->lead = pages.lead;
    m->data = pages.data;
    m->read_only = o.read_only;
    m->forks = hl_fork_count();
    rc = ask_driver(m, buffer, &pages);
    if (rc) {
        hl_object_put(&m->object);
        return rc;
    }
    join_buffer(m, buffer);
    *out = m;
    return 0;
}

int hlthunk_dmabuf_export(struct hlthunk_buffer *buffer, uint64_t offset, uint64_t size_bytes,
                          const struct hlthunk_dmabuf_options *options, struct hlthunk_dmabuf **out)
{
    return export(buffer, offset, size_bytes, false, options, __builtin_return_address(0), out);
}

int hl_dmabuf_export_around(struct hlthunk_buffer *buffer, uint64_t offset, uint64_t size,
                            const struct hlthunk_dmabuf_options *options, const void *creator,
                            struct hlthunk_dmabuf **out)
{
    return export(buffer, offset, size, true, options, creator, out);
}

int hlthunk_dmabuf_import(int fd, struct hlthunk_dmabuf **out)
{
    struct hlthunk_dmabuf *m;
    struct hl_object *found;
    struct hl_file_id id;
    struct statfs fs;
    off_t size;
    int rc, own = fd;

    if (!out)
        return hl_err(-EINVAL, "dmabuf is NULL");
    rc = hl_file_id(fd, &id);
    if (rc)
        return hl_err(rc, "fd %d is not open", fd);
    m = (struct hlthunk_dmabuf *)hl_registry_find(&id, &ops, NULL);
    if (m) {
        if (fd != m->fd) { /* a borrowed one is the object's already */
            hl_owned_take(fd, &id, hl_process_epoch());
            close(fd);
        }
        *out = m;
        return 0;
    }
    if (fstatfs(fd, &fs) < 0 || fs.f_type != DMA_BUF_MAGIC)
        return hl_err(-EINVAL, "fd %d is not a dma-buf", fd);
    size = lseek(fd, 0, SEEK_END);
    if (size < 0)
        return hl_err(-errno, "the size of fd %d cannot be read: %s", fd, strerror(errno));
    lseek(fd, 0, SEEK_SET);
    m = create(NULL, NULL, __builtin_return_address(0));
    if (!m)
        return -ENOMEM;
    if (fd <= 2)
        own = hl_fd_dup(fd);
    else if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        own = -errno;
    if (own < 0) {
        hl_object_put(&m->object);
        return hl_err(own, "fd %d cannot be %s: %s", fd, fd <= 2 ? "duplicated" : "taken over",
                      strerror(-own));
    }
    if (own != fd)
        close(fd);
    m->fd = own;
    m->size = (uint64_t)size;
    m->data = m->size;
    m->file.id = id;
    hl_owned_add(m->fd, &id);
    found = hl_registry_join(&m->file, &m->object, NULL);
    if (found) { /* another thread was faster: one file, one object */
        hl_object_put(&m->object);
        m = (struct hlthunk_dmabuf *)found;
    }
    *out = m;
    return 0;
}

struct hlthunk_dmabuf *hlthunk_dmabuf_ref(struct hlthunk_dmabuf *m)
{
    hl_object_get(&m->object);
    return m;
}

void hlthunk_dmabuf_unref(struct hlthunk_dmabuf *m)
{
    if (m)
        hl_object_put(&m->object);
}

int hlthunk_dmabuf_dup_fd(struct hlthunk_dmabuf *m, int *fd)
{
    int n, rc = hl_object_check(m ? &m->object : NULL, "dmabuf");

    if (rc)
        return rc;
    if (!fd)
        return hl_err(-EINVAL, "fd is NULL");
    n = hl_fd_dup(m->fd);
    if (n < 0)
        return hl_err(n, "no file descriptor is left for the dma-buf: %s", strerror(-n));
    atomic_store(&m->handed_out, true);
    *fd = n;
    return 0;
}

int hlthunk_dmabuf_borrow_fd(struct hlthunk_dmabuf *m)
{
    /* importers and SCM_RIGHTS take references of what is borrowed, too */
    atomic_store(&m->handed_out, true);
    return m->fd;
}

uint64_t hlthunk_dmabuf_get_size(const struct hlthunk_dmabuf *m)
{
    return m->size;
}

uint64_t hlthunk_dmabuf_get_offset(const struct hlthunk_dmabuf *m)
{
    const struct hlthunk_dmabuf_origin *origin = atomic_load(&m->origin);

    return origin ? origin->offset : m->offset;
}

uint64_t hlthunk_dmabuf_get_data_offset(const struct hlthunk_dmabuf *m)
{
    const struct hlthunk_dmabuf_origin *origin = atomic_load(&m->origin);

    return origin ? origin->data_offset : m->lead;
}

uint64_t hlthunk_dmabuf_get_data_size(const struct hlthunk_dmabuf *m)
{
    const struct hlthunk_dmabuf_origin *origin = atomic_load(&m->origin);

    return origin ? origin->data_size : m->data;
}

struct hlthunk_buffer *hlthunk_dmabuf_borrow_buffer(const struct hlthunk_dmabuf *m)
{
    return m->buffer;
}

uint64_t hlthunk_dmabuf_get_identity(const struct hlthunk_dmabuf *m)
{
    return m->file.id.ino;
}

int hlthunk_dmabuf_set_name(struct hlthunk_dmabuf *m, const char *name)
{
    int rc = hl_object_check(m ? &m->object : NULL, "dmabuf");

    if (rc)
        return rc;
    if (!name)
        return hl_err(-EINVAL, "name is NULL");
    if (strlen(name) >= NAME_MAX_SIZE)
        return hl_err(-EINVAL, "name has %zu bytes; at most %d are possible", strlen(name),
                      NAME_MAX_SIZE - 1);
    rc = hl_ioctl_raw(m->fd, DMA_BUF_SET_NAME, (void *)(uintptr_t)name);
    return rc ? hl_err(rc, "the kernel refused the name \"%s\": %s", name, strerror(-rc)) : 0;
}
