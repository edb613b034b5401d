/* SPDX-License-Identifier: MIT */
/*
 * A group of tests on one device.  CMocka leaves a failed test by a jump: its device stays open,
 * and each test after it would wait for it in vain.  What such a test has left is closed before the
 * next.
 */
#include "tests/sim/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TESTS 64
static const struct CMUnitTest *original[MAX_TESTS]; /* what runs of the group, as it was written */
static size_t next;                                  /* of it: the one to be set up */
static bool unfinished;                              /* the one before has failed, or was skipped */

/* A device's node, a dma-buf, or a card that has it: by what a descriptor or mapping is called. */
static bool keeps_device(const char *name)
{
    return !strncmp(name, "/dev/accel/", 11) || !strncmp(name, "/dev/hl", 7) ||
           !strncmp(name, "/dmabuf:", 8) || !strncmp(name, "/dev/infiniband/", 16);
}

/* The number that a folder of /proc has as its name; -1: another name. */
static int number(const char *name)
{
    char *end;
    long n = strtol(name, &end, 10);

    return end == name || *end ? -1 : (int)n;
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512] = "", *end;
    FILE *f;
    pid_t parent = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return 0;
    if (fgets(text, sizeof(text), f) && (end = strrchr(text, ')'))) /* a name may have anything */
        sscanf(end, ") %*c %d", &parent);
    fclose(f);
    return parent;
}

static void end_children(void)
{
    DIR *proc = opendir("/proc");

    for (struct dirent *e; proc && (e = readdir(proc));) {
        pid_t pid = number(e->d_name);

        if (pid > 0 && parent_of(pid) == getpid() && !kill(pid, SIGKILL))
            waitpid(pid, NULL, 0);
    }
    if (proc)
        closedir(proc);
}

static void unmap_devices(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    unsigned long start, end;
    char line[4096], *name;

    while (maps && fgets(line, sizeof(line), maps)) {
        name = strchr(line, '/');
        if (name && keeps_device(name) && sscanf(line, "%lx-%lx", &start, &end) == 2)
            munmap((void *)start, end - start);
    }
    if (maps)
        fclose(maps);
}

static void close_devices(void)
{
    DIR *fds = opendir("/proc/self/fd");
    char name[4096];

    for (struct dirent *e; fds && (e = readdir(fds));) {
        ssize_t n = readlinkat(dirfd(fds), e->d_name, name, sizeof(name) - 1);

        name[n > 0 ? n : 0] = '\0';
        if (keeps_device(name))
            close(number(e->d_name));
    }
    if (fds)
        closedir(fds);
}

static int set_up(void **state)
{
    const struct CMUnitTest *t = original[next++];

    if (unfinished) {
        end_children();
        unmap_devices();
        close_devices();
    }
    unfinished = true;
    return t->setup_func ? t->setup_func(state) : 0;
}

static void run(void **state)
{
    original[next - 1]->test_func(state);
    unfinished = false;
}

int run_group(const char *name, const struct CMUnitTest *tests, size_t count,
              CMFixtureFunction before_all, CMFixtureFunction after_all)
{
    static struct CMUnitTest wrapped[MAX_TESTS];
    const char *only = getenv("TEST_ONLY");
    size_t n = 0;

    assert_true(count <= MAX_TESTS);
    next = 0;
    for (size_t i = 0; i < count; i++) {
        if (only && fnmatch(only, tests[i].name, 0))
            continue;
        original[n] = &tests[i];
        wrapped[n] = tests[i];
        wrapped[n].setup_func = set_up;
        wrapped[n++].test_func = run;
    }
    /* what cmocka_run_group_tests() is a macro for */
    return _cmocka_run_group_tests(name, wrapped, n, before_all, after_all);
}
