/* SPDX-License-Identifier: MIT */
/* mmap() of nodes, dma-bufs and command buffers: sizes, offsets, flags; what mappings take. */
#include "tests/rig/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define DONE(call) answer((call) < 0 ? -errno : 0)

static uint64_t buffer(void)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 2 * PAGE } };

    return request(w.fd, OP_CB, &a) ? 0 : a.out.cb_handle;
}

static const char *mapped(void *at, size_t size, int prot, int flags, int fd, uint64_t offset)
{
    void *p = mmap(at, size, prot, flags, fd, (off_t)offset);
    int error = errno;

    if (p == MAP_FAILED)
        return answer(-error);
    munmap(p, size);
    return "0";
}

static void sizes_and_offsets(int fd, const char *which, uint64_t cb)
{
    const struct value sizes[] = {
        { "0", 0 },
        { "1", 1 },
        { "4097", 4097 },
        { "8191", 8191 },
        { "8192", 8192 },
        { "8193", 8193 },
        { "2^31", 1ull << 31 },
        { "2^46", 1ull << 46 },
        { "2^47", 1ull << 47 },
        { "2^63", 1ull << 63 },
        { "-8192", -8192ull },
        { "-4096", -4096ull },
        { "-4095", -4095ull },
        { "-1", UINT64_MAX },
    };
    const struct value offsets[] = {
        { "0", 0 },
        { "1", 1 },
        { "4095", 4095 },
        { "cb", cb },
        { "cb+1", cb + 1 },
        { "cb+2048", cb + 2048 },
        { "cb+4096", cb + 4096 },
        { "cb-1", cb - 1 },
        { "2^63", 1ull << 63 },
        { "2^63-4096", (1ull << 63) - 4096 },
        { "-8192", -8192ull },
        { "-4096", -4096ull },
        { "-1", UINT64_MAX },
    };

    FOR_EACH(o, offsets)
    FOR_EACH(s, sizes)
    say("%s mmap size %s at %s -> %s", which, s->name, o->name,
        mapped(NULL, s->n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, o->n));
}

static void flags(int fd, const char *which, uint64_t cb)
{
    const struct value all[] = {
        { "none", 0 },
        { "validate", MAP_SHARED_VALIDATE },
        { "validate+sync", MAP_SHARED_VALIDATE | MAP_SYNC },
        { "validate+odd", MAP_SHARED_VALIDATE | 0x1000000 },
        { "shared+odd", MAP_SHARED | 0x1000000 },
        { "private", MAP_PRIVATE },
        { "type 4", 4 },
        { "populate", MAP_SHARED | MAP_POPULATE },
        { "locked", MAP_SHARED | MAP_LOCKED },
        { "noreserve", MAP_SHARED | MAP_NORESERVE },
        { "growsdown", MAP_SHARED | MAP_GROWSDOWN },
        { "private growsdown", MAP_PRIVATE | MAP_GROWSDOWN },
        { "hugetlb", MAP_SHARED | MAP_HUGETLB },
#ifdef MAP_32BIT
        { "32bit", MAP_SHARED | MAP_32BIT },
#endif
        { "denywrite", MAP_SHARED | MAP_DENYWRITE },
        { "fixed", MAP_SHARED | MAP_FIXED },
        { "noreplace", MAP_SHARED | MAP_FIXED_NOREPLACE },
    };
    const struct value prots[] = { { "none", 0 },
                                   { "r", 1 },
                                   { "w", 2 },
                                   { "x", 4 },
                                   { "odd", 0x43 },
                                   { "sem", 0x8 | 1 },
                                   { "growsdown", 0x01000000 | 1 } };
    char *room = mmap(NULL, 8 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(room, 2 * PAGE);
    FOR_EACH(f, all)
    {
        say("%s mmap flags %s -> %s", which, f->name,
            mapped(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, (int)f->n, fd, cb));
        say("%s mmap flags %s size 0 -> %s", which, f->name,
            mapped(NULL, 0, PROT_READ | PROT_WRITE, (int)f->n, fd, cb));
    }
    FOR_EACH(p, prots)
    say("%s mmap prot %s -> %s", which, p->name,
        mapped(NULL, 2 * PAGE, (int)p->n, MAP_SHARED, fd, cb));
    for (int fixed = 0; fixed < 2; fixed++) {
        const int how = MAP_SHARED | (fixed ? MAP_FIXED : MAP_FIXED_NOREPLACE);

        say("%s mmap fixed %d in a hole -> %s", which, fixed,
            mapped(room, 2 * PAGE, PROT_READ, how, fd, cb));
        say("%s mmap fixed %d at an odd place -> %s", which, fixed,
            mapped(room + 1, 2 * PAGE, PROT_READ, how, fd, cb));
        say("%s mmap fixed %d on a page -> %s", which, fixed,
            mapped(room + 2 * PAGE, 2 * PAGE, PROT_READ, how, fd, cb));
        say("%s mmap fixed %d in the kernel -> %s", which, fixed,
            mapped((void *)(uintptr_t)0xffff888000000000, 2 * PAGE, PROT_READ, how, fd, cb));
    }
    munmap(room, 8 * PAGE);
}

/* What the kernel's calls for memory say of a command buffer. */
static void advice(char *p)
{
    for (int a = 0; a < 26; a++) {
        if (a == MADV_DONTNEED || a == MADV_REMOVE)
            continue; /* elsewhere */
        say("cb madvise %d -> %s", a, DONE(madvise(p, PAGE, a)));
    }
    for (int f = 0; f < 8; f++)
        say("cb msync %d -> %s", f, DONE(msync(p, PAGE, f)));
    say("cb msync odd address -> %s", DONE(msync(p + 1, PAGE, MS_SYNC)));
    say("cb mprotect x -> %s", DONE(mprotect(p, PAGE, PROT_READ | PROT_EXEC)));
    say("cb mprotect back -> %s", DONE(mprotect(p, PAGE, PROT_READ | PROT_WRITE)));
}

static void copies(char *p)
{
    char bytes[16] = { 0 };
    struct iovec mine = { bytes, 16 }, cb = { p, 16 };
    int pipes[2];

    memset(p, 7, 16);
    say("cb process_vm_readv -> %s", DONE(process_vm_readv(getpid(), &mine, 1, &cb, 1, 0)));
    say("cb process_vm_writev -> %s", DONE(process_vm_writev(getpid(), &mine, 1, &cb, 1, 0)));
    if (pipe(pipes) < 0)
        return;
    say("cb write() from it -> %s", DONE(write(pipes[1], p, 16)));
    say("cb read() into it -> %s", DONE(read(pipes[0], p, 16)));
    close(pipes[0]);
    close(pipes[1]);
}

static void moves(void)
{
    char *room = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p, *q;
    uint64_t cb = buffer();

    p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)cb);
    memset(p, 5, 2 * PAGE);
    q = mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    say("cb mremap same size -> %s same place %d", q == MAP_FAILED ? answer(-errno) : "0", p == q);
    q = mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
    say("cb mremap moved -> %s", q == MAP_FAILED ? answer(-errno) : "0");
    if (q != MAP_FAILED) {
        say("cb its bytes %d", q[0] == 5 && q[2 * PAGE - 1] == 5);
        p = q;
    }
    say("cb mapped again -> %s", mapped(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, w.fd, cb));
    q = mremap(p, 2 * PAGE, PAGE, 0);
    say("cb mremap smaller -> %s", q == MAP_FAILED ? answer(-errno) : "0");
    say("cb mapped again -> %s", mapped(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, w.fd, cb));
    munmap(p, PAGE);
    say("cb mapped at last -> %s", mapped(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, w.fd, cb));
    munmap(room, 4 * PAGE);
}

/* A page that is mapped over part of a command buffer takes that part away. */
static void replaced(void)
{
    uint64_t cb = buffer();
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)cb);

    for (int i = 0; i < 2; i++) {
        mmap(p + i * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        say("cb with %d pages mapped over -> %s", i + 1,
            mapped(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, w.fd, cb));
    }
    munmap(p, 2 * PAGE);
}

void mmap_cases(void)
{
    int fd = state_dmabuf();
    uint64_t cb = buffer();
    char *p;

    sizes_and_offsets(w.fd, "primary", cb);
    sizes_and_offsets(w.control, "control", cb);
    if (fd >= 0)
        sizes_and_offsets(fd, "dma-buf", cb);
    flags(w.fd, "primary", cb);
    flags(w.control, "control", cb);
    if (fd >= 0) {
        flags(fd, "dma-buf", 0);
        close(fd);
    }
    p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w.fd, (off_t)cb);
    if (p != MAP_FAILED) {
        advice(p);
        copies(p);
        munmap(p, 2 * PAGE);
    }
    moves();
    replaced();
    w.dirty = true;
}
