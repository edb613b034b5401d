/* SPDX-License-Identifier: MIT */
/* Paths that lead into the simulation by links, or by "..". */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

#define MAX_LINKS 40 /* as the kernel's */

/* The folder that a relative path starts from, as the program knows it; "" for the root. */
static bool start(int dir, char *plain)
{
    if (!path_folder(dir, plain))
        return false;
    path_unmap(plain);
    if (!strcmp(plain, "/"))
        plain[0] = '\0';
    return true;
}

static void drop_last(char *plain)
{
    char *slash = strrchr(plain, '/');

    if (slash)
        *slash = '\0';
}

/* Takes the next component off rest, and adds it to plain or applies it; false: too long. */
static bool step(char *plain, char *rest)
{
    size_t skip = strspn(rest, "/"), n = strcspn(rest + skip, "/"), have = strlen(plain);
    const char *name = rest + skip;

    if (n == 2 && !strncmp(name, "..", 2)) {
        drop_last(plain);
    } else if (n && !(n == 1 && *name == '.')) {
        if (have + n + 2 > PATH_BUFFER)
            return false;
        snprintf(plain + have, PATH_BUFFER - have, "/%.*s", (int)n, name);
    }
    memmove(rest, name + n, strlen(name + n) + 1);
    return true;
}

/* plain ends with a link: what it says, n bytes, comes before rest. */
static bool follow_link(char *plain, char *rest, const char *link, size_t n)
{
    size_t m = strlen(rest);

    if (n + m + 1 > PATH_BUFFER)
        return false;
    memmove(rest + n, rest, m + 1);
    memcpy(rest, link, n);
    if (link[0] == '/')
        plain[0] = '\0';
    else
        drop_last(plain);
    return true;
}

/* The root has a slash, and one at the end of a path demands a folder. */
static bool end(const char *path, char *plain)
{
    size_t n = strlen(plain);

    if (n && path[strlen(path) - 1] != '/')
        return true;
    if (n + 2 > PATH_BUFFER)
        return false;
    strcpy(plain + n, "/");
    return true;
}

struct texts {
    char rest[PATH_BUFFER], link[PATH_BUFFER], at[PATH_BUFFER];
};

static bool resolve(struct texts *t, const char *path, bool follow, char *plain)
{
    unsigned links = 0;
    long n;

    strcpy(t->rest, path);
    while (*t->rest) {
        if (!step(plain, t->rest))
            return false;
        if (!*t->rest && !follow)
            break;
        n = syscall(SYS_readlinkat, AT_FDCWD, path_place(*plain ? plain : "/", t->at), t->link,
                    sizeof(t->link) - 1);
        if (n < 0 && errno != EINVAL) /* EINVAL: it is there, and no link */
            return false;
        if (n <= 0)
            continue;
        t->link[n] = '\0';
        path_unmap(t->link);
        if (++links > MAX_LINKS || !follow_link(plain, t->rest, t->link, strlen(t->link)))
            return false;
    }
    return end(path, plain);
}

bool path_resolve(int dir, const char *path, bool follow, char *plain)
{
    struct texts *t;
    bool found;

    plain[0] = '\0';
    if (!*path || strlen(path) >= PATH_BUFFER || (path[0] != '/' && !start(dir, plain)))
        return false;
    t = scratch_take(sizeof(*t));
    found = t && resolve(t, path, follow, plain);
    if (t)
        scratch_give(t, sizeof(*t));
    return found;
}
