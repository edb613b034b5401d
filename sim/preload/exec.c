/* SPDX-License-Identifier: MIT */
/*
 * Programs that start others: the new ones stay in the simulation even when they get an environment
 * that does not name it.  No memory is allocated: this may be a child of vfork().
 */
#include <alloca.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/preload/preload.h"

DECLARE_REAL(execve);
DECLARE_REAL(execvpe);
DECLARE_REAL(fexecve);
DECLARE_REAL(execveat);
DECLARE_REAL(posix_spawn);
DECLARE_REAL(posix_spawnp);
DECLARE_REAL(system);
DECLARE_REAL(popen);

/* NAME=VALUE of this program; "" where it had none. */
static char preload[PATH_BUFFER], where[64], sanitizer[256];
static const char *library; /* our own file, within preload */

#define PRELOAD "LD_PRELOAD="

static void note(const char *name, char *text, size_t size)
{
    const char *value = getenv(name);

    if (!value || snprintf(text, size, "%s=%s", name, value) >= (int)size)
        text[0] = '\0';
}

void exec_note(void)
{
    Dl_info us;

    note(SIM_ENV_VARIABLE, where, sizeof(where));
    note("ASAN_OPTIONS", sanitizer, sizeof(sanitizer));
    if (!dladdr(&library, &us) ||
        snprintf(preload, sizeof(preload), PRELOAD "%s", us.dli_fname) >= (int)sizeof(preload))
        preload[0] = '\0';
    library = preload + strlen(PRELOAD);
}

/* The entry of the same name as that of text, or the end. */
static size_t find(char *const *env, const char *text)
{
    size_t n = (size_t)(strchr(text, '=') + 1 - text), i = 0;

    while (env && env[i] && strncmp(env[i], text, n))
        i++;
    return i;
}

static bool has(char *const *env, const char *text)
{
    return !text[0] || (env && env[find(env, text)]);
}

static bool preloads(char *const *env)
{
    const char *entry = env ? env[find(env, preload)] : NULL;

    return entry && strstr(entry, library);
}

static bool complete(char *const *env)
{
    return !sim || !where[0] || !preload[0] || (has(env, where) && preloads(env));
}

static size_t count(char *const *env)
{
    size_t n = 0;

    while (env && env[n])
        n++;
    return n;
}

/* Completes the environment: out has room for three more entries, line for LD_PRELOAD. */
static void fill(char *const *env, char **out, char *line, size_t size)
{
    size_t n = count(env), at;

    if (n)
        memcpy(out, env, n * sizeof(*out));
    out[n] = NULL;
    at = find(out, preload);
    if (!out[at])
        out[n++] = preload;
    else if (!preloads(out) &&
             snprintf(line, size, "%s:%s", preload, out[at] + strlen(PRELOAD)) < (int)size)
        out[at] = line;
    out[n] = NULL;
    if (!has(out, where))
        out[n++] = where;
    out[n] = NULL;
    if (!has(out, sanitizer))
        out[n++] = sanitizer;
    out[n] = NULL;
}

/* Replaces env where it lacks something, on the stack: a child of vfork() must not allocate. */
#define COMPLETE(env)                                                                              \
    if (!complete(env)) {                                                                          \
        char **more = alloca((count(env) + 4) * sizeof(*more));                                    \
        char *line = alloca(PATH_BUFFER);                                                          \
        fill(env, more, line, PATH_BUFFER);                                                        \
        (env) = more;                                                                              \
    }

HOOK int execve(const char *path, char *const argv[], char *const envp[])
{
    COMPLETE(envp)
    return REAL(execve)(path, argv, envp);
}

HOOK int execvpe(const char *file, char *const argv[], char *const envp[])
{
    COMPLETE(envp)
    return REAL(execvpe)(file, argv, envp);
}

HOOK int fexecve(int fd, char *const argv[], char *const envp[])
{
    COMPLETE(envp)
    return REAL(fexecve)(fd, argv, envp);
}

HOOK int execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
    COMPLETE(envp)
    return REAL(execveat)(dir, path, argv, envp, flags);
}

HOOK int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

HOOK int execvp(const char *file, char *const argv[])
{
    return execvpe(file, argv, environ);
}

/* argv of execl() and its kin, on the stack of the caller; ap is left past the NULL. */
#define LIST(first, ap)                                                                            \
    size_t n = 0;                                                                                  \
    char **argv;                                                                                   \
    va_start(ap, first);                                                                           \
    for (const char *a = first; a; a = va_arg(ap, const char *))                                   \
        n++;                                                                                       \
    va_end(ap);                                                                                    \
    argv = alloca((n + 1) * sizeof(*argv));                                                        \
    va_start(ap, first);                                                                           \
    argv[0] = (char *)(uintptr_t)first;                                                            \
    for (size_t i = 0; i < n; i++)                                                                 \
        argv[i + 1] = va_arg(ap, char *);

HOOK int execl(const char *path, const char *first, ...)
{
    va_list ap;

    LIST(first, ap)
    va_end(ap);
    return execve(path, argv, environ);
}

HOOK int execlp(const char *file, const char *first, ...)
{
    va_list ap;

    LIST(first, ap)
    va_end(ap);
    return execvpe(file, argv, environ);
}

HOOK int execle(const char *path, const char *first, ...)
{
    char *const *envp;
    va_list ap;

    LIST(first, ap)
    envp = va_arg(ap, char *const *);
    va_end(ap);
    return execve(path, argv, envp);
}

HOOK int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                     const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    COMPLETE(envp)
    return REAL(posix_spawn)(pid, path, actions, attributes, argv, envp);
}

HOOK int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                      const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    COMPLETE(envp)
    return REAL(posix_spawnp)(pid, file, actions, attributes, argv, envp);
}

/* These two start a shell with environ, whatever that is by now. */
HOOK int system(const char *command)
{
    char **before = environ, **env = environ;
    int rc;

    COMPLETE(env)
    environ = env;
    rc = REAL(system)(command);
    environ = before;
    return rc;
}

HOOK FILE *popen(const char *command, const char *mode)
{
    char **before = environ, **env = environ;
    FILE *f;

    COMPLETE(env)
    environ = env;
    f = REAL(popen)(command, mode);
    environ = before;
    return f;
}
