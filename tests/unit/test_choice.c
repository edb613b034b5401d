/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hlthunk/error.h>

#include "lib/op/choice.h"

TEST(lists)
{
    struct hl_choice c;

    assert_int_equal(hl_choice_parse("5,4,7,6", "X", true, &c), 0);
    assert_int_equal(c.count, 4);
    assert_int_equal(c.id[0], 5);
    assert_int_equal(c.id[3], 6);
    assert_true(c.modules);
    assert_string_equal(c.from, "X");
    assert_int_equal(hl_choice_parse(" 0 , 4294967295 ", "X", false, &c), 0);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.id[1], UINT32_MAX);
    assert_false(c.modules);
}

TEST(any_device)
{
    const char *any[] = { NULL, "", "all" };
    struct hl_choice c;

    for (size_t i = 0; i < 3; i++) {
        memset(&c, 1, sizeof(c));
        assert_int_equal(hl_choice_parse(any[i], "X", false, &c), 0);
        assert_null(c.from);
    }
}

TEST(malformed)
{
    const char *bad[] = {
        ",",   "1,",         ",1",  "1,,2", "x",   "1x",  "-1",
        "+1",  "4294967296", "0x1", " ",    "1;2", "1 2", "99999999999999999999999999",
        "ALL", "all,1"
    };
    char many[65 * 2 + 1];
    struct hl_choice c;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(hl_choice_parse(bad[i], "THE_NAME", false, &c), -EINVAL);
        assert_non_null(strstr(hlthunk_last_error(), "THE_NAME"));
        assert_non_null(strstr(hlthunk_last_error(), bad[i]));
    }
    for (unsigned i = 0; i < 65; i++)
        memcpy(many + 2 * i, "1,", 3);
    many[64 * 2 - 1] = '\0';
    assert_int_equal(hl_choice_parse(many, "X", false, &c), 0);
    assert_int_equal(c.count, 64);
    many[64 * 2 - 1] = ',';
    many[65 * 2 - 1] = '\0';
    assert_int_equal(hl_choice_parse(many, "X", false, &c), -EINVAL);
}

TEST(who_chooses)
{
    const uint32_t ids[] = { 3, 1 };
    struct hlthunk_device_options o = { .select = HLTHUNK_SELECT_ANY };
    struct hl_choice c;

    unsetenv("HABANA_VISIBLE_MODULES");
    setenv("HABANA_VISIBLE_DEVICES", "2", 1);
    assert_int_equal(hl_choice_read(&o, &c), 0);
    assert_string_equal(c.from, "HABANA_VISIBLE_DEVICES");
    assert_false(c.modules);
    setenv("HABANA_VISIBLE_MODULES", "", 1); /* as good as unset */
    assert_int_equal(hl_choice_read(&o, &c), 0);
    assert_string_equal(c.from, "HABANA_VISIBLE_DEVICES");
    setenv("HABANA_VISIBLE_MODULES", "7,8", 1);
    assert_int_equal(hl_choice_read(&o, &c), 0);
    assert_string_equal(c.from, "HABANA_VISIBLE_MODULES");
    assert_true(c.modules);
    assert_int_equal(c.count, 2);
    setenv("HABANA_VISIBLE_MODULES", "seven", 1);
    assert_int_equal(hl_choice_read(&o, &c), -EINVAL);
    /* who asks for a device gets it */
    for (o.select = HLTHUNK_SELECT_PCI_ADDRESS; o.select <= HLTHUNK_SELECT_ASIC; o.select++) {
        assert_int_equal(hl_choice_read(&o, &c), 0);
        assert_null(c.from);
    }
    o.select = HLTHUNK_SELECT_MODULE_ID_LIST;
    assert_int_equal(hl_choice_read(&o, &c), -EINVAL);
    o.list = ids;
    o.list_count = 65;
    assert_int_equal(hl_choice_read(&o, &c), -EINVAL);
    o.list_count = 2;
    assert_int_equal(hl_choice_read(&o, &c), 0);
    assert_true(c.modules);
    assert_int_equal(c.id[0], 3);
    o.select = HLTHUNK_SELECT_INDEX_LIST;
    assert_int_equal(hl_choice_read(&o, &c), 0);
    assert_false(c.modules);
}

#define NOT_SET_UID 77

/* What the set-uid copy of this program does. */
static int as_set_uid(void)
{
    const struct hlthunk_device_options any = { .struct_size = sizeof(any) };
    struct hl_choice c;

    if (!getauxval(AT_SECURE))
        return NOT_SET_UID; /* a file system without set-uid */
    return hl_choice_read(&any, &c) ? 2 : c.from != NULL;
}

static bool copy_file(const char *to)
{
    int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    struct stat s;
    bool good = in >= 0 && out >= 0 && fstat(in, &s) == 0;

    for (off_t at = 0; good && at < s.st_size;)
        good = sendfile(out, in, &at, (size_t)(s.st_size - at)) > 0;
    good = good && fchown(out, 65534, 65534) == 0 && fchmod(out, 04755) == 0;
    close(in);
    close(out);
    return good;
}

/* Who starts a program with another one's rights does not choose its device. */
TEST(a_set_uid_program_takes_nothing_from_the_environment)
{
    char dir[] = "/tmp/hlthunk-choice-XXXXXX", path[64];
    int status = -1;
    pid_t pid;

    if (geteuid())
        skip();
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chmod(dir, 0755), 0);
    snprintf(path, sizeof(path), "%s/program", dir);
    assert_true(copy_file(path));
    setenv("HABANA_VISIBLE_MODULES", "3", 1);
    setenv("HABANA_VISIBLE_DEVICES", "1", 1);
    pid = fork();
    if (pid == 0) {
        execl(path, path, "set-uid", (char *)NULL);
        _exit(errno == ENOEXEC ? NOT_SET_UID : 3); /* an emulator runs us */
    }
    unsetenv("HABANA_VISIBLE_MODULES");
    unsetenv("HABANA_VISIBLE_DEVICES");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    unlink(path);
    rmdir(dir);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_SET_UID)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(any_device),
        cmocka_unit_test(malformed),
        cmocka_unit_test(who_chooses),
        cmocka_unit_test(a_set_uid_program_takes_nothing_from_the_environment),
    };

    if (argc == 2 && !strcmp(argv[1], "set-uid"))
        _exit(as_set_uid()); /* a sanitizer may not look for leaks in such a process */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
