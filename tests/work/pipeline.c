/* SPDX-License-Identifier: MIT */
/*
 * A pipeline of two processes: the producer moves pieces of data into device memory by DMA, and
 * a word into memory that both share as each is there; the consumer has imported the dma-buf of
 * that device memory, waits for the word, and verifies every byte of the piece.
 *
 *   work-pipeline [MIB [PIECE-MIB]]
 *
 * Exit code 0: all pieces were right; 2: a call failed, and the line "error: CALL ERRNO" says
 * which; 1: wrong bytes, or something that cannot happen. Skipped (77) where nothing imports.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/importer.h"
#include "tests/clock.h"
#include "tests/rights.h"
#include "tests/work/work.h"

#define DEPTH 4u /* pieces that are under way at once */

struct shared {              /* one page that the device writes to, another that it does not */
    volatile uint32_t ready; /* pieces that are in device memory: written by the device */
    uint32_t pad[1023];
    volatile uint32_t verified;
    volatile uint32_t failed; /* the producer has given up */
};

static uint64_t total, piece;

static void give_up(struct shared *s, const char *call, int error)
{
    if (s)
        s->failed = 1;
    printf("error: %s %s\n", call, strerrorname_np(-error));
    fflush(stdout);
    exit(2);
}

/* The consumer: 0 all right, 1 wrong bytes, 2 the producer gave up. */
static int consume(int socket, struct shared *s)
{
    const struct hlsim_importer *imp = hlsim_importer();
    struct hlsim_attachment *a;
    uint8_t *buf = malloc(piece);
    int fd = receive_fd(socket);
    uint64_t pieces = total / piece;

    if (fd < 0)
        return 2;
    CHECK(buf);
    CHECK(imp->attach(fd, true, &a) == 0);
    CHECK(imp->map(a) == 0);
    close(fd);
    for (uint32_t n = 0; n < pieces; n++) {
        for (unsigned spin = 0; s->ready <= n; spin++) {
            if (s->failed && s->ready <= n)
                return 2;
            if (spin > 100)
                usleep(200);
        }
        __sync_synchronize();
        if (imp->read(a, n % DEPTH * piece, buf, piece) != (ssize_t)piece ||
            !work_same(buf, piece, n * piece)) {
            printf("piece %u is wrong\n", n);
            return 1;
        }
        s->verified = n + 1;
    }
    imp->unmap(a);
    imp->detach(a);
    free(buf);
    return 0;
}

static int try_map(struct work *w, void *p, uint64_t n, uint64_t *va)
{
    union hl_mem_args m = { .in = { .op = HL_MEM_OP_MAP, .flags = HL_MEM_USERPTR } };
    int rc;

    m.in.map_host.host_virt_addr = (uintptr_t)p;
    m.in.map_host.mem_size = n;
    rc = work_try(w, 4, &m);
    *va = m.out.device_virt_addr;
    return rc;
}

static int try_alloc(struct work *w, uint64_t n, uint64_t *va)
{
    union hl_mem_args m = { .in = { .op = HL_MEM_OP_ALLOC } };
    int rc;

    m.in.alloc.mem_size = n;
    rc = work_try(w, 4, &m);
    *va = w->ip.dram_base_address;
    if (rc || w->asic == WORK_GAUDI)
        return rc;
    *va = m.out.handle;
    memset(&m, 0, sizeof(m));
    m.in.op = HL_MEM_OP_MAP;
    m.in.map_device.handle = *va;
    rc = work_try(w, 4, &m);
    *va = m.out.device_virt_addr;
    return rc;
}

/* A command buffer whose handle is a device address, or the kernel's. */
static int try_cb(struct work *w, struct work_cb *cb)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 4096 } };
    int rc;

    memset(cb, 0, sizeof(*cb));
    cb->size = 4096;
    if (w->asic == WORK_GAUDI2) {
        cb->mem = aligned_alloc(4096, 4096);
        return try_map(w, cb->mem, 4096, &cb->handle);
    }
    rc = work_try(w, 1, &a);
    if (rc)
        return rc;
    cb->handle = a.out.cb_handle;
    cb->mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, (off_t)cb->handle);
    return cb->mem == MAP_FAILED ? -errno : 0;
}

static uint64_t seq_of[DEPTH];

static void await(struct work *w, struct shared *s, uint64_t seq)
{
    union hl_wait_cs_args a;
    int rc;

    do {
        rc = work_try_wait(w, seq, 30000000, &a);
    } while (rc == -EINTR);
    if (rc)
        give_up(s, "wait", rc);
    if (a.out.status != HL_WAIT_CS_STATUS_COMPLETED)
        give_up(s, "wait", -ETIMEDOUT);
}

/* What the producer works with. */
struct producer {
    struct work w;
    struct shared *s;
    struct work_cb cb[DEPTH];
    uint8_t *staging;
    uint64_t src, word, dev; /* device addresses of the staging, of s, of the device memory */
};

static void producer_open(struct producer *p, int socket)
{
    int rc, fd;

    work_open(&p->w);
    p->staging =
        mmap(NULL, DEPTH * piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p->staging != MAP_FAILED);
    rc = try_map(&p->w, p->staging, DEPTH * piece, &p->src);
    if (!rc)
        rc = try_map(&p->w, p->s, 4096, &p->word);
    if (rc)
        give_up(p->s, "map", rc);
    rc = try_alloc(&p->w, DEPTH * piece, &p->dev);
    if (rc)
        give_up(p->s, "alloc", rc);
    fd = work_try_export(&p->w, p->dev, DEPTH * piece);
    if (fd < 0)
        give_up(p->s, "export", fd);
    CHECK(send_fd(socket, fd));
    close(fd);
    for (unsigned i = 0; i < DEPTH; i++) {
        rc = try_cb(&p->w, &p->cb[i]);
        if (rc)
            give_up(p->s, "cb", rc);
    }
}

/* The slot of this piece is free when the last one there was verified and its submission is over.
 */
static void await_slot(struct producer *p, uint32_t n)
{
    if (n < DEPTH)
        return;
    for (unsigned spin = 0; p->s->verified <= n - DEPTH; spin++) {
        if (spin > 100)
            usleep(200);
        if (spin > 300000)
            give_up(p->s, "consumer", -ETIMEDOUT);
    }
    await(&p->w, p->s, seq_of[n % DEPTH]);
}

static void move_piece(struct producer *p, uint32_t n)
{
    unsigned slot = n % DEPTH;
    union hl_cs_args a = { 0 };
    int rc;

    work_fill(p->staging + slot * piece, piece, n * piece);
    p->cb[slot].len = 0;
    work_dma(&p->w, &p->cb[slot], p->src + slot * piece, p->dev + slot * piece, (uint32_t)piece, 0);
    work_msg(&p->cb[slot], p->word, n + 1, true);
    do {
        rc = work_try_submit(&p->w, p->w.down, &p->cb[slot], 0, &a);
    } while (rc == -EAGAIN && usleep(1000) == 0);
    if (rc)
        give_up(p->s, "cs", rc);
    seq_of[slot] = a.out.seq;
}

static void producer_close(struct producer *p)
{
    close(p->w.fd); /* first: the device may look at the memory until then */
    for (unsigned i = 0; i < DEPTH; i++) {
        if (p->w.asic == WORK_GAUDI2)
            free(p->cb[i].mem);
        else
            munmap(p->cb[i].mem, 4096);
    }
    munmap(p->staging, DEPTH * piece);
}

static void produce(int socket, struct shared *s)
{
    struct producer p = { .s = s };

    producer_open(&p, socket);
    for (uint32_t n = 0; n < total / piece; n++) {
        await_slot(&p, n);
        move_piece(&p, n);
    }
    for (unsigned i = 0; i < DEPTH && i < total / piece; i++)
        await(&p.w, s, seq_of[i]);
    producer_close(&p);
}

int main(int argc, char **argv)
{
    uint64_t begun, took_ms;
    struct shared *s;
    int pair[2], status;
    pid_t child;

    total = (argc > 1 ? strtoull(argv[1], NULL, 0) : 64) << 20;
    piece = (argc > 2 ? strtoull(argv[2], NULL, 0) : 16) << 20;
    if (!hlsim_importer()) {
        puts("nothing imports a dma-buf here");
        return 77;
    }
    s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    fflush(stdout);
    child = fork();
    CHECK(child >= 0);
    if (!child) {
        close(pair[0]);
        status = consume(pair[1], s);
        fflush(stdout);
        _exit(status);
    }
    close(pair[1]);
    begun = now_ms();
    produce(pair[0], s);
    CHECK(waitpid(child, &status, 0) == child);
    took_ms = now_ms() - begun;
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return 1;
    printf("%llu MiB in pieces of %llu MiB, every byte right, %.2f s\n",
           (unsigned long long)total >> 20, (unsigned long long)piece >> 20,
           (double)took_ms / 1000);
    return 0;
}
