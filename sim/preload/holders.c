/* SPDX-License-Identifier: MIT */
/*
 * How often a dma-buf is held, as the kernel counts the references of its file: by descriptors, by
 * messages that nobody has received, and by imports.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/preload/preload.h"

#define TRIES 8 /* to count while descriptors are on the move */

/* Calls visit() with each descriptor of each visible process, and what it is called. */
static void each_descriptor(void (*visit)(const char *process, const char *fd, const char *target,
                                          void *user),
                            void *user)
{
    DIR *proc = opendir("/proc");
    struct dirent *p, *f;

    while (proc && (p = readdir(proc))) {
        char path[64], entry[640], target[64];
        DIR *fds;

        /* the supervisor's are on their way to or from a program, or an import's */
        if (p->d_name[0] < '1' || p->d_name[0] > '9' ||
            strtol(p->d_name, NULL, 10) == sim->supervisor)
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/fd", p->d_name);
        fds = opendir(path);
        while (fds && (f = readdir(fds))) {
            long k;

            snprintf(entry, sizeof(entry), "%s/%s", path, f->d_name);
            k = syscall(SYS_readlinkat, AT_FDCWD, entry, target, sizeof(target) - 1);
            if (k > 0) {
                target[k] = '\0';
                visit(p->d_name, f->d_name, target, user);
            }
        }
        if (fds)
            closedir(fds);
    }
    if (proc)
        closedir(proc);
}

struct count {
    char wanted[48];
    unsigned n;
};

static void count_one(const char *process, const char *fd, const char *target, void *user)
{
    struct count *c = user;

    (void)process;
    (void)fd;
    c->n += !strcmp(target, c->wanted);
}

struct pending {
    char process[24]; /* whose descriptors are visited */
    bool ours;        /* it is of this simulation */
    bool told;        /* by a kernel that tells at all */
    unsigned n;
};

/* Was the process started in this simulation?  Its environment names the tree. */
static bool is_ours(const char *process)
{
    size_t length = strlen(sim->tree), have = 0;
    char path[64], text[8192];
    bool found = false;
    long n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%.20s/environ", process);
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && !found && (n = syscall(SYS_read, fd, text + have, sizeof(text) - have)) > 0) {
        have += (size_t)n;
        found = memmem(text, have, sim->tree, length) != NULL;
        if (!found && have > length) { /* what may be the beginning of it stays */
            memmove(text, text + have - length, length);
            have = length;
        }
    }
    if (fd >= 0)
        syscall(SYS_close, fd);
    return found;
}

static void add_pending(const char *process, const char *fd, const char *target, void *user)
{
    struct pending *c = user;
    char path[96], *text;
    const char *at;

    if (strncmp(target, "socket:", 7))
        return;
    if (strncmp(c->process, process, sizeof(c->process) - 1)) {
        snprintf(c->process, sizeof(c->process), "%.20s", process);
        c->ours = is_ours(process);
    }
    if (!c->ours)
        return;
    snprintf(path, sizeof(path), "/proc/%.20s/fdinfo/%.20s", process, fd);
    text = read_below(path);
    at = text ? strstr(text, "scm_fds:") : NULL;
    if (at) {
        c->told = true;
        c->n += (unsigned)strtoul(at + strlen("scm_fds:"), NULL, 10);
    }
    free(text);
}

/*
 * What was sent, and neither received through the C library nor discarded with its socket: no more
 * than there are descriptors in messages to processes of this simulation.
 */
static unsigned in_messages(uint32_t file)
{
    unsigned n = __atomic_load_n(&sim->files[file].in_messages, __ATOMIC_ACQUIRE);
    struct pending all = { .told = false };

    if (!n)
        return 0;
    each_descriptor(add_pending, &all);
    return all.told && all.n < n ? all.n : n;
}

unsigned count_holders(uint32_t file)
{
    struct count c = { .n = 0 };
    unsigned most = 2;
    bool still = false;

    snprintf(c.wanted, sizeof(c.wanted), "socket:[%llu]",
             (unsigned long long)sim->files[file].inode);
    for (unsigned i = 0; i < TRIES && !still; i++) {
        uint32_t moves = client_moves(file);

        /* in this order: messages become descriptors */
        c.n = in_messages(file);
        each_descriptor(count_one, &c);
        still = client_moves(file) == moves;
        most = c.n > most ? c.n : most;
    }
    if (!still)
        c.n = most; /* one that moves all the time is there, beside the one that is asked about */
    for (uint32_t i = 0; i < SIM_MAX_IMPORTS; i++)
        c.n += sim->imports[i].state == SIM_IMPORT_USED && sim->imports[i].file == file;
    return c.n;
}
