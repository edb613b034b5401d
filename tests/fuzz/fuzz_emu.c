/* SPDX-License-Identifier: MIT */
/*
 * A hostile guest, monitor and control client of an emulated accelerator: the input is a list of
 * what they do. The first byte chooses the ASIC; each step is a byte, and what it takes:
 *   a register of a page with side effects, any register, a word of configuration space, raw bytes
 *   to the vfio-user socket (with a descriptor or without), a request with a sound header, words
 *   of the machine's memory, a line of control text, a slice of the device's time.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig/emu/emu.h"
#include "rig/emu/guard.h"
#include "rig/emu/vfu_wire.h"
#include "tests/fuzz/arena.h"
#include "tests/rights.h"

#define RAM 65536u
#define SLICES 3u /* of 2 ms: programs may be endless */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A device as it is after a hard reset, and what it consists of. */
struct device {
    struct arena arena;
    struct emu *emu;
};

static int ram_fd, client = -1;
static uint8_t *ram, *ram_of_device;

struct input {
    const uint8_t *p;
    size_t left;
};

static uint64_t take(struct input *in, size_t n)
{
    uint64_t x = 0;

    n = n < in->left ? n : in->left;
    memcpy(&x, in->p, n);
    in->p += n;
    in->left -= n;
    return x;
}

static struct device *device(unsigned i)
{
    static const struct emu_asic *const asics[] = { &emu_goya, &emu_gaudi, &emu_gaudi2 };
    static struct device devices[3];
    struct device *d = &devices[i];
    struct emu *e;

    if (d->emu)
        return d;
    d->emu = e = arena_add(&d->arena, sizeof(*e));
    e->a = asics[i];
    e->log = fopen("/dev/null", "we");
    if (!e->log || emu_init(e) < 0)
        abort();
    for (unsigned r = 0; r < VFU_NUM_REGIONS; r++)
        if (e->v.region[r].mem)
            arena_adopt(&d->arena, e->v.region[r].mem, e->v.region[r].mem_size, e->v.region[r].fd);
    arena_add_queues(&d->arena, &e->eng);
    emu_reset(e, true);
    e->v.ndma = 1;
    arena_keep(&d->arena);
    return d;
}

static void *map_ram(void)
{
    void *mem = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);

    if (mem == MAP_FAILED)
        abort();
    return mem;
}

/* The machine's memory is zero, and the device has it mapped. */
static void begin(struct emu *e)
{
    memset(ram, 0, RAM);
    if (!ram_of_device)
        ram_of_device = map_ram();
    e->v.dma[0] =
        (struct vfu_dma){ .mem = ram_of_device, .size = RAM, .readable = true, .writable = true };
}

/* Inputs that send nothing need no connection. */
static void connect_client(struct emu *e)
{
    int s[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s) < 0)
        abort();
    e->v.sock = s[0];
    client = s[1];
}

/* What the client gave goes, as at the end of the connection; the regions stay. */
static void hang_up(struct emu *e)
{
    bool kept = false;

    for (unsigned i = 0; i < e->v.ndma; i++) {
        if (e->v.dma[i].mem == ram_of_device) {
            e->v.dma[i].mem = NULL; /* for the next input */
            kept = true;
        }
    }
    if (!kept)
        ram_of_device = NULL;
    for (unsigned i = 0; i < VFU_NUM_REGIONS; i++)
        e->v.region[i] = (struct vfu_region){ .fd = -1 };
    close(e->v.sock);
    vfu_fini(&e->v);
    close(client);
    client = -1;
}

static void post(struct emu *e, const void *bytes, size_t len, bool with_fd)
{
    uint8_t drain[4096];

    if (client < 0)
        connect_client(e);
    if (len)
        send_rights(client, bytes, len, &ram_fd, with_fd);
    vfu_step(&e->v);
    while (recv(client, drain, sizeof(drain), 0) > 0)
        ;
}

static void request(struct emu *e, struct input *in)
{
    uint8_t bytes[sizeof(struct vfu_header) + 64];
    unsigned command = (unsigned)take(in, 1), len = (unsigned)take(in, 1);
    struct vfu_header h = { .command = command & 15 };

    len %= 65;
    h.size = (uint32_t)sizeof(h) + len;
    memcpy(bytes, &h, sizeof(h));
    for (unsigned i = 0; i < len; i++)
        bytes[sizeof(h) + i] = (uint8_t)take(in, 1);
    post(e, bytes, sizeof(h) + len, command & 0x80);
}

static void poke(struct emu *e, uint32_t off, uint32_t x)
{
    if (off < e->chip->cfg_size - 3)
        e->v.ops->wr(&e->v, e->a->cfg_bar, e->a->cfg_in_bar + off, &x, 4);
}

static void raw(struct emu *e, struct input *in)
{
    size_t n = take(in, 1);

    n = n < in->left ? n : in->left;
    post(e, in->p, n, n & 1);
    in->p += n;
    in->left -= n;
}

static void memory(struct input *in)
{
    size_t at = take(in, 2), n = take(in, 1);

    n = n < in->left ? n : in->left;
    n = at + n > RAM ? RAM - at : n;
    memcpy(ram + at, in->p, n);
    in->p += n;
    in->left -= n;
}

static void line(struct emu *e, struct input *in)
{
    char text[32] = { 0 };

    for (unsigned i = 0; i < sizeof(text) - 1 && in->left && *in->p != '\n'; i++)
        text[i] = (char)take(in, 1);
    emu_command(e, text);
}

static void step(struct emu *e, struct input *in, unsigned *slices)
{
    uint32_t a;

    switch (take(in, 1) % 8) {
    case 0:
        a = (uint32_t)take(in, 2);
        poke(e, e->a->trap[(a >> 10) % e->ntrap] + 4 * (a & 0x3FF), (uint32_t)take(in, 4));
        break;
    case 1:
        a = (uint32_t)take(in, 4);
        poke(e, a, (uint32_t)take(in, 4));
        break;
    case 2:
        a = 4 * (uint32_t)take(in, 2) % 4096;
        uint32_t x = (uint32_t)take(in, 4);
        e->v.ops->wr(&e->v, VFU_REGION_CONFIG, a, &x, 4);
        break;
    case 3:
        raw(e, in);
        break;
    case 4:
        request(e, in);
        break;
    case 5:
        memory(in);
        break;
    case 6:
        line(e, in);
        break;
    default:
        if (*slices && (*slices)--)
            emu_run(e);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    unsigned slices = SLICES;
    struct device *d;

    if (!ram) {
        guard_install();
        ram_fd = memfd_create("ram", MFD_CLOEXEC);
        if (ram_fd < 0 || ftruncate(ram_fd, RAM) < 0)
            abort();
        ram = map_ram();
    }
    d = device((unsigned)take(&in, 1) % 3);
    arena_begin();
    begin(d->emu);
    fuzz_clock_start();
    while (in.left)
        step(d->emu, &in, &slices);
    emu_run(d->emu);
    fuzz_clock_stop();
    if (client >= 0)
        hang_up(d->emu);
    arena_restore(&d->arena);
    return 0;
}
