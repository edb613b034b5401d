/* SPDX-License-Identifier: MIT */
/*
 * Two cards, of which this program was given the second under the first one's name, as containers
 * do: whatever names a device in a message to another process names that one.
 */
#include "tests/sim/support.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/wire.h"

#define SECOND "0000:11:00.0"

/* What a container's folder of nodes would look like. */
FIXTURE(rename_nodes)
{
    static const char *const names[] = { "accel", "accel_controlD" };
    char folder[256], from[300], to[300];
    size_t n = strlen(getenv(SIM_ENV_VARIABLE)) - strlen(SIM_SOCKET);

    snprintf(folder, sizeof(folder), "%.*s/dev/accel", (int)n, getenv(SIM_ENV_VARIABLE));
    for (unsigned i = 0; i < 2; i++) {
        snprintf(from, sizeof(from), "%s/%s1", folder, names[i]);
        snprintf(to, sizeof(to), "%s/%s0", folder, names[i]);
        if (rename(from, to)) {
            perror(from);
            return -1;
        }
    }
    return 0;
}

static bool is_second(struct hlthunk_device *d)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };

    return !hlthunk_device_get_properties(d, &p) && !strcmp(p.pci_address, SECOND) &&
           p.asic == HLTHUNK_ASIC_GAUDI;
}

TEST(every_way_to_open)
{
    struct hlthunk_device_options ways[] = {
        { .struct_size = sizeof(ways[0]) },
        { .struct_size = sizeof(ways[0]), .select = HLTHUNK_SELECT_INDEX, .index = 1 },
        { .struct_size = sizeof(ways[0]),
          .select = HLTHUNK_SELECT_PCI_ADDRESS,
          .pci_address = SECOND },
        { .struct_size = sizeof(ways[0]),
          .select = HLTHUNK_SELECT_ASIC,
          .asic = HLTHUNK_ASIC_GAUDI },
    };
    struct hlthunk_device *d;

    for (unsigned control = 0; control < 2; control++) {
        for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
            ways[i].control = control;
            ways[i].timeout_ns = 20000000000;
            ok(hlthunk_device_open(&ways[i], &d));
            assert_true(is_second(d));
            hlthunk_device_unref(d);
        }
    }
}

/* 0: the device and the dma-buf that come are the second card's. */
static int receive(int socket)
{
    struct hlthunk_dmabuf_origin o = { .struct_size = sizeof(o) };
    struct hlthunk_device *d;
    struct hlthunk_dmabuf *m;
    size_t n;

    if (hlthunk_device_receive(socket, &d, HLTHUNK_WAIT_INDEFINITELY))
        return 1;
    if (!is_second(d))
        return 2;
    if (hlthunk_dmabuf_receive(socket, &m, 1, &n, HLTHUNK_WAIT_INDEFINITELY))
        return 3;
    if (hlthunk_dmabuf_get_origin(m, &o) || strcmp(o.pci_address, SECOND))
        return 4;
    hlthunk_dmabuf_unref(m);
    hlthunk_device_unref(d);
    return 0;
}

TEST(messages)
{
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    int pair[2], status;
    pid_t pid;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    pid = fork();
    if (pid == 0) {
        close(pair[0]);
        _exit(receive(pair[1]));
    }
    close(pair[1]);
    d = open_device();
    ok(hlthunk_buffer_alloc(d, MIB, NULL, &b));
    ok(hlthunk_dmabuf_export(b, 0, 0, NULL, &m));
    ok(hlthunk_device_send(pair[0], d, HLTHUNK_WAIT_INDEFINITELY));
    ok(hlthunk_dmabuf_send(pair[0], &m, 1, HLTHUNK_WAIT_INDEFINITELY));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(pair[0]);
    hlthunk_dmabuf_unref(m);
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_open),
        cmocka_unit_test(messages),
    };

    require_simulation();
    return RUN_GROUP(tests, rename_nodes, NULL);
}
