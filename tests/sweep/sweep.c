/* SPDX-License-Identifier: MIT */
/*
 * Fault sweep: every public function is called once without a fault, and then once for each of
 * the library's calls of the kernel, for memory, descriptors and threads in it and each errno that
 * such a call can have.  After each: on failure the outputs are untouched and there is a sentence;
 * the same call then succeeds; when all is given back, no descriptor and no memory is left.
 *
 * With --cycles each is called N times instead, with what undoes it, and then N/10 times with all
 * that it needs made and released around it: descriptors and memory stay as many.
 *
 * With --state each is called once on objects in that state (states.c).
 *
 * sweep [--verbose] [--cycles N | --state STATE] [FUNCTION…]
 */
#include "tests/sweep/table.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sweep/inject.h"
#include "tests/sweep/sweep.h"

struct hlthunk_device_entry one_entry = { .struct_size = sizeof(one_entry) };
FILE *nowhere;
int an_eventfd;

#define PATIENCE_MS 20000 /* of a busy machine */

unsigned sweep_findings;

static unsigned runs;
static bool verbose;

static struct {
    const char *function;
    unsigned call;
    enum kind kind;
    int error;
    bool sticky;
} now;

void sweep_finding(const char *format, ...)
{
    va_list ap;

    sweep_findings++;
    printf("%s: ", now.function);
    if (now.error)
        printf("call %u (%s) fails with %d (%s)%s: ", now.call, kind_name(now.kind), now.error,
               strerror(now.error), now.sticky ? ", and all later ones" : "");
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

__attribute__((noreturn)) static void broken(const char *what)
{
    printf("sweep: %s: %s\n", what, hlthunk_last_error());
    exit(1);
}

/* As the loop opens nothing, the highest descriptors stay few. */
static unsigned count_descriptors(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static void must(int rc, const char *what)
{
    if (rc < 0)
        broken(what);
}
#define MUST(call) must(call, #call)

static void open_device(struct context *c)
{
    const struct hlthunk_device_options o = {
        .struct_size = sizeof(o),
        .timeout_ns = 60000000000,
    };

    MUST(hlthunk_device_open(&o, &c->device));
    c->fd = hlthunk_device_borrow_fd(c->device);
}

/* No packet of the simulated ASICs' is simpler. */
static void write_nop(struct hlthunk_command_buffer *cb)
{
    uint32_t *words = hlthunk_command_buffer_borrow_data(cb);

    words[0] = 0;
    words[1] = 0xAu << 24;
}

uint32_t sweep_queue(void)
{
    return one_entry.asic == HLTHUNK_ASIC_GOYA ? 1 : 0;
}

void sweep_no_reset(struct hlthunk_device *device, enum hlthunk_stale_reason why, void *user)
{
    (void)device, (void)why, (void)user;
}

#define on_device (~(unsigned)(NEEDS_NO_DEVICE | NEEDS_SOCKETS | NEEDS_SERVER))

static void make_buffers(struct context *c)
{
    MUST(hlthunk_buffer_alloc(c->device, 65536, NULL, &c->buffer));
    MUST(hlthunk_buffer_alloc(c->device, 65536, NULL, &c->other));
}

static void make_unmapped(struct context *c)
{
    struct hlthunk_buffer_options o = { .struct_size = sizeof(o), .unmapped = true };

    MUST(hlthunk_buffer_alloc(c->device, 65536, &o, &c->unmapped));
}

/* With a chunk of memory that a freed buffer leaves. */
static void make_pool(struct context *c)
{
    struct hlthunk_buffer *b;

    MUST(hlthunk_pool_create(c->device, NULL, &c->pool));
    MUST(hlthunk_pool_alloc(c->pool, 4096, NULL, &b));
    hlthunk_buffer_unref(b);
}

static void make_queue(struct context *c)
{
    struct hlthunk_queue_options o = { .struct_size = sizeof(o), .depth = 2 };

    MUST(hlthunk_queue_create(c->device, &o, &c->queue));
}

static void make_fence(struct context *c)
{
    MUST(hlthunk_queue_copy(c->queue, c->other, 0, c->buffer, 0, 4096));
    MUST(hlthunk_queue_create_fence(c->queue, NULL, &c->fence));
}

static void make_command_buffer(struct context *c)
{
    struct hlthunk_command_buffer_options o = {
        .struct_size = sizeof(o),
        .device_mapped = one_entry.asic == HLTHUNK_ASIC_GAUDI2,
    };

    MUST(hlthunk_command_buffer_create(c->device, 4096, &o, &c->command_buffer));
    write_nop(c->command_buffer);
}

/* Of a submission that is over. */
static void make_sequence(struct context *c)
{
    uint32_t status;

    MUST(hlthunk_command_buffer_submit(c->command_buffer, sweep_queue(), 8, &c->sequence));
    MUST(hlthunk_wait_for_cs(c->fd, c->sequence, 30000000, &status));
}

static void make_completion(struct context *c)
{
    MUST(hlthunk_completion_create_for_submissions(c->device, &c->sequence, 1, NULL,
                                                   &c->completion));
}

static void make_server(struct context *c)
{
    MUST(hlthunk_handle_server_create(&c->server));
}

static void make_watch(struct context *c)
{
    MUST(hlthunk_reset_watch_create(c->device, sweep_no_reset, NULL, NULL, &c->watch));
}

static void make_sockets(struct context *c)
{
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, c->sockets));
}

static void make_message(struct context *c)
{
    MUST(hlthunk_dmabuf_send(c->sockets[0], &c->dmabuf, 1, 1000000000));
}

static void make_device_message(struct context *c)
{
    MUST(hlthunk_device_send(c->sockets[0], c->device, 1000000000));
}

/* What some kernels or ASICs do not have: false there. */
static bool make_dmabuf(struct context *c)
{
    return !hlthunk_dmabuf_export(c->buffer, 0, 4096, NULL, &c->dmabuf);
}

static bool make_notifier(struct context *c)
{
    return !hlthunk_event_notifier_create(c->device, NULL, &c->notifier);
}

static bool make_range(struct context *c)
{
    return !hlthunk_address_range_reserve(c->device, 1, NULL, &c->range);
}

static bool make_handle(struct context *c)
{
    c->handle = hlthunk_device_memory_alloc(c->fd, 65536, 0, false, false);
    c->address = c->handle ? hlthunk_device_memory_map(c->fd, c->handle, 0) : 0;
    return c->address; /* Gaudi's memory is never mapped */
}

/* In the order in which they are made: what a later one takes is there. */
static const struct {
    unsigned needs; /* any of these */
    void (*make)(struct context *c);
    bool (*try)(struct context *c);
} parts[] = {
    { on_device, open_device, NULL },
    { NEEDS_BUFFER | NEEDS_DMABUF | NEEDS_MESSAGE | NEEDS_FENCE, make_buffers, NULL },
    { NEEDS_UNMAPPED, make_unmapped, NULL },
    { NEEDS_DMABUF | NEEDS_MESSAGE, NULL, make_dmabuf },
    { NEEDS_POOL, make_pool, NULL },
    { NEEDS_QUEUE | NEEDS_FENCE, make_queue, NULL },
    { NEEDS_FENCE, make_fence, NULL },
    { NEEDS_COMMAND_BUFFER | NEEDS_SEQUENCE | NEEDS_COMPLETION, make_command_buffer, NULL },
    { NEEDS_SEQUENCE | NEEDS_COMPLETION, make_sequence, NULL },
    { NEEDS_COMPLETION, make_completion, NULL },
    { NEEDS_NOTIFIER, NULL, make_notifier },
    { NEEDS_SERVER, make_server, NULL },
    { NEEDS_WATCH, make_watch, NULL },
    { NEEDS_SOCKETS | NEEDS_MESSAGE | NEEDS_DEVICE_MESSAGE, make_sockets, NULL },
    { NEEDS_MESSAGE, make_message, NULL },
    { NEEDS_DEVICE_MESSAGE, make_device_message, NULL },
    { NEEDS_HANDLE, NULL, make_handle },
    { NEEDS_RANGE, NULL, make_range },
};

/* False: this kernel or ASIC does not have what the entry needs. */
bool sweep_make(struct context *c, unsigned needs)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!(needs & parts[i].needs))
            continue;
        if (parts[i].make)
            parts[i].make(c);
        else if (!parts[i].try(c))
            return false;
    }
    return true;
}

static int none(const struct hlthunk_live_object *object, void *user)
{
    (void)object, (void)user;
    return 1;
}

void sweep_unmake(struct context *c)
{
    hlthunk_handle_server_unref(c->server);
    hlthunk_completion_unref(c->completion);
    hlthunk_fence_unref(c->fence);
    hlthunk_queue_unref(c->queue);
    hlthunk_reset_watch_unref(c->watch);
    hlthunk_event_notifier_unref(c->notifier);
    hlthunk_command_buffer_unref(c->command_buffer);
    hlthunk_dmabuf_unref(c->dmabuf);
    hlthunk_buffer_unref(c->buffer);
    hlthunk_buffer_unref(c->other);
    hlthunk_buffer_unref(c->unmapped);
    hlthunk_address_range_unref(c->range);
    hlthunk_pool_unref(c->pool);
    for (int i = 0; i < 2; i++)
        if (c->sockets[i] >= 0)
            close(c->sockets[i]);
    if (c->device) {
        size_t busy;

        /* a fence's callback has its thread, which lets go a moment later */
        for (int i = 0;
             i < PATIENCE_MS && hlthunk_device_list_live_objects(c->device, none, NULL) == 1; i++)
            usleep(1000);
        busy = hlthunk_device_close(c->device);

        if (busy)
            sweep_finding("%zu things keep the device busy after all was given back", busy);
    }
}

bool sweep_failed(const struct entry *e, long rc)
{
    if (e->rules & RETURNS_VALUE)
        return false;
    return e->rules & RETURNS_ZERO ? rc == 0 : rc < 0;
}

/* A text that no call below can have left. */
void sweep_mark_text(void)
{
    const uint8_t none[HLTHUNK_HANDLE_SIZE] = { 0 };
    struct hlthunk_dmabuf *m;

    (void)!hlthunk_dmabuf_open_handle(none, 0, &m);
}

bool sweep_text_is_new(const char *marker)
{
    const char *text = hlthunk_last_error();

    return text[0] && strcmp(text, marker) != 0;
}

/* The kernel says with these that the device, or the work on it, is lost. */
static bool loses_the_device(int error)
{
    return error == EIO || error == ENODEV || error == ETIMEDOUT;
}

struct context *sweep_fresh(void)
{
    static struct context c;
    static void *host;

    if (!host) {
        host = mmap(NULL, HOST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(host, 1, HOST_BYTES);
    }
    memset(&c, 0, sizeof(c));
    c.host = host;
    c.sockets[0] = c.sockets[1] = -1;
    memset(c.out, 0xa5, sizeof(c.out));
    return &c;
}

struct leftovers sweep_leftovers(void)
{
    return (struct leftovers){ inject_live_memory(), count_descriptors() };
}

/* One call without a fault.  False: not on this kernel and ASIC. */
static bool plain(const struct entry *e, long *rc, unsigned *calls, struct leftovers *left)
{
    struct context *c = sweep_fresh();
    bool can = sweep_make(c, e->needs);

    if (can) {
        e->prepare(c);
        inject_count();
        *rc = e->call(c);
        *calls = inject_stop();
        if (!sweep_failed(e, *rc))
            e->undo(c, *rc);
    }
    sweep_unmake(c);
    *left = sweep_leftovers();
    return can;
}

bool sweep_plain(const struct entry *e, long *rc, struct leftovers *left)
{
    unsigned calls;

    return plain(e, rc, &calls, left);
}

/* What a call that a fault has failed must not do. */
static void judge_failure(const struct entry *e, long rc, long plain_rc, bool touched,
                          const char *marker)
{
    if (!(e->rules & LEAVES_OUTPUT) && touched)
        sweep_finding("it fails with %ld and has written to its output", rc);
    if (!sweep_failed(e, plain_rc) && !(e->rules & SAYS_NOTHING) && !sweep_text_is_new(marker))
        sweep_finding("it fails with %ld and says nothing", rc);
    if (rc <= -512 && rc >= -530)
        sweep_finding("it returns the kernel's internal error %ld", rc);
}

/* The same call without the fault: it must succeed, unless there is nothing to call it on. */
static void again(const struct entry *e, struct context *c, long rc, long plain_rc)
{
    if (e->rules & RELEASES || sweep_failed(e, plain_rc) || loses_the_device(now.error) ||
        (e->rules & ENDS_THE_OBJECT && sweep_failed(e, rc)))
        return;
    rc = e->call(c);
    if (sweep_failed(e, rc))
        sweep_finding("the same call without the fault then fails with %ld: %s", rc,
                      hlthunk_last_error());
    else
        e->undo(c, rc);
}

static bool more(const struct leftovers *a, const struct leftovers *b)
{
    return a->descriptors > b->descriptors || a->memory > b->memory;
}

/* More than before is a leak, once the library's threads, which let go as they end, had time. */
static void judge_leftovers(struct leftovers *least)
{
    struct leftovers after = sweep_leftovers();

    for (int i = 0; i < PATIENCE_MS && more(&after, least); i++) {
        usleep(1000);
        after = sweep_leftovers();
    }
    if (after.descriptors > least->descriptors)
        sweep_finding("%zu descriptors are left over", after.descriptors - least->descriptors);
    if (after.memory > least->memory)
        sweep_finding("%zu pieces of memory are left over", after.memory - least->memory);
    *least = after;
}

static void with_fault(const struct entry *e, long plain_rc, struct leftovers *least)
{
    static unsigned char out[OUT_BYTES];
    static char marker[512];
    struct context *c = sweep_fresh();
    long rc;

    if (!sweep_make(c, e->needs))
        broken(e->name);
    e->prepare(c);
    memcpy(out, c->out, sizeof(out));
    sweep_mark_text();
    snprintf(marker, sizeof(marker), "%s", hlthunk_last_error());
    inject_fail(now.call, now.kind, now.error, now.sticky);
    rc = e->call(c);
    inject_stop();
    runs += inject_happened();
    if (verbose)
        printf("%s: call %u (%s), errno %d%s: %ld, %s\n", e->name, now.call, kind_name(now.kind),
               now.error, now.sticky ? " from now on" : "", rc,
               sweep_failed(e, rc) ? hlthunk_last_error() : "");
    if (sweep_failed(e, rc))
        judge_failure(e, rc, plain_rc, memcmp(out, c->out, sizeof(out)), marker);
    else
        e->undo(c, rc);
    memcpy(c->out, out, sizeof(out));
    again(e, c, rc, plain_rc);
    sweep_unmake(c);
    judge_leftovers(least);
}

/* Shortage lasts; what interrupts a call, or tells it to come again, does not. */
static bool may_last(enum kind kind, int error)
{
    return kind <= KIND_DESCRIPTOR && error != EINTR && error != EAGAIN;
}

static void sweep(const struct entry *e)
{
    static enum kind kinds_of_calls[INJECT_MAX];
    unsigned calls = 0, first = runs;
    struct leftovers left;
    long rc = 0;

    now.function = e->name;
    now.error = 0;
    /* twice: what the library keeps for good is there after the first time */
    if (!plain(e, &rc, &calls, &left) || !plain(e, &rc, &calls, &left)) {
        if (verbose)
            printf("%s: not on this kernel and ASIC\n", e->name);
        return;
    }
    if (verbose)
        printf("%s: %ld, %u calls\n", e->name, rc, calls);
    for (unsigned i = 0; i < calls; i++)
        kinds_of_calls[i] = inject_kind(i);
    for (unsigned i = 0; i < calls; i++) {
        const int *errors = kind_errors(kinds_of_calls[i], e->rules & RELEASES);

        for (unsigned j = 0; errors[j]; j++)
            for (int sticky = 0; sticky <= may_last(kinds_of_calls[i], errors[j]); sticky++) {
                now.call = i;
                now.kind = kinds_of_calls[i];
                now.error = errors[j];
                now.sticky = sticky;
                with_fault(e, rc, &left);
            }
    }
    if (verbose)
        printf("%s: %u runs\n", e->name, runs - first);
}

/* What is left over can be given back a moment later, by a thread of the library's as it ends. */
void sweep_same_as(struct leftovers before, const char *what, unsigned n)
{
    struct leftovers after = sweep_leftovers();

    for (int i = 0; i < PATIENCE_MS &&
                    (after.descriptors > before.descriptors || after.memory > before.memory);
         i++) {
        usleep(1000);
        after = sweep_leftovers();
    }
    if (after.descriptors > before.descriptors || after.memory > before.memory)
        sweep_finding("%u %s: %zu descriptors and %zu pieces of memory before, %zu and %zu after",
                      n, what, before.descriptors, before.memory, after.descriptors, after.memory);
}

static void calls_of(const struct entry *e, struct context *c, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        long rc;

        e->prepare(c);
        rc = e->call(c);
        runs++;
        if (!sweep_failed(e, rc))
            e->undo(c, rc);
    }
}

/* What the library keeps for good, a queue for each of its batches, is there after so many. */
static unsigned warm_up(const struct entry *e)
{
    return e->rules & RECORDS ? 20000 : 100;
}

static void cycles(const struct entry *e, unsigned n)
{
    struct context *c = sweep_fresh();
    struct leftovers left;
    long rc;

    now.function = e->name;
    if (sweep_make(c, e->needs) && !(e->rules & RELEASES)) {
        calls_of(e, c, warm_up(e));
        left = sweep_leftovers();
        calls_of(e, c, n);
        sweep_same_as(left, "calls", n);
    }
    sweep_unmake(c);
    for (unsigned i = 0; i < 5; i++)
        (void)sweep_plain(e, &rc, &left);
    for (unsigned i = 0; i < n / 10; i++) {
        struct leftovers ignored;

        runs += sweep_plain(e, &rc, &ignored);
    }
    sweep_same_as(left, "times all that it needs", n / 10);
}

static bool wanted(const char *name, char **names)
{
    if (!*names)
        return true;
    for (; *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

/* What is done with each function: faults, unless one of these is given. */
static unsigned cycle_count;
static sweep_state_fn *state;

/* The options; returns the names behind them. */
static char **parse(char **argv)
{
    if (*argv && !strcmp(*argv, "--verbose"))
        verbose = true, argv++;
    if (argv[0] && argv[1] && !strcmp(argv[0], "--cycles"))
        cycle_count = (unsigned)atoi(argv[1]), argv += 2;
    if (argv[0] && argv[1] && !strcmp(argv[0], "--state")) {
        if (!(state = sweep_state(argv[1])))
            broken("no such state");
        argv += 2;
    }
    return argv;
}

static bool prepare(void)
{
    size_t count;

    if (!inject_start()) {
        printf("sweep: libhlthunk.so is not loaded\n");
        return false;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    nowhere = fopen("/dev/null", "w");
    an_eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    MUST(hlthunk_device_enumerate(&one_entry, sizeof(one_entry), 1, &count));
    if (count != 1) {
        printf("sweep: %zu devices instead of one: run it as hlsim run -- sweep\n", count);
        return false;
    }
    return true;
}

static void treat(const struct entry *e)
{
    now.function = e->name;
    if (state)
        runs += state(e);
    else if (cycle_count)
        cycles(e, cycle_count);
    else
        sweep(e);
}

int main(int argc, char **argv)
{
    const struct entry *const tables[] = { object_entries, classic_entries };
    unsigned functions = 0;

    (void)argc;
    argv = parse(argv + 1);
    if (!prepare())
        return 1;
    for (size_t t = 0; t < 2; t++)
        for (const struct entry *e = tables[t]; e->name; e++)
            if (wanted(e->name, argv)) {
                functions++;
                treat(e);
            }
    printf("sweep: %u functions, %u %s, %u findings\n", functions, runs,
           state         ? "calls"
           : cycle_count ? "cycles"
                         : "faults",
           sweep_findings);
    return sweep_findings != 0;
}
