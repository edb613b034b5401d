/* SPDX-License-Identifier: MIT */
/* Paths below /dev, /sys and /proc that the simulation replaces. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/layout.h"
#include "sim/preload/preload.h"

/* Files and folders that come from the simulation alone, whatever this machine has there. */
static const char *const owned[] = {
    "/dev/accel",
    "/sys/class/accel",
    "/sys/class/habanalabs",
    "/sys/bus/pci/drivers/habanalabs",
    "/sys/devices/virtual/habanalabs",
    "/sys/devices/virtual/accel",
    "/sys/kernel/debug/accel",
    "/sys/kernel/debug/habanalabs",
    "/sys/module/habanalabs",
    "/proc/sys/kernel/osrelease",
};

#define CONFIGURATION "/boot/config-"

static bool below(const char *path, const char *folder)
{
    size_t n = strlen(folder);

    return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

static bool digits(const char *s)
{
    if (!*s)
        return false;
    while (isdigit((unsigned char)*s))
        s++;
    return !*s;
}

/* Nodes of 6.1 are directly in /dev, among others. */
static bool legacy_node(const char *path)
{
    if (strncmp(path, "/dev/hl", 7))
        return false;
    path += 7;
    return digits(path) || (!strncmp(path, "_controlD", 9) && digits(path + 9));
}

static bool exists(const char *path)
{
    return syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
}

/* Of the simulated kernel. */
static bool configuration(const char *path)
{
    char release[32];

    layout_release(sim, release, sizeof(release));
    return !strncmp(path, CONFIGURATION, sizeof(CONFIGURATION) - 1) &&
           !strcmp(path + sizeof(CONFIGURATION) - 1, release);
}

static bool owned_path(const char *path)
{
    if (legacy_node(path) || configuration(path))
        return true;
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        if (below(path, owned[i]))
            return true;
    return false;
}

bool path_owned(const char *folder, const char *name)
{
    char path[PATH_BUFFER];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return owned_path(path);
}

/*
 * Entries among the machine's own: the simulation's where it has one of that name, and folders
 * that lead there where the machine has none.
 */
static bool shared_entry(const char *path, char *buffer)
{
    bool prior = !strncmp(path, "/sys/dev/char/", 14) ||
                 !strncmp(path, "/sys/bus/pci/devices/", 21) ||
                 !strncmp(path, "/sys/devices/pci0000:00/", 24);

    if (!below(path, "/sys") && !below(path, "/dev"))
        return false;
    snprintf(buffer, PATH_BUFFER, "%s%s", sim->tree, path);
    return (prior || !exists(path)) && exists(buffer);
}

/* Collapses double slashes, and dots between slashes. */
static void squeeze(const char *path, char *out, size_t size)
{
    size_t n = 0;

    while (*path && n + 1 < size) {
        if (path[0] == '/' && path[1] == '/')
            path++;
        else if (path[0] == '/' && path[1] == '.' && (path[2] == '/' || (!path[2] && n)))
            path += 2;
        else
            out[n++] = *path++;
    }
    out[n] = '\0';
}

bool path_folder(int dir, char *folder)
{
    char link[40];
    long n;

    if (dir == AT_FDCWD) {
        n = syscall(SYS_getcwd, folder, PATH_BUFFER) - 1; /* with the final NUL */
    } else {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
        n = syscall(SYS_readlinkat, AT_FDCWD, link, folder, PATH_BUFFER - 1);
    }
    if (n <= 0)
        return false;
    folder[n] = '\0';
    return folder[0] == '/';
}

/* The same, where it is one that matters. */
static bool start_folder(int dir, char *folder)
{
    return path_folder(dir, folder) &&
           (!strcmp(folder, "/") || below(folder, "/dev") || below(folder, "/sys"));
}

/* May the folder that a relative path starts from be one that matters? */
static bool may_start(int dir)
{
    char link[40] = "/proc/self/cwd", folder[8];
    long n;

    if (dir != AT_FDCWD)
        snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
    n = syscall(SYS_readlinkat, AT_FDCWD, link, folder, sizeof(folder) - 1); /* its beginning */
    if (n <= 0)
        return true;
    folder[n] = '\0';
    return !strcmp(folder, "/") || !strncmp(folder, "/dev", 4) || !strncmp(folder, "/sys", 4);
}

/* May a path concern the simulation?  Says so of a few that do not, at once and without a buffer.
 */
static bool may_concern(int dir, const char *path)
{
    if (path[0] != '/')
        return may_start(dir);
    while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
        path++;
    return !strncmp(path, "dev", 3) || !strncmp(path, "sys", 3) || !strncmp(path, "boot/", 5) ||
           (!strncmp(path, "proc/", 5) && strstr(path, "osrelease"));
}

bool path_of_tree(const char *mapped)
{
    return sim && mapped && below(mapped, sim->tree);
}

struct texts {
    char plain[4096], full[2 * PATH_BUFFER], folder[PATH_BUFFER];
};

/* The absolute, normalised form of a path that may concern the simulation; false for all others. */
static bool plain_path(int dir, const char *path, struct texts *t)
{
    if (path[0] != '/') {
        if (!*path || !start_folder(dir, t->folder))
            return false;
        snprintf(t->full, sizeof(t->full), "%s/%s", t->folder, path);
        path = t->full;
    }
    squeeze(path, t->plain, sizeof(t->plain));
    return below(t->plain, "/dev") || below(t->plain, "/sys") || owned_path(t->plain);
}

const char *path_place(const char *plain, char *buffer)
{
    if (owned_path(plain))
        snprintf(buffer, PATH_BUFFER, "%s%s", sim->tree, plain);
    else if (!shared_entry(plain, buffer))
        return plain;
    return buffer;
}

static bool there(int dir, const char *path, bool follow)
{
    struct stat st;

    return syscall(SYS_newfstatat, dir, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0 ||
           (errno != ENOENT && errno != ENOTDIR);
}

/* By its text alone: most paths. */
static const char *by_text(int dir, const char *path, char *buffer)
{
    struct texts *t = may_concern(dir, path) ? scratch_take(sizeof(*t)) : NULL;
    bool placed = t && plain_path(dir, path, t) && path_place(t->plain, buffer) == buffer;

    if (t)
        scratch_give(t, sizeof(*t));
    return placed ? buffer : path;
}

/* Links or "..", which may lead to the simulation, or out of it. */
static bool by_links(int dir, const char *path, bool follow, char *buffer)
{
    char *plain = scratch_take(PATH_BUFFER);
    bool found = plain && path_resolve(dir, path, follow, plain);

    if (found && path_place(plain, buffer) == plain)
        strcpy(buffer, plain);
    if (plain)
        scratch_give(plain, PATH_BUFFER);
    return found && (path_of_tree(buffer) || there(AT_FDCWD, buffer, follow));
}

static __attribute__((noinline)) bool stands_in_tree(void)
{
    char folder[PATH_BUFFER];

    return path_folder(AT_FDCWD, folder) && path_of_tree(folder);
}

/*
 * ".." of a folder of the tree: that one's parent there lacks what only the machine has.  Not of an
 * open folder: who walks through the tree by its own name, as find does through /tmp, goes back so.
 */
static bool climbs(int dir, const char *path, bool ours)
{
    const char *at = path;

    while ((at = strstr(at, "..")) && ((at > path && at[-1] != '/') || (at[2] && at[2] != '/')))
        at += 2;
    if (!at)
        return false;
    return ours || (path[0] != '/' && dir == AT_FDCWD && stands_in_tree());
}

const char *path_map_link(int dir, const char *path, bool follow, char *buffer)
{
    const char *mapped;
    int saved = errno;

    if (!sim || !path || !*path)
        return path;
    mapped = by_text(dir, path, buffer);
    if (!there(dir, mapped, follow) || climbs(dir, path, mapped == buffer))
        mapped = by_links(dir, path, follow, buffer) ? buffer : by_text(dir, path, buffer);
    errno = saved;
    return mapped;
}

const char *path_map_at(int dir, const char *path, char *buffer)
{
    return path_map_link(dir, path, true, buffer);
}

bool path_of_sysfs(const char *mapped)
{
    return path_of_tree(mapped) && !strncmp(mapped + strlen(sim->tree), "/sys/", 5);
}

bool node_of_inode(uint64_t inode, uint32_t *device, bool *control)
{
    for (uint32_t i = 0; i < sim->device_count; i++) {
        for (int c = 0; c < 2; c++) {
            if (inode == sim->devices[i].node_inode[c]) {
                *device = i;
                *control = c;
                return true;
            }
        }
    }
    return false;
}

bool path_stands_in(int fd, uint64_t *inode)
{
    int saved = errno;
    struct stat st;
    bool is;

    is = syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0 && S_ISREG(st.st_mode) &&
         st.st_dev == sim->tree_dev;
    errno = saved;
    if (is)
        *inode = st.st_ino;
    return is;
}

bool path_node(const char *path, uint32_t *device, bool *control)
{
    char plain[256], node[64], file[sizeof(sim->tree) + sizeof(plain)];
    int saved = errno;
    struct stat st;
    bool there;

    if (!sim || !path || path[0] != '/')
        return false;
    squeeze(path, plain, sizeof(plain));
    path_unmap(plain);
    if (strncmp(plain, "/dev/", 5))
        return false;
    /* a node may have been renamed, as a container does */
    snprintf(file, sizeof(file), "%s%s", sim->tree, plain);
    there = syscall(SYS_newfstatat, AT_FDCWD, file, &st, 0) == 0 && st.st_dev == sim->tree_dev;
    errno = saved;
    if (there && node_of_inode(st.st_ino, device, control))
        return true;
    for (uint32_t i = 0; i < sim->device_count; i++) {
        for (int c = 0; c < 2; c++) {
            layout_node(sim, sim->devices[i].index, c, node, sizeof(node));
            if (!strcmp(node, plain)) {
                *device = i;
                *control = c;
                return true;
            }
        }
    }
    return false;
}

/* The simulated file that a link /proc/PID/fd/N leads to, SIM_NONE for any other. */
static uint32_t file_behind(const char *link)
{
    unsigned long long inode;
    char target[64];
    long n = syscall(SYS_readlinkat, AT_FDCWD, link, target, sizeof(target) - 1);

    if (n <= 0)
        return SIM_NONE;
    target[n] = '\0';
    return sscanf(target, "socket:[%llu]", &inode) == 1 ? file_of_inode(inode) : SIM_NONE;
}

/* ... that leads there, and nowhere below. */
static uint32_t file_of_link(const char *path)
{
    const char *at;

    if (!sim || !path || (strncmp(path, "/proc/", 6) && strncmp(path, "/dev/fd/", 8)))
        return SIM_NONE;
    at = strstr(path, "/fd/");
    return at && digits(at + 4) ? file_behind(path) : SIM_NONE;
}

bool path_fd_file(const char *path)
{
    return file_of_link(path) != SIM_NONE;
}

bool path_fd_debugfs(const char *path, char *text, size_t size)
{
    uint32_t file = file_of_link(path);

    if (file == SIM_NONE || sim->files[file].kind != SIM_FILE_DEBUGFS)
        return false;
    file_link(file, text, size);
    return true;
}

bool path_fd_node(const char *path, uint32_t *device, bool *control)
{
    uint32_t file = file_of_link(path);

    if (file == SIM_NONE ||
        (sim->files[file].kind != SIM_FILE_PRIMARY && sim->files[file].kind != SIM_FILE_CONTROL))
        return false;
    *device = sim->files[file].device;
    *control = sim->files[file].kind == SIM_FILE_CONTROL;
    return true;
}

void path_unmap(char *path)
{
    size_t n = sim ? strlen(sim->tree) : 0;

    if (n && !strncmp(path, sim->tree, n) && path[n] == '/')
        memmove(path, path + n, strlen(path + n) + 1);
}

void file_link(uint32_t file, char *text, size_t size)
{
    const struct sim_file *f = &sim->files[file];

    if (f->kind == SIM_FILE_DMABUF)
        snprintf(text, size, "/dmabuf:%s", f->dmabuf.name);
    else if (f->kind == SIM_FILE_DEBUGFS)
        debugfs_name(file, text, size);
    else
        layout_node(sim, sim->devices[f->device].index, f->kind == SIM_FILE_CONTROL, text, size);
}

bool path_fdinfo(const char *path, char *text, size_t size)
{
    unsigned flags = 0, mount = 0;
    char link[80], *raw;
    struct sim_file f;
    uint64_t inode;
    uint32_t file;
    bool dmabuf;
    int n;

    if (!sim || strncmp(path, "/proc/", 6))
        return false;
    {
        const char *at = strstr(path, "/fdinfo/");

        if (!at || !digits(at + 8) || at - path > 40)
            return false;
        snprintf(link, sizeof(link), "%.*s/fd/%s", (int)(at - path), path, at + 8);
    }
    file = file_behind(link);
    if (file == SIM_NONE)
        return false;
    raw = read_below(path);
    if (!raw)
        return false;
    /* the socket's own: where it is mounted, and whether exec() closes it */
    sscanf(raw, "pos: %*s flags: %o mnt_id: %u", &flags, &mount);
    free(raw);
    f = sim->files[file];
    dmabuf = f.kind == SIM_FILE_DMABUF;
    inode =
        dmabuf ? f.inode : layout_inode(sim->devices[f.device].index, f.kind == SIM_FILE_CONTROL);
    n = snprintf(text, size, "pos:\t0\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n",
                 f.flags | (flags & O_CLOEXEC) | (dmabuf ? 0 : KERNEL_O_LARGEFILE), mount,
                 (unsigned long long)inode);
    if (!dmabuf)
        return true;
    n += snprintf(text + n, size - (size_t)n, "size:\t%llu\ncount:\t%u\nexp_name:\thabanalabs\n",
                  (unsigned long long)f.dmabuf.size, count_holders(file));
    if (f.dmabuf.named)
        snprintf(text + n, size - (size_t)n, "name:\t%s\n", f.dmabuf.name);
    return true;
}
