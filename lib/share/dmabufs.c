/* SPDX-License-Identifier: MIT */
/* dma-bufs over a socket: objects to items and back. */
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <hlthunk/share.h>

#include "lib/error.h"
#include "lib/device/device.h"
#include "lib/memory/dmabuf.h"
#include "lib/options.h"
#include "lib/share/message.h"
#include "lib/share/transport.h"

typedef unsigned long long ull;

_Static_assert(HLTHUNK_DMABUF_SEND_MAX == HL_MESSAGE_MAX_ITEMS, "one limit, two names");
_Static_assert(sizeof(((struct hlthunk_dmabuf_origin *)0)->label) == HL_LABEL_SIZE, "whole labels");

/* False where nobody has said. */
static bool find_origin(const struct hlthunk_dmabuf *m, struct hlthunk_dmabuf_origin *o)
{
    const struct hlthunk_dmabuf_origin *said = atomic_load(&m->origin);

    memset(o, 0, sizeof(*o));
    o->struct_size = sizeof(*o);
    if (m->buffer) {
        o->offset = m->offset;
        o->data_offset = m->lead;
        o->data_size = m->data;
        memcpy(o->pci_address, m->object.device->props.pci_address, sizeof(o->pci_address));
        memcpy(o->label, m->object.label, sizeof(o->label));
        return true;
    }
    if (said)
        *o = *said;
    return said != NULL;
}

int hlthunk_dmabuf_get_origin(const struct hlthunk_dmabuf *m, struct hlthunk_dmabuf_origin *origin)
{
    struct hlthunk_dmabuf_origin o;
    int rc = hl_object_check(m ? &m->object : NULL, "dmabuf");

    rc = rc ? rc : hl_struct_check(origin, "origin");
    if (rc)
        return rc;
    if (!find_origin(m, &o))
        return hl_err(-ENODATA,
                      "dmabuf was imported as a bare descriptor: its origin is not known");
    HL_STRUCT_FILL(origin, o);
    return 0;
}

static void describe(const struct hlthunk_dmabuf *m, struct hl_message_item *item)
{
    struct hlthunk_dmabuf_origin o;

    memset(item, 0, sizeof(*item));
    item->identity = hlthunk_dmabuf_get_identity(m);
    item->size = m->size;
    item->origin_known = find_origin(m, &o);
    item->offset = o.offset;
    if (item->origin_known) { /* each less than a page */
        item->data_offset = (uint32_t)o.data_offset;
        item->data_tail = (uint32_t)(m->size - o.data_offset - o.data_size);
    }
    memcpy(item->pci_address, o.pci_address, sizeof(item->pci_address));
    memcpy(item->label, o.label, sizeof(item->label));
}

int hlthunk_dmabuf_send(int socket, struct hlthunk_dmabuf *const *dmabufs, size_t count,
                        int64_t timeout_ns)
{
    struct hl_message_item *items;
    int fds[HL_MESSAGE_MAX_ITEMS] = { -1 };
    uint8_t *bytes;
    int rc;

    if (!dmabufs)
        return hl_err(-EINVAL, "dmabufs is NULL");
    if (!count || count > HL_MESSAGE_MAX_ITEMS)
        return hl_err(-EINVAL, "count is %zu: one message has 1 to %u dma-bufs", count,
                      HL_MESSAGE_MAX_ITEMS);
    for (size_t i = 0; i < count; i++) {
        rc = hl_object_check(dmabufs[i] ? &dmabufs[i]->object : NULL, "an element of dmabufs");
        if (rc)
            return rc;
    }
    items = malloc(count * sizeof(*items) + hl_message_bytes(count));
    if (!items)
        return hl_err(-ENOMEM, "no memory for a message of %zu dma-bufs", count);
    bytes = (uint8_t *)(items + count);
    for (size_t i = 0; i < count; i++) {
        describe(dmabufs[i], &items[i]);
        fds[i] = hlthunk_dmabuf_borrow_fd(dmabufs[i]);
    }
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, items, count);
    rc = hl_parcel_send(socket, bytes, hl_message_bytes(count), fds, count, timeout_ns);
    free(items);
    return rc;
}

/* Is the descriptor the dma-buf that the item describes? */
static int check_fd(int fd, size_t i, const struct hl_message_item *item)
{
    struct hl_file_id id;
    struct statfs fs;
    off_t size;

    if (hl_file_id(fd, &id) || fstatfs(fd, &fs) < 0 || fs.f_type != DMA_BUF_MAGIC)
        return hl_err(-EPROTO, "descriptor %zu is not a dma-buf", i);
    if (id.ino != item->identity)
        return hl_err(-EPROTO, "descriptor %zu is dma-buf %llu, the message says %llu", i,
                      (ull)id.ino, (ull)item->identity);
    size = lseek(fd, 0, SEEK_END);
    if (size < 0 || (uint64_t)size != item->size)
        return hl_err(-EPROTO, "dma-buf %zu has %lld bytes, the message says %llu", i,
                      (long long)size, (ull)item->size);
    lseek(fd, 0, SEEK_SET);
    return 0;
}

/* Stores what the message says about the origin; it must agree with what is known already. */
static int keep_origin(struct hlthunk_dmabuf *m, size_t i, const struct hl_message_item *item)
{
    struct hlthunk_dmabuf_origin known, *none = NULL, *o;

    if (!item->origin_known)
        return 0;
    if (!find_origin(m, &known)) {
        o = calloc(1, sizeof(*o));
        if (!o)
            return hl_err(-ENOMEM, "no memory for the origin of a dma-buf");
        o->struct_size = sizeof(*o);
        o->offset = item->offset;
        o->data_offset = item->data_offset;
        o->data_size = item->size - item->data_offset - item->data_tail;
        memcpy(o->pci_address, item->pci_address, sizeof(o->pci_address));
        memcpy(o->label, item->label, sizeof(o->label));
        if (atomic_compare_exchange_strong(&m->origin, &none, o))
            return 0;
        free(o); /* another thread has received it, too */
        find_origin(m, &known);
    }
    if (known.offset != item->offset || known.data_offset != item->data_offset ||
        known.data_size != item->size - item->data_offset - item->data_tail ||
        strcmp(known.pci_address, item->pci_address))
        return hl_err(-EPROTO,
                      "item %zu says offset %llu of a buffer on %s; this process knows the dma-buf "
                      "as offset %llu on %s",
                      i, (ull)item->offset, item->pci_address, (ull)known.offset,
                      known.pci_address);
    return 0;
}

/* Takes the i-th descriptor out of the parcel, as an object. */
static int take(struct hl_parcel *p, size_t i, struct hlthunk_dmabuf **out)
{
    struct hl_message_item item;
    struct hlthunk_dmabuf *m;
    int rc = hl_message_decode_item(p->data, i, &item);

    rc = rc ? rc : check_fd(p->fd[i], i, &item);
    rc = rc ? rc : hlthunk_dmabuf_import(p->fd[i], &m);
    if (rc)
        return rc;
    p->fd[i] = -1;
    rc = keep_origin(m, i, &item);
    if (rc)
        hlthunk_dmabuf_unref(m);
    else
        *out = m;
    return rc;
}

/* All of them or none. */
static int take_all(struct hl_parcel *p, struct hlthunk_dmabuf **dmabufs, size_t max, size_t *count)
{
    struct hlthunk_dmabuf *got[HL_MESSAGE_MAX_ITEMS];
    size_t n = 0;
    int rc = 0;

    if (p->fds > max)
        return hl_err(-ENOSPC, "message has %zu dma-bufs, max is %zu", p->fds, max);
    while (!rc && n < p->fds) {
        rc = take(p, n, &got[n]);
        n += rc == 0;
    }
    if (rc) {
        while (n)
            hlthunk_dmabuf_unref(got[--n]);
        return rc;
    }
    memcpy(dmabufs, got, n * sizeof(got[0]));
    *count = n;
    return 0;
}

int hlthunk_dmabuf_receive(int socket, struct hlthunk_dmabuf **dmabufs, size_t max, size_t *count,
                           int64_t timeout_ns)
{
    struct hl_parcel *p;
    int rc;

    if (!dmabufs || !count)
        return hl_err(-EINVAL, "%s is NULL", dmabufs ? "count" : "dmabufs");
    if (!max)
        return hl_err(-EINVAL, "max is 0: nothing could be received");
    p = malloc(sizeof(*p));
    if (!p)
        return hl_err(-ENOMEM, "no memory for a message");
    rc = hl_parcel_receive(socket, HL_MESSAGE_DMABUFS, p, timeout_ns);
    if (!rc) {
        rc = take_all(p, dmabufs, max, count);
        hl_parcel_close(p);
    }
    free(p);
    return rc;
}
