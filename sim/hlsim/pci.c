/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/pci.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/asic.h"
#include "sim/hlsim/put.h"

#define CLASS 0x120000 /* processing accelerator */
#define BAR_FLAGS                                                                                  \
    0x14220c /* IORESOURCE_MEM, _PREFETCH, _SIZEALIGN, _MEM_64, and the BAR's bits                 \
              */
#define RESOURCES 13
#define CPUS 4096
#define MIB (1ull << 20)
#define GIB (1ull << 30)
#define ALL_BARS (256 * GIB) /* room for one device's */
#define FIRST_BARS (1ull << 45)

struct bar {
    uint64_t start, size;
};

static uint64_t power_of_two(uint64_t size)
{
    uint64_t n = 1;

    while (n < size)
        n <<= 1;
    return n;
}

/* BARs 0, 2 and 4 have 64 bits each.  The memory's is the largest and comes first. */
static void bars_of(const struct sim_state *s, const struct sim_device *d, struct bar bar[3])
{
    const struct eng_chip *c = sim_asic_of(d)->chip;
    uint64_t shown = s->bar_size && s->bar_size < c->memory_size ? s->bar_size : c->memory_size;
    uint64_t start = FIRST_BARS + d->index * ALL_BARS;

    bar[2] = (struct bar){ start, power_of_two(shown) };
    bar[0] = (struct bar){ start + ALL_BARS / 2, c->bar_size[0] };
    bar[1] = (struct bar){ bar[0].start + 256 * MIB, c->bar_size[1] };
}

static void put_resource(const struct bar bar[3], const char *dir)
{
    char text[RESOURCES * 58 + 1];
    int n = 0;

    for (unsigned i = 0; i < RESOURCES; i++) {
        const struct bar *b = i < 6 && i % 2 == 0 ? &bar[i / 2] : NULL;

        n += snprintf(text + n, sizeof(text) - (size_t)n, "0x%016llx 0x%016llx 0x%016llx\n",
                      b ? (unsigned long long)b->start : 0,
                      b ? (unsigned long long)(b->start + b->size - 1) : 0,
                      b ? (unsigned long long)BAR_FLAGS : 0);
    }
    put(dir, "resource", "%s", text);
}

static void set(unsigned char *config, unsigned at, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        config[at + i] = (unsigned char)(value >> (8 * i));
}

/* The header of a device without capabilities. */
static void put_config(const struct sim_asic *a, const struct bar bar[3], const char *dir)
{
    unsigned char config[256] = { 0 };

    set(config, 0x00, 2, HL_PCI_VENDOR_HABANA);
    set(config, 0x02, 2, a->chip->asic->pci_id);
    set(config, 0x04, 2, 0x0006); /* memory, bus master */
    set(config, 0x08, 1, a->pci_revision);
    set(config, 0x09, 3, CLASS);
    for (unsigned i = 0; i < 3; i++)
        set(config, 0x10 + 8 * i, 8, bar[i].start | (BAR_FLAGS & 0xf));
    set(config, 0x2c, 2, HL_PCI_VENDOR_HABANA);
    set(config, 0x2e, 2, a->chip->asic->pci_id);
    put_bytes(dir, "config", config, sizeof(config));
    writable(dir, "config", 0644);
}

/* The CPUs of a list such as "0-3,8"; the last of them. */
static long read_list(char *list, unsigned char *bits)
{
    long last = 0;

    for (char *p = list; *p && *p != '\n'; p += *p == ',') {
        long from = strtol(p, &p, 10), to = *p == '-' ? strtol(p + 1, &p, 10) : from;

        for (last = from; last < to && last < CPUS - 1; last++)
            bits[last] = 1;
        if (last >= 0 && last < CPUS)
            bits[last] = 1;
        if (*p && *p != ',' && *p != '\n')
            break;
    }
    return last;
}

/* A device without a NUMA node is local to all of the machine's CPUs. */
static void put_cpus(const char *dir)
{
    unsigned char bits[CPUS] = { 0 };
    char list[4096] = "", mask[CPUS / 4 + CPUS / 32 + 1];
    FILE *f = fopen("/sys/devices/system/cpu/online", "re");
    long last;
    int n = 0;

    if (!f || !fgets(list, sizeof(list), f))
        strcpy(list, "0\n");
    if (f)
        fclose(f);
    last = read_list(list, bits);
    for (long digit = last / 4; digit >= 0; digit--) {
        const unsigned char *b = bits + 4 * digit;

        n += snprintf(mask + n, sizeof(mask) - (size_t)n, "%x%s",
                      b[0] | b[1] << 1 | b[2] << 2 | b[3] << 3, digit && digit % 8 == 0 ? "," : "");
    }
    put(dir, "local_cpulist", "%s", list);
    put(dir, "local_cpus", "%s\n", mask);
}

static void put_identity(const struct sim_device *d, const struct sim_asic *a, const char *dir)
{
    char modalias[64];

    snprintf(modalias, sizeof(modalias), "pci:v%08Xd%08Xsv%08Xsd%08Xbc12sc00i00",
             HL_PCI_VENDOR_HABANA, a->chip->asic->pci_id, HL_PCI_VENDOR_HABANA,
             a->chip->asic->pci_id);
    put(dir, "vendor", "0x%04x\n", HL_PCI_VENDOR_HABANA);
    put(dir, "device", "0x%04x\n", a->chip->asic->pci_id);
    put(dir, "subsystem_vendor", "0x%04x\n", HL_PCI_VENDOR_HABANA);
    put(dir, "subsystem_device", "0x%04x\n", a->chip->asic->pci_id);
    put(dir, "revision", "0x%02x\n", a->pci_revision);
    put(dir, "class", "0x%06x\n", CLASS);
    put(dir, "modalias", "%s\n", modalias);
    put(dir, "uevent",
        "DRIVER=habanalabs\nPCI_CLASS=%X\nPCI_ID=%04X:%04X\nPCI_SUBSYS_ID=%04X:%04X\n"
        "PCI_SLOT_NAME=%s\nMODALIAS=%s\n",
        CLASS, HL_PCI_VENDOR_HABANA, a->chip->asic->pci_id, HL_PCI_VENDOR_HABANA,
        a->chip->asic->pci_id, d->pci_address, modalias);
    writable(dir, "uevent", 0644);
}

void pci_put_device(const struct sim_state *s, const struct sim_device *d, const char *dir)
{
    static const struct {
        const char *name, *value;
        mode_t mode;
    } files[] = {
        { "numa_node", "-1", 0644 },
        { "enable", "1", 0644 },
        { "irq", "0", 0444 }, /* the driver has message-signalled ones */
        { "msi_bus", "1", 0644 },
        { "ari_enabled", "0", 0444 },
        { "broken_parity_status", "0", 0644 },
        { "d3cold_allowed", "0", 0644 },
        { "dma_mask_bits", "64", 0444 },
        { "consistent_dma_mask_bits", "64", 0444 },
        { "driver_override", "(null)", 0644 },
        { "power_state", "D0", 0444 },
        { "current_link_speed", "Unknown", 0444 },
        { "current_link_width", "0", 0444 },
        { "max_link_speed", "Unknown", 0444 },
        { "max_link_width", "255", 0444 },
    };
    const struct sim_asic *a = sim_asic_of(d);
    struct bar bar[3];

    bars_of(s, d, bar);
    put_identity(d, a, dir);
    put_resource(bar, dir);
    put_config(a, bar, dir);
    put_cpus(dir);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        put(dir, files[i].name, "%s\n", files[i].value);
        writable(dir, files[i].name, files[i].mode);
    }
}

int pci_put_driver(const struct sim_state *s)
{
    static const char *const commands[] = { "bind", "unbind", "new_id", "remove_id", "uevent" };
    char dir[PATH_MAX];

    snprintf(dir, sizeof(dir), "%s/sys/bus/pci/drivers/habanalabs", s->tree);
    make_dirs("%s", dir);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        put(dir, commands[i], "%s", "");
        writable(dir, commands[i], 0200);
    }
    link_to(s, "../../../../module/habanalabs", "/sys/bus/pci/drivers/habanalabs/module");
    make_dirs("%s/sys/module/habanalabs/holders", s->tree);
    make_dirs("%s/sys/module/habanalabs/drivers", s->tree);
    snprintf(dir, sizeof(dir), "%s/sys/module/habanalabs", s->tree);
    put(dir, "initstate", "live\n");
    link_to(s, "../../../bus/pci/drivers/habanalabs",
            "/sys/module/habanalabs/drivers/pci:habanalabs");
    return put_failed();
}
