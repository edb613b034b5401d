/* SPDX-License-Identifier: MIT */
/*
 * A hostile guest, monitor and control client of an emulated accelerator: the input is a list of
 * what they do. The first byte chooses the ASIC; each step is a byte, and what it takes:
 *   a register of a page with side effects, any register, a word of configuration space, raw bytes
 *   to the vfio-user socket (with a descriptor or without), a request with a sound header, words
 *   of the machine's memory, a line of control text, a slice of the device's time.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig/emu/emu.h"
#include "rig/emu/guard.h"
#include "rig/emu/vfu_wire.h"
#include "tests/rights.h"

#define RAM 65536u
#define SLICES 3u /* of 2 ms: programs may be endless */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct emu_asic *const asics[] = { &emu_goya, &emu_gaudi, &emu_gaudi2 };
static struct emu *emus[3];
static int ram_fd, client;

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

static struct emu *device(unsigned i)
{
    struct emu *e = emus[i];

    if (e)
        return e;
    e = calloc(1, sizeof(*e));
    if (!e)
        abort();
    e->a = asics[i];
    e->log = fopen("/dev/null", "we");
    if (!e->log || emu_init(e) < 0)
        abort();
    emus[i] = e;
    return e;
}

/* What a hard reset makes of the device, as for the next guest; its memories are not wiped. */
static void begin(struct emu *e)
{
    int s[2];

    memset(&e->v.dma, 0, sizeof(e->v.dma));
    memset(e->v.cfg, 0, sizeof(e->v.cfg));
    emu_config_setup(e);
    emu_heal(e);
    e->dead_boot = false;
    e->logged = 0;
    e->pending_reset = EMU_NO_RESET;
    emu_reset(e, true);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) < 0)
        abort();
    e->v.sock = s[0];
    client = s[1];
    if (fcntl(client, F_SETFL, O_NONBLOCK) < 0 || fcntl(s[0], F_SETFL, O_NONBLOCK) < 0)
        abort();
    e->v.dma[0] = (struct vfu_dma){ .size = RAM, .readable = true, .writable = true };
    e->v.dma[0].mem = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
    e->v.ndma = 1;
    if (e->v.dma[0].mem == MAP_FAILED)
        abort();
    memset(e->v.dma[0].mem, 0, RAM);
}

/* What the client gave goes, as at the end of the connection; the regions stay. */
static void end(struct emu *e)
{
    struct vfu_region keep[VFU_NUM_REGIONS];

    memcpy(keep, e->v.region, sizeof(keep));
    for (unsigned i = 0; i < VFU_NUM_REGIONS; i++)
        e->v.region[i] = (struct vfu_region){ .fd = -1 };
    vfu_fini(&e->v);
    memcpy(e->v.region, keep, sizeof(keep));
    close(e->v.sock);
    close(client);
}

static void post(struct emu *e, const void *bytes, size_t len, bool with_fd)
{
    uint8_t drain[4096];

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

static void memory(struct emu *e, struct input *in)
{
    size_t at = take(in, 2), n = take(in, 1);

    (void)e;
    n = n < in->left ? n : in->left;
    n = at + n > RAM ? RAM - at : n;
    if (pwrite(ram_fd, in->p, n, (off_t)at) < 0)
        abort();
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
        memory(e, in);
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
    struct emu *e;

    if (!ram_fd) {
        guard_install();
        ram_fd = memfd_create("ram", MFD_CLOEXEC);
        if (ram_fd < 0 || ftruncate(ram_fd, RAM) < 0)
            abort();
    }
    e = device((unsigned)take(&in, 1) % 3);
    begin(e);
    while (in.left)
        step(e, &in, &slices);
    emu_run(e);
    end(e);
    return 0;
}
