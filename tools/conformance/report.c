/* SPDX-License-Identifier: MIT */
/* The report: lines about the machine, then each group's answers (docs/hardware.md). */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/conformance/conformance.h"
#include "tools/printable.h"

/* Whatever a kernel reports stays within its line. */
static void line(FILE *f, const char *name, const char *value)
{
    fprintf(f, "%s: ", name);
    for (; *value; value++)
        fputc(printable_character(*value), f);
    fputc('\n', f);
}

static void attribute(FILE *f, const struct hlthunk_device_entry *e, const char *name)
{
    char value[256];

    if (hlthunk_device_entry_get_attribute(e, name, value, sizeof(value)) >= 0)
        line(f, name, value);
}

static void module_version(FILE *f)
{
    char value[128] = "";
    FILE *in = fopen("/sys/module/habanalabs/version", "re");

    if (!in)
        in = fopen("/sys/module/habanalabs/srcversion", "re");
    if (!in)
        return;
    if (fgets(value, sizeof(value), in)) {
        value[strcspn(value, "\n")] = '\0';
        line(f, "module", value);
    }
    fclose(in);
}

void report_begin(FILE *f, const struct plan *p)
{
    static const char *const firmware[] = { "driver_ver",      "cpucp_ver",   "cpucp_kernel_ver",
                                            "preboot_btl_ver", "uboot_ver",   "fw_os_ver",
                                            "fuse_ver",        "thermal_ver", "cpld_ver",
                                            "vrm_ver",         "infineon_ver" };
    const struct hlthunk_device_entry *e = &p->device;
    struct utsname u;
    time_t now = time(NULL);
    char text[64];

    fputs("hlthunk-conformance report 1\n", f);
    line(f, "library", hlthunk_version());
    line(f, "asic", hlthunk_asic_get_name(e->asic));
    snprintf(text, sizeof(text), "%#06x", e->pci_device_id);
    line(f, "pci_device_id", text);
    line(f, "node", e->legacy ? "hl" : "accel");
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    line(f, "date", text);
    if (!uname(&u)) {
        line(f, "kernel", u.release);
        line(f, "kernel_build", u.version);
        line(f, "machine", u.machine);
    }
    line(f, "user", geteuid() ? "ordinary" : "root");
    module_version(f);
    for (size_t i = 0; i < sizeof(firmware) / sizeof(firmware[0]); i++)
        attribute(f, e, firmware[i]);
    fputc('\n', f);
}

int report_signals(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction now;
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (!sigaction(ends[i], NULL, &now) && now.sa_handler != SIG_IGN) /* nohup */
            sigaddset(&set, ends[i]);
    return sigprocmask(SIG_BLOCK, &set, NULL) ? -1 : signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The signal that has come; 0: none. */
static int signal_of(int fd)
{
    struct signalfd_siginfo info;

    return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

static void end_group(int sig)
{
    (void)sig;
    kill(0, SIGKILL);
}

/*
 * Whatever a group starts ends with the tool, also when that is killed.  SIGRTMAX, as no test sends
 * it to its children, which inherit what is done then.
 */
static void end_with(pid_t tool)
{
    struct sigaction end = { .sa_handler = end_group };
    sigset_t none;

    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (sigaction(SIGRTMAX, &end, NULL) || prctl(PR_SET_PDEATHSIG, SIGRTMAX))
        _exit(1);
    if (getppid() != tool)
        end_group(0);
}

static void run_child(const struct plan *p, const struct group *group, pid_t tool, int out, int err)
{
    bool whole;

    end_with(tool);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    whole = group_run(group, &p->device);
    fflush(stdout);
    _exit(!whole);
}

static long long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

enum copied { WHOLE, LATE, INTERRUPTED };

/* Copies the output until it ends, until the time is over, or until the user wants to stop. */
static enum copied copy(FILE *f, int in, struct run *run, unsigned long timeout_s, unsigned *lines)
{
    long long end = now_ms() + (long long)timeout_s * 1000;
    enum copied result = LATE;
    char bytes[4096];
    bool whole = true;

    for (;;) {
        struct pollfd pfd[] = { { .fd = in, .events = POLLIN },
                                { .fd = run->signals, .events = POLLIN } };
        long long left = end - now_ms();
        ssize_t n;

        if (left <= 0 || poll(pfd, 2, left > 60000 ? 60000 : (int)left) < 0) {
            if (left > 0 && errno == EINTR)
                continue;
            break;
        }
        if (pfd[1].revents && (run->interrupted = signal_of(run->signals))) {
            result = INTERRUPTED;
            break;
        }
        if (!pfd[0].revents)
            continue;
        n = read(in, bytes, sizeof(bytes));
        if (n <= 0) {
            result = n ? LATE : WHOLE;
            break;
        }
        fwrite(bytes, 1, (size_t)n, f);
        whole = bytes[n - 1] == '\n';
        for (ssize_t i = 0; i < n; i++)
            *lines += bytes[i] == '\n';
    }
    if (!whole)
        fputc('\n', f);
    return result;
}

/* The last line of a group's standard error. */
static void last_words(FILE *f, int err)
{
    char text[1024];
    ssize_t n, start;
    off_t end = lseek(err, 0, SEEK_END);

    n = pread(err, text, sizeof(text) - 1,
              end > (off_t)sizeof(text) - 1 ? end - (off_t)sizeof(text) + 1 : 0);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    if (n <= 0)
        return;
    text[n] = '\0';
    for (start = n; start > 0 && text[start - 1] != '\n'; start--)
        ;
    line(f, "!said", text + start);
}

/* How the group ended, where that was not by itself. */
static void tell_end(FILE *f, enum copied copied, int status)
{
    if (copied == LATE)
        line(f, "!ended", "no answer in time");
    else if (copied == INTERRUPTED)
        line(f, "!ended", "interrupted");
    else if (WIFSIGNALED(status))
        line(f, "!ended", strsignal(WTERMSIG(status)));
    else
        line(f, "!ended", "could not go on");
}

unsigned report_group(FILE *f, const struct plan *p, const struct group *group, struct run *run)
{
    int out[2], err, status = 0;
    pid_t pid, tool = getpid();
    unsigned lines = 0;

    run->finished = false;
    fprintf(f, "[%s]\n", group->name);
    /* in the file before the group begins: should the machine crash, it shows where */
    fflush(f);
    fsync(fileno(f));
    err = memfd_create("conformance", MFD_CLOEXEC);
    if (err < 0 || pipe(out) < 0) {
        line(f, "!not run", strerror(errno));
        if (err >= 0)
            close(err);
        return 0;
    }
    pid = fork();
    if (!pid)
        run_child(p, group, tool, out[1], err);
    close(out[1]);
    if (pid < 0) {
        line(f, "!not run", strerror(errno));
    } else {
        enum copied copied;

        setpgid(pid, pid);
        copied = copy(f, out[0], run, p->timeout_s, &lines);
        if (copied != WHOLE)
            kill(-pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        run->finished = copied == WHOLE && WIFEXITED(status) && !WEXITSTATUS(status);
        if (!run->finished) {
            tell_end(f, copied, status);
            last_words(f, err);
        }
    }
    close(out[0]);
    close(err);
    return lines;
}

void report_end(FILE *f, unsigned answers, unsigned unfinished)
{
    fprintf(f, "[end]\nanswers: %u\nunfinished: %u\n", answers, unfinished);
}
