/* SPDX-License-Identifier: MIT */
/*
 * What the driver answers to raw system calls, without the library: rows of docs/simulator.md.
 * The expectations come from the drivers of Linux 6.1 and 6.12.
 */
#include "tests/sim/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "tests/clock.h"
#include "tests/thread_state.h"
#include "uapi/habanalabs_6_1.h"
#include "uapi/requests.h"

static bool old_numbers(void)
{
    return on_kernel("6.1") || on_kernel("6.6");
}

static int open_node(void)
{
    int fd = open(test_node(false), O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

/* 0 or -errno. */
static int call(int fd, unsigned long h, unsigned long d, void *args)
{
    return ioctl(fd, old_numbers() ? h : d, args) < 0 ? -errno : 0;
}

static int memory(int fd, union hl_mem_args *a)
{
    return call(fd, HL_REQ_H_MEMORY, HL_REQ_D_MEMORY, a);
}

static int info(int fd, uint32_t op, void *out, uint32_t size)
{
    struct hl_info_args a = { .return_pointer = (uintptr_t)out, .return_size = size, .op = op };

    return call(fd, HL_REQ_H_INFO, HL_REQ_D_INFO, &a);
}

static uint64_t alloc(int fd, uint64_t size)
{
    union hl_mem_args a = { .in = { .alloc = { .mem_size = size }, .op = HL_MEM_OP_ALLOC } };

    assert_int_equal(memory(fd, &a), 0);
    return a.out.handle;
}

static int map(int fd, uint64_t handle, uint64_t hint, uint32_t flags, uint64_t *va)
{
    union hl_mem_args a = {
        .in = { .map_device = { hint, handle }, .op = HL_MEM_OP_MAP, .flags = flags }
    };
    int rc = memory(fd, &a);

    *va = a.out.device_virt_addr;
    return rc;
}

static int one(int fd, uint32_t op, uint64_t value)
{
    union hl_mem_args a = { .in = { .free = { value }, .op = op } };

    return memory(fd, &a);
}

static int export(int fd, uint64_t addr, uint64_t size, uint64_t offset, uint32_t flags, int *out)
{
    union hl_mem_args a = { .in = { .export_dmabuf_fd = { addr, size, offset },
                                    .op = HL_MEM_OP_EXPORT_DMABUF_FD,
                                    .flags = flags } };
    int rc = memory(fd, &a);

    *out = a.out.fd;
    return rc;
}

TEST(the_node)
{
    int fd = open_node(), second, control;
    struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
    struct stat st;
    char link[64] = "", path[32], byte;

    assert_int_equal(open(test_node(false), O_RDWR), -1);
    assert_int_equal(errno, EBUSY);
    control = open(test_node(true), O_RDWR);
    second = open(test_node(true), O_RDONLY);
    assert_true(control >= 0 && second >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(major(st.st_rdev) == 261, !on_kernel("6.1"));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    assert_true(readlink(path, link, sizeof(link) - 1) > 0);
    assert_string_equal(link, test_node(false));
    assert_int_equal(read(fd, &byte, 1), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(lseek(fd, 5, SEEK_SET), on_kernel("6.1") ? -1 : 0);
    assert_int_equal(lseek(control, 0, SEEK_SET), -1);
    assert_int_equal(errno, ESPIPE);
    assert_int_equal(poll(&p, 1, 0), 1);
    assert_int_equal(p.revents, POLLIN | POLLOUT);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, control, 0), MAP_FAILED);
    assert_int_equal(errno, ENODEV);
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    assert_int_equal(fcntl(second, F_GETFL) & O_ACCMODE, O_RDONLY);
    close(control);
    close(second);
    second = dup(fd);
    close(fd);
    assert_int_equal(open(test_node(false), O_RDWR), -1);
    assert_int_equal(errno, EBUSY);
    close(second);
    close(open_node());
}

/* Nodes among other files: the driver has no poll, and a link to an open node opens it anew. */
TEST(the_node_elsewhere)
{
    int fd = open_node(), ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = { .events = EPOLLIN };
    uint64_t cap[2] = { 5 /* DRM_CAP_PRIME */, 99 };
    struct hl_info_args a = { .op = HL_INFO_REGISTER_EVENTFD, .eventfd = UINT32_MAX };
    char path[32];

    assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), -1);
    assert_int_equal(errno, EPERM);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    assert_int_equal(open(path, O_RDWR), -1);
    assert_int_equal(errno, EBUSY);
    assert_int_equal(open(test_node(false), O_RDWR | O_CREAT | O_EXCL, 0600), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(call(fd, HL_REQ_H_INFO, HL_REQ_D_INFO, &a), -EBADF);
    if (!old_numbers()) {
        assert_int_equal(ioctl(fd, _IOWR('d', 0x0c, cap), cap), 0);
        assert_int_equal(cap[1], 3);
        cap[0] = 1;
        assert_int_equal(ioctl(fd, _IOWR('d', 0x0c, cap), cap), -1);
        assert_int_equal(errno, EOPNOTSUPP);
        assert_int_equal(ioctl(fd, _IO('d', 0x1e), NULL), -1); /* there is no master */
        assert_int_equal(errno, EINVAL);
    }
    close(ep);
    close(fd);
}

static uint32_t hard_resets(int control)
{
    struct hl_info_reset_count r = { 0 };

    assert_int_equal(info(control, HL_INFO_RESET_COUNT, &r, sizeof(r)), 0);
    return r.hard_reset_cnt;
}

/* Signals that stay reserved hold the context: closing costs a reset. */
TEST(signals_left_reserved)
{
    union hl_cs_args a = { .in = { .cs_flags = HL_CS_FLAGS_RESERVE_SIGNALS_ONLY,
                                   .encaps_signals_count = 1 } };
    int fd, control;
    uint32_t before;

    if (!on_asic("gaudi") || on_kernel("6.1"))
        skip(); /* 6.1 never lets go of the device */
    control = open(test_node(true), O_RDWR);
    fd = open_node();
    before = hard_resets(control);
    assert_int_equal(call(fd, HL_REQ_H_CS, HL_REQ_D_CS, &a), 0);
    close(fd);
    for (int i = 0; (fd = open(test_node(false), O_RDWR)) < 0; i++) {
        assert_true((errno == EAGAIN || errno == EBUSY) && i < 1500);
        usleep(20000);
    }
    assert_int_equal(hard_resets(control), before + 1);
    close(fd);
    close(control);
}

TEST(requests)
{
    int fd = open_node(), control = open(test_node(true), O_RDWR);
    union hl_mem_args m = { .in = { .op = 77 } };
    struct hl_info_device_status status;
    char version_name[16] = "";
    struct hl_drm_version v = { .name = version_name, .name_len = 15 };

    assert_int_equal(memory(fd, &m), -EINVAL);
    /* requests of the other generation */
    assert_int_equal(ioctl(fd, old_numbers() ? HL_REQ_D_MEMORY : HL_REQ_H_MEMORY, &m), -1);
    assert_int_equal(errno, ENOTTY);
    assert_int_equal(ioctl(fd, HL_REQ_DRM_VERSION, &v), old_numbers() ? -1 : 0);
    if (!old_numbers())
        assert_string_equal(version_name, "habanalabs");
    /* isatty() runs INFO on 6.1, and finds no terminal */
    assert_int_equal(isatty(fd), 0);
    assert_int_equal(info(control, HL_INFO_DEVICE_STATUS, &status, sizeof(status)), 0);
    assert_int_equal(memory(control, &m), -ENOTTY);
    close(fd);
    close(control);
}

/* Answered before the driver sees them: event loops set flags that way. */
TEST(requests_of_every_file)
{
    int on = 1, off = 0, block = 0;

    for (int control = 0; control < 2; control++) {
        int fd = open(test_node(control), O_RDWR);

        assert_true(fd >= 0);
        assert_int_equal(ioctl(fd, FIOCLEX), 0);
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        assert_int_equal(ioctl(fd, FIONCLEX), 0);
        assert_int_equal(fcntl(fd, F_GETFD), 0);
        assert_int_equal(ioctl(fd, FIONBIO, &on), 0);
        assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
        assert_int_equal(ioctl(fd, FIONBIO, &off), 0);
        assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        assert_int_equal(ioctl(fd, FIONBIO, NULL), -1);
        assert_int_equal(errno, EFAULT);
        assert_int_equal(ioctl(fd, FIOASYNC, &off), 0);
        assert_int_equal(ioctl(fd, FIOASYNC, &on), -1);
        assert_int_equal(errno, ENOTTY);
        assert_int_equal(ioctl(fd, FIOQSIZE, &on), -1);
        assert_int_equal(errno, ENOTTY);
        assert_int_equal(ioctl(fd, FIGETBSZ, &block), 0);
        assert_int_equal(block, 4096);
        close(fd);
    }
}

TEST(info_rules)
{
    int fd = open_node(), control = open(test_node(true), O_RDWR);
    struct hl_info_hw_ip_info ip, prefix;
    struct hl_info_args a = { .op = HL_INFO_DEVICE_STATUS, .pad = 1 };
    uint64_t events = 9;
    unsigned char bytes[512];

    memset(&ip, 0x5a, sizeof(ip));
    assert_int_equal(info(fd, HL_INFO_HW_IP_INFO, &ip, sizeof(ip)), 0);
    /* 6.1 ends at 256 bytes and leaves the rest alone */
    assert_int_equal(((unsigned char *)&ip)[HL_6_1_HW_IP_INFO_SIZE] == 0x5a, on_kernel("6.1"));
    memset(&prefix, 0x5a, sizeof(prefix));
    assert_int_equal(info(fd, HL_INFO_HW_IP_INFO, &prefix, 24), 0);
    assert_memory_equal(&prefix, &ip, 24);
    assert_int_equal(((unsigned char *)&prefix)[24], 0x5a);
    assert_int_equal(info(fd, HL_INFO_HW_IP_INFO, NULL, 24), -EINVAL);
    assert_int_equal(info(fd, HL_INFO_HW_IP_INFO, &ip, 0), -EINVAL);
    assert_int_equal(info(fd, HL_INFO_HW_IP_INFO, (void *)8, 24), -EFAULT);
    assert_int_equal(info(fd, 200, &ip, sizeof(ip)), -EINVAL);
    a.return_pointer = (uintptr_t)bytes;
    a.return_size = sizeof(bytes);
    assert_int_equal(call(fd, HL_REQ_H_INFO, HL_REQ_D_INFO, &a), on_kernel("6.12") ? -EINVAL : 0);
    assert_int_equal(info(fd, HL_INFO_GET_EVENTS, &events, 4), -EINVAL);
    assert_int_equal(info(fd, HL_INFO_GET_EVENTS, &events, 8), 0);
    assert_int_equal(events, 0);
    assert_int_equal(info(control, HL_INFO_GET_EVENTS, &events, 8),
                     old_numbers() ? 0 : -EOPNOTSUPP);
    assert_int_equal(info(fd, HL_INFO_ENGINE_STATUS, bytes, sizeof(bytes)), -EINVAL);
    assert_int_equal(info(fd, HL_INFO_PAGE_FAULT_EVENT, bytes, sizeof(bytes)),
                     on_kernel("6.1") ? -EINVAL : 0);
    /* records with no data leave the buffer alone, but for some */
    memset(bytes, 0x5a, sizeof(bytes));
    assert_int_equal(info(fd, HL_INFO_RAZWI_EVENT, bytes, sizeof(bytes)), 0);
    assert_int_equal(bytes[0] == 0x5a, !on_kernel("6.1"));
    assert_int_equal(info(fd, HL_INFO_CS_TIMEOUT_EVENT, bytes, sizeof(bytes)), 0);
    assert_int_equal(bytes[15], 0);
    assert_int_equal(bytes[16] == 0x5a || on_kernel("6.1"), 1);
    close(fd);
    close(control);
}

TEST(eventfds)
{
    struct hl_info_args a = { .op = HL_INFO_REGISTER_EVENTFD };
    int fd = open_node(), e = eventfd(0, EFD_NONBLOCK), pipes[2];

    assert_int_equal(info(fd, HL_INFO_UNREGISTER_EVENTFD, NULL, 0), -EINVAL);
    a.eventfd = 900;
    assert_int_equal(call(fd, HL_REQ_H_INFO, HL_REQ_D_INFO, &a), -EBADF);
    assert_int_equal(pipe(pipes), 0);
    a.eventfd = (uint32_t)pipes[0];
    assert_int_equal(call(fd, HL_REQ_H_INFO, HL_REQ_D_INFO, &a), -EINVAL);
    a.eventfd = (uint32_t)e;
    assert_int_equal(call(fd, HL_REQ_H_INFO, HL_REQ_D_INFO, &a), 0);
    a.eventfd = 900;
    assert_int_equal(call(fd, HL_REQ_H_INFO, HL_REQ_D_INFO, &a), -EINVAL);
    assert_int_equal(info(fd, HL_INFO_UNREGISTER_EVENTFD, NULL, 0), 0);
    close(pipes[0]);
    close(pipes[1]);
    close(e);
    close(fd);
}

TEST(allocation)
{
    int fd = open_node();
    union hl_mem_args a = { .in = { .op = HL_MEM_OP_ALLOC } };
    struct hl_info_dram_usage u;
    uint64_t h, va, other;

    assert_int_equal(memory(fd, &a), -EINVAL);
    h = alloc(fd, 1);
    if (on_asic("gaudi")) {
        /* accounting, in the bytes that were asked for */
        assert_int_equal(h, 0);
        assert_int_equal(info(fd, HL_INFO_DRAM_USAGE, &u, sizeof(u)), 0);
        assert_int_equal(u.ctx_dram_mem, 1);
        assert_int_equal(one(fd, HL_MEM_OP_FREE, 1), 0);
        alloc(fd, 64ull << 40);
        assert_int_equal(one(fd, HL_MEM_OP_FREE, 64ull << 40), 0);
        assert_int_equal(map(fd, 1, 0, 0, &va), -EINVAL);
        close(fd);
        return;
    }
    assert_int_equal(h, 1);
    assert_int_equal(alloc(fd, 1), 2);
    assert_int_equal(one(fd, HL_MEM_OP_FREE, 1), 0);
    assert_int_equal(one(fd, HL_MEM_OP_FREE, 1), -EINVAL);
    assert_int_equal(alloc(fd, 1), 1);
    assert_int_equal(one(fd, HL_MEM_OP_FREE, 1ull << 32 | 1), 0); /* cut to 32 bits */
    a.in.alloc.mem_size = 1ull << 50;
    assert_int_equal(memory(fd, &a), -ENOMEM);
    a = (union hl_mem_args){ .in = { .alloc = { UINT64_MAX, 0 }, .op = HL_MEM_OP_ALLOC } };
    assert_int_equal(memory(fd, &a), -EINVAL);
    assert_int_equal(map(fd, 2, 0, 0, &va), 0);
    assert_int_equal(map(fd, 2, 0, 0, &other), 0);
    assert_int_not_equal(va, other);
    assert_int_equal(map(fd, 99, 0, 0, &h), -EINVAL);
    assert_int_equal(h, 0); /* a failed MAP wipes its argument */
    assert_int_equal(map(fd, 2, 0, HL_MEM_FORCE_HINT, &h), -ENOMEM);
    assert_int_equal(map(fd, 2, va, HL_MEM_FORCE_HINT, &h), -ENOMEM);
    assert_int_equal(map(fd, 2, va + 4096, 0, &h), 0); /* a bad plain hint is ignored */
    assert_int_equal(one(fd, HL_MEM_OP_UNMAP, h), 0);
    assert_int_equal(one(fd, HL_MEM_OP_FREE, 2), -EINVAL);
    assert_int_equal(one(fd, HL_MEM_OP_UNMAP, va + 4096), -EINVAL);
    assert_int_equal(one(fd, HL_MEM_OP_UNMAP, va), 0);
    assert_int_equal(one(fd, HL_MEM_OP_UNMAP, va), -EINVAL);
    assert_int_equal(one(fd, HL_MEM_OP_UNMAP, other), 0);
    assert_int_equal(one(fd, HL_MEM_OP_FREE, 2), 0);
    close(fd);
}

static int map_host(int fd, void *p, uint64_t size, uint64_t hint, uint32_t flags, uint64_t *va)
{
    union hl_mem_args a = { .in = { .map_host = { (uintptr_t)p, hint, size },
                                    .op = HL_MEM_OP_MAP,
                                    .flags = flags | HL_MEM_USERPTR } };
    int rc = memory(fd, &a);

    *va = a.out.device_virt_addr;
    return rc;
}

TEST(host_mapping)
{
    char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = open_node(), partial = on_kernel("6.1") ? -EFAULT : -ENOMEM;
    uint64_t va;

    assert_int_equal(map_host(fd, p, 0, 0, 0, &va), -EINVAL);
    assert_int_equal(map_host(fd, p, UINT64_MAX, 0, 0, &va), -EINVAL);
    assert_int_equal(map_host(fd, (void *)4096, 4096, 0, 0, &va), -EFAULT);
    assert_int_equal(map_host(fd, p + 5, 100, 0, 0, &va), 0);
    assert_int_equal(va & 4095, 5);
    /* gone from the process: the device's mapping still ends */
    munmap(p, 4096);
    assert_int_equal(one(fd, HL_MEM_OP_UNMAP, va), 0);
    assert_int_equal(map_host(fd, p, 8192, 0, 0, &va), -EFAULT);
    munmap(p + 8192, 4096);
    assert_int_equal(map_host(fd, p + 4096, 8192, 0, 0, &va), partial);
    mprotect(p + 4096, 4096, PROT_READ);
    assert_int_equal(map_host(fd, p + 4096, 4096, 0, 0, &va), on_kernel("6.1") ? 0 : -EFAULT);
    assert_int_equal(map_host(fd, p + 16385, 4096, 0xfff0000000100000, HL_MEM_FORCE_HINT, &va),
                     -EINVAL);
    munmap(p, 1 << 20);
    close(fd);
}

/* Gaudi2 keeps two ranges for its cores, each in one of the spaces of host memory. */
TEST(reserved_ranges_stay_free)
{
    const uint64_t huge = 2 << 20, reserved = 0xFFF0F80000000000;
    char *p = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *page = (char *)(((uintptr_t)p + huge - 1) & ~(uintptr_t)(huge - 1));
    int fd;
    uint64_t va;

    if (!on_asic("gaudi2"))
        skip();
    fd = open_node();
    assert_int_equal(map_host(fd, page, huge, reserved, HL_MEM_FORCE_HINT, &va), 0);
    assert_int_equal(va, reserved);
    assert_int_equal(map_host(fd, page, huge, 0, 0, &va), 0);
    assert_true(va < reserved);
    munmap(p, 4 << 20);
    close(fd);
}

/* What the kernel writes back to a disk it does not let a device write to, since 6.5. */
TEST(host_mapping_of_a_file)
{
    char path[] = "hlthunk-mapped-XXXXXX";
    int fd = open_node(), file = mkstemp(path), expected = on_kernel("6.1") ? 0 : -EFAULT;
    struct stat st;
    uint64_t va;
    char *p;

    assert_int_equal(fstat(file, &st), 0);
    assert_int_equal(ftruncate(file, 8192), 0);
    p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (major(st.st_dev)) /* a disk's */
        assert_int_equal(map_host(fd, p, 8192, 0, 0, &va), expected);
    unlink(path);
    if (major(st.st_dev))
        assert_int_equal(map_host(fd, p, 8192, 0, 0, &va), expected);
    munmap(p, 8192);
    p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    assert_int_equal(map_host(fd, p, 8192, 0, 0, &va), 0);
    munmap(p, 8192);
    close(file);
    file = memfd_create("mapped", MFD_CLOEXEC);
    assert_int_equal(ftruncate(file, 8192), 0);
    p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_int_equal(map_host(fd, p, 8192, 0, 0, &va), 0);
    munmap(p, 8192);
    close(file);
    p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(map_host(fd, p, 8192, 0, 0, &va), 0);
    munmap(p, 8192);
    close(fd);
}

/* What can be exported here: an address of 4 MiB. */
static uint64_t exportable(int fd)
{
    uint64_t va, h;

    if (on_asic("gaudi"))
        return 0x20000000;
    h = alloc(fd, 4 << 20);
    assert_int_equal(map(fd, h, 0, 0, &va), 0);
    return va;
}

TEST(export_rules)
{
    int fd = open_node(), out, physical = on_asic("gaudi"), old = on_kernel("6.1");
    uint64_t a = exportable(fd);

    if (!can_export()) {
        assert_int_equal(export(fd, a, 4096, 0, 0, &out), -EOPNOTSUPP);
        assert_int_equal(out, -EBADF);
        close(fd);
        return;
    }
    assert_int_equal(export(fd, a + 1, 4096, 0, 0, &out), -EINVAL);
    assert_int_equal(out, -EBADF);
    assert_int_equal(export(fd, a, 0, 0, 0, &out), -EINVAL);
    assert_int_equal(export(fd, a, 4095, 0, 0, &out), -EINVAL);
    assert_int_equal(export(fd, a, 5000, 0, 0, &out), old ? 0 : -EINVAL);
    if (old) {
        struct stat st;

        assert_int_equal(fstat(out, &st), 0);
        assert_int_equal(st.st_size, 5000);
        close(out);
    }
    assert_int_equal(export(fd, a, 4096, 4097, 0, &out), old ? 0 : -EINVAL);
    if (old)
        close(out);
    assert_int_equal(export(fd, a, 4096, 4096, 0, &out), physical && !old ? -EINVAL : 0);
    if (out >= 0)
        close(out);
    if (physical) {
        assert_int_equal(export(fd, 0x20000000 - 4096, 4096, 0, 0, &out), -EINVAL);
        assert_int_equal(export(fd, (32ull << 30) - 4096, 8192, 0, 0, &out), -EINVAL);
        assert_int_equal(export(fd, a + 4096, -8192ull, 0, 0, &out), -EINVAL);
    } else {
        assert_int_equal(export(fd, a + 4096, 4096, 0, 0, &out), -EINVAL);
        assert_int_equal(export(fd, a, 1ull << 40, 0, 0, &out), -EINVAL);
    }
    assert_int_equal(export(fd, a, 4096, 0, O_RDWR | O_CLOEXEC | 0x40, &out), 0);
    assert_int_equal(fcntl(out, F_GETFD), FD_CLOEXEC);
    close(out);
    assert_int_equal(export(fd, a, 4096, 0, 0, &out), 0);
    assert_int_equal(fcntl(out, F_GETFD), 0);
    close(out);
    close(fd);
}

/* text: zeroed */
static void read_fdinfo(int fd, char *text, size_t size)
{
    char path[48];
    FILE *f;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(text, 1, size - 1, f) > 0);
    fclose(f);
}

TEST(the_dmabuf)
{
    int fd = open_node(), out, copy;
    struct pollfd p = { .events = POLLIN | POLLOUT };
    char path[48], link[64] = "", text[512] = "", byte;
    struct dma_buf_sync sync = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
    struct statfs fs;
    struct stat st;
    uint64_t a;

    if (!can_export()) {
        close(fd);
        skip();
    }
    a = exportable(fd);
    assert_int_equal(export(fd, a, 1 << 20, 0, O_RDWR, &out), 0);
    assert_int_equal(fstat(out, &st), 0);
    assert_int_equal(st.st_mode, 0600);
    assert_int_equal(st.st_size, 1 << 20);
    assert_int_equal(st.st_blocks, (1 << 20) / 512);
    assert_int_equal(fstatfs(out, &fs), 0);
    assert_int_equal(fs.f_type, DMA_BUF_MAGIC);
    assert_int_equal(lseek(out, 0, SEEK_END), 1 << 20);
    assert_int_equal(lseek(out, 0, SEEK_SET), 0);
    assert_int_equal(lseek(out, 1, SEEK_SET), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(read(out, &byte, 1), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(pread(out, &byte, 1, 0), -1);
    assert_int_equal(errno, ESPIPE);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, out, 0), MAP_FAILED);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(fallocate(out, 0, 0, 4096), -1);
    assert_int_equal(errno, ENODEV);
    p.fd = out;
    assert_int_equal(poll(&p, 1, 0), 1);
    assert_int_equal(ioctl(out, DMA_BUF_IOCTL_SYNC, &sync), 0);
    sync.flags = 0;
    assert_int_equal(ioctl(out, DMA_BUF_IOCTL_SYNC, &sync), -1);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", out);
    assert_true(readlink(path, link, sizeof(link) - 1) > 0);
    assert_string_equal(link, "/dmabuf:");
    assert_int_equal(open(path, O_RDWR), -1);
    assert_int_equal(errno, ENXIO);
    assert_int_equal(ioctl(out, DMA_BUF_SET_NAME, "a name"), 0);
    copy = dup(out);
    read_fdinfo(out, text, sizeof(text));
    assert_non_null(strstr(text, "size:\t1048576\n"));
    assert_non_null(strstr(text, "count:\t2\n"));
    assert_non_null(strstr(text, "exp_name:\thabanalabs\n"));
    assert_non_null(strstr(text, "name:\ta name\n"));
    /* it holds its mapping, until every copy is closed */
    if (!on_asic("gaudi")) {
        assert_int_equal(one(fd, HL_MEM_OP_UNMAP, a), -EINVAL);
        close(out);
        assert_int_equal(one(fd, HL_MEM_OP_UNMAP, a), -EINVAL);
        close(copy);
        assert_int_equal(one(fd, HL_MEM_OP_UNMAP, a), 0);
    } else {
        close(out);
        close(copy);
    }
    close(fd);
}

/* The kernel's count of references of a dma-buf's file. */
static int count_of(int fd)
{
    char text[512] = "";
    const char *at;

    read_fdinfo(fd, text, sizeof(text));
    at = strstr(text, "count:");
    assert_non_null(at);
    return atoi(at + strlen("count:"));
}

struct mover {
    int fd;
    atomic_bool over;
};

/* One descriptor, under one number after another. */
static void *move(void *arg)
{
    struct mover *m = arg;
    static const int above[] = { 300, 3, 200, 100 };

    for (unsigned i = 0; !atomic_load(&m->over); i++) {
        int next = fcntl(m->fd, F_DUPFD_CLOEXEC, above[i % 4]);

        close(m->fd);
        m->fd = next;
    }
    return NULL;
}

TEST(a_descriptor_that_moves_is_counted)
{
    int fd = open_node(), out[2];
    struct mover movers[3] = { { 0 } };
    pthread_t threads[3];
    uint64_t a;

    if (!can_export()) {
        close(fd);
        skip();
    }
    a = exportable(fd);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(export(fd, a, 1 << 20, 0, O_RDWR | O_CLOEXEC, &out[i]), 0);
    /* of one dma-buf once, and of another one */
    for (unsigned i = 0; i < 3; i++) {
        movers[i].fd = dup(out[i > 0]);
        assert_int_equal(pthread_create(&threads[i], NULL, move, &movers[i]), 0);
    }
    for (unsigned i = 0; i < 12; i++)
        assert_true(count_of(out[0]) >= 2);
    for (unsigned i = 0; i < 3; i++) {
        atomic_store(&movers[i].over, true);
        pthread_join(threads[i], NULL);
        close(movers[i].fd);
    }
    assert_int_equal(count_of(out[0]), 1);
    close(out[0]);
    close(out[1]);
    close(fd);
}

/* Descriptors of nodes that a process has. */
static unsigned nodes_of(pid_t pid)
{
    char folder[32], link[64];
    struct dirent *e;
    unsigned n = 0;
    DIR *d;

    snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
    d = opendir(folder);
    assert_non_null(d);
    while ((e = readdir(d)))
        n += readlinkat(dirfd(d), e->d_name, link, sizeof(link)) > 5 && !strncmp(link, "/dev/", 5);
    closedir(d);
    return n;
}

/* All threads of a process, and this one, take turns on one processor. */
static void share_a_processor(pid_t pid)
{
    char folder[32];
    cpu_set_t one, mine;
    struct dirent *e;
    int cpu = 0;
    DIR *d;

    assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
    while (!CPU_ISSET(cpu, &mine))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    snprintf(folder, sizeof(folder), "/proc/%d/task", (int)pid);
    d = opendir(folder);
    assert_non_null(d);
    while ((e = readdir(d)))
        if (e->d_name[0] != '.')
            sched_setaffinity(atoi(e->d_name), sizeof(one), &one);
    closedir(d);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/*
 * Whoever made the descriptor is through with it when its user has it.  (On one processor the
 * supervisor is likely to be interrupted as soon as its answer is there.)
 */
TEST(nobody_else_has_a_fresh_node)
{
    unsigned before = nodes_of(getppid());

    if (in_rig())
        skip();
    share_a_processor(getppid());
    for (int i = 0; i < 300; i++) {
        int fd = open(test_node(true), O_RDWR | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(nodes_of(getppid()), before);
        close(fd);
    }
}

TEST(leaked)
{
    int fd = open_node(), control, out;
    struct hl_open_stats_info o;

    if (!can_export()) {
        close(fd);
        skip();
    }
    assert_int_equal(export(fd, exportable(fd), 4096, 0, O_CLOEXEC, &out), 0);
    close(fd);
    assert_int_equal(open(test_node(false), O_RDWR), -1);
    assert_int_equal(errno, on_kernel("6.1") ? EAGAIN : EBUSY);
    control = open(test_node(true), O_RDWR);
    assert_int_equal(info(control, HL_INFO_OPEN_STATS, &o, sizeof(o)), 0);
    assert_int_equal(o.is_compute_ctx_active, 1);
    assert_int_equal(o.compute_ctx_in_release, on_kernel("6.1"));
    close(out);
    assert_int_equal(info(control, HL_INFO_OPEN_STATS, &o, sizeof(o)), 0);
    assert_int_equal(o.is_compute_ctx_active, 0);
    assert_int_equal(o.compute_ctx_in_release, 0);
    close(control);
    close(open_node());
}

static int cb(int fd, uint32_t op, uint64_t handle, uint32_t size, uint32_t flags, uint64_t *out)
{
    union hl_cb_args a = { .in = {
                               .cb_handle = handle, .op = op, .cb_size = size, .flags = flags } };
    int rc = call(fd, HL_REQ_H_CB, HL_REQ_D_CB, &a);

    *out = a.out.cb_handle;
    return rc;
}

TEST(command_buffers)
{
    int fd = open_node();
    uint64_t h, x;
    char *p;

    assert_int_equal(cb(fd, HL_CB_OP_CREATE, 0, HL_MAX_CB_SIZE + 1, 0, &h), -EINVAL);
    assert_int_equal(cb(fd, HL_CB_OP_CREATE, 0, 100, 0, &h), 0);
    assert_int_equal(cb(fd, HL_CB_OP_INFO, h, 0, 0, &x), 0);
    assert_int_equal(cb(fd, HL_CB_OP_INFO, h, 0, HL_CB_FLAGS_GET_DEVICE_VA, &x), -EINVAL);
    assert_ptr_equal(mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, (off_t)h), MAP_FAILED);
    assert_int_equal(errno, EINVAL);
    p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)h);
    assert_ptr_not_equal(p, MAP_FAILED);
    assert_int_equal(p[0], 0);
    p[0] = 'x';
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)h), MAP_FAILED);
    assert_int_equal(cb(fd, HL_CB_OP_DESTROY, h, 0, 0, &x), 0);
    if (!on_kernel("6.1"))
        assert_int_equal(cb(fd, HL_CB_OP_DESTROY, h, 0, 0, &x), -EINVAL);
    assert_int_equal(cb(fd, HL_CB_OP_INFO, h, 0, 0, &x), 0);
    p[1] = 'y';
    /* the mapping holds the device */
    close(fd);
    assert_int_equal(open(test_node(false), O_RDWR), -1);
    assert_int_equal(errno, EBUSY);
    munmap(p, 4096);
    fd = open_node();
    assert_int_equal(cb(fd, HL_CB_OP_INFO, h, 0, 0, &x), -EINVAL);
    assert_int_equal(cb(fd, HL_CB_OP_CREATE, 0, 4096, HL_CB_FLAGS_MAP, &h),
                     on_asic("gaudi2") ? 0 : -ENOMEM);
    if (on_asic("gaudi2")) {
        assert_int_equal(cb(fd, HL_CB_OP_INFO, h, 0, HL_CB_FLAGS_GET_DEVICE_VA, &x), 0);
        assert_int_not_equal(x, 0);
    }
    close(fd);
}

#define WAIT_US 1000000u

struct waiter {
    int fd, rc;
    uint32_t status;
    uint64_t value, start_us;
    _Atomic pid_t tid; /* 0: it has not begun */
};

static void *wait_for_value(void *waiter)
{
    struct waiter *w = waiter;
    union hl_wait_cs_args a = { .in = { .addr = (uintptr_t)&w->value,
                                        .target = 5,
                                        .interrupt_timeout_us = WAIT_US,
                                        .flags = HL_WAIT_CS_FLAGS_INTERRUPT |
                                                 HL_WAIT_CS_FLAGS_ANY_CQ_INTERRUPT } };

    w->start_us = now_us();
    w->tid = (pid_t)syscall(SYS_gettid);
    w->rc = call(w->fd, HL_REQ_H_WAIT_CS, HL_REQ_D_WAIT_CS, &a);
    w->status = a.out.status;
    return NULL;
}

/*
 * Closes the descriptor of a wait, and opens the node.  False: the machine was so busy that the
 * wait was over, or had not begun, by then.
 */
static bool close_during_a_wait(struct waiter *w, int *fd)
{
    pthread_t thread;
    bool waits;
    char state;

    w->fd = open_node();
    assert_int_equal(pthread_create(&thread, NULL, wait_for_value, w), 0);
    while (!w->tid || ((state = thread_state(w->tid)) != 'S' && state != '?'))
        usleep(1000);
    usleep(10000); /* the supervisor has it, too */
    close(w->fd);
    *fd = open(test_node(false), O_RDWR);
    if (*fd < 0)
        assert_int_equal(errno, EBUSY);
    waits = now_us() - w->start_us < WAIT_US;
    pthread_join(thread, NULL);
    return waits && w->rc != -EBADF;
}

/* A wait goes on when its descriptor is closed, and holds the device (fdget()). */
TEST(a_call_holds_its_file)
{
    struct waiter w = { .fd = -1 };
    int fd, tries = 0;

    if (!on_asic("gaudi2"))
        skip();
    while (w = (struct waiter){ .fd = -1 }, !close_during_a_wait(&w, &fd)) {
        close(fd);
        assert_true(++tries < 100);
    }
    assert_int_equal(fd, -1);
    assert_int_equal(w.rc, 0);
    assert_int_equal(w.status, HL_WAIT_CS_STATUS_BUSY);
    fd = open_node();
    close(fd);
}

SUITE(semantics)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node),
        cmocka_unit_test(the_node_elsewhere),
        cmocka_unit_test(signals_left_reserved),
        cmocka_unit_test(requests),
        cmocka_unit_test(requests_of_every_file),
        cmocka_unit_test(info_rules),
        cmocka_unit_test(eventfds),
        cmocka_unit_test(allocation),
        cmocka_unit_test(host_mapping),
        cmocka_unit_test(reserved_ranges_stay_free),
        cmocka_unit_test(host_mapping_of_a_file),
        cmocka_unit_test(export_rules),
        cmocka_unit_test(the_dmabuf),
        cmocka_unit_test(a_descriptor_that_moves_is_counted),
        cmocka_unit_test(nobody_else_has_a_fresh_node),
        cmocka_unit_test(leaked),
        cmocka_unit_test(command_buffers),
        cmocka_unit_test(a_call_holds_its_file),
    };

    require_simulation();
    return RUN_GROUP(tests, NULL, NULL);
}
