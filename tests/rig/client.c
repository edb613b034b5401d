/* SPDX-License-Identifier: MIT */
#include "tests/rig/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rig/emu/vfu_wire.h"
#include "tests/rights.h"

#define VECTORS 4

uint8_t *client_ram;
static int sock = -1, interrupt[VECTORS];
static struct progress *progress;
static uint8_t *bar[VFU_NUM_REGIONS]; /* its first bytes */
static uint16_t last_id;

void client_expect(const char *what, uint64_t got, uint64_t wanted)
{
    if (got == wanted)
        return;
    fprintf(stderr, "client: %s: %#llx, not %#llx\n", what, (unsigned long long)got,
            (unsigned long long)wanted);
    _exit(1);
}

static int try_connect(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    client_expect("a socket", s >= 0, true);
    strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
    if (connect(s, (struct sockaddr *)&a, sizeof(a)) == 0)
        return s;
    close(s);
    return -1;
}

bool client_connect(const char *path, struct progress *p)
{
    progress = p;
    while ((sock = try_connect(path)) < 0) {
        if (p->over)
            return false;
        usleep(200);
    }
    p->steps++;
    return true;
}

/* All of it, and at most one descriptor; false: the device has gone. */
static bool receive(void *to, size_t n, int *fd)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    size_t have = 0;

    while (have < n) {
        struct iovec iov = { (uint8_t *)to + have, n - have };
        struct msghdr m = { .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space) };
        ssize_t r = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
        struct cmsghdr *c;

        if (r <= 0)
            return false;
        c = CMSG_FIRSTHDR(&m);
        if (c && fd)
            memcpy(fd, CMSG_DATA(c), sizeof(*fd));
        have += (size_t)r;
    }
    return true;
}

struct request {
    unsigned command;
    const void *body;
    uint32_t len;
    const int *fds;
    unsigned nfds;
    uint32_t flags;
};

static bool send_request(const struct request *q)
{
    static uint8_t message[4096];
    struct vfu_header h = { .id = ++last_id,
                            .command = (uint16_t)q->command,
                            .size = (uint32_t)sizeof(h) + q->len,
                            .flags = q->flags };

    memcpy(message, &h, sizeof(h));
    if (q->len)
        memcpy(message + sizeof(h), q->body, q->len);
    return send_rights(sock, message, h.size, q->fds, q->nfds) == (long)h.size;
}

/* The answer's body, of n bytes, and its descriptor. */
static bool ask(const struct request *q, void *out, uint32_t n, int *fd)
{
    struct vfu_header h;

    if (!send_request(q) || !receive(&h, sizeof(h), fd))
        return false;
    client_expect("the answer's identity", h.id, last_id);
    client_expect("the answer's kind", h.command, q->command);
    client_expect("the answer's flags", h.flags, VFU_TYPE_REPLY);
    client_expect("the answer's length", h.size, sizeof(h) + n);
    if (n && !receive(out, n, NULL))
        return false;
    if (progress)
        progress->steps++;
    return true;
}

void client_knock(const char *path)
{
    uint16_t version[2] = { 0, 0 };
    struct request q = { .command = VFU_VERSION, .body = version, .len = sizeof(version) };

    sock = try_connect(path);
    if (sock < 0)
        return;
    if (send_request(&q))
        receive(version, 1, NULL);
    close(sock);
    sock = -1;
}

static bool version(void)
{
    uint8_t body[4 + 67] = { 0 };
    struct vfu_header h;

    /* its length is the server's choice */
    if (!send_request(&(struct request){ .command = VFU_VERSION, .body = body, .len = 4 }) ||
        !receive(&h, sizeof(h), NULL))
        return false;
    client_expect("the version's length", h.size > sizeof(h) + 4 && h.size < 4096, true);
    for (uint32_t n = h.size - (uint32_t)sizeof(h); n; n--)
        if (!receive(body, 1, NULL))
            return false;
    progress->steps++;
    return true;
}

/* What is a file of the device's is mapped. */
static bool region(unsigned i)
{
    struct vfu_region_info info = { .argsz = sizeof(info), .index = i };
    int fd = -1;

    if (!ask(&(struct request){ VFU_GET_REGION_INFO, &info, sizeof(info), NULL, 0, 0 }, &info,
             sizeof(info), &fd))
        return false;
    client_expect("the region", info.index, i);
    if (fd < 0)
        return true;
    bar[i] = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    client_expect("the region's memory", bar[i] != MAP_FAILED, true);
    close(fd);
    return true;
}

static bool set_interrupts(void)
{
    struct vfu_irq_set set = { sizeof(set), VFU_IRQ_DATA_EVENTFD | VFU_IRQ_ACTION_TRIGGER, 0, 0,
                               VECTORS };

    for (set.index = VFU_IRQ_MSI; set.index <= VFU_IRQ_MSIX; set.index++)
        if (!ask(&(struct request){ VFU_SET_IRQS, &set, sizeof(set), interrupt, VECTORS, 0 }, NULL,
                 0, NULL))
            return false;
    return true;
}

static bool give_ram(void)
{
    struct vfu_dma_map map = { sizeof(map), VFU_DMA_FLAG_READ | VFU_DMA_FLAG_WRITE, 0, 0,
                               CLIENT_RAM };
    int fd = memfd_create("ram", MFD_CLOEXEC);
    bool rc;

    client_expect("the machine's memory", fd >= 0 && ftruncate(fd, CLIENT_RAM) == 0, true);
    client_ram = mmap(NULL, CLIENT_RAM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    client_expect("the machine's memory", client_ram != MAP_FAILED, true);
    rc = ask(&(struct request){ VFU_DMA_MAP, &map, sizeof(map), &fd, 1, 0 }, NULL, 0, NULL);
    close(fd);
    return rc;
}

bool client_drop_ram(void)
{
    struct vfu_dma_unmap unmap = { sizeof(unmap), 0, 0, CLIENT_RAM };

    munmap(client_ram, CLIENT_RAM);
    return ask(&(struct request){ VFU_DMA_UNMAP, &unmap, sizeof(unmap), NULL, 0, 0 }, &unmap,
               sizeof(unmap), NULL) &&
           give_ram();
}

bool client_set_up(void)
{
    struct vfu_device_info info = { .argsz = sizeof(info) };

    for (unsigned i = 0; i < VECTORS; i++)
        interrupt[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!version() || !ask(&(struct request){ VFU_GET_INFO, &info, sizeof(info), NULL, 0, 0 },
                           &info, sizeof(info), NULL))
        return false;
    client_expect("its regions", info.regions, VFU_NUM_REGIONS);
    for (unsigned i = 0; i < info.regions; i++)
        if (!region(i))
            return false;
    return set_interrupts() && give_ram();
}

bool client_read(unsigned region_, uint64_t off, uint32_t *x)
{
    struct {
        struct vfu_access a;
        uint32_t x;
    } m = { { off, region_, 4 }, 0 };

    if (!ask(&(struct request){ VFU_REGION_READ, &m, sizeof(m.a), NULL, 0, 0 }, &m, sizeof(m.a) + 4,
             NULL))
        return false;
    *x = m.x;
    return true;
}

static bool write_region(unsigned region_, uint64_t off, const void *x, uint32_t n, uint32_t flags)
{
    struct {
        struct vfu_access a;
        uint8_t x[256];
    } m = { { off, region_, n }, { 0 } };
    struct request q = { VFU_REGION_WRITE, &m, (uint32_t)sizeof(m.a) + n, NULL, 0, flags };

    memcpy(m.x, x, n);
    return flags & VFU_NO_REPLY ? send_request(&q) : ask(&q, &m, sizeof(m.a), NULL);
}

bool client_write(unsigned region_, uint64_t off, const void *x, uint32_t n)
{
    return write_region(region_, off, x, n, 0);
}

bool client_poke(unsigned region_, uint64_t off, uint32_t x)
{
    return write_region(region_, off, &x, 4, 0);
}

bool client_post(unsigned region_, uint64_t off, uint32_t x)
{
    return write_region(region_, off, &x, 4, VFU_NO_REPLY);
}

bool client_reset(void)
{
    return ask(&(struct request){ .command = VFU_RESET }, NULL, 0, NULL);
}

unsigned client_interrupts(void)
{
    uint64_t n;

    return read(interrupt[0], &n, sizeof(n)) == sizeof(n) ? (unsigned)n : 0;
}

void client_touch(void)
{
    for (unsigned i = 0; i < VFU_NUM_REGIONS; i++)
        if (bar[i])
            ((volatile uint8_t *)bar[i])[8]++;
}
