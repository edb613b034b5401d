/* SPDX-License-Identifier: MIT */
/*
 * Sharing in one command: allocate, export two ranges that overlap, pass them to two
 * other processes, let these write and verify, close in the wrong order on purpose, open again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/importer.h"
#include "tools/command.h"
#include "tools/demo.h"
#include "tools/steps.h"

static const char usage[] =
    "usage: hlthunk demo [--rdma]\n\n"
    "Allocates 64 MiB on the first free device, exports two ranges of it that overlap, passes\n"
    "them to two other processes, which write and verify, closes the device in the wrong order\n"
    "to show what happens, and opens it again.  On a simulated device (hlsim run -- hlthunk demo)\n"
    "the importing driver is simulated, too; on a real one no bytes are written.\n\n"
    "--rdma: two processes, each with an accelerator and an RDMA card of its own: 64 MiB go from the\n"
    "memory of one accelerator into that of the other, moved by the cards.  The cards are EFA.\n";

#define MIB (1024ull * 1024)
#define BUFFER_SIZE (64 * MIB)
#define CHUNK (1 * MIB)

/* Two ranges that share 16 MiB. */
static const struct {
    uint64_t offset, size;
} ranges[2] = { { 0, 40 * MIB }, { 24 * MIB, 40 * MIB } };

/* ---- the importing processes ---------------------------------------------------------------- */

enum order_kind { ORDER_IMPORT, ORDER_WRITE, ORDER_VERIFY, ORDER_OPEN, ORDER_END };

/* What the exporter sends; after ORDER_IMPORT the dma-buf follows. */
struct order {
    uint32_t kind;
    uint32_t seed;         /* of the pattern; ORDER_OPEN: the device's index */
    uint64_t offset, size; /* within the buffer */
};

struct answer {
    int32_t rc;
    char text[200];
};

static int send_order(int socket, const struct order *o)
{
    return send(socket, o, sizeof(*o), MSG_NOSIGNAL) == (ssize_t)sizeof(*o) ? 0 : -EPIPE;
}

static bool receive_order(int socket, struct order *o)
{
    return recv(socket, o, sizeof(*o), 0) == (ssize_t)sizeof(*o);
}

/* A word that says where in the buffer it belongs, and who wrote it. */
static void fill(uint64_t *words, uint64_t at, uint32_t seed)
{
    for (size_t i = 0; i < CHUNK / sizeof(*words); i++)
        words[i] = (at + i * sizeof(*words)) * 0x9E3779B97F4A7C15ull + seed;
}

struct importer {
    struct hlthunk_dmabuf *dmabuf;
    struct hlsim_attachment *attachment;
    uint64_t offset; /* of the dma-buf in the exporter's buffer: part of the message */
};

static int import(struct importer *im, int socket, struct answer *a)
{
    const int64_t o = 5000000000;
    const struct hlsim_importer *driver = hlsim_importer();
    size_t n;
    int rc = hlthunk_dmabuf_receive(socket, &im->dmabuf, 1, &n, o);

    if (rc) {
        snprintf(a->text, sizeof(a->text), "%s", hlthunk_last_error());
        return rc;
    }
    im->offset = hlthunk_dmabuf_get_offset(im->dmabuf);
    if (!driver) {
        snprintf(a->text, sizeof(a->text), "imported; no driver here to map it");
        return 0;
    }
    rc = driver->attach(hlthunk_dmabuf_borrow_fd(im->dmabuf), true, &im->attachment);
    rc = rc ? rc : driver->map(im->attachment);
    snprintf(a->text, sizeof(a->text), "%s", rc ? strerror(-rc) : "imported and mapped");
    return rc;
}

static int touch(struct importer *im, const struct order *o, struct answer *a)
{
    const struct hlsim_importer *driver = hlsim_importer();
    uint64_t *want = malloc(CHUNK), *got = malloc(CHUNK);
    bool writing = o->kind == ORDER_WRITE;
    int rc = 0;

    if (!want || !got || !im->attachment) {
        free(want);
        free(got);
        snprintf(a->text, sizeof(a->text), "nothing is mapped");
        return -ENODEV;
    }
    for (uint64_t at = o->offset; !rc && at < o->offset + o->size; at += CHUNK) {
        ssize_t n;

        fill(want, at, o->seed);
        if (writing)
            n = driver->write(im->attachment, at - im->offset, want, CHUNK);
        else
            n = driver->read(im->attachment, at - im->offset, got, CHUNK);
        if (n != (ssize_t)CHUNK)
            rc = n < 0 ? (int)n : -EIO;
        else if (!writing && memcmp(want, got, CHUNK))
            rc = -EILSEQ;
        if (rc)
            snprintf(a->text, sizeof(a->text), "at offset %llu: %s", (unsigned long long)at,
                     rc == -EILSEQ ? "wrong bytes" : strerror(-rc));
    }
    if (!rc)
        snprintf(a->text, sizeof(a->text), "%llu MiB %s", (unsigned long long)(o->size / MIB),
                 writing ? "written" : "are right");
    free(want);
    free(got);
    return rc;
}

static int try_open(uint32_t index, struct answer *a)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX,
                                        .index = index };
    struct hlthunk_device *d;
    int rc = hlthunk_device_open(&o, &d);

    if (rc)
        snprintf(a->text, sizeof(a->text), "%s", hlthunk_last_error());
    else
        hlthunk_device_close(d);
    return rc;
}

static int importing_process(int socket)
{
    const struct hlsim_importer *driver = hlsim_importer();
    struct importer im = { 0 };
    struct order o;

    while (receive_order(socket, &o) && o.kind != ORDER_END) {
        struct answer a = { 0 };

        if (o.kind == ORDER_IMPORT)
            a.rc = import(&im, socket, &a);
        else if (o.kind == ORDER_OPEN)
            a.rc = try_open(o.seed, &a);
        else
            a.rc = touch(&im, &o, &a);
        if (send(socket, &a, sizeof(a), MSG_NOSIGNAL) != (ssize_t)sizeof(a))
            break;
    }
    if (im.attachment) {
        driver->unmap(im.attachment);
        driver->detach(im.attachment);
    }
    hlthunk_dmabuf_unref(im.dmabuf);
    return 0;
}

/* ---- the exporting process ------------------------------------------------------------------ */

static void log_line(enum hlthunk_log_level level, const char *message, void *user)
{
    (void)level;
    (void)user;
    printf("      library: %s\n", message);
}

struct child {
    pid_t pid;
    int socket;
};

/* Forked before the device is opened: a child cannot leak what it does not have. */
static int start_child(struct child *c)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    fflush(stdout);
    c->pid = fork();
    if (c->pid == 0) {
        close(pair[0]);
        _exit(importing_process(pair[1]));
    }
    close(pair[1]);
    c->socket = pair[0];
    return c->pid < 0 ? -errno : 0;
}

/* m: the dma-buf that goes with ORDER_IMPORT, else NULL */
static int ask(const struct child *c, const struct order *o, struct hlthunk_dmabuf *m,
               struct answer *a)
{
    memset(a, 0, sizeof(*a));
    if (send_order(c->socket, o) ||
        (m && hlthunk_dmabuf_send(c->socket, &m, 1, HLTHUNK_WAIT_INDEFINITELY)) ||
        recv(c->socket, a, sizeof(*a), 0) != (ssize_t)sizeof(*a)) {
        snprintf(a->text, sizeof(a->text), "the other process is gone");
        return -EPIPE;
    }
    return a->rc;
}

static void end_child(struct child *c)
{
    struct order o = { .kind = ORDER_END };

    if (c->pid <= 0)
        return;
    send_order(c->socket, &o);
    close(c->socket);
    waitpid(c->pid, NULL, 0);
    c->pid = 0;
}

static bool hand_over(struct child *c, struct hlthunk_dmabuf *m, const char *what)
{
    struct order o = { .kind = ORDER_IMPORT };
    struct answer a;
    int rc = ask(c, &o, m, &a);

    return steps_did(what, rc, a.text);
}

static void order_step(struct child *c, enum order_kind kind, uint32_t seed, uint64_t offset,
                       uint64_t size, const char *what)
{
    struct order o = { .kind = kind, .seed = seed, .offset = offset, .size = size };
    struct answer a;
    int rc;

    if (!hlsim_importer()) {
        steps_skip(what, "no importing driver on this machine");
        return;
    }
    rc = ask(c, &o, NULL, &a);
    steps_did(what, rc, a.text);
}

static bool share(struct hlthunk_device *d, struct child children[2],
                  struct hlthunk_buffer **buffer, struct hlthunk_dmabuf *m[2])
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .label = "demo" };
    char text[100] = "";
    int rc = hlthunk_buffer_alloc(d, BUFFER_SIZE, &o, buffer);

    if (!rc)
        snprintf(text, sizeof(text), "at %#llx, %llu MiB granted",
                 (unsigned long long)hlthunk_buffer_get_address(*buffer),
                 (unsigned long long)(hlthunk_buffer_get_granted_size(*buffer) / MIB));
    if (!steps_did("allocate 64 MiB", rc, rc ? hlthunk_last_error() : text))
        return false;
    for (int i = 0; i < 2; i++) {
        rc = hlthunk_dmabuf_export(*buffer, ranges[i].offset, ranges[i].size, NULL, &m[i]);
        if (!steps_did(i ? "export 40 MiB from offset 24 MiB" : "export 40 MiB from offset 0", rc,
                       rc ? hlthunk_last_error() : NULL))
            return false;
    }
    return hand_over(&children[0], m[0], "hand the first to process 1") &&
           hand_over(&children[1], m[1], "hand the second to process 2");
}

static void use(struct child children[2])
{
    const uint64_t shared = ranges[1].offset, n = ranges[0].size - ranges[1].offset;

    order_step(&children[0], ORDER_WRITE, 1, 0, ranges[0].size, "process 1 writes its range");
    order_step(&children[1], ORDER_VERIFY, 1, shared, n, "process 2 verifies what both see");
    order_step(&children[1], ORDER_WRITE, 2, shared, ranges[1].size, "process 2 writes its range");
    order_step(&children[0], ORDER_VERIFY, 2, shared, n, "process 1 verifies what both see");
    order_step(&children[0], ORDER_VERIFY, 1, 0, shared, "and the rest of its own");
}

/* Closing the device first is the classic mistake: nothing breaks, and the library says why. */
static void close_wrongly(struct hlthunk_device *d, uint32_t index, struct child children[2])
{
    struct order o = { .kind = ORDER_OPEN, .seed = index };
    char text[80] = "nothing does";
    struct answer a;
    size_t alive;
    int rc;

    printf("\nA mistake on purpose: the device is closed while a dma-buf is alive\n");
    hlthunk_log_set(log_line, NULL, HLTHUNK_LOG_WARNING);
    alive = hlthunk_device_close(d);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
    if (alive)
        snprintf(text, sizeof(text), "%zu objects keep the device open", alive);
    steps_did("close says what keeps it open", alive ? 0 : -EPROTO, text);
    rc = ask(&children[1], &o, NULL, &a);
    steps_did("nobody can open it meanwhile", rc == -EBUSY || rc == -EAGAIN ? 0 : -EPROTO, a.text);
}

static void reopen(uint32_t index)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX,
                                        .index = index,
                                        .timeout_ns = 2000000000 };
    struct hlthunk_device *d;
    int rc = hlthunk_device_open(&o, &d);

    steps_did("the device opens again", rc, rc ? hlthunk_last_error() : NULL);
    if (!rc)
        hlthunk_device_close(d);
}

static bool take(int option, void *user)
{
    *(bool *)user = true;
    return option == 'r';
}

int command_demo(int argc, char **argv)
{
    static const struct option options[] = { { "rdma", no_argument, NULL, 'r' },
                                             COMMON_OPTIONS,
                                             { NULL, 0, NULL, 0 } };
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct child children[2] = { { 0 } };
    struct hlthunk_dmabuf *m[2] = { NULL };
    struct hlthunk_buffer *buffer = NULL;
    struct hlthunk_device *d = NULL;
    int code = EXIT_OK, rc;
    size_t n = 0;
    bool json, shared, rdma = false;

    if (!parse_options(argc, argv, usage, options, take, &rdma, &json, &code))
        return code;
    if (json || optind < argc)
        return wrong_usage(usage);
    if (hlthunk_device_enumerate(NULL, 0, 0, &n) == 0 && !n)
        return no_device("demo");
    if (rdma)
        return demo_rdma();
    if (start_child(&children[0]) || start_child(&children[1])) {
        fprintf(stderr, "hlthunk: demo: no process: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    rc = hlthunk_device_open(NULL, &d);
    if (!rc)
        rc = hlthunk_device_get_properties(d, &p);
    if (rc) {
        code = fail("demo");
        end_child(&children[0]);
        end_child(&children[1]);
        hlthunk_device_unref(d);
        return code;
    }
    printf("Sharing device memory between processes: %s%s%s\n", hlthunk_asic_get_name(p.asic),
           *p.pci_address ? " at " : "", p.pci_address);
    shared = share(d, children, &buffer, m);
    if (shared) {
        use(children);
        hlthunk_dmabuf_unref(m[1]);
        m[1] = NULL;
        close_wrongly(d, p.index, children);
    } else {
        hlthunk_device_close(d);
    }
    printf("\nEverything is released, in any order\n");
    hlthunk_buffer_unref(buffer);
    hlthunk_dmabuf_unref(m[0]);
    hlthunk_dmabuf_unref(m[1]);
    end_child(&children[0]);
    end_child(&children[1]);
    reopen(p.index);
    return steps_summary();
}
