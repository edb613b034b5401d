/* SPDX-License-Identifier: MIT */
/*
 * rig-emu: one emulated Habana accelerator behind QEMU's vfio-user-pci device, enough of it that
 * the kernel's unmodified habanalabs driver probes, serves its user interface and runs submissions.
 */
#include "rig/emu/emu.h"
#include "rig/emu/guard.h"
#include "rig/emu/serve.h"
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct emu_asic *const asics[] = { &emu_goya, &emu_gaudi, &emu_gaudi2 };

struct paths {
    const char *socket, *log, *control, *window;
};

static void usage(void)
{
    fprintf(stderr,
            "usage: rig-emu --asic goya|gaudi|gaudi2 --socket PATH --log FILE\n"
            "               [--driver 6.1] [--dram-bar GIB] [--control PATH] [--window PATH]\n"
            "               [--verbose]\n");
    exit(2);
}

static const struct emu_asic *asic(const char *name)
{
    for (size_t i = 0; i < sizeof(asics) / sizeof(asics[0]); i++)
        if (!strcmp(asics[i]->asic->name, name))
            return asics[i];
    return NULL;
}

static void options(int argc, char **argv, struct emu *e, struct paths *p)
{
    static const struct option known[] = {
        { "asic", required_argument, NULL, 'a' },
        { "socket", required_argument, NULL, 's' },
        { "log", required_argument, NULL, 'l' },
        { "driver", required_argument, NULL, 'd' },
        { "dram-bar", required_argument, NULL, 'b' },
        { "verbose", no_argument, NULL, 'v' },
        { "control", required_argument, NULL, 'c' },
        { "window", required_argument, NULL, 'w' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'a':
            e->a = asic(optarg);
            break;
        case 's':
            p->socket = optarg;
            break;
        case 'w':
            p->window = optarg;
            break;
        case 'c':
            p->control = optarg;
            break;
        case 'l':
            p->log = optarg;
            break;
        case 'd':
            e->driver = hl_generation_by_kernel(optarg);
            if (e->driver == HL_GENERATION_UNKNOWN)
                usage();
            break;
        case 'b':
            e->bar_dram = strtoull(optarg, NULL, 0) * GiB;
            break;
        case 'v':
            e->verbose = 1;
            break;
        default:
            usage();
        }
    }
    if (!e->a || !p->socket || !p->log || optind < argc)
        usage();
}

/* Lets other devices access the memory that this one exports. */
static int open_window(struct emu *e, const char *path)
{
    int fd[WINDOW_BARS] = { -1, -1, -1 };
    uint64_t size[WINDOW_BARS] = { 0 };
    unsigned i = e->a->dram_bar / 2;

    fd[i] = e->dram_fd;
    size[i] = e->bar_dram;
    return window_open(&e->window, path, fd, size);
}

static void accept_window(void *priv)
{
    struct emu *e = priv;

    window_accept(&e->window);
}

static int command(void *priv, const char *line)
{
    return emu_command(priv, line);
}

static void connected(void *priv)
{
    emu_log(priv, "client connected");
}

int main(int argc, char **argv)
{
    static struct emu emu;
    struct emu *e = &emu;
    struct paths p = { NULL, NULL, NULL, NULL };
    int rc = 1;

    e->window.listener = -1;
    options(argc, argv, e, &p);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* do not outlive the script that started it */
    guard_install();
    e->log = fopen(p.log, "we");
    if (!e->log) {
        perror(p.log);
        return 1;
    }
    if (emu_init(e) < 0) {
        perror("rig-emu: memory");
    } else if (p.window && open_window(e, p.window) < 0) {
        perror(p.window);
    } else if (serve(&(struct serve){ .v = &e->v,
                                      .path = p.socket,
                                      .control = p.control,
                                      .command = command,
                                      .run = emu_run,
                                      .connected = connected,
                                      .extra = p.window ? e->window.listener : -1,
                                      .on_extra = accept_window,
                                      .priv = e }) < 0) {
        perror(p.socket);
    } else {
        emu_log(e,
                "client gone; register messages: %lu reads, %lu writes, %lu of them posted; "
                "CPUCP packets %lu; QM packets %lu",
                e->nreg_rd, e->nreg_wr, e->v.posted, e->ncpucp, e->npkt);
        rc = 0;
    }
    if (e->window.listener >= 0)
        unlink(p.window);
    emu_fini(e);
    fclose(e->log);
    return rc;
}
