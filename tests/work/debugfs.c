/* SPDX-License-Identifier: MIT */
/* The driver's files in debugfs: an address, and what the device has there. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/work/work.h"

static int addr, data32, data64;

static int open_file(const char *folder, const char *name, int flags)
{
    char path[96];

    snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", folder, name);
    return open(path, flags | O_CLOEXEC);
}

static void look_at(uint64_t at)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "0x%" PRIx64 "\n", at);

    CHECK(write(addr, text, (size_t)n) == n);
}

static uint64_t peek(int fd, uint64_t at)
{
    char text[64] = "";

    look_at(at);
    CHECK(pread(fd, text, sizeof(text) - 1, 0) > 0);
    return strtoull(text, NULL, 16);
}

static void poke(int fd, uint64_t at, uint64_t value)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "0x%" PRIx64, value) + 1; /* the 0 too, as programs do */

    look_at(at);
    CHECK(write(fd, text, (size_t)n) == n);
}

/* Device memory, as the DMA has left it, and as the DMA finds it. */
static void test_memory(struct work *w, uint64_t host_va, uint64_t *host, uint64_t device)
{
    work_fill((uint8_t *)host, 4096, 3);
    CHECK(work_try_copy(w, host_va, device, 4096, 0) == 0);
    CHECK(peek(data64, device) == host[0]);
    CHECK(peek(data64, device + 4088) == host[511]);
    CHECK(peek(data32, device + 4) == host[0] >> 32);
    poke(data64, device + 8, 0x1122334455667788);
    poke(data32, device + 16, 0xcafebabe);
    CHECK(work_try_copy(w, device, host_va, 4096, 1) == 0);
    CHECK(host[1] == 0x1122334455667788);
    CHECK((uint32_t)host[2] == 0xcafebabe);
}

static void test_host(uint64_t host_va, uint64_t *host)
{
    host[5] = 0x0102030405060708;
    CHECK(peek(data64, host_va + 40) == host[5]);
    poke(data32, host_va + 44, 0x99);
    CHECK(host[5] == 0x9905060708);
}

static bool address_is(const char *folder, uint64_t at)
{
    int fd = open_file(folder, "addr", O_RDONLY);
    char text[32] = "";
    bool is = read(fd, text, sizeof(text) - 1) > 0 && strtoull(text, NULL, 16) == at;

    close(fd);
    return is;
}

static void test_numbers(const char *folder, uint64_t at)
{
    look_at(at);
    CHECK(write(data32, "nonsense", 8) < 0 && errno == EINVAL);
    CHECK(write(data32, "0x1ffffffff", 11) < 0 && errno == ERANGE);
    CHECK(write(data32, " 5", 2) < 0 && errno == EINVAL);
    CHECK(write(data32, "-5", 2) < 0 && errno == EINVAL);
    CHECK(write(data64, "0x10000000000000000", 19) < 0 && errno == ERANGE);
    CHECK(write(data32, "+ac\n", 4) == 4 && peek(data32, at) == 0xac);
    /* the address alone is in any base */
    CHECK(write(addr, "100\n", 4) == 4 && address_is(folder, 100));
    CHECK(write(addr, "0100", 4) == 4 && address_is(folder, 64));
    CHECK(write(addr, "1x", 2) < 0 && errno == EINVAL && address_is(folder, 64));
    CHECK(write(addr, "18446744073709551616", 20) < 0 && errno == ERANGE);
}

static void test_texts(const char *folder, uint64_t at)
{
    char text[64] = "";
    int other = open_file(folder, "data32", O_RDONLY), none;

    CHECK(other >= 0);
    poke(data32, at, 0xab);
    CHECK(read(other, text, sizeof(text)) == 11 && !strcmp(text, "0x000000ab\n"));
    CHECK(read(other, text, sizeof(text)) == 0); /* its end, as for cat */
    CHECK(write(other, "1", 1) < 0 && errno == EBADF);
    CHECK(read(addr, text, sizeof(text)) < 0 && errno == EBADF);
    CHECK(pread(addr, text, sizeof(text), 0) < 0 && errno == ESPIPE);
    look_at(0xfedc000000000000);
    CHECK(pread(data32, text, sizeof(text), 0) < 0 && errno == EINVAL);
    CHECK(write(data64, "1", 1) < 0 && errno == EINVAL);
    close(other);
    none = open_file(folder, "nothing", O_RDONLY);
    CHECK(none < 0 && errno == ENOENT);
    none = open_file("accel/7", "addr", O_WRONLY);
    CHECK(none < 0 && errno == ENOENT);
    none = open_file("accel/0", "addr", O_WRONLY); /* not by number */
    CHECK(none < 0 && errno == ENOENT);
}

static void test_others(void)
{
    static const char *const names[] = { "clk_gate", "state_dump" };
    char text[8];

    for (unsigned i = 0; i < 2; i++) {
        int fd = open_file("habanalabs/hl0", names[i], O_RDWR);

        CHECK(fd >= 0);
        CHECK(read(fd, text, sizeof(text)) == 0);
        CHECK(write(fd, "1", 2) == 2);
        CHECK(pread(fd, text, sizeof(text), 0) == 0);
        /* of the dumps that there may be, one to four are skipped */
        CHECK(write(fd, "0", 2) == (i ? -1 : 2));
        CHECK(write(fd, "5", 2) == (i ? -1 : 2));
        CHECK(write(fd, "x", 2) == (i ? -1 : 2));
        close(fd);
    }
}

/* A register of Gaudi: a sync object that a queue has set. */
static void test_register(struct work *w)
{
    const uint64_t object = 0x7ffc000000 + 0x4f2000 + 4 * 200;
    struct work_cb cb;

    if (w->asic != WORK_GAUDI)
        return; /* the others' are elsewhere, and go the same way */
    work_cb(w, &cb, 64);
    work_msg(&cb, object, 77, true);
    work_wait(w, work_submit(w, w->down, &cb));
    CHECK(peek(data32, object) == 77);
    work_cb_free(w, &cb);
}

/* Until its user has closed it, the device is in reset: nothing is read, and nothing taken. */
static void test_reset(struct work *w)
{
    const char *path = w->old ? "/sys/class/habanalabs/hl0/hard_reset"
                              : "/sys/class/accel/accel0/device/hard_reset";
    struct hl_info_device_status s = { 0 };
    struct hl_info_args a = { .return_pointer = (uintptr_t)&s,
                              .return_size = sizeof(s),
                              .op = HL_INFO_DEVICE_STATUS };
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    char text[32];

    CHECK(fd >= 0 && write(fd, "1", 1) == 1);
    close(fd);
    while (s.status != HL_DEVICE_STATUS_IN_RESET)
        CHECK(work_try(w, 0, &a) == 0);
    CHECK(pread(data32, text, sizeof(text), 0) == 0);
    CHECK(write(data32, "5", 1) == 0);
    CHECK(write(data32, "nonsense", 8) == 0);
    CHECK(write(addr, "0x1000", 6) == 6);
}

int main(void)
{
    uint64_t *host, host_va, device;
    struct work w;

    work_open(&w);
    host = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(host != MAP_FAILED);
    host_va = work_map(&w, host, 4096);
    device = work_alloc(&w, 4096, NULL);
    for (unsigned i = 0; i < 2; i++) {
        const char *folder = i || w.old ? "habanalabs/hl0" : "accel/0000:10:00.0";

        addr = open_file(folder, "addr", O_WRONLY);
        data32 = open_file(folder, "data32", O_RDWR);
        data64 = open_file(folder, "data64", O_RDWR);
        CHECK(addr >= 0 && data32 >= 0 && data64 >= 0);
        test_memory(&w, host_va, host, device);
        test_memory(&w, host_va, host, w.ip.sram_base_address);
        test_host(host_va, host);
        test_texts(folder, device);
        test_numbers(folder, device);
        close(addr);
        close(data32);
        close(data64);
    }
    test_others();
    addr = open_file("habanalabs/hl0", "addr", O_WRONLY);
    data32 = open_file("habanalabs/hl0", "data32", O_RDWR);
    test_register(&w);
    test_reset(&w);
    return 0;
}
