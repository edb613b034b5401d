/* SPDX-License-Identifier: MIT */
/* The vfio-user server, with this test as its client over a pair of sockets. */
#include "tests/rights.h"
#include "tests/test.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig/emu/guard.h"
#include "rig/emu/vfu.h"

struct header {
    uint16_t id, command;
    uint32_t size, flags, error;
};

enum {
    VERSION = 1,
    DMA_MAP,
    DMA_UNMAP,
    GET_INFO,
    GET_REGION_INFO,
    GET_IRQ_INFO = 7,
    SET_IRQS,
    REGION_READ,
    REGION_WRITE,
    RESET = 13
};
#define NO_REPLY 0x10u
#define IS_REPLY 0x1u
#define IS_ERROR 0x20u

static struct vfu server;
static int client;
static struct {
    unsigned region;
    uint64_t off;
    uint32_t len, value;
    unsigned resets;
} seen;

static void on_read(struct vfu *v, unsigned region, uint64_t off, void *buf, uint32_t len)
{
    (void)v;
    (void)region;
    memset(buf, (int)(off & 0xFF), len);
}

static void on_write(struct vfu *v, unsigned region, uint64_t off, const void *buf, uint32_t len)
{
    (void)v;
    seen.region = region;
    seen.off = off;
    seen.len = len;
    seen.value = 0;
    memcpy(&seen.value, buf, len < 4 ? len : 4);
}

static void on_reset(struct vfu *v)
{
    (void)v;
    seen.resets++;
}

static const struct vfu_ops ops = { on_read, on_write, on_reset };

FIXTURE(setup)
{
    int s[2];

    memset(&seen, 0, sizeof(seen));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s))
        return -1;
    vfu_init(&server, &ops, NULL);
    server.sock = s[0];
    client = s[1];
    server.irq_count[VFU_IRQ_MSIX] = 8;
    return vfu_bar_mem(&server, 2, 1 << 20, "bar");
}

FIXTURE(teardown)
{
    close(client);
    close(server.sock);
    vfu_fini(&server);
    return 0;
}

static void post(uint16_t command, uint32_t flags, const void *body, uint32_t len, int fd)
{
    struct header h = { .id = 77, .command = command, .size = sizeof(h) + len, .flags = flags };
    uint8_t message[8192];

    memcpy(message, &h, sizeof(h));
    if (len)
        memcpy(message + sizeof(h), body, len);
    assert_int_equal(send_rights(client, message, h.size, &fd, fd >= 0), h.size);
}

/* One request and its answer; the errno that it has. */
static uint32_t ask(uint16_t command, const void *body, uint32_t len, int fd, void *out,
                    uint32_t *outlen)
{
    uint8_t buf[8192];
    struct header h;
    ssize_t n;

    post(command, 0, body, len, fd);
    assert_int_equal(vfu_step(&server), 1);
    n = recv(client, buf, sizeof(buf), 0);
    assert_true(n >= (ssize_t)sizeof(h));
    memcpy(&h, buf, sizeof(h));
    assert_int_equal(h.id, 77);
    assert_int_equal(h.command, command);
    assert_int_equal(h.size, n);
    assert_true(h.flags & IS_REPLY);
    assert_int_equal(!!(h.flags & IS_ERROR), h.error != 0);
    if (out)
        memcpy(out, buf + sizeof(h), (size_t)n - sizeof(h));
    if (outlen)
        *outlen = (uint32_t)n - sizeof(h);
    return h.error;
}

TEST(it_says_what_it_has)
{
    uint8_t version[64] = { 0, 0, 1 }, out[4096];
    uint32_t info[4] = { 16 }, region[8] = { 32 }, len;

    assert_int_equal(ask(VERSION, version, 4, -1, out, &len), 0);
    assert_int_equal(out[2], 1); /* the client's version */
    assert_non_null(strstr((char *)out + 4, "max_msg_fds"));
    assert_int_equal(ask(GET_INFO, info, 16, -1, out, &len), 0);
    memcpy(info, out, 16);
    assert_int_equal(info[2], VFU_NUM_REGIONS);
    assert_int_equal(info[3], VFU_NUM_IRQS);
    region[2] = 2;
    assert_int_equal(ask(GET_REGION_INFO, region, 32, -1, out, &len), 0);
    memcpy(region, out, 32);
    assert_int_equal(region[1], 7); /* read, write, mmap */
    assert_int_equal(region[4], 1 << 20);
    region[2] = VFU_NUM_REGIONS;
    assert_int_equal(ask(GET_REGION_INFO, region, 32, -1, NULL, NULL), EINVAL);
    assert_int_equal(ask(GET_REGION_INFO, region, 8, -1, NULL, NULL), EINVAL);
    memset(info, 0, sizeof(info));
    info[2] = VFU_IRQ_MSIX;
    assert_int_equal(ask(GET_IRQ_INFO, info, 16, -1, out, &len), 0);
    memcpy(info, out, 16);
    assert_int_equal(info[3], 8);
    assert_int_equal(ask(99, NULL, 0, -1, NULL, NULL), ENOTSUP);
}

/* With a small argsz the client learns how much it needs, and asks again. */
TEST(sparse_areas_come_when_they_fit)
{
    uint32_t region[8] = { 32, 0, 2 }, len;
    uint8_t out[4096];
    uint64_t area[2];

    server.region[2].nareas = 2;
    server.region[2].area[0] = (struct vfu_area){ 0, 0x1000 };
    server.region[2].area[1] = (struct vfu_area){ 0x2000, 0x3000 };
    assert_int_equal(ask(GET_REGION_INFO, region, 32, -1, out, &len), 0);
    assert_int_equal(len, 32);
    memcpy(region, out, 32);
    assert_int_equal(region[0], 32 + 16 + 32);
    assert_int_equal(region[1] & 8, 0);
    assert_int_equal(ask(GET_REGION_INFO, region, 32, -1, out, &len), 0);
    assert_int_equal(len, 32 + 16 + 32);
    memcpy(region, out, 32);
    assert_true(region[1] & 8);
    memcpy(area, out + 64, 16);
    assert_int_equal(area[0], 0x2000);
    assert_int_equal(area[1], 0x3000);
}

TEST(registers_are_read_and_written_in_order)
{
    struct {
        uint64_t off;
        uint32_t region, len, value;
    } a = { 0x123, 2, 4, 0xCAFE }, back;
    uint32_t len;
    struct header h;

    assert_int_equal(ask(REGION_WRITE, &a, 20, -1, NULL, NULL), 0);
    assert_int_equal(seen.region, 2);
    assert_int_equal(seen.off, 0x123);
    assert_int_equal(seen.value, 0xCAFE);
    assert_int_equal(ask(REGION_READ, &a, 16, -1, &back, &len), 0);
    assert_int_equal(back.value, 0x23232323);
    /* without an answer, and the next request's answer is the next thing to come */
    a.value = 1;
    post(REGION_WRITE, NO_REPLY, &a, 20, -1);
    assert_int_equal(vfu_step(&server), 1);
    assert_int_equal(seen.value, 1);
    assert_int_equal(recv(client, &h, sizeof(h), MSG_DONTWAIT), -1);
    assert_int_equal(server.posted, 1);
    /* out of bounds in every way */
    a.off = 1 << 20;
    assert_int_equal(ask(REGION_READ, &a, 16, -1, NULL, NULL), EINVAL);
    a.off = UINT64_MAX;
    assert_int_equal(ask(REGION_WRITE, &a, 20, -1, NULL, NULL), EINVAL);
    a.off = 0;
    a.len = 64; /* more than the message has */
    assert_int_equal(ask(REGION_WRITE, &a, 20, -1, NULL, NULL), EINVAL);
    a.region = 99;
    assert_int_equal(ask(REGION_READ, &a, 16, -1, NULL, NULL), EINVAL);
    assert_int_equal(ask(RESET, NULL, 0, -1, NULL, NULL), 0);
    assert_int_equal(seen.resets, 1);
}

TEST(memory_of_the_machine_is_mapped)
{
    struct {
        uint32_t argsz, flags;
        uint64_t off, iova, size;
    } map = { 32, 3, 0x1000, 1 << 30, 0x2000 };
    struct {
        uint32_t argsz, flags;
        uint64_t iova, size;
    } unmap = { 24, 0, 1 << 30, 0x2000 };
    int fd = memfd_create("ram", MFD_CLOEXEC);
    uint8_t x = 0x5A, y[0x2001] = { 0 };

    assert_int_equal(ftruncate(fd, 0x4000), 0);
    assert_int_equal(pwrite(fd, &x, 1, 0x1234), 1);
    assert_int_equal(ask(DMA_MAP, &map, 32, fd, NULL, NULL), 0);
    assert_int_equal(vfu_read(&server, (1 << 30) + 0x234, y, 1), 0);
    assert_int_equal(y[0], 0x5A);
    assert_int_equal(vfu_read(&server, 1 << 30, y, 0x2000), 0);
    assert_int_equal(vfu_read(&server, 1 << 30, y, 0x2001), -EFAULT);
    assert_int_equal(vfu_read(&server, (1 << 30) - 1, y, 1), -EFAULT);
    x = 0x77;
    assert_int_equal(vfu_write(&server, (1 << 30) + 1, &x, 1), 0);
    assert_int_equal(pread(fd, y, 1, 0x1001), 1);
    assert_int_equal(y[0], 0x77);
    assert_int_equal(ask(DMA_MAP, &map, 24, fd, NULL, NULL), EINVAL);
    assert_int_equal(ask(DMA_UNMAP, &unmap, 24, -1, NULL, NULL), 0);
    assert_int_equal(vfu_read(&server, 1 << 30, y, 1), -EFAULT);
    assert_int_equal(server.ndma, 0);
    close(fd);
}

TEST(interrupts_are_event_descriptors)
{
    struct {
        uint32_t argsz, flags, index, start, count;
    } set = { 20, 0x24, VFU_IRQ_MSIX, 3, 1 };
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    uint64_t n = 0;

    assert_int_equal(vfu_irq(&server, VFU_IRQ_MSIX, 3), -1);
    assert_int_equal(ask(SET_IRQS, &set, 20, fd, NULL, NULL), 0);
    assert_int_equal(vfu_irq(&server, VFU_IRQ_MSIX, 3), 0);
    assert_int_equal(vfu_irq(&server, VFU_IRQ_MSIX, 2), -1);
    assert_int_equal(vfu_irq(&server, VFU_IRQ_MSIX, VFU_MAX_VECTORS), -1);
    assert_int_equal(read(fd, &n, 8), 8);
    assert_int_equal(n, 1);
    set.start = VFU_MAX_VECTORS; /* past the last */
    assert_int_equal(ask(SET_IRQS, &set, 20, -1, NULL, NULL), EINVAL);
    set.flags = 0x21;
    set.start = set.count = 0; /* none any more */
    assert_int_equal(ask(SET_IRQS, &set, 20, -1, NULL, NULL), 0);
    assert_int_equal(vfu_irq(&server, VFU_IRQ_MSIX, 3), -1);
    close(fd);
}

TEST(a_client_that_goes_or_lies_ends_it)
{
    struct header h = { .command = GET_INFO, .size = 4 };

    assert_int_equal(send(client, &h, sizeof(h), 0), sizeof(h));
    assert_int_equal(vfu_step(&server), -1); /* shorter than its own header */
    h.size = UINT32_MAX;
    assert_int_equal(send(client, &h, sizeof(h), 0), sizeof(h));
    assert_int_equal(vfu_step(&server), -1);
    shutdown(client, SHUT_WR);
    assert_int_equal(vfu_step(&server), 0);
}

static unsigned descriptors(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Of memory_file()'s memory; other lines of /proc/self/maps come and go, as a sanitizer's do. */
static unsigned mappings(void)
{
    FILE *f = fopen("/proc/self/maps", "re");
    char line[512];
    unsigned n = 0;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f))
        n += strstr(line, "/memfd:ram ") != NULL;
    fclose(f);
    return n;
}

static int memory_file(void)
{
    int fd = memfd_create("ram", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 0x4000), 0);
    return fd;
}

struct map {
    uint32_t argsz, flags;
    uint64_t off, iova, size;
};

TEST(a_read_only_map_is_not_written)
{
    struct map ro = { 32, 1, 0, 0x10000, 0x1000 }, wo = { 32, 2, 0x1000, 0x11000, 0x1000 };
    int fd = memory_file();
    uint8_t x[2] = { 1, 2 };

    assert_int_equal(ask(DMA_MAP, &ro, 32, fd, NULL, NULL), 0);
    assert_int_equal(ask(DMA_MAP, &wo, 32, fd, NULL, NULL), 0);
    assert_int_equal(vfu_write(&server, 0x10000, x, 1), -EFAULT);
    assert_int_equal(vfu_write(&server, 0x10FFF, x, 2), -EFAULT);
    assert_int_equal(vfu_write(&server, 0x11000, x, 2), 0);
    assert_int_equal(vfu_read(&server, 0x11000, x, 1), -EFAULT);
    assert_int_equal(vfu_read(&server, 0x10FFF, x, 1), 0);
    close(fd);
}

/* Two maps that meet are one range for the device. */
TEST(an_access_spans_maps)
{
    struct map a = { 32, 3, 0, 0x10000, 0x1000 }, b = { 32, 3, 0x2000, 0x11000, 0x1000 };
    int fd = memory_file();
    uint8_t x[4] = { 1, 2, 3, 4 }, y[4];

    assert_int_equal(ask(DMA_MAP, &a, 32, fd, NULL, NULL), 0);
    assert_int_equal(ask(DMA_MAP, &b, 32, fd, NULL, NULL), 0);
    assert_int_equal(vfu_write(&server, 0x10FFE, x, 4), 0);
    assert_int_equal(pread(fd, y, 2, 0xFFE), 2);
    assert_int_equal(pread(fd, y + 2, 2, 0x2000), 2);
    assert_memory_equal(x, y, 4);
    close(fd);
}

TEST(a_file_that_shrinks_is_no_signal)
{
    struct map m = { 32, 3, 0, 0x10000, 0x4000 };
    int fd = memory_file();
    uint8_t x[16] = { 0 };

    guard_install(); /* here: the test's frame has a handler of its own around each test */
    assert_int_equal(ask(DMA_MAP, &m, 32, fd, NULL, NULL), 0);
    assert_int_equal(vfu_write(&server, 0x12000, x, sizeof(x)), 0);
    assert_int_equal(ftruncate(fd, 0x1000), 0);
    assert_int_equal(vfu_read(&server, 0x12000, x, sizeof(x)), -EFAULT);
    assert_int_equal(vfu_write(&server, 0x12000, x, sizeof(x)), -EFAULT);
    assert_int_equal(vfu_read(&server, 0x10000, x, sizeof(x)), 0);
    close(fd);
}

TEST(our_own_memory_cannot_be_shrunk)
{
    assert_int_equal(ftruncate(server.region[2].fd, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(server.region[2].fd, 1 << 21), -1);
}

TEST(maps_that_cannot_be_are_refused)
{
    const struct map first = { 32, 3, 0, 0x10000, 0x2000 };
    const struct {
        struct map m;
        uint32_t error;
    } bad[] = {
        { { 32, 3, 0, 0x11000, 0x2000 }, EEXIST }, { { 32, 3, 0, 0xF000, 0x9000 }, EEXIST },
        { { 32, 3, 0, 0x20000, 0 }, EINVAL },      { { 32, 3, 0, UINT64_MAX, 0x1000 }, EINVAL },
        { { 32, 0, 0, 0x20000, 0x1000 }, EINVAL }, { { 32, 3, 1, 0x20000, 0x1000 }, EINVAL },
    };
    struct {
        uint32_t argsz, flags;
        uint64_t iova, size;
    } unmap = { 24, 0, UINT64_MAX, 2 };
    int fd = memory_file();

    assert_int_equal(ask(DMA_MAP, &first, 32, fd, NULL, NULL), 0);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ask(DMA_MAP, &bad[i].m, 32, fd, NULL, NULL), bad[i].error);
    assert_int_equal(server.ndma, 1);
    assert_int_equal(ask(DMA_UNMAP, &unmap, 24, -1, NULL, NULL), EINVAL);
    close(fd);
}

TEST(a_refused_map_leaves_nothing)
{
    struct map m = { 32, 3, 0, 0, 0x1000 };
    int fd = memory_file();
    unsigned before;

    for (unsigned i = 0; i < VFU_MAX_DMA; i++) {
        m.iova = 0x1000ull * i;
        assert_int_equal(ask(DMA_MAP, &m, 32, fd, NULL, NULL), 0);
    }
    m.iova += 0x1000;
    before = mappings();
    assert_int_equal(before, VFU_MAX_DMA);
    assert_int_equal(ask(DMA_MAP, &m, 32, fd, NULL, NULL), ENOSPC);
    assert_int_equal(mappings(), before);
    close(fd);
}

/* However many come, and in however many pieces: none stays open here. */
TEST(too_many_descriptors_are_refused)
{
    struct map m = { 32, 3, 0, 0, 0x1000 };
    struct header h = { .id = 77, .command = DMA_MAP, .size = sizeof(h) + sizeof(m) };
    uint8_t message[sizeof(h) + sizeof(m)];
    unsigned before;
    int fds[7];

    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), &m, sizeof(m));
    for (unsigned i = 0; i < 7; i++)
        fds[i] = client;
    before = descriptors();
    for (size_t at = 0; at < sizeof(message); at += 6) /* eight pieces, seven each */
        assert_int_equal(send_rights(client, message + at, 6, fds, 7), 6);
    assert_int_equal(vfu_step(&server), 1);
    assert_int_equal(recv(client, &h, sizeof(h), 0), sizeof(h));
    assert_int_equal(h.error, EMFILE);
    assert_int_equal(descriptors(), before);
}

TEST(half_a_message_does_not_wait_for_the_rest)
{
    struct header h = { .id = 5, .command = RESET, .size = sizeof(h) };

    assert_int_equal(vfu_step(&server), 1); /* nothing at all */
    assert_int_equal(send(client, &h, 5, 0), 5);
    assert_int_equal(vfu_step(&server), 1);
    assert_int_equal(seen.resets, 0);
    assert_int_equal(send(client, (char *)&h + 5, sizeof(h) - 5, 0), sizeof(h) - 5);
    assert_int_equal(vfu_step(&server), 1);
    assert_int_equal(seen.resets, 1);
}

TEST(an_interrupt_never_waits)
{
    struct {
        uint32_t argsz, flags, index, start, count;
    } set = { 20, 0x24, VFU_IRQ_MSIX, 0, 1 };
    uint64_t full = UINT64_MAX - 1, n;
    int fd = eventfd(0, EFD_CLOEXEC); /* that blocks */

    assert_int_equal(ask(SET_IRQS, &set, 20, fd, NULL, NULL), 0);
    assert_int_equal(write(fd, &full, sizeof(full)), sizeof(full));
    alarm(20);
    assert_int_equal(vfu_irq(&server, VFU_IRQ_MSIX, 0), 0);
    /* it is the client's file as well, which it may make block again */
    assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
    assert_int_equal(vfu_irq(&server, VFU_IRQ_MSIX, 0), 0);
    alarm(0);
    assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
    assert_int_equal(vfu_irq(&server, VFU_IRQ_MSIX, 0), 0);
    assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
    assert_int_equal(n, 1);
    close(fd);
}

/* One that reads no answer is gone for the server, and soon. */
TEST(a_client_that_does_not_read)
{
    const struct {
        uint64_t off;
        uint32_t region, len;
    } a = { 0, 2, VFU_MAX_TRANSFER };
    int rc = 1;

    alarm(20);
    for (unsigned i = 0; i < 8 && rc == 1; i++) {
        post(REGION_READ, 0, &a, sizeof(a), -1);
        rc = vfu_step(&server);
    }
    alarm(0);
    assert_true(rc <= 0);
}

/* How often a process stores a word of this size, one instruction after the other; -1: cannot tell.
 */
static int stores(void *word, size_t size)
{
    uint64_t value = 7;
    int status, times = 0;
    pid_t pid = fork();

    if (!pid) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0) {
            raise(SIGSTOP);
            guard_copy(word, &value, size);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        return -1;
    while (!ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) && waitpid(pid, &status, 0) == pid &&
           WIFSTOPPED(status)) {
        if (ptrace(PTRACE_PEEKDATA, pid, word, NULL) != 7)
            continue;
        times++; /* and the machine has it for something else at once */
        ptrace(PTRACE_POKEDATA, pid, word, NULL);
    }
    return times;
}

/* What a driver waits for is written once: it may give the memory back when it is there. */
TEST(a_word_is_stored_once)
{
    static uint64_t word;
    int n = stores(&word, 4);

    if (n < 0)
        skip(); /* ptrace() is forbidden here */
    assert_int_equal(n, 1);
    assert_int_equal(stores(&word, 8), 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(it_says_what_it_has),
        CASE(sparse_areas_come_when_they_fit),
        CASE(registers_are_read_and_written_in_order),
        CASE(memory_of_the_machine_is_mapped),
        CASE(interrupts_are_event_descriptors),
        CASE(a_client_that_goes_or_lies_ends_it),
        CASE(a_read_only_map_is_not_written),
        CASE(an_access_spans_maps),
        CASE(a_file_that_shrinks_is_no_signal),
        CASE(our_own_memory_cannot_be_shrunk),
        CASE(maps_that_cannot_be_are_refused),
        CASE(a_refused_map_leaves_nothing),
        CASE(too_many_descriptors_are_refused),
        CASE(half_a_message_does_not_wait_for_the_rest),
        CASE(an_interrupt_never_waits),
        CASE(a_client_that_does_not_read),
        CASE(a_word_is_stored_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
