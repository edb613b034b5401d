/* SPDX-License-Identifier: MIT */
/* Why a node could not be opened: which sentence, on a machine that this program makes up. */
#include "tests/test.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <hlthunk/device.h>
#include <hlthunk/error.h>

#include "lib/kernel/capability.h"
#include "lib/op/open_error.h"

static uid_t user = 1000;
static gid_t group = 1000, more_groups[300] = { 7, 8 };
static int more_group_count = 2;
static const char *release = "6.12.1";
static bool capable = true, in_first = true;
static unsigned long mount_flags;

uid_t geteuid(void)
{
    return user;
}

gid_t getegid(void)
{
    return group;
}

int getgroups(int n, gid_t *list)
{
    if (n && n < more_group_count) {
        errno = EINVAL;
        return -1;
    }
    if (n)
        memcpy(list, more_groups, (size_t)more_group_count * sizeof(more_groups[0]));
    return more_group_count;
}

int uname(struct utsname *u)
{
    if (!release)
        return -1;
    snprintf(u->release, sizeof(u->release), "%s", release);
    return 0;
}

int statvfs(const char *path, struct statvfs *fs)
{
    (void)path;
    memset(fs, 0, sizeof(*fs));
    fs->f_flag = mount_flags;
    return 0;
}

bool hl_capable(unsigned capability)
{
    assert_int_equal(capability, CAP_DAC_OVERRIDE);
    return capable;
}

bool hl_in_first_user_namespace(const char *root)
{
    (void)root;
    return in_first;
}

static void says(const char *path, int rc, int expected, const char *text)
{
    struct hlthunk_device_entry e = { .struct_size = sizeof(e), .index = 99 };

    assert_int_equal(hl_open_error(&e, path, rc, 0), expected);
    if (!strstr(hlthunk_last_error(), text))
        fail_msg("\"%s\" does not say \"%s\"", hlthunk_last_error(), text);
}

TEST(modes)
{
    struct stat st = { .st_uid = 5, .st_gid = 6, .st_mode = S_IFCHR | 0600 };

    user = 0;
    assert_true(hl_open_mode_allows(&st));
    capable = false;
    assert_false(hl_open_mode_allows(&st));
    /* root of a user namespace, into which these are mapped, and are not */
    capable = true;
    in_first = false;
    assert_true(hl_open_mode_allows(&st));
    st.st_gid = 65534;
    assert_false(hl_open_mode_allows(&st));
    st.st_gid = 6;
    in_first = true;
    user = 5;
    assert_true(hl_open_mode_allows(&st));
    st.st_mode = S_IFCHR | 0466; /* the owner's bits count, although the others' allow it */
    assert_false(hl_open_mode_allows(&st));
    user = 1000;
    assert_true(hl_open_mode_allows(&st));
    st.st_mode = S_IFCHR | 0664;
    assert_false(hl_open_mode_allows(&st));
    st.st_gid = group; /* member */
    assert_true(hl_open_mode_allows(&st));
    st.st_mode = S_IFCHR | 0606; /* the group's bits count, then */
    assert_false(hl_open_mode_allows(&st));
    st.st_gid = 8;
    assert_false(hl_open_mode_allows(&st));
    st.st_mode = S_IFCHR | 0660;
    assert_true(hl_open_mode_allows(&st));
    st.st_gid = 7;
    assert_true(hl_open_mode_allows(&st));
    st.st_gid = 9;
    assert_false(hl_open_mode_allows(&st));
    more_group_count = 300;
    more_groups[299] = 9;
    assert_true(hl_open_mode_allows(&st));
    st.st_gid = 10;
    assert_false(hl_open_mode_allows(&st));
    more_group_count = 0;
    st.st_gid = 8;
    assert_false(hl_open_mode_allows(&st));
    more_group_count = 2;
}

TEST(no_access)
{
    char path[] = "/tmp/hlthunk-node-XXXXXX";
    struct stat st;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    user = st.st_uid + 1;
    group = st.st_gid + 1;
    assert_int_equal(fchmod(fd, 0600), 0);
    says(path, -EACCES, -EACCES, "its mode is 600");
    assert_int_equal(fchmod(fd, 0666), 0);
    says(path, -EACCES, -EACCES, "a security module");
    mount_flags = ST_NODEV;
    says(path, -EACCES, -EACCES, "mounted nodev");
    mount_flags = 0;
    says("/none/node", -EACCES, -EACCES, "may not search its folder");
    says(path, -EPERM, -EPERM, "container's device cgroup");
    says("/none/node", -EPERM, -EPERM, "does not allow 0:0");
    close(fd);
    unlink(path);
}

TEST(absent)
{
    says("/dev/x", -ENOENT, -ENODEV, "no such device");
    says("/dev/x", -ENXIO, -ENODEV, "no such device");
    says("/dev/x", -ENODEV, -ENODEV, "no such device");
    says("/dev/x", -EIO, -EIO, "/dev/x: ");
}

/* The kernel's check is blamed only where there is one. */
TEST(fop_flags)
{
    static const char *const with[] = { "6.12", "6.12.0-rc1", "6.13.2", "7.0.1" };
    static const char *const without[] = { "6.11.11", "6.1.0-20-amd64", "5.19.3", "x", NULL };

    for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
        release = with[i];
        says("/dev/x", -EINVAL, -EINVAL, "FOP_UNSIGNED_OFFSET");
    }
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        release = without[i];
        says("/dev/x", -EINVAL, -EINVAL, "/dev/x: ");
    }
}

TEST(how_long_it_waited)
{
    struct hlthunk_device_entry e = { .struct_size = sizeof(e) };

    assert_int_equal(hl_open_error(&e, "/dev/x", -EBUSY, 5000), -EBUSY);
    assert_non_null(strstr(hlthunk_last_error(), "/dev/x is busy (waited for 5 ms)"));
    assert_int_equal(hl_open_error(&e, "/dev/x", -EAGAIN, 0), -EAGAIN);
    assert_null(strstr(hlthunk_last_error(), "waited"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes),     cmocka_unit_test(no_access),          cmocka_unit_test(absent),
        cmocka_unit_test(fop_flags), cmocka_unit_test(how_long_it_waited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
