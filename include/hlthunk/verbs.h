/* SPDX-License-Identifier: MIT */
/*
 * RDMA: a dma-buf as a memory region of libibverbs.  Part of the companion library libhlthunk-verbs
 * (pkg-config hlthunk-verbs), which is built where libibverbs is available; <hlthunk/hlthunk.h>
 * does not include this header.
 *
 * The kernel needs memory regions to be deregistered before the dma-buf is closed, and that before
 * the memory is unmapped.  A registration is an object that holds its dma-buf, which holds its
 * buffer, which holds its device: drop the references in any order, also on error paths.
 *
 * One dma-buf object may be registered any number of times, with as many network cards: each
 * registration is another attachment to the same kernel dma-buf.
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

/**
 * struct hlthunk_verbs_mr_options - what hlthunk_verbs_mr_register() registers
 * @struct_size: sizeof(struct hlthunk_verbs_mr_options)
 * @offset: in bytes from the start of the exported range.  With .whole_pages the dma-buf has other
 *          bytes before and past that range (hlthunk_dmabuf_get_data_offset(),
 *          hlthunk_dmabuf_get_data_size()), which a region never covers
 * @size_bytes: 0 for everything from @offset to the end of the exported range
 * @iova: the address that work requests and remote peers use for the first byte of the region; it
 *        must be at the same position within a page as that byte.  0: that position in the first
 *        page, which is address 0 for a range that begins with a page
 *
 * Since: 0.9
 */
struct hlthunk_verbs_mr_options {
    size_t struct_size;
    uint64_t offset;
    uint64_t size_bytes;
    uint64_t iova;
};

/**
 * hlthunk_verbs_mr_register() - register a dma-buf as a memory region (ibv_reg_dmabuf_mr)
 * @pd: protection domain, of an open RDMA device; must outlive the registration
 * @dmabuf: the dma-buf, of which the registration holds a reference until it is deregistered
 * @access: IBV_ACCESS_* flags
 * @options: NULL: all that was exported, at address 0 (a range that does not begin with a page: at
 *           its position in the page)
 * @mr: receives a reference that the caller owns
 *
 * Return: 0 or a negative errno, of which hlthunk_verbs_last_error() has the sentence.
 *
 * Errors:
 *   -EINVAL: a NULL argument, a range outside the exported one, a bad .iova, or access flags that
 *     the card does not accept
 *   -E2BIG: @options has a non-zero member that this version of the library does not know
 *   -EPERM: there is no peer-to-peer route between the accelerator and the card, or @dmabuf belongs
 *     to the parent of this process
 *   -EOPNOTSUPP: the card's driver or the kernel cannot register dma-bufs
 *   -ENOMEM: the card's tables or a limit is exhausted
 *   -EMFILE: no descriptor is left
 *   -ENODEV: the device of @dmabuf was reset or removed
 *
 * Any other error is the provider's.
 *
 * Context: any thread; may sleep in the card's driver.
 * Since: 0.9
 */
HLTHUNK_API HLTHUNK_MUST_CHECK int
hlthunk_verbs_mr_register(struct ibv_pd *pd, struct hlthunk_dmabuf *dmabuf, int access,
                          const struct hlthunk_verbs_mr_options *options,
                          struct hlthunk_verbs_mr **mr);

/**
 * hlthunk_verbs_mr_ref() - take one more reference to a registration
 * @mr: the registration
 *
 * Return: @mr.
 *
 * Context: any thread; never blocks.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_verbs_mr *hlthunk_verbs_mr_ref(struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_unref() - drop a reference to a registration
 * @mr: the registration; NULL is allowed
 *
 * The last one deregisters, then drops the dma-buf.  If the provider refuses to deregister (memory
 * windows are bound), the region and its dma-buf remain until the process ends, and
 * hlthunk_device_close() lists the dma-buf: call hlthunk_verbs_mr_deregister() first to find out.
 * In a child after fork() only the child's copies go; the parent's region remains.
 *
 * Context: any thread; the last reference may sleep in the card's driver.
 * Since: 0.9
 */
HLTHUNK_API void hlthunk_verbs_mr_unref(struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_deregister() - deregister now (ibv_dereg_mr), whoever still has references
 * @mr: the registration
 *
 * To be called when the accelerator is reset (hlthunk/reset.h).  The object remains, without
 * region, dma-buf and keys.  After an error the region is still registered.
 *
 * Return: 0, also if it was deregistered before, or a negative errno, of which
 * hlthunk_verbs_last_error() has the sentence.
 *
 * Errors:
 *   -EINVAL: @mr is NULL
 *   -EPERM: @mr belongs to the parent of this process
 *   -EBUSY: memory windows are bound to the region
 *
 * Any other error is the provider's.
 *
 * Context: any thread; may sleep in the card's driver.
 * Since: 0.9
 */
HLTHUNK_API int hlthunk_verbs_mr_deregister(struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_get_lkey() - get the local key of a registration
 * @mr: the registration
 *
 * Return: the key for work requests of this process; 0 once it is deregistered.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint32_t hlthunk_verbs_mr_get_lkey(const struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_get_rkey() - get the remote key of a registration
 * @mr: the registration
 *
 * Return: the key for peers; 0 once it is deregistered.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint32_t hlthunk_verbs_mr_get_rkey(const struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_get_address() - get the address of the first byte of a registration
 * @mr: the registration
 *
 * Return: .iova of the options, or its default.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_verbs_mr_get_address(const struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_get_size() - get the size of a registration
 * @mr: the registration
 *
 * Return: bytes.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API uint64_t hlthunk_verbs_mr_get_size(const struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_borrow_mr() - borrow libibverbs' memory region of a registration
 * @mr: the registration
 *
 * Return: the region, not to be deregistered; NULL once it is.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API struct ibv_mr *hlthunk_verbs_mr_borrow_mr(const struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_mr_borrow_dmabuf() - borrow the dma-buf of a registration
 * @mr: the registration
 *
 * Return: the dma-buf, not to be released; NULL once it is deregistered.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API struct hlthunk_dmabuf *
hlthunk_verbs_mr_borrow_dmabuf(const struct hlthunk_verbs_mr *mr);

/**
 * hlthunk_verbs_last_error() - get what went wrong in this thread's last failed call
 *
 * Like hlthunk_last_error(), for the functions of this library.
 *
 * Return: an English sentence, or "" if no call of this thread has failed.  Never NULL.
 *
 * Context: any thread; no system call.
 * Since: 0.9
 */
HLTHUNK_API const char *hlthunk_verbs_last_error(void);

HLTHUNK_END_DECLS

#endif
