/* SPDX-License-Identifier: MIT */
/* What /proc says of processes, their descriptors and their mappings. */
#ifndef HL_DIAG_PROCESS_H
#define HL_DIAG_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/kernel/sysfs.h"

struct hl_process {
    pid_t pid;
    uid_t uid;
    char comm[24];
    bool kernel_thread;
    uint64_t age_ns; /* 0: not known */
};

/* Does a failed look at a process mean that it, or its descriptor, is gone? */
static inline bool hl_is_gone(int rc)
{
    return hl_is_absent(rc) || rc == -ESRCH;
}

/* root as in lib/kernel/tree.h.  0 or -errno. */
int hl_process_read(const char *root, pid_t pid, struct hl_process *process);

/* The process or descriptor that an entry of /proc is about; -1: it is about something else. */
int hl_process_number(const char *name);

/* All processes, by PID; *pids is malloc'ed.  0 or -errno. */
int hl_process_list(const char *root, pid_t **pids, size_t *count);

/* What one descriptor's fdinfo says of a dma-buf. */
struct hl_dmabuf_info {
    uint64_t inode, size, references;
    char exporter[32], name[40];
    uint64_t age_ns; /* 0: not known */
};

/*
 * Is the descriptor, whose link reads target, a dma-buf?  1 and what its fdinfo says, 0, or -errno.
 * Anybody can give a file the name "/dmabuf:" in a file system of his own; the exporter in fdinfo
 * is the kernel's.
 */
int hl_process_dmabuf(const char *root, pid_t pid, int fd, const char *target,
                      struct hl_dmabuf_info *info);

/* One line of a process's maps. */
struct hl_mapping {
    uint64_t start, end;
    const char *path;
};

/*
 * Each shared mapping of a file that has a path: visit until it returns non-zero.  That, 0, or
 * -errno when the maps cannot be read.
 */
int hl_process_mappings(const char *root, pid_t pid,
                        int (*visit)(const struct hl_mapping *mapping, void *user), void *user);

/* Are this process and another one in the same mount namespace? */
bool hl_process_same_mounts(const char *root, pid_t pid);

/*
 * Is this process in a PID namespace of its own, as in a container?  Also when the link cannot be
 * read; a recorded machine without one is taken for a whole machine.
 */
bool hl_process_in_namespace(const char *root);

/* One dma-buf of the kernel's own list. */
struct hl_kernel_dmabuf {
    uint64_t inode, size, references;
    char exporter[32], name[40];
    char importers[160]; /* names of attached devices, separated by spaces */
};

/*
 * The kernel's list of dma-bufs (debugfs dma_buf/bufinfo): those of one exporter.  *list is
 * malloc'ed, NULL for none.  0 or -errno where it cannot be read.
 */
int hl_kernel_dmabufs(const char *root, const char *exporter, struct hl_kernel_dmabuf **list,
                      size_t *count);

#endif
