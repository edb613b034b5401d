/* SPDX-License-Identifier: MIT */
/* stat() in all its names, access(), links, and what may be changed. */
#include "tests/libc/libc.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char *stat_of_a_path(void)
{
    int dir = open(folder, O_RDONLY | O_DIRECTORY);
    struct stat64 st64;
    struct stat st;

    CHECK(stat(node, &st) == 0 && looks_like_node(&st));
    CHECK(lstat(node, &st) == 0 && looks_like_node(&st));
    CHECK(fstatat(AT_FDCWD, node, &st, 0) == 0 && looks_like_node(&st));
    CHECK(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && looks_like_node(&st));
    CHECK(stat64(node, &st64) == 0 && looks_like_node((struct stat *)&st64));
    CHECK(lstat64(node, &st64) == 0 && looks_like_node((struct stat *)&st64));
    CHECK(fstatat64(dir, name, &st64, 0) == 0 && looks_like_node((struct stat *)&st64));
    close(dir);
    CHECK(chdir(folder) == 0 && stat(name, &st) == 0 && looks_like_node(&st));
    CHECK(chdir("/") == 0 && stat(node + 1, &st) == 0 && looks_like_node(&st));
    CHECK(stat(class_folder, &st) == 0 && S_ISDIR(st.st_mode));
    return NULL;
}

static const char *stat_of_a_descriptor(void)
{
    int fd = open(node, O_RDWR);
    struct stat64 st64;
    struct stat st;

    CHECK(fstat(fd, &st) == 0 && looks_like_node(&st));
    CHECK(fstat64(fd, &st64) == 0 && looks_like_node((struct stat *)&st64));
    CHECK(fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && looks_like_node(&st));
    CHECK((st.st_mode & 0777) == 0666);
    close(fd);
    return NULL;
}

static bool statx_is_node(const struct statx *sx)
{
    return S_ISCHR(sx->stx_mode) && sx->stx_rdev_major == (old_kernel ? 234 : 261) &&
           sx->stx_rdev_minor == 0 && (sx->stx_mode & 0777) == 0666;
}

static const char *the_new_stat(void)
{
    int dir = open(folder, O_RDONLY | O_DIRECTORY), fd = open(node, O_RDWR);
    struct statx sx;

    CHECK(statx(AT_FDCWD, node, 0, STATX_BASIC_STATS, &sx) == 0 && statx_is_node(&sx));
    CHECK(statx(dir, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &sx) == 0 && statx_is_node(&sx));
    CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx) == 0 && statx_is_node(&sx));
    close(fd);
    close(dir);
    return NULL;
}

/* Programs built before glibc 2.33 call these: they are no longer declared. */
static const char *the_old_stat(void)
{
    static const char *const by_path[] = { "__xstat", "__lxstat", "__xstat64", "__lxstat64" };
    int (*xstat)(int, const char *, struct stat *);
    int (*fxstat)(int, int, struct stat *);
    int (*fxstatat)(int, int, const char *, struct stat *, int);
    int fd = open(node, O_RDWR);
    struct stat st;

    for (unsigned i = 0; i < sizeof(by_path) / sizeof(by_path[0]); i++) {
        *(void **)&xstat = dlsym(RTLD_DEFAULT, by_path[i]);
        CHECK(xstat && xstat(1, node, &st) == 0 && looks_like_node(&st));
    }
    *(void **)&fxstat = dlsym(RTLD_DEFAULT, "__fxstat");
    CHECK(fxstat && fxstat(1, fd, &st) == 0 && looks_like_node(&st));
    *(void **)&fxstat = dlsym(RTLD_DEFAULT, "__fxstat64");
    CHECK(fxstat && fxstat(1, fd, &st) == 0 && looks_like_node(&st));
    *(void **)&fxstatat = dlsym(RTLD_DEFAULT, "__fxstatat");
    CHECK(fxstatat && fxstatat(1, AT_FDCWD, node, &st, 0) == 0 && looks_like_node(&st));
    *(void **)&fxstatat = dlsym(RTLD_DEFAULT, "__fxstatat64");
    CHECK(fxstatat && fxstatat(1, fd, "", &st, AT_EMPTY_PATH) == 0 && looks_like_node(&st));
    close(fd);
    return NULL;
}

static const char *rights(void)
{
    int dir = open(folder, O_RDONLY | O_DIRECTORY);

    CHECK(access(node, R_OK | W_OK) == 0);
    CHECK(access(class_folder, X_OK) == 0);
    CHECK(faccessat(dir, name, R_OK | W_OK, 0) == 0);
    CHECK(faccessat(AT_FDCWD, node, W_OK, AT_EACCESS) == 0);
    CHECK(euidaccess(node, R_OK | W_OK) == 0);
    CHECK(eaccess(node, R_OK) == 0);
    CHECK(access("/dev/accel/accel9", F_OK) == -1 && errno == ENOENT);
    close(dir);
    return NULL;
}

static const char *changes(void)
{
    struct stat st;
    int fd;

    CHECK(chmod(node, 0640) == 0);
    CHECK(stat(node, &st) == 0 && looks_like_node(&st) && (st.st_mode & 0777) == 0640);
    fd = open(node, O_RDWR);
    CHECK(fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0640);
    close(fd);
    CHECK(fchmodat(AT_FDCWD, node, 0666, 0) == 0);
    CHECK(chown(node, geteuid(), getegid()) == 0);
    CHECK(fchownat(AT_FDCWD, node, geteuid(), getegid(), 0) == 0);
    fd = inotify_init1(IN_CLOEXEC);
    CHECK(inotify_add_watch(fd, node, IN_DELETE_SELF) >= 0);
    close(fd);
    return NULL;
}

static bool really(const char *path, const char *wanted)
{
    char *is = realpath(path, NULL);
    bool right = is && !strcmp(is, wanted);

    free(is);
    return right;
}

/* Of ordinary files, by their links in /proc. */
static const char *links_of_descriptors(void)
{
    char dir[] = "/tmp/libc-status-XXXXXX", path[96], *etc = realpath("/etc", NULL);
    int fd;

    CHECK(etc && mkdtemp(dir));
    fd = open(dir, O_RDONLY | O_DIRECTORY);
    CHECK(symlinkat("/usr/../etc", fd, "one") == 0 && symlinkat("one", fd, "two") == 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d/one", fd);
    CHECK(really(path, etc));
    snprintf(path, sizeof(path), "/proc/self/fd/%d/two", fd);
    CHECK(really(path, etc));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    CHECK(really(path, dir));
    CHECK(unlinkat(fd, "one", 0) == 0 && unlinkat(fd, "two", 0) == 0 && rmdir(dir) == 0);
    CHECK(realpath(path, NULL) == NULL && errno == ENOENT);
    close(fd);
    free(etc);
    return NULL;
}

static const char *links(void)
{
    char text[PATH_MAX], below[128], *r;
    int dir = open(class_folder, O_RDONLY | O_DIRECTORY);
    ssize_t n;

    snprintf(below, sizeof(below), "%s/%s", class_folder, name);
    n = readlink(below, text, sizeof(text) - 1);
    CHECK(n > 0);
    text[n] = '\0';
    CHECK(!strncmp(text, "../../devices/", 14));
    CHECK(readlinkat(dir, name, text, sizeof(text)) == n);
    close(dir);
    r = realpath(below, NULL);
    CHECK(r && !strncmp(r, "/sys/devices/", 13));
    free(r);
    CHECK(realpath(below, text) == text && !strncmp(text, "/sys/devices/", 13));
    r = canonicalize_file_name(node);
    CHECK(r && !strcmp(r, node));
    free(r);
    CHECK(chdir(class_folder) == 0);
    r = realpath(name, NULL);
    CHECK(r && !strncmp(r, "/sys/devices/", 13));
    free(r);
    CHECK(chdir("/") == 0);
    return NULL;
}

static const char *file_systems(void)
{
    struct statvfs vfs;
    struct statfs fs;
    int fd = open(node, O_RDWR);

    CHECK(statvfs(folder, &vfs) == 0);
    CHECK(statfs(class_folder, &fs) == 0 && fs.f_type == 0x62656572); /* sysfs */
    CHECK(fstatfs(fd, &fs) == 0);
    close(fd);
    return NULL;
}

const struct way status[] = {
    { "stat of a path", stat_of_a_path },
    { "stat of a descriptor", stat_of_a_descriptor },
    { "the new stat", the_new_stat },
    { "the old stat", the_old_stat },
    { "rights", rights },
    { "changes", changes },
    { "links", links },
    { "links of descriptors", links_of_descriptors },
    { "file systems", file_systems },
    { NULL, NULL },
};
