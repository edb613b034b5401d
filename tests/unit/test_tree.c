/* SPDX-License-Identifier: MIT */
/* Files of /sys and their like: what is too long, too much, absent or not what it should be. */
#include "tests/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"

static char root[] = "/tmp/hlthunk-tree-XXXXXX";
static char long_name[HL_TREE_PATH + 10];

static void put(const char *name, const char *text, size_t n)
{
    char path[200];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", root, name);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), n);
    close(fd);
}

static void put_link(const char *name, const char *target)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    assert_int_equal(symlink(target, path), 0);
}

FIXTURE(make)
{
    static char large[50000];

    memset(large, 'x', sizeof(large));
    memset(long_name, 'n', sizeof(long_name) - 1);
    assert_non_null(mkdtemp(root));
    put("text", "one\n", 4);
    put("large", large, sizeof(large));
    put_link("driver", "../../bus/drivers/mlx5_core");
    put_link("plain", "mlx5_core");
    put_link("loop", "loop");
    return 0;
}

FIXTURE(delete)
{
    static const char *const names[] = { "text", "large", "driver", "plain", "loop" };
    char path[200];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, names[i]);
        unlink(path);
    }
    return rmdir(root);
}

static int stop_at_text(const char *name, void *user)
{
    ++*(unsigned *)user;
    return !strcmp(name, "text") ? 7 : 0;
}

static int count_all(const char *name, void *user)
{
    assert_true(strcmp(name, ".") && strcmp(name, ".."));
    ++*(unsigned *)user;
    return 0;
}

TEST(a_path_that_is_too_long)
{
    char text[16] = "as it was";
    unsigned n = 0;
    size_t size = 5;

    for (int which = 0; which < 2; which++) { /* the folder, the path in it */
        const char *folder = which ? root : long_name, *path = which ? long_name : "text";

        assert_int_equal(hl_tree_read(folder, text, sizeof(text), "/%s", path), -ENAMETOOLONG);
        errno = 0;
        assert_null(hl_tree_read_all(folder, &size, "/%s", path));
        assert_int_equal(errno, ENAMETOOLONG);
        assert_int_equal(hl_tree_link(folder, text, sizeof(text), "/%s", path), -ENAMETOOLONG);
        assert_int_equal(hl_tree_link_name(folder, text, sizeof(text), "/%s", path), -ENAMETOOLONG);
        assert_int_equal(hl_tree_exists(folder, "/%s", path), -ENAMETOOLONG);
        assert_int_equal(hl_tree_each(folder, count_all, &n, "/%s", path), -ENAMETOOLONG);
    }
    assert_string_equal(text, "as it was");
    assert_int_equal(size, 5);
    assert_int_equal(n, 0);
}

TEST(values)
{
    char text[5] = "abc";

    assert_int_equal(hl_tree_read(root, text, 0, "/text"), -ENOSPC);
    assert_string_equal(text, "abc"); /* there is no room for even the end of a string */
    assert_int_equal(hl_tree_read(root, text, 4, "/text"), -ENOSPC);
    assert_int_equal(hl_tree_read(root, text, 5, "/text"), 0);
    assert_string_equal(text, "one");
    assert_int_equal(hl_tree_read(root, text, 5, "/none"), -ENOENT);
}

TEST(whole_files)
{
    size_t n = 0;
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *all;

    assert_true(next >= 0);
    close(next);
    all = hl_tree_read_all(root, &n, "/%s", "large");
    assert_non_null(all);
    assert_int_equal(n, 50000);
    assert_int_equal(strspn(all, "x"), 50000);
    assert_int_equal(all[n], '\0');
    free(all);
    n = 3;
    errno = 0;
    assert_null(hl_tree_read_all(root, &n, "/none"));
    assert_int_equal(errno, ENOENT);
    assert_null(hl_tree_read_all(root, &n, "/."));
    assert_int_equal(errno, EISDIR);
    assert_int_equal(n, 3);
    assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), next); /* none is left open */
    close(next);
}

TEST(links)
{
    char text[64];

    assert_int_equal(hl_tree_link(root, text, sizeof(text), "/plain"), 0);
    assert_string_equal(text, "mlx5_core");
    assert_int_equal(hl_tree_link(root, text, 10, "/plain"), 0);
    assert_int_equal(hl_tree_link(root, text, 9, "/plain"), -ENOSPC);
    assert_int_equal(hl_tree_link(root, text, sizeof(text), "/text"), -EINVAL);
    assert_int_equal(hl_tree_link(root, text, sizeof(text), "/none"), -ENOENT);
    assert_int_equal(hl_tree_link_name(root, text, sizeof(text), "/driver"), 0);
    assert_string_equal(text, "mlx5_core");
    memset(text, 0, sizeof(text));
    assert_int_equal(hl_tree_link_name(root, text, 10, "/plain"), 0);
    assert_string_equal(text, "mlx5_core");
    assert_int_equal(hl_tree_link_name(root, text, 9, "/driver"), -ENOSPC);
    assert_int_equal(hl_tree_link_name(root, text, sizeof(text), "/none"), -ENOENT);
}

TEST(what_exists)
{
    assert_int_equal(hl_tree_exists(root, "/text"), 1);
    assert_int_equal(hl_tree_exists(root, "/none"), 0);
    assert_int_equal(hl_tree_exists(root, "/text/below"), 0);
    /* it could not be looked for */
    assert_int_equal(hl_tree_exists(root, "/loop"), -ELOOP);
}

TEST(folders)
{
    unsigned n = 0;

    assert_int_equal(hl_tree_each(root, count_all, &n, "/"), 0);
    assert_int_equal(n, 5);
    n = 0;
    assert_int_equal(hl_tree_each(root, stop_at_text, &n, "/%s", "."), 7);
    assert_true(n >= 1 && n <= 5);
    n = 0;
    assert_int_equal(hl_tree_each(root, count_all, &n, "/none"), -ENOENT);
    assert_int_equal(hl_tree_each(root, count_all, &n, "/text"), -ENOTDIR);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_that_is_too_long),
        cmocka_unit_test(values),
        cmocka_unit_test(whole_files),
        cmocka_unit_test(links),
        cmocka_unit_test(what_exists),
        cmocka_unit_test(folders),
    };

    return cmocka_run_group_tests(tests, make, delete);
}
