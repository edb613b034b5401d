/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a message with dma-bufs: what the decoder accepts has bounds and texts that end, and
 * is written back as the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/share/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hl_message_item items[HL_MESSAGE_MAX_ITEMS];
    static uint8_t again[HL_MESSAGE_MAX_BYTES];
    enum hl_message_kind kind = size && data[size - 1] & 1 ? HL_MESSAGE_DEVICE : HL_MESSAGE_DMABUFS;
    size_t count;

    if (hl_message_decode_header(data, size, kind, &count) || size < hl_message_bytes(count))
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (hl_message_decode_item(data, i, &items[i]))
            return 0;
        if (!items[i].size || items[i].offset + items[i].size < items[i].size ||
            !memchr(items[i].label, 0, sizeof(items[i].label)) ||
            !memchr(items[i].pci_address, 0, sizeof(items[i].pci_address)))
            abort();
    }
    hl_message_encode(again, kind, items, count);
    if (memcmp(again, data, hl_message_bytes(count)))
        abort();
    return 0;
}
