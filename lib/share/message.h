/* SPDX-License-Identifier: MIT */
/*
 * The message that carries dma-bufs or a device between processes: what goes with the descriptors.
 *
 * Numbers are little endian.  A header, then one item for each descriptor, in their order:
 *
 *   header   0  8  magic "HLDMABUF"          item   0  8  identity: inode of the dma-buf
 *            8  2  version: 1                       8  8  size of the dma-buf in bytes
 *           10  2  kind: enum hl_message_kind      16  8  offset within the sender's buffer
 *           12  4  items: 1 to 253                 24  4  flags: 1, the origin is known
 *           16  8  bytes of the whole message      28  2  bytes of the dma-buf before the range
 *                                                  30  2  bytes of the dma-buf past the range
 *                                                  32 24  PCI address of the sender's device
 *                                                  56 32  label
 *
 * Texts end with a NUL and zeros to the end of their field.  Where the origin is not known, both
 * offsets and texts are zero.  A device is one item: identity is the node's number (st_rdev), size
 * and offset are those of the memory that programs may use, those at 28 and 30 are not looked at. A
 * change of any of this is another version.
 */
#ifndef HL_SHARE_MESSAGE_H
#define HL_SHARE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HL_MESSAGE_VERSION 1
#define HL_MESSAGE_HEADER_BYTES 24u
#define HL_MESSAGE_ITEM_BYTES 88u
#define HL_MESSAGE_MAX_ITEMS 253u /* descriptors that Linux passes at once (SCM_MAX_FD) */
#define HL_MESSAGE_MAX_BYTES                                                                       \
    (HL_MESSAGE_HEADER_BYTES + HL_MESSAGE_MAX_ITEMS * HL_MESSAGE_ITEM_BYTES)

enum hl_message_kind {
    HL_MESSAGE_DMABUFS = 1,
    HL_MESSAGE_DEVICE = 2,
};

struct hl_message_item {
    uint64_t identity, size, offset;
    uint32_t data_offset, data_tail; /* each less than a page, which is 64 KiB at most */
    bool origin_known;
    char pci_address[24]; /* "" where it is not known */
    char label[32];       /* printable; "" for none */
};

/* Bytes of a message with so many items. */
static inline size_t hl_message_bytes(size_t count)
{
    return HL_MESSAGE_HEADER_BYTES + count * HL_MESSAGE_ITEM_BYTES;
}

/*
 * Writes hl_message_bytes(count) bytes.  count: 1 to HL_MESSAGE_MAX_ITEMS.  Characters of texts
 * that are not for printing become '?'.
 */
void hl_message_encode(uint8_t *bytes, enum hl_message_kind kind,
                       const struct hl_message_item *items, size_t count);

/*
 * Checks the header at bytes, of which there are n.  0 and how many items follow; -EPROTO, also for
 * another kind of message than is wanted; -EPROTONOSUPPORT: another version, or an unknown kind.
 */
int hl_message_decode_header(const uint8_t *bytes, size_t n, enum hl_message_kind wanted,
                             size_t *count);

/* Checks the i-th item of a message of which header and length are right.  0; -EPROTO. */
int hl_message_decode_item(const uint8_t *bytes, size_t i, struct hl_message_item *item);

#endif
