/* SPDX-License-Identifier: MIT */
#include "lib/share/message.h"

#include <string.h>

#include "lib/error.h"
#include "lib/kernel/pci_address.h"
#include "lib/text.h"

typedef unsigned long long ull;

static const char magic[8] = { 'H', 'L', 'D', 'M', 'A', 'B', 'U', 'F' };

#define FLAG_ORIGIN_KNOWN 1u

static void put(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << 8 * i;
    return value;
}

static void put_text(uint8_t *to, const char *text, size_t size)
{
    memset(to, 0, size);
    hl_text_copy((char *)to, text, size);
}

/* False: no NUL, something after it, or a character that is not printable. */
static bool get_text(char *text, const uint8_t *from, size_t size)
{
    size_t n = strnlen((const char *)from, size);

    if (n == size)
        return false;
    for (size_t i = 0; i < size; i++) {
        text[i] = (char)from[i];
        if (i < n ? !hl_text_is_printable(text, i) : text[i] != '\0')
            return false;
    }
    return true;
}

void hl_message_encode(uint8_t *bytes, enum hl_message_kind kind,
                       const struct hl_message_item *items, size_t count)
{
    memcpy(bytes, magic, sizeof(magic));
    put(bytes + 8, HL_MESSAGE_VERSION, 2);
    put(bytes + 10, kind, 2);
    put(bytes + 12, count, 4);
    put(bytes + 16, hl_message_bytes(count), 8);
    for (size_t i = 0; i < count; i++) {
        const struct hl_message_item *item = &items[i];
        uint8_t *b = bytes + hl_message_bytes(i);
        bool known = item->origin_known;

        put(b, item->identity, 8);
        put(b + 8, item->size, 8);
        put(b + 16, known ? item->offset : 0, 8);
        put(b + 24, known ? FLAG_ORIGIN_KNOWN : 0, 4);
        put(b + 28, known ? item->data_offset : 0, 2);
        put(b + 30, known ? item->data_tail : 0, 2);
        put_text(b + 32, known ? item->pci_address : "", sizeof(item->pci_address));
        put_text(b + 56, known ? item->label : "", sizeof(item->label));
    }
}

int hl_message_decode_header(const uint8_t *bytes, size_t n, enum hl_message_kind wanted,
                             size_t *count)
{
    uint64_t version, kind, items, length, most;

    if (n < HL_MESSAGE_HEADER_BYTES)
        return hl_err(-EPROTO, "message has %zu bytes, fewer than its header, %u", n,
                      HL_MESSAGE_HEADER_BYTES);
    if (memcmp(bytes, magic, sizeof(magic)))
        return hl_err(-EPROTO, "message does not begin like one of this library's");
    version = get(bytes + 8, 2);
    kind = get(bytes + 10, 2);
    items = get(bytes + 12, 4);
    length = get(bytes + 16, 8);
    if (version != HL_MESSAGE_VERSION)
        return hl_err(-EPROTONOSUPPORT, "message is of version %u, this library knows %u",
                      (unsigned)version, HL_MESSAGE_VERSION);
    if (kind != HL_MESSAGE_DMABUFS && kind != HL_MESSAGE_DEVICE)
        return hl_err(-EPROTONOSUPPORT, "message is of kind %u, which this library does not know",
                      (unsigned)kind);
    if (kind != wanted)
        return hl_err(-EPROTO, "message carries %s",
                      kind == HL_MESSAGE_DEVICE ? "a device (hlthunk_device_receive)"
                                                : "dma-bufs (hlthunk_dmabuf_receive)");
    most = kind == HL_MESSAGE_DEVICE ? 1 : HL_MESSAGE_MAX_ITEMS;
    if (!items || items > most)
        return hl_err(-EPROTO, "message claims %llu items, not 1 to %llu", (ull)items, (ull)most);
    if (length != hl_message_bytes((size_t)items))
        return hl_err(-EPROTO, "message claims %llu bytes, but %llu items take %zu", (ull)length,
                      (ull)items, hl_message_bytes((size_t)items));
    *count = (size_t)items;
    return 0;
}

int hl_message_decode_item(const uint8_t *bytes, size_t i, struct hl_message_item *item)
{
    const uint8_t *b = bytes + hl_message_bytes(i);
    uint64_t flags = get(b + 24, 4), end;
    struct hl_message_item got = {
        .identity = get(b, 8),
        .size = get(b + 8, 8),
        .offset = get(b + 16, 8),
        .data_offset = (uint32_t)get(b + 28, 2),
        .data_tail = (uint32_t)get(b + 30, 2),
        .origin_known = flags & FLAG_ORIGIN_KNOWN,
    };
    struct hl_pci_address pci;

    if (flags & ~(uint64_t)FLAG_ORIGIN_KNOWN)
        return hl_err(-EPROTO, "item %zu has flags that version %u does not have", i,
                      HL_MESSAGE_VERSION);
    if (!got.size || __builtin_add_overflow(got.offset, got.size, &end))
        return hl_err(-EPROTO, "item %zu has %llu bytes at offset %llu", i, (ull)got.size,
                      (ull)got.offset);
    if (got.data_offset + (uint64_t)got.data_tail >= got.size)
        return hl_err(
            -EPROTO, "item %zu has %llu bytes, its range starts at %lu and ends %lu before the end",
            i, (ull)got.size, (unsigned long)got.data_offset, (unsigned long)got.data_tail);
    if (!get_text(got.pci_address, b + 32, sizeof(got.pci_address)) ||
        !get_text(got.label, b + 56, sizeof(got.label)))
        return hl_err(-EPROTO, "item %zu has a text that is not terminated or not printable", i);
    if (got.pci_address[0] && !hl_pci_parse(got.pci_address, &pci))
        return hl_err(-EPROTO, "item %zu: \"%s\" is not a PCI address", i, got.pci_address);
    if (!got.origin_known &&
        (got.offset || got.data_offset || got.data_tail || got.pci_address[0] || got.label[0]))
        return hl_err(-EPROTO, "item %zu has an origin, and a flag that it has none", i);
    *item = got;
    return 0;
}
