/* SPDX-License-Identifier: MIT */
/* What the C library refuses, and the names by which few programs call it. */
#include "tests/libc/libc.h"

#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Of programs that are built with -D_FORTIFY_SOURCE. */
char *__getcwd_chk(char *text, size_t size, size_t room);
ssize_t __readlink_chk(const char *path, char *text, size_t size, size_t room);
ssize_t __readlinkat_chk(int dir, const char *path, char *text, size_t size, size_t room);
char *__realpath_chk(const char *path, char *resolved, size_t room);
ssize_t __read_chk(int fd, void *data, size_t n, size_t room);

static const char *const nowhere = "/no/such/program";

/* A program that is not there: the caller goes on, with the environment that it had. */
static const char *programs_that_are_not_there(void)
{
    static char other[] = "LD_PRELOAD=/no/such/library.so";
    char *const none[] = { NULL }, *const another[] = { other, NULL };
    static char argument[] = "x";
    char *const arguments[] = { argument, NULL };
    char *const *const environments[] = { NULL, none, another, environ };
    char **before = environ;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    for (unsigned i = 0; i < sizeof(environments) / sizeof(environments[0]); i++) {
        char *const *env = environments[i];

        CHECK(execve(nowhere, arguments, env) == -1 && errno == ENOENT);
        CHECK(execvpe(nowhere, arguments, env) == -1 && errno == ENOENT);
        CHECK(execveat(AT_FDCWD, nowhere, arguments, env, 0) == -1 && errno == ENOENT);
        CHECK(fexecve(fd, arguments, env) == -1 && errno == EACCES);
        CHECK(execle(nowhere, "x", "y", NULL, env) == -1 && errno == ENOENT);
        environ = (char **)(size_t)env;
        CHECK(execv(nowhere, arguments) == -1 && errno == ENOENT);
        CHECK(execvp(nowhere, arguments) == -1 && errno == ENOENT);
        CHECK(execl(nowhere, "x", "y", NULL) == -1 && errno == ENOENT);
        CHECK(execlp(nowhere, "x", "y", NULL) == -1 && errno == ENOENT);
        CHECK(environ == (char **)(size_t)env);
        environ = before;
    }
    close(fd);
    return NULL;
}

static const char *links_and_places(void)
{
    char text[PATH_MAX] = "", link[64], *r;
    int fd = open(node, O_RDWR), dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    ssize_t n = (ssize_t)strlen(node);

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    CHECK(readlink(link, text, 0) == -1 && errno == EINVAL);
    CHECK(readlink(link, text, 4) == 4 && !memcmp(text, "/dev", 4) && !text[4]);
    CHECK(__readlink_chk(link, text, sizeof(text), sizeof(text)) == n);
    CHECK(__readlinkat_chk(dir, strrchr(link, '/') + 1, text, sizeof(text), sizeof(text)) == n);
    CHECK(!memcmp(text, node, (size_t)n));
    r = realpath(link, NULL);
    CHECK(r && !strcmp(r, node));
    free(r);
    CHECK(__realpath_chk(link, text, sizeof(text)) == text && !strcmp(text, node));
    CHECK(!realpath(NULL, text) && errno == EINVAL);
    CHECK(!realpath("/dev/accel/no", text) && errno == ENOENT);
    CHECK(chdir(class_folder) == 0);
    CHECK(__getcwd_chk(text, sizeof(text), sizeof(text)) == text && !strcmp(text, class_folder));
    CHECK(!getcwd(text, 2) && errno == ERANGE);
    CHECK(chdir("/") == 0);
    close(dir);
    CHECK(is_node(fd));
    return NULL;
}

static const char *reading_by_other_names(void)
{
    int fd = open(node, O_RDWR), only_read, null = open("/dev/null", O_RDWR);
    const int at_offset = old_kernel ? ESPIPE : EINVAL;
    char byte = 0;
    struct iovec v = { &byte, 1 };

    CHECK(__read_chk(fd, &byte, 1, 1) == -1 && errno == EINVAL);
    CHECK(preadv(fd, &v, 1, 0) == -1 && errno == at_offset);
    CHECK(preadv64(fd, &v, 1, 0) == -1 && errno == at_offset);
    CHECK(pwritev(fd, &v, 1, 0) == -1 && errno == at_offset);
    CHECK(pwritev64(fd, &v, 1, 0) == -1 && errno == at_offset);
    CHECK(lseek(fd, 0, 77) == -1 && errno == EINVAL);
    CHECK(is_node(fd));
    only_read = open(node, O_RDONLY);
    CHECK(write(only_read, &byte, 1) == -1 && errno == EBADF);
    CHECK(is_node(only_read));
    /* the machine's own files are its own affair */
    CHECK(__read_chk(null, &byte, 1, 1) == 0 && preadv(null, &v, 1, 0) == 0);
    CHECK(readv(null, &v, 1) == 0 && writev(null, &v, 1) == 1 && pwritev(null, &v, 1, 0) == 1);
    CHECK(pread(null, &byte, 1, 0) == 0 && pwrite(null, &byte, 1, 0) == 1);
    CHECK(fallocate(null, 0, 0, 1) == -1 && errno == ENODEV);
    close(null);
    return NULL;
}

/* The requests that the kernel answers for every file. */
static const char *requests_for_every_file(void)
{
    int fd = open(node, O_RDWR), on = 1, off = 0, size = 0;
    struct file_clone_range range = { .src_fd = -1 };

    CHECK(ioctl(fd, FIOCLEX) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(ioctl(fd, FIONCLEX) == 0 && fcntl(fd, F_GETFD) == 0);
    CHECK(ioctl(fd, FIONBIO, &on) == 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK(ioctl(fd, FIONBIO, &off) == 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK(ioctl(fd, FIONBIO, (void *)8) == -1 && errno == EFAULT);
    CHECK(ioctl(fd, FIOASYNC, &off) == 0);
    CHECK(ioctl(fd, FIOASYNC, &on) == -1 && errno == ENOTTY);
    CHECK(ioctl(fd, FIGETBSZ, &size) == 0 && size == 4096);
    CHECK(ioctl(fd, FIGETBSZ, (void *)8) == -1 && errno == EFAULT);
    CHECK(ioctl(fd, FICLONE, -1) == -1 && errno == EBADF);
    CHECK(ioctl(fd, FICLONE, fd) == -1 && errno == EINVAL);
    CHECK(ioctl(fd, FICLONERANGE, &range) == -1 && errno == EBADF);
    range.src_fd = fd;
    CHECK(ioctl(fd, FICLONERANGE, &range) == -1 && errno == EINVAL);
    CHECK(is_node(fd));
    return NULL;
}

static int refused_mapping(int fd, int prot, int flags, unsigned long long offset)
{
    void *p = mmap(NULL, 4096, prot, flags, fd, (off_t)offset);

    return p == MAP_FAILED ? errno : munmap(p, 4096);
}

static const char *mappings_that_are_refused(void)
{
    const int both = PROT_READ | PROT_WRITE;
    char path[64];
    int fd = open(node, O_RDWR), other;
    unsigned long long handle = new_buffer(fd);

    CHECK(refused_mapping(fd, both, MAP_SHARED, handle) == 0);
    CHECK(refused_mapping(fd, both, MAP_SHARED, handle + 8) == EINVAL);
    CHECK(refused_mapping(fd, both, 0, handle) == EINVAL);
    CHECK(refused_mapping(fd, both, MAP_SHARED_VALIDATE | MAP_SYNC, handle) == EOPNOTSUPP);
    CHECK(refused_mapping(fd, both, MAP_SHARED | MAP_GROWSDOWN, handle) == EINVAL);
    CHECK(free_buffer(fd, handle) && is_node(fd));
    other = open(node, O_RDONLY);
    CHECK(refused_mapping(other, both, MAP_SHARED, 0) == EACCES);
    CHECK(is_node(other));
    snprintf(path, sizeof(path), "%s/%s", folder, old_kernel ? "hl_controlD0" : "accel_controlD0");
    other = open(path, O_RDWR);
    CHECK(refused_mapping(other, both, MAP_SHARED, 0) == ENODEV);
    CHECK(is_node(other));
    return NULL;
}

/* The pages of a driver: what is not done to them. */
static const char *pages_of_a_driver(void)
{
    const int both = PROT_READ | PROT_WRITE;
    int fd = open(node, O_RDWR);
    unsigned long long handle = new_buffer(fd);
    char *p = mmap(NULL, 4096, both, MAP_SHARED, fd, (off_t)handle), byte = 1, *moved, *room;
    struct iovec here = { &byte, 1 }, there = { p, 1 };

    CHECK(p != MAP_FAILED);
    CHECK(msync(p, 4096, MS_SYNC) == -1 && errno == EINVAL);
    CHECK(msync(p, 4096, MS_ASYNC) == 0);
    CHECK(madvise(p, 4096, MADV_DONTNEED) == -1 && errno == EINVAL);
    CHECK(madvise(p, 4096, MADV_NORMAL) == 0);
    CHECK(process_vm_readv(getpid(), &here, 1, &there, 1, 0) == -1 && errno == EFAULT);
    CHECK(process_vm_writev(getpid(), &here, 1, &there, 1, 0) == -1 && errno == EFAULT);
    p[9] = 33;
    room = mmap(NULL, 4096, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    moved = mremap(p, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, room);
    CHECK(moved == room && moved[9] == 33);
    CHECK(madvise(moved, 4096, MADV_DONTNEED) == -1 && errno == EINVAL);
    /* another mapping in its place ends it */
    CHECK(mmap(moved, 4096, both, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == moved);
    CHECK(moved[9] == 0);
    moved[9] = 34;
    CHECK(madvise(moved, 4096, MADV_DONTNEED) == 0 && moved[9] == 0);
    CHECK(munmap(moved, 4096) == 0);
    CHECK(free_buffer(fd, handle) && is_node(fd));
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

/* Of the folder with the node; on older kernels, where that is /dev, of what the walk begins with.
 */
static const char *children_of_a_walk(void)
{
    char *paths[] = { (char *)(size_t)(old_kernel ? node : folder), NULL };
    FTS *f = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    unsigned n = 0;

    CHECK(f);
    CHECK(old_kernel || fts_read(f));
    for (FTSENT *e = fts_children(f, 0); e; e = e->fts_link)
        n += e->fts_info == FTS_DEFAULT && looks_like_node(e->fts_statp);
    CHECK(n == 1);
    CHECK(fts_close(f) == 0);
    return NULL;
}

static const char *folders_of_others(void)
{
    DIR *d = opendir("/proc/self");
    char first[256];
    struct dirent *e;
    long at;

    CHECK(d);
    at = telldir(d);
    e = readdir(d);
    CHECK(e);
    snprintf(first, sizeof(first), "%s", e->d_name);
    seekdir(d, at);
    e = readdir(d);
    CHECK(e && !strcmp(e->d_name, first));
    closedir(d);
    return NULL;
}

static const char *attributes_that_are_not_there(void)
{
    char text[64];

    CHECK(getxattr(node, "user.none", text, sizeof(text)) == -1 && errno != ENOENT);
    CHECK(lgetxattr(node, "user.none", text, sizeof(text)) == -1 && errno != ENOENT);
    CHECK(listxattr(node, text, sizeof(text)) >= 0 && llistxattr(node, text, sizeof(text)) >= 0);
    CHECK(lchown(node, geteuid(), getegid()) == 0);
    return NULL;
}

static const char *streams_that_are_refused(void)
{
    int fd = open(node, O_RDWR);
    FILE *f = fopen("/dev/null", "r");

    CHECK(!fopen(node, "r+") && errno == EBUSY);
    CHECK(!freopen(node, "r", f));
    CHECK(is_node(fd));
    f = freopen64("/dev/null", "r", fopen("/dev/zero", "r"));
    CHECK(f && fgetc(f) == EOF && fclose(f) == 0);
    CHECK(!fopen(node, "wx") && errno == EEXIST);
    f = fopen(node, "a");
    CHECK(f && is_node(dup(fileno(f))) && fclose(f) == 0);
    return NULL;
}

const struct way refusals[] = {
    { "programs that are not there", programs_that_are_not_there },
    { "links and places", links_and_places },
    { "reading by other names", reading_by_other_names },
    { "requests for every file", requests_for_every_file },
    { "mappings that are refused", mappings_that_are_refused },
    { "pages of a driver", pages_of_a_driver },
    { "children of a walk", children_of_a_walk },
    { "folders of others", folders_of_others },
    { "attributes that are not there", attributes_that_are_not_there },
    { "streams that are refused", streams_that_are_refused },
    { NULL, NULL },
};
