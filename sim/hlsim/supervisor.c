/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/hlsim/execute.h"
#include "sim/hlsim/start.h"
#include "sim/hlsim/trace.h"
#include "sim/hlsim/sysfs_write.h"
#include "sim/hlsim/tree.h"
#include "sim/layout.h"
#include "sim/lock.h"
#include "sim/model/model.h"
#include "sim/rights.h"
#include "sim/wire.h"

/* How long a process may take from its connection to its request. */
#define REQUEST_TIMEOUT_S 2
/* Between two looks at a reset that ends by itself. */
#define ATTENTION_MS 10

struct supervisor {
    struct sim_state *s;
    int state_fd, listener, peers, signals, all;
    int peer[SIM_MAX_FILES];     /* our end of each file; -1 */
    int eventfd[SIM_MAX_FILES];  /* registered by its user; -1 */
    int import[SIM_MAX_IMPORTS]; /* a dma-buf's file, while a device has it mapped */
    pid_t child;
    int child_status;
    bool child_ended;
    uint64_t seed; /* of the order in which queues run */
};

static int memfd(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd >= 0 && ftruncate(fd, (off_t)size) < 0) {
        close(fd);
        fd = -1;
    }
    return fd < 0 ? -errno : fd;
}

/* A device at a place in the state that has none: 0 or -errno. */
static int create_device(struct sim_state *s, uint32_t place, enum sim_asic_id asic)
{
    struct sim_device *d = &s->devices[place];
    char name[32];

    sim_device_init(s, d, asic, place);
    d->memory_fd = memfd("hlsim-memory", sim_asic_of(d)->memory_size);
    snprintf(name, sizeof(name), LAYOUT_BUFFERS "%u", (int)s->supervisor, d->index);
    d->buffer_fd = memfd(name, SIM_MAX_BUFFERS * SIM_BUFFER_STRIDE);
    if (d->memory_fd >= 0 && d->buffer_fd >= 0 && !execute_prepare(s, d))
        return 0;
    if (d->memory_fd >= 0)
        close(d->memory_fd);
    if (d->buffer_fd >= 0)
        close(d->buffer_fd);
    return -ENOMEM;
}

static int create_state(struct supervisor *v, const struct supervisor_options *o)
{
    struct sim_state *s;

    v->state_fd = memfd("hlsim-state", sizeof(*s));
    if (v->state_fd < 0)
        return v->state_fd;
    s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, v->state_fd, 0);
    if (s == MAP_FAILED)
        return -errno;
    v->s = s;
    s->magic = SIM_MAGIC;
    s->size = (uint32_t)sizeof(*s);
    s->supervisor = getpid();
    s->kernel = o->kernel;
    s->bar_size = o->bar_size;
    s->quiet = o->quiet;
    s->fault_count = o->fault_count;
    memcpy(s->faults, o->faults, sizeof(s->faults));
    memset(s->file_buckets, 0xff, sizeof(s->file_buckets));
    sim_lock_init(s);
    for (; s->device_count < o->device_count; s->device_count++) {
        int rc = create_device(s, s->device_count, o->asics[s->device_count]);

        if (rc)
            return rc;
    }
    return 0;
}

static int watch(int epoll, int fd, uint32_t events, uint32_t tag)
{
    struct epoll_event e = { .events = events, .data.u32 = tag };

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

enum { TAG_LISTENER, TAG_PEERS, TAG_SIGNALS, TAG_WAKE, TAG_SYSFS };

static int create_sockets(struct supervisor *v)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    sigset_t set;
    int rc = 0;

    snprintf(v->s->socket, sizeof(v->s->socket), "hlsim-%d-%lx", (int)getpid(),
             (unsigned long)time(NULL));
    memcpy(a.sun_path + 1, v->s->socket, strlen(v->s->socket));
    v->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (v->listener < 0 ||
        bind(v->listener, (struct sockaddr *)&a,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(v->s->socket))) < 0 ||
        listen(v->listener, 1024) < 0)
        return -errno;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    v->peers = epoll_create1(EPOLL_CLOEXEC);
    v->all = epoll_create1(EPOLL_CLOEXEC);
    if (v->signals < 0 || v->peers < 0 || v->all < 0)
        return -errno;
    execute_wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (execute_wake_fd < 0)
        return -errno;
    rc = sysfs_write_start();
    rc = rc < 0 ? rc : watch(v->all, rc, EPOLLIN, TAG_SYSFS);
    rc = rc ? rc : watch(v->all, execute_wake_fd, EPOLLIN, TAG_WAKE);
    rc = rc ? rc : watch(v->all, v->listener, EPOLLIN, TAG_LISTENER);
    rc = rc ? rc : watch(v->all, v->peers, EPOLLIN, TAG_PEERS);
    return rc ? rc : watch(v->all, v->signals, EPOLLIN, TAG_SIGNALS);
}

static void forget_eventfd(struct supervisor *v, uint32_t file)
{
    if (v->eventfd[file] >= 0)
        close(v->eventfd[file]);
    v->eventfd[file] = -1;
}

/* Imports that are over: their dma-bufs are let go. */
static void forget_imports(struct supervisor *v)
{
    if (!v->s->imports_dropped)
        return;
    v->s->imports_dropped = false;
    for (uint32_t i = 0; i < SIM_MAX_IMPORTS; i++) {
        if (v->s->imports[i].state != SIM_IMPORT_DROPPED)
            continue;
        execute_forget(v->s, i);
        close(v->import[i]);
        v->s->imports[i].state = SIM_IMPORT_FREE;
    }
}

/*
 * Files whose last descriptor is gone, in any process: their users' doings end now.  With a device
 * go its imports, and with these perhaps the last descriptor of another file.
 */
static void settle(struct supervisor *v)
{
    struct epoll_event e[64];
    int n;

    do {
        sim_lock(v->s);
        forget_imports(v);
        n = epoll_wait(v->peers, e, 64, 0);
        for (int i = 0; i < n; i++) {
            uint32_t file = e[i].data.u32;

            close(v->peer[file]);
            v->peer[file] = -1;
            forget_eventfd(v, file);
            sim_released(v->s, file);
        }
        sim_unlock(v->s);
    } while (n > 0);
}

/* Signals eventfds and brings sysfs up to date. */
static void attend(struct supervisor *v)
{
    const uint64_t one = 1;

    if (!v->s->attention)
        return;
    v->s->attention = false;
    for (uint32_t i = 0; i < SIM_MAX_FILES; i++) {
        if (!v->s->files[i].signal || v->eventfd[i] < 0)
            continue;
        v->s->files[i].signal = false;
        if (write(v->eventfd[i], &one, sizeof(one)) < 0)
            continue; /* its counter is full: it is readable anyway */
    }
    for (uint32_t i = 0; i < v->s->device_count; i++) {
        struct sim_device *d = &v->s->devices[i];

        /* a reset that ends by itself in a moment: sysfs is to say so then */
        if (sim_device_status(d) == HL_DEVICE_STATUS_IN_RESET && !d->reset_pending)
            v->s->attention = true;
    }
    tree_update(v->s);
}

/*
 * A file: a pair of sockets.  One end is the program's; the kernel tells at ours when nobody has
 * the other any more.  A byte in it makes it readable, as the nodes and dma-bufs are.
 */
static int new_file(struct supervisor *v, enum sim_file_kind kind, uint32_t device, uint32_t flags,
                    int *theirs)
{
    struct stat st;
    uint32_t file;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    if (fstat(pair[0], &st) < 0)
        goto fail;
    file = sim_file_new(v->s, kind, st.st_ino);
    if (file == SIM_NONE) {
        errno = ENFILE;
        goto fail;
    }
    if (write(pair[1], "", 1) != 1 || watch(v->peers, pair[1], 0, file) < 0) {
        sim_file_free(v->s, file);
        goto fail;
    }
    if (flags & O_NONBLOCK)
        fcntl(pair[0], F_SETFL, O_NONBLOCK);
    v->s->files[file].device = device;
    /* dma_buf_getfile() keeps two of them, an open() nearly all */
    v->s->files[file].flags =
        kind == SIM_FILE_DMABUF
            ? flags & (O_ACCMODE | O_NONBLOCK)
            : flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
    v->peer[file] = pair[1];
    *theirs = pair[0];
    return (int)file;

fail:
    close(pair[0]);
    close(pair[1]);
    return -errno;
}

static int serve_open(struct supervisor *v, const struct sim_request *q, int *theirs)
{
    struct sim_device *d = &v->s->devices[q->device];
    uint64_t delay_us = 0;
    int rc = q->control ? 0 : sim_fault_check(v->s, d, SIM_OP_OPEN, &delay_us);

    if (delay_us)
        usleep((useconds_t)delay_us);
    rc = rc ? rc : sim_open_check(v->s, d, q->control);
    if (rc)
        return rc;
    rc = new_file(v, q->control ? SIM_FILE_CONTROL : SIM_FILE_PRIMARY, q->device, q->flags, theirs);
    if (rc >= 0) {
        sim_opened(v->s, (uint32_t)rc);
        if (!q->control)
            execute_start(v->s, d, v->seed);
    }
    return rc;
}

static int serve_export(struct supervisor *v, const struct sim_request *q, int *theirs)
{
    int rc = new_file(v, SIM_FILE_DMABUF, q->device, q->flags, theirs);

    if (rc >= 0)
        v->s->files[rc].dmabuf = q->dmabuf;
    return rc;
}

static int serve_eventfd(struct supervisor *v, const struct sim_request *q, int fd)
{
    if (q->file >= SIM_MAX_FILES)
        return -EINVAL;
    forget_eventfd(v, q->file);
    if (fd >= 0)
        v->eventfd[q->file] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return 0;
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

static int serve_import(struct supervisor *v, const struct sim_request *q, int fd)
{
    uint32_t file, import;
    struct stat st;
    int64_t size;
    int rc;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -EBADF;
    if (v->s->devices[q->device].context.id != q->context)
        return -EBUSY;
    file = S_ISSOCK(st.st_mode) ? sim_file_by_inode(v->s, st.st_ino) : SIM_NONE;
    if (file != SIM_NONE && v->s->files[file].kind != SIM_FILE_DMABUF)
        return -EINVAL;
    size = file == SIM_NONE ? foreign_size(fd) : (int64_t)v->s->files[file].dmabuf.size;
    if (size < 0)
        return (int)size;
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    import = sim_import_new(v->s, q->device, q->context, file, (uint64_t)size);
    rc = import == SIM_NONE ? -ENOMEM : 0;
    if (!rc && file == SIM_NONE)
        rc = execute_import(import, fd, (uint64_t)size);
    if (rc) {
        if (import != SIM_NONE)
            v->s->imports[import].state = SIM_IMPORT_FREE;
        close(fd);
        return rc;
    }
    v->import[import] = fd;
    return (int)import;
}

/* Pulled, of the same kind, and nobody has anything of it open any more. */
static bool can_come_back(const struct sim_state *s, uint32_t device, uint32_t asic)
{
    const struct sim_device *d = &s->devices[device];

    if (!d->removed || d->asic != asic || d->context.id)
        return false;
    for (uint32_t i = 0; i < SIM_MAX_FILES; i++) {
        if (s->files[i].kind && s->files[i].device == device)
            return false;
    }
    return true;
}

/* A device is plugged in: one that was pulled, in its old place, or another one. */
static int serve_add(struct supervisor *v, const struct sim_request *q)
{
    struct sim_state *s = v->s;
    uint32_t i = 0;
    int rc;

    if (q->asic >= SIM_ASIC_COUNT)
        return -EINVAL;
    while (i < s->device_count && !can_come_back(s, i, q->asic))
        i++;
    if (i < s->device_count) {
        sim_device_return(s, &s->devices[i]);
        execute_clear(s, &s->devices[i]);
    } else if (i == SIM_MAX_DEVICES) {
        return -ENOSPC;
    } else {
        rc = create_device(s, i, (enum sim_asic_id)q->asic);
        if (rc)
            return rc;
        __atomic_store_n(&s->device_count, i + 1, __ATOMIC_RELEASE);
    }
    sim_trace_event(s, i, "added");
    tree_add(s, &s->devices[i]);
    sysfs_write_watch(s, &s->devices[i]);
    return (int)i;
}

static int serve(struct supervisor *v, const struct sim_request *q, int fd, int *theirs)
{
    if (q->op == SIM_REQUEST_ADD)
        return serve_add(v, q);
    if (q->device >= v->s->device_count)
        return -ENODEV;
    switch ((enum sim_request_op)q->op) {
    case SIM_REQUEST_OPEN:
        return serve_open(v, q, theirs);
    case SIM_REQUEST_EXPORT:
        return serve_export(v, q, theirs);
    case SIM_REQUEST_IMPORT:
        return serve_import(v, q, fd);
    case SIM_REQUEST_RELEASE:
        sim_device_releases(&v->s->devices[q->device]);
        return 0;
    case SIM_REQUEST_EVENTFD:
        return serve_eventfd(v, q, fd);
    case SIM_REQUEST_RESET:
        sim_device_reset(v->s, &v->s->devices[q->device]);
        return 0;
    case SIM_REQUEST_REMOVE:
        sim_device_remove(v->s, &v->s->devices[q->device]);
        return 0;
    case SIM_REQUEST_EVENT:
        sim_device_event(v->s, &v->s->devices[q->device], q->events);
        return 0;
    case SIM_REQUEST_ADD:
    case SIM_REQUEST_SETTLE:
    case SIM_REQUEST_STATUS:
        return 0;
    }
    return -EINVAL;
}

/* One datagram with up to one descriptor beside it. */
static bool receive(int c, struct sim_request *q, int *fd)
{
    union rights room;
    struct iovec iov = { q, sizeof(*q) };
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)
    };

    *fd = -1;
    if (recvmsg(c, &m, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*q))
        return false;
    *fd = rights_take(&m);
    return true;
}

static void answer(int c, const struct sim_reply *r, int fd)
{
    struct iovec iov = { (void *)r, sizeof(*r) };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    union rights room = { { 0 } };

    rights_put(&m, &room, fd);
    sendmsg(c, &m, MSG_NOSIGNAL);
}

static void serve_one(struct supervisor *v, int c)
{
    struct timeval patience = { .tv_sec = REQUEST_TIMEOUT_S };
    struct sim_reply r = { 0 };
    struct sim_request q;
    int fd, theirs = -1;

    setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (receive(c, &q, &fd)) {
        settle(v);
        sim_lock(v->s);
        r.rc = serve(v, &q, fd, &theirs);
        attend(v);
        sim_unlock(v->s);
        r.file = r.rc >= 0 ? (uint32_t)r.rc : SIM_NONE;
        if (fd >= 0)
            close(fd);
        answer(c, &r, theirs);
        if (theirs >= 0)
            close(theirs);
    }
    close(c);
}

static void read_signals(struct supervisor *v)
{
    struct signalfd_siginfo i;

    while (read(v->signals, &i, sizeof(i)) == (ssize_t)sizeof(i)) {
        if (i.ssi_signo == SIGTERM)
            kill(v->child, SIGTERM);
    }
    while (waitpid(v->child, &v->child_status, WNOHANG) == v->child)
        v->child_ended = true;
}

/* An executor has something for eventfds or sysfs, which loop() looks after. */
static void woken(void)
{
    uint64_t n;

    while (read(execute_wake_fd, &n, sizeof(n)) < 0 && errno == EINTR)
        ;
}

/* What this round's events, an ioctl or a reset's end have left to be told. */
static void attend_now(struct supervisor *v)
{
    sim_lock(v->s);
    attend(v);
    sim_unlock(v->s);
}

static void loop(struct supervisor *v)
{
    struct epoll_event e[8];
    int64_t health_ns = sim_trace_now();
    int n, c;

    while (!v->child_ended) {
        /* a reset that ends by itself is looked for until sysfs has said so */
        n = epoll_wait(v->all, e, 8, v->s->attention ? ATTENTION_MS : 1000);
        if (sim_trace_now() - health_ns >= 1000000000) {
            health_ns = sim_trace_now();
            tree_health(v->s);
        }
        for (int i = 0; i < n; i++) {
            switch (e[i].data.u32) {
            case TAG_LISTENER:
                while ((c = accept4(v->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
                    serve_one(v, c);
                break;
            case TAG_PEERS:
                settle(v);
                break;
            case TAG_SIGNALS:
                read_signals(v);
                break;
            case TAG_WAKE:
                woken();
                break;
            case TAG_SYSFS:
                sysfs_write_serve(v->s);
                break;
            }
        }
        attend_now(v);
    }
}

int supervisor_run(const struct supervisor_options *options, char **argv)
{
    static struct supervisor v;
    int rc;

    memset(v.peer, 0xff, sizeof(v.peer));
    memset(v.eventfd, 0xff, sizeof(v.eventfd));
    v.seed = options->seed;
    rc = create_state(&v, options);
    rc = rc ? rc : create_sockets(&v);
    rc = rc ? rc : tree_create(v.s);
    for (uint32_t i = 0; !rc && i < v.s->device_count; i++)
        sysfs_write_watch(v.s, &v.s->devices[i]);
    if (!rc && options->trace) {
        rc = trace_start(v.s, options->trace);
        if (rc) {
            fprintf(stderr, "hlsim: --trace %s: %s\n", options->trace, strerror(-rc));
            tree_remove(v.s);
            return 125;
        }
    }
    if (rc) {
        fprintf(stderr, "hlsim: cannot set the simulation up: %s\n", strerror(-rc));
        return 125;
    }
    /* the terminal's signals are for the program; it decides what they end */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    v.child = start_program(v.s, v.state_fd, argv);
    if (v.child < 0)
        rc = 125;
    else
        loop(&v);
    settle(&v);
    execute_stop_all(v.s);
    trace_stop();
    tree_remove(v.s);
    if (v.child < 0)
        return rc;
    if (WIFSIGNALED(v.child_status))
        return 128 + WTERMSIG(v.child_status);
    return WEXITSTATUS(v.child_status);
}
