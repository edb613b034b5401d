/* SPDX-License-Identifier: MIT */
/* The files below /sys by which programs find a device and read of it: names, modes, texts. */
#include "tests/rig/cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder(void)
{
    return w.old_nodes ? "/sys/class/habanalabs" : "/sys/class/accel";
}

/* What other machines would have otherwise: versions of firmware, clocks, power management. */
static bool own_text(const char *name)
{
    static const char *const names[] = {
        "pci_addr",
        "device_type",
        "status",
        "hard_reset_cnt",
        "soft_reset_cnt",
        "security_enabled",
        "vendor",
        "device",
        "class",
        "subsystem_vendor",
        "module_id",
        "parent_device",
        "device_release_watchdog_timeout",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

/* The driver's own attributes; PCI's have their own authors. */
static bool driver_attribute(const char *name)
{
    static const char *const names[] = {
        "armcp_kernel_ver", "armcp_ver",
        "clk_cur_freq_mhz", "clk_max_freq_mhz",
        "cpld_ver",         "cpucp_kernel_ver",
        "cpucp_ver",        "device_release_watchdog_timeout",
        "device_type",      "eeprom",
        "fuse_ver",         "fw_os_ver",
        "hard_reset",       "hard_reset_cnt",
        "high_pll",         "ic_clk",
        "ic_clk_curr",      "inference_soft_reset",
        "infineon_ver",     "max_power",
        "mme_clk",          "mme_clk_curr",
        "module_id",        "parent_device",
        "pci_addr",         "pm_mng_profile",
        "preboot_btl_ver",  "security_enabled",
        "soft_reset",       "soft_reset_cnt",
        "status",           "thermal_ver",
        "tpc_clk",          "tpc_clk_curr",
        "uboot_ver",        "vrm_ver",
        "clk_mgmt",         "vendor",
        "device",           "class",
        "subsystem_vendor", "dev",
        "uevent",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static ssize_t text(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);
    int error = errno;

    out[n < 0 ? 0 : n] = '\0';
    if (fd >= 0)
        close(fd);
    return n < 0 ? -error : n;
}

/* Bytes up to the end, however many there are at once. */
static ssize_t all_of(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char bytes[256];
    ssize_t n, sum = 0;

    if (fd < 0)
        return -errno;
    while ((n = read(fd, bytes, sizeof(bytes))) > 0)
        sum += n;
    close(fd);
    return n < 0 ? -errno : sum;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static char (*sorted(const char *path, unsigned *count))[64]
{
    static char names[256][64];
    struct dirent *e;
    DIR *d = opendir(path);

    *count = 0;
    while (d && (e = readdir(d)) && *count < 256)
        if (e->d_name[0] != '.')
            snprintf(names[(*count)++], sizeof(names[0]), "%.63s", e->d_name);
    if (d)
        closedir(d);
    qsort(names, *count, sizeof(names[0]), compare);
    return names;
}

/* The place of a device in the machine: its text differs from machine to machine. */
static bool names_a_place(const char *name)
{
    return !strcmp(name, "pci_addr") || !strcmp(name, "parent_device");
}

static void write_attribute(const char *name, const char *file)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, "1", 1);

    say("attribute %s open for writing %s write %s", name, fd < 0 ? answer(-errno) : "0",
        n < 0 ? answer(-errno) : "0");
    if (fd >= 0)
        close(fd);
}

static void attribute(const char *name, const char *file)
{
    char line[300];
    struct stat st;

    if (stat(file, &st) < 0)
        return;
    say("attribute %s mode %#o size %lld", name, st.st_mode & 07777, (long long)st.st_size);
    if (!strcmp(name, "uevent") || !strcmp(name, "dev") || !(st.st_mode & 0444))
        return;
    text(file, line, sizeof(line));
    if (!strcmp(name, "eeprom") || !strcmp(name, "cpld_ver"))
        say("attribute %s has %zd bytes", name, all_of(file));
    if (!names_a_place(name))
        say("attribute %s ends with a new line: %d", name, *line && line[strlen(line) - 1] == '\n');
    if (own_text(name) && !names_a_place(name)) {
        line[strcspn(line, "\n")] = '\0';
        say("attribute %s \"%s\"", name, line);
    }
    if (!(st.st_mode & 0222))
        write_attribute(name, file);
}

/* Of a folder: the driver's attributes with their modes and, where it is deterministic, text. */
static void attributes(const char *path)
{
    unsigned count;
    char(*names)[64] = sorted(path, &count);
    char file[400];

    for (unsigned i = 0; i < count; i++) {
        if (!driver_attribute(names[i]))
            continue;
        snprintf(file, sizeof(file), "%s/%s", path, names[i]);
        attribute(names[i], file);
    }
}

/* What a link of the class's folder says: bytes, or -1 and errno. */
static ssize_t link_of(const char *entry, const char *name, char *link, size_t size)
{
    char path[700];
    ssize_t n;

    snprintf(path, sizeof(path), "%s/%s%s", folder(), entry, name);
    n = readlink(path, link, size - 1);
    link[n < 0 ? 0 : n] = '\0';
    return n;
}

static void class_entry(const char *entry)
{
    char path[700], link[400];
    const char *name;
    ssize_t n;

    say("class entry %s", entry);
    n = link_of(entry, "", link, sizeof(link));
    say("is a link: %d to a virtual device: %d", n > 0, strstr(link, "/virtual/") != NULL);
    n = link_of(entry, "/device", link, sizeof(link));
    say("device -> %s", n < 0 ? answer(-errno) : strrchr(link, '/') ? "a link up" : link);
    n = link_of(entry, "/subsystem", link, sizeof(link));
    name = strrchr(link, '/');
    say("subsystem -> %s", n < 0 ? answer(-errno) : name ? name + 1 : link);
    snprintf(path, sizeof(path), "%s/%s", folder(), entry);
    attributes(path);
    snprintf(path, sizeof(path), "%s/%s/uevent", folder(), entry);
    name = text(path, link, sizeof(link)) > 0 ? strstr(link, "DEVNAME=") : NULL;
    if (name)
        say("uevent DEVNAME %.*s", (int)strcspn(name + 8, "\n"), name + 8);
    snprintf(path, sizeof(path), "%s/%s/dev", folder(), entry);
    say("dev has %s",
        text(path, link, sizeof(link)) > 0 && strchr(link, ':') ? "a number" : "none");
}

/* The PCI device's address. */
static void place(char *pci, size_t size)
{
    char path[160];

    snprintf(path, sizeof(path), w.old_nodes ? "%s/hl%u/pci_addr" : "%s/accel%u/device/pci_addr",
             folder(), cases_device());
    text(path, pci, size);
    pci[strcspn(pci, "\n")] = '\0';
}

/* The PCI device's sensors have the card's name, which is the firmware's. */
static void sensors(void)
{
    char path[700], pci[32], name[64] = "", file[64] = "";
    struct dirent *e;
    DIR *d;

    place(pci, sizeof(pci));
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/hwmon", pci);
    d = opendir(path);
    while (d && (e = readdir(d)))
        if (e->d_name[0] != '.')
            snprintf(file, sizeof(file), "%.40s/name", e->d_name);
    if (d)
        closedir(d);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/hwmon/%s", pci, file);
    text(path, name, sizeof(name));
    name[strcspn(name, "\n")] = '\0';
    say("sensors' name is the card's: %d", !strcmp(name, (const char *)w.ip.card_name));
}

/* Where the driver's files for debugging are: root reads them. */
static void debugfs(void)
{
    static const char *const names[] = {
        "addr", "data32", "data64", "clk_gate", "state_dump",
    };
    char pci[32], folders[3][64], path[300];
    struct stat st;

    place(pci, sizeof(pci));
    snprintf(folders[0], sizeof(folders[0]), "accel/%u", cases_device());
    snprintf(folders[1], sizeof(folders[1]), "accel/%s", pci);
    snprintf(folders[2], sizeof(folders[2]), "habanalabs/hl%u", cases_device());
    /* old programs find the last one on every kernel in the simulator */
    for (unsigned k = 0; k < (w.old_nodes ? 3 : 2); k++)
        for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", folders[k], names[i]);
            if (stat(path, &st))
                say("debugfs %u %s -> %s", k, names[i], answer(-errno));
            else
                say("debugfs %u %s mode %#o", k, names[i], st.st_mode & 07777);
        }
}

void sysfs_cases(void)
{
    char path[700], link[400], entry[32], nodes[8][64];
    unsigned count;
    char(*names)[64] = sorted(folder(), &count);
    ssize_t n;

    for (unsigned i = 0; i < count && i < 8; i++)
        memcpy(nodes[i], names[i], sizeof(nodes[i]));
    for (unsigned i = 0; i < count && i < 8; i++)
        class_entry(nodes[i]);
    if (!w.old_nodes) {
        snprintf(path, sizeof(path), "%s/accel%u/device", folder(), cases_device());
        attributes(path);
        snprintf(entry, sizeof(entry), "accel%u", cases_device());
        n = link_of(entry, "/device/driver", link, sizeof(link));
        say("driver -> %s", n < 0 ? answer(-errno) : strrchr(link, '/') + 1);
    }
    sensors();
    debugfs();
    snprintf(path, sizeof(path), "%s/nothing", folder());
    say("a file that is not there -> %s", answer(text(path, link, sizeof(link))));
}
