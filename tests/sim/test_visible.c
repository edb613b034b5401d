/* SPDX-License-Identifier: MIT */
/* Which of three devices is opened: by the environment, and by a list. */
#include "tests/sim/support.h"

static const char *modules, *devices;

static void set(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static int open_by(const struct hlthunk_device_options *o, struct hlthunk_device **d)
{
    set("HABANA_VISIBLE_MODULES", modules);
    set("HABANA_VISIBLE_DEVICES", devices);
    return hlthunk_device_open(o, d);
}

static struct hlthunk_device_properties of(struct hlthunk_device *d)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };

    ok(hlthunk_device_get_properties(d, &p));
    return p;
}

static struct hlthunk_device_properties opened(const struct hlthunk_device_options *o)
{
    struct hlthunk_device_properties p;
    struct hlthunk_device *d;

    ok(open_by(o, &d));
    p = of(d);
    hlthunk_device_unref(d);
    return p;
}

/* Module ID and index of each, found without the environment. */
static uint32_t module_id[3];

TEST(the_environment_chooses)
{
    const struct hlthunk_device_options second = { .struct_size = sizeof(second),
                                                   .select = HLTHUNK_SELECT_INDEX,
                                                   .index = 1 };
    struct hlthunk_device *d = NULL, *busy;
    char text[32];

    for (uint32_t i = 0; i < 3; i++) {
        struct hlthunk_device_options o = second;

        o.index = i;
        module_id[i] = opened(&o).module_id;
    }
    for (uint32_t i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "%u", i);
        devices = text;
        assert_int_equal(opened(NULL).index, i);
        snprintf(text, sizeof(text), "%u", module_id[i]);
        modules = text;
        devices = i ? "0" : "1"; /* the modules win */
        assert_int_equal(opened(NULL).module_id, module_id[i]);
        modules = NULL;
    }
    /* in the order of the list, the next when one is taken */
    devices = "2,1";
    ok(open_by(NULL, &busy));
    assert_int_equal(of(busy).index, 2);
    assert_int_equal(opened(NULL).index, 1);
    devices = "2";
    refused(open_by(NULL, &d), EBUSY, "");
    hlthunk_device_unref(busy);
    devices = "all";
    assert_int_equal(opened(NULL).index, 0);
    devices = "7,9";
    refused(open_by(NULL, &d), ENODEV, "HABANA_VISIBLE_DEVICES, a list of 2 indices");
    devices = "first";
    refused(open_by(NULL, &d), EINVAL, "HABANA_VISIBLE_DEVICES");
    /* who asks for one gets it */
    assert_int_equal(opened(&second).index, 1);
    devices = NULL;
    modules = "77";
    refused(open_by(NULL, &d), ENODEV, "HABANA_VISIBLE_MODULES, a list of 1 module IDs");
    modules = NULL;
    assert_null(d);
}

TEST(a_list_chooses)
{
    const uint32_t indices[] = { 9, 2, 0 }, ids[] = { module_id[1], module_id[0] };
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX_LIST,
                                        .list = indices,
                                        .list_count = 3 };
    struct hlthunk_device *d = NULL;

    devices = "1"; /* is for programs that do not choose */
    assert_int_equal(opened(&o).index, 2);
    o.list_count = 1;
    refused(open_by(&o, &d), ENODEV, "options->list");
    o.list_count = 0;
    refused(open_by(&o, &d), EINVAL, "options->list is empty");
    o.select = HLTHUNK_SELECT_MODULE_ID_LIST;
    o.list = ids;
    o.list_count = 2;
    assert_int_equal(opened(&o).module_id, module_id[1]);
    assert_null(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_chooses),
        cmocka_unit_test(a_list_chooses),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
