/* SPDX-License-Identifier: MIT */
/* What a kernel does not know is told in a loud line, with the kernel that does. */
#include "tests/test.h"

#include <sys/mman.h>

#include "sim/model/model.h"
#include "uapi/habanalabs_vendor.h"

static char said[128];
static unsigned long about;

static void complain(const struct sim_state *s, const char *what, unsigned long value)
{
    (void)s;
    snprintf(said, sizeof(said), "%s", what);
    about = value;
}

static int copy_out(uint64_t a, const void *from, size_t n)
{
    memcpy((void *)(uintptr_t)a, from, n);
    return 0;
}

static struct sim_env env;
static uint32_t file;

static int setup(void **state)
{
    struct sim_state *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)state;
    if (s == MAP_FAILED)
        return -1;
    memset(s->file_buckets, 0xff, sizeof(s->file_buckets));
    s->device_count = 1;
    sim_device_init(s, &s->devices[0], SIM_ASIC_GAUDI2, 0);
    file = sim_file_new(s, SIM_FILE_PRIMARY, 7);
    s->devices[0].context.id = s->files[file].context = 1;
    env = (struct sim_env){ .state = s, .complain = complain, .copy_out = copy_out };
    return 0;
}

static int info(enum hl_generation generation, uint32_t op)
{
    static char room[4096];
    struct hl_info_args a = { .op = op,
                              .return_pointer = (uintptr_t)room,
                              .return_size = sizeof(room) };

    said[0] = 0;
    env.state->generation = generation;
    return sim_info(&env, file, &a);
}

static int debug(enum hl_generation generation, uint32_t op)
{
    struct hl_debug_args a = { .op = op };

    said[0] = 0;
    env.state->generation = generation;
    return sim_debug(&env, file, &a);
}

TEST(unknown_info)
{
    assert_int_equal(info(HL_GENERATION_DRM, 200), -EINVAL);
    assert_string_equal(said, "unknown INFO operation");
    assert_int_equal(about, 200);
    assert_int_equal(info(HL_GENERATION_VENDOR, UINT32_MAX), -EINVAL);
    assert_string_equal(said, "unknown INFO operation");
    assert_int_equal(info(HL_GENERATION_DRM, HL_INFO_MEMORY_CONSUMPTION), -EINVAL);
    assert_non_null(strstr(said, "--kernel vendor"));
    assert_int_equal(info(HL_GENERATION_MISC, HL_INFO_HW_ERR_EVENT), -EINVAL);
    assert_string_equal(said, "INFO operation of a later kernel");
    /* known ones, and those that tell the drivers apart */
    assert_int_equal(info(HL_GENERATION_DRM, HL_INFO_DEVICE_STATUS), 0);
    assert_string_equal(said, "");
    assert_int_equal(info(HL_GENERATION_MISC, HL_INFO_PAGE_FAULT_EVENT), -EINVAL);
    assert_string_equal(said, "");
    assert_int_equal(info(HL_GENERATION_DRM, HL_INFO_MODULE_PARAMS), -EINVAL);
    assert_string_equal(said, "");
}

TEST(unknown_debug)
{
    assert_int_equal(debug(HL_GENERATION_DRM, 77), -EINVAL);
    assert_string_equal(said, "unknown DEBUG operation");
    assert_int_equal(about, 77);
    assert_int_equal(debug(HL_GENERATION_DRM, HL_DEBUG_OP_READBLOCK), -EINVAL);
    assert_non_null(strstr(said, "--kernel vendor"));
    assert_int_equal(debug(HL_GENERATION_VENDOR, 77), -EINVAL);
    assert_string_equal(said, "unknown DEBUG operation");
    assert_int_equal(debug(HL_GENERATION_DRM, HL_DEBUG_OP_SET_MODE), -EFAULT);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_info),
        cmocka_unit_test(unknown_debug),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
