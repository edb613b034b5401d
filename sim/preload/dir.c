/* SPDX-License-Identifier: MIT */
/* The current folder, links, and patterns; the contents of folders are in list.c. */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

DECLARE_REAL(readlinkat);
DECLARE_REAL(realpath);
DECLARE_REAL(chdir);
DECLARE_REAL(getcwd);
DECLARE_REAL(get_current_dir_name);
DECLARE_REAL(glob);

HOOK int chdir(const char *path)
{
    char buffer[PATH_BUFFER];

    return REAL(chdir)(path_map(path, buffer));
}

HOOK char *getcwd(char *text, size_t size)
{
    char *r = REAL(getcwd)(text, size);

    if (r)
        path_unmap(r);
    return r;
}

char *__getcwd_chk(char *text, size_t size, size_t room);
HOOK char *__getcwd_chk(char *text, size_t size, size_t room)
{
    return getcwd(text, size < room ? size : room);
}

char *__getwd_chk(char *text, size_t room);
HOOK char *__getwd_chk(char *text, size_t room)
{
    return getcwd(text, PATH_MAX < room ? PATH_MAX : room);
}

HOOK char *getwd(char *text)
{
    return __getwd_chk(text, PATH_MAX);
}

/* $PWD where that is the folder's name. */
HOOK char *get_current_dir_name(void)
{
    char *r = REAL(get_current_dir_name)();

    if (r)
        path_unmap(r);
    return r;
}

/* "socket:[N]" of a simulated file, and paths below the tree, as a kernel would show them. */
static void rewrite_link(char *text)
{
    unsigned long long inode;
    uint32_t file;

    if (sscanf(text, "socket:[%llu]", &inode) == 1 && (file = file_of_inode(inode)) != SIM_NONE)
        file_link(file, text, PATH_BUFFER);
    else
        path_unmap(text);
}

static ssize_t readlink_any(int dir, const char *path, char *text, size_t size)
{
    char buffer[PATH_BUFFER];
    ssize_t n;

    if (!sim)
        return REAL(readlinkat)(dir, path, text, size);
    /* the kernel has read the path when it writes to the same place */
    n = syscall(SYS_readlinkat, dir, path_map_link(dir, path, false, buffer), buffer,
                sizeof(buffer) - 1);
    if (n < 0)
        return n;
    buffer[n] = '\0';
    rewrite_link(buffer);
    n = (ssize_t)strlen(buffer);
    if (!size) {
        errno = EINVAL;
        return -1;
    }
    if ((size_t)n > size)
        n = (ssize_t)size;
    if (preload_env()->copy_out((uintptr_t)text, buffer, (size_t)n)) {
        errno = EFAULT;
        return -1;
    }
    return n;
}

HOOK ssize_t readlink(const char *path, char *text, size_t size)
{
    return readlink_any(AT_FDCWD, path, text, size);
}

HOOK ssize_t readlinkat(int dir, const char *path, char *text, size_t size)
{
    return readlink_any(dir, path, text, size);
}

ssize_t __readlink_chk(const char *path, char *text, size_t size, size_t room);
ssize_t __readlinkat_chk(int dir, const char *path, char *text, size_t size, size_t room);

HOOK ssize_t __readlink_chk(const char *path, char *text, size_t size, size_t room)
{
    return readlink_any(AT_FDCWD, path, text, size < room ? size : room);
}

HOOK ssize_t __readlinkat_chk(int dir, const char *path, char *text, size_t size, size_t room)
{
    return readlink_any(dir, path, text, size < room ? size : room);
}

HOOK char *realpath(const char *path, char *resolved)
{
    char buffer[PATH_BUFFER], text[PATH_BUFFER];
    char *r;
    ssize_t n;

    if (!sim || !path)
        return REAL(realpath)(path, resolved);
    /* a link in /proc to a simulated file ends there */
    if (path_fd_file(path) && (n = readlink_any(AT_FDCWD, path, text, sizeof(text) - 1)) > 0) {
        text[n] = '\0';
        if (!resolved)
            return strdup(text);
        return strcpy(resolved, text);
    }
    r = REAL(realpath)(path_map(path, buffer), resolved);
    if (r)
        path_unmap(r);
    return r;
}

char *__realpath_chk(const char *path, char *resolved, size_t room);

HOOK char *__realpath_chk(const char *path, char *resolved, size_t room)
{
    (void)room;
    return realpath(path, resolved);
}

HOOK char *canonicalize_file_name(const char *path)
{
    return realpath(path, NULL);
}

/* glob() reads folders with the C library's internal functions: give it ours. */
static void *glob_opendir(const char *path)
{
    return opendir(path);
}

static struct dirent *glob_readdir(void *dir)
{
    return readdir(dir);
}

static void glob_closedir(void *dir)
{
    closedir(dir);
}

static int glob_stat(const char *path, struct stat *st)
{
    return stat(path, st);
}

static int glob_lstat(const char *path, struct stat *st)
{
    return lstat(path, st);
}

HOOK int glob(const char *pattern, int flags, int (*error)(const char *, int), glob_t *g)
{
    if (sim && !(flags & GLOB_ALTDIRFUNC)) {
        g->gl_opendir = glob_opendir;
        g->gl_readdir = glob_readdir;
        g->gl_closedir = glob_closedir;
        g->gl_stat = glob_stat;
        g->gl_lstat = glob_lstat;
        flags |= GLOB_ALTDIRFUNC;
    }
    return REAL(glob)(pattern, flags, error, g);
}

HOOK int glob64(const char *pattern, int flags, int (*error)(const char *, int), glob64_t *g)
{
    return glob(pattern, flags, error, (glob_t *)g);
}
