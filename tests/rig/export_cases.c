/* SPDX-License-Identifier: MIT */
/* EXPORT, and what a dma-buf does. */
#include "tests/rig/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uapi/dma_buf.h"

static int export(const char *where, uint64_t at, const char *size_name, uint64_t size,
                  const char *offset_name, uint64_t offset, uint32_t flags)
{
    union hl_mem_args a = { .in = { .export_dmabuf_fd = { at, size, offset },
                                    .op = HL_MEM_OP_EXPORT_DMABUF_FD,
                                    .flags = flags } };
    int rc = run_case(w.fd, OP_MEMORY, &a, sizeof(a), "EXPORT %s size %s offset %s flags %#x",
                      where, size_name, offset_name, flags);

    if (rc)
        return -1;
    /* a closed dma-buf leaves no trace */
    w.dirty = false;
    return a.out.fd;
}

void export_cases(void)
{
    const struct value places[] = {
        { "0", 0 },
        { "va", w.va },
        { "va+1", w.va + 1 },
        { "va+4096", w.va + 4096 },
        { "host-va", w.host_va },
        { "handle", w.handle },
        { "0x20000000", 0x20000000 },
        { "32G-4096", (32ull << 30) - 4096 },
        { "-4096", -4096ull },
    };
    const struct value sizes[] = {
        { "0", 0 },        { "4095", 4095 },        { "4096", 4096 },      { "5000", 5000 },
        { "4M", 4 << 20 }, { "1<<40", 1ull << 40 }, { "-4096", -4096ull },
    };
    const struct value offsets[] = {
        { "0", 0 }, { "1", 1 }, { "4096", 4096 }, { "4M", 4 << 20 }, { "-4096", -4096ull },
    };

    FOR_EACH(p, places)
    {
        FOR_EACH(s, sizes)
        {
            FOR_EACH(o, offsets)
            {
                int fd;

                /* offset + size around zero passes 6.12's check: a defect, not to be relied on */
                if (o->n > 1ull << 40 || (o->n && s->n > 1ull << 62))
                    continue;
                fd = export(p->name, p->n, s->name, s->n, o->name, o->n, O_RDWR | O_CLOEXEC);
                if (fd >= 0)
                    close(fd);
            }
        }
    }
}

static void result(const char *what, long rc)
{
    printf("dmabuf %s -> %s\n", what, rc < 0 ? strerrorname_np(errno) : "ok");
}

static int export_sync_file(int fd, uint32_t flags)
{
    struct dma_buf_export_sync_file x = { .flags = flags, .fd = -1 };
    char what[48];
    long rc = ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &x);

    snprintf(what, sizeof(what), "export sync file %#x", flags);
    result(what, rc);
    return rc < 0 ? -1 : x.fd;
}

static void import_sync_file(int fd, const char *which, uint32_t flags, int sync)
{
    struct dma_buf_import_sync_file x = { .flags = flags, .fd = sync };
    char what[64];

    snprintf(what, sizeof(what), "import sync file %s %#x", which, flags);
    result(what, ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &x));
}

/* The reservation object is empty: what comes out of it, and what may be put into it. */
static void sync_file_cases(int fd)
{
    static const uint32_t flags[] = { 0,
                                      DMA_BUF_SYNC_READ,
                                      DMA_BUF_SYNC_WRITE,
                                      DMA_BUF_SYNC_RW,
                                      DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ,
                                      0x80000001 };
    struct sync_file_info info = { .num_fences = 0 };
    struct sync_fence_info fence = { .status = -7 };
    struct pollfd p = { .events = POLLIN | POLLOUT };
    struct sync_merge_data m = { .name = "both" };
    int n, sync = -1;

    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        n = export_sync_file(fd, flags[i]);
        if (n >= 0 && sync >= 0)
            close(sync);
        sync = n >= 0 ? n : sync;
    }
    result("export sync file NULL", ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, NULL));
    result("import sync file NULL", ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, NULL));
    p.fd = sync;
    n = poll(&p, 1, 0);
    printf("sync file cloexec %d poll -> %d %#x\n", fcntl(sync, F_GETFD), n, p.revents);
    result("sync file info", ioctl(sync, SYNC_IOC_FILE_INFO, &info));
    printf("sync file %s status %d fences %u\n", info.name, info.status, info.num_fences);
    info.sync_fence_info = (uintptr_t)&fence;
    result("sync file fences", ioctl(sync, SYNC_IOC_FILE_INFO, &info));
    printf("sync file fence %s of %s status %d\n", fence.obj_name, fence.driver_name, fence.status);
    info.flags = 1;
    result("sync file info flags 1", ioctl(sync, SYNC_IOC_FILE_INFO, &info));
    m.fd2 = fd;
    result("sync file merge dma-buf", ioctl(sync, SYNC_IOC_MERGE, &m));
    m.fd2 = sync;
    result("sync file merge", ioctl(sync, SYNC_IOC_MERGE, &m));
    close(m.fence);
    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        import_sync_file(fd, "its own", flags[i], sync);
    import_sync_file(fd, "-1", DMA_BUF_SYNC_WRITE, -1);
    import_sync_file(fd, "dma-buf", DMA_BUF_SYNC_WRITE, fd);
    import_sync_file(fd, "device", DMA_BUF_SYNC_WRITE, w.fd);
    p.fd = fd;
    n = poll(&p, 1, 0);
    printf("dmabuf with a fence poll -> %d %#x\n", n, p.revents);
    close(sync);
}

void dmabuf_cases(void)
{
    static const uint32_t flags[] = { 0,         O_RDONLY,      O_WRONLY,  O_RDWR,
                                      O_CLOEXEC, O_RDWR | 0x40, 0x80000000 };
    struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
    union hl_mem_args a = { .in = { .op = HL_MEM_OP_UNMAP } };
    struct pollfd p = { .events = POLLIN | POLLOUT };
    char bytes[8];
    struct stat st;
    int n, fd = -1, copy;

    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        fd = export("va", w.va, "4096", 4096, "0", 0, flags[i]);
        if (fd < 0)
            continue;
        printf("dmabuf flags %#x mode %#x cloexec %d\n", flags[i], fcntl(fd, F_GETFL) & O_ACCMODE,
               fcntl(fd, F_GETFD));
        close(fd);
    }
    fd = export("va", w.va, "1M", 1 << 20, "0", 0, O_RDWR);
    if (fd < 0)
        return;
    result("read", read(fd, bytes, 1));
    result("write", write(fd, bytes, 1));
    result("pread", pread(fd, bytes, 1, 0));
    result("lseek end", lseek(fd, 0, SEEK_END));
    result("lseek set 0", lseek(fd, 0, SEEK_SET));
    result("lseek set 1", lseek(fd, 1, SEEK_SET));
    result("lseek cur", lseek(fd, 0, SEEK_CUR));
    result("ftruncate", ftruncate(fd, 0));
    result("fsync", fsync(fd));
    result("fallocate", fallocate(fd, 0, 0, 4096));
    result("fchmod", fchmod(fd, 0600));
    result("mmap", mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    result("sync start", ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync));
    sync.flags |= DMA_BUF_SYNC_END;
    result("sync end", ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync));
    sync.flags = 0;
    result("sync 0", ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync));
    sync.flags = 0x80;
    result("sync 0x80", ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync));
    sync_file_cases(fd);
    result("name", ioctl(fd, DMA_BUF_SET_NAME, "weights"));
    result("name long", ioctl(fd, DMA_BUF_SET_NAME, "0123456789012345678901234567890123456789"));
    result("ioctl unknown", ioctl(fd, _IO('b', 77), 0));
    result("ioctl device's", ioctl(fd, _IOWR('d', 0x44, union hl_mem_args), &a));
    p.fd = fd;
    n = poll(&p, 1, 0);
    printf("dmabuf poll -> %d %#x\n", n, p.revents);
    if (!fstat(fd, &st))
        printf("dmabuf stat mode %#o size %lld\n", st.st_mode, (long long)st.st_size);
    /* it holds the mapping until the last descriptor is gone */
    copy = dup(fd);
    a.in.unmap.device_virt_addr = w.va;
    run_case(w.fd, OP_MEMORY, &a, sizeof(a), "MEMORY UNMAP exported");
    a = (union hl_mem_args){ .in = { .free = { w.handle }, .op = HL_MEM_OP_FREE } };
    if (w.handle)
        run_case(w.fd, OP_MEMORY, &a, sizeof(a), "MEMORY FREE exported");
    close(fd);
    a = (union hl_mem_args){ .in = { .unmap = { w.va }, .op = HL_MEM_OP_UNMAP } };
    run_case(w.fd, OP_MEMORY, &a, sizeof(a), "MEMORY UNMAP exported, one descriptor left");
    close(copy);
    a = (union hl_mem_args){ .in = { .unmap = { w.va }, .op = HL_MEM_OP_UNMAP } };
    run_case(w.fd, OP_MEMORY, &a, sizeof(a), "MEMORY UNMAP no longer exported");
}
