/* SPDX-License-Identifier: MIT */
#include "diag/process.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/kernel/tree.h"

#define PF_KTHREAD 0x00200000u
/* Of the first PID namespace: PROC_PID_INIT_INO of the kernel. */
#define FIRST_PID_NAMESPACE "pid:[4026531836]"

/* "12.34 …": seconds since the machine started, as nanoseconds. */
static uint64_t uptime_ns(const char *root)
{
    char text[64];
    unsigned long long s, hundredths;

    if (hl_tree_read(root, text, sizeof(text), "/proc/uptime") ||
        sscanf(text, "%llu.%2llu", &s, &hundredths) != 2)
        return 0;
    return s * 1000000000u + hundredths * 10000000u;
}

/* The value of a line "KEY:\tvalue", up to its end; false without it. */
static bool value_of(const char *text, const char *key, char *value, size_t size)
{
    size_t k = strlen(key), n;

    for (const char *p = text; p; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (strncmp(p, key, k) || p[k] != ':')
            continue;
        p += k + 1;
        p += strspn(p, " \t");
        n = strcspn(p, "\n");
        n = n < size - 1 ? n : size - 1;
        memcpy(value, p, n);
        value[n] = '\0';
        return true;
    }
    return false;
}

/* The owner, from status, whose length has no bound that is worth relying on. */
static int read_owner(const char *root, pid_t pid, uid_t *uid)
{
    size_t n;
    char *text = hl_tree_read_all(root, &n, "/proc/%d/status", (int)pid), value[48];
    int rc = text ? -EPROTO : -errno;

    if (text && value_of(text, "Uid", value, sizeof(value)) && sscanf(value, "%u", uid) == 1)
        rc = 0;
    free(text);
    return rc;
}

int hl_process_read(const char *root, pid_t pid, struct hl_process *p)
{
    char text[1024], *open, *close;
    unsigned long long start;
    uint64_t now, ticks = (uint64_t)sysconf(_SC_CLK_TCK);
    unsigned flags;
    size_t n;
    int rc = hl_tree_read(root, text, sizeof(text), "/proc/%d/stat", (int)pid);

    if (rc)
        return rc;
    memset(p, 0, sizeof(*p));
    p->pid = pid;
    /* "PID (COMM) STATE PPID …": COMM may have brackets and spaces itself */
    open = strchr(text, '(');
    close = strrchr(text, ')');
    if (!open || !close || close < open ||
        sscanf(close + 1,
               " %*c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
               "%*d %llu",
               &flags, &start) != 2)
        return -EPROTO;
    n = (size_t)(close - open - 1);
    n = n < sizeof(p->comm) - 1 ? n : sizeof(p->comm) - 1;
    memcpy(p->comm, open + 1, n);
    p->kernel_thread = flags & PF_KTHREAD;
    now = uptime_ns(root);
    start = start * (1000000000u / (ticks ? ticks : 100));
    p->age_ns = now > start ? now - start : 0;
    return read_owner(root, pid, &p->uid);
}

int hl_process_number(const char *name)
{
    char *end;
    long n;

    if (*name < '0' || *name > '9')
        return -1;
    errno = 0;
    n = strtol(name, &end, 10);
    return *end || errno || n > INT_MAX ? -1 : (int)n;
}

struct pids {
    pid_t *list;
    size_t count, room;
};

static int add_pid(const char *name, void *user)
{
    struct pids *p = user;
    pid_t pid = hl_process_number(name);

    if (pid <= 0)
        return 0;
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 256;
        pid_t *list = reallocarray(p->list, room, sizeof(*list));

        if (!list)
            return -ENOMEM;
        p->list = list;
        p->room = room;
    }
    p->list[p->count++] = pid;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

    return x < y ? -1 : x > y;
}

int hl_process_list(const char *root, pid_t **pids, size_t *count)
{
    struct pids p = { 0 };
    int rc = hl_tree_each(root, add_pid, &p, "/proc");

    if (rc) {
        free(p.list);
        return rc;
    }
    if (p.count > 1)
        qsort(p.list, p.count, sizeof(*p.list), by_number);
    *pids = p.list;
    *count = p.count;
    return 0;
}

static uint64_t number_of(const char *text, const char *key)
{
    char value[32];

    return value_of(text, key, value, sizeof(value)) ? strtoull(value, NULL, 10) : 0;
}

/* The inode of a dma-buf comes to be with it, and nothing sets its times later. */
static uint64_t inode_age_ns(const struct stat *st)
{
    struct timespec now;
    int64_t age;

    clock_gettime(CLOCK_REALTIME, &now);
    age = (int64_t)(now.tv_sec - st->st_ctim.tv_sec) * 1000000000 +
          (now.tv_nsec - st->st_ctim.tv_nsec);
    return st->st_ctim.tv_sec && age > 0 ? (uint64_t)age : 0;
}

int hl_process_dmabuf(const char *root, pid_t pid, int fd, const char *target,
                      struct hl_dmabuf_info *info)
{
    char text[1024], path[HL_TREE_PATH];
    struct stat st;
    int rc;

    if (strncmp(target, "/dmabuf:", 8))
        return 0;
    rc = hl_tree_read(root, text, sizeof(text), "/proc/%d/fdinfo/%d", (int)pid, fd);
    if (rc)
        return rc;
    memset(info, 0, sizeof(*info));
    if (!value_of(text, "exp_name", info->exporter, sizeof(info->exporter)))
        return 0;
    value_of(text, "name", info->name, sizeof(info->name));
    info->size = number_of(text, "size");
    info->references = number_of(text, "count");
    info->inode = number_of(text, "ino");
    if (snprintf(path, sizeof(path), "%s/proc/%d/fd/%d", root, (int)pid, fd) < (int)sizeof(path) &&
        stat(path, &st) == 0) {
        info->inode = info->inode ? info->inode : st.st_ino; /* fdinfo has it since 5.14 */
        info->age_ns = inode_age_ns(&st);
    }
    return 1;
}

int hl_process_mappings(const char *root, pid_t pid,
                        int (*visit)(const struct hl_mapping *mapping, void *user), void *user)
{
    unsigned long long start, end;
    char *text, *next;
    char perms[8];
    size_t size;
    int rc = 0, at;

    text = hl_tree_read_all(root, &size, "/proc/%d/maps", (int)pid);
    if (!text)
        return -errno;
    for (char *line = text; !rc && *line; line = next) {
        struct hl_mapping m;

        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        else
            next = line + strlen(line);
        at = 0;
        if (sscanf(line, "%llx-%llx %7s %*s %*s %*s %n", &start, &end, perms, &at) != 3 || !at ||
            !strchr(perms, 's') || line[at] != '/')
            continue;
        m = (struct hl_mapping){ .start = start, .end = end, .path = line + at };
        rc = visit(&m, user);
    }
    free(text);
    return rc;
}

bool hl_process_same_mounts(const char *root, pid_t pid)
{
    char ours[64], theirs[64];

    return !hl_tree_link(root, ours, sizeof(ours), "/proc/self/ns/mnt") &&
           !hl_tree_link(root, theirs, sizeof(theirs), "/proc/%d/ns/mnt", (int)pid) &&
           !strcmp(ours, theirs);
}

bool hl_process_in_namespace(const char *root)
{
    char target[64];
    int rc = hl_tree_link(root, target, sizeof(target), "/proc/self/ns/pid");

    return rc ? !hl_is_absent(rc) : strcmp(target, FIRST_PID_NAMESPACE) != 0;
}

/*
 * Does the line begin with the four numbers of a dma-buf?  The kernel writes each with eight digits
 * at least.  A name, which its owner chose and which may have newlines, has no room for that in its
 * 31 bytes.
 */
static bool begins_dmabuf(const char *line)
{
    for (unsigned i = 0; i < 4; i++) {
        size_t n = strspn(line, "0123456789abcdef");

        if (n < 8)
            return false;
        line += n;
        line += strspn(line, " \t");
    }
    return true;
}

/* "SIZE FLAGS MODE COUNT EXPORTER INODE NAME", separated by white space. */
static bool parse_dmabuf(const char *line, struct hl_kernel_dmabuf *b)
{
    unsigned long long size, references, inode;
    unsigned flags, mode;
    int at = 0;

    memset(b, 0, sizeof(*b));
    if (!begins_dmabuf(line) ||
        sscanf(line, "%llu %x %x %llu %31s %llu %n", &size, &flags, &mode, &references, b->exporter,
               &inode, &at) != 6 ||
        !at)
        return false;
    b->size = size;
    b->references = references;
    b->inode = inode;
    if (strcmp(line + at, "<none>"))
        snprintf(b->name, sizeof(b->name), "%.39s", line + at);
    return true;
}

/* A line below "Attached Devices:": a device's name behind a tab. */
static void add_importer(struct hl_kernel_dmabuf *b, const char *line)
{
    size_t n = strlen(b->importers);

    snprintf(b->importers + n, sizeof(b->importers) - n, "%s%s", n ? " " : "", line + 1);
}

/* One more behind the n of a list, which grows when n is a power of two. */
static int add_dmabuf(struct hl_kernel_dmabuf **list, size_t n, const struct hl_kernel_dmabuf *b)
{
    struct hl_kernel_dmabuf *more;

    if (!(n & (n - 1))) {
        more = reallocarray(*list, n ? 2 * n : 1, sizeof(*more));
        if (!more)
            return -ENOMEM;
        *list = more;
    }
    (*list)[n] = *b;
    return 0;
}

int hl_kernel_dmabufs(const char *root, const char *exporter, struct hl_kernel_dmabuf **list,
                      size_t *count)
{
    struct hl_kernel_dmabuf *found = NULL, b;
    size_t n = 0, size;
    char *text = hl_tree_read_all(root, &size, "/sys/kernel/debug/dma_buf/bufinfo"), *next;
    bool ours = false, attached = false;
    int rc = 0;

    if (!text)
        return -errno;
    for (char *line = text; *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        else
            next = line + strlen(line);
        if (parse_dmabuf(line, &b)) {
            attached = false;
            ours = !strcmp(b.exporter, exporter);
            rc = ours ? add_dmabuf(&found, n, &b) : 0;
            if (rc)
                break;
            n += ours;
        } else if (strstr(line, "Attached Devices:")) {
            attached = true; /* again where a name with newlines had the words: the last count */
            if (ours)
                found[n - 1].importers[0] = '\0';
        } else if (!strncmp(line, "Total ", 6)) {
            attached = false;
        } else if (ours && attached && line[0] == '\t' && line[1]) {
            add_importer(&found[n - 1], line);
        }
    }
    free(text);
    if (rc) {
        free(found);
        return rc;
    }
    *list = found;
    *count = n;
    return 0;
}
