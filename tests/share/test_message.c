/* SPDX-License-Identifier: MIT */
/* The wire format, byte by byte. */
#include "tests/test.h"

#include "hlthunk/error.h"
#include "lib/share/message.h"

#define BYTES(n) (HL_MESSAGE_HEADER_BYTES + (n)*HL_MESSAGE_ITEM_BYTES)

static const struct hl_message_item two[2] = {
    { .identity = 0x1122334455667788,
      .size = 0x10000,
      .offset = 0x2000,
      .data_offset = 0x102,
      .data_tail = 0x304,
      .origin_known = true,
      .pci_address = "0000:0d:00.0",
      .label = "weights" },
    { .identity = 7, .size = 4096 },
};

/* As another implementation would write it: this must never change within version 1. */
TEST(exact_bytes)
{
    static const uint8_t header[HL_MESSAGE_HEADER_BYTES] = {
        'H', 'L', 'D', 'M', 'A', 'B', 'U', 'F', 1, 0, 1, 0, 2, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0,
    };
    uint8_t item[2][HL_MESSAGE_ITEM_BYTES] = {
        { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 1, 0, 0, 0, 0, 0,
          0,    0x20, 0,    0,    0,    0,    0,    0,    1, 0, 0, 0, 2, 1, 4, 3 },
        { 7, 0, 0, 0, 0, 0, 0, 0, 0, 0x10 },
    };
    uint8_t bytes[BYTES(2)];

    memcpy(item[0] + 32, "0000:0d:00.0", 12);
    memcpy(item[0] + 56, "weights", 7);
    memset(bytes, 0xee, sizeof(bytes));
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, two, 2);
    assert_int_equal(sizeof(bytes), 200);
    assert_memory_equal(bytes, header, sizeof(header));
    assert_memory_equal(bytes + sizeof(header), item, sizeof(item));
}

static void same_item(const struct hl_message_item *a, const struct hl_message_item *b)
{
    assert_int_equal(a->identity, b->identity);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->offset, b->offset);
    assert_int_equal(a->data_offset, b->data_offset);
    assert_int_equal(a->data_tail, b->data_tail);
    assert_int_equal(a->origin_known, b->origin_known);
    assert_string_equal(a->pci_address, b->pci_address);
    assert_string_equal(a->label, b->label);
}

TEST(round_trip)
{
    struct hl_message_item full[HL_MESSAGE_MAX_ITEMS], got;
    static uint8_t bytes[HL_MESSAGE_MAX_BYTES];
    size_t n = 0;

    for (size_t i = 0; i < HL_MESSAGE_MAX_ITEMS; i++) {
        full[i] = two[i & 1];
        full[i].identity = i;
    }
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, full, HL_MESSAGE_MAX_ITEMS);
    assert_int_equal(hl_message_decode_header(bytes, sizeof(bytes), HL_MESSAGE_DMABUFS, &n), 0);
    assert_int_equal(n, HL_MESSAGE_MAX_ITEMS);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(hl_message_decode_item(bytes, i, &got), 0);
        same_item(&got, &full[i]);
    }
}

/* One item, whatever the header says. */
TEST(a_device)
{
    uint8_t bytes[BYTES(2)];
    size_t n = 0;

    hl_message_encode(bytes, HL_MESSAGE_DEVICE, two, 1);
    assert_int_equal(hl_message_decode_header(bytes, BYTES(1), HL_MESSAGE_DEVICE, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(hl_message_decode_header(bytes, BYTES(1), HL_MESSAGE_DMABUFS, &n), -EPROTO);
    hl_message_encode(bytes, HL_MESSAGE_DEVICE, two, 2);
    assert_int_equal(hl_message_decode_header(bytes, BYTES(2), HL_MESSAGE_DEVICE, &n), -EPROTO);
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, two, 1);
    assert_int_equal(hl_message_decode_header(bytes, BYTES(1), HL_MESSAGE_DEVICE, &n), -EPROTO);
    assert_non_null(strstr(hlthunk_last_error(), "carries dma-bufs"));
}

/* What a terminal would act on does not leave; what is not known is not sent. */
TEST(texts)
{
    struct hl_message_item item = two[0], got;
    uint8_t bytes[BYTES(1)];

    strcpy(item.label, "a\033[2Jb\x7f\n\xc3\xa4");
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, &item, 1);
    assert_int_equal(hl_message_decode_item(bytes, 0, &got), 0);
    assert_string_equal(got.label, "a?[2Jb??\xc3\xa4");
    /* U+0085 and U+009B, one of them as a byte; not the second half of U+00DB, nor U+201C */
    strcpy(item.label, "\xc2\x9b"
                       "2\x85\xc3\x9b\xe2\x80\x9c");
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, &item, 1);
    assert_int_equal(hl_message_decode_item(bytes, 0, &got), 0);
    assert_string_equal(got.label, "\xc2?2?\xc3\x9b\xe2\x80\x9c");
    memset(bytes + BYTES(0) + 56, 0, sizeof(item.label));
    memcpy(bytes + BYTES(0) + 56, "\xc2\x9b", 2);
    assert_int_equal(hl_message_decode_item(bytes, 0, &got), -EPROTO);
    memset(item.label, 'x', sizeof(item.label));
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, &item, 1);
    assert_int_equal(hl_message_decode_item(bytes, 0, &got), 0);
    assert_int_equal(strlen(got.label), sizeof(got.label) - 1);
    item.origin_known = false;
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, &item, 1);
    assert_int_equal(hl_message_decode_item(bytes, 0, &got), 0);
    assert_string_equal(got.label, "");
    assert_string_equal(got.pci_address, "");
    assert_int_equal(got.offset, 0);
}

/* One byte changed in a good message of two: what is it then? */
struct change {
    unsigned at;
    uint8_t to;
    int error;
    const char *says;
};

TEST(refused)
{
    static const struct change changes[] = {
        { 0, 'h', EPROTO, "does not begin" },
        { 7, 'f', EPROTO, "does not begin" },
        { 8, 2, EPROTONOSUPPORT, "version 2" },
        { 9, 1, EPROTONOSUPPORT, "version 257" },
        { 8, 0, EPROTONOSUPPORT, "version 0" },
        { 10, 9, EPROTONOSUPPORT, "kind 9" },
        { 10, 2, EPROTO, "carries a device" },
        { 12, 0, EPROTO, "0 items" },
        { 12, 254, EPROTO, "254 items" },
        { 15, 0x80, EPROTO, "2147483650 items" },
        { 12, 1, EPROTO, "200 bytes, but 1 items take 112" },
        { 12, 3, EPROTO, "200 bytes, but 3 items take 288" },
        { 16, 201, EPROTO, "201 bytes" },
        { 23, 0xff, EPROTO, "bytes" },
        { 24 + 24, 3, EPROTO, "flags" },
        { 24 + 27, 0x80, EPROTO, "flags" },
        { 24 + 31, 0xff, EPROTO, "starts at 258 and ends 65284 before" },
        { 24 + 10, 0, EPROTO, "0 bytes" },
        { 24 + 32, 'z', EPROTO, "not a PCI address" },
        { 24 + 55, '0', EPROTO, "text" },
        { 24 + 56, '\n', EPROTO, "text" },
        { 24 + 56, 0x1b, EPROTO, "text" },
        { 24 + 87, 'x', EPROTO, "text" },
        { 24 + 88 + 16, 1, EPROTO, "it has none" },
        { 24 + 88 + 28, 1, EPROTO, "it has none" },
        { 24 + 88 + 30, 1, EPROTO, "it has none" },
        { 24 + 88 + 56, 'x', EPROTO, "it has none" },
    };
    struct hl_message_item got = { .identity = 99 };
    uint8_t bytes[BYTES(2)];
    size_t n;

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const struct change *c = &changes[i];
        int rc;

        hl_message_encode(bytes, HL_MESSAGE_DMABUFS, two, 2);
        bytes[c->at] = c->to;
        n = 99;
        rc = hl_message_decode_header(bytes, sizeof(bytes), HL_MESSAGE_DMABUFS, &n);
        if (rc) {
            assert_int_equal(n, 99);
        } else {
            rc = hl_message_decode_item(bytes, c->at >= BYTES(1), &got);
            assert_int_equal(got.identity, 99);
        }
        if (rc != -c->error || !strstr(hlthunk_last_error(), c->says))
            fail_msg("byte %u as %#x: %d: %s", c->at, c->to, rc, hlthunk_last_error());
    }
    hl_message_encode(bytes, HL_MESSAGE_DMABUFS, two, 2);
    for (size_t k = 0; k < HL_MESSAGE_HEADER_BYTES; k++)
        assert_int_equal(hl_message_decode_header(bytes, k, HL_MESSAGE_DMABUFS, &n), -EPROTO);
    /* offset + size past 2^64 */
    memset(bytes + 24 + 16, 0xff, 8);
    assert_int_equal(hl_message_decode_item(bytes, 0, &got), -EPROTO);
}

/* Whatever is accepted is written back as it came: nothing is lost or made up. */
TEST(any_bytes)
{
    uint8_t bytes[BYTES(2)], again[BYTES(2)];
    unsigned accepted = 0;

    srandom(1);
    for (unsigned k = 0; k < 200000; k++) {
        struct hl_message_item got[2];
        size_t n;

        hl_message_encode(bytes, HL_MESSAGE_DMABUFS, two, 2);
        for (unsigned flips = (unsigned)random() % 4; flips; flips--)
            bytes[(size_t)random() % sizeof(bytes)] ^= (uint8_t)(1u << random() % 8);
        if (hl_message_decode_header(bytes, sizeof(bytes), HL_MESSAGE_DMABUFS, &n) ||
            hl_message_decode_item(bytes, 0, &got[0]) || hl_message_decode_item(bytes, 1, &got[1]))
            continue;
        assert_int_equal(n, 2);
        hl_message_encode(again, HL_MESSAGE_DMABUFS, got, 2);
        assert_memory_equal(again, bytes, sizeof(bytes));
        accepted++;
    }
    assert_true(accepted > 10000);
    assert_true(accepted < 190000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_bytes), cmocka_unit_test(round_trip), cmocka_unit_test(a_device),
        cmocka_unit_test(texts),       cmocka_unit_test(refused),    cmocka_unit_test(any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
