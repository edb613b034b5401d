/* SPDX-License-Identifier: MIT */
#include <hlthunk-diag/holders.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <hlthunk/device.h>

#include "lib/error.h"
#include "diag/root.h"
#include "lib/kernel/discovery.h"
#include "lib/kernel/node.h"
#include "diag/process.h"
#include "lib/kernel/tree.h"
#include "lib/options.h"

#define EXPORTER "habanalabs"

/* A look at the whole machine. */
struct look {
    const char *root;
    hlthunk_holder_fn visit;
    void *user;
    const struct hlthunk_device_entry *devices; /* those that are asked for */
    size_t count;
    uint32_t only; /* the index of the machine's only device, or ANY_DEVICE */
    bool only_legacy;
    bool others; /* every dma-buf is of another device than the one that is asked for */
    struct hl_kernel_dmabuf *kernel;
    bool *kernel_seen; /* beside each: some process has a descriptor */
    size_t kernel_count;
    bool kernel_known;
    struct hlthunk_holders_seen seen;
    dev_t (*numbers)[2];       /* of each device's nodes, 0: not known */
    struct hl_process process; /* the one that is looked at */
    bool hidden;               /* some of it could not be looked at */
    int rc;                    /* what visit returned, or an error */
};

static struct hlthunk_holder holder_of(const struct look *l, enum hlthunk_holder_kind kind)
{
    return (struct hlthunk_holder){
        .struct_size = sizeof(struct hlthunk_holder),
        .kind = kind,
        .pid = l->process.pid,
        .uid = l->process.uid,
        .comm = l->process.comm,
        .fd = -1,
        .index = l->only,
        .legacy = l->only_legacy,
        .process_age_ns = l->process.age_ns,
        .name = "",
        .importers = "",
    };
}

static int tell(struct look *l, const struct hlthunk_holder *h)
{
    return l->rc = l->visit(h, l->user);
}

/*
 * A failed look.  What is gone meanwhile holds nothing; what may not be seen is counted; and when
 * this process itself is short of descriptors or memory, nothing can be said.
 */
static void failed(struct look *l, int rc)
{
    if (hl_is_exhausted(rc))
        l->rc =
            hl_err(rc, "process %d cannot be looked at: %s", (int)l->process.pid, strerror(-rc));
    else if (!hl_is_gone(rc))
        l->hidden = true;
}

/* The device whose node has this path; *control: which of its two. */
static const struct hlthunk_device_entry *device_of_path(const struct look *l, const char *path,
                                                         bool *control)
{
    for (size_t i = 0; i < l->count; i++) {
        *control = !strcmp(path, l->devices[i].control_node);
        if (*control || !strcmp(path, l->devices[i].node))
            return &l->devices[i];
    }
    return NULL;
}

/*
 * The number of a character device; 0: it is another file.  0 or -errno.  As statx(): a descriptor
 * with "", or a path with AT_FDCWD.
 */
static int device_number(int fd, const char *path, dev_t *number)
{
    int flags = *path ? 0 : AT_EMPTY_PATH;
#ifdef STATX_TYPE
    struct statx sx;

    /* no question to a file server that may be gone: type and number are in memory */
    if (statx(fd, path, flags | AT_STATX_DONT_SYNC, STATX_TYPE, &sx) < 0)
        return -errno;
    *number = S_ISCHR(sx.stx_mode) ? makedev(sx.stx_rdev_major, sx.stx_rdev_minor) : 0;
#else
    struct stat st;

    if (fstatat(fd, path, &st, flags) < 0)
        return -errno;
    *number = S_ISCHR(st.st_mode) ? st.st_rdev : 0;
#endif
    return 0;
}

/* Of openat2(), for headers before 5.12: linux/openat2.h. */
#ifndef SYS_openat2
#define SYS_openat2 437 /* on every machine */
#endif
#define IN_ROOT 0x10u
#define CACHED 0x20u

/*
 * Opens a path below a root, which "/proc/PID/root" may be, as far as the kernel has it in memory:
 * a walk of the usual kind asks the server of a file (NFS, FUSE), which may be gone.  What is
 * mapped is in memory, with all folders above it.  A descriptor (O_PATH) or -errno: -EAGAIN where
 * it is not there, a server would have to be asked, or, seldom, something was renamed just now.
 */
static int open_in_memory(const char *root, const char *path)
{
    struct {
        uint64_t flags, mode, resolve;
    } how = { O_PATH | O_CLOEXEC, 0, IN_ROOT | CACHED };
    int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

    if (dir < 0)
        return -errno;
    for (unsigned tries = 0; fd < 0 && tries < 8; tries++) {
        fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
        if (fd < 0 && errno != EAGAIN)
            break;
    }
    fd = fd < 0 ? -errno : fd;
    close(dir);
    return fd;
}

/* device_number() of a path below a root. */
static int number_below(const char *root, const char *path, dev_t *number)
{
    char file[HL_TREE_PATH];
    int fd = open_in_memory(root, path), rc;

    if (fd >= 0) {
        rc = device_number(fd, "", number);
        close(fd);
        return rc;
    }
    if (fd != -ENOSYS && fd != -EINVAL && fd != -EPERM)
        return fd;
    /* a kernel before 5.12, or a container that does not know the call */
    if (snprintf(file, sizeof(file), "%s%s", root, path) >= (int)sizeof(file))
        return -ENAMETOOLONG;
    return device_number(AT_FDCWD, file, number);
}

/*
 * maps has a path as this process sees it, where it does, otherwise as it is in the other one's
 * file system: that of a process with a root of its own (chroot) is in this one's.
 */
static int number_of_mapped(const struct look *l, const char *path, dev_t *number)
{
    char root[40];
    int rc;

    snprintf(root, sizeof(root), "/proc/%d/root", (int)l->process.pid);
    rc = number_below(root, path, number);
    if ((hl_is_absent(rc) || rc == -EAGAIN) && hl_process_same_mounts(l->root, l->process.pid))
        rc = number_below("/", path, number);
    return rc;
}

/*
 * A path means something in the other process's file system alone, and there a node may have any
 * name: the number of the file tells.  rc: whether that could be looked at.
 */
static const struct hlthunk_device_entry *device_of_file(const struct look *l, int rc, dev_t number,
                                                         const char *path, bool *control)
{
    if (rc)
        return device_of_path(l, path, control);
    if (!number)
        return NULL;
    for (size_t i = 0; i < l->count; i++) {
        for (unsigned c = 0; c < 2; c++) {
            const char *usual = c ? l->devices[i].control_node : l->devices[i].node;

            *control = c;
            if (l->numbers[i][c] ? l->numbers[i][c] == number : !strcmp(path, usual))
                return &l->devices[i];
        }
    }
    return NULL;
}

/* The numbers of the devices' nodes; those that sysfs does not tell stay unknown. */
static int read_numbers(struct look *l)
{
    l->numbers = calloc(l->count + 1, sizeof(*l->numbers));
    if (!l->numbers)
        return hl_err(-ENOMEM, "no memory for the numbers of %zu devices", l->count);
    for (size_t i = 0; i < l->count; i++) {
        for (int c = 0; c < 2; c++) {
            int rc = hl_node_number(l->root, &l->devices[i], c, &l->numbers[i][c]);

            if (hl_is_exhausted(rc))
                return hl_err(rc, "the number of %s cannot be read: %s", l->devices[i].node,
                              strerror(-rc));
        }
    }
    return 0;
}

static int look_at_dmabuf(struct look *l, int fd, const struct hl_dmabuf_info *info)
{
    struct hlthunk_holder h = holder_of(l, HLTHUNK_HOLDER_DMABUF);

    if (l->others)
        return 0;
    h.fd = fd;
    h.identity = info->inode;
    h.size_bytes = info->size;
    h.references = info->references;
    h.age_ns = info->age_ns;
    h.name = info->name;
    h.attachments_known = l->kernel_known;
    for (size_t i = 0; i < l->kernel_count; i++) {
        if (l->kernel[i].inode == info->inode) {
            l->kernel_seen[i] = true;
            h.importers = l->kernel[i].importers;
        }
    }
    return tell(l, &h);
}

static int look_at_fd(const char *name, void *user)
{
    struct look *l = user;
    const struct hlthunk_device_entry *e;
    struct hl_dmabuf_info info;
    struct hlthunk_holder h;
    char target[256], file[64];
    dev_t number = 0;
    bool control = false;
    int rc, fd = hl_process_number(name);

    if (fd < 0)
        return 0;
    rc = hl_tree_link(l->root, target, sizeof(target), "/proc/%d/fd/%d", (int)l->process.pid, fd);
    if (rc == -ENOSPC)
        target[0] = '/', target[1] = '\0'; /* a long path: the number still tells */
    else if (rc)
        return failed(l, rc), l->rc;
    rc = hl_process_dmabuf(l->root, l->process.pid, fd, target, &info);
    if (rc < 0)
        return failed(l, rc), l->rc;
    if (rc)
        return strcmp(info.exporter, EXPORTER) ? 0 : look_at_dmabuf(l, fd, &info);
    if (target[0] != '/')
        return 0;
    snprintf(file, sizeof(file), "/proc/%d/fd/%d", (int)l->process.pid, fd);
    rc = *l->root ? -ENOENT : device_number(AT_FDCWD, file, &number);
    e = device_of_file(l, rc, number, target, &control);
    if (!e)
        return 0;
    h = holder_of(l, control ? HLTHUNK_HOLDER_CONTROL_NODE : HLTHUNK_HOLDER_NODE);
    h.fd = fd;
    h.index = e->index;
    h.legacy = e->legacy;
    return tell(l, &h);
}

static int look_at_mapping(const struct hl_mapping *m, void *user)
{
    struct look *l = user;
    const struct hlthunk_device_entry *e;
    struct hlthunk_holder h;
    dev_t number = 0;
    bool control;
    int rc = *l->root ? -ENOENT : number_of_mapped(l, m->path, &number);

    if (hl_is_exhausted(rc))
        return failed(l, rc), l->rc;
    e = device_of_file(l, rc, number, m->path, &control);
    if (!e)
        return 0;
    h = holder_of(l, HLTHUNK_HOLDER_MAPPING);
    h.index = e->index;
    h.legacy = e->legacy;
    h.address = m->start;
    h.size_bytes = m->end - m->start;
    return tell(l, &h);
}

static void look_at_process(struct look *l, pid_t pid)
{
    int rc;

    l->hidden = false;
    rc = hl_process_read(l->root, pid, &l->process);
    if (rc) {
        l->process.pid = pid;
        failed(l, rc);
        l->seen.hidden_processes += l->hidden;
        return;
    }
    if (l->process.kernel_thread)
        return; /* without descriptors */
    rc = hl_tree_each(l->root, look_at_fd, l, "/proc/%d/fd", (int)pid);
    if (!l->rc && rc)
        failed(l, rc);
    if (!l->rc && !l->hidden && !rc) {
        rc = hl_process_mappings(l->root, pid, look_at_mapping, l);
        if (!l->rc && rc)
            failed(l, rc);
    }
    l->seen.hidden_processes += l->hidden;
    l->seen.processes += !l->hidden && !rc;
}

static void look_at_kernel(struct look *l)
{
    for (size_t i = 0; !l->rc && !l->others && i < l->kernel_count; i++) {
        const struct hl_kernel_dmabuf *b = &l->kernel[i];
        struct hlthunk_holder h;

        if (l->kernel_seen[i])
            continue;
        memset(&l->process, 0, sizeof(l->process));
        h = holder_of(l, HLTHUNK_HOLDER_KERNEL);
        h.identity = b->inode;
        h.size_bytes = b->size;
        h.references = b->references;
        h.name = b->name;
        h.importers = b->importers;
        h.attachments_known = true;
        tell(l, &h);
    }
}

static int read_kernel(struct look *l)
{
    int rc = hl_kernel_dmabufs(l->root, EXPORTER, &l->kernel, &l->kernel_count);

    if (hl_is_exhausted(rc))
        return hl_err(rc, "the kernel's list of dma-bufs cannot be read: %s", strerror(-rc));
    if (rc)
        return 0; /* said by .kernel_list */
    l->kernel_known = l->seen.kernel_list = true;
    l->kernel_seen = calloc(l->kernel_count + 1, sizeof(*l->kernel_seen));
    return l->kernel_seen ? 0 : hl_err(-ENOMEM, "no memory for the list of dma-bufs");
}

/*
 * Of this machine, /proc lists this process at least, and to whoever is shown all of them the first
 * one, whatever PID namespace it is of: hidepid=invisible hides it from the rest, as it is another
 * user's or has more rights.
 */
static void look_for_unlisted(struct look *l, const pid_t *pids, size_t n)
{
    if (*l->root)
        return;
    if (!n)
        l->rc = hl_err(-ENOENT, "/proc is not mounted");
    l->seen.unlisted_processes = n && pids[0] != 1;
}

static void look_everywhere(struct look *l)
{
    pid_t *pids;
    size_t n;

    l->rc = hl_process_list(l->root, &pids, &n);
    if (l->rc) {
        hl_err(l->rc, "%s/proc cannot be read: %s", l->root, strerror(-l->rc));
        return;
    }
    look_for_unlisted(l, pids, n);
    for (size_t i = 0; !l->rc && i < n; i++)
        look_at_process(l, pids[i]);
    free(pids);
    look_at_kernel(l);
}

/* Of the machine's only device all dma-bufs are; it may be another one than that which is asked
 * for. */
static void take_only(struct look *l, const struct hlthunk_device_entry *all, size_t n,
                      const struct hlthunk_device_entry *asked)
{
    if (n != 1)
        return;
    l->only = all[0].index;
    l->only_legacy = all[0].legacy;
    l->others = asked && (all[0].index != asked->index || all[0].legacy != asked->legacy);
}

int hlthunk_holders_list(const struct hlthunk_holders_options *options, hlthunk_holder_fn visit,
                         void *user, struct hlthunk_holders_seen *seen)
{
    struct hlthunk_holders_options o;
    struct hlthunk_device_entry *all, device;
    struct look l = { .visit = visit, .user = user, .only = HLTHUNK_HOLDER_ANY_DEVICE };
    size_t n;
    int rc;

    rc = HL_OPTIONS_READ(o, options);
    if (rc)
        return rc;
    if (!visit)
        return hl_err(-EINVAL, "visit is NULL");
    rc = hl_options_read(&device, sizeof(device), o.device, "options->device");
    rc = rc || !seen ? rc : hl_struct_check(seen, "seen");
    if (rc)
        return rc;
    rc = hl_root_check(o.root, &l.root);
    rc = rc ? rc : hl_discover_in(l.root, &all, &n);
    if (rc)
        return rc;
    take_only(&l, all, n, o.device ? &device : NULL);
    l.devices = o.device ? &device : all;
    l.count = o.device ? 1 : n;
    l.seen.devices = (uint32_t)n;
    l.seen.other_namespace = hl_process_in_namespace(l.root);
    rc = read_numbers(&l);
    rc = rc ? rc : read_kernel(&l);
    if (rc == 0) {
        look_everywhere(&l);
        rc = l.rc;
    }
    free(l.kernel);
    free(l.kernel_seen);
    free(l.numbers);
    free(all);
    if (seen && rc >= 0)
        HL_STRUCT_FILL(seen, l.seen);
    return rc;
}

const char *hlthunk_holder_kind_get_name(enum hlthunk_holder_kind kind)
{
    switch (kind) {
    case HLTHUNK_HOLDER_NODE:
        return "node";
    case HLTHUNK_HOLDER_CONTROL_NODE:
        return "control node";
    case HLTHUNK_HOLDER_DMABUF:
        return "dma-buf";
    case HLTHUNK_HOLDER_MAPPING:
        return "mapping";
    case HLTHUNK_HOLDER_KERNEL:
        return "kernel";
    }
    return "unknown";
}
