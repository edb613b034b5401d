/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/start.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sim/hlsim/reach.h"
#include "sim/wire.h"

#define LIBRARY "libhlsim.so"

/* Beside hlsim in a build folder, else where it was installed. */
static int find_library(char *path, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", path, size - sizeof(LIBRARY));

    if (n > 0) {
        path[n] = '\0';
        strcpy(strrchr(path, '/') + 1, LIBRARY);
        if (access(path, R_OK) == 0)
            return 0;
    }
    snprintf(path, size, "%s/%s", HLSIM_LIBRARY_DIR, LIBRARY);
    return access(path, R_OK) < 0 ? -errno : 0;
}

static void put_environment(const struct sim_state *s, const char *library)
{
    const char *before = getenv("LD_PRELOAD");
    char text[2 * PATH_MAX];

    snprintf(text, sizeof(text), "%s%s%s", library, before && *before ? ":" : "",
             before ? before : "");
    setenv("LD_PRELOAD", text, 1);
    snprintf(text, sizeof(text), "%s" SIM_SOCKET, s->tree);
    setenv(SIM_ENV_VARIABLE, text, 1);
    /* a sanitizer's runtime need not be first: nothing here is called before it is ready */
    before = getenv("ASAN_OPTIONS");
    snprintf(text, sizeof(text), "%s%sverify_asan_link_order=0", before ? before : "",
             before && *before ? ":" : "");
    setenv("ASAN_OPTIONS", text, 1);
}

/*
 * The loader takes a space or a colon in LD_PRELOAD for the end of a name: then a link in the tree,
 * which has neither.
 */
static int plain_name(const struct sim_state *s, char *library, size_t size)
{
    char link[PATH_MAX];

    if (!strpbrk(library, " :"))
        return 0;
    snprintf(link, sizeof(link), "%s/" LIBRARY, s->tree);
    if (strpbrk(link, " :"))
        return -EINVAL;
    if (symlink(library, link) < 0)
        return -errno;
    snprintf(library, size, "%s", link);
    return 0;
}

static const int raised[] = { RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_AS };
static const struct {
    int signal;
    void (*handler)(int);
} needed[] = {
    { SIGCHLD, SIG_DFL }, /* ignored, it would hide the program's end */
    { SIGXFSZ, SIG_IGN }, /* the error is enough */
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What hlsim was started with. */
static struct {
    struct rlimit limits[COUNT(raised)];
    struct sigaction actions[COUNT(needed)];
    sigset_t mask;
} before;

void start_prepare(void)
{
    for (size_t i = 0; i < COUNT(raised); i++) {
        struct rlimit l;

        getrlimit(raised[i], &before.limits[i]);
        l = before.limits[i];
        l.rlim_cur = l.rlim_max;
        setrlimit(raised[i], &l);
    }
    for (size_t i = 0; i < COUNT(needed); i++) {
        const struct sigaction a = { .sa_handler = needed[i].handler };

        sigaction(needed[i].signal, &a, &before.actions[i]);
    }
    sigprocmask(SIG_SETMASK, NULL, &before.mask);
}

static void restore(void)
{
    for (size_t i = 0; i < COUNT(raised); i++)
        setrlimit(raised[i], &before.limits[i]);
    for (size_t i = 0; i < COUNT(needed); i++)
        sigaction(needed[i].signal, &before.actions[i], NULL);
    sigprocmask(SIG_SETMASK, &before.mask, NULL);
}

pid_t start_program(const struct sim_state *s, char **argv)
{
    char library[PATH_MAX + sizeof(LIBRARY)];
    pid_t pid;
    int rc = find_library(library, sizeof(library));

    rc = rc ? rc : plain_name(s, library, sizeof(library));
    if (rc) {
        fprintf(stderr, "hlsim: %s: %s\n", library, strerror(-rc));
        return -1;
    }
    if (reach_check(argv[0]))
        return -1;
    fflush(NULL);
    pid = fork();
    if (pid)
        return pid;
    put_environment(s, library);
    restore();
    execvp(argv[0], argv);
    rc = errno;
    fprintf(stderr, "hlsim: %s: %s\n", argv[0], strerror(rc));
    _exit(rc == ENOENT ? 127 : 126);
}
