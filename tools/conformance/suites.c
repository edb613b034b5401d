/* SPDX-License-Identifier: MIT */
/* The tests that CMocka runs in tests/, for the report. */
#include "tools/conformance/suites.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/support.h"

#define SUITES(ROW)                                                                                \
    ROW(objects, "devices, buffers, dma-bufs")                                                     \
    ROW(lifetime, "what is released in which order")                                               \
    ROW(semantics, "the driver's rules that the library stands on")                                \
    ROW(processes, "dma-bufs in other processes")                                                  \
    ROW(threads, "one device in several threads")                                                  \
    ROW(completion, "submissions that end, and who is told")                                       \
    ROW(sync, "what a dma-buf's fences do")                                                        \
    ROW(pool, "pools of buffers")                                                                  \
    ROW(share, "dma-bufs and devices sent over sockets")                                           \
    ROW(queues, "copies by the device's engines, fences, several queues")                          \
    ROW(address, "buffers found by an address, and exported by it")                                \
    ROW(host_memory, "host memory that the device reaches")                                        \
    ROW(statistics, "how much memory is in use")                                                   \
    ROW(inherited, "objects after fork()")

#define DECLARE(name, what) int suite_##name(void);
SUITES(DECLARE)

static const struct {
    const char *name, *what;
    int (*run)(void);
} suites[] = {
#define ROW(name, what) { #name, what, suite_##name },
    SUITES(ROW)
};

enum { COUNT = sizeof(suites) / sizeof(suites[0]) };

const char *suite_get(unsigned i, const char **what)
{
    if (i >= COUNT)
        return NULL;
    *what = suites[i].what;
    return suites[i].name;
}

/* What a test printed, as one line: CMocka's verdicts, which are known, are left out. */
static void print_why(FILE *said)
{
    const char *between = ": ";
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, said) >= 0) {
        const char *text = line + strspn(line, "# ");

        line[strcspn(line, "\n")] = '\0';
        if (!*text || !strncmp(text, "1..", 3) || !strncmp(text, "not ok", 6) ||
            !strncmp(text, "TAP version", 11))
            continue;
        printf("%s%s", between, text);
        between = "; ";
    }
    free(line);
}

static bool has_skipped(FILE *said)
{
    bool found = false;
    char *line = NULL;
    size_t size = 0;

    while (!found && getline(&line, &size, said) >= 0)
        found = strstr(line, "# SKIP");
    free(line);
    rewind(said);
    return found;
}

/* One test in a process of its own: what it leaves behind, or dies of, is not the next one's. */
static bool run_one(const struct CMUnitTest *test, CMFixtureFunction before_all,
                    CMFixtureFunction after_all)
{
    int fd = memfd_create("test", MFD_CLOEXEC), status = 0;
    FILE *said = fd < 0 ? NULL : fdopen(fd, "r");
    pid_t pid = said ? fork() : -1;

    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        close(fd);
        setvbuf(stdout, NULL, _IOLBF, 0);
        exit(_cmocka_run_group_tests(test->name, test, 1, before_all, after_all) != 0);
    }
    if (pid < 0) {
        perror("hlthunk-conformance");
        if (said)
            fclose(said);
        return false;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    lseek(fd, 0, SEEK_SET);
    printf("%s ", test->name);
    if (!status) {
        printf("%s", has_skipped(said) ? "skipped" : "passed");
    } else {
        printf("failed");
        if (WIFSIGNALED(status))
            printf(": %s", strsignal(WTERMSIG(status)));
        print_why(said);
    }
    putchar('\n');
    fclose(said);
    return true;
}

/* The suites' RUN_GROUP(), here: how many tests could not be run. */
int run_group(const char *name, const struct CMUnitTest *tests, size_t count,
              CMFixtureFunction before_all, CMFixtureFunction after_all)
{
    int missed = 0;

    (void)name;
    if (setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1))
        return -1;
    for (size_t i = 0; i < count; i++)
        missed += !run_one(&tests[i], before_all, after_all);
    return missed;
}

bool suite_run(unsigned i)
{
    return suites[i].run() == 0;
}
