/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/memory_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kernel/tree.h"

#define PCI "/sys/bus/pci/devices/"
#define ROOT_BUS "../../../devices/pci0000:00/0000:00:01.0/"
#define MOST 96u

enum kind { END, FILE_, LINK };

/* Two devices below one switch with an RDMA card, one of an older kernel, three processes. */
static const struct usual {
    const char *path, *holds;
    enum kind kind;
} usual[] = {
    { "/.", "", FILE_ },
    { "/sys/class/accel/accel0/device/uevent",
      "DRIVER=habanalabs\nPCI_CLASS=120000\nPCI_ID=1DA3:1020\nPCI_SLOT_NAME=0000:03:00.0\n",
      FILE_ },
    { "/sys/class/accel/accel0/device/status", "Operational\n", FILE_ },
    { "/sys/class/accel/accel0/dev", "261:0\n", FILE_ },
    { "/sys/class/accel/accel_controlD0/dev", "261:1\n", FILE_ },
    { "/sys/class/accel/accel1/device/uevent", "DRIVER=habanalabs\nPCI_SLOT_NAME=0000:04:00.0\n",
      FILE_ },
    { "/sys/class/accel/accel1/device/status", "in reset\n", FILE_ },
    { "/sys/class/habanalabs/hl2/pci_addr", "0000:05:00.0\n", FILE_ },
    { "/sys/class/habanalabs/hl2/status", "Operational\n", FILE_ },
    { "/sys/class/habanalabs/hl2/dev", "240:4\n", FILE_ },
    { "/dev/accel/accel0", "", FILE_ },
    { "/dev/accel/accel_controlD0", "", FILE_ },
    { "/dev/hl2", "", FILE_ },
    { "/dev/hl_controlD2", "", FILE_ },
    { PCI "0000:03:00.0", ROOT_BUS "0000:02:00.0/0000:03:00.0", LINK },
    { PCI "0000:03:00.0/vendor", "0x1da3\n", FILE_ },
    { PCI "0000:03:00.0/device", "0x1020\n", FILE_ },
    { PCI "0000:03:00.0/class", "0x120000\n", FILE_ },
    { PCI "0000:03:00.0/numa_node", "0\n", FILE_ },
    { PCI "0000:03:00.0/local_cpulist", "0-15,32-47\n", FILE_ },
    { PCI "0000:03:00.0/driver", "../../../bus/pci/drivers/habanalabs", LINK },
    { PCI "0000:03:00.0/iommu_group", "../../../kernel/iommu_groups/12", LINK },
    { PCI "0000:03:00.0/iommu_group/type", "identity\n", FILE_ },
    { PCI "0000:03:00.0/config", "\xa3\x1d\x20\x10", FILE_ },
    { PCI "0000:04:00.0", ROOT_BUS "0000:02:01.0/0000:04:00.0", LINK },
    { PCI "0000:04:00.0/vendor", "0x1da3\n", FILE_ },
    { PCI "0000:04:00.0/device", "0x1000\n", FILE_ },
    { PCI "0000:04:00.0/class", "0x120000\n", FILE_ },
    { PCI "0000:04:00.0/driver", "../../../bus/pci/drivers/vfio-pci", LINK },
    { PCI "0000:05:00.0", "../../../devices/pci0000:40/0000:40:01.0/0000:05:00.0", LINK },
    { PCI "0000:05:00.0/vendor", "0x1da3\n", FILE_ },
    { PCI "0000:05:00.0/device", "0x0001\n", FILE_ },
    { PCI "0000:05:00.0/class", "0x120000\n", FILE_ },
    { PCI "0000:06:00.0", ROOT_BUS "0000:02:02.0/0000:06:00.0", LINK },
    { PCI "0000:06:00.0/vendor", "0x15b3\n", FILE_ },
    { PCI "0000:06:00.0/device", "0x1021\n", FILE_ },
    { PCI "0000:06:00.0/class", "0x020000\n", FILE_ },
    { PCI "0000:06:00.0/driver", "../../../bus/pci/drivers/mlx5_core", LINK },
    { PCI "0000:06:00.0/infiniband/mlx5_0", "", FILE_ },
    { PCI "0000:06:00.0/iommu_group", "../../../kernel/iommu_groups/13", LINK },
    { PCI "0000:06:00.0/iommu_group/type", "DMA\n", FILE_ },
    { PCI "0000:02:00.0/config", "\x86\x80", FILE_ },
    { PCI "0000:02:02.0/config", "\x86\x80", FILE_ },
    { PCI "0000:00:01.0/config", "\x86\x80", FILE_ },
    { PCI "0000:00:01.0/vendor", "0x8086\n", FILE_ },
    { PCI "0000:00:01.0/device", "0x2030\n", FILE_ },
    { PCI "0000:00:01.0/class", "0x060400\n", FILE_ },
    { "/sys/devices/pci0000:00/0000:00:01.0", "", FILE_ },
    { "/sys/devices/pci0000:40/0000:40:01.0", "", FILE_ },
    { "/sys/kernel/debug/dma_buf/bufinfo",
      "\nDma-buf Objects:\nsize    flags   mode    count   exp_name        ino     name\n"
      "67108864 00000002 00080007 00000003 habanalabs 00004711 weights\n"
      "\tAttached Devices:\n\t0000:06:00.0\nTotal 1 devices attached\n\n"
      "00004096 00000002 00080007 00000001 habanalabs 00004713 <none>\n"
      "\tAttached Devices:\nTotal 0 devices attached\n\nTotal 2 objects, 67112960 bytes\n",
      FILE_ },
    { "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n", FILE_ },
    { "/proc/uptime", "1000.50 3000.00\n", FILE_ },
    { "/proc/cpuinfo", "vendor_id\t: AuthenticAMD\ncpu family\t: 23\n", FILE_ },
    { "/proc/meminfo", "HugePages_Total:       8\nHugepagesize:       2048 kB\n", FILE_ },
    { "/proc/sys/kernel/osrelease", "6.12.95+deb13-amd64\n", FILE_ },
    { "/boot/config-6.12.95+deb13-amd64", "CONFIG_PCI_P2PDMA=y\nCONFIG_DMABUF_MOVE_NOTIFY=y\n",
      FILE_ },
    { "/proc/kallsyms", "0000000000000000 T pci_p2pdma_distance_many\n", FILE_ },
    { "/proc/self/ns/pid", "pid:[4026531836]", LINK },
    { "/proc/self/status", "Name:\tdoctor\nCapEff:\t0000000000004000\n", FILE_ },
    { "/proc/self/limits",
      "Max locked memory         8388608              unlimited            bytes\n", FILE_ },
    { "/proc/100/stat",
      "100 (train) (er) S 1 1 1 0 -1 4194304 0 0 0 0 1 2 3 4 20 0 1 0 91000 1000 10\n", FILE_ },
    { "/proc/100/status", "Name:\ttrainer\nUid:\t1000\t1000\t1000\t1000\n", FILE_ },
    { "/proc/100/maps",
      "55d0-55d1 r-xp 00000000 08:01 12  /bin/x\n"
      "7f0000000000-7f0000200000 rw-s 800000000 00:05 501    /dev/accel/accel0\n",
      FILE_ },
    { "/proc/100/fd/3", "/dev/accel/accel0", LINK },
    { "/proc/100/fd/4", "/dev/accel/accel_controlD0", LINK },
    { "/proc/100/fd/7", "/dmabuf:", LINK },
    { "/proc/100/fdinfo/7",
      "pos:\t0\nino:\t4711\nsize:\t67108864\ncount:\t3\nexp_name:\thabanalabs\nname:\tweights\n",
      FILE_ },
    { "/proc/200/stat", "200 (x) S 1 1 1 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 5 1000 10\n", FILE_ },
    { "/proc/200/status", "Uid:\t0\t0\t0\t0\n", FILE_ },
    { "/proc/200/maps", "", FILE_ },
    { "/proc/200/fd/9", "/dev/hl2", LINK },
};
#define COUNT (sizeof(usual) / sizeof(usual[0]))
_Static_assert(COUNT <= MOST, "a byte of an input chooses one");

static struct entry {
    const uint8_t *bytes;
    size_t size;
    int error;
    uint32_t hash; /* of the path: most are told apart by it */
    uint16_t length;
    char path[HL_TREE_PATH];
} now[COUNT];

static uint32_t hash_of(const char *s)
{
    uint32_t h = 2166136261u;

    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 16777619u;
    return h;
}

static void settle(struct entry *e)
{
    e->hash = hash_of(e->path);
    e->length = (uint16_t)strlen(e->path);
}

size_t memory_tree_count(void)
{
    return COUNT;
}

void memory_tree_reset(void)
{
    static struct entry first[COUNT];

    for (size_t i = 0; !first[0].hash && i < COUNT; i++) {
        struct entry *e = &first[COUNT - 1 - i];

        e->bytes = memory_tree_usual(COUNT - 1 - i, &e->size);
        strcpy(e->path, usual[COUNT - 1 - i].path);
        settle(e);
    }
    memcpy(now, first, sizeof(now));
}

const uint8_t *memory_tree_usual(size_t i, size_t *size)
{
    *size = strlen(usual[i].holds);
    return (const uint8_t *)usual[i].holds;
}

void memory_tree_put(size_t i, const uint8_t *bytes, size_t size)
{
    now[i].bytes = bytes;
    now[i].size = size;
}

void memory_tree_fail(size_t i, int error)
{
    now[i].error = error;
}

/* A name that a folder can have: it ends before a slash or a zero, and is at most 255 bytes long.
 */
void memory_tree_rename(size_t i, const uint8_t *name, size_t size)
{
    char *end = strrchr(now[i].path, '/') + 1;
    size_t room = sizeof(now[i].path) - (size_t)(end - now[i].path) - 1, n = 0;

    size = size < room ? size : room;
    while (n < size && n < 255 && name[n] && name[n] != '/')
        n++;
    if (!n)
        return;
    memcpy(end, name, n);
    end[n] = '\0';
    settle(&now[i]);
}

/* ---- lib/kernel/tree.h ---- */

static bool below(const struct entry *e, const char *folder, size_t n)
{
    return n && e->length > n && e->path[n] == '/' && e->path[n - 1] == folder[n - 1] &&
           !memcmp(e->path, folder, n);
}

/* NULL and an error, -ENOENT mostly. */
static const struct entry *find(const char *root, const char *fmt, va_list ap, enum kind kind,
                                int *error)
{
    char path[HL_TREE_PATH];
    uint32_t hash;

    *error = -ENOENT;
    if (vsnprintf(path, sizeof(path), fmt, ap) >= (int)(sizeof(path) - strlen(MEMORY_ROOT)))
        *error = -ENAMETOOLONG;
    else if (strcmp(root, MEMORY_ROOT))
        return NULL; /* of this machine nothing is read here */
    hash = hash_of(path);
    for (size_t i = 0; *error == -ENOENT && i < COUNT; i++) {
        if (now[i].hash == hash && usual[i].kind == kind && !strcmp(now[i].path, path)) {
            *error = -now[i].error;
            return now[i].error ? NULL : &now[i];
        }
    }
    return NULL;
}

#define FIND(e, error, root, kind, path)                                                           \
    do {                                                                                           \
        va_list ap_;                                                                               \
        va_start(ap_, path);                                                                       \
        (e) = find(root, path, ap_, kind, &(error));                                               \
        va_end(ap_);                                                                               \
    } while (0)

int hl_tree_read(const char *root, char *value, size_t size, const char *path, ...)
{
    const struct entry *e;
    int error;
    size_t n;

    FIND(e, error, root, FILE_, path);
    if (size)
        *value = '\0';
    if (!e)
        return error;
    if (e->size >= size)
        return -ENOSPC;
    memcpy(value, e->bytes, e->size);
    for (n = e->size; n && strchr(" \n\t\v\f\r", value[n - 1]) && value[n - 1]; n--)
        ;
    value[n] = '\0';
    return 0;
}

char *hl_tree_read_all(const char *root, size_t *size, const char *path, ...)
{
    const struct entry *e;
    char *text;
    int error;

    FIND(e, error, root, FILE_, path);
    text = e ? malloc(e->size + 1) : NULL;
    if (!text) {
        errno = e ? ENOMEM : -error;
        return NULL;
    }
    memcpy(text, e->bytes, e->size);
    text[e->size] = '\0';
    *size = e->size;
    return text;
}

static int target_of(const struct entry *e, char *target, size_t size)
{
    size_t n = strnlen((const char *)e->bytes, e->size);

    if (n >= size)
        return -ENOSPC;
    memcpy(target, e->bytes, n);
    target[n] = '\0';
    return 0;
}

int hl_tree_link(const char *root, char *target, size_t size, const char *path, ...)
{
    const struct entry *e;
    int error;

    FIND(e, error, root, LINK, path);
    return e ? target_of(e, target, size) : error;
}

int hl_tree_link_name(const char *root, char *name, size_t size, const char *path, ...)
{
    char target[HL_TREE_PATH];
    const struct entry *e;
    int error;

    FIND(e, error, root, LINK, path);
    error = e ? target_of(e, target, sizeof(target)) : error;
    return error ? error : hl_tree_last_name(target, name, size);
}

int hl_tree_exists(const char *root, const char *path, ...)
{
    char full[HL_TREE_PATH];
    uint32_t hash;
    va_list ap;
    size_t n;

    va_start(ap, path);
    n = (size_t)vsnprintf(full, sizeof(full), path, ap);
    va_end(ap);
    if (n >= sizeof(full) - strlen(MEMORY_ROOT))
        return -ENAMETOOLONG;
    hash = hash_of(full);
    for (size_t i = 0; !strcmp(root, MEMORY_ROOT) && i < COUNT; i++)
        if (below(&now[i], full, n) || (now[i].hash == hash && !strcmp(now[i].path, full)))
            return now[i].error ? -now[i].error : 1;
    return 0;
}

/* Each name once: entries of one folder follow one another. */
int hl_tree_each(const char *root, int (*visit)(const char *name, void *user), void *user,
                 const char *path, ...)
{
    char folder[HL_TREE_PATH], name[256], last[256] = "";
    bool found = false;
    va_list ap;
    size_t n;
    int rc;

    va_start(ap, path);
    n = (size_t)vsnprintf(folder, sizeof(folder), path, ap);
    va_end(ap);
    if (n >= sizeof(folder) - strlen(MEMORY_ROOT))
        return -ENAMETOOLONG;
    for (size_t i = 0; !strcmp(root, MEMORY_ROOT) && i < COUNT; i++) {
        if (!below(&now[i], folder, n))
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(now[i].path + n + 1, "/"),
                 now[i].path + n + 1);
        found = true;
        if (!strcmp(name, last) || !strcmp(name, ".") || !strcmp(name, ".."))
            continue;
        strcpy(last, name);
        rc = now[i].error ? -now[i].error : visit(name, user);
        if (rc)
            return rc;
    }
    return found ? 0 : -ENOENT;
}
