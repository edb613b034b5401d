/* SPDX-License-Identifier: MIT */
#include "tests/classic/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static char root[64];
static struct node {
    ino_t ino;
    dev_t rdev;
} nodes[32];
static unsigned node_count;

unsigned tree_opens, tree_opens_inherited, tree_fail_count;
int tree_fail_errno, tree_fail_last_errno, tree_refused_errno;
const char *tree_refused_path = "";

/* The path to use, in the temporary directory where it is one of ours. */
static const char *lead(const char *path, char *buffer, size_t size)
{
    if (!*root || (strncmp(path, "/sys", 4) && strncmp(path, "/dev", 4)) ||
        (path[4] && path[4] != '/'))
        return path;
    snprintf(buffer, size, "%s%s", root, path);
    return buffer;
}

/* Refuses what is below a path, as a kernel may: true with errno. */
static bool refused(const char *path)
{
    size_t n = strlen(tree_refused_path);

    if (!tree_refused_errno || strncmp(path, tree_refused_path, n) || (path[n] && path[n] != '/'))
        return false;
    errno = tree_refused_errno;
    return true;
}

/* What takes the place of a node just before it is opened. */
static char swap_path[64], swap_from[64];

void tree_swap_at_open(const char *path, const char *from)
{
    snprintf(swap_path, sizeof(swap_path), "%s", path);
    snprintf(swap_from, sizeof(swap_from), "%s", from);
}

int open(const char *path, int flags, ...)
{
    char buffer[512];
    const char *real = lead(path, buffer, sizeof(buffer));
    va_list ap;
    int mode;

    va_start(ap, flags);
    mode = flags & O_CREAT ? va_arg(ap, int) : 0;
    va_end(ap);
    if (refused(path))
        return -1;
    if (real == buffer) {
        if (*swap_path && !strcmp(path, swap_path)) {
            *swap_path = '\0';
            tree_rename(swap_from, path);
        }
        tree_opens++;
        tree_opens_inherited += !(flags & O_CLOEXEC);
        if (!strncmp(path, "/dev/", 5) && tree_fail_count) {
            tree_fail_count--;
            errno =
                !tree_fail_count && tree_fail_last_errno ? tree_fail_last_errno : tree_fail_errno;
            return -1;
        }
    }
    return (int)syscall(SYS_openat, AT_FDCWD, real, flags, mode);
}

DIR *opendir(const char *path)
{
    char buffer[512];
    const char *real = lead(path, buffer, sizeof(buffer));
    int fd = refused(path)
                 ? -1
                 : (int)syscall(SYS_openat, AT_FDCWD, real, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

    tree_opens += real == buffer;
    return fd < 0 ? NULL : fdopendir(fd);
}

ssize_t readlink(const char *restrict path, char *restrict target, size_t size)
{
    char buffer[512];

    if (refused(path))
        return -1;
    return syscall(SYS_readlinkat, AT_FDCWD, lead(path, buffer, sizeof(buffer)), target, size);
}

static int stat_at(int dir, const char *path, struct stat *st, int flags)
{
    int rc = fstatat(dir, path, st, flags);

    for (unsigned i = 0; rc == 0 && i < node_count; i++) {
        if (nodes[i].ino != st->st_ino)
            continue;
        st->st_mode = (st->st_mode & 07777) | S_IFCHR;
        st->st_rdev = nodes[i].rdev;
    }
    return rc;
}

int fstat(int fd, struct stat *st)
{
    return stat_at(fd, "", st, AT_EMPTY_PATH);
}

int stat(const char *restrict path, struct stat *restrict st)
{
    char buffer[512];

    return refused(path) ? -1 : stat_at(AT_FDCWD, lead(path, buffer, sizeof(buffer)), st, 0);
}

static void fail(const char *what)
{
    perror(what);
    abort();
}

void tree_begin(void)
{
    snprintf(root, sizeof(root), "/tmp/hlthunk-tree-XXXXXX");
    if (!mkdtemp(root) || chmod(root, 0755))
        fail(root);
    tree_opens = tree_opens_inherited = tree_fail_count = node_count = 0;
    tree_refused_errno = tree_fail_last_errno = 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void tree_end(void)
{
    char path[sizeof(root)];

    strcpy(path, root);
    *root = '\0';
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The directories above path; the path itself in buffer. */
static void make_way(const char *path, char *buffer, size_t size)
{
    lead(path, buffer, size);
    for (char *p = buffer + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        if (mkdir(buffer, 0755) && errno != EEXIST)
            fail(buffer);
        *p = '/';
    }
}

void tree_file(const char *path, const char *text)
{
    char buffer[512];
    int fd;

    make_way(path, buffer, sizeof(buffer));
    fd = (int)syscall(SYS_openat, AT_FDCWD, buffer, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        fail(buffer);
    close(fd);
}

void tree_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

    if (n < 0)
        fail(path);
    close(fd);
    text[n] = '\0';
    tree_opens--;
}

void tree_link(const char *path, const char *target)
{
    char buffer[512];

    make_way(path, buffer, sizeof(buffer));
    if (symlink(target, buffer))
        fail(buffer);
}

void tree_rename(const char *from, const char *to)
{
    char a[512], b[512];

    if (rename(lead(from, a, sizeof(a)), lead(to, b, sizeof(b))))
        fail(from);
}

void tree_remove(const char *path)
{
    char buffer[512];

    nftw(lead(path, buffer, sizeof(buffer)), remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void tree_node(const char *path, unsigned maj, unsigned min, const char *entry)
{
    char buffer[512];
    struct stat st;

    tree_file(path, "");
    if (stat(lead(path, buffer, sizeof(buffer)), &st))
        fail(path);
    nodes[node_count++] = (struct node){ st.st_ino, makedev(maj, min) };
    snprintf(buffer, sizeof(buffer), "/sys/dev/char/%u:%u", maj, min);
    tree_link(buffer, entry);
}

static void format_file(const char *dir, const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    tree_file(path, text);
}

void tree_accel(unsigned index, unsigned control_minor, const char *pci, const char *pci_id,
                const char *type, unsigned module_id)
{
    char path[128], entry[128], text[256];

    snprintf(path, sizeof(path), "/sys/class/accel/accel%u/device", index);
    snprintf(text, sizeof(text),
             "DRIVER=some\nPCI_CLASS=120000\nPCI_ID=%s\n"
             "PCI_SUBSYS_ID=%s\nPCI_SLOT_NAME=%s\nMODALIAS=pci\n",
             pci_id, pci_id, pci);
    format_file(path, "uevent", text);
    snprintf(text, sizeof(text), "%s\n", type);
    format_file(path, "device_type", text);
    snprintf(text, sizeof(text), "%s\n", pci);
    format_file(path, "pci_addr", text);
    snprintf(text, sizeof(text), "%u\n", module_id);
    format_file(path, "module_id", text);
    snprintf(path, sizeof(path), "/dev/accel/accel%u", index);
    snprintf(entry, sizeof(entry), "../../devices/pci/%s/accel/accel%u", pci, index);
    tree_node(path, 261, index, entry);
    snprintf(path, sizeof(path), "/dev/accel/accel_controlD%u", index);
    snprintf(entry, sizeof(entry), "../../devices/virtual/x/accel_controlD%u", index);
    tree_node(path, 237, control_minor, entry);
    snprintf(path, sizeof(path), "/sys/class/accel/accel_controlD%u", index);
    snprintf(text, sizeof(text), "237:%u\n", control_minor);
    format_file(path, "dev", text);
    snprintf(path, sizeof(path), "/sys/class/accel/accel%u", index);
    snprintf(text, sizeof(text), "261:%u\n", index);
    format_file(path, "dev", text);
}

void tree_legacy(unsigned index, const char *pci, const char *pci_device)
{
    char path[128], entry[64], text[64];

    snprintf(path, sizeof(path), "/sys/class/habanalabs/hl%u", index);
    snprintf(text, sizeof(text), "%s\n", pci);
    format_file(path, "pci_addr", text);
    format_file(path, "device_type", "SOME\n");
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", pci);
    snprintf(text, sizeof(text), "%s\n", pci_device);
    format_file(path, "device", text);
    snprintf(path, sizeof(path), "/dev/hl%u", index);
    snprintf(entry, sizeof(entry), "../../devices/virtual/habanalabs/hl%u", index);
    tree_node(path, 240, 2 * index, entry);
    snprintf(path, sizeof(path), "/dev/hl_controlD%u", index);
    snprintf(entry, sizeof(entry), "../../devices/virtual/habanalabs/hl_controlD%u", index);
    tree_node(path, 240, 2 * index + 1, entry);
    snprintf(path, sizeof(path), "/sys/class/habanalabs/hl%u", index);
    snprintf(text, sizeof(text), "240:%u\n", 2 * index);
    format_file(path, "dev", text);
    snprintf(path, sizeof(path), "/sys/class/habanalabs/hl_controlD%u", index);
    snprintf(text, sizeof(text), "240:%u\n", 2 * index + 1);
    format_file(path, "dev", text);
}
