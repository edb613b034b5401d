/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sim/hlsim/execute.h"
#include "sim/model/model.h"

static int peers = -1;
static files_written_fn *on_written;
static int peer[SIM_MAX_FILES];        /* our end of each file; -1 */
static int eventfds[SIM_MAX_FILES];    /* registered by its user; -1 */
static int import_fd[SIM_MAX_IMPORTS]; /* a dma-buf's file, while a device has it mapped */

int files_create(files_written_fn *written)
{
    on_written = written;
    memset(peer, 0xff, sizeof(peer));
    memset(eventfds, 0xff, sizeof(eventfds));
    peers = epoll_create1(EPOLL_CLOEXEC);
    return peers < 0 ? -errno : peers;
}

static void forget_eventfd(uint32_t file)
{
    if (eventfds[file] >= 0)
        close(eventfds[file]);
    eventfds[file] = -1;
}

/* Imports that have ended: their dma-bufs are released. */
static void forget_imports(struct sim_state *s)
{
    if (!s->imports_dropped)
        return;
    s->imports_dropped = false;
    for (uint32_t i = 0; i < SIM_MAX_IMPORTS; i++) {
        if (s->imports[i].state != SIM_IMPORT_DROPPED)
            continue;
        execute_forget(s, i);
        close(import_fd[i]);
        s->imports[i].state = SIM_IMPORT_FREE;
    }
}

/* Is the process on its way out, or a zombie?  (PF_EXITING among its flags.) */
static bool is_ending(pid_t pid)
{
    char path[32], text[512], *at;
    unsigned flags = 0;
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    at = strrchr(text, ')');
    return at && sscanf(at, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && flags & 4;
}

/* The last descriptor and mapping of a file are gone. */
static void released(struct sim_state *s, uint32_t file)
{
    struct sim_device *d = &s->devices[s->files[file].device];
    pid_t opener = s->files[file].kind == SIM_FILE_PRIMARY ? s->files[file].opener : 0;

    sim_released(s, file);
    if (opener && is_ending(opener))
        sim_device_releases(d, opener);
}

static void closed(struct sim_state *s, uint32_t file)
{
    struct sim_file *f = &s->files[file];

    forget_eventfd(file);
    if (f->mappings || f->calls)
        f->closed = true; /* as a file of the kernel is: its mappings and calls hold it */
    else
        released(s, file);
}

static void let_go(struct sim_state *s, uint32_t file)
{
    const struct sim_file *f = &s->files[file];

    if (f->closed && !f->mappings && !f->calls)
        released(s, file);
}

void files_call_begins(struct sim_state *s, uint32_t file)
{
    s->files[file].calls++;
}

void files_call_ends(struct sim_state *s, uint32_t file, uint64_t serial)
{
    if (!s->files[file].kind || s->files[file].serial != serial)
        return;
    s->files[file].calls--;
    let_go(s, file);
}

void files_unmapped(struct sim_state *s, uint32_t mapper, uint64_t buffer)
{
    const struct sim_file *f = &s->files[mapper];
    struct sim_context *c = &s->devices[f->device].context;

    if (c->id == f->context && buffer < c->buffer_top && c->buffers[buffer].kind &&
        c->buffers[buffer].mapper == mapper)
        sim_buffer_munmap(c, (uint32_t)buffer);
}

static void mapper_gone(struct sim_state *s, uint32_t file)
{
    const struct sim_file *f = &s->files[file];
    struct sim_file *parent = &s->files[f->parent];

    for (uint32_t i = 0; i < s->devices[f->device].context.buffer_top; i++)
        files_unmapped(s, file, i);
    parent->mappings--;
    let_go(s, f->parent);
    sim_file_free(s, file);
}

/* The C library's streams write with functions of its own: to a file of debugfs, what arrives. */
static void written(struct sim_state *s, uint32_t file)
{
    char text[64]; /* more than a number has */
    ssize_t n;

    while ((n = recv(peer[file], text, sizeof(text), MSG_DONTWAIT)) > 0)
        on_written(s, file, text, (size_t)n);
}

/* The last descriptor of a file is gone. */
static void gone(struct sim_state *s, uint32_t file)
{
    /* close() alone leaves it in the set while somebody looks at our descriptors */
    epoll_ctl(peers, EPOLL_CTL_DEL, peer[file], NULL);
    close(peer[file]);
    peer[file] = -1;
    (s->files[file].kind == SIM_FILE_MAPPING ? mapper_gone : closed)(s, file);
}

/*
 * A device takes its imports with it, and these perhaps the last descriptor of another file: repeat
 * until nothing more happens.
 */
void files_settle(struct sim_state *s)
{
    struct epoll_event e[64];
    int n;

    do {
        forget_imports(s);
        n = epoll_wait(peers, e, 64, 0);
        for (int i = 0; i < n; i++) {
            uint32_t file = e[i].data.u32;

            if (s->files[file].kind == SIM_FILE_DEBUGFS)
                written(s, file);
            if (e[i].events & (EPOLLHUP | EPOLLERR))
                gone(s, file);
        }
    } while (n > 0);
}

void files_signal(struct sim_state *s)
{
    const uint64_t one = 1;

    for (uint32_t i = 0; i < SIM_MAX_FILES; i++) {
        if (!s->files[i].signal || eventfds[i] < 0)
            continue;
        s->files[i].signal = false;
        if (write(eventfds[i], &one, sizeof(one)) < 0)
            continue; /* its counter is full: it is readable anyway */
    }
}

/*
 * A file: a pair of sockets.  One end is the program's; the kernel reports at ours when no process
 * has the other any more.  Theirs is readable, as the nodes and dma-bufs are, since it is at its
 * end: what reads it past the preloaded library does not wait.
 */
int files_new(struct sim_state *s, enum sim_file_kind kind, uint32_t device, uint32_t flags,
              int *theirs)
{
    const bool texts = kind == SIM_FILE_DEBUGFS; /* each write() is one */
    struct epoll_event e = { .events = texts ? EPOLLIN : 0 };
    struct stat st;
    uint32_t file;
    int pair[2];

    if (socketpair(AF_UNIX, (texts ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    if (fstat(pair[0], &st) < 0)
        goto fail;
    file = sim_file_new(s, kind, kind == SIM_FILE_MAPPING ? 0 : st.st_ino);
    if (file == SIM_NONE) {
        errno = ENFILE;
        goto fail;
    }
    e.data.u32 = file;
    if (shutdown(pair[1], SHUT_WR) < 0 || epoll_ctl(peers, EPOLL_CTL_ADD, pair[1], &e) < 0) {
        sim_file_free(s, file);
        goto fail;
    }
    if (flags & O_NONBLOCK)
        fcntl(pair[0], F_SETFL, O_NONBLOCK);
    s->files[file].device = device;
    /* dma_buf_getfile() keeps two of them, an open() nearly all */
    s->files[file].flags =
        kind == SIM_FILE_DMABUF
            ? flags & (O_ACCMODE | O_NONBLOCK)
            : flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
    peer[file] = pair[1];
    *theirs = pair[0];
    return (int)file;

fail:
    close(pair[0]);
    close(pair[1]);
    return -errno;
}

int files_map(struct sim_state *s, uint32_t parent, uint32_t mapper, int *theirs)
{
    int file;

    *theirs = -1;
    if (mapper < SIM_MAX_FILES && s->files[mapper].kind == SIM_FILE_MAPPING &&
        s->files[mapper].parent == parent)
        return (int)mapper;
    file = files_new(s, SIM_FILE_MAPPING, s->files[parent].device, 0, theirs);
    if (file < 0)
        return file;
    s->files[file].parent = parent;
    s->files[file].context = s->files[parent].context;
    s->files[parent].mappings++;
    return file;
}

/* eventfd_ctx_fdget(): is it an eventfd? */
static bool is_eventfd(int fd)
{
    char path[40], target[64];
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    return !strncmp(target, "anon_inode:[eventfd", 19);
}

int files_eventfd(struct sim_state *s, uint32_t file, int fd)
{
    (void)s;
    if (fd >= 0 && !is_eventfd(fd))
        return -EINVAL;
    forget_eventfd(file);
    if (fd < 0)
        return 0;
    eventfds[file] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return eventfds[file] < 0 ? -errno : 0;
}

/* The size of a dma-buf of this machine's own kernel, or -errno. */
static int64_t foreign_size(int fd)
{
    struct statfs fs;
    off_t size;

    if (fstatfs(fd, &fs) < 0 || fs.f_type != DMA_BUF_MAGIC)
        return -EINVAL;
    size = lseek(fd, 0, SEEK_END);
    return size < 0 ? -errno : size;
}

int files_import(struct sim_state *s, uint32_t device, uint32_t context, int fd)
{
    uint32_t file, import;
    struct stat st;
    int64_t size;
    int rc;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -EBADF;
    file = S_ISSOCK(st.st_mode) ? sim_file_by_inode(s, st.st_ino) : SIM_NONE;
    if (file != SIM_NONE && s->files[file].kind != SIM_FILE_DMABUF)
        return -EINVAL;
    size = file == SIM_NONE ? foreign_size(fd) : (int64_t)s->files[file].dmabuf.size;
    if (size < 0)
        return (int)size;
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    import = sim_import_new(s, device, context, file, (uint64_t)size);
    rc = import == SIM_NONE ? -ENOMEM : 0;
    if (!rc && file == SIM_NONE)
        rc = execute_import(import, fd, (uint64_t)size);
    if (rc) {
        if (import != SIM_NONE)
            s->imports[import].state = SIM_IMPORT_FREE;
        close(fd);
        return rc;
    }
    import_fd[import] = fd;
    return (int)import;
}
