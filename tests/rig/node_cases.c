/* SPDX-License-Identifier: MIT */
/* Nodes as files: opening modes, positions, mappings, what /proc says of them. */
#include "tests/rig/cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#define DONE(call) answer((call) < 0 ? -errno : 0)

/* The first 4096 bytes of a mapping of fd. */
static const char *mapped(int fd, int prot, int flags, uint64_t at, size_t size)
{
    void *p = mmap(NULL, size, prot, flags, fd, (off_t)at);
    int error = errno;

    if (p == MAP_FAILED)
        return answer(-error);
    munmap(p, size);
    return "0";
}

static uint64_t make_cb(int fd)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 8192 } };

    return request(fd, OP_CB, &a) ? 0 : a.out.cb_handle;
}

static void what_it_allows(int fd, const char *mode)
{
    union hl_mem_args a = { .in = { .alloc = { .mem_size = 1 << 20 }, .op = HL_MEM_OP_ALLOC } };
    uint64_t handle, va = 0x20000000;
    char byte = 0;

    say("%s read %s", mode, DONE(read(fd, &byte, 1)));
    say("%s read 0 %s", mode, DONE(read(fd, &byte, 0)));
    say("%s write %s", mode, DONE(write(fd, &byte, 1)));
    say("%s write 0 %s", mode, DONE(write(fd, &byte, 0)));
    say("%s alloc %s", mode, answer(request(fd, OP_MEMORY, &a)));
    handle = a.out.handle;
    if (handle) {
        a = (union hl_mem_args){ .in = { .map_device = { 0, handle }, .op = HL_MEM_OP_MAP } };
        say("%s map %s", mode, answer(request(fd, OP_MEMORY, &a)));
        va = a.out.device_virt_addr;
    }
    a = (union hl_mem_args){ .in = { .export_dmabuf_fd = { va, 1 << 20, 0 },
                                     .op = HL_MEM_OP_EXPORT_DMABUF_FD,
                                     .flags = O_RDWR } };
    say("%s export %s", mode, answer(request(fd, OP_MEMORY, &a)));
    if (a.out.fd > 2)
        close(a.out.fd);
    handle = make_cb(fd);
    say("%s cb %s", mode, handle ? "0" : "none");
    say("%s mmap r shared %s", mode, mapped(fd, PROT_READ, MAP_SHARED, handle, 8192));
    handle = make_cb(fd);
    say("%s mmap w shared %s", mode, mapped(fd, PROT_WRITE, MAP_SHARED, handle, 8192));
    handle = make_cb(fd);
    say("%s mmap rw private %s", mode,
        mapped(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE, handle, 8192));
    handle = make_cb(fd);
    say("%s mmap none %s", mode, mapped(fd, PROT_NONE, MAP_SHARED, handle, 8192));
    say("%s mmap exec %s", mode, mapped(fd, PROT_READ | PROT_EXEC, MAP_SHARED, make_cb(fd), 8192));
}

static void opening(void)
{
    static const struct {
        const char *name;
        int flags;
    } modes[] = {
        { "rdonly", O_RDONLY },
        { "wronly", O_WRONLY },
        { "rdwr", O_RDWR },
        { "nonblock", O_RDWR | O_NONBLOCK },
        { "append", O_RDWR | O_APPEND },
        { "creat", O_RDWR | O_CREAT },
        { "excl", O_RDWR | O_CREAT | O_EXCL },
        { "trunc", O_RDWR | O_TRUNC },
        { "directory", O_RDWR | O_DIRECTORY },
        { "nofollow", O_RDWR | O_NOFOLLOW },
        { "sync", O_RDWR | O_SYNC },
        { "path", O_PATH },
        { "access 3", 3 },
    };

    state_leave();
    for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        for (int control = 0; control < 2; control++) {
            int fd = -1;

            for (int n = 0; n < 200 && fd < 0; n++) {
                fd = open(node(control), modes[i].flags, 0600);
                if (fd >= 0 || (errno != EAGAIN && errno != EBUSY))
                    break;
                usleep(20000);
            }
            say("open %s %s -> %s", control ? "control" : "primary", modes[i].name,
                fd < 0 ? answer(-errno) : "0");
            if (fd < 0)
                continue;
            if (!control && modes[i].flags != O_PATH) {
                say("%s flags %#x", modes[i].name, fcntl(fd, F_GETFL));
                what_it_allows(fd, modes[i].name);
            }
            close(fd);
        }
    }
    world_open();
}

static void positions(int fd, const char *which)
{
    static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE, 99 };
    static const long long places[] = { 0, 1, 4096, -1, 1ll << 40 };
    struct iovec v = { (char[8]){ 0 }, 8 };

    for (unsigned i = 0; i < 6; i++)
        for (unsigned k = 0; k < 5; k++) {
            off_t at = lseek(fd, places[k], whences[i]);
            int error = errno;

            say("%s lseek %lld %d -> %s %lld", which, places[k], whences[i],
                at < 0 ? answer(-error) : "0", at < 0 ? 0ll : (long long)at);
        }
    say("%s readv %s", which, DONE(readv(fd, &v, 1)));
    say("%s writev %s", which, DONE(writev(fd, &v, 1)));
    say("%s pwrite %s", which, DONE(pwrite(fd, v.iov_base, 1, 0)));
    say("%s preadv %s", which, DONE(preadv(fd, &v, 1, 0)));
    say("%s pwritev %s", which, DONE(pwritev(fd, &v, 1, 0)));
    say("%s fallocate %s", which, DONE(fallocate(fd, 0, 0, 4096)));
    say("%s fdatasync %s", which, DONE(fdatasync(fd)));
    say("%s fadvise %s", which, answer(-posix_fadvise(fd, 0, 4096, POSIX_FADV_WILLNEED)));
    say("%s readahead %s", which, DONE(readahead(fd, 0, 4096)));
    say("%s flock-like lock %s", which,
        DONE(fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_RDLCK, .l_whence = SEEK_SET })));
    say("%s F_SETFL nonblock %s", which, DONE(fcntl(fd, F_SETFL, O_NONBLOCK)));
    say("%s F_GETFL %#x", which, fcntl(fd, F_GETFL));
    say("%s F_SETFL async %s", which, DONE(fcntl(fd, F_SETFL, O_ASYNC)));
    say("%s F_SETFL 0 %s", which, DONE(fcntl(fd, F_SETFL, 0)));
    say("%s F_GETFL %#x", which, fcntl(fd, F_GETFL));
    say("%s F_GETPIPE_SZ %s", which, DONE(fcntl(fd, F_GETPIPE_SZ)));
    say("%s F_GET_SEALS %s", which, DONE(fcntl(fd, F_GET_SEALS)));
}

static void readiness(int fd, const char *which)
{
    short events[] = { POLLIN, POLLOUT, POLLPRI, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM, 0 };
    struct epoll_event e = { .events = EPOLLIN | EPOLLOUT };
    int ep = epoll_create1(EPOLL_CLOEXEC);

    for (unsigned i = 0; i < 5; i++) {
        struct pollfd p = { .fd = fd, .events = events[i] };
        int n = poll(&p, 1, 0);

        say("%s poll %#x -> %d %#x", which, (unsigned)events[i], n, (unsigned)p.revents);
    }
    say("%s epoll %s", which, DONE(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e)));
    close(ep);
}

static void faces(int fd, const char *which)
{
    char path[64], link[256] = "";
    struct statfs fs;
    struct stat st, named;
    ssize_t n;

    if (fstat(fd, &st) < 0 || stat(node(fd == w.control), &named) < 0)
        say("%s stat %s", which, answer(-errno));
    else
        say("%s mode %#o links %u size %lld blocks %lld blksize %ld minor %u same %d uid %u", which,
            st.st_mode & S_IFMT, (unsigned)st.st_nlink, (long long)st.st_size,
            (long long)st.st_blocks, (long)st.st_blksize, minor(st.st_rdev),
            st.st_ino == named.st_ino && st.st_dev == named.st_dev && st.st_rdev == named.st_rdev,
            st.st_uid);
    if (fd == w.fd)
        say("%s major 261: %d", which, major(st.st_rdev) == 261);
    n = fstatfs(fd, &fs);
    say("%s fstatfs %s %#lx", which, DONE(n), (unsigned long)fs.f_type);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    n = readlink(path, link, sizeof(link) - 1);
    say("%s link %s", which, n < 0 ? answer(-errno) : link);
    n = open(path, O_RDWR);
    say("%s opened through /proc -> %s", which, n < 0 ? answer(-errno) : "0");
    if (n >= 0)
        close((int)n);
    say("%s access r %s w %s x %s", which, DONE(access(node(fd == w.control), R_OK)),
        DONE(access(node(fd == w.control), W_OK)), DONE(access(node(fd == w.control), X_OK)));
}

static void mappings(int fd, const char *which)
{
    const struct value offsets[] = {
        { "0", 0 },
        { "4096", 4096 },
        { "cb", w.cb },
        { "cb+4096", w.cb + 4096 },
        { "1<<40", 1ull << 40 },
        { "1<<60", 1ull << 60 },
        { "type 0", w.cb & ((1ull << 44) - 1) },
        { "-4096", -4096ull },
    };
    static const size_t sizes[] = { 1, 4096, 8192, 1 << 20 };

    FOR_EACH(o, offsets)
    for (unsigned i = 0; i < 4; i++)
        say("%s mmap %s size %zu -> %s", which, o->name, sizes[i],
            mapped(fd, PROT_READ | PROT_WRITE, MAP_SHARED, o->n, sizes[i]));
}

/* A command buffer's mapping through its life. */
static void buffer_mappings(void)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 8192 } };
    uint64_t h;
    char *p, *q;

    say("cb of two pages %s", answer(request(w.fd, OP_CB, &a)));
    h = a.out.cb_handle;
    p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)h);
    say("mmap -> %s", p == MAP_FAILED ? answer(-errno) : "0");
    if (p == MAP_FAILED)
        return;
    say("zeroed %d %d", p[0] == 0, p[8191] == 0);
    say("again -> %s", mapped(w.fd, PROT_READ, MAP_SHARED, h, 8192));
    q = mremap(p, 8192, 16384, MREMAP_MAYMOVE);
    say("mremap larger -> %s", q == MAP_FAILED ? answer(-errno) : "0");
    say("mprotect -> %s", DONE(mprotect(p, 4096, PROT_READ)));
    say("mprotect back -> %s", DONE(mprotect(p, 4096, PROT_READ | PROT_WRITE)));
    say("msync -> %s", DONE(msync(p, 8192, MS_SYNC)));
    say("madvise dontneed -> %s", DONE(madvise(p, 4096, MADV_DONTNEED)));
    say("mlock -> %s", DONE(mlock(p, 4096)));
    a = (union hl_cb_args){ .in = { .op = HL_CB_OP_INFO, .cb_handle = h } };
    say("info -> %s count %u", answer(request(w.fd, OP_CB, &a)), a.out.usage_cnt);
    munmap(p, 4096);
    say("after half a munmap -> %s", mapped(w.fd, PROT_READ, MAP_SHARED, h, 8192));
    munmap(p + 4096, 4096);
    say("after the rest -> %s", mapped(w.fd, PROT_READ, MAP_SHARED, h, 8192));
    a = (union hl_cb_args){ .in = { .op = HL_CB_OP_INFO, .cb_handle = h } };
    say("info -> %s count %u", answer(request(w.fd, OP_CB, &a)), a.out.usage_cnt);
    p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)h);
    a = (union hl_cb_args){ .in = { .op = HL_CB_OP_DESTROY, .cb_handle = h } };
    say("destroy while mapped -> %s", answer(request(w.fd, OP_CB, &a)));
    a = (union hl_cb_args){ .in = { .op = HL_CB_OP_INFO, .cb_handle = h } };
    say("info -> %s count %u", answer(request(w.fd, OP_CB, &a)), a.out.usage_cnt);
    if (!w.old) {
        /* 6.1 frees the mapped memory (docs/upstream-defects.md) */
        a = (union hl_cb_args){ .in = { .op = HL_CB_OP_DESTROY, .cb_handle = h } };
        say("destroy again -> %s", answer(request(w.fd, OP_CB, &a)));
    }
    if (p != MAP_FAILED) {
        p[0] = 1;
        munmap(p, 8192);
    }
    a = (union hl_cb_args){ .in = { .op = HL_CB_OP_INFO, .cb_handle = h } };
    say("info after munmap -> %s", answer(request(w.fd, OP_CB, &a)));
    a = (union hl_cb_args){ .in = { .op = HL_CB_OP_DESTROY, .cb_handle = h } };
    say("destroy after munmap -> %s", answer(request(w.fd, OP_CB, &a)));
    w.dirty = true;
}

static void timestamps(void)
{
    union hl_mem_args a = { .in = { .op = HL_MEM_OP_TS_ALLOC, .num_of_elements = 600 } };
    uint64_t h;
    char *p;

    say("timestamps -> %s", answer(request(w.fd, OP_MEMORY, &a)));
    h = a.out.handle;
    say("mmap 4096 -> %s", mapped(w.fd, PROT_READ | PROT_WRITE, MAP_SHARED, h, 4096));
    say("mmap 4800 -> %s", mapped(w.fd, PROT_READ | PROT_WRITE, MAP_SHARED, h, 4800));
    p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)h);
    say("mmap 8192 -> %s", p == MAP_FAILED ? answer(-errno) : "0");
    say("mmap again -> %s", mapped(w.fd, PROT_READ, MAP_SHARED, h, 8192));
    if (p != MAP_FAILED) {
        say("zeroed %d %d", p[0] == 0, p[8191] == 0);
        munmap(p, 8192);
    }
    say("mmap after munmap -> %s", mapped(w.fd, PROT_READ, MAP_SHARED, h, 8192));
    w.dirty = true;
}

static void events(void)
{
    int e = eventfd(0, EFD_CLOEXEC), pipes[2];
    struct hl_info_args a;
    int fds[3];

    if (pipe(pipes) < 0)
        return;
    fds[0] = pipes[0];
    fds[1] = w.fd;
    fds[2] = -1;
    for (int control = 0; control < 2; control++) {
        int fd = control ? w.control : w.fd;
        const char *which = control ? "control" : "primary";

        for (unsigned i = 0; i < 3; i++) {
            a = (struct hl_info_args){ .op = HL_INFO_REGISTER_EVENTFD,
                                       .eventfd = (uint32_t)fds[i] };
            say("%s register no eventfd %u -> %s", which, i, answer(request(fd, OP_INFO, &a)));
        }
        for (int n = 0; n < 2; n++) {
            a = (struct hl_info_args){ .op = HL_INFO_REGISTER_EVENTFD, .eventfd = (uint32_t)e };
            say("%s register -> %s", which, answer(request(fd, OP_INFO, &a)));
        }
        a = (struct hl_info_args){ .op = HL_INFO_REGISTER_EVENTFD, .eventfd = 900 };
        say("%s register a bad one -> %s", which, answer(request(fd, OP_INFO, &a)));
        for (int n = 0; n < 2; n++) {
            a = (struct hl_info_args){ .op = HL_INFO_UNREGISTER_EVENTFD };
            say("%s unregister -> %s", which, answer(request(fd, OP_INFO, &a)));
        }
        for (uint32_t size = 0; size < 17; size += 4) {
            uint64_t mask[2] = { 7, 7 };

            a = (struct hl_info_args){ .op = HL_INFO_GET_EVENTS,
                                       .return_size = size,
                                       .return_pointer = (uintptr_t)mask };
            say("%s events size %u -> %s %llu %llu", which, size, answer(request(fd, OP_INFO, &a)),
                (unsigned long long)mask[0], (unsigned long long)mask[1]);
        }
    }
    close(e);
    close(pipes[0]);
    close(pipes[1]);
}

void node_cases(void)
{
    for (int control = 0; control < 2; control++) {
        int fd = control ? w.control : w.fd;
        const char *which = control ? "control" : "primary";

        faces(fd, which);
        positions(fd, which);
        readiness(fd, which);
        mappings(fd, which);
    }
    state_again();
    buffer_mappings();
    timestamps();
    state_again();
    events();
    opening();
    w.dirty = true;
}
