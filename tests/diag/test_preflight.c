/* SPDX-License-Identifier: MIT */
/* hlthunk_preflight_run() on recorded machines. */
#include "tests/diag/tree.h"
#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include <hlthunk-diag/diag.h>

#define DEVICE "0000:05:00.0"
#define NIC "0000:06:00.0"
#define SWITCH "pci0000:00/0000:00:01.0/0000:02:00.0"

/* What was told. */
static struct told {
    char id[24], device[24], importer[24], text[768], remedy[700];
    enum hlthunk_verdict verdict;
} told[64];
static unsigned told_count;
static enum hlthunk_verdict worst;

static int keep(const struct hlthunk_check *c, void *user)
{
    struct told *t = &told[told_count++];

    (void)user;
    snprintf(t->id, sizeof(t->id), "%s", c->id);
    snprintf(t->device, sizeof(t->device), "%s", c->device);
    snprintf(t->importer, sizeof(t->importer), "%s", c->importer);
    snprintf(t->text, sizeof(t->text), "%s", c->text);
    snprintf(t->remedy, sizeof(t->remedy), "%s", c->remedy);
    t->verdict = c->verdict;
    return 0;
}

static void look_for(const char *importer)
{
    struct hlthunk_preflight_options o = { .struct_size = sizeof(o),
                                           .root = tree_root(),
                                           .importer = importer };
    int rc;

    told_count = 0;
    rc = hlthunk_preflight_run(&o, keep, NULL, &worst);
    if (rc)
        fail_msg("%d: %s", rc, hlthunk_diag_last_error());
}

static void look(void)
{
    look_for(NULL);
}

static const struct told *find(const char *id)
{
    for (unsigned i = 0; i < told_count; i++) {
        if (!strcmp(told[i].id, id))
            return &told[i];
    }
    return NULL;
}

static void expect_text(const struct told *t, const char *part)
{
    if (!strstr(t->text, part) && !strstr(t->remedy, part))
        fail_msg("%s: \"%s\" / \"%s\" do not say \"%s\"", t->id, t->text, t->remedy, part);
}

/* The check is there with this verdict, and says this. */
static void expect(const char *id, enum hlthunk_verdict verdict, const char *part)
{
    const struct told *t = find(id);

    if (!t)
        fail_msg("no check \"%s\"", id);
    if (t->verdict != verdict)
        fail_msg("%s is %s, not %s: %s", id, hlthunk_verdict_get_name(t->verdict),
                 hlthunk_verdict_get_name(verdict), t->text);
    expect_text(t, part);
    if (verdict == HLTHUNK_VERDICT_PROBLEM && strcmp(id, "import") != 0)
        assert_true(t->remedy[0]);
}

static void put_kernel(const char *release, const char *config)
{
    char path[128];

    tree_put("/proc/sys/kernel/osrelease", "%s\n", release);
    snprintf(path, sizeof(path), "/boot/config-%s", release);
    tree_put(path, "CONFIG_PCI=y\n%s\nCONFIG_PCI_IOV=y\n", config);
}

static void put_host(void)
{
    tree_put("/proc/self/limits",
             "Limit                     Soft Limit           Hard Limit           Units     \n"
             "Max locked memory         unlimited            unlimited            bytes     \n"
             "Max open files            65536                1048576              files     \n");
    tree_put("/proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\n");
    tree_put("/proc/meminfo", "MemTotal: 1 kB\nHugePages_Total:      16\nHugePages_Free:       12\n"
                              "Hugepagesize:       2048 kB\n");
    tree_put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    tree_put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n");
    tree_put("/proc/uptime", "100.00 1.00\n");
    tree_folder("/proc/self/fd");
}

/* A host bridge and, below one switch, the device and an RDMA card; acs: of the downstream ports.
 */
static void put_switch(unsigned bridge, int acs)
{
    tree_pci("pci0000:00", "0000:00:00.0", 0x8086, bridge, 0x060000, 0, -1, NULL);
    tree_pci("pci0000:00", "0000:00:01.0", 0x8086, 0x2030, 0x060400, 4, -1, "pcieport");
    tree_pci("pci0000:00/0000:00:01.0", "0000:02:00.0", 0x104c, 0x8232, 0x060400, 5, -1,
             "pcieport");
    tree_pci(SWITCH, "0000:03:00.0", 0x104c, 0x8233, 0x060400, 6, acs, "pcieport");
    tree_pci(SWITCH, "0000:03:01.0", 0x104c, 0x8233, 0x060400, 6, acs, "pcieport");
    tree_pci(SWITCH "/0000:03:00.0", DEVICE, 0x1da3, 0x1020, 0x120000, 0, -1, "habanalabs");
    tree_pci(SWITCH "/0000:03:01.0", NIC, 0x15b3, 0x1021, 0x020000, 0, -1, "mlx5_core");
    tree_folder("/sys/bus/pci/devices/" NIC "/infiniband");
}

FIXTURE(setup)
{
    tree_begin();
    put_host();
    put_kernel("7.2.1-amd64", "CONFIG_PCI_P2PDMA=y");
    tree_device(0, DEVICE, 0x1020, 0);
    return 0;
}

FIXTURE(teardown)
{
    tree_end();
    return 0;
}

TEST(a_healthy_switch)
{
    put_switch(0x1234, 0);
    look();
    expect("kernel", HLTHUNK_VERDICT_OK, "7.2.1-amd64");
    expect("p2pdma", HLTHUNK_VERDICT_OK, "/boot/config-7.2.1-amd64");
    expect("device", HLTHUNK_VERDICT_OK, "gaudi2 0 at " DEVICE);
    expect("node", HLTHUNK_VERDICT_OK, "/dev/accel/accel0");
    expect("permission", HLTHUNK_VERDICT_OK, "may read and write");
    expect("status", HLTHUNK_VERDICT_OK, "Operational");
    expect("holders", HLTHUNK_VERDICT_OK, "Nobody");
    expect("export", HLTHUNK_VERDICT_OK, "gaudi2");
    expect("importer", HLTHUNK_VERDICT_OK, "mlx5_core");
    expect("route", HLTHUNK_VERDICT_OK, "0000:02:00.0");
    assert_string_equal(find("route")->device, DEVICE);
    assert_string_equal(find("route")->importer, NIC);
    expect("iommu", HLTHUNK_VERDICT_OK, "No IOMMU");
    expect("import", HLTHUNK_VERDICT_OK, "1 candidates");
    expect("memlock", HLTHUNK_VERDICT_OK, "unlimited");
    expect("nofile", HLTHUNK_VERDICT_OK, "65536");
    expect("huge-pages", HLTHUNK_VERDICT_OK, "12 of 16");
    /* nothing was opened, and 6.12 and later may refuse */
    expect("open", HLTHUNK_VERDICT_UNKNOWN, "FOP_UNSIGNED_OFFSET");
    assert_int_equal(worst, HLTHUNK_VERDICT_UNKNOWN);
}

TEST(no_p2pdma)
{
    put_switch(0x1234, 0);
    put_kernel("6.12.95+deb13-amd64", "# CONFIG_PCI_P2PDMA is not set");
    look();
    expect("p2pdma", HLTHUNK_VERDICT_PROBLEM, "EPERM");
    expect("route", HLTHUNK_VERDICT_OK, "bridge");
    expect("import", HLTHUNK_VERDICT_PROBLEM, "no peer-to-peer DMA");
    assert_int_equal(worst, HLTHUNK_VERDICT_PROBLEM);
    put_kernel("6.12.95+deb13-amd64", "CONFIG_PCI_P2PDMA=n");
    look();
    expect("p2pdma", HLTHUNK_VERDICT_PROBLEM, "EPERM");
}

/* The configuration's other places: what is in none of them is in the kernel's list of symbols. */
TEST(where_the_configuration_is)
{
    char filler[4200];

    put_switch(0x1234, 0);
    tree_remove("/boot/config-7.2.1-amd64");
    look();
    expect("p2pdma", HLTHUNK_VERDICT_UNKNOWN, "cannot be known");
    expect("import", HLTHUNK_VERDICT_UNKNOWN, "may be able");
    memset(filler, 'x', sizeof(filler));
    filler[sizeof(filler) - 1] = '\0';
    tree_put("/proc/kallsyms", "0 T %s\n0 T pci_p2pdma_distance_many_not\n", filler);
    look();
    expect("p2pdma", HLTHUNK_VERDICT_PROBLEM, "/proc/kallsyms");
    tree_put("/proc/kallsyms", "0 T %s\n0 T pci_p2pdma_distance_many\n", filler);
    look();
    expect("p2pdma", HLTHUNK_VERDICT_OK, "/proc/kallsyms");
    tree_put("/lib/modules/7.2.1-amd64/config", "CONFIG_PCI_P2PDMA_X=y\n");
    look();
    expect("p2pdma", HLTHUNK_VERDICT_PROBLEM, "/lib/modules/7.2.1-amd64/config");
}

TEST(acs_redirects)
{
    put_switch(0x1234, 0x1d); /* source validation, request and completion redirect … */
    look();
    expect("route", HLTHUNK_VERDICT_WARNING, "pci=disable_acs_redir=0000:03:00.0;0000:03:01.0");
    expect_text(find("route"), "8086:1234");
    expect("import", HLTHUNK_VERDICT_PROBLEM, "None of the 1");
    look_for(NIC);
    expect("route", HLTHUNK_VERDICT_PROBLEM, "0000:02:00.0");
}

/* What validates sources and blocks translation alone redirects nothing. */
TEST(acs_without_redirect)
{
    put_switch(0x1234, 0x43);
    look();
    expect("route", HLTHUNK_VERDICT_OK, "nothing on the way redirects");
}

TEST(acs_redirects_to_a_listed_bridge)
{
    put_switch(0x2020, 0x1d);
    look();
    expect("route", HLTHUNK_VERDICT_OK, "on the kernel's list");
    expect("import", HLTHUNK_VERDICT_OK, "At least one");
}

/* Two root ports: below one host bridge, or the card below another. */
static void put_root_ports(unsigned bridge, unsigned other)
{
    const char *bus = other ? "pci0000:80" : "pci0000:00";
    char where[64];

    tree_pci("pci0000:00", "0000:00:00.0", 0x8086, bridge, 0x060000, 0, -1, NULL);
    tree_pci("pci0000:00", "0000:00:01.0", 0x8086, 0x9999, 0x060400, 4, -1, "pcieport");
    tree_pci("pci0000:00/0000:00:01.0", DEVICE, 0x1da3, 0x1020, 0x120000, 0, -1, "habanalabs");
    if (other)
        tree_pci(bus, "0000:80:00.0", 0x8086, other, 0x060000, 0, -1, NULL);
    snprintf(where, sizeof(where), "%s/0000:%s:02.0", bus, other ? "80" : "00");
    tree_pci(bus, strrchr(where, '/') + 1, 0x8086, 0x9999, 0x060400, 4, -1, "pcieport");
    tree_pci(where, NIC, 0x15b3, 0x1021, 0x020000, 0, -1, "mlx5_core");
    tree_folder("/sys/bus/pci/devices/" NIC "/infiniband");
}

TEST(host_bridge_not_listed)
{
    put_root_ports(0x29c0, 0);
    look();
    expect("route", HLTHUNK_VERDICT_WARNING, "8086:29c0");
    expect("import", HLTHUNK_VERDICT_PROBLEM, "None");
    assert_int_equal(worst, HLTHUNK_VERDICT_PROBLEM);
}

TEST(host_bridge_listed)
{
    put_root_ports(0x3c00, 0);
    look();
    expect("route", HLTHUNK_VERDICT_OK, "on the kernel's list");
}

/* Some are listed for devices below one of them alone. */
TEST(two_host_bridges)
{
    put_root_ports(0x3c00, 0x3c00);
    look();
    expect("route", HLTHUNK_VERDICT_WARNING, "one and the same bridge");
    put_root_ports(0x2020, 0x09a2);
    look();
    expect("route", HLTHUNK_VERDICT_OK, "on the kernel's list");
    put_root_ports(0x2020, 0x1111);
    look();
    expect("route", HLTHUNK_VERDICT_WARNING, "8086:1111");
}

TEST(host_bridge_of_later_kernels)
{
    put_root_ports(0x09a2, 0);
    put_kernel("5.15.0", "CONFIG_PCI_P2PDMA=y");
    look();
    expect("route", HLTHUNK_VERDICT_WARNING, "later kernels");
}

/* Where a root bus has no device 0 a root port stands for the bridge, and nothing else does. */
TEST(a_root_port_is_the_bridge)
{
    put_root_ports(0x1111, 0);
    tree_remove("/sys/devices/pci0000:00/0000:00:00.0");
    tree_pci("pci0000:00", "0000:00:01.0", 0x8086, 0x2031, 0x060400, 4, -1, NULL);
    look();
    expect("route", HLTHUNK_VERDICT_OK, "on the kernel's list");
    tree_pci("pci0000:00", "0000:00:01.0", 0x8086, 0x2031, 0x060400, 5, -1, NULL);
    look();
    expect("route", HLTHUNK_VERDICT_WARNING, "no host bridge");
}

TEST(amd_zen)
{
    put_root_ports(0x1111, 0);
    tree_put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\n");
    look();
    expect("route", HLTHUNK_VERDICT_OK, "AMD Zen");
    tree_put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 21\n");
    look();
    expect("route", HLTHUNK_VERDICT_WARNING, "8086:1111");
}

TEST(the_iommu)
{
    put_switch(0x1234, 0);
    tree_put("/sys/kernel/iommu_groups/17/type", "DMA-FQ\n");
    tree_link("/sys/devices/" SWITCH "/0000:03:01.0/" NIC "/iommu_group",
              "../../../../../../kernel/iommu_groups/17");
    look();
    expect("iommu", HLTHUNK_VERDICT_WARNING, "iommu=pt");
    tree_put("/sys/kernel/iommu_groups/17/type", "identity\n");
    look();
    expect("iommu", HLTHUNK_VERDICT_OK, "group 17");
}

TEST(importers)
{
    put_switch(0x1234, 0);
    tree_remove("/sys/devices/" SWITCH "/0000:03:01.0/" NIC "/infiniband");
    look();
    expect("importer", HLTHUNK_VERDICT_WARNING, "mlx5_ib");
    tree_pci(SWITCH "/0000:03:01.0", NIC, 0x8086, 0x1521, 0x030000, 0, -1, NULL);
    tree_remove("/sys/devices/" SWITCH "/0000:03:01.0/" NIC "/driver");
    look();
    expect("importer", HLTHUNK_VERDICT_WARNING, "No driver");
    tree_link("/sys/devices/" SWITCH "/0000:03:01.0/" NIC "/driver", "../x/i915");
    look();
    expect("importer", HLTHUNK_VERDICT_WARNING, "without peer-to-peer");
    tree_remove("/sys/devices/" SWITCH "/0000:03:01.0/" NIC "/driver");
    tree_link("/sys/devices/" SWITCH "/0000:03:01.0/" NIC "/driver", "../x/nvidia");
    look();
    expect("importer", HLTHUNK_VERDICT_UNKNOWN, "nvidia");
    expect("import", HLTHUNK_VERDICT_UNKNOWN, "may be able");
    tree_remove("/sys/devices/" SWITCH "/0000:03:01.0/" NIC "/driver");
    tree_link("/sys/devices/" SWITCH "/0000:03:01.0/" NIC "/driver", "../x/xe");
    look();
    expect("importer", HLTHUNK_VERDICT_OK, "xe");
    put_kernel("6.6.0", "CONFIG_PCI_P2PDMA=y");
    look();
    expect("importer", HLTHUNK_VERDICT_UNKNOWN, "6.8");
    /* an Ethernet card is not a candidate unless it is named */
    tree_pci(SWITCH "/0000:03:01.0", NIC, 0x8086, 0x1521, 0x020000, 0, -1, NULL);
    look();
    assert_null(find("importer"));
    expect("import", HLTHUNK_VERDICT_UNKNOWN, "no other PCI device");
    look_for(NIC);
    assert_non_null(find("importer"));
    /* nor is another Habana card, of which a recorded machine does not tell whose driver has it */
    tree_remove("/sys/devices/" SWITCH "/0000:03:01.0/" NIC "/driver");
    tree_pci(SWITCH "/0000:03:01.0", NIC, 0x1da3, 0x1020, 0x120000, 0, -1, "habanalabs");
    look();
    assert_null(find("importer"));
    look_for(NIC);
    expect("importer", HLTHUNK_VERDICT_UNKNOWN, "vendor's alone imports");
    look_for(DEVICE);
    expect("import", HLTHUNK_VERDICT_UNKNOWN, "this device itself");
}

static const char *denied_mode;

static void as_nobody_permission(void)
{
    look();
    expect("permission", HLTHUNK_VERDICT_PROBLEM, denied_mode);
    assert_null(find("open"));
    /* configuration space beyond 64 bytes is for root; here the file is shorter */
    expect("route", HLTHUNK_VERDICT_UNKNOWN, "root");
}

TEST(no_permission)
{
    static const unsigned char header[64] = { 0 };

    put_switch(0x1234, 0);
    tree_put_bytes("/sys/devices/" SWITCH "/0000:03:00.0/config", header, sizeof(header));
    /* an ordinary user owns the file */
    denied_mode = getuid() == 0 ? "mode 600" : "mode 000";
    tree_mode("/dev/accel/accel0", getuid() == 0 ? 0600 : 0);
    as_nobody(as_nobody_permission);
}

static void as_nobody_control(void)
{
    look();
    expect("permission", HLTHUNK_VERDICT_PROBLEM,
           "may not read and write /dev/accel/accel_controlD0");
    assert_non_null(find("open"));
}

TEST(no_permission_for_the_control_node)
{
    put_switch(0x1234, 0);
    tree_mode("/dev/accel/accel_controlD0", getuid() == 0 ? 0600 : 0);
    tree_mode("/dev/accel/accel0", 0666);
    as_nobody(as_nobody_control);
}

/* Linux 6.1: other nodes. */
static void device_of_6_1(void)
{
    tree_remove("/sys/class/accel");
    tree_device(0, DEVICE, 0, 1);
    put_switch(0x1234, 0);
}

static void as_nobody_6_1(void)
{
    look();
    expect("permission", HLTHUNK_VERDICT_PROBLEM, "KERNEL==\"hl[0-9]*|hl_controlD[0-9]*\"");
}

TEST(no_permission_on_6_1)
{
    device_of_6_1();
    tree_mode("/dev/hl0", getuid() == 0 ? 0600 : 0);
    as_nobody(as_nobody_6_1);
}

TEST(no_node)
{
    tree_remove("/dev/accel/accel_controlD0");
    look();
    expect("node", HLTHUNK_VERDICT_PROBLEM, "accel_controlD0 does not exist");
    assert_null(find("permission"));
}

TEST(states)
{
    tree_put("/sys/class/accel/accel0/device/status", "In reset\n");
    look();
    expect("status", HLTHUNK_VERDICT_WARNING, "In reset");
    tree_put("/sys/class/accel/accel0/device/status", "Disabled\n");
    look();
    expect("status", HLTHUNK_VERDICT_PROBLEM, "EPERM");
}

/* Linux 6.1: other nodes, and what is behind an MMU is not exported. */
TEST(linux_6_1)
{
    device_of_6_1();
    put_kernel("6.1.0-40-amd64", "# CONFIG_PCI_P2PDMA is not set");
    look();
    expect("device", HLTHUNK_VERDICT_OK, "gaudi2 0");
    expect("node", HLTHUNK_VERDICT_OK, "/dev/hl0");
    expect("export", HLTHUNK_VERDICT_PROBLEM, "6.3");
    expect("p2pdma", HLTHUNK_VERDICT_PROBLEM, "CONFIG_PCI_P2PDMA");
    expect("open", HLTHUNK_VERDICT_UNKNOWN, "not tried");
    assert_null(strstr(find("open")->text, "FOP"));
    tree_pci(SWITCH "/0000:03:00.0", DEVICE, 0x1da3, 0x1000, 0x120000, 0, -1, "habanalabs");
    look();
    expect("export", HLTHUNK_VERDICT_OK, "gaudi");
}

static void put_process(const char *name, int fd, const char *link)
{
    char path[64];

    tree_put("/proc/77/stat", "77 (%s) S 1 1 1 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 50 1000 10\n", name);
    tree_put("/proc/77/status", "Uid:\t0\t0\t0\t0\n");
    tree_put("/proc/77/maps", "%s", "");
    snprintf(path, sizeof(path), "/proc/77/fd/%d", fd);
    tree_link(path, link);
    snprintf(path, sizeof(path), "/proc/77/fdinfo/%d", fd);
    tree_put(path, "ino:\t9\nsize:\t4096\ncount:\t1\nexp_name:\thabanalabs\n");
}

TEST(holders)
{
    put_process("leaker", 5, "/dmabuf:");
    look();
    expect("holders", HLTHUNK_VERDICT_PROBLEM, "leaker (PID 77)");
    put_process("leaker", 8, "/dmabuf:"); /* another descriptor of the same */
    look();
    expect("holders", HLTHUNK_VERDICT_PROBLEM, "but 1 dma-bufs and 0 mappings");
    put_process("user", 6, "/dev/accel/accel0");
    look();
    expect("holders", HLTHUNK_VERDICT_WARNING, "user (PID 77)");
    expect("open", HLTHUNK_VERDICT_OK, "in use"); /* so it can be */
}

TEST(limits)
{
    tree_put("/proc/self/limits",
             "Max locked memory         8388608              8388608              bytes     \n"
             "Max open files            1024                 524288               files     \n");
    tree_put("/proc/meminfo",
             "HugePages_Total:       0\nHugePages_Free:        0\nHugepagesize: 2048 kB\n");
    tree_put("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
    look();
    expect("memlock", HLTHUNK_VERDICT_WARNING, "8192 KiB");
    expect("nofile", HLTHUNK_VERDICT_WARNING, "ulimit -n 65536");
    expect("huge-pages", HLTHUNK_VERDICT_WARNING, "never");
    tree_put("/proc/self/status", "CapEff:\t0000000000004000\n");
    look();
    expect("memlock", HLTHUNK_VERDICT_OK, "CAP_IPC_LOCK");
    /* one of a user namespace counts for nothing that the kernel locks */
    tree_link("/proc/self/ns/user", "user:[4026532201]");
    look();
    expect("memlock", HLTHUNK_VERDICT_WARNING, "8192 KiB");
    tree_remove("/proc/self/ns/user");
    tree_link("/proc/self/ns/user", "user:[4026531837]");
    look();
    expect("memlock", HLTHUNK_VERDICT_OK, "CAP_IPC_LOCK");
    tree_remove("/proc/self/limits");
    look();
    expect("nofile", HLTHUNK_VERDICT_UNKNOWN, "cannot be read");
}

/* Of two cards one was passed on: the other is not a problem unless it is named. */
TEST(not_passed_to_this_container)
{
    struct hlthunk_preflight_options o = { .struct_size = sizeof(o),
                                           .root = tree_root(),
                                           .pci_address = "0000:07:00.0" };
    unsigned other = 0;

    put_switch(0x1234, 0);
    tree_device(1, "0000:07:00.0", 0x1020, 0);
    tree_remove("/dev/accel/accel1");
    look();
    for (unsigned i = 0; i < told_count; i++) {
        if (strcmp(told[i].device, "0000:07:00.0") != 0)
            continue;
        other++;
        assert_int_not_equal(told[i].verdict, HLTHUNK_VERDICT_PROBLEM);
        if (!strcmp(told[i].id, "node")) {
            assert_int_equal(told[i].verdict, HLTHUNK_VERDICT_WARNING);
            expect_text(&told[i], "not passed to this container");
        }
    }
    assert_int_equal(other, 3); /* device, node, status: all else is not this process's business */
    told_count = 0;
    assert_int_equal(hlthunk_preflight_run(&o, keep, NULL, &worst), 0);
    expect("node", HLTHUNK_VERDICT_PROBLEM, "not passed to this container");
    tree_remove("/dev/accel");
    look();
    expect("node", HLTHUNK_VERDICT_PROBLEM, "/dev/accel/accel0 does not exist");
}

/* What cannot be read is not known, with the reason: never "there is none". */
static void look_at_the_unreadable(void)
{
    look();
    expect("device", HLTHUNK_VERDICT_UNKNOWN, "Permission denied");
    expect("huge-pages", HLTHUNK_VERDICT_UNKNOWN, "Permission denied");
    expect("p2pdma", HLTHUNK_VERDICT_UNKNOWN, "Permission denied");
    expect("memlock", HLTHUNK_VERDICT_UNKNOWN, "Permission denied");
}

TEST(the_unreadable_is_unknown)
{
    static const char *const hidden[] = { "/sys/class/accel", "/boot",
                                          "/sys/kernel/mm/transparent_hugepage" };

    tree_put("/proc/self/limits", "Max locked memory  8192  8192  bytes\n");
    tree_put("/proc/meminfo", "HugePages_Total: 0\n");
    tree_remove("/sys/kernel");
    tree_folder("/sys/kernel");
    look();
    expect("huge-pages", HLTHUNK_VERDICT_UNKNOWN, "there is no /sys");
    tree_folder("/sys/kernel/mm");
    look();
    expect("huge-pages", HLTHUNK_VERDICT_WARNING, "not built in");
    tree_put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    tree_put("/proc/self/status", "CapEff:\t0000000000000000\n");
    tree_mode("/proc/self/status", 0);
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        tree_mode(hidden[i], 0);
    as_nobody(look_at_the_unreadable);
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        tree_mode(hidden[i], 0755);
}

static void look_at_hidden_processes(void)
{
    look();
    expect("holders", HLTHUNK_VERDICT_UNKNOWN, "/proc cannot be read");
}

/* Without a list of processes nothing is known of holders, not even how many are hidden. */
TEST(processes_that_cannot_be_listed)
{
    put_switch(0x1234, 0);
    tree_mode("/proc", 0111);
    as_nobody(look_at_hidden_processes);
    tree_mode("/proc", 0755);
}

/* Files that are longer than anybody expected end where they end (a sanitizer and valgrind look).
 */
TEST(long_files)
{
    char text[6000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    tree_put("/proc/sys/kernel/osrelease", "%s", text);
    tree_put("/sys/kernel/mm/transparent_hugepage/enabled", "%s [never]\n", text);
    tree_put("/proc/meminfo", "%s\nHugePages_Total: 0\n", text);
    tree_put("/proc/self/status", "Name:\t%s\nCapEff:\t0000000000004000\n", text);
    tree_put("/proc/self/limits", "%s\nMax locked memory  8192  8192  bytes\n", text);
    tree_put("/sys/class/accel/accel0/device/status", "%s\n", text);
    look();
    expect("kernel", HLTHUNK_VERDICT_UNKNOWN, "No space left");
    expect("huge-pages", HLTHUNK_VERDICT_WARNING, "never");
    expect("memlock", HLTHUNK_VERDICT_OK, "CAP_IPC_LOCK");
    expect("status", HLTHUNK_VERDICT_UNKNOWN, "No space left");
}

/* A recorded machine that somebody has sent may have anything in place of a file. */
TEST(what_is_no_file)
{
    char path[128];

    tree_remove("/proc/sys/kernel/osrelease");
    tree_folder("/proc/sys/kernel");
    snprintf(path, sizeof(path), "%s/proc/sys/kernel/osrelease", tree_root());
    assert_int_equal(mkfifo(path, 0600), 0);
    tree_remove("/proc/meminfo");
    tree_link("/proc/meminfo", "/dev/zero");
    alarm(20);
    look();
    alarm(0);
    expect("kernel", HLTHUNK_VERDICT_UNKNOWN, "");
    expect("huge-pages", HLTHUNK_VERDICT_UNKNOWN, "cannot be read");
}

/* Beside one that works: it is meant so. */
TEST(a_device_of_a_virtual_machine)
{
    tree_pci("pci0000:00", "0000:00:1e.0", 0x1da3, 0x1020, 0x120000, 0, -1, NULL);
    tree_link("/sys/devices/pci0000:00/0000:00:1e.0/driver", "../x/vfio-pci");
    look();
    expect("device", HLTHUNK_VERDICT_OK, "0000:00:1e.0 (1da3:1020) is bound to vfio-pci");
    assert_string_equal(find("device")->device, "0000:00:1e.0");
}

TEST(no_device)
{
    tree_remove("/sys/class/accel");
    tree_pci("pci0000:00", "0000:00:00.0", 0x8086, 0x29c0, 0x060000, 0, -1, NULL);
    look();
    expect("device", HLTHUNK_VERDICT_PROBLEM, "no Habana device");
    tree_pci("pci0000:00", "0000:00:04.0", 0x1da3, 0x1020, 0x120000, 0, -1, NULL);
    look();
    expect("device", HLTHUNK_VERDICT_PROBLEM, "modprobe habanalabs");
    assert_string_equal(find("device")->device, "0000:00:04.0");
    tree_link("/sys/devices/pci0000:00/0000:00:04.0/driver", "../x/vfio-pci");
    look();
    expect("device", HLTHUNK_VERDICT_PROBLEM, "this library cannot export");
    assert_non_null(strstr(find("device")->remedy, "vfio-pci revokes such an export"));
    put_kernel("6.18.5", "CONFIG_PCI_P2PDMA=y");
    look();
    expect("device", HLTHUNK_VERDICT_PROBLEM, "nobody on this host can export");
    tree_remove("/sys/devices/pci0000:00/0000:00:04.0/driver");
    tree_link("/sys/devices/pci0000:00/0000:00:04.0/driver", "../x/pci-stub");
    look();
    expect("device", HLTHUNK_VERDICT_PROBLEM, "belongs to the driver pci-stub");
    /* the Goya that later drivers cannot start */
    tree_remove("/sys/devices/pci0000:00/0000:00:04.0/driver");
    tree_pci("pci0000:00", "0000:00:04.0", 0x1da3, 0x0001, 0x120000, 0, -1, "habanalabs");
    look();
    expect("device", HLTHUNK_VERDICT_PROBLEM, "0002-accel-habanalabs-goya");
    expect("memlock", HLTHUNK_VERDICT_OK, "unlimited"); /* the rest is told all the same */
}

static int stop_at_third(const struct hlthunk_check *c, void *user)
{
    (void)c;
    return ++*(int *)user == 3 ? 42 : 0;
}

TEST(bad_arguments)
{
    struct hlthunk_preflight_options o = { .struct_size = sizeof(o), .root = tree_root() };
    int calls = 0;

    worst = (enum hlthunk_verdict)77;
    assert_int_equal(hlthunk_preflight_run(&o, NULL, NULL, &worst), -EINVAL);
    o.reserved[3] = 1;
    assert_int_equal(hlthunk_preflight_run(&o, keep, NULL, &worst), -E2BIG);
    o.reserved[3] = 0;
    o.pci_address = "nonsense";
    assert_int_equal(hlthunk_preflight_run(&o, keep, NULL, &worst), -EINVAL);
    assert_non_null(strstr(hlthunk_diag_last_error(), "pci_address"));
    o.pci_address = "0000:99:00.0";
    assert_int_equal(hlthunk_preflight_run(&o, keep, NULL, &worst), -ENODEV);
    o.pci_address = "5:0.0";
    o.importer = "0000:98:00.0";
    assert_int_equal(hlthunk_preflight_run(&o, keep, NULL, &worst), -ENODEV);
    assert_non_null(strstr(hlthunk_diag_last_error(), "0000:98:00.0"));
    o.importer = NULL;
    o.open = (enum hlthunk_preflight_open)9;
    assert_int_equal(hlthunk_preflight_run(&o, keep, NULL, &worst), -EINVAL);
    o.open = HLTHUNK_PREFLIGHT_OPEN_NEVER;
    o.root = "/no/such/folder";
    assert_int_equal(hlthunk_preflight_run(&o, keep, NULL, &worst), -ENOENT);
    assert_int_equal(worst, 77);
    o.root = tree_root();
    assert_int_equal(hlthunk_preflight_run(&o, stop_at_third, &calls, &worst), 42);
    assert_int_equal(calls, 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_healthy_switch),
        CASE(no_p2pdma),
        CASE(where_the_configuration_is),
        CASE(acs_redirects),
        CASE(acs_without_redirect),
        CASE(acs_redirects_to_a_listed_bridge),
        CASE(host_bridge_not_listed),
        CASE(host_bridge_listed),
        CASE(two_host_bridges),
        CASE(host_bridge_of_later_kernels),
        CASE(a_root_port_is_the_bridge),
        CASE(amd_zen),
        CASE(the_iommu),
        CASE(importers),
        CASE(no_permission),
        CASE(no_permission_for_the_control_node),
        CASE(no_permission_on_6_1),
        CASE(no_node),
        CASE(states),
        CASE(linux_6_1),
        CASE(holders),
        CASE(limits),
        CASE(not_passed_to_this_container),
        CASE(the_unreadable_is_unknown),
        CASE(processes_that_cannot_be_listed),
        CASE(long_files),
        CASE(what_is_no_file),
        CASE(a_device_of_a_virtual_machine),
        CASE(no_device),
        CASE(bad_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
