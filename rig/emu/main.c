/* SPDX-License-Identifier: MIT */
/*
 * rig-emu: one emulated Habana accelerator behind QEMU's vfio-user-pci device: enough of it that
 * the kernel's unmodified habanalabs driver probes, serves its user interface and runs submissions.
 */
#include "rig/emu/emu.h"
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void op_rd(struct vfu *v, unsigned region, uint64_t off, void *buf, uint32_t len)
{
    struct emu *e = v->priv;

    memset(buf, 0, len);
    if (region == VFU_REGION_CONFIG) {
        memcpy(buf, v->cfg + off, len);
    } else if (v->region[region].mem) {
        e->nreg_rd++;
        memcpy(buf, (uint8_t *)v->region[region].mem + off, len);
    }
}

static void op_wr(struct vfu *v, unsigned region, uint64_t off, const void *buf, uint32_t len)
{
    struct emu *e = v->priv;
    const struct emu_asic *s = e->a;

    if (region == VFU_REGION_CONFIG) {
        emu_config_write(e, off, buf, len);
    } else if (v->region[region].mem) {
        e->nreg_wr++;
        if (region == s->cfg_bar && len == 4 && off >= s->cfg_in_bar &&
            off - s->cfg_in_bar < s->cfg_size) {
            uint32_t x;

            memcpy(&x, buf, 4);
            eng_reg_write(&e->eng, (uint32_t)(off - s->cfg_in_bar), x);
        } else {
            memcpy((uint8_t *)v->region[region].mem + off, buf, len);
        }
    }
}

static void op_reset(struct vfu *v)
{
    struct emu *e = v->priv;

    e->a->reset(e, true);
}

static const struct vfu_ops ops = { op_rd, op_wr, op_reset };

static const struct emu_asic *const asics[] = { &emu_goya, &emu_gaudi, &emu_gaudi2 };

static void usage(void)
{
    fprintf(stderr,
            "usage: rig-emu --asic goya|gaudi|gaudi2 --socket PATH --log FILE\n"
            "               [--driver 6.1] [--dram-bar GIB] [--control PATH] [--window PATH]\n"
            "               [--verbose]\n");
    exit(2);
}

static int make_memory(struct emu *e)
{
    struct vfu_region *d = &e->v.region[e->a->dram_bar];

    for (unsigned i = 0; i < 6; i += 2) {
        uint64_t size = i == e->a->dram_bar ? e->dram_size : e->a->bar_size[i];

        if (vfu_bar_mem(&e->v, i, size, e->a->name) < 0) {
            perror("rig-emu: memfd");
            return -1;
        }
    }
    e->dram = d->mem;
    e->dram_fd = d->fd;
    d->size = e->bar_dram;
    e->cfg = (uint8_t *)e->v.region[e->a->cfg_bar].mem + e->a->cfg_in_bar;
    e->sram = (uint8_t *)e->v.region[e->a->sram_bar].mem + e->a->sram_in_bar;
    e->ntrap = e->a->ntrap;
    if (emu_exec_init(e) < 0)
        return -1;
    if (e->a->setup)
        e->a->setup(e);
    emu_carve(&e->v.region[e->a->cfg_bar], e->a, e->ntrap);
    if (e->a->msix && e->a->cfg_bar != 2 && e->a->sram_bar != 2)
        e->v.region[2].fd = -1; /* only the MSI-X table: every access is a message */
    return 0;
}

/* One connection to the control socket: lines of text, each with an answer. */
static void control_line(struct emu *e, int listener)
{
    char line[256];
    int s = accept(listener, NULL, NULL), rc;
    ssize_t n;

    if (s < 0)
        return;
    n = read(s, line, sizeof(line) - 1);
    if (n > 0) {
        line[n] = 0;
        line[strcspn(line, "\n")] = 0;
        rc = emu_command(e, line);
        n = snprintf(line, sizeof(line), "%s\n", rc ? strerror(-rc) : "ok");
        if (write(s, line, (size_t)n) != n)
            emu_log(e, "control: nobody waited for the answer");
    }
    close(s);
}

/* Other devices reach the memory that this one exports. */
static int open_window(struct emu *e, const char *path)
{
    int fd[WINDOW_BARS] = { -1, -1, -1 };
    uint64_t size[WINDOW_BARS] = { 0 };
    unsigned i = e->a->dram_bar / 2;

    fd[i] = e->dram_fd;
    size[i] = e->bar_dram;
    return window_open(&e->window, path, fd, size);
}

static void serve(struct emu *e, int control)
{
    struct pollfd p[3] = { { .fd = e->v.sock, .events = POLLIN },
                           { .fd = control, .events = POLLIN },
                           { .fd = e->window.page ? e->window.listener : -1, .events = POLLIN } };

    for (;;) {
        uint64_t until = eng_deadline(&e->eng), now = until ? e->eng.ops->now_ns(e) : 0;
        int ms = !until ? -1 : until > now ? (int)((until - now) / 1000000) + 1 : 0;

        if (poll(p, 3, ms) < 0 && errno != EINTR)
            return;
        if ((p[0].revents & (POLLIN | POLLHUP)) && vfu_step(&e->v) <= 0)
            return;
        if (p[1].revents & POLLIN)
            control_line(e, control);
        if (p[2].revents & POLLIN)
            window_accept(&e->window);
        eng_run(&e->eng);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
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
    static struct emu emu;
    struct emu *e = &emu;
    const char *path = NULL, *log = NULL, *control = NULL, *window = NULL;
    int c, ls, cs = -1;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'a':
            for (size_t i = 0; i < sizeof(asics) / sizeof(asics[0]); i++)
                if (!strcmp(asics[i]->name, optarg))
                    e->a = asics[i];
            break;
        case 's':
            path = optarg;
            break;
        case 'w':
            window = optarg;
            break;
        case 'c':
            control = optarg;
            break;
        case 'l':
            log = optarg;
            break;
        case 'd':
            e->v61 = !strcmp(optarg, "6.1");
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
    if (!e->a || !path || !log || optind < argc)
        usage();
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* never outlive the script that started it */
    signal(SIGPIPE, SIG_IGN);
    clock_gettime(CLOCK_MONOTONIC, &e->t0);
    e->log = fopen(log, "w");
    if (!e->log) {
        perror(log);
        return 1;
    }
    e->dram_size = e->a->dram_size;
    if (!e->bar_dram)
        e->bar_dram = e->a->dram_bar_size ? e->a->dram_bar_size : e->dram_size;
    e->nvec = e->a->nvec;
    vfu_init(&e->v, &ops, e);
    if (make_memory(e) < 0)
        return 1;
    emu_config_setup(e);
    e->a->reset(e, true);
    if (window && open_window(e, window) < 0) {
        perror(window);
        return 1;
    }
    ls = vfu_listen(path);
    if (ls < 0) {
        perror(path);
        return 1;
    }
    if (control && (cs = vfu_listen(control)) < 0) {
        perror(control);
        return 1;
    }
    e->v.sock = accept(ls, NULL, NULL);
    if (e->v.sock < 0)
        return 1;
    emu_log(e, "client connected");
    serve(e, cs);
    emu_log(e,
            "client gone; register messages: %lu reads, %lu writes; "
            "CPUCP packets %lu; QM packets %lu",
            e->nreg_rd, e->nreg_wr, e->ncpucp, e->npkt);
    unlink(path);
    if (control)
        unlink(control);
    eng_fini(&e->eng);
    return 0;
}
