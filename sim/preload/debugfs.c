/* SPDX-License-Identifier: MIT */
/*
 * The driver's files in debugfs. Their descriptors come from the supervisor, as those of nodes do;
 * their text is made here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/debugfs.h"
#include "sim/layout.h"
#include "sim/preload/preload.h"

DECLARE_REAL(fdopen);

#define FOLDER "/sys/kernel/debug/"

/* How far read() has come in a file, with its serial number: serial << 8 | bytes. */
static _Atomic uint64_t positions[SIM_MAX_FILES];

static uint8_t position(uint32_t file)
{
    uint64_t p = atomic_load_explicit(&positions[file], memory_order_relaxed);

    return p >> 8 == sim->files[file].serial ? (uint8_t)p : 0;
}

static void move_on(uint32_t file, size_t n)
{
    uint64_t p = sim->files[file].serial << 8 | (uint8_t)(position(file) + n);

    atomic_store_explicit(&positions[file], p, memory_order_relaxed);
}

/* The device with this address; false: there is none. */
static bool at_place(const char *pci, uint32_t *device)
{
    for (*device = 0; *device < sim->device_count; ++*device)
        if (!strcmp(sim->devices[*device].pci_address, pci))
            return true;
    return false;
}

/* FOLDER accel/ADDRESS/NAME; habanalabs/accelN/NAME and hlN/NAME, which older kernels have. */
static bool parse(const char *mapped, uint32_t *device, uint32_t *attribute)
{
    const char *plain = mapped + strlen(sim->tree);
    char name[32], pci[16];

    if (!path_of_sysfs(mapped) || strncmp(plain, FOLDER, strlen(FOLDER)))
        return false;
    plain += strlen(FOLDER);
    if ((sscanf(plain, "accel/%15[0-9a-f:.]/%31[a-z0-9_]", pci, name) != 2 ||
         !at_place(pci, device)) &&
        sscanf(plain, "habanalabs/hl%u/%31[a-z0-9_]", device, name) != 2 &&
        sscanf(plain, "habanalabs/accel%u/%31[a-z0-9_]", device, name) != 2)
        return false;
    for (*attribute = 0; *attribute < SIM_DEBUGFS_COUNT; ++*attribute)
        if (!strcmp(name, sim_debugfs_names[*attribute]))
            return true;
    return false;
}

void debugfs_name(uint32_t file, char *text, size_t size)
{
    const struct sim_file *f = &sim->files[file];
    char dir[64];

    layout_debugfs(sim, f->device, dir, sizeof(dir));
    snprintf(text, size, "%s/%s", dir, sim_debugfs_names[f->attribute % SIM_DEBUGFS_COUNT]);
}

bool debugfs_path(const char *mapped)
{
    uint32_t device, attribute;

    return sim && mapped && parse(mapped, &device, &attribute);
}

bool debugfs_of_fd(int fd, char *text, size_t size)
{
    char link[40], path[sizeof(sim->tree) + 96];
    int saved = errno;
    long n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1);
    errno = saved;
    path[n > 0 ? n : 0] = '\0';
    if (!debugfs_path(path))
        return false;
    path_unmap(path);
    snprintf(text, size, "%s", path);
    return true;
}

/* Apart: other files' opening has no stack for the reply. */
static __attribute__((noinline)) int open_file(uint32_t device, uint32_t attribute, int flags)
{
    struct sim_request q = { .op = SIM_REQUEST_DEBUGFS_OPEN,
                             .device = device,
                             .argument = attribute,
                             .flags = (uint32_t)flags };
    struct sim_reply r;
    int fds[2], rc;

    rc = client_transfer(&q, &r, -1, flags & O_CLOEXEC, fds);
    if (!rc && fds[0] < 0)
        rc = -EMFILE; /* no descriptor was free; its file is closed again */
    if (rc) {
        errno = -rc;
        return -1;
    }
    fd_note(fds[0], r.file);
    return fds[0];
}

bool debugfs_open(const char *mapped, int flags, int *fd)
{
    uint32_t device, attribute;

    if (!sim || !mapped || flags & O_PATH || !parse(mapped, &device, &attribute))
        return false;
    *fd = open_file(device, attribute, flags);
    return true;
}

/* A file of simple_attr_open(), not of the driver's own functions. */
static bool is_attribute(uint32_t file)
{
    return sim->files[file].attribute == SIM_DEBUGFS_ADDR;
}

/* The file behind fd, where it is one of these and open for this; *rc otherwise. */
static bool usable(int fd, int refused, uint32_t *file, ssize_t *rc)
{
    *file = sim ? fd_known(fd) : SIM_NONE;
    if (*file == SIM_NONE || sim->files[*file].kind != SIM_FILE_DEBUGFS)
        return false;
    *rc = 0;
    if (((int)sim->files[*file].flags & O_ACCMODE) == refused) {
        errno = EBADF;
        *rc = -1;
    }
    return true;
}

static bool does_nothing(uint32_t file)
{
    return sim->files[file].attribute >= SIM_DEBUGFS_CLK_GATE;
}

static ssize_t failed(int rc)
{
    errno = -rc;
    return -1;
}

/* Where there are none, what asks for one is refused as with a node. */
static bool has_place(int fd, off_t at)
{
    uint32_t file = at < 0 || !sim ? SIM_NONE : fd_known(fd);

    return file == SIM_NONE || sim->files[file].kind != SIM_FILE_DEBUGFS || !is_attribute(file);
}

/* The text of a number (simple_read_from_buffer()); the driver's own end after the first part. */
static ssize_t give(uint32_t file, void *to, size_t n, off_t at)
{
    struct sim_request q = { .op = SIM_REQUEST_DEBUGFS_READ, .file = file };
    struct sim_reply r;
    char text[32];
    size_t from = at < 0 ? position(file) : (size_t)at, length;
    int rc;

    if (does_nothing(file) || (from && !is_attribute(file)))
        return 0;
    rc = client_call(&q, &r, false);
    if (rc)
        return rc == -EBUSY ? 0 : failed(rc); /* nothing during a reset */
    snprintf(text, sizeof(text),
             sim->files[file].attribute == SIM_DEBUGFS_DATA32 ? "0x%08llx\n" : "0x%016llx\n",
             (unsigned long long)r.at);
    length = strlen(text);
    if (from >= length)
        return 0;
    n = n < length - from ? n : length - from;
    if (preload_env()->copy_out((uintptr_t)to, text + from, n))
        return failed(-EFAULT);
    if (at < 0)
        move_on(file, n);
    return (ssize_t)n;
}

bool debugfs_read(int fd, void *to, size_t n, off_t at, ssize_t *got)
{
    uint32_t file;

    if (!has_place(fd, at) || !usable(fd, O_WRONLY, &file, got))
        return false;
    if (!*got)
        *got = give(file, to, n, at);
    return true;
}

/* Nothing is taken during a reset, whatever it is. */
static bool refuses(uint32_t file)
{
    const struct sim_file *f = &sim->files[file];

    return (f->attribute == SIM_DEBUGFS_DATA32 || f->attribute == SIM_DEBUGFS_DATA64) &&
           !sim_device_operational(&sim->devices[f->device]);
}

static ssize_t take(uint32_t file, const void *from, size_t n)
{
    struct sim_request q = { .op = SIM_REQUEST_DEBUGFS_WRITE, .file = file };
    char text[SIM_DEBUGFS_LONGEST];
    size_t longest = n < sizeof(text) ? n : sizeof(text);
    int rc;

    if (refuses(file))
        return 0;
    if (preload_env()->copy_in(text, (uintptr_t)from, longest))
        return failed(-EFAULT);
    rc = sim_debugfs_number(sim->files[file].attribute, text, longest, &q.argument);
    if (!rc && !does_nothing(file))
        rc = client_call(&q, NULL, false);
    if (rc == -EBUSY)
        return 0;
    return rc ? failed(rc) : (ssize_t)n;
}

bool debugfs_write(int fd, const void *from, size_t n, off_t at, ssize_t *put)
{
    uint32_t file;

    if (!has_place(fd, at) || !usable(fd, O_RDONLY, &file, put))
        return false;
    if (!*put)
        *put = take(file, from, n);
    return true;
}

/* ---- vectors: a read() or write() for each part, as the kernel does ---- */

bool debugfs_readv(int fd, const struct iovec *v, int n, off_t at, ssize_t *got)
{
    ssize_t one = 0, all = 0;
    uint32_t file;

    if (!has_place(fd, at) || !usable(fd, O_WRONLY, &file, got))
        return false;
    for (int i = 0; !*got && i < n; i++) {
        one = give(file, v[i].iov_base, v[i].iov_len, at < 0 ? -1 : at + all);
        all += one > 0 ? one : 0;
        if (one != (ssize_t)v[i].iov_len)
            break;
    }
    if (!*got)
        *got = all ? all : one;
    return true;
}

bool debugfs_writev(int fd, const struct iovec *v, int n, off_t at, ssize_t *put)
{
    ssize_t one = 0, all = 0;
    uint32_t file;

    if (!has_place(fd, at) || !usable(fd, O_RDONLY, &file, put))
        return false;
    for (int i = 0; !*put && i < n; i++) {
        one = take(file, v[i].iov_base, v[i].iov_len);
        if (one < 0)
            break;
        all += one;
    }
    if (!*put)
        *put = all ? all : one;
    return true;
}

/*
 * ---- streams: the C library's own would read and write the socket ----
 */
static ssize_t stream_read(void *cookie, char *to, size_t n)
{
    return read((int)(intptr_t)cookie, to, n);
}

/* 0 is an error here. */
static ssize_t stream_write(void *cookie, const char *from, size_t n)
{
    ssize_t put = write((int)(intptr_t)cookie, from, n);

    return put < 0 ? 0 : put;
}

static int stream_seek(void *cookie, off64_t *at, int whence)
{
    (void)cookie;
    (void)at;
    (void)whence;
    errno = ESPIPE;
    return -1;
}

static int stream_close(void *cookie)
{
    return close((int)(intptr_t)cookie);
}

HOOK FILE *fdopen(int fd, const char *mode)
{
    static const cookie_io_functions_t functions = { stream_read, stream_write, stream_seek,
                                                     stream_close };
    ssize_t rc;
    uint32_t file;

    if (!usable(fd, -1, &file, &rc))
        return REAL(fdopen)(fd, mode);
    return fopencookie((void *)(intptr_t)fd, mode, functions);
}
