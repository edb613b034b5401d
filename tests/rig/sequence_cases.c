/* SPDX-License-Identifier: MIT */
/* Several steps, descriptors and processes: who holds the device, and until when. */
#include "tests/rig/cases.h"
#include "tests/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *script;

static void step(const char *what, long rc)
{
    say("%s: %s -> %s", script, what, answer(rc));
}

static void begin(const char *name)
{
    if (w.fd >= 0)
        close(w.fd);
    script = name;
    world_open();
}

/* One try, then for a while: what the first said, and whether it came. */
static void reopen(const char *when)
{
    int fd = open(node(false), O_RDWR | O_CLOEXEC);

    step(when, fd < 0 ? -errno : 0);
    if (fd >= 0)
        close(fd);
}

static void reopen_at_last(const char *when)
{
    int fd = -1;

    for (int i = 0; i < 300 && fd < 0; i++) {
        fd = open(node(false), O_RDWR | O_CLOEXEC);
        if (fd < 0)
            usleep(20000);
    }
    step(when, fd < 0 ? -errno : 0);
    if (fd >= 0)
        close(fd);
}

static void stats(const char *when)
{
    struct hl_open_stats_info o = { 0 };
    struct hl_info_args a = { .op = HL_INFO_OPEN_STATS,
                              .return_pointer = (uintptr_t)&o,
                              .return_size = sizeof(o) };
    int rc = request(w.control, OP_INFO, &a);

    say("%s: %s -> %s active %u release %u", script, when, answer(rc), o.is_compute_ctx_active,
        o.compute_ctx_in_release);
}

static uint64_t alloc(int fd)
{
    union hl_mem_args a = { .in = { .alloc = { .mem_size = 2 << 20 }, .op = HL_MEM_OP_ALLOC } };

    return request(fd, OP_MEMORY, &a) ? 0 : a.out.handle;
}

static uint64_t map(int fd, uint64_t handle)
{
    union hl_mem_args a = { .in = { .map_device = { 0, handle }, .op = HL_MEM_OP_MAP } };

    if (!handle)
        return 0x20000000;
    return request(fd, OP_MEMORY, &a) ? 0 : a.out.device_virt_addr;
}

static int unmap(int fd, uint64_t va)
{
    union hl_mem_args a = { .in = { .unmap = { va }, .op = HL_MEM_OP_UNMAP } };

    return request(fd, OP_MEMORY, &a);
}

static int release(int fd, uint64_t handle)
{
    union hl_mem_args a = { .in = { .free = { handle }, .op = HL_MEM_OP_FREE } };

    return request(fd, OP_MEMORY, &a);
}

/* The descriptor, or -errno. */
static int export(int fd, uint64_t va)
{
    union hl_mem_args a = { .in = { .export_dmabuf_fd = { va, 1 << 20, 0 },
                                    .op = HL_MEM_OP_EXPORT_DMABUF_FD,
                                    .flags = O_RDWR | O_CLOEXEC } };
    int rc = request(fd, OP_MEMORY, &a);

    return rc ? rc : a.out.fd;
}

/* A dma-buf of new memory; the address it is exported from. */
static int exported(uint64_t *va, uint64_t *handle)
{
    uint64_t h = alloc(w.fd), at = map(w.fd, h);
    int fd = export(w.fd, at);

    step("export", fd);
    if (va)
        *va = at;
    if (handle)
        *handle = h;
    return fd;
}

static void opening_twice(void)
{
    int copy, child;

    begin("twice");
    reopen("second open");
    child = fork();
    if (!child) {
        reopen("in a child");
        _exit(0);
    }
    waitpid(child, NULL, 0);
    copy = dup(w.fd);
    close(w.fd);
    reopen("after closing one of two");
    w.fd = -1;
    step("a call on the copy", alloc(copy) || !is_gaudi2() ? 0 : -EIO);
    close(copy);
    reopen_at_last("after the second");
    stats("closed");
}

static void children(void)
{
    uint64_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int child;

    begin("child");
    child = fork();
    if (!child) {
        shared[0] = alloc(w.fd);
        shared[1] = map(w.fd, shared[0]);
        close(w.fd);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    if (shared[0]) {
        step("free what it mapped", release(w.fd, shared[0]));
        step("unmap what it mapped", unmap(w.fd, shared[1]));
        step("free what it allocated", release(w.fd, shared[0]));
        step("once more", release(w.fd, shared[0]));
    }
    munmap(shared, 4096);
    /* a child that outlives its parent's descriptor */
    child = fork();
    if (!child) {
        pause();
        _exit(0);
    }
    close(w.fd);
    w.fd = -1;
    usleep(50000);
    reopen("while a child lives");
    stats("while a child lives");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    reopen("after it was killed");
}

static void leaked(void)
{
    int fd, copy;

    begin("leaked");
    fd = exported(NULL, NULL);
    if (fd < 0)
        return;
    copy = dup(fd);
    close(w.fd);
    w.fd = -1;
    usleep(100000);
    stats("device closed");
    reopen("device closed");
    reopen("device closed, again");
    close(fd);
    reopen("one of two dma-bufs closed");
    stats("one of two dma-bufs closed");
    close(copy);
    reopen_at_last("both closed");
    stats("both closed");
}

static void passed(void)
{
    int s[2], fd, child;

    begin("passed");
    fd = exported(NULL, NULL);
    if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s))
        return;
    child = fork();
    if (!child) {
        int got;

        close(fd);
        close(w.fd);
        close(s[0]);
        usleep(400000);
        got = receive_fd(s[1]);
        if (write(s[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(got);
    }
    close(s[1]);
    usleep(100000); /* its copies are closed */
    step("send", send_fd(s[0], fd) ? 0 : -errno);
    close(fd);
    close(w.fd);
    w.fd = -1;
    reopen("in flight");
    {
        char c;

        if (read(s[0], &c, 1) != 1)
            return;
    }
    reopen("received");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(s[0]);
    reopen_at_last("receiver killed");
}

/* Sent and never received: closing the sockets ends it. */
static void in_flight(void)
{
    int s[2], fd;

    begin("in flight");
    fd = exported(NULL, NULL);
    if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s))
        return;
    step("send", send_fd(s[0], fd) ? 0 : -errno);
    close(fd);
    close(w.fd);
    w.fd = -1;
    reopen("in flight");
    close(s[0]);
    close(s[1]);
    reopen_at_last("sockets closed");
}

static void device_passed(void)
{
    int s[2], got;
    uint64_t h;

    begin("device passed");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s))
        return;
    h = alloc(w.fd);
    step("send", send_fd(s[0], w.fd) ? 0 : -errno);
    close(w.fd);
    w.fd = -1;
    reopen("in flight");
    got = receive_fd(s[1]);
    step("free there", release(got, h));
    reopen("received");
    close(got);
    close(s[0]);
    close(s[1]);
    reopen_at_last("closed");
}

static void two_exports(void)
{
    uint64_t va, h;
    int a, b, map2;

    begin("two exports");
    a = exported(&va, &h);
    if (a < 0)
        return;
    if (!h) {
        close(a); /* physical addresses are not mapped */
        return;
    }
    b = export(w.fd, va);
    step("the same again", b);
    step("unmap", unmap(w.fd, va));
    close(a);
    step("unmap, one closed", unmap(w.fd, va));
    step("free", release(w.fd, h));
    close(b);
    step("unmap, both closed", unmap(w.fd, va));
    step("export of what is unmapped", export(w.fd, va));
    step("free", release(w.fd, h));
    /* two mappings of one handle */
    begin("two mappings");
    h = alloc(w.fd);
    va = map(w.fd, h);
    map2 = export(w.fd, va);
    step("export the first", map2);
    step("unmap the other", unmap(w.fd, map(w.fd, h)));
    step("unmap the exported", unmap(w.fd, va));
    step("free", release(w.fd, h));
    close(map2);
    step("unmap at last", unmap(w.fd, va));
    step("free", release(w.fd, h));
}

static void killed(void)
{
    int child, ready[2];
    char c;

    begin("killed");
    close(w.fd);
    w.fd = -1;
    if (pipe(ready))
        return;
    child = fork();
    if (!child) {
        world_open();
        export(w.fd, map(w.fd, alloc(w.fd)));
        if (write(ready[1], "r", 1) == 1)
            pause();
        _exit(0);
    }
    if (read(ready[0], &c, 1) != 1)
        return;
    reopen("while it lives");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    reopen("after it was killed");
    close(ready[0]);
    close(ready[1]);
}

static void held_by_a_mapping(void)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 4096 } };
    char *p;

    begin("cb mapping");
    step("create", request(w.fd, OP_CB, &a));
    p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)a.out.cb_handle);
    step("mmap", p == MAP_FAILED ? -errno : 0);
    close(w.fd);
    w.fd = -1;
    reopen("closed");
    stats("closed");
    p[0] = 5;
    munmap(p, 4096);
    reopen_at_last("unmapped");
}

static void debug_mode(void)
{
    struct hl_debug_args a = { .op = HL_DEBUG_OP_SET_MODE, .enable = 1 };

    begin("debug");
    step("on", request(w.fd, OP_DEBUG, &a));
    begin("debug, reopened");
    step("on", request(w.fd, OP_DEBUG, &a));
    step("on again", request(w.fd, OP_DEBUG, &a));
    a.enable = 0;
    step("off", request(w.fd, OP_DEBUG, &a));
    step("off again", request(w.fd, OP_DEBUG, &a));
}

static void events_over_a_reopen(void)
{
    int e = eventfd(0, EFD_CLOEXEC);
    struct hl_info_args a = { .op = HL_INFO_REGISTER_EVENTFD, .eventfd = (uint32_t)e };

    begin("eventfd");
    step("register", request(w.fd, OP_INFO, &a));
    close(e);
    step("register a closed one", request(w.fd, OP_INFO, &a));
    begin("eventfd, reopened");
    e = eventfd(0, EFD_CLOEXEC);
    a.eventfd = (uint32_t)e;
    step("register", request(w.fd, OP_INFO, &a));
    close(e);
    a = (struct hl_info_args){ .op = HL_INFO_UNREGISTER_EVENTFD };
    step("unregister", request(w.fd, OP_INFO, &a));
}

/* What /proc says of a dma-buf, with and without a name. */
static void names(void)
{
    static const char *const set[] = { NULL,
                                       "weights",
                                       "",
                                       "a/b c",
                                       "0123456789012345678901234567890",
                                       "01234567890123456789012345678901" };
    char path[64], link[128], line[128];
    int fd;

    begin("names");
    fd = exported(NULL, NULL);
    if (fd < 0)
        return;
    for (unsigned i = 0; i < 6; i++) {
        ssize_t n;
        FILE *f;

        if (set[i])
            step("set", ioctl(fd, DMA_BUF_SET_NAME, set[i]) < 0 ? -errno : 0);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        n = readlink(path, link, sizeof(link) - 1);
        link[n < 0 ? 0 : n] = '\0';
        say("%s: link %s", script, link);
        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        f = fopen(path, "re");
        while (f && fgets(line, sizeof(line), f)) {
            line[strcspn(line, "\n")] = '\0';
            if (strncmp(line, "mnt_id", 6) && strncmp(line, "ino", 3))
                say("%s: fdinfo %s", script, line);
        }
        if (f)
            fclose(f);
    }
    step("SET_NAME_A", ioctl(fd, _IOW('b', 1, uint32_t), "a") < 0 ? -errno : 0);
    step("SET_NAME_B", ioctl(fd, _IOW('b', 1, uint64_t), "b") < 0 ? -errno : 0);
    step("SET_NAME at a bad address", ioctl(fd, DMA_BUF_SET_NAME, (void *)8) < 0 ? -errno : 0);
    close(fd);
}

/* Memory goes with its context. */
static void left_over(void)
{
    struct hl_info_dram_usage u[2] = { 0 };

    for (unsigned i = 0; i < 2; i++) {
        struct hl_info_args a = { .op = HL_INFO_DRAM_USAGE,
                                  .return_pointer = (uintptr_t)&u[i],
                                  .return_size = sizeof(u[i]) };

        begin("left over");
        step("usage", request(w.fd, OP_INFO, &a));
        for (unsigned n = 0; n < 3; n++)
            map(w.fd, alloc(w.fd));
    }
    say("all of it came back: %d", u[0].dram_free_mem == u[1].dram_free_mem);
}

void sequence_cases(void)
{
    opening_twice();
    children();
    leaked();
    passed();
    in_flight();
    device_passed();
    two_exports();
    killed();
    held_by_a_mapping();
    debug_mode();
    events_over_a_reopen();
    names();
    left_over();
    begin("end");
    w.dirty = true;
}
