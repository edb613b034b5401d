/* SPDX-License-Identifier: MIT */
/*
 * rig-efa: one or more emulated EFA cards behind QEMU's vfio-user-pci devices, and the network
 * between them: enough for the kernel's unmodified efa driver and rdma-core's libefa to work.
 */
#include "rig/emu/efa/card.h"
#include "rig/emu/efa/link.h"
#include "rig/emu/control.h"
#include "rig/emu/ending.h"
#include "rig/emu/guard.h"
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct seat { /* of a card */
    struct efa_card *card;
    const char *socket, *control, *log;
    int listener;
    struct control commands;
    bool over;
};

#define SEAT_POLLS (1 + CONTROL_POLLS)

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void usage(void)
{
    fprintf(stderr, "usage: rig-efa [--verbose] [--window PATH]... "
                    "[--link-listen PATH | --link PATH] [--first NUMBER] [--acs] "
                    "{--socket PATH --log FILE [--control PATH]}...\n");
    exit(2);
}

/* A line that came on the control socket. */
static int command(void *card, const char *line)
{
    return efa_command(card, line);
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

static struct timespec until(uint64_t next)
{
    uint64_t now = now_ns(), left = next > now ? next - now : 0;

    return (struct timespec){ .tv_sec = (time_t)(left / 1000000000u),
                              .tv_nsec = (long)(left % 1000000000u) };
}

/* Fills in what poll() waits for; returns how many cards still have a client, or may get one. */
static unsigned prepare(const struct seat *seat, unsigned n, const struct efa_net *net,
                        struct pollfd *p)
{
    unsigned left = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct seat *s = &seat[i];

        left += !s->over;
        *p = (struct pollfd){ .events = POLLIN };
        p->fd = s->over ? -1 : s->card->v.sock >= 0 ? s->card->v.sock : s->listener;
        control_poll(&s->commands, p + 1);
        p += SEAT_POLLS;
    }
    *p = (struct pollfd){ .fd = net->link ? efa_link_fd(net->link) : -1, .events = POLLIN };
    return left;
}

/* One client, once. */
static void take_client(struct seat *s)
{
    s->card->v.sock = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
    if (s->card->v.sock >= 0) {
        close(s->listener);
        s->listener = -1;
        unlink(s->socket);
    }
}

/* One card's turn; returns when it wants the next (0: at no particular time). */
static uint64_t take_turn(struct seat *s, const struct pollfd *p)
{
    if (p[0].revents && s->card->v.sock < 0)
        take_client(s);
    else if (p[0].revents && vfu_step(&s->card->v) <= 0)
        gone(s);
    control_serve(&s->commands, p + 1);
    return efa_run(s->card);
}

static void serve(struct seat *seat, unsigned n, struct efa_net *net, const sigset_t *open)
{
    struct pollfd p[EFA_MAX_CARDS * SEAT_POLLS + 1];
    const nfds_t polls = n * SEAT_POLLS + 1;
    uint64_t next = 0;

    while (prepare(seat, n, net, p) && !ending()) {
        struct timespec wait = until(next);

        if (ppoll(p, polls, next ? &wait : NULL, open) < 0) {
            if (errno != EINTR)
                return;
            continue;
        }
        if (p[polls - 1].revents)
            efa_link_step(net);
        next = 0;
        for (unsigned i = 0; i < n; i++) {
            uint64_t t = take_turn(&seat[i], &p[SEAT_POLLS * i]);

            if (t && (!next || t < next))
                next = t;
        }
    }
}

static void open_seat(struct seat *s, struct efa_net *net, unsigned first, bool verbose)
{
    s->card = malloc(sizeof(*s->card));
    if (!s->card || efa_card_init(s->card, net, first + net->cards) < 0) {
        perror("rig-efa");
        exit(1);
    }
    s->card->v.sock = -1;
    s->card->verbose = verbose;
    s->card->log = fopen(s->log, "we");
    if (!s->card->log) {
        perror(s->log);
        exit(1);
    }
    s->listener = vfu_listen(s->socket, SOCK_STREAM);
    if (s->listener < 0 || control_open(&s->commands, s->control, command, s->card) < 0) {
        perror(s->socket);
        exit(1);
    }
}

struct arguments {
    struct seat seat[EFA_MAX_CARDS];
    unsigned n, first; /* first: the number of the first card in its network */
    const char *cable; /* ours to listen at */
    bool verbose, acs;
};

static void add_window(struct efa_net *net, const char *path)
{
    if (net->windows == EFA_MAX_WINDOWS)
        usage();
    net->window[net->windows] = window_connect(path);
    if (!net->window[net->windows++]) {
        perror(path);
        exit(1);
    }
}

static void open_link(struct arguments *a, struct efa_net *net, const char *path, bool listens)
{
    static struct efa_link link;

    if (net->link)
        usage();
    net->link = &link;
    if (listens ? efa_link_listen(&link, path) : efa_link_connect(&link, path)) {
        perror(path);
        exit(1);
    }
    a->cable = listens ? path : NULL;
}

static void add_seat(struct arguments *a, const char *path)
{
    if (a->n == EFA_MAX_CARDS)
        usage();
    a->seat[a->n++].socket = path;
}

/* An option of the card named last. */
static void of_seat(struct arguments *a, int option, const char *path)
{
    if (!a->n)
        usage();
    if (option == 'l')
        a->seat[a->n - 1].log = path;
    else
        a->seat[a->n - 1].control = path;
}

static void parse(struct arguments *a, struct efa_net *net, int argc, char **argv)
{
    static const struct option options[] = {
        { "socket", required_argument, NULL, 's' },
        { "log", required_argument, NULL, 'l' },
        { "control", required_argument, NULL, 'c' },
        { "window", required_argument, NULL, 'w' },
        { "link", required_argument, NULL, 'k' },
        { "link-listen", required_argument, NULL, 'K' },
        { "first", required_argument, NULL, 'f' },
        { "verbose", no_argument, NULL, 'v' },
        { "acs", no_argument, NULL, 'a' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 's':
            add_seat(a, optarg);
            break;
        case 'l':
        case 'c':
            of_seat(a, c, optarg);
            break;
        case 'w':
            add_window(net, optarg);
            break;
        case 'k':
        case 'K':
            open_link(a, net, optarg, c == 'K');
            break;
        case 'f':
            a->first = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'v':
            a->verbose = true;
            break;
        case 'a':
            a->acs = true;
            break;
        default:
            usage();
        }
    }
    if (!a->n || optind < argc || a->first > 128)
        usage();
    for (unsigned i = 0; i < a->n; i++)
        if (!a->seat[i].log)
            usage();
}

/* No socket is left. Where a client came the path may be the next emulator's by now. */
static void close_seats(const struct arguments *a)
{
    for (unsigned i = 0; i < a->n; i++) {
        if (a->seat[i].listener >= 0)
            unlink(a->seat[i].socket);
        if (a->seat[i].control)
            unlink(a->seat[i].control);
    }
    if (a->cable)
        unlink(a->cable);
}

int main(int argc, char **argv)
{
    static struct efa_net net = { .now = now_ns };
    static struct arguments a;
    sigset_t open;

    prctl(PR_SET_PDEATHSIG, SIGTERM); /* do not outlive the script that started it */
    ending_install(&open);
    guard_install();
    parse(&a, &net, argc, argv);
    for (unsigned i = 0; i < a.n; i++)
        open_seat(&a.seat[i], &net, a.first, a.verbose);
    for (unsigned i = 0; a.acs && i < a.n; i++)
        efa_config_acs(a.seat[i].card);
    serve(a.seat, a.n, &net, &open);
    close_seats(&a);
    return 0;
}
