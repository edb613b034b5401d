/* SPDX-License-Identifier: MIT */
/*
 * Text: one line a call, when it ended, as strace writes them: time, process, device, the call,
 * its result, how long it took.
 *
 * JSON (the Trace Event Format, which Perfetto and chrome://tracing show): processes are rows of
 * their threads' calls; each device is a row, too, with its queues below it and what ran in them.
 */
#include "sim/hlsim/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/layout.h"

#define DEVICE_PID 100000000 /* of device 0 in JSON: beyond every process */
#define ROWS 300
#define PROCESSES 1024

static struct {
    struct sim_state *s;
    FILE *f;
    bool json, first;
    bool stop;
    pthread_t thread;
    pthread_mutex_t lock; /* guards own */
    struct sim_trace_record *own;
    size_t own_count, own_room;
    int64_t zero_ns;
    bool named[SIM_MAX_DEVICES], row_named[SIM_MAX_DEVICES][ROWS];
    pid_t process[PROCESSES]; /* that have their name in the trace: a hash table */
} t = { .lock = PTHREAD_MUTEX_INITIALIZER };

bool trace_active(void)
{
    return t.f != NULL;
}

void trace_add(const struct sim_trace_record *r)
{
    if (!t.f)
        return;
    pthread_mutex_lock(&t.lock);
    if (t.own_count == t.own_room) {
        size_t room = t.own_room ? 2 * t.own_room : 1024;
        struct sim_trace_record *p = realloc(t.own, room * sizeof(*p));

        if (p) {
            t.own = p;
            t.own_room = room;
        }
    }
    if (t.own_count < t.own_room)
        t.own[t.own_count++] = *r;
    pthread_mutex_unlock(&t.lock);
}

static double us(int64_t ns)
{
    return (double)(ns - t.zero_ns) / 1000;
}

static const char *device_name(uint32_t device)
{
    static char name[32];

    layout_name(t.s, t.s->devices[device].index, false, name, sizeof(name));
    return name;
}

/* ---- text ---- */

static void text(const struct sim_trace_record *r)
{
    fprintf(t.f, "%12.6f ", us(r->end_ns) / 1e6);
    switch ((enum sim_trace_kind)r->kind) {
    case SIM_TRACE_CALL:
        fprintf(t.f, "[%d] %s %s = ", (int)r->pid, device_name(r->device), r->text);
        if (r->rc < 0)
            fprintf(t.f, "-1 %s", strerrorname_np(-r->rc));
        else
            fprintf(t.f, "%d", r->rc);
        fprintf(t.f, " <%.6f>\n", (double)(r->end_ns - r->begin_ns) / 1e9);
        break;
    case SIM_TRACE_EVENT:
        fprintf(t.f, "%s: %s\n", device_name(r->device), r->text);
        break;
    case SIM_TRACE_WORK:
        fprintf(t.f, "%s queue %d: %s ended <%.6f>\n", device_name(r->device), r->row, r->text,
                (double)(r->end_ns - r->begin_ns) / 1e9);
        break;
    case SIM_TRACE_PACKET:
        fprintf(t.f, "%s queue %d:   %s\n", device_name(r->device), r->row, r->text);
        break;
    }
}

/* ---- JSON ---- */

static void quoted(const char *s)
{
    fputc('"', t.f);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fputc('\\', t.f);
        if ((unsigned char)*s >= 0x20)
            fputc(*s, t.f);
    }
    fputc('"', t.f);
}

static void open_event(void)
{
    fputs(t.first ? "\n" : ",\n", t.f);
    t.first = false;
}

static void name_device(uint32_t device)
{
    if (t.named[device])
        return;
    t.named[device] = true;
    open_event();
    fprintf(t.f, "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%u,\"args\":{\"name\":\"%s\"}}",
            DEVICE_PID + device, device_name(device));
}

static void name_row(uint32_t device, int32_t row)
{
    if (row < 0 || row >= ROWS || t.row_named[device][row])
        return;
    t.row_named[device][row] = true;
    open_event();
    fprintf(t.f,
            "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%u,\"tid\":%d,"
            "\"args\":{\"name\":\"queue %d\"}}",
            DEVICE_PID + device, row + 1, row);
}

/* A process by its command's name; more than the table holds go without. */
static void name_process(pid_t pid)
{
    char path[48], name[32] = "";
    unsigned i = (unsigned)pid % PROCESSES, tries = 0;
    int fd;

    while (t.process[i] && t.process[i] != pid && tries++ < PROCESSES)
        i = (i + 1) % PROCESSES;
    if (t.process[i])
        return;
    t.process[i] = pid;
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t n = read(fd, name, sizeof(name) - 1);

        name[n > 0 ? n - 1 : 0] = '\0'; /* without the newline */
        close(fd);
    }
    open_event();
    fprintf(t.f,
            "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,\"args\":{\"name\":", (int)pid);
    quoted(name[0] ? name : "a process that ended");
    fputs("}}", t.f);
}

static void json(const struct sim_trace_record *r)
{
    name_device(r->device);
    if (r->kind == SIM_TRACE_CALL)
        name_process(r->pid);
    if (r->kind == SIM_TRACE_WORK || r->kind == SIM_TRACE_PACKET)
        name_row(r->device, r->row);
    open_event();
    switch ((enum sim_trace_kind)r->kind) {
    case SIM_TRACE_CALL:
        fputs("{\"ph\":\"X\",\"cat\":\"call\",\"name\":", t.f);
        quoted(r->text);
        fprintf(t.f,
                ",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,\"args\":{\"device\":\"%s\","
                "\"result\":\"%s\"}}",
                (int)r->pid, (int)r->tid, us(r->begin_ns), (double)(r->end_ns - r->begin_ns) / 1000,
                device_name(r->device), r->rc < 0 ? strerrorname_np(-r->rc) : "0");
        break;
    case SIM_TRACE_WORK:
        fputs("{\"ph\":\"X\",\"cat\":\"work\",\"name\":", t.f);
        quoted(r->text);
        fprintf(t.f, ",\"pid\":%u,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f}", DEVICE_PID + r->device,
                r->row + 1, us(r->begin_ns), (double)(r->end_ns - r->begin_ns) / 1000);
        break;
    case SIM_TRACE_PACKET:
    case SIM_TRACE_EVENT:
        fprintf(t.f, "{\"ph\":\"i\",\"s\":\"%s\",\"cat\":\"%s\",\"name\":",
                r->kind == SIM_TRACE_EVENT ? "p" : "t",
                r->kind == SIM_TRACE_EVENT ? "event" : "packet");
        quoted(r->text);
        fprintf(t.f, ",\"pid\":%u,\"tid\":%d,\"ts\":%.3f}", DEVICE_PID + r->device,
                r->kind == SIM_TRACE_EVENT ? 0 : r->row + 1, us(r->begin_ns));
        break;
    }
}

/* ---- the thread ---- */

static int by_end(const void *a, const void *b)
{
    const struct sim_trace_record *x = a, *y = b;

    return (x->end_ns > y->end_ns) - (x->end_ns < y->end_ns);
}

static void drain(void)
{
    static struct sim_trace_record *all;
    static size_t room;
    struct sim_trace *ring = &t.s->trace;
    uint32_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
    size_t n = head - ring->tail, own;

    pthread_mutex_lock(&t.lock);
    own = t.own_count;
    if (n + own > room) {
        struct sim_trace_record *p = realloc(all, (n + own) * sizeof(*p));

        if (!p) {
            pthread_mutex_unlock(&t.lock);
            return;
        }
        all = p;
        room = n + own;
    }
    if (own)
        memcpy(all, t.own, own * sizeof(*all));
    t.own_count = 0;
    pthread_mutex_unlock(&t.lock);
    for (size_t i = 0; i < n; i++)
        all[own + i] = ring->ring[(ring->tail + i) % SIM_TRACE_RING];
    __atomic_store_n(&ring->tail, head, __ATOMIC_RELEASE);
    if (!(n + own))
        return;
    qsort(all, n + own, sizeof(*all), by_end);
    for (size_t i = 0; i < n + own; i++) {
        if (t.json)
            json(&all[i]);
        else
            text(&all[i]);
    }
    fflush(t.f);
}

static void *writer(void *arg)
{
    (void)arg;
    while (!__atomic_load_n(&t.stop, __ATOMIC_SEQ_CST)) {
        drain();
        usleep(5000);
    }
    return NULL;
}

int trace_start(struct sim_state *s, const char *path)
{
    size_t n = strlen(path);

    t.f = fopen(path, "we");
    if (!t.f)
        return -errno;
    t.s = s;
    t.json = n > 5 && !strcmp(path + n - 5, ".json");
    t.first = true;
    t.zero_ns = sim_trace_now();
    if (t.json)
        fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", t.f);
    if (pthread_create(&t.thread, NULL, writer, NULL))
        return -EAGAIN;
    s->trace.on = true;
    return 0;
}

void trace_stop(void)
{
    if (!t.f)
        return;
    __atomic_store_n(&t.stop, true, __ATOMIC_SEQ_CST);
    pthread_join(t.thread, NULL);
    drain();
    if (t.json)
        fputs("\n]}\n", t.f);
    fclose(t.f);
    t.f = NULL;
}
