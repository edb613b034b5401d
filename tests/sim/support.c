/* SPDX-License-Identifier: MIT */
#include "tests/sim/support.h"

#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uapi/habanalabs_accel.h"

bool in_rig(void)
{
    return getenv("HLTHUNK_RIG") != NULL || on_card();
}

bool on_card(void)
{
    return getenv("TEST_ON_CARD") != NULL;
}

const struct hlsim_importer *test_importer(void)
{
    return in_rig() ? NULL : hlsim_importer();
}

void require_simulation(void)
{
    if (!test_importer() && !in_rig()) {
        fprintf(stderr, "this test runs in a simulation, hlsim run -- PROGRAM, or on the real "
                        "driver, rig/run -- PROGRAM\n");
        exit(1);
    }
}

const char *test_pci_address(void)
{
    const char *s = in_rig() ? getenv("TEST_PCI_ADDRESS") : NULL; /* rig/run: the first device's */

    return s ? s : in_rig() ? "0000:00:04.0" : "0000:10:00.0";
}

unsigned test_index(void)
{
    const char *s = getenv("TEST_INDEX");

    return s ? (unsigned)atoi(s) : 0;
}

const char *test_node(bool control)
{
    static char path[2][40];

    snprintf(path[control], sizeof(path[0]), "/dev/%s%s%u", on_kernel("6.1") ? "hl" : "accel/accel",
             control ? "_controlD" : "", test_index());
    return path[control];
}

const char *test_asic(void)
{
    const char *s = getenv("TEST_ASIC");

    return s ? s : "gaudi2";
}

const char *test_kernel(void)
{
    const char *s = getenv("TEST_KERNEL");

    return s ? s : "6.12";
}

bool on_asic(const char *name)
{
    return !strcmp(test_asic(), name);
}

bool on_kernel(const char *name)
{
    return !strcmp(test_kernel(), name);
}

bool can_export(void)
{
    return !on_kernel("6.1") || on_asic("gaudi");
}

struct hlthunk_device *open_device(void)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = 20000000000 };
    struct hlthunk_device *d;

    ok(hlthunk_device_open(&o, &d));
    return d;
}

static int seen(const struct hlthunk_live_object *live, void *user)
{
    (void)live, (void)user;
    return 1;
}

void close_device(struct hlthunk_device *d)
{
    for (unsigned i = 0; i < 20000 && hlthunk_device_list_live_objects(d, seen, NULL) == 1; i++)
        usleep(1000);
    assert_int_equal(hlthunk_device_close(d), 0);
}

struct hlthunk_command_buffer *copy_begin(struct hlthunk_device *d, uint64_t src, uint64_t dst,
                                          uint32_t n, bool up, uint64_t *seq)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o) };
    struct hl_cs_chunk chunk = { .cb_size = 24, .queue_index = up ? 4 : 0 };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };
    struct hlthunk_command_buffer *cb;
    struct hlthunk_cs_out out;
    uint32_t words[6];

    ok(hlthunk_device_get_properties(d, &p));
    o.device_mapped = p.asic == HLTHUNK_ASIC_GAUDI2;
    words[0] = n;
    words[1] = 9u << 24 | 3u << 30 | (o.device_mapped ? 0 : 8); /* LIN_DMA */
    memcpy(words + 2, &src, 8);
    memcpy(words + 4, &dst, 8);
    ok(hlthunk_command_buffer_create(d, 4096, &o, &cb));
    memcpy(hlthunk_command_buffer_borrow_data(cb), words, sizeof(words));
    chunk.cb_handle = hlthunk_command_buffer_borrow_handle(cb);
    if (o.device_mapped) {
        chunk.cb_handle = hlthunk_command_buffer_get_address(cb);
        chunk.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    }
    assert_int_equal(hlthunk_command_submission(hlthunk_device_borrow_fd(d), &in, &out), 0);
    *seq = out.seq;
    return cb;
}

int copy_by_device(struct hlthunk_device *d, uint64_t src, uint64_t dst, uint32_t n, bool up,
                   uint64_t wait_us)
{
    uint32_t status = 9;
    uint64_t seq;
    struct hlthunk_command_buffer *cb = copy_begin(d, src, dst, n, up, &seq);
    int rc = hlthunk_wait_for_cs(hlthunk_device_borrow_fd(d), seq, wait_us, &status);

    if (!rc && status != HL_WAIT_CS_STATUS_COMPLETED)
        rc = -EBUSY;
    hlthunk_command_buffer_unref(cb);
    return rc;
}

struct hlthunk_reset_count_info count_resets(struct hlthunk_device *d)
{
    struct hlthunk_reset_count_info info = { 0 };

    assert_int_equal(hlthunk_get_reset_count_info(hlthunk_device_borrow_fd(d), &info), 0);
    return info;
}

struct hlthunk_command_buffer *hang_engine(struct hlthunk_device *d)
{
    const uint32_t wait[2] = { 1 | 1u << 16 | 1u << 30, 8u << 24 | 3u << 30 }; /* FENCE */
    struct hl_cs_chunk chunk = { .cb_size = sizeof(wait), .queue_index = 1 };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };
    struct hlthunk_command_buffer *cb;
    struct hlthunk_cs_out out;

    ok(hlthunk_command_buffer_create(d, 4096, NULL, &cb));
    memcpy(hlthunk_command_buffer_borrow_data(cb), wait, sizeof(wait));
    chunk.cb_handle = hlthunk_command_buffer_borrow_handle(cb);
    assert_int_equal(hlthunk_command_submission_timeout(hlthunk_device_borrow_fd(d), &in, &out, 1),
                     0);
    return cb;
}

void wait_for_engines(struct hlthunk_device *d, uint32_t before)
{
    int fd = hlthunk_device_borrow_fd(d);

    for (unsigned i = 0; i < 20000 && (count_resets(d).soft_reset_count == before ||
                                       hlthunk_get_device_status_info(fd));
         i++)
        usleep(1000);
    assert_int_not_equal(count_resets(d).soft_reset_count, before);
    assert_int_equal(hlthunk_get_device_status_info(fd), 0);
}

unsigned count_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}
