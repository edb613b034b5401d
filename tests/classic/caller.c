/* SPDX-License-Identifier: MIT */
#include "tests/classic/caller.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/support.h"

#define UNTOUCHED 0x5a5a5a5a5a5a5a5a
#define NOBODYS 0x7fff00000000u /* a handle, or an address */

void must_be(bool right, const char *what, const char *file, int line)
{
    if (right)
        return;
    fprintf(stderr, "%s:%d: not %s (errno %d: %s)\n", file, line, what, errno,
            hlthunk_last_error());
    _exit(1);
}

uint32_t below(struct caller *c, uint32_t n)
{
    c->random = c->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((c->random >> 33) % n);
}

static void ask(struct caller *c)
{
    struct hlthunk_hw_ip_info ip = { 0 };
    struct hlthunk_dram_usage_info usage = { 0 };
    struct hlthunk_time_sync_info time = { 0 };
    char bus[32] = "";

    must(hlthunk_get_hw_ip_info(c->w->fd, &ip) == 0);
    must(ip.device_id == c->w->ip.device_id && ip.dram_size == c->w->ip.dram_size);
    must(hlthunk_get_dram_usage(c->w->fd, &usage) == 0);
    must(hlthunk_get_time_sync_info(c->w->fd, &time) == 0 && time.device_time != 0);
    must(hlthunk_get_device_status_info(c->w->fd) == HL_DEVICE_STATUS_OPERATIONAL);
    must(hlthunk_get_pci_bus_id_from_fd(c->w->fd, bus, sizeof(bus)) == 0);
    must(strcmp(bus, test_pci_address()) == 0);
    must(hlthunk_get_device_index_from_pci_bus_id(bus) == (int)test_index());
    must(hlthunk_get_device_count(HLTHUNK_DEVICE_DONT_CARE) == 1);
}

/* A descriptor has one notifier: the others are refused it. */
static void notify(struct caller *c)
{
    uint64_t events = UNTOUCHED, count = UNTOUCHED;
    int handle = hlthunk_notifier_create(c->w->fd), rc;

    if (handle < 0) {
        must(handle == -EINVAL && errno == EINVAL);
        return;
    }
    must(handle > 2);
    rc = hlthunk_notifier_recv(c->w->fd, handle, &events, &count, 0, below(c, 2));
    must(rc == 0 && events == UNTOUCHED && count == 0);
    must(hlthunk_notifier_release(c->w->fd, handle) == 0);
}

static void open_again(struct caller *c)
{
    struct hlthunk_hw_ip_info ip = { 0 };
    int control;

    must(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, NULL) == -1 && errno == EBUSY);
    must(hlthunk_open(HLTHUNK_DEVICE_DONT_CARE, test_pci_address()) == -EBUSY);
    control = hlthunk_open_control((int)test_index(), NULL);
    must(control > 2);
    must(hlthunk_get_hw_ip_info(control, &ip) == 0 && ip.device_id == c->w->ip.device_id);
    must(hlthunk_device_memory_alloc(control, 4096, 0, false, false) == 0 && errno != 0);
    must(hlthunk_close(control) == 0);
}

static void debug(struct caller *c)
{
    struct hlthunk_debugfs d = { 0 };
    struct hl_debug_args args = { .op = 77 };
    int rc = hlthunk_debugfs_open(c->w->fd, &d);

    must(rc == 0 || (rc < 0 && rc == -errno));
    if (rc == 0)
        must(hlthunk_debugfs_close(&d) == 0);
    rc = hlthunk_debug(c->w->fd, &args);
    must(rc < 0 && rc == -errno);
}

/* Calls that make no sense: the errno is the result, and outputs are left alone. */
static int result(uint64_t value)
{
    return value ? 0 : -errno;
}

static int nonsense_memory(struct caller *c)
{
    int fd = c->w->fd;
    uint64_t size = below(c, 2) ? 0 : 1ull << 60, out = UNTOUCHED;
    int rc;

    switch (below(c, 5)) {
    case 0:
        return hlthunk_memory_unmap(fd, NOBODYS + below(c, 9));
    case 1: /* Gaudi's driver only counts */
        size = c->w->asic == WORK_GAUDI ? 0 : size;
        return result(hlthunk_device_memory_alloc(fd, size, 0, below(c, 2), false));
    case 2:
        return result(hlthunk_device_memory_map(fd, NOBODYS, 0));
    case 3:
        return result(hlthunk_host_memory_map(fd, (void *)(uintptr_t)NOBODYS, 0, size >> 40));
    default:
        rc = hlthunk_request_command_buffer(fd, UINT32_MAX, &out);
        must(out == UNTOUCHED);
        return rc;
    }
}

static int nonsense_work(struct caller *c)
{
    uint64_t seqs[2] = { NOBODYS, NOBODYS };
    struct hlthunk_wait_multi_cs_in in = { .seq = seqs, .seq_len = 1 + below(c, 2) };
    struct hlthunk_wait_multi_cs_out several = { .status = 77 };
    struct hl_cs_chunk k = { .cb_handle = NOBODYS, .queue_index = below(c, 2000), .cb_size = 8 };
    struct hlthunk_cs_in cs = { .chunks_execute = &k, .num_chunks_execute = below(c, 2) };
    struct hlthunk_cs_out answer = { .seq = UNTOUCHED };
    uint32_t status = 77;
    int fd = c->w->fd, rc;

    switch (below(c, 4)) {
    case 0:
        rc = hlthunk_wait_for_cs(fd, NOBODYS + below(c, 100), below(c, 1000), &status);
        break;
    case 1:
        rc = hlthunk_wait_for_multi_cs(fd, &in, &several);
        break;
    case 2:
        rc = hlthunk_command_submission(fd, &cs, &answer);
        break;
    default:
        rc = hlthunk_destroy_command_buffer(fd, NOBODYS);
    }
    must(status == 77 && several.status == 77 && answer.seq == UNTOUCHED);
    return rc;
}

/* Calls that make no sense: the result is errno's, and outputs are left alone. */
static void nonsense(struct caller *c)
{
    int rc;

    errno = 0;
    rc = below(c, 2) ? nonsense_memory(c) : nonsense_work(c);
    must(rc < 0 && rc == -errno && hlthunk_last_error()[0]);
}

void caller_ask(struct caller *c)
{
    static void (*const calls[])(struct caller *) = { ask, notify, open_again, debug, nonsense };

    calls[below(c, sizeof(calls) / sizeof(calls[0]))](c);
}
