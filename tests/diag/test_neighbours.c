/* SPDX-License-Identifier: MIT */
/* hlthunk_neighbours_list() on recorded machines. */
#include "tests/diag/tree.h"
#include "tests/test.h"

#include <errno.h>
#include <unistd.h>

#include <hlthunk-diag/diag.h>

#define DEVICE "0000:05:00.0"
#define NIC "0000:06:00.0"
#define ROOT_PORT "pci0000:00/0000:00:01.0"
#define SWITCH ROOT_PORT "/0000:02:00.0"

static struct seen {
    char address[24], driver[32], rdma[32], bridge[24];
    struct hlthunk_neighbour n;
} seen[16];
static unsigned seen_count, stop_after;
static struct hlthunk_location here;

static int keep(const struct hlthunk_neighbour *n, void *user)
{
    struct seen *s = &seen[seen_count++];

    assert_ptr_equal(user, &here);
    assert_int_equal(n->struct_size, sizeof(*n));
    s->n = *n;
    snprintf(s->address, sizeof(s->address), "%s", n->pci_address);
    snprintf(s->driver, sizeof(s->driver), "%s", n->driver);
    snprintf(s->rdma, sizeof(s->rdma), "%s", n->rdma_device);
    snprintf(s->bridge, sizeof(s->bridge), "%s", n->bridge);
    return seen_count == stop_after ? 77 : 0;
}

static int list(const char *address)
{
    struct hlthunk_neighbours_options o = { .struct_size = sizeof(o), .root = tree_root() };

    seen_count = 0;
    here = (struct hlthunk_location){ .struct_size = sizeof(here), .numa_node = 99 };
    return hlthunk_neighbours_list(address, &o, keep, &here, &here);
}

static void look(void)
{
    int rc = list(DEVICE);

    if (rc)
        fail_msg("%d: %s", rc, hlthunk_diag_last_error());
}

/* One row: where it is in the list, what it is, and how far away. */
static void expect(unsigned i, const char *address, enum hlthunk_neighbour_kind kind,
                   enum hlthunk_route route, unsigned hops, bool same_root, const char *bridge)
{
    const struct seen *s = &seen[i];

    assert_true(i < seen_count);
    assert_string_equal(s->address, address);
    assert_int_equal(s->n.kind, kind);
    if (s->n.route != route)
        fail_msg("the route to %s is \"%s\", not \"%s\"", address,
                 hlthunk_route_get_name(s->n.route), hlthunk_route_get_name(route));
    assert_int_equal(s->n.hops, hops);
    assert_int_equal(s->n.same_root, same_root);
    assert_string_equal(s->bridge, bridge);
}

/* Below a switch the device and an RDMA card; a card on another root port; one on another root. */
static void put_machine(unsigned host_bridge, int acs)
{
    tree_begin();
    tree_put("/proc/sys/kernel/osrelease", "7.2.0\n");
    tree_put("/proc/cpuinfo", "vendor_id\t: GenuineIntel\ncpu family\t: 6\n");
    tree_pci("pci0000:00", "0000:00:00.0", 0x8086, host_bridge, 0x060000, 0, -1, NULL);
    tree_pci("pci0000:00", "0000:00:01.0", 0x8086, 0x2030, 0x060400, 4, -1, "pcieport");
    tree_pci("pci0000:00", "0000:00:02.0", 0x8086, 0x2030, 0x060400, 4, -1, "pcieport");
    tree_pci(ROOT_PORT, "0000:02:00.0", 0x104c, 0x8232, 0x060400, 5, -1, "pcieport");
    tree_pci(SWITCH, "0000:03:00.0", 0x104c, 0x8233, 0x060400, 6, acs, "pcieport");
    tree_pci(SWITCH, "0000:03:01.0", 0x104c, 0x8233, 0x060400, 6, acs, "pcieport");
    tree_pci(SWITCH "/0000:03:00.0", DEVICE, 0x1da3, 0x1020, 0x120000, 0, -1, "habanalabs");
    tree_put("/sys/bus/pci/devices/" DEVICE "/numa_node", "0\n");
    tree_put("/sys/bus/pci/devices/" DEVICE "/local_cpulist", "0-7,16\n");
    tree_pci(SWITCH "/0000:03:01.0", NIC, 0x1d0f, 0xefa3, 0x020000, 0, -1, "efa");
    tree_folder("/sys/bus/pci/devices/" NIC "/infiniband/efa_0");
    tree_put("/sys/bus/pci/devices/" NIC "/numa_node", "0\n");
    tree_pci("pci0000:00/0000:00:02.0", "0000:08:00.0", 0x8086, 0x1572, 0x020000, 0, -1, "i40e");
    tree_pci("pci0000:00", "0000:00:1f.0", 0x8086, 0x0001, 0x060100, 0, -1, NULL);
    tree_pci("pci0000:80", "0000:80:00.0", 0x8086, host_bridge, 0x060000, 0, -1, NULL);
    tree_pci("pci0000:80", "0000:81:00.0", 0x10de, 0x2330, 0x030200, 0, -1, NULL);
    tree_put("/sys/bus/pci/devices/0000:81:00.0/numa_node", "1\n");
}

static void nearest_first(void **state)
{
    (void)state;
    put_machine(0x2020, 0);
    look();
    assert_int_equal(seen_count, 3);
    assert_int_equal(here.neighbours, 3);
    assert_int_equal(here.numa_node, 0);
    assert_string_equal(here.processors, "0-7,16");
    expect(0, NIC, HLTHUNK_NEIGHBOUR_NETWORK, HLTHUNK_ROUTE_SWITCH, 1, true, "0000:02:00.0");
    assert_string_equal(seen[0].driver, "efa");
    assert_string_equal(seen[0].rdma, "efa_0");
    assert_int_equal(seen[0].n.numa_node, 0);
    expect(1, "0000:08:00.0", HLTHUNK_NEIGHBOUR_NETWORK, HLTHUNK_ROUTE_HOST_BRIDGE, 3, true, "");
    assert_string_equal(seen[1].rdma, "");
    assert_int_equal(seen[1].n.numa_node, -1);
    expect(2, "0000:81:00.0", HLTHUNK_NEIGHBOUR_GPU, HLTHUNK_ROUTE_HOST_BRIDGE, 3, false, "");
    assert_string_equal(seen[2].driver, "");
    assert_int_equal(seen[2].n.numa_node, 1);
    tree_end();
}

static void routes(void **state)
{
    const int redirect = 0x04;

    (void)state;
    put_machine(0x1237, 0); /* on no list */
    look();
    expect(0, NIC, HLTHUNK_NEIGHBOUR_NETWORK, HLTHUNK_ROUTE_SWITCH, 1, true, "0000:02:00.0");
    expect(1, "0000:08:00.0", HLTHUNK_NEIGHBOUR_NETWORK, HLTHUNK_ROUTE_NONE, 3, true, "");
    tree_end();
    put_machine(0x1237, redirect);
    look();
    expect(0, NIC, HLTHUNK_NEIGHBOUR_NETWORK, HLTHUNK_ROUTE_NONE, 1, true, "0000:02:00.0");
    /* which host bridges the kernel lists depends on the kernel */
    tree_remove("/proc/sys/kernel/osrelease");
    look();
    expect(0, NIC, HLTHUNK_NEIGHBOUR_NETWORK, HLTHUNK_ROUTE_UNKNOWN, 1, true, "0000:02:00.0");
    tree_end();
    /* a configuration space of which only the first part can be read, as without privileges */
    put_machine(0x1237, 0);
    tree_put("/sys/bus/pci/devices/0000:03:01.0/config", "short");
    look();
    expect(0, NIC, HLTHUNK_NEIGHBOUR_NETWORK, HLTHUNK_ROUTE_UNKNOWN, 1, true, "0000:02:00.0");
    tree_end();
}

/* Without a NUMA node or processors; with more processors than have room. */
static void what_is_not_told(void **state)
{
    static char many[3000];

    (void)state;
    put_machine(0x2020, 0);
    tree_remove("/sys/bus/pci/devices/" DEVICE "/numa_node");
    tree_remove("/sys/bus/pci/devices/" DEVICE "/local_cpulist");
    look();
    assert_int_equal(here.numa_node, -1);
    assert_string_equal(here.processors, "");
    for (size_t i = 0; i + 2 < sizeof(many); i += 2)
        memcpy(many + i, "1,", 2);
    tree_put("/sys/bus/pci/devices/" DEVICE "/local_cpulist", "%s\n", many);
    look();
    assert_string_equal(here.processors, "");
    tree_end();
}

static void alone(void **state)
{
    (void)state;
    tree_begin();
    tree_pci("pci0000:00", DEVICE, 0x1da3, 0x1020, 0x120000, 0, -1, "habanalabs");
    look();
    assert_int_equal(seen_count, 0);
    assert_int_equal(here.neighbours, 0);
    tree_end();
}

/* The list ends where it is told to, and says how many there are all the same. */
static void a_visitor_ends_it(void **state)
{
    (void)state;
    put_machine(0x2020, 0);
    stop_after = 1;
    assert_int_equal(list(DEVICE), 77);
    stop_after = 0;
    assert_int_equal(seen_count, 1);
    assert_int_equal(here.neighbours, 3);
    tree_end();
}

static void errors(void **state)
{
    struct hlthunk_neighbours_options o = { .struct_size = sizeof(o), .root = "/no/such/folder" };
    struct hlthunk_location l = { .struct_size = 0, .numa_node = 99 };

    (void)state;
    put_machine(0x2020, 0);
    assert_int_equal(list("0000:77:00.0"), -ENODEV);
    assert_non_null(strstr(hlthunk_diag_last_error(), "0000:77:00.0"));
    assert_int_equal(here.numa_node, 99);
    assert_int_equal(list("nonsense"), -EINVAL);
    assert_non_null(strstr(hlthunk_diag_last_error(), "nonsense"));
    assert_int_equal(list(NULL), -EINVAL);
    assert_int_equal(hlthunk_neighbours_list(DEVICE, &o, keep, &here, NULL), -ENOENT);
    o.root = tree_root();
    assert_int_equal(hlthunk_neighbours_list(DEVICE, &o, keep, &here, &l), -EINVAL);
    assert_non_null(strstr(hlthunk_diag_last_error(), "location"));
    o.struct_size = 0;
    assert_int_equal(hlthunk_neighbours_list(DEVICE, &o, keep, &here, NULL), -EINVAL);
    assert_string_equal(hlthunk_neighbour_kind_get_name(HLTHUNK_NEIGHBOUR_GPU), "gpu");
    assert_string_equal(hlthunk_neighbour_kind_get_name((enum hlthunk_neighbour_kind)9), "unknown");
    assert_string_equal(hlthunk_route_get_name(HLTHUNK_ROUTE_HOST_BRIDGE), "host bridge");
    assert_string_equal(hlthunk_route_get_name((enum hlthunk_route)9), "unknown");
    tree_end();
}

static void list_what_is_hidden(void)
{
    int rc = list(DEVICE);

    if (getuid() == 0) /* it sees all */
        return;
    assert_int_equal(rc, -EACCES);
    assert_non_null(strstr(hlthunk_diag_last_error(), NIC));
    assert_int_equal(here.numa_node, 99);
}

/* What cannot be looked at is not absent: the list would be wrong. */
static void hidden_is_not_absent(void **state)
{
    static const char *const hidden[] = { "/sys/bus/pci/devices/" NIC "/class",
                                          "/sys/bus/pci/devices/" NIC "/numa_node",
                                          "/sys/bus/pci/devices/" NIC "/infiniband" };

    (void)state;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        put_machine(0x2020, 0);
        tree_mode(hidden[i], 0);
        as_nobody(list_what_is_hidden);
        tree_mode(hidden[i], 0700);
        tree_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_first),        cmocka_unit_test(routes),
        cmocka_unit_test(what_is_not_told),     cmocka_unit_test(alone),
        cmocka_unit_test(a_visitor_ends_it),    cmocka_unit_test(errors),
        cmocka_unit_test(hidden_is_not_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
