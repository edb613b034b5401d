/* SPDX-License-Identifier: MIT */
/* stat() and its kin, access(): nodes look like nodes, dma-bufs like dma-bufs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sim/layout.h"
#include "sim/preload/preload.h"

#undef stat64
#undef lstat64
#undef fstat64
#undef fstatat64

DECLARE_REAL(fstatat);
DECLARE_REAL(statx);
DECLARE_REAL(faccessat);
DECLARE_REAL(fstatfs);
DECLARE_REAL(statfs);

#define NODE_MODE (S_IFCHR | 0666)
#define DMABUF_MODE 0600    /* no type bits: an anonymous inode */
#define DMABUF_DEV 15       /* of its own pseudo file system */

/* What the kernel would say of a simulated thing. */
struct face {
    bool node;
    unsigned major, minor;
    uint64_t inode, size;
};

static void node_face(struct face *f, uint32_t device, bool control)
{
    uint32_t index = sim->devices[device].index;

    *f = (struct face){
        .node = true,
        .major = layout_major(sim, control),
        .minor = layout_minor(sim, index, control),
        .inode = 500 + 2 * index + control,
    };
}

static bool face_of_inode(uint64_t inode, struct face *f)
{
    uint32_t file = file_of_inode(inode);

    if (file == SIM_NONE)
        return false;
    if (sim->files[file].kind == SIM_FILE_DMABUF)
        *f = (struct face){ .inode = inode, .size = sim->files[file].dmabuf.size };
    else
        node_face(f, sim->files[file].device, sim->files[file].kind == SIM_FILE_CONTROL);
    return true;
}

static bool face_of_path(const char *path, struct face *f)
{
    uint32_t device;
    bool control;

    if (!path_node(path, &device, &control) || sim->devices[device].removed)
        return false;
    node_face(f, device, control);
    return true;
}

static void put_on(struct stat *st, const struct face *f)
{
    st->st_ino = f->inode;
    st->st_nlink = 1;
    if (f->node) {
        st->st_mode = NODE_MODE;
        st->st_rdev = makedev(f->major, f->minor);
        st->st_dev = 6;
        st->st_size = 0;
        st->st_blocks = 0;
    } else {
        st->st_mode = DMABUF_MODE;
        st->st_rdev = 0;
        st->st_dev = DMABUF_DEV;
        st->st_size = (off_t)f->size;
        st->st_blocks = (blkcnt_t)(f->size / 512);
    }
}

/* A simulated file of sysfs: a page to stat(), whatever it says. */
static bool attribute(const char *path)
{
    char buffer[PATH_BUFFER];

    return path && !strncmp(path, "/sys/", 5) && path_map(path, buffer) == buffer;
}

static int stat_any(int dir, const char *path, struct stat *st, int flags)
{
    char buffer[PATH_BUFFER];
    struct face f;
    int rc = REAL(fstatat)(dir, path_map(path, buffer), st, flags);

    if (rc < 0 || !sim)
        return rc;
    if (S_ISREG(st->st_mode) && attribute(path))
        st->st_size = SIM_PAGE;
    if (S_ISSOCK(st->st_mode) ? face_of_inode(st->st_ino, &f) : path && face_of_path(path, &f))
        put_on(st, &f);
    return rc;
}

HOOK int stat(const char *path, struct stat *st)
{
    return stat_any(AT_FDCWD, path, st, 0);
}

HOOK int lstat(const char *path, struct stat *st)
{
    return stat_any(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

HOOK int fstat(int fd, struct stat *st)
{
    if (fd < 0) {
        errno = EBADF;
        return -1;
    }
    return stat_any(fd, "", st, AT_EMPTY_PATH);
}

HOOK int fstatat(int dir, const char *path, struct stat *st, int flags)
{
    return stat_any(dir, path, st, flags);
}

/* The same layouts on 64-bit machines, under other names. */
HOOK int stat64(const char *path, struct stat64 *st)
{
    return stat(path, (struct stat *)st);
}

HOOK int lstat64(const char *path, struct stat64 *st)
{
    return lstat(path, (struct stat *)st);
}

HOOK int fstat64(int fd, struct stat64 *st)
{
    return fstat(fd, (struct stat *)st);
}

HOOK int fstatat64(int dir, const char *path, struct stat64 *st, int flags)
{
    return fstatat(dir, path, (struct stat *)st, flags);
}

/* Programs built before glibc 2.33 call these. */
int __xstat(int version, const char *path, struct stat *st);
int __lxstat(int version, const char *path, struct stat *st);
int __fxstat(int version, int fd, struct stat *st);
int __fxstatat(int version, int dir, const char *path, struct stat *st, int flags);
int __xstat64(int version, const char *path, struct stat64 *st);
int __lxstat64(int version, const char *path, struct stat64 *st);
int __fxstat64(int version, int fd, struct stat64 *st);
int __fxstatat64(int version, int dir, const char *path, struct stat64 *st, int flags);

HOOK int __xstat(int version, const char *path, struct stat *st)
{
    (void)version;
    return stat(path, st);
}

HOOK int __lxstat(int version, const char *path, struct stat *st)
{
    (void)version;
    return lstat(path, st);
}

HOOK int __fxstat(int version, int fd, struct stat *st)
{
    (void)version;
    return fstat(fd, st);
}

HOOK int __fxstatat(int version, int dir, const char *path, struct stat *st, int flags)
{
    (void)version;
    return fstatat(dir, path, st, flags);
}

HOOK int __xstat64(int version, const char *path, struct stat64 *st)
{
    (void)version;
    return stat64(path, st);
}

HOOK int __lxstat64(int version, const char *path, struct stat64 *st)
{
    (void)version;
    return lstat64(path, st);
}

HOOK int __fxstat64(int version, int fd, struct stat64 *st)
{
    (void)version;
    return fstat64(fd, st);
}

HOOK int __fxstatat64(int version, int dir, const char *path, struct stat64 *st, int flags)
{
    (void)version;
    return fstatat64(dir, path, st, flags);
}

HOOK int statx(int dir, const char *path, int flags, unsigned mask, struct statx *sx)
{
    char buffer[PATH_BUFFER];
    struct stat st;
    struct face f;
    int rc = REAL(statx)(dir, path_map(path, buffer), flags, mask, sx);

    if (rc < 0 || !sim)
        return rc;
    if (S_ISREG(sx->stx_mode) && attribute(path))
        sx->stx_size = SIM_PAGE;
    if (S_ISSOCK(sx->stx_mode) ? !face_of_inode(sx->stx_ino, &f) : !face_of_path(path, &f))
        return rc;
    memset(&st, 0, sizeof(st));
    put_on(&st, &f);
    sx->stx_mode = (uint16_t)st.st_mode;
    sx->stx_ino = st.st_ino;
    sx->stx_size = (uint64_t)st.st_size;
    sx->stx_blocks = (uint64_t)st.st_blocks;
    sx->stx_rdev_major = f.node ? f.major : 0;
    sx->stx_rdev_minor = f.node ? f.minor : 0;
    sx->stx_dev_major = 0;
    sx->stx_dev_minor = (uint32_t)st.st_dev;
    return rc;
}

HOOK int access(const char *path, int mode)
{
    char buffer[PATH_BUFFER];

    return REAL(faccessat)(AT_FDCWD, path_map(path, buffer), mode, 0);
}

HOOK int faccessat(int dir, const char *path, int mode, int flags)
{
    char buffer[PATH_BUFFER];

    return REAL(faccessat)(dir, path_map(path, buffer), mode, flags);
}

HOOK int euidaccess(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

HOOK int eaccess(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

HOOK int fstatfs(int fd, struct statfs *st)
{
    int rc = REAL(fstatfs)(fd, st);
    uint32_t file;

    if (rc < 0 || !sim)
        return rc;
    file = fd_find(fd);
    if (file != SIM_NONE && sim->files[file].kind == SIM_FILE_DMABUF) {
        memset(st, 0, sizeof(*st));
        st->f_type = DMA_BUF_MAGIC;
        st->f_bsize = 4096;
        st->f_namelen = 255;
    } else if (file != SIM_NONE) {
        st->f_type = TMPFS_MAGIC;
    }
    return rc;
}

HOOK int fstatfs64(int fd, struct statfs64 *st)
{
    return fstatfs(fd, (struct statfs *)st);
}

HOOK int statfs(const char *path, struct statfs *st)
{
    char buffer[PATH_BUFFER];
    const char *mapped = path_map(path, buffer);
    int rc = REAL(statfs)(mapped, st);

    if (rc == 0 && mapped == buffer)
        st->f_type = strncmp(path, "/sys", 4) ? TMPFS_MAGIC : SYSFS_MAGIC;
    return rc;
}

HOOK int statfs64(const char *path, struct statfs64 *st)
{
    return statfs(path, (struct statfs *)st);
}
