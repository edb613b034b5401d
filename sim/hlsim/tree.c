/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/asic.h"
#include "sim/debugfs.h"
#include "sim/hlsim/pci.h"
#include "sim/hlsim/put.h"
#include "sim/layout.h"
#include "sim/model/submission.h"

static const char *const status_names[] = {
    "Operational", "In reset",           "Disabled",
    "Needs reset", "In device creation", "In reset after device release",
};

/* Goya's firmware leaves its clocks to the driver (goya_hwmgr.c). */
static void put_goya_clocks(const struct sim_asic *a, const char *dir)
{
    static const char *const names[] = { "mme_clk", "tpc_clk", "ic_clk" };
    char current[32];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(current, sizeof(current), "%s_curr", names[i]);
        put(dir, current, "%u\n", a->clock_mhz * 1000000);
        put(dir, names[i], "%u\n", a->clock_mhz * 1000000);
        writable(dir, names[i], 0644);
    }
    put(dir, "high_pll", "%u\n", a->clock_mhz * 1000000);
    writable(dir, "high_pll", 0644);
    put(dir, "pm_mng_profile", "auto\n");
    writable(dir, "pm_mng_profile", 0644);
}

/*
 * The driver's own attributes: in the PCI device's folder, on 6.1 in the class device's. Which end
 * with a new line and which do not is the driver's choice.
 */
static void put_attributes(const struct sim_state *s, const struct sim_device *d, const char *dir)
{
    static const uint8_t eeprom[SIM_PAGE];
    const struct sim_asic *a = sim_asic_of(d);

    put(dir, "pci_addr", "%s\n", d->pci_address);
    put(dir, "device_type", "%s\n", a->device_type);
    put(dir, "status", "%s\n", status_names[sim_device_status(d)]);
    put(dir, "hard_reset_cnt", "%u\n", sim_device_hard_resets(d));
    put(dir, "hard_reset", "%s", "");
    writable(dir, "hard_reset", 0200);
    if (a->soft_reset) {
        put(dir, "soft_reset_cnt", "%u\n", sim_device_soft_resets(d));
        put(dir, "soft_reset", "%s", "");
        writable(dir, "soft_reset", 0200);
    }
    put(dir, "cpucp_ver", "hl-%s-1.0.0-sim\n", a->chip->asic->name);
    put(dir, "armcp_ver", "hl-%s-1.0.0-sim\n", a->chip->asic->name);
    put(dir, "cpucp_kernel_ver", "Linux sim");
    put(dir, "armcp_kernel_ver", "Linux sim");
    /* later kernels: the version's time before it */
    put(dir, "cpld_ver", sim_kernel(s)->accel_nodes ? "0x%016x\n" : "0x%08x\n", 0);
    put(dir, a->vrm_attribute, "0x00\n");
    put_bytes(dir, "eeprom", eeprom, sizeof(eeprom)); /* a page, whatever the firmware has */
    put(dir, "fuse_ver", "sim-fuse\n");
    put(dir, "thermal_ver", "sim-thermal");
    put(dir, "preboot_btl_ver", "sim-preboot\n");
    put(dir, "uboot_ver", "sim-uboot\n");
    put(dir, "fw_os_ver", "sim");
    put(dir, "security_enabled", "0\n");
    put(dir, "max_power", "%u\n", a->max_power_mw);
    writable(dir, "max_power", 0644);
    if (a->soft_reset) {
        put_goya_clocks(a, dir);
    } else {
        put(dir, "clk_max_freq_mhz", "%u\n", a->clock_mhz);
        writable(dir, "clk_max_freq_mhz", 0644);
        put(dir, "clk_cur_freq_mhz", "%u\n", a->clock_mhz);
    }
    if (sim_kernel(s)->accel_nodes) {
        put(dir, "module_id", "%u\n", d->module_id);
        put(dir, "parent_device", "%s\n", d->pci_address);
    }
}

/* One node: its class entry below parent, and the links that lead there. */
static void put_node(const struct sim_state *s, const struct sim_device *d, const char *parent,
                     bool control)
{
    char name[32], dir[PATH_MAX], target[PATH_MAX], path[64];
    unsigned major = layout_major(s, control), minor = layout_minor(s, d->index, control);

    layout_name(s, d->index, control, name, sizeof(name));
    snprintf(dir, sizeof(dir), "%s%s/%s", s->tree, parent, name);
    make_dirs("%s", dir);
    put(dir, "dev", "%u:%u\n", major, minor);
    layout_node(s, d->index, control, path, sizeof(path));
    put(dir, "uevent", "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n", major, minor, path + strlen("/dev/"));
    writable(dir, "uevent", 0644);
    snprintf(target, sizeof(target), "../../..%s/%s", parent + strlen("/sys"), name);
    link_to(s, target + strlen("../"), "/sys/class/%s/%s", sim_kernel(s)->class, name);
    link_to(s, target + strlen("../"), "/sys/dev/char/%u:%u", major, minor);
    /* as many levels up as the folder is deep */
    snprintf(target, sizeof(target), "%sclass/%s",
             strstr(parent, "/virtual/") ? "../../../../" : "../../../../../",
             sim_kernel(s)->class);
    link_to(s, target, "%s/%s/subsystem", parent, name);
    put(s->tree, path + 1, "%s", "");
    snprintf(dir, sizeof(dir), "%s%s", s->tree, path);
    chmod(dir, 0666);
}

/* How the preloaded library recognises a node, whatever path a program used. */
static void note_nodes(struct sim_state *s, struct sim_device *d)
{
    char name[64], path[PATH_MAX];
    struct stat st;

    for (int control = 0; control < 2; control++) {
        layout_node(s, d->index, control, name, sizeof(name));
        snprintf(path, sizeof(path), "%s%s", s->tree, name);
        if (stat(path, &st) < 0)
            continue;
        d->node_inode[control] = st.st_ino;
        s->tree_dev = st.st_dev;
    }
}

/* What the firmware's sensors say: hl_hwmon_init() makes a child of the PCI device. */
static void put_health(const struct sim_state *s, const struct sim_device *d)
{
    const struct sim_submit *u = submission_of(s, d);
    const struct sim_asic *a = sim_asic_of(d);
    char dir[PATH_MAX];
    bool known = u && u->health.at_ns;

    snprintf(dir, sizeof(dir), "%s/sys/devices/pci0000:00/%s/hwmon/hwmon%u", s->tree,
             d->pci_address, d->index);
    put(dir, "temp1_input", "%d\n", known ? u->health.temperature : 48000);
    put(dir, "power1_input", "%llu\n",
        1000ull * (known ? u->health.power_mw : a->max_power_mw / 4));
}

static void put_hwmon(const struct sim_state *s, const struct sim_device *d)
{
    char dir[PATH_MAX];

    snprintf(dir, sizeof(dir), "%s/sys/devices/pci0000:00/%s/hwmon/hwmon%u", s->tree,
             d->pci_address, d->index);
    make_dirs("%s", dir);
    put(dir, "name", "%s\n", sim_asic_of(d)->card_name);
    put(dir, "temp1_max", "%d\n", 95000);
    put(dir, "temp1_crit", "%d\n", 105000);
    put_health(s, d);
}

void tree_health(const struct sim_state *s)
{
    for (uint32_t i = 0; i < s->device_count; i++)
        if (!s->devices[i].removed)
            put_health(s, &s->devices[i]);
}

static void put_device(const struct sim_state *s, const struct sim_device *d)
{
    char pci[96], dir[PATH_MAX], target[PATH_MAX], class_dir[160];
    bool accel = sim_kernel(s)->accel_nodes;

    snprintf(pci, sizeof(pci), "/sys/devices/pci0000:00/%s", d->pci_address);
    snprintf(dir, sizeof(dir), "%s%s", s->tree, pci);
    make_dirs("%s", dir);
    pci_put_device(s, d, dir);
    put_hwmon(s, d);
    link_to(s, "../../../bus/pci/drivers/habanalabs", "%s/driver", pci);
    link_to(s, "../../../bus/pci", "%s/subsystem", pci);
    snprintf(target, sizeof(target), "../../../devices/pci0000:00/%s", d->pci_address);
    link_to(s, target, "/sys/bus/pci/devices/%s", d->pci_address);
    snprintf(target, sizeof(target), "../../../../devices/pci0000:00/%s", d->pci_address);
    link_to(s, target, "/sys/bus/pci/drivers/habanalabs/%s", d->pci_address);
    /* virtual devices; later the primary node is a child of the PCI device */
    snprintf(class_dir, sizeof(class_dir), "/sys/devices/virtual/%s", sim_kernel(s)->class);
    put_node(s, d, class_dir, true);
    if (accel)
        snprintf(class_dir, sizeof(class_dir), "%s/accel", pci);
    put_node(s, d, class_dir, false);
    if (accel)
        link_to(s, "../..", "%s/accel%u/device", class_dir, d->index);
    else
        snprintf(dir, sizeof(dir), "%s%s/hl%u", s->tree, class_dir, d->index);
    put_attributes(s, d, dir);
}

static void debugfs_folder(const struct sim_state *s, const struct sim_device *d, char *dir)
{
    char path[64];

    layout_debugfs(s, (uint32_t)(d - s->devices), path, sizeof(path));
    snprintf(dir, PATH_MAX, "%s%s", s->tree, path);
}

/* debugfs: the files only have to exist; opening one goes to the supervisor (sim/debugfs.h). */
static void put_debugfs(const struct sim_state *s, const struct sim_device *d)
{
    /* later kernels have given all files the same */
    static const mode_t modes[2][SIM_DEBUGFS_COUNT] = {
        { 0644, 0644, 0644, 0644, 0644 },
        [1] = { 0644, 0644, 0644, [SIM_DEBUGFS_CLK_GATE] = 0200, [SIM_DEBUGFS_STATE_DUMP] = 0600 },
    };
    const size_t root = strlen(s->tree) + strlen("/sys/kernel/debug/");
    char dir[PATH_MAX], alias[32], target[64];

    debugfs_folder(s, d, dir);
    make_dirs("%s", dir);
    for (unsigned i = 0; i < SIM_DEBUGFS_COUNT; i++) {
        put(dir, sim_debugfs_names[i], "%s", "");
        writable(dir, sim_debugfs_names[i], modes[sim_kernel(s)->short_records][i]);
    }
    /* where the original library's programs look on any kernel */
    snprintf(alias, sizeof(alias), "habanalabs/hl%u", d->index);
    if (!strcmp(dir + root, alias))
        return;
    make_dirs("%s/sys/kernel/debug/habanalabs", s->tree);
    snprintf(target, sizeof(target), "../%s", dir + root);
    link_to(s, target, "/sys/kernel/debug/%s", alias);
}

int tree_add(struct sim_state *s, struct sim_device *d)
{
    put_device(s, d);
    put_debugfs(s, d);
    note_nodes(s, d);
    return put_failed();
}

/* Its release, and its configuration as far as it matters for devices: simulated ones reach each
 * other. */
static int put_kernel(const struct sim_state *s)
{
    char dir[PATH_MAX], release[32], name[64];
    int rc = make_dirs("%s/proc/sys/kernel", s->tree);

    rc = rc ? rc : make_dirs("%s/boot", s->tree);
    if (rc)
        return rc;
    layout_release(s, release, sizeof(release));
    snprintf(dir, sizeof(dir), "%s/proc/sys/kernel", s->tree);
    put(dir, "osrelease", "%s\n", release);
    snprintf(dir, sizeof(dir), "%s/boot", s->tree);
    snprintf(name, sizeof(name), "config-%s", release);
    put(dir, name, "CONFIG_PCI_P2PDMA=y\nCONFIG_DMA_SHARED_BUFFER=y\n");
    return put_failed();
}

int tree_create(struct sim_state *s)
{
    const char *tmp = getenv("TMPDIR");
    char absolute[PATH_MAX];
    int rc;

    /* thousands of small files: in memory, where there is room */
    if (!tmp || !*tmp)
        tmp = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
    /* programs may have another current folder, or change it */
    tmp = realpath(tmp, absolute);
    if (!tmp)
        return -errno;
    /* a socket's name has to fit behind it (sim/wire.h) */
    if (snprintf(s->tree, sizeof(s->tree), "%s/hlsim-XXXXXX", tmp) >= (int)sizeof(s->tree) - 12)
        snprintf(s->tree, sizeof(s->tree), "/tmp/hlsim-XXXXXX");
    if (!mkdtemp(s->tree))
        return -errno;
    chmod(s->tree, 0755);
    rc = make_dirs("%s/dev/%s", s->tree, sim_kernel(s)->folder);
    rc = rc ? rc : make_dirs("%s/sys/class/%s", s->tree, sim_kernel(s)->class);
    rc = rc ? rc : make_dirs("%s/sys/dev/char", s->tree);
    rc = rc ? rc : make_dirs("%s/sys/bus/pci/devices", s->tree);
    rc = rc ? rc : make_dirs("%s/sys/bus/pci/drivers/habanalabs", s->tree);
    rc = rc ? rc : pci_put_driver(s);
    rc = rc ? rc : put_kernel(s);
    for (uint32_t i = 0; !rc && i < s->device_count; i++)
        rc = tree_add(s, &s->devices[i]);
    return rc;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_device(const struct sim_state *s, const struct sim_device *d)
{
    char path[PATH_MAX], name[64];

    for (int control = 0; control < 2; control++) {
        layout_node(s, d->index, control, name, sizeof(name));
        snprintf(path, sizeof(path), "%s%s", s->tree, name);
        unlink(path);
        layout_name(s, d->index, control, name, sizeof(name));
        snprintf(path, sizeof(path), "%s/sys/class/%s/%s", s->tree, sim_kernel(s)->class, name);
        unlink(path);
        snprintf(path, sizeof(path), "%s/sys/dev/char/%u:%u", s->tree, layout_major(s, control),
                 layout_minor(s, d->index, control));
        unlink(path);
    }
    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s", s->tree, d->pci_address);
    unlink(path);
    snprintf(path, sizeof(path), "%s/sys/devices/pci0000:00/%s", s->tree, d->pci_address);
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    debugfs_folder(s, d, path);
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    snprintf(path, sizeof(path), "%s/sys/kernel/debug/habanalabs/hl%u", s->tree, d->index);
    unlink(path); /* a link, unless it was that folder */
}

void tree_device_folder(const struct sim_state *s, const struct sim_device *d, char *dir)
{
    if (sim_kernel(s)->accel_nodes)
        snprintf(dir, PATH_MAX, "%s/sys/devices/pci0000:00/%s", s->tree, d->pci_address);
    else
        snprintf(dir, PATH_MAX, "%s/sys/devices/virtual/habanalabs/hl%u", s->tree, d->index);
}

void tree_update(struct sim_state *s)
{
    char dir[PATH_MAX];

    for (uint32_t i = 0; i < s->device_count; i++) {
        const struct sim_device *d = &s->devices[i];

        if (d->removed) {
            remove_device(s, d);
            continue;
        }
        tree_device_folder(s, d, dir);
        put(dir, "status", "%s\n", status_names[sim_device_status(d)]);
        put(dir, "hard_reset_cnt", "%u\n", sim_device_hard_resets(d));
        if (sim_asic_of(d)->soft_reset)
            put(dir, "soft_reset_cnt", "%u\n", sim_device_soft_resets(d));
    }
}

void tree_remove(const struct sim_state *s)
{
    if (s->tree[0])
        nftw(s->tree, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
