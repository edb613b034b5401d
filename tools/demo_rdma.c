/* SPDX-License-Identifier: MIT */
/*
 * Two processes, each with an accelerator and an RDMA card: the first fills its accelerator's
 * memory, its card writes all of it into the other accelerator's memory, and the second process
 * reads it back through its own card and compares checksums.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hlthunk/verbs.h>

#include "tools/command.h"
#include "tools/demo.h"
#include "tools/rdma_end.h"
#include "tools/steps.h"

#define MIB (1024ull * 1024)
#define ALL (64 * MIB)
#define ACCESS (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE)

/* What a process has: an accelerator, its memory, registered with a card, and a bounce buffer. */
struct side {
    struct hlthunk_device *device;
    struct hlthunk_buffer *buffer;
    struct hlthunk_verbs_mr *mr;
    struct rdma_end end;
    struct ibv_ah *self;
    uint64_t *host; /* a MiB, for the card as well */
    struct ibv_mr *host_mr;
    char text[300];
};

/* Between the two: the other's address, then the checksum, then the result. */
struct note {
    int32_t rc;
    uint32_t rkey;
    uint64_t address, checksum;
    struct rdma_peer peer;
    char text[300];
};

static int said(struct side *s, int rc, const char *text)
{
    snprintf(s->text, sizeof(s->text), "%s", text);
    return rc;
}

static int open_accelerator(struct side *s)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .label = "demo --rdma" };
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_dmabuf *m;
    int rc = hlthunk_device_open(NULL, &s->device);

    rc = rc ? rc : hlthunk_device_get_properties(s->device, &p);
    rc = rc ? rc : hlthunk_buffer_alloc(s->device, ALL, &o, &s->buffer);
    rc = rc ? rc : hlthunk_dmabuf_export(s->buffer, 0, 0, NULL, &m);
    if (rc)
        return said(s, rc, hlthunk_last_error());
    rc = hlthunk_verbs_mr_register(s->end.pd, m, ACCESS, NULL, &s->mr);
    hlthunk_dmabuf_unref(m); /* the region holds it */
    if (rc)
        return said(s, rc, hlthunk_verbs_last_error());
    snprintf(s->text, sizeof(s->text), "%s at %s, card %s", hlthunk_asic_get_name(p.asic),
             p.pci_address, s->end.name);
    return 0;
}

static int open_side(struct side *s, unsigned card)
{
    struct rdma_peer self;
    int rc;

    memset(s, 0, sizeof(*s));
    rc = rdma_end_open(&s->end, card);
    if (rc)
        return said(s, rc, s->end.text);
    self = rdma_end_address(&s->end);
    s->self = rdma_end_reach(&s->end, &self);
    s->host = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->host == MAP_FAILED)
        s->host = NULL;
    if (s->host)
        s->host_mr = ibv_reg_mr(s->end.pd, s->host, MIB, ACCESS);
    if (!s->self || !s->host_mr)
        return said(s, -ENOMEM, "the card does not register host memory");
    return open_accelerator(s);
}

static void close_side(struct side *s)
{
    hlthunk_verbs_mr_unref(s->mr);
    hlthunk_buffer_unref(s->buffer);
    hlthunk_device_unref(s->device);
    if (s->host_mr)
        ibv_dereg_mr(s->host_mr);
    if (s->host)
        munmap(s->host, MIB);
    if (s->self)
        ibv_destroy_ah(s->self);
    rdma_end_close(&s->end);
}

/* A MiB between the bounce buffer and this side's own accelerator, by its own card. */
static int own(struct side *s, uint64_t at, bool read)
{
    struct rdma_transfer t = {
        .read = read,
        .ah = s->self,
        .peer = rdma_end_address(&s->end),
        .lkey = s->host_mr->lkey,
        .rkey = hlthunk_verbs_mr_get_rkey(s->mr),
        .local = (uintptr_t)s->host,
        .remote = hlthunk_verbs_mr_get_address(s->mr) + at,
        .bytes = MIB,
    };
    int rc = rdma_end_transfer(&s->end, &t);

    return rc ? said(s, rc, s->end.text) : 0;
}

static void add(uint64_t *sum, const uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *sum = (*sum ^ words[i]) * 0x100000001b3ull;
}

/* Each word says where it belongs. */
static int fill(struct side *s, uint64_t *sum)
{
    int rc = 0;

    *sum = 0xcbf29ce484222325ull;
    for (uint64_t at = 0; !rc && at < ALL; at += MIB) {
        for (size_t i = 0; i < MIB / 8; i++)
            s->host[i] = (at + 8 * i) * 0x9E3779B97F4A7C15ull + 1;
        add(sum, s->host, MIB / 8);
        rc = own(s, at, false);
    }
    return rc;
}

static int read_back(struct side *s, uint64_t *sum)
{
    int rc = 0;

    *sum = 0xcbf29ce484222325ull;
    for (uint64_t at = 0; !rc && at < ALL; at += MIB) {
        memset(s->host, 0, MIB);
        rc = own(s, at, true);
        add(sum, s->host, MIB / 8);
    }
    return rc;
}

static bool tell(int socket, const struct note *n)
{
    return send(socket, n, sizeof(*n), MSG_NOSIGNAL) == (ssize_t)sizeof(*n);
}

static bool hear(int socket, struct note *n)
{
    if (recv(socket, n, sizeof(*n), 0) == (ssize_t)sizeof(*n))
        return true;
    *n = (struct note){ .rc = -EPIPE, .text = "the other process is gone" };
    return false;
}

static struct note introduce(struct side *s, int rc)
{
    struct note n = { .rc = rc };

    snprintf(n.text, sizeof(n.text), "%s", s->text);
    if (!rc) {
        n.peer = rdma_end_address(&s->end);
        n.rkey = hlthunk_verbs_mr_get_rkey(s->mr);
        n.address = hlthunk_verbs_mr_get_address(s->mr);
    }
    return n;
}

/* The second process: it only waits while its memory is written. */
static int receiver(int socket)
{
    struct ibv_ah *back = NULL;
    struct note theirs, n;
    struct side s;
    uint64_t sum;
    int rc;

    if (!hear(socket, &theirs))
        return EXIT_FAILED;
    rc = open_side(&s, 1);
    if (!rc) {
        back = rdma_end_reach(&s.end, &theirs.peer);
        rc = back ? 0 : said(&s, -EIO, s.end.text);
    }
    n = introduce(&s, rc);
    if (tell(socket, &n) && !rc && hear(socket, &theirs)) {
        rc = read_back(&s, &sum);
        n = introduce(&s, rc ? rc : sum == theirs.checksum ? 0 : -EILSEQ);
        if (!rc)
            snprintf(n.text, sizeof(n.text), "%016llx", (unsigned long long)sum);
        tell(socket, &n);
    }
    if (back)
        ibv_destroy_ah(back);
    close_side(&s);
    return EXIT_OK;
}

static void progress(uint64_t done, uint64_t all)
{
    if (done % (16 * MIB) == 0)
        printf("      %3llu of %llu MiB\n", (unsigned long long)(done / MIB),
               (unsigned long long)(all / MIB));
    fflush(stdout);
}

/* Writes all of our memory into theirs. */
static int send_all(struct side *s, const struct note *theirs)
{
    struct rdma_transfer t = {
        .peer = theirs->peer,
        .lkey = hlthunk_verbs_mr_get_lkey(s->mr),
        .rkey = theirs->rkey,
        .local = hlthunk_verbs_mr_get_address(s->mr),
        .remote = theirs->address,
        .bytes = ALL,
        .progress = progress,
    };
    struct timespec from, to;
    double seconds;
    int rc;

    t.ah = rdma_end_reach(&s->end, &theirs->peer);
    if (!t.ah)
        return said(s, -EIO, s->end.text);
    clock_gettime(CLOCK_MONOTONIC, &from);
    rc = rdma_end_transfer(&s->end, &t);
    clock_gettime(CLOCK_MONOTONIC, &to);
    ibv_destroy_ah(t.ah);
    if (rc)
        return said(s, rc, s->end.text);
    seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    snprintf(s->text, sizeof(s->text), "%.2f s, %.0f MiB/s", seconds,
             (double)(ALL / MIB) / seconds);
    return 0;
}

static void sender(struct side *s, int socket)
{
    struct note n, theirs;
    uint64_t sum = 0;
    char text[32];
    int rc = open_side(s, 0);

    if (!steps_did("an accelerator and a card for process 1", rc, s->text))
        return;
    n = introduce(s, 0);
    tell(socket, &n);
    hear(socket, &theirs);
    if (!steps_did("another of each for process 2", theirs.rc, theirs.text))
        return;
    rc = fill(s, &sum);
    snprintf(text, sizeof(text), "%016llx", (unsigned long long)sum);
    if (!steps_did("card 1 fills accelerator 1 with 64 MiB", rc, rc ? s->text : text))
        return;
    rc = send_all(s, &theirs);
    if (!steps_did("accelerator 1 to accelerator 2, by the cards", rc, s->text))
        return;
    n.checksum = sum;
    tell(socket, &n);
    hear(socket, &theirs);
    steps_did("process 2 finds the same checksum", theirs.rc, theirs.text);
}

int demo_rdma(void)
{
    struct side s = { .device = NULL };
    int pair[2], status = -1;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        perror("hlthunk: demo --rdma");
        return EXIT_FAILED;
    }
    printf("Peer to peer: from one accelerator's memory to another's, through RDMA cards\n");
    fflush(stdout);
    pid = fork(); /* before anything is opened: libibverbs does not support a later fork well */
    if (pid == 0) {
        close(pair[0]);
        _exit(receiver(pair[1]));
    }
    close(pair[1]);
    if (pid < 0) {
        perror("hlthunk: demo --rdma");
        return EXIT_FAILED;
    }
    sender(&s, pair[0]);
    close(pair[0]); /* ends the other process, wherever it is */
    waitpid(pid, &status, 0);
    close_side(&s);
    return steps_summary();
}
