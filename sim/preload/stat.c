/* SPDX-License-Identifier: MIT */
/* stat() and its kin, access(): nodes look like nodes, dma-bufs like dma-bufs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sim/layout.h"
#include "sim/preload/preload.h"

#undef stat64
#undef lstat64
#undef fstat64
#undef fstatat64
#undef statvfs64

DECLARE_REAL(fstatat);
DECLARE_REAL(statx);
DECLARE_REAL(faccessat);
DECLARE_REAL(fstatfs);
DECLARE_REAL(statfs);
DECLARE_REAL(statvfs);

#define DMABUF_MODE 0600 /* no type bits: an anonymous inode */
#define DMABUF_DEV 15    /* of its own pseudo file system */

/* What the kernel would report for a simulated file. */
struct face {
    bool node;
    mode_t mode;
    unsigned major, minor;
    uint64_t inode, size;
    uint64_t created_ns; /* of a dma-buf */
    uint64_t dev;        /* of a file of debugfs; 0: it is none */
};

/* mode: that of the file that stands for the node, as chmod() left it. */
static void node_face(struct face *f, uint32_t device, bool control, mode_t mode)
{
    uint32_t index = sim->devices[device].index;

    *f = (struct face){
        .node = true,
        .mode = S_IFCHR | (mode & 0777),
        .major = layout_major(sim, control),
        .minor = layout_minor(sim, index, control),
        .inode = layout_inode(index, control),
    };
}

static mode_t node_mode(uint32_t device, bool control)
{
    char node[64], path[sizeof(sim->tree) + sizeof(node)];
    struct stat st;

    layout_node(sim, sim->devices[device].index, control, node, sizeof(node));
    snprintf(path, sizeof(path), "%s%s", sim->tree, node);
    return syscall(SYS_newfstatat, AT_FDCWD, path, &st, 0) == 0 ? st.st_mode : 0666;
}

/* As by its path. */
static void debugfs_face(struct face *f, uint32_t file)
{
    char name[96], path[sizeof(sim->tree) + sizeof(name)];
    struct stat st = { .st_mode = S_IFREG, .st_dev = sim->tree_dev };

    debugfs_name(file, name, sizeof(name));
    snprintf(path, sizeof(path), "%s%s", sim->tree, name);
    syscall(SYS_newfstatat, AT_FDCWD, path, &st, 0);
    *f = (struct face){ .mode = st.st_mode, .inode = st.st_ino, .dev = st.st_dev };
}

static bool face_of_inode(uint64_t inode, struct face *f)
{
    uint32_t file = file_of_inode(inode);
    bool control;

    if (file == SIM_NONE)
        return false;
    control = sim->files[file].kind == SIM_FILE_CONTROL;
    if (sim->files[file].kind == SIM_FILE_DMABUF)
        *f = (struct face){ .inode = inode,
                            .size = sim->files[file].dmabuf.size,
                            .created_ns = sim->files[file].created_ns };
    else if (sim->files[file].kind == SIM_FILE_DEBUGFS)
        debugfs_face(f, file);
    else
        node_face(f, sim->files[file].device, control, node_mode(sim->files[file].device, control));
    return true;
}

/* The socket behind a descriptor, or the file that stands for a node. */
static bool face_of(uint32_t mode, uint64_t dev, uint64_t inode, struct face *f)
{
    uint32_t device;
    bool control;

    if (S_ISSOCK(mode))
        return face_of_inode(inode, f);
    if (!S_ISREG(mode) || dev != sim->tree_dev || !node_of_inode(inode, &device, &control))
        return false;
    node_face(f, device, control, mode);
    return true;
}

static void put_on(struct stat *st, const struct face *f)
{
    st->st_ino = f->inode;
    st->st_nlink = 1;
    if (f->node) {
        st->st_mode = f->mode;
        st->st_rdev = makedev(f->major, f->minor);
        st->st_dev = 6;
        st->st_size = 0;
        st->st_blocks = 0;
    } else if (f->dev) {
        st->st_mode = f->mode;
        st->st_rdev = 0;
        st->st_dev = f->dev;
        st->st_size = (off_t)f->size;
        st->st_blocks = 0;
    } else {
        st->st_mode = DMABUF_MODE;
        st->st_rdev = 0;
        st->st_dev = DMABUF_DEV;
        st->st_size = (off_t)f->size;
        st->st_blocks = (blkcnt_t)(f->size / 512);
        st->st_ctim.tv_sec = (time_t)(f->created_ns / 1000000000u);
        st->st_ctim.tv_nsec = (long)(f->created_ns % 1000000000u);
        st->st_atim = st->st_mtim = st->st_ctim;
    }
}

void face_put_on(struct stat *st)
{
    struct face f;

    if (face_of(st->st_mode, st->st_dev, st->st_ino, &f))
        put_on(st, &f);
}

/* An attribute's, whatever its contents; folders and debugfs have none. */
static uint32_t size_below_sys(const char *mapped, mode_t mode)
{
    return S_ISREG(mode) && !debugfs_path(mapped) ? SIM_PAGE : 0;
}

static int stat_any(int dir, const char *path, struct stat *st, int flags)
{
    char buffer[PATH_BUFFER];
    const char *mapped = path_map_link(dir, path, !(flags & AT_SYMLINK_NOFOLLOW), buffer);
    int rc = REAL(fstatat)(dir, mapped, st, flags);

    if (rc < 0 || !sim)
        return rc;
    if (!S_ISLNK(st->st_mode) && path_of_sysfs(mapped))
        st->st_size = size_below_sys(mapped, st->st_mode);
    face_put_on(st);
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
    const char *mapped = path_map_link(dir, path, !(flags & AT_SYMLINK_NOFOLLOW), buffer);
    struct stat st;
    struct face f;
    int rc = REAL(statx)(dir, mapped, flags, mask, sx);

    if (rc < 0 || !sim)
        return rc;
    if (!S_ISLNK(sx->stx_mode) && path_of_sysfs(mapped))
        sx->stx_size = size_below_sys(mapped, sx->stx_mode);
    if (!face_of(sx->stx_mode, makedev(sx->stx_dev_major, sx->stx_dev_minor), sx->stx_ino, &f))
        return rc;
    memset(&st, 0, sizeof(st));
    put_on(&st, &f);
    sx->stx_mode = (uint16_t)st.st_mode;
    sx->stx_ino = st.st_ino;
    sx->stx_size = (uint64_t)st.st_size;
    sx->stx_blocks = (uint64_t)st.st_blocks;
    sx->stx_rdev_major = f.node ? f.major : 0;
    sx->stx_rdev_minor = f.node ? f.minor : 0;
    if (!f.node && !f.dev) {
        sx->stx_ctime.tv_sec = st.st_ctim.tv_sec;
        sx->stx_ctime.tv_nsec = (uint32_t)st.st_ctim.tv_nsec;
        sx->stx_atime = sx->stx_mtime = sx->stx_ctime;
    }
    sx->stx_dev_major = major(st.st_dev);
    sx->stx_dev_minor = minor(st.st_dev);
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

    return REAL(faccessat)(dir, path_map_link(dir, path, !(flags & AT_SYMLINK_NOFOLLOW), buffer),
                           mode, flags);
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
        st->f_type = sim->files[file].kind == SIM_FILE_DEBUGFS ? DEBUGFS_MAGIC : TMPFS_MAGIC;
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

    if (rc == 0 && path_of_tree(mapped))
        st->f_type = path_of_sysfs(mapped) ? SYSFS_MAGIC : TMPFS_MAGIC;
    return rc;
}

HOOK int statvfs(const char *path, struct statvfs *st)
{
    char buffer[PATH_BUFFER];

    return REAL(statvfs)(path_map(path, buffer), st);
}

HOOK int statvfs64(const char *path, struct statvfs64 *st)
{
    return statvfs(path, (struct statvfs *)st);
}

HOOK int statfs64(const char *path, struct statfs64 *st)
{
    return statfs(path, (struct statfs *)st);
}
