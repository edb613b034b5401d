/* SPDX-License-Identifier: MIT */
#include <infiniband/verbs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hlthunk/dmabuf.h>
#include <hlthunk/error.h>
#include <hlthunk/share.h>
#include <hlthunk/verbs.h>

#include "verbs/error.h"
#include "verbs/explain.h"
#include "verbs/process.h"

typedef unsigned long long ull;

/* A size past this was never set. */
#define STRUCT_MAX 4096u

struct hlthunk_verbs_mr {
    atomic_uint refs;
    struct hlv_process process;              /* that registered it */
    pthread_mutex_t deregister;              /* one thread at a time; never taken in a child */
    _Atomic(struct ibv_mr *) ibv;            /* NULL once deregistered */
    _Atomic(struct hlthunk_dmabuf *) dmabuf; /* a reference, as long as .ibv is there */
    uint32_t lkey, rkey;                     /* of .ibv, which another thread may be freeing */
    uint64_t iova, size;
};

static int read_options(struct hlthunk_verbs_mr_options *ours,
                        const struct hlthunk_verbs_mr_options *theirs)
{
    const unsigned char *bytes = (const void *)theirs;

    memset(ours, 0, sizeof(*ours));
    if (!theirs)
        return 0;
    if (theirs->struct_size < sizeof(theirs->struct_size))
        return hlv_err(-EINVAL, "options->struct_size is %zu: set it to sizeof(*options)",
                       theirs->struct_size);
    if (theirs->struct_size > STRUCT_MAX)
        return hlv_err(-E2BIG, "options->struct_size is %zu: set it to sizeof(*options)",
                       theirs->struct_size);
    for (size_t i = sizeof(*ours); i < theirs->struct_size; i++) {
        if (bytes[i])
            return hlv_err(-E2BIG,
                           "options has a non-zero byte at offset %zu, which this version "
                           "of the library (%zu bytes) does not know",
                           i, sizeof(*ours));
    }
    memcpy(ours, theirs, theirs->struct_size < sizeof(*ours) ? theirs->struct_size : sizeof(*ours));
    return 0;
}

/*
 * The range that is meant, checked against what was exported.  On success .offset is that in the
 * dma-buf, whose first page may begin with what belongs to others.
 */
static int check_range(const struct hlthunk_dmabuf *m, struct hlthunk_verbs_mr_options *o)
{
    uint64_t all = hlthunk_dmabuf_get_data_size(m), in_page = (uint64_t)sysconf(_SC_PAGESIZE) - 1,
             end;

    if (o->offset >= all)
        return hlv_err(-EINVAL, "offset %llu is not within the %llu bytes that were exported",
                       (ull)o->offset, (ull)all);
    if (!o->size_bytes)
        o->size_bytes = all - o->offset;
    if (o->size_bytes > all - o->offset || o->size_bytes > SIZE_MAX)
        return hlv_err(-EINVAL,
                       "offset %llu + size_bytes %llu is more than the %llu bytes that were "
                       "exported",
                       (ull)o->offset, (ull)o->size_bytes, (ull)all);
    o->offset += hlthunk_dmabuf_get_data_offset(m);
    if (!o->iova)
        o->iova = o->offset & in_page;
    if (__builtin_add_overflow(o->iova, o->size_bytes - 1, &end))
        return hlv_err(-EINVAL, "iova %#llx + size_bytes %llu exceeds 64 bits", (ull)o->iova,
                       (ull)o->size_bytes);
    if ((o->iova & in_page) != (o->offset & in_page))
        return hlv_err(-EINVAL,
                       "iova %#llx and the range's first byte, %llu in the dma-buf, are not at the "
                       "same position in a page of %llu bytes",
                       (ull)o->iova, (ull)o->offset, (ull)in_page + 1);
    return 0;
}

/* The provider's refusal: what was registered with whom, and what the errno, if any, means. */
static int refused(const struct ibv_pd *pd, const struct hlthunk_dmabuf *m,
                   const struct hlthunk_verbs_mr_options *o, int error)
{
    struct hlthunk_dmabuf_origin from = { .struct_size = sizeof(from) };
    int known = hlv_is_internal(error) ? EOPNOTSUPP : error;
    const char *card =
        pd->context && pd->context->device ? ibv_get_device_name(pd->context->device) : NULL;

    if (hlthunk_dmabuf_get_origin(m, &from) || !from.pci_address[0])
        strcpy(from.pci_address, "an accelerator");
    if (!error)
        return hlv_err(
            -EIO, "%s refuses %llu bytes at offset %llu of a dma-buf of %s without a reason",
            card ? card : "the RDMA device", (ull)o->size_bytes, (ull)o->offset, from.pci_address);
    return hlv_err(-known, "%s refuses %llu bytes at offset %llu of a dma-buf of %s: %s%s",
                   card ? card : "the RDMA device", (ull)o->size_bytes, (ull)o->offset,
                   from.pci_address, strerror(known), hlv_explain(error));
}

int hlthunk_verbs_mr_register(struct ibv_pd *pd, struct hlthunk_dmabuf *dmabuf, int access,
                              const struct hlthunk_verbs_mr_options *options,
                              struct hlthunk_verbs_mr **out)
{
    struct hlthunk_verbs_mr_options o;
    struct hlthunk_verbs_mr *mr;
    struct ibv_mr *ibv;
    int fd, rc;

    if (!pd || !dmabuf || !out)
        return hlv_err(-EINVAL, "%s is NULL", !pd ? "pd" : !dmabuf ? "dmabuf" : "mr");
    rc = read_options(&o, options);
    rc = rc ? rc : check_range(dmabuf, &o);
    if (rc)
        return rc;
    mr = calloc(1, sizeof(*mr));
    if (!mr)
        return hlv_err(-ENOMEM, "no memory for a registration");
    rc = hlthunk_dmabuf_dup_fd(dmabuf, &fd); /* says so when the dma-buf is stale or a parent's */
    if (rc) {
        free(mr);
        return hlv_err(rc, "%s", hlthunk_last_error());
    }
    errno = 0;
    ibv = ibv_reg_dmabuf_mr(pd, o.offset, (size_t)o.size_bytes, o.iova, fd, access);
    if (!ibv)
        rc = refused(pd, dmabuf, &o, errno);
    close(fd); /* the region has an attachment of its own */
    if (rc) {
        free(mr);
        return rc;
    }
    atomic_init(&mr->refs, 1);
    atomic_init(&mr->ibv, ibv);
    atomic_init(&mr->dmabuf, hlthunk_dmabuf_ref(dmabuf));
    pthread_mutex_init(&mr->deregister, NULL);
    mr->process = hlv_process();
    mr->lkey = ibv->lkey;
    mr->rkey = ibv->rkey;
    mr->iova = o.iova;
    mr->size = o.size_bytes;
    *out = mr;
    return 0;
}

struct hlthunk_verbs_mr *hlthunk_verbs_mr_ref(struct hlthunk_verbs_mr *mr)
{
    atomic_fetch_add_explicit(&mr->refs, 1, memory_order_relaxed);
    return mr;
}

/* 0, or what the provider says: then the region is still there. */
static int deregister(struct hlthunk_verbs_mr *mr)
{
    struct ibv_mr *ibv;
    int error = 0;

    pthread_mutex_lock(&mr->deregister);
    ibv = atomic_load(&mr->ibv);
    if (ibv)
        error = ibv_dereg_mr(ibv);
    if (!error)
        atomic_store(&mr->ibv, NULL);
    pthread_mutex_unlock(&mr->deregister);
    return error < 0 ? -error : error;
}

int hlthunk_verbs_mr_deregister(struct hlthunk_verbs_mr *mr)
{
    int error;

    if (!mr)
        return hlv_err(-EINVAL, "mr is NULL");
    if (!hlv_process_is(&mr->process))
        return hlv_err(-EPERM,
                       "mr was registered by the parent of this process, whose region it is");
    error = deregister(mr);
    if (error) {
        if (hlv_is_internal(error))
            error = EOPNOTSUPP;
        return hlv_err(-error, "the memory region cannot be deregistered: %s%s", strerror(error),
                       error == EBUSY ? ": memory windows are bound to it" : "");
    }
    hlthunk_dmabuf_unref(atomic_exchange(&mr->dmabuf, NULL));
    return 0;
}

void hlthunk_verbs_mr_unref(struct hlthunk_verbs_mr *mr)
{
    if (!mr || atomic_fetch_sub_explicit(&mr->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (!hlv_process_is(&mr->process))
        hlthunk_dmabuf_unref(mr->dmabuf);
    else
        hlthunk_verbs_mr_deregister(
            mr); /* fails: the dma-buf that the card reaches stays for good */
    pthread_mutex_destroy(&mr->deregister);
    free(mr);
}

uint32_t hlthunk_verbs_mr_get_lkey(const struct hlthunk_verbs_mr *mr)
{
    return atomic_load(&mr->ibv) ? mr->lkey : 0;
}

uint32_t hlthunk_verbs_mr_get_rkey(const struct hlthunk_verbs_mr *mr)
{
    return atomic_load(&mr->ibv) ? mr->rkey : 0;
}

uint64_t hlthunk_verbs_mr_get_address(const struct hlthunk_verbs_mr *mr)
{
    return mr->iova;
}

uint64_t hlthunk_verbs_mr_get_size(const struct hlthunk_verbs_mr *mr)
{
    return mr->size;
}

struct ibv_mr *hlthunk_verbs_mr_borrow_mr(const struct hlthunk_verbs_mr *mr)
{
    return atomic_load(&mr->ibv);
}

struct hlthunk_dmabuf *hlthunk_verbs_mr_borrow_dmabuf(const struct hlthunk_verbs_mr *mr)
{
    return atomic_load(&mr->dmabuf);
}
