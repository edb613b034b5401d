/* SPDX-License-Identifier: MIT */
#include "lib/kernel/debugfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/kernel/errno.h"
#include "lib/process_lock.h"

#define DEBUGFS "/sys/kernel/debug"

static struct hl_process_lock lock = HL_PROCESS_LOCK(NULL);

/* The device's directory by kernel: up to 6.2; 6.12 (a DRM device); in between. */
static int directory(const struct hlthunk_device_entry *e, unsigned which, char *path, size_t size)
{
    if (e->legacy)
        return which ? -1 : snprintf(path, size, DEBUGFS "/habanalabs/hl%u", e->index);
    switch (which) {
    case 0:
        return snprintf(path, size, DEBUGFS "/accel/%s", e->pci_address);
    case 1:
        return snprintf(path, size, DEBUGFS "/accel/%u", e->index);
    case 2:
        return snprintf(path, size, DEBUGFS "/habanalabs/accel%u", e->index);
    default:
        return -1;
    }
}

int hl_debugfs_open(const struct hlthunk_device_entry *entry, const char *name, int flags)
{
    char path[160];
    int rc = -ENOENT, n;

    for (unsigned which = 0; (n = directory(entry, which, path, sizeof(path))) > 0; which++) {
        int fd;

        snprintf(path + n, sizeof(path) - (size_t)n, "/%s", name);
        fd = open(path, flags | O_CLOEXEC, 0);
        rc = fd < 0 ? hl_errno() : hl_fd_sanitize(fd);
        if (rc >= 0)
            return rc;
        if (rc != -ENOENT && rc != -ENOTDIR)
            break;
    }
    if (rc == -ENOENT || rc == -ENOTDIR)
        return hl_err(-ENOENT, "%s has no debugfs file \"%s\": is debugfs mounted on " DEBUGFS "?",
                      entry->node, name);
    return hl_err(rc, "%s: %s", path, strerror(-rc));
}

/*
 * Writes a short text at once.  Not with pwrite(), which "addr" refuses (simple_attr_open());
 * where such a file stands matters to no write.  The driver returns 0 bytes written when it is in
 * reset.
 */
static int put(int fd, const char *text)
{
    ssize_t n = write(fd, text, strlen(text));

    if (n < 0)
        return hl_errno();
    return n == 0 ? -EBUSY : 0;
}

static int get(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);

    if (n < 0)
        return hl_errno();
    text[n] = '\0';
    return n == 0 ? -EBUSY : 0;
}

static int explain(int rc, uint64_t address)
{
    if (rc == -EBUSY)
        return hl_err(rc, "the device is in reset: nothing can be read or written");
    return hl_err(rc, "address %#llx through debugfs: %s", (unsigned long long)address,
                  strerror(-rc));
}

static int set_address(int addr_fd, uint64_t address)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)address);
    return put(addr_fd, text);
}

int hl_debugfs_peek(int addr_fd, int data_fd, uint64_t address, uint32_t *value)
{
    char text[64], *end;
    unsigned long x;
    int rc;

    hl_process_lock(&lock);
    rc = set_address(addr_fd, address);
    if (rc == 0)
        rc = get(data_fd, text, sizeof(text));
    hl_process_unlock(&lock);
    if (rc)
        return explain(rc, address);
    x = strtoul(text, &end, 16);
    if (end == text || x > UINT32_MAX)
        return hl_err(-EIO, "debugfs answered \"%.20s\", which is not a 32-bit number", text);
    *value = (uint32_t)x;
    return 0;
}

int hl_debugfs_poke(int addr_fd, int data_fd, uint64_t address, uint32_t value)
{
    char text[24];
    int rc;

    snprintf(text, sizeof(text), "0x%x", value);
    hl_process_lock(&lock);
    rc = set_address(addr_fd, address);
    if (rc == 0)
        rc = put(data_fd, text);
    hl_process_unlock(&lock);
    return rc ? explain(rc, address) : 0;
}
