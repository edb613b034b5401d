/* SPDX-License-Identifier: MIT */
#include "tests/diag/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64];

static void give_up(const char *what)
{
    perror(what);
    abort();
}

void tree_begin(void)
{
    snprintf(root, sizeof(root), "/tmp/hlthunk-host-XXXXXX");
    if (!mkdtemp(root) || chmod(root, 0755))
        give_up(root);
}

const char *tree_root(void)
{
    return root;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void tree_end(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The full path, and the folders above it. */
static const char *way(const char *path)
{
    static char full[1024];

    snprintf(full, sizeof(full), "%s%s", root, path);
    for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        if (mkdir(full, 0755) && errno != EEXIST)
            give_up(full);
        *p = '/';
    }
    return full;
}

void tree_put_bytes(const char *path, const void *bytes, size_t n)
{
    const char *full = way(path);
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        give_up(full);
    close(fd);
}

void tree_put(const char *path, const char *fmt, ...)
{
    char text[8192];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    tree_put_bytes(path, text, strlen(text));
}

void tree_link(const char *path, const char *target)
{
    const char *full = way(path);

    if (symlink(target, full) && errno != EEXIST)
        give_up(full);
}

void tree_folder(const char *path)
{
    const char *full = way(path);

    if (mkdir(full, 0755) && errno != EEXIST)
        give_up(full);
}

void tree_mode(const char *path, mode_t mode)
{
    const char *full = way(path);

    if (chmod(full, mode))
        give_up(full);
}

void tree_remove(const char *path)
{
    nftw(way(path), remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in(const char *dir, const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

void tree_device(unsigned index, const char *pci, unsigned pci_id, int legacy)
{
    char dir[128], node[64];

    if (legacy) {
        snprintf(dir, sizeof(dir), "/sys/class/habanalabs/hl%u", index);
        tree_put(in(dir, "pci_addr"), "%s\n", pci);
    } else {
        snprintf(dir, sizeof(dir), "/sys/class/accel/accel%u/device", index);
        tree_put(in(dir, "uevent"),
                 "DRIVER=habanalabs\nPCI_CLASS=120000\nPCI_ID=1DA3:%04X\n"
                 "PCI_SLOT_NAME=%s\n",
                 pci_id, pci);
    }
    tree_put(in(dir, "status"), "Operational\n");
    snprintf(node, sizeof(node), legacy ? "/dev/hl%u" : "/dev/accel/accel%u", index);
    tree_put(node, "%s", "");
    tree_mode(node, 0666);
    snprintf(node, sizeof(node), legacy ? "/dev/hl_controlD%u" : "/dev/accel/accel_controlD%u",
             index);
    tree_put(node, "%s", "");
    tree_mode(node, 0666);
}

static void put16(unsigned char *p, unsigned v)
{
    p[0] = (unsigned char)v;
    p[1] = (unsigned char)(v >> 8);
}

void tree_pci(const char *where, const char *address, unsigned vendor, unsigned device,
              unsigned class_code, int port, int acs, const char *driver)
{
    unsigned char config[4096] = { 0 };
    char dir[256], link[128], target[300];

    snprintf(dir, sizeof(dir), "/sys/devices/%s/%s", where, address);
    tree_put(in(dir, "vendor"), "0x%04x\n", vendor);
    tree_put(in(dir, "device"), "0x%04x\n", device);
    tree_put(in(dir, "class"), "0x%06x\n", class_code);
    put16(config, vendor);
    put16(config + 2, device);
    config[6] = 0x10; /* it has capabilities */
    config[0x34] = 0x40;
    config[0x40] = 0x10; /* PCI Express */
    put16(config + 0x42, (unsigned)port << 4 | 2);
    if (acs >= 0) {
        /* another extended capability first: Advanced Error Reporting */
        put16(config + 0x100, 0x0001);
        put16(config + 0x102, 0x1482); /* version 2, next at 0x148 */
        put16(config + 0x148, 0x000d); /* Access Control Services */
        put16(config + 0x14a, 0x0001);
        put16(config + 0x14e, (unsigned)acs);
    }
    tree_put_bytes(in(dir, "config"), config, sizeof(config));
    snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s", address);
    snprintf(target, sizeof(target), "../../../devices/%s/%s", where, address);
    tree_link(link, target);
    if (driver) {
        snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
        tree_link(in(dir, "driver"), target);
    }
}

void as_nobody(void (*part)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (getuid() == 0 && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
            _exit(99);
        prctl(PR_SET_DUMPABLE, 1);
        part();
        _exit(0);
    }
    if (waitpid(pid, &status, 0) != pid || status) {
        fprintf(stderr, "as nobody: status %#x\n", (unsigned)status);
        abort();
    }
}
