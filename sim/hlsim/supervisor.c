/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/hlsim/call.h"
#include "sim/hlsim/clients.h"
#include "sim/hlsim/connections.h"
#include "sim/hlsim/debugfs.h"
#include "sim/hlsim/execute.h"
#include "sim/hlsim/files.h"
#include "sim/hlsim/guard.h"
#include "sim/hlsim/start.h"
#include "sim/hlsim/sysfs_write.h"
#include "sim/hlsim/trace.h"
#include "sim/hlsim/tree.h"
#include "sim/hlsim/workers.h"
#include "sim/lock.h"

/* Between two checks of a reset that ends by itself. */
#define ATTENTION_MS 10
/* Longer than those that end with the program take for it on a loaded machine. */
#define PARTING_MS 2000

struct supervisor {
    struct sim_state *s;
    int signals, all;
    pid_t child;
    int child_status;
    bool child_ended;
    bool child_stopped; /* by job control */
    bool told_to_stop;  /* so were we */
};

static void *segment(const char *name, size_t size, int *fd)
{
    void *p;

    *fd = memfd_create(name, MFD_CLOEXEC);
    if (*fd < 0 || ftruncate(*fd, (off_t)size) < 0)
        return NULL;
    p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

static int create_state(struct supervisor *v, const struct supervisor_options *o)
{
    struct sim_state *s = segment("hlsim-state", sizeof(*s), &call_segments[0]);

    if (!s)
        return -errno;
    v->s = s;
    s->magic = SIM_MAGIC;
    s->size = (uint32_t)sizeof(*s);
    s->supervisor = getpid();
    s->generation = o->generation;
    s->bar_size = o->bar_size;
    s->quiet = o->quiet;
    s->fault_count = o->fault_count;
    memcpy(s->faults, o->faults, sizeof(s->faults));
    memset(s->file_buckets, 0xff, sizeof(s->file_buckets));
    sim_lock_init(s);
    for (; s->device_count < o->device_count; s->device_count++) {
        int rc = call_create_device(s, s->device_count, o->asics[s->device_count]);

        if (rc)
            return rc;
    }
    return 0;
}

enum { TAG_CONNECTIONS, TAG_FILES, TAG_CLIENTS, TAG_SIGNALS, TAG_WAKE, TAG_SYSFS };

/* A descriptor to be looked after, or an error that is passed on. */
static int watch(struct supervisor *v, int fd, uint32_t tag)
{
    struct epoll_event e = { .events = EPOLLIN, .data.u32 = tag };

    if (fd < 0)
        return fd;
    return epoll_ctl(v->all, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* No signal ends us before the program has ended. */
static int create_signals(void)
{
    sigset_t set;
    int fd;

    /* except faults of our own */
    sigfillset(&set);
    sigdelset(&set, SIGSEGV);
    sigdelset(&set, SIGBUS);
    sigdelset(&set, SIGFPE);
    sigdelset(&set, SIGILL);
    sigdelset(&set, SIGABRT);
    sigdelset(&set, SIGTRAP);
    sigdelset(&set, SIGSYS);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

static int create_loop(struct supervisor *v)
{
    struct sim_mailbox *box = segment("hlsim-mailbox", sizeof(*box), &call_segments[1]);
    int rc;

    if (!box)
        return -errno;
    v->all = epoll_create1(EPOLL_CLOEXEC);
    if (v->all < 0)
        return -errno;
    v->signals = create_signals();
    execute_wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (execute_wake_fd < 0)
        return -errno;
    rc = watch(v, v->signals, TAG_SIGNALS);
    rc = rc ? rc : watch(v, sysfs_write_start(), TAG_SYSFS);
    rc = rc ? rc : watch(v, execute_wake_fd, TAG_WAKE);
    rc = rc ? rc : watch(v, files_create(debugfs_written), TAG_FILES);
    rc = rc ? rc : watch(v, clients_create(), TAG_CLIENTS);
    rc = rc ? rc : watch(v, connections_create(v->s), TAG_CONNECTIONS);
    return rc ? rc : workers_start(v->s, box);
}

static bool stops(int signal)
{
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* Those that a terminal sends to all its processes are not passed on: the program has them. */
static bool for_the_program(const struct supervisor *v, const struct signalfd_siginfo *i)
{
    switch (i->ssi_signo) {
    case SIGCHLD:
    case SIGPIPE:
    case SIGWINCH:
    case SIGCONT:
        return false;
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return i->ssi_code != SI_KERNEL && (pid_t)i->ssi_pid != v->child;
    default:
        return true;
    }
}

static void watch_child(struct supervisor *v)
{
    int status;

    while (waitpid(v->child, &status, WNOHANG | WUNTRACED | WCONTINUED) == v->child) {
        v->child_stopped = WIFSTOPPED(status) && stops(WSTOPSIG(status));
        if (WIFSTOPPED(status) || WIFCONTINUED(status))
            continue;
        v->child_status = status;
        v->child_ended = true;
    }
}

/* With the program: a shell waits for us, and has the terminal back when we have stopped. */
static void stop(struct supervisor *v)
{
    raise(SIGSTOP);
    v->told_to_stop = v->child_stopped = false;
    kill(v->child, SIGCONT);
}

static void read_signals(struct supervisor *v)
{
    struct signalfd_siginfo i;

    while (read(v->signals, &i, sizeof(i)) == (ssize_t)sizeof(i)) {
        if (stops((int)i.ssi_signo))
            v->told_to_stop = true;
        else if (i.ssi_signo == SIGCONT)
            v->told_to_stop = false;
        if (for_the_program(v, &i) && !v->child_ended)
            kill(v->child, (int)i.ssi_signo);
    }
    watch_child(v);
    if (v->told_to_stop && v->child_stopped && !v->child_ended)
        stop(v);
}

/* An executor has news for eventfds or sysfs, which loop() handles. */
static void woken(void)
{
    uint64_t n;

    while (read(execute_wake_fd, &n, sizeof(n)) < 0 && errno == EINTR)
        ;
}

static void settle(struct sim_state *s)
{
    sim_lock(s);
    files_settle(s);
    sim_unlock(s);
}

/* Reports what this round's events, an ioctl or the end of a reset have left. */
static void attend(struct sim_state *s)
{
    if (!s->attention)
        return;
    sim_lock(s);
    call_attend(s);
    sim_unlock(s);
}

static void health(struct sim_state *s)
{
    static int64_t last_ns;

    if (sim_trace_now() - last_ns < 1000000000)
        return;
    last_ns = sim_trace_now();
    tree_health(s);
}

static void serve(struct supervisor *v, uint32_t tag)
{
    switch (tag) {
    case TAG_CONNECTIONS:
        connections_serve();
        break;
    case TAG_FILES:
        settle(v->s);
        break;
    case TAG_CLIENTS:
        clients_reap(workers_forget);
        break;
    case TAG_SIGNALS:
        read_signals(v);
        break;
    case TAG_WAKE:
        woken();
        break;
    default:
        sysfs_write_serve(v->s);
    }
}

/* What there is to do, or comes up within that time. */
static void turn(struct supervisor *v, int timeout_ms)
{
    struct epoll_event e[8];
    int n = epoll_wait(v->all, e, 8, timeout_ms);

    health(v->s);
    for (int i = 0; i < n; i++)
        serve(v, e[i].data.u32);
    attend(v->s);
}

static void loop(struct supervisor *v)
{
    while (!v->child_ended) /* a reset that ends by itself is polled until sysfs has reported it */
        turn(v, v->s->attention ? ATTENTION_MS : 1000);
}

static int set_up(struct supervisor *v, const struct supervisor_options *options)
{
    int rc;

    start_prepare();
    call_seed = options->seed;
    rc = create_state(v, options);
    rc = rc ? rc : guard_start(v->s);
    rc = rc ? rc : tree_create(v->s);
    rc = rc ? rc : create_loop(v);
    for (uint32_t i = 0; !rc && i < v->s->device_count; i++)
        sysfs_write_watch(v->s, &v->s->devices[i]);
    if (rc) {
        fprintf(stderr, "hlsim: cannot set the simulation up: %s\n", strerror(-rc));
        return rc;
    }
    rc = options->trace ? trace_start(v->s, options->trace) : 0;
    if (rc)
        fprintf(stderr, "hlsim: --trace %s: %s\n", options->trace, strerror(-rc));
    return rc;
}

/*
 * Daemons, and children that nobody has waited for.  Those that end with the program are given the
 * time for it: a container's first process ends a moment after the one that waits for it.
 */
static void say_who_stays(struct supervisor *v)
{
    int64_t deadline_ns = sim_trace_now() + PARTING_MS * 1000000ll;
    pid_t pid;

    if (v->s->quiet)
        return;
    while ((pid = clients_survivor(v->s)) && sim_trace_now() < deadline_ns)
        turn(v, 10);
    if (pid)
        fprintf(stderr,
                "hlsim: the program has ended, and with it the simulation: process %d continues "
                "without its devices\n",
                (int)pid);
}

int supervisor_run(const struct supervisor_options *options, char **argv)
{
    static struct supervisor v = { .child = -1 };
    int rc = set_up(&v, options);

    if (!rc) {
        v.child = start_program(v.s, argv);
        if (v.child >= 0) {
            loop(&v);
            say_who_stays(&v);
        }
        settle(v.s);
        execute_stop_all(v.s);
        trace_stop();
    }
    guard_end();
    if (v.child < 0)
        return 125;
    if (WIFSIGNALED(v.child_status))
        return 128 + WTERMSIG(v.child_status);
    return WEXITSTATUS(v.child_status);
}
