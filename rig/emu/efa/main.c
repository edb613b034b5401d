/* SPDX-License-Identifier: MIT */
/*
 * rig-efa: emulated EFA cards behind QEMU's vfio-user-pci devices, one or several, and the network
 * between them: enough that the kernel's unmodified efa driver and rdma-core's libefa work.
 */
#include "rig/emu/efa/card.h"
#include "rig/emu/guard.h"
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct seat { /* of a card */
    struct efa_card *card;
    const char *socket, *control;
    int listener, commands;
    bool over;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void usage(void)
{
    fprintf(stderr, "usage: rig-efa [--verbose] [--window PATH]... "
                    "{--socket PATH --log FILE [--control PATH]}...\n");
    exit(2);
}

/* One connection to the control socket: a line of text, and its answer. */
static void control_line(struct seat *s)
{
    int fd = accept4(s->commands, NULL, NULL, SOCK_CLOEXEC), rc;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char line[256];
    ssize_t n;

    if (fd < 0)
        return;
    n = poll(&p, 1, 100) == 1 ? read(fd, line, sizeof(line) - 1) : 0; /* no one holds us up */
    if (n > 0) {
        line[n] = 0;
        line[strcspn(line, "\n")] = 0;
        rc = efa_command(s->card, line);
        n = snprintf(line, sizeof(line), "%s\n", rc ? strerror(-rc) : "ok");
        (void)!send(fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    close(fd);
}

static void gone(struct seat *s)
{
    struct efa_card *c = s->card;

    efa_log(c,
            "client gone; %lu register writes, %lu commands, %lu work requests, "
            "%lu completions",
            c->nreg, c->ncmd, c->nwqe, c->ncqe);
    close(c->v.sock);
    c->v.sock = -1;
    c->unplugged = true;
    efa_card_reset(c);
    s->over = true;
}

static int timeout(uint64_t next)
{
    uint64_t now = now_ns();

    if (!next)
        return -1;
    return next <= now ? 0 : (int)((next - now + 999999) / 1000000);
}

static void serve(struct seat *seat, unsigned n)
{
    struct pollfd p[EFA_MAX_CARDS * 2];
    uint64_t next = 0;

    for (;;) {
        unsigned left = 0;

        for (unsigned i = 0; i < n; i++) {
            struct seat *s = &seat[i];

            left += !s->over;
            p[2 * i] = (struct pollfd){ .events = POLLIN };
            p[2 * i].fd = s->over ? -1 : s->card->v.sock >= 0 ? s->card->v.sock : s->listener;
            p[2 * i + 1] = (struct pollfd){ .fd = s->commands, .events = POLLIN };
        }
        if (!left || (poll(p, 2 * n, timeout(next)) < 0 && errno != EINTR))
            return;
        next = 0;
        for (unsigned i = 0; i < n; i++) {
            struct seat *s = &seat[i];
            uint64_t t;

            if (p[2 * i].revents && s->card->v.sock < 0)
                s->card->v.sock = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
            else if (p[2 * i].revents && vfu_step(&s->card->v) <= 0)
                gone(s);
            if (p[2 * i + 1].revents)
                control_line(s);
            t = efa_run(s->card);
            if (t && (!next || t < next))
                next = t;
        }
    }
}

static void open_seat(struct seat *s, struct efa_net *net, const char *log, bool verbose)
{
    s->card = malloc(sizeof(*s->card));
    if (!s->card || efa_card_init(s->card, net, net->cards) < 0) {
        perror("rig-efa");
        exit(1);
    }
    s->card->v.sock = -1;
    s->card->verbose = verbose;
    s->card->log = fopen(log, "we");
    if (!s->card->log) {
        perror(log);
        exit(1);
    }
    s->listener = vfu_listen(s->socket);
    s->commands = s->control ? vfu_listen(s->control) : -1;
    if (s->listener < 0 || (s->control && s->commands < 0)) {
        perror(s->socket);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "socket", required_argument, NULL, 's' },  { "log", required_argument, NULL, 'l' },
        { "control", required_argument, NULL, 'c' }, { "window", required_argument, NULL, 'w' },
        { "verbose", no_argument, NULL, 'v' },       { NULL, 0, NULL, 0 },
    };
    static struct efa_net net = { .now = now_ns };
    struct seat seat[EFA_MAX_CARDS] = { 0 };
    const char *log[EFA_MAX_CARDS] = { NULL };
    bool verbose = false;
    unsigned n = 0;
    int c;

    prctl(PR_SET_PDEATHSIG, SIGTERM); /* never outlive the script that started it */
    signal(SIGPIPE, SIG_IGN);
    guard_install();
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 's' && n < EFA_MAX_CARDS)
            seat[n++].socket = optarg;
        else if (c == 'l' && n)
            log[n - 1] = optarg;
        else if (c == 'c' && n)
            seat[n - 1].control = optarg;
        else if (c == 'v')
            verbose = true;
        else if (c != 'w' || net.windows == EFA_MAX_WINDOWS)
            usage();
        if (c == 'w') {
            net.window[net.windows] = window_connect(optarg);
            if (!net.window[net.windows++]) {
                perror(optarg);
                return 1;
            }
        }
    }
    if (!n || optind < argc)
        usage();
    for (unsigned i = 0; i < n; i++) {
        if (!log[i])
            usage();
        open_seat(&seat[i], &net, log[i], verbose);
    }
    serve(seat, n);
    for (unsigned i = 0; i < n; i++)
        unlink(seat[i].socket);
    return 0;
}
