/* SPDX-License-Identifier: MIT */
/*
 * Observes one device from outside: through its control node, sysfs and /proc.
 * The compute user is not disturbed.
 */
#include <errno.h>
#include <glob.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <habanalabs/hlthunk.h>

#include "diag/dmabufs.h"
#include "tools/command.h"
#include "tools/prometheus.h"
#include "tools/screen.h"

static const char usage[] =
    "usage: hlthunk monitor [--json] [--interval SECONDS] [--count N] [DEVICE]\n"
    "       hlthunk monitor --prometheus [DEVICE]\n\n"
    "Shows a device's status, memory, temperature, power, errors and holders repeatedly: on a\n"
    "terminal in place, otherwise a line each time, with --json one JSON object a line.  What\n"
    "happened since the last look (a reset, a page fault ...) is reported once.  Opens only\n"
    "the control node.  DEVICE is an index, a PCI address or an ASIC's name; without one, the first.\n\n"
    "  --interval SECONDS  between two looks; may be a fraction (default: 1)\n"
    "  --count N           end after N looks (default: when it is interrupted)\n"
    "  --prometheus        one look at every device, or DEVICE, in Prometheus' text format\n";

struct settings {
    double interval;
    unsigned long count;    /* 0: no end */
    bool prometheus, paced; /* an interval or a count is given */
};

static bool take(int c, void *user)
{
    struct settings *s = user;
    char *end;

    s->paced |= c == 'i' || c == 'c';
    if (c == 'i') {
        s->interval = strtod(optarg, &end);
        return end != optarg && !*end && s->interval >= 0.01 && s->interval <= 86400;
    }
    if (c == 'c') {
        errno = 0;
        s->count = strtoul(optarg, &end, 10);
        return *optarg >= '0' && *optarg <= '9' && !*end && !errno && s->count;
    }
    s->prometheus = c == 'p';
    return s->prometheus;
}

/* The errors that the driver keeps a record of, the first of each kind since the device was opened.
 */
static const struct record {
    const char *name;
    enum hlthunk_event_record_id id;
    enum hlthunk_generation since; /* before, the kernel's log has a line for each question */
} records[] = {
    { "submission timeout", HLTHUNK_CS_TIMEOUT, HLTHUNK_GENERATION_MISC },
    { "forbidden access (RAZWI)", HLTHUNK_RAZWI_EVENT, HLTHUNK_GENERATION_MISC },
    { "undefined opcode", HLTHUNK_UNDEFINED_OPCODE, HLTHUNK_GENERATION_MISC },
    { "hardware error", HLTHUNK_HW_ERR_OPCODE, HLTHUNK_GENERATION_ACCEL },
    { "firmware error", HLTHUNK_FW_ERR_OPCODE, HLTHUNK_GENERATION_ACCEL },
    { "engine error", HLTHUNK_ENGINE_EVENT, HLTHUNK_GENERATION_ACCEL },
};
enum { RECORDS = sizeof(records) / sizeof(records[0]) };

/* Any of them; each begins with the time. */
union any_record {
    int64_t timestamp;
    struct hlthunk_event_record_cs_timeout timeout;
    struct hlthunk_event_record_razwi_event razwi;
    struct hlthunk_event_record_undefined_opcode opcode;
    struct hlthunk_event_record_critical_hw_err hw;
    struct hlthunk_event_record_critical_fw_err fw;
    struct hlthunk_event_record_engine_err engine;
};

/* One look. */
struct sample {
    char time[32];
    bool open; /* the control node answers */
    char status[48];
    bool memory_known;
    uint64_t memory_free, memory_size;
    bool stats_known;
    struct hlthunk_open_stats_info stats;
    long temperature, power; /* milli degrees C, microwatts; -1: not known */
    long resets;             /* -1: not known */
    uint64_t firmware_events;
    int64_t record[RECORDS], page_fault;
    bool holders_known;
    unsigned nodes, mappings, kernel, hidden;
    bool unlisted, other_namespace;
    bool dmabufs_known; /* they are of this device, the only one */
    unsigned dmabufs;
    uint64_t dmabuf_bytes;
    char user[48];    /* "python3 (4711)" */
    char events[512]; /* what happened since the last look, separated by "; " */
};

static volatile sig_atomic_t interrupted, resized;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void resize(int signal)
{
    (void)signal;
    resized = 1;
}

/* A number in a file of the device's hwmon folder; -1 without one. */
static long read_hwmon(const struct hlthunk_device_entry *e, const char *name)
{
    char pattern[128];
    long value = -1;
    glob_t g;
    FILE *f;

    snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%s/hwmon/hwmon*/%s", e->pci_address,
             name);
    if (glob(pattern, 0, NULL, &g) == 0) {
        f = fopen(g.gl_pathv[0], "re");
        if (f && fscanf(f, "%ld", &value) != 1)
            value = -1;
        if (f)
            fclose(f);
    }
    globfree(&g);
    return value;
}

/* What hlthunk_holders_list() tells, put together. */
struct tally {
    struct sample *s;
    struct hl_dmabufs dmabufs;
};

static int count_holder(const struct hlthunk_holder *h, void *user)
{
    struct tally *t = user;
    struct sample *s = t->s;

    s->nodes += h->kind == HLTHUNK_HOLDER_NODE;
    s->mappings += h->kind == HLTHUNK_HOLDER_MAPPING;
    s->kernel += h->kind == HLTHUNK_HOLDER_KERNEL;
    if (h->kind == HLTHUNK_HOLDER_NODE && s->nodes == 1)
        snprintf(s->user, sizeof(s->user), "%s (%d)", h->comm, h->pid);
    if (h->kind != HLTHUNK_HOLDER_DMABUF && h->kind != HLTHUNK_HOLDER_KERNEL)
        return 0;
    return hl_dmabufs_add(&t->dmabufs, h);
}

static void find_holders(const struct hlthunk_device_entry *e, struct sample *s)
{
    struct hlthunk_holders_options h = { .struct_size = sizeof(h), .device = e };
    struct hlthunk_holders_seen seen = { .struct_size = sizeof(seen) };
    struct tally t = { .s = s };

    /* our own descriptor does not count: it is of the control node */
    s->holders_known = hlthunk_holders_list(&h, count_holder, &t, &seen) == 0;
    s->hidden = seen.hidden_processes;
    s->unlisted = seen.unlisted_processes;
    s->other_namespace = seen.other_namespace;
    s->dmabufs_known = s->holders_known && seen.devices == 1;
    s->dmabufs = hl_dmabufs_count(&t.dmabufs, &s->dmabuf_bytes);
    hl_dmabufs_free(&t.dmabufs);
}

static void ask_records(int fd, enum hlthunk_generation generation, struct sample *s)
{
    struct hlthunk_page_fault_info fault = { 0 };

    for (unsigned i = 0; i < RECORDS; i++) {
        union any_record r;

        memset(&r, 0, sizeof(r));
        if (generation >= records[i].since && hlthunk_get_event_record(fd, records[i].id, &r) == 0)
            s->record[i] = r.timestamp;
    }
    if (generation >= HLTHUNK_GENERATION_ACCEL &&
        (hlthunk_get_page_fault_info(fd, &fault, 0) == 0 || fault.timestamp))
        s->page_fault = fault.timestamp;
}

static void ask_device(struct hlthunk_device *d, bool with_records, struct sample *s)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };
    struct hlthunk_memory_usage in_use = { .struct_size = sizeof(in_use) };
    enum hlthunk_status status;
    uint32_t events[2048] = { 0 };
    int fd = hlthunk_device_borrow_fd(d);

    if (hlthunk_device_get_status(d, &status))
        return;
    s->open = true;
    snprintf(s->status, sizeof(s->status), "%s", hlthunk_status_get_name(status));
    s->memory_known = hlthunk_device_get_properties(d, &p) == 0 &&
                      hlthunk_device_get_memory_usage(d, &in_use) == 0;
    if (s->memory_known) {
        s->memory_free = in_use.free_bytes;
        s->memory_size = p.memory_size;
    }
    s->stats_known = hlthunk_get_open_stats(fd, &s->stats) == 0;
    if (hlthunk_get_hw_events_arr(fd, true, sizeof(events), events) == 0) {
        for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++)
            s->firmware_events += events[i];
    }
    if (with_records)
        ask_records(fd, p.generation, s);
}

static __attribute__((format(printf, 2, 3))) void happened(struct sample *s, const char *fmt, ...)
{
    size_t n = strlen(s->events);
    va_list ap;

    n += (size_t)snprintf(s->events + n, sizeof(s->events) - n, "%s", n ? "; " : "");
    if (n >= sizeof(s->events))
        return;
    va_start(ap, fmt);
    vsnprintf(s->events + n, sizeof(s->events) - n, fmt, ap);
    va_end(ap);
}

/* What has changed since the last look; the records of errors are the driver's own. */
static void compare(const struct sample *last, struct sample *s)
{
    if (strcmp(last->status, s->status) != 0)
        happened(s, "status: %s, was: %s", s->status, last->status);
    if (last->resets >= 0 && s->resets > last->resets)
        happened(s, "hard reset");
    if (last->stats_known && s->stats_known && s->stats.open_counter > last->stats.open_counter)
        happened(s, "opened");
    if (!last->open || !s->open)
        return;
    if (s->firmware_events > last->firmware_events)
        happened(s, "%llu events of the firmware",
                 (unsigned long long)(s->firmware_events - last->firmware_events));
    for (unsigned i = 0; i < RECORDS; i++) {
        if (s->record[i] && s->record[i] != last->record[i])
            happened(s, "%s", records[i].name);
    }
    if (s->page_fault && s->page_fault != last->page_fault)
        happened(s, "page fault");
}

/* The status as sysfs has it, where the control node does not answer: in the library's words. */
static void read_status(const struct hlthunk_device_entry *e, struct sample *s)
{
    char text[64];
    int rc = hlthunk_device_entry_get_attribute(e, "status", text, sizeof(text));

    if (rc == -ENOENT || rc == -ENODEV)
        snprintf(text, sizeof(text), "gone");
    else if (rc < 0)
        snprintf(text, sizeof(text), "unknown: %s", strerror(-rc));
    for (int i = 0; i <= HLTHUNK_STATUS_IN_RELEASE_RESET; i++) {
        const char *name = hlthunk_status_get_name((enum hlthunk_status)i);

        if (!strcasecmp(text, name))
            snprintf(text, sizeof(text), "%s", name);
    }
    printable(text, s->status, sizeof(s->status));
}

static void look(struct hlthunk_device **d, const struct hlthunk_device_entry *e, bool with_records,
                 struct sample *s)
{
    struct hlthunk_device_options o = {
        .struct_size = sizeof(o),
        .select = HLTHUNK_SELECT_INDEX,
        .index = e->index,
        .control = true,
    };
    time_t now = time(NULL);
    struct tm tm;
    char text[64];

    memset(s, 0, sizeof(*s));
    strftime(s->time, sizeof(s->time), "%Y-%m-%dT%H:%M:%S%z", localtime_r(&now, &tm));
    if (!*d && hlthunk_device_open(&o, d))
        *d = NULL; /* in a reset on 6.1, or gone: retried at the next look */
    if (*d) {
        ask_device(*d, with_records, s);
        if (!s->open) {
            hlthunk_device_unref(*d);
            *d = NULL;
        }
    }
    if (!s->open)
        read_status(e, s);
    s->resets = hlthunk_device_entry_get_attribute(e, "hard_reset_cnt", text, sizeof(text)) < 0
                    ? -1
                    : atol(text);
    s->temperature = read_hwmon(e, "temp1_input");
    s->power = read_hwmon(e, "power1_input");
    find_holders(e, s);
}

static void print_json(const struct hlthunk_device_entry *e, const struct sample *s)
{
    cJSON *o = cJSON_CreateObject();
    char *text;

    cJSON_AddStringToObject(o, "time", s->time);
    cJSON_AddNumberToObject(o, "device", e->index);
    cJSON_AddStringToObject(o, "pci_address", e->pci_address);
    add_text(o, "status", s->status);
    if (s->memory_known) {
        cJSON_AddNumberToObject(o, "memory_bytes", (double)s->memory_size);
        cJSON_AddNumberToObject(o, "memory_free_bytes", (double)s->memory_free);
    }
    if (s->temperature >= 0)
        cJSON_AddNumberToObject(o, "temperature_celsius", (double)s->temperature / 1000);
    if (s->power >= 0)
        cJSON_AddNumberToObject(o, "power_watts", (double)s->power / 1e6);
    if (s->resets >= 0)
        cJSON_AddNumberToObject(o, "hard_resets", (double)s->resets);
    if (s->stats_known) {
        cJSON_AddBoolToObject(o, "in_use", s->stats.is_compute_ctx_active);
        cJSON_AddNumberToObject(o, "opened", (double)s->stats.open_counter);
    }
    if (*s->user)
        add_text(o, "user", s->user);
    if (s->dmabufs_known) {
        cJSON_AddNumberToObject(o, "dmabufs", s->dmabufs);
        cJSON_AddNumberToObject(o, "dmabuf_bytes", (double)s->dmabuf_bytes);
    }
    if (s->holders_known) {
        cJSON_AddNumberToObject(o, "mappings", s->mappings);
        cJSON_AddNumberToObject(o, "hidden_processes", s->hidden);
        cJSON_AddBoolToObject(o, "unlisted_processes", s->unlisted);
        cJSON_AddBoolToObject(o, "other_namespace", s->other_namespace);
    }
    if (*s->events)
        add_text(o, "events", s->events);
    text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    if (text)
        puts(text);
    cJSON_free(text);
}

/* "48.0 C", or "-". */
static const char *tenth(long value, long unit, const char *name, char *text, size_t size)
{
    if (value < 0)
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%ld.%ld %s", value / unit, value % unit * 10 / unit, name);
    return text;
}

/* "768 of 97536 MiB" */
static const char *memory(const struct sample *s, char *text, size_t size)
{
    if (!s->memory_known)
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%llu of %llu MiB",
                 (unsigned long long)(s->memory_size - s->memory_free) >> 20,
                 (unsigned long long)s->memory_size >> 20);
    return text;
}

/*
 * Has the last user closed the device, of which something is left?  A dma-buf or a mapping that a
 * process got from another one does not say that: the other one may have the device still, and be
 * out of sight.
 */
static bool is_left(const struct sample *s)
{
    bool all_seen = s->holders_known && !s->hidden && !s->unlisted && !s->other_namespace;

    return s->stats.compute_ctx_in_release || (all_seen && (s->mappings || s->dmabufs));
}

/* The compute user: a process, none, or none any more while something of the device is left. */
static const char *user(const struct sample *s)
{
    if (*s->user)
        return s->user;
    if (!s->stats_known)
        return "not known";
    if (!s->stats.is_compute_ctx_active && !s->stats.compute_ctx_in_release)
        return "nobody";
    return is_left(s) ? "gone, not free" : "not seen";
}

static const char *resets(const struct sample *s, char *text, size_t size)
{
    if (s->resets < 0)
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%ld", s->resets);
    return text;
}

/* "3, 6 MiB", or "?": with several devices no kernel tells whose they are. */
static const char *dmabufs(const struct sample *s, char *text, size_t size)
{
    char bytes[32];

    if (!s->dmabufs_known)
        snprintf(text, size, "?");
    else
        snprintf(text, size, "%u, %s", s->dmabufs,
                 format_size(s->dmabuf_bytes, bytes, sizeof(bytes)));
    return text;
}

static void print_line(const struct sample *s, bool heading)
{
    char used[48], t[24], w[24], n[24], who[48], size[48];

    if (heading)
        printf("%-8s  %-14s  %-20s  %-7s  %-9s  %6s  %-20s  %s\n", "TIME", "STATUS",
               "MEMORY IN USE", "TEMP", "POWER", "RESETS", "USER", "DMA-BUFS");
    printf("%-8.8s  %-14s  %-20s  %-7s  %-9s  %6s  %-20s  %s\n", s->time + 11, s->status,
           memory(s, used, sizeof(used)), tenth(s->temperature, 1000, "C", t, sizeof(t)),
           tenth(s->power, 1000000, "W", w, sizeof(w)), resets(s, n, sizeof(n)),
           printable(user(s), who, sizeof(who)), dmabufs(s, size, sizeof(size)));
    if (*s->events)
        printf("%-8.8s  * %s\n", s->time + 11, s->events);
}

/* On a terminal, in place: the last events stay at the end. */
enum { HISTORY = 8 };

struct history {
    char text[HISTORY][600];
    unsigned events; /* of all events so far */
};

static void remember(struct history *h, const struct sample *s)
{
    if (*s->events)
        snprintf(h->text[h->events++ % HISTORY], sizeof(h->text[0]), "%.8s  %s", s->time + 11,
                 s->events);
}

static void print_screen(const struct history *h, const struct hlthunk_device_entry *e,
                         const struct sample *s)
{
    unsigned values = 9 + !!s->hidden + s->unlisted + s->other_namespace;
    unsigned shown = h->events < HISTORY ? h->events : HISTORY;
    struct screen p;
    char used[48], t[24], w[24], n[24], size[48];
    bool airy;

    screen_begin(&p);
    airy = p.rows >= values + 2 + HISTORY;
    screen_row(&p, "%s %u (%s)   %.8s", hlthunk_asic_get_name(e->asic), e->index, e->pci_address,
               s->time + 11);
    if (airy)
        screen_row(&p, "%s", "");
    screen_row(&p, "status         %s", s->status);
    screen_row(&p, "memory in use  %s", memory(s, used, sizeof(used)));
    screen_row(&p, "temperature    %s", tenth(s->temperature, 1000, "C", t, sizeof(t)));
    screen_row(&p, "power          %s", tenth(s->power, 1000000, "W", w, sizeof(w)));
    screen_row(&p, "hard resets    %s", resets(s, n, sizeof(n)));
    screen_row(&p, "user           %s", user(s));
    screen_row(&p, "dma-bufs       %s%s", dmabufs(s, size, sizeof(size)),
               s->dmabufs_known && s->kernel ? ", some without a process" : "");
    if (s->holders_known)
        screen_row(&p, "mappings       %u", s->mappings);
    else
        screen_row(&p, "mappings       ?");
    if (s->hidden)
        screen_row(&p, "not seen       %u processes of others", s->hidden);
    if (s->unlisted)
        screen_row(&p, "not seen       processes of others, not listed (hidepid)");
    if (s->other_namespace)
        screen_row(&p, "not seen       processes outside this container");
    if (airy && shown)
        screen_row(&p, "%s", "");
    if (shown > p.rows - p.used)
        shown = p.rows - p.used;
    for (unsigned i = h->events - shown; i < h->events; i++)
        screen_row(&p, "%s", h->text[i % HISTORY]);
    screen_end(&p);
}

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Waits; false when a signal came, also before the call. */
static bool pause_until(double end)
{
    sigset_t ours, before;
    double left;

    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGWINCH);
    sigprocmask(SIG_BLOCK, &ours, &before);
    while (!interrupted && !resized && (left = end - seconds_now()) > 0) {
        struct timespec t = { (time_t)left, (long)((left - (double)(time_t)left) * 1e9) };

        ppoll(NULL, 0, &t, &before);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return !interrupted && !resized;
}

/* Until the next look, redrawing when the terminal is resized: false when it was interrupted.
 */
static bool pause_for(double seconds, const struct history *h, const struct hlthunk_device_entry *e,
                      const struct sample *s)
{
    double end = seconds_now() + seconds;

    while (!pause_until(end)) {
        if (interrupted)
            return false;
        resized = 0;
        print_screen(h, e, s);
        if (fflush(stdout))
            return false;
    }
    return true;
}

static void watch(const struct hlthunk_device_entry *e, const struct settings *settings, bool json)
{
    struct sigaction other_size = { .sa_handler = resize, .sa_flags = SA_RESTART };
    static struct sample now, last;
    static struct history history;
    struct hlthunk_device *d = NULL;
    bool screen = !json && screen_usable();

    if (screen)
        sigaction(SIGWINCH, &other_size, NULL);
    for (unsigned long n = 0; !settings->count || n < settings->count; n++) {
        if (n && !pause_for(settings->interval, &history, e, &last))
            break;
        look(&d, e, true, &now);
        if (n)
            compare(&last, &now);
        if (json) {
            print_json(e, &now);
        } else if (screen) {
            remember(&history, &now);
            print_screen(&history, e, &now);
        } else {
            print_line(&now, n == 0);
        }
        if (fflush(stdout))
            break; /* no reader any more */
        last = now;
    }
    if (screen)
        putchar('\n'); /* for the shell, also after a "^C" */
    hlthunk_device_unref(d);
}

static double known(bool is, double value)
{
    return is ? value : NAN;
}

static void measure(const struct hlthunk_device_entry *e, struct metrics *m)
{
    static struct sample s;
    struct hlthunk_device *d = NULL;

    look(&d, e, false, &s);
    hlthunk_device_unref(d);
    m->device = *e;
    memcpy(m->status, s.status, sizeof(m->status));
    m->values[METRIC_UP] = strcmp(s.status, "operational") == 0;
    m->values[METRIC_MEMORY] = known(s.memory_known, (double)s.memory_size);
    m->values[METRIC_MEMORY_FREE] = known(s.memory_known, (double)s.memory_free);
    m->values[METRIC_TEMPERATURE] = known(s.temperature >= 0, (double)s.temperature / 1000);
    m->values[METRIC_POWER] = known(s.power >= 0, (double)s.power / 1e6);
    m->values[METRIC_RESETS] = known(s.resets >= 0, (double)s.resets);
    m->values[METRIC_OPENED] = known(s.stats_known, (double)s.stats.open_counter);
    m->values[METRIC_IN_USE] = known(s.stats_known, s.stats.is_compute_ctx_active);
    m->values[METRIC_DMABUFS] = known(s.dmabufs_known, s.dmabufs);
    m->values[METRIC_DMABUF_BYTES] = known(s.dmabufs_known, (double)s.dmabuf_bytes);
    m->values[METRIC_FIRMWARE_EVENTS] = known(s.open, (double)s.firmware_events);
}

/* Every device, or the selected one. */
static int print_metrics(const char *text, const struct hlthunk_device_entry *meant)
{
    struct hlthunk_device_entry list[64];
    static struct metrics m[64];
    size_t n = 0;

    if (text) {
        measure(meant, m);
        n = 1;
    } else {
        if (hlthunk_device_enumerate(list, sizeof(*list), 64, &n))
            return fail("monitor");
        n = n < 64 ? n : 64;
        for (size_t i = 0; i < n; i++)
            measure(&list[i], &m[i]);
    }
    prometheus_print(m, n);
    return fflush(stdout) ? EXIT_FAILED : EXIT_OK;
}

int command_monitor(int argc, char **argv)
{
    static const struct option options[] = {
        COMMON_OPTIONS,
        { "interval", required_argument, NULL, 'i' },
        { "count", required_argument, NULL, 'c' },
        { "prometheus", no_argument, NULL, 'p' },
        { NULL, 0, NULL, 0 },
    };
    struct sigaction stop = { .sa_handler = interrupt }; /* no SA_RESTART: ends the sleep */
    struct settings settings = { .interval = 1 };
    struct hlthunk_device_entry entry;
    const char *device;
    int code = EXIT_OK;
    bool json;

    if (!parse_options(argc, argv, usage, options, take, &settings, &json, &code))
        return code;
    if (settings.prometheus && (settings.paced || json))
        return wrong_usage(usage);
    code = find_operand("monitor", argc, argv, usage, &device, &entry);
    if (code != EXIT_OK)
        return code;
    if (settings.prometheus)
        return print_metrics(device, &entry);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    watch(&entry, &settings, json);
    return EXIT_OK;
}
