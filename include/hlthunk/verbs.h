/* SPDX-License-Identifier: MIT */
/*
 * RDMA: a dma-buf as a memory region of libibverbs.  Of the companion library libhlthunk-verbs
 * (pkg-config hlthunk-verbs), which is built where libibverbs is; <hlthunk/hlthunk.h> does not
 * include this header.
 *
 * The kernel wants memory regions deregistered before the dma-buf is closed, that before the
 * memory is unmapped.  A registration is an object that holds its dma-buf, which holds its buffer,
 * which holds its device: give the references back in any order, on error paths too.
 *
 * One dma-buf object may be registered any number of times, with as many network cards: each
 * registration is another attachment to the one dma-buf that the kernel has.
 */
#ifndef HLTHUNK_VERBS_H
#define HLTHUNK_VERBS_H

#include <stddef.h>
#include <stdint.h>

#include <hlthunk/attributes.h>

HLTHUNK_BEGIN_DECLS

struct hlthunk_dmabuf;
struct hlthunk_verbs_mr;
struct ibv_mr;
struct ibv_pd;

struct hlthunk_verbs_mr_options {
    size_t struct_size; /* sizeof(struct hlthunk_verbs_mr_options) */
    /*
     * In the exported range, in bytes: with .whole_pages the dma-buf has other bytes before and
     * past that range (hlthunk_dmabuf_get_data_offset(), hlthunk_dmabuf_get_data_size()), which a
     * region never covers.
     */
    uint64_t offset;
    uint64_t size_bytes; /* 0: from .offset to the end of the exported range */
    /*
     * The address by which work requests and remote peers call the first byte of the region: any
     * that is at the same place within a page as that byte is.  0: that place in the first page,
     * which is address 0 for all that begins with a page.
     */
    uint64_t iova;
};

/**
 * hlthunk_verbs_mr_register() - register a dma-buf as a memory region (ibv_reg_dmabuf_mr)
 * @pd: protection domain, of an open RDMA device; outlives the registration
 * @dmabuf: held until it is deregistered
 * @access: IBV_ACCESS_* flags
 * @options: NULL: all that was exported, at address 0 (of a range that does not begin with a
 *           page: at its place in the page)
 * @mr: receives a reference that is the caller's
 *
 * 0 or -errno, with a sentence in hlthunk_verbs_last_error().  -EINVAL: arguments, or flags that
 * the card does not take; -EPERM: no peer-to-peer route between the accelerator and the card, or
 * @dmabuf belongs to the parent of this process; -EOPNOTSUPP: the card's driver or the kernel
 * cannot register dma-bufs; -ENOMEM: the card's tables or a limit; -EMFILE; -ENODEV: @dmabuf's
 * device was reset; and what else the provider gives.  May sleep.
 *
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_verbs_mr_register(struct ibv_pd *pd, struct hlthunk_dmabuf *dmabuf, int access,
                          const struct hlthunk_verbs_mr_options *options,
                          struct hlthunk_verbs_mr **mr);

/* One more reference; returns @mr.  Any thread.  Since: 0.9 */
HLTHUNK_API struct hlthunk_verbs_mr *hlthunk_verbs_mr_ref(struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_unref() - give a reference back; NULL is allowed
 *
 * The last one deregisters, then lets go of the dma-buf.  Where the provider refuses to deregister
 * (memory windows are bound), the registration and its dma-buf stay for good, and
 * hlthunk_device_close() lists the dma-buf: call hlthunk_verbs_mr_deregister() first to know.
 * In a forked child only the child's copies go; the parent's region stays.  Any thread.
 *
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_verbs_mr_unref(struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_deregister() - deregister now (ibv_dereg_mr), whoever still has references
 *
 * What to call when the accelerator is reset (hlthunk/reset.h).  The object stays, without region,
 * dma-buf and keys.  0, also when it was done before; -EBUSY: memory windows are bound; -EPERM:
 * @mr belongs to the parent of this process; -EINVAL: NULL; other errors of the provider.  After an
 * error the region is still registered.
 *
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_verbs_mr_deregister(struct hlthunk_verbs_mr *mr);

/* Keys for work requests and for peers; 0 once it is deregistered.  Since: 0.9 */
HLTHUNK_API uint32_t hlthunk_verbs_mr_get_lkey(const struct hlthunk_verbs_mr *mr);
HLTHUNK_API uint32_t hlthunk_verbs_mr_get_rkey(const struct hlthunk_verbs_mr *mr);
/* The address of its first byte: .iova of the options, or its default.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_verbs_mr_get_address(const struct hlthunk_verbs_mr *mr);
/* Bytes.  Since: 0.9 */
HLTHUNK_API uint64_t hlthunk_verbs_mr_get_size(const struct hlthunk_verbs_mr *mr);
/* libibverbs' own, not to be deregistered; NULL once it is.  Since: 0.9 */
HLTHUNK_API struct ibv_mr *hlthunk_verbs_mr_borrow_mr(const struct hlthunk_verbs_mr *mr);
/* Its dma-buf, borrowed; NULL once it is deregistered.  Since: 0.9 */
HLTHUNK_API struct hlthunk_dmabuf *
hlthunk_verbs_mr_borrow_dmabuf(const struct hlthunk_verbs_mr *mr);

/* As hlthunk_last_error(), for the functions of this library.  Since: 0.9 */
HLTHUNK_API const char *hlthunk_verbs_last_error(void);

HLTHUNK_END_DECLS

#endif
