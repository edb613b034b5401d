/* SPDX-License-Identifier: MIT */
#include "rig/emu/window.h"
#include "rig/emu/vfu.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct window {
    const struct window_page *page;
    uint8_t *bar[WINDOW_BARS];
    uint64_t size[WINDOW_BARS]; /* of the file: what the page says is not trusted */
};

int window_open(struct window_owner *o, const char *path, const int *bar_fd, const uint64_t *size)
{
    /* sealed: whom it is handed out to cannot shorten what we write to */
    o->fd = memfd_create("window", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (o->fd < 0 || ftruncate(o->fd, sizeof(*o->page)) < 0 ||
        fcntl(o->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return -errno;
    o->page = mmap(NULL, sizeof(*o->page), PROT_READ | PROT_WRITE, MAP_SHARED, o->fd, 0);
    if (o->page == MAP_FAILED) {
        o->page = NULL;
        return -errno;
    }
    for (int i = 0; i < WINDOW_BARS; i++) {
        o->bar_fd[i] = bar_fd[i];
        o->page->size[i] = bar_fd[i] < 0 ? 0 : size[i];
    }
    o->listener = vfu_listen(path, SOCK_STREAM);
    return o->listener < 0 ? -errno : 0;
}

/* The page and the BARs' memory, in one message. */
void window_accept(struct window_owner *o)
{
    int s = accept4(o->listener, NULL, NULL, SOCK_CLOEXEC), fds[1 + WINDOW_BARS];
    char control[CMSG_SPACE(sizeof(fds))] = { 0 };
    struct iovec iov;
    uint8_t has[WINDOW_BARS];
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
    };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    unsigned n = 1;

    if (s < 0)
        return;
    fds[0] = o->fd;
    for (int i = 0; i < WINDOW_BARS; i++) {
        has[i] = o->bar_fd[i] >= 0;
        if (has[i])
            fds[n++] = o->bar_fd[i];
    }
    iov = (struct iovec){ has, sizeof(has) };
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    m.msg_controllen = CMSG_SPACE(n * sizeof(int));
    (void)!sendmsg(s, &m, MSG_NOSIGNAL);
    close(s);
}

void window_update(struct window_owner *o, const uint8_t *cfg)
{
    uint16_t command;

    if (!o->page)
        return;
    memcpy(&command, cfg + 4, 2);
    for (int i = 0; i < WINDOW_BARS; i++) {
        uint64_t base;

        memcpy(&base, cfg + 0x10 + 8 * i, 8);
        __atomic_store_n(&o->page->base[i], base & ~0xfull, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&o->page->enabled, command & 2u, __ATOMIC_RELEASE);
}

/* The descriptors of one message; how many. */
static int receive(int s, uint8_t *has, int *fds, unsigned max)
{
    char control[CMSG_SPACE(sizeof(int) * (1 + WINDOW_BARS))];
    struct iovec iov = { has, WINDOW_BARS };
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
    };
    ssize_t n = recvmsg(s, &m, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    unsigned got;

    if (n != WINDOW_BARS || !c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return 0;
    got = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    got = got < max ? got : max;
    memcpy(fds, CMSG_DATA(c), got * sizeof(int));
    return (int)got;
}

static void *map(int fd, int prot, uint64_t *size)
{
    struct stat st;
    void *p;

    if (fstat(fd, &st) < 0 || st.st_size <= 0)
        return NULL;
    *size = (uint64_t)st.st_size;
    p = mmap(NULL, *size, prot, MAP_SHARED | MAP_NORESERVE, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* Can nobody make the file shorter?  The page is read without a guard. */
static bool keeps_its_size(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);

    return seals >= 0 && seals & F_SEAL_SHRINK;
}

/* Receives the owner's descriptors: their number, 0 when there is no owner. */
static int fetch(const char *path, uint8_t has[WINDOW_BARS], int fds[1 + WINDOW_BARS])
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    int s, n = 0;

    if (strlen(path) >= sizeof(sa.sun_path))
        return 0;
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return 0;
    strcpy(sa.sun_path, path);
    if (connect(s, (struct sockaddr *)&sa, sizeof(sa)) == 0)
        n = receive(s, has, fds, 1 + WINDOW_BARS);
    close(s);
    return n;
}

struct window *window_connect(const char *path)
{
    struct window *w = calloc(1, sizeof(*w));
    int fds[1 + WINDOW_BARS], next = 1, n;
    uint8_t has[WINDOW_BARS] = { 0 };
    uint64_t size = 0;

    if (!w)
        return NULL;
    n = fetch(path, has, fds);
    if (n && keeps_its_size(fds[0]))
        w->page = map(fds[0], PROT_READ, &size);
    for (int i = 0; w->page && i < WINDOW_BARS; i++)
        if (has[i] && next < n)
            w->bar[i] = map(fds[next++], PROT_READ | PROT_WRITE, &w->size[i]);
    for (int i = 0; i < n; i++)
        close(fds[i]);
    if (!w->page || size < sizeof(*w->page)) {
        window_close(w);
        errno = ECONNREFUSED;
        return NULL;
    }
    return w;
}

void window_close(struct window *w)
{
    for (int i = 0; i < WINDOW_BARS; i++)
        if (w->bar[i])
            munmap(w->bar[i], w->size[i]);
    if (w->page)
        munmap((void *)(uintptr_t)w->page, sizeof(*w->page));
    free(w);
}

void *window_ptr(const struct window *w, uint64_t addr, uint64_t len)
{
    if (!__atomic_load_n(&w->page->enabled, __ATOMIC_ACQUIRE))
        return NULL;
    for (int i = 0; i < WINDOW_BARS; i++) {
        uint64_t base = __atomic_load_n(&w->page->base[i], __ATOMIC_RELAXED);
        uint64_t size = w->page->size[i] < w->size[i] ? w->page->size[i] : w->size[i];

        if (w->bar[i] && base && addr >= base && addr - base < size && len <= size - (addr - base))
            return w->bar[i] + (addr - base);
    }
    return NULL;
}
