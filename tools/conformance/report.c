/* SPDX-License-Identifier: MIT */
/* The report: lines about the machine, then each group's answers (docs/hardware.md). */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/conformance/conformance.h"

/* Whatever a kernel reports stays within its line. */
static void line(FILE *f, const char *name, const char *value)
{
    fprintf(f, "%s: ", name);
    for (; *value; value++)
        fputc(*value >= ' ' && *value <= '~' ? *value : '?', f);
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

static void run_child(const struct plan *p, const struct group *group, int out, int err)
{
    bool whole;

    /* whatever it starts, ends with it */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
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

/* Copies the output until it ends, or until the time is over: false.  Counts lines. */
static bool copy(FILE *f, int in, unsigned long timeout_s, unsigned *lines)
{
    long long end = now_ms() + (long long)timeout_s * 1000;
    char bytes[4096];
    bool whole = true;

    for (;;) {
        struct pollfd pfd = { .fd = in, .events = POLLIN };
        long long left = end - now_ms();
        ssize_t n;

        if (left <= 0 || poll(&pfd, 1, left > 60000 ? 60000 : (int)left) < 0) {
            if (left > 0 && errno == EINTR)
                continue;
            break;
        }
        if (!pfd.revents)
            continue;
        n = read(in, bytes, sizeof(bytes));
        if (n <= 0) {
            if (!whole)
                fputc('\n', f);
            return !n;
        }
        fwrite(bytes, 1, (size_t)n, f);
        whole = bytes[n - 1] == '\n';
        for (ssize_t i = 0; i < n; i++)
            *lines += bytes[i] == '\n';
    }
    if (!whole)
        fputc('\n', f);
    return false;
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

unsigned report_group(FILE *f, const struct plan *p, const struct group *group, bool *finished)
{
    int out[2], err = memfd_create("conformance", MFD_CLOEXEC), status = 0;
    unsigned lines = 0;
    pid_t pid;

    *finished = false;
    fprintf(f, "[%s]\n", group->name);
    /* in the file before the group begins: should the machine crash, it shows where */
    fflush(f);
    fsync(fileno(f));
    if (err < 0 || pipe(out) < 0) {
        line(f, "!not run", strerror(errno));
        return 0;
    }
    pid = fork();
    if (!pid)
        run_child(p, group, out[1], err);
    close(out[1]);
    if (pid < 0) {
        line(f, "!not run", strerror(errno));
    } else {
        bool whole;

        setpgid(pid, pid);
        whole = copy(f, out[0], p->timeout_s, &lines);
        if (!whole) {
            line(f, "!ended", "no answer in time");
            kill(-pid, SIGKILL);
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        *finished = whole && WIFEXITED(status) && !WEXITSTATUS(status);
        if (whole && WIFSIGNALED(status))
            line(f, "!ended", strsignal(WTERMSIG(status)));
        else if (whole && !*finished)
            line(f, "!ended", "could not go on");
        if (!*finished)
            last_words(f, err);
    }
    close(out[0]);
    close(err);
    return lines;
}

void report_end(FILE *f, unsigned answers, unsigned unfinished)
{
    fprintf(f, "[end]\nanswers: %u\nunfinished: %u\n", answers, unfinished);
}
