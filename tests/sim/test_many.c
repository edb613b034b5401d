/* SPDX-License-Identifier: MIT */
/*
 * Many devices: each is opened and moves bytes of its own, all at once.  test_many COUNT
 *
 * The supervisor's memory is bounded: what a device never touched must not cost any.
 */
#include "tests/sim/support.h"

#include <unistd.h>

#include "uapi/habanalabs_accel.h"

#define SIZE (64u << 10)
#define MOST 64
#define SUPERVISOR_KIB (16u << 10)
#define DEVICE_KIB (3u << 10)

static size_t wanted;

struct one {
    struct hlthunk_device *d;
    struct hlthunk_buffer *host, *memory;
    struct hlthunk_command_buffer *cb;
    uint8_t *bytes;
    uint64_t seq;
};

/* A packet: SIZE bytes from the first half of host memory to the device, and back to the second. */
static void submit(struct one *o)
{
    struct hl_cs_chunk chunk = { .cb_size = 48, .cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };
    uint64_t host = hlthunk_buffer_get_address(o->host),
             memory = hlthunk_buffer_get_address(o->memory);
    uint64_t ends[2][2] = { { host, memory }, { memory, host + SIZE } };
    uint32_t *p = hlthunk_command_buffer_borrow_data(o->cb);
    struct hlthunk_cs_out out;

    for (unsigned i = 0; i < 2; i++) {
        p[6 * i] = SIZE;
        p[6 * i + 1] = 9u << 24 | 7u << 29; /* LIN_DMA, after what came before */
        memcpy(p + 6 * i + 2, ends[i], sizeof(ends[i]));
    }
    chunk.cb_handle = hlthunk_command_buffer_get_address(o->cb);
    ok(hlthunk_command_submission(hlthunk_device_borrow_fd(o->d), &in, &out));
    o->seq = out.seq;
}

static void begin(struct one *o, uint32_t index)
{
    struct hlthunk_device_options select = { .struct_size = sizeof(select),
                                             .select = HLTHUNK_SELECT_INDEX,
                                             .index = index };
    struct hlthunk_command_buffer_options mapped = { .struct_size = sizeof(mapped),
                                                     .device_mapped = true };

    ok(hlthunk_device_open(&select, &o->d));
    o->bytes = calloc(2, SIZE);
    assert_non_null(o->bytes);
    for (uint32_t i = 0; i < SIZE; i++)
        o->bytes[i] = (uint8_t)(i * 3 + index + 1);
    ok(hlthunk_buffer_from_host(o->d, o->bytes, 2ull * SIZE, NULL, &o->host));
    ok(hlthunk_buffer_alloc(o->d, SIZE, NULL, &o->memory));
    ok(hlthunk_command_buffer_create(o->d, 4096, &mapped, &o->cb));
    submit(o);
}

static void end(struct one *o)
{
    uint32_t status = 9;

    ok(hlthunk_wait_for_cs(hlthunk_device_borrow_fd(o->d), o->seq, 30000000, &status));
    assert_int_equal(status, HL_WAIT_CS_STATUS_COMPLETED);
    assert_memory_equal(o->bytes, o->bytes + SIZE, SIZE);
    hlthunk_command_buffer_unref(o->cb);
    hlthunk_buffer_unref(o->memory);
    hlthunk_buffer_unref(o->host);
    assert_int_equal(hlthunk_device_close(o->d), 0);
    free(o->bytes);
}

TEST(all_work_at_once)
{
    static struct one all[MOST];
    struct hlthunk_device_entry entries[MOST];
    size_t n;

    ok(hlthunk_device_enumerate(entries, sizeof(*entries), MOST, &n));
    assert_int_equal(n, wanted);
    for (uint32_t i = 0; i < wanted; i++)
        begin(&all[i], i);
    for (uint32_t i = 0; i < wanted; i++)
        end(&all[i]);
}

/* The most memory that hlsim has had, KiB. */
static unsigned supervisor_kib(void)
{
    char path[48], line[160];
    unsigned kib = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)getppid());
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        if (sscanf(line, "VmHWM: %u kB", &kib) == 1)
            break;
    }
    fclose(f);
    return kib;
}

/* 64 GiB of device memory on any machine: what was never written reads as zeros, and costs none. */
TEST(memory_is_there_where_it_was_written)
{
    const uint64_t size = 64ull << 30;
    struct hlthunk_buffer *b, *host;
    struct hlthunk_device *d = open_device();
    uint8_t *bytes = aligned_alloc(4096, MIB);
    unsigned before = supervisor_kib();
    uint64_t at, there;

    assert_non_null(bytes);
    ok(hlthunk_buffer_alloc(d, size, NULL, &b));
    ok(hlthunk_buffer_from_host(d, bytes, MIB, NULL, &host));
    at = hlthunk_buffer_get_address(b);
    there = hlthunk_buffer_get_address(host);
    memset(bytes, 0x5a, MIB);
    assert_int_equal(copy_by_device(d, there, at, 4096, false, 10000000), 0);
    assert_int_equal(copy_by_device(d, there, at + size - 4096, 4096, false, 10000000), 0);
    /* far apart, a page each; between them nothing */
    for (uint64_t o = 1; o < 64; o += 9) {
        memset(bytes, 0x77, MIB);
        assert_int_equal(copy_by_device(d, at + (o << 30), there, MIB, true, 10000000), 0);
        for (size_t i = 0; i < MIB; i++)
            assert_int_equal(bytes[i], 0);
    }
    assert_int_equal(copy_by_device(d, at + size - 4096, there, 4096, true, 10000000), 0);
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(bytes[i], 0x5a);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(supervisor_kib() < before + (4u << 10));
#endif
    hlthunk_buffer_unref(host);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
    free(bytes);
}

TEST(memory_is_bounded)
{
    unsigned kib = supervisor_kib();

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#endif
    print_message("%zu devices: hlsim's memory was at most %u KiB\n", wanted, kib);
    assert_true(kib > 0);
    assert_true(kib < SUPERVISOR_KIB + wanted * DEVICE_KIB);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_work_at_once),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(memory_is_there_where_it_was_written),
    };

    require_simulation();
    wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    assert_true(wanted >= 1 && wanted <= MOST);
    return RUN_GROUP(tests, NULL, NULL);
}
