/* SPDX-License-Identifier: MIT */
/* hlthunk-conformance: options, the device, one group after the other. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/conformance/conformance.h"

static const char usage[] =
    "usage: hlthunk-conformance [OPTION]... [INDEX]\n\n"
    "Asks a Habana device that nobody uses some thousand questions and writes every answer to one\n"
    "file, to be compared with the simulator's and the rig's (docs/hardware.md).  INDEX is the N of\n"
    "/dev/accel/accelN; without it, the first device.  Says what it will do before it starts.\n\n"
    "  --output FILE      the report (default: hlthunk-report-ASIC.txt); \"-\": standard output\n"
    "  --only GROUP       this group alone; may be repeated\n"
    "  --reset            the group that has the device reset, too; needs root\n"
    "  --timeout SECONDS  the longest that a group may take (default: 900)\n"
    "  --yes              do not ask, on a terminal, whether to start\n"
    "  --list             say what would be done, and end\n"
    "  --help, --version\n\n"
    "Exit codes: 0 all answered, 1 failed, 2 wrong usage, 3 no such device, 4 a group did not end\n"
    "by itself (the report says which), 5 somebody holds the device: nothing was done.\n";

static int failed(const char *what)
{
    fprintf(stderr, "hlthunk-conformance: %s: %s\n", what, strerror(errno));
    return EXIT_FAILED;
}

/* Half of an answer on standard output is none. */
static int told(void)
{
    return fflush(stdout) || ferror(stdout) ? failed("the output could not be written") : EXIT_OK;
}

static bool is_group(const char *name)
{
    struct group group;

    for (unsigned i = 0; group_get(i, &group); i++)
        if (!strcmp(name, group.name))
            return true;
    fprintf(stderr, "hlthunk-conformance: no group \"%s\"; --list tells them\n", name);
    return false;
}

static bool number(const char *text, unsigned long *value)
{
    char *end;

    errno = 0;
    *value = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno;
}

static int find_device(const char *text, struct hlthunk_device_entry *device)
{
    struct hlthunk_device_entry list[64];
    unsigned long index = 0;
    size_t n = 0;

    if (text && !number(text, &index)) {
        fprintf(stderr, "hlthunk-conformance: \"%s\" is not an index\n%s", text, usage);
        return EXIT_USAGE;
    }
    if (hlthunk_device_enumerate(list, sizeof(*list), 64, &n)) {
        fprintf(stderr, "hlthunk-conformance: %s\n", hlthunk_last_error());
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < n && i < 64; i++) {
        if (!text || list[i].index == index) {
            *device = list[i];
            return EXIT_OK;
        }
    }
    fprintf(stderr, "hlthunk-conformance: %s\n",
            n ? "this machine has no device of this index"
              : "no Habana device on this machine, or its driver is not loaded");
    return EXIT_NO_DEVICE;
}

/* Whether it can be opened; it is closed again. */
static int is_free(const struct hlthunk_device_entry *e)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o),
                                        .select = HLTHUNK_SELECT_INDEX,
                                        .index = e->index };
    struct hlthunk_device *device;
    char holder[200];
    int rc;

    rc = find_holder(e, holder, sizeof(holder));
    if (rc < 0) {
        fprintf(stderr,
                "hlthunk-conformance: who has device %u is not known: %s.  "
                "Nothing was done.\n",
                e->index, holder);
        return EXIT_FAILED;
    }
    if (rc) {
        fprintf(stderr, "hlthunk-conformance: device %u is in use: %s.  Nothing was done.\n",
                e->index, holder);
        return EXIT_HELD;
    }
    rc = hlthunk_device_open(&o, &device);
    if (!rc) {
        hlthunk_device_unref(device);
        return EXIT_OK;
    }
    fprintf(stderr, "hlthunk-conformance: %s.  Nothing was done.\n", hlthunk_last_error());
    return rc == -EBUSY || rc == -EAGAIN ? EXIT_HELD : EXIT_FAILED;
}

static bool confirmed(void)
{
    char answer[16];

    if (!isatty(STDIN_FILENO))
        return true;
    fputs("Start? [y/N] ", stderr);
    return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

static int run(const struct plan *p, FILE *f, struct run *run)
{
    bool terminal = isatty(STDERR_FILENO);
    unsigned answers = 0, unfinished = 0;
    struct group group;

    report_begin(f, p);
    for (unsigned i = 0; group_get(i, &group) && !run->interrupted; i++) {
        unsigned n;

        if (!plan_has(p, &group))
            continue;
        if (terminal)
            fprintf(stderr, "%-18s ...", group.name);
        n = report_group(f, p, &group, run);
        fprintf(stderr, "%s%-18s %5u answers%s\n", terminal ? "\r" : "", group.name, n,
                run->finished      ? ""
                : run->interrupted ? ", and then it was interrupted"
                                   : ", and then it did not go on");
        answers += n;
        unfinished += !run->finished;
    }
    if (!run->interrupted)
        report_end(f, answers, unfinished);
    /* a pipe cannot be synced, and need not be */
    if (fflush(f) || ferror(f) || (fsync(fileno(f)) && errno != EINVAL && errno != EROFS))
        return failed(p->output);
    fprintf(stderr, "%u answers are in %s\n", answers, p->output);
    return unfinished ? EXIT_UNFINISHED : EXIT_OK;
}

/* Ends as the signal would have ended it. */
static void die_of(int sig)
{
    sigset_t set;

    signal(sig, SIG_DFL);
    raise(sig);
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int run_into_file(const struct plan *p)
{
    struct run state = { 0 };
    FILE *f = strcmp(p->output, "-") ? fopen(p->output, "we") : stdout;
    int rc;

    if (!f)
        return failed(p->output);
    /* whole lines: whenever the tool is killed, what is there is a report up to there */
    setvbuf(f, NULL, _IOLBF, 0);
    state.signals = report_signals();
    if (state.signals < 0)
        return failed("signalfd");
    rc = run(p, f, &state);
    if (fclose(f) && !rc)
        rc = failed(p->output);
    if (state.interrupted)
        die_of(state.interrupted);
    return rc;
}

/* One option: false for a value out of range, and for an option that there is not. */
static bool take(int option, struct plan *p, bool *list)
{
    switch (option) {
    case 'o':
        p->output = optarg;
        return true;
    case 'g':
        if (p->only_count == sizeof(p->only) / sizeof(p->only[0]) || !is_group(optarg))
            return false;
        p->only[p->only_count++] = optarg;
        return true;
    case 'r':
        return p->reset = true;
    case 't':
        return number(optarg, &p->timeout_s) && p->timeout_s && p->timeout_s <= INT_MAX;
    case 'y':
        return p->yes = true;
    case 'l':
        return *list = true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "output", required_argument, NULL, 'o' },
        { "only", required_argument, NULL, 'g' },
        { "reset", no_argument, NULL, 'r' },
        { "timeout", required_argument, NULL, 't' },
        { "yes", no_argument, NULL, 'y' },
        { "list", no_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    struct plan p = { .timeout_s = 900 };
    bool list = false;
    char name[64];
    int c, rc;

    /* before anything is printed (it has no effect later): the cases' own children print and exit
     */
    setvbuf(stdout, NULL, _IOLBF, 0);
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'h')
            return fputs(usage, stdout), told();
        if (c == 'v')
            return printf("hlthunk-conformance %s\n", hlthunk_version()), told();
        if (!take(c, &p, &list))
            return fputs(usage, stderr), EXIT_USAGE;
    }
    if (argc - optind > 1)
        return fputs(usage, stderr), EXIT_USAGE;
    rc = find_device(argv[optind], &p.device);
    if (rc)
        return rc;
    snprintf(name, sizeof(name), "hlthunk-report-%s.txt", hlthunk_asic_get_name(p.device.asic));
    if (!p.output)
        p.output = name;
    plan_print(list ? stdout : stderr, &p);
    if (list)
        return told();
    rc = is_free(&p.device);
    if (rc)
        return rc;
    if (!p.yes && !confirmed())
        return fputs("hlthunk-conformance: not started\n", stderr), EXIT_FAILED;
    return run_into_file(&p);
}
