/* SPDX-License-Identifier: MIT */
/* MAP of host memory of every kind: what the driver can pin, and what it says where it cannot. */
#include "tests/rig/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

/* The call; a mapping is given back at once, so that the state stays what it was. */
static void map(const char *what, const char *part, const void *at, uint64_t size)
{
    union hl_mem_args a = { .in = { .map_host = { (uintptr_t)at, 0, size },
                                    .op = HL_MEM_OP_MAP,
                                    .flags = HL_MEM_USERPTR } };
    int rc = run_case(w.fd, OP_MEMORY, &a, sizeof(a), "MAP-HOST %s %s", what, part);

    w.dirty = false;
    if (rc)
        return;
    a = (union hl_mem_args){ .in = { .unmap = { a.out.device_virt_addr }, .op = HL_MEM_OP_UNMAP } };
    if (request(w.fd, OP_MEMORY, &a))
        say("MAP-HOST %s %s: cannot be unmapped", what, part);
}

/* The whole of it, its parts, and ranges that are not whole pages. */
static void parts(const char *what, char *p, unsigned pages)
{
    char part[32];

    if (p == MAP_FAILED) {
        say("%s -> %s", what, answer(-errno));
        return;
    }
    map(what, "all", p, pages * PAGE);
    for (unsigned i = 0; i < pages; i++) {
        snprintf(part, sizeof(part), "page %u", i);
        map(what, part, p + i * PAGE, PAGE);
        snprintf(part, sizeof(part), "from page %u", i);
        map(what, part, p + i * PAGE, (pages - i) * PAGE);
    }
    map(what, "last byte", p + pages * PAGE - 1, 1);
    map(what, "a byte before the last page", p + (pages - 1) * PAGE - 1, 2);
}

/* In memory, as in the rig's machine: of a disk's files less can be pinned. */
static int file_of(unsigned kind, uint64_t size)
{
    char path[] = "/dev/shm/hlthunk-cases-XXXXXX";
    int fd = kind ? memfd_create("cases", MFD_CLOEXEC) : mkstemp(path);

    if (!kind)
        unlink(path);
    if (ftruncate(fd, (off_t)size) < 0)
        say("ftruncate -> %s", answer(-errno));
    return fd;
}

/* Four pages of a file with fewer: mapped as a whole, and with the end in the middle of a page. */
static void past_the_end(void)
{
    static const char *const kinds[] = { "file", "memfd" };
    static const struct {
        const char *name;
        int prot, flags;
    } ways[] = {
        { "shared", PROT_READ | PROT_WRITE, MAP_SHARED },
        { "private", PROT_READ | PROT_WRITE, MAP_PRIVATE },
        { "shared read-only", PROT_READ, MAP_SHARED },
        { "private read-only", PROT_READ, MAP_PRIVATE },
    };
    static const unsigned sizes[] = { 0, 1, PAGE, 2 * PAGE, 2 * PAGE + 1, 4 * PAGE };
    char what[64];

    for (unsigned k = 0; k < 2; k++)
        for (unsigned n = 0; n < sizeof(ways) / sizeof(ways[0]); n++)
            for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                int fd = file_of(k, sizes[i]);
                char *p = mmap(NULL, 4 * PAGE, ways[n].prot, ways[n].flags, fd, 0);

                snprintf(what, sizeof(what), "%s of %u %s", kinds[k], sizes[i], ways[n].name);
                parts(what, p, 4);
                munmap(p, 4 * PAGE);
                close(fd);
            }
}

/* The file grows and shrinks while it is mapped. */
static void that_change(void)
{
    int fd = file_of(1, 4 * PAGE);
    char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    memset(p, 1, 4 * PAGE);
    if (ftruncate(fd, PAGE) == 0)
        parts("memfd that was cut", p, 4);
    if (ftruncate(fd, 3 * PAGE) == 0)
        parts("memfd that has grown again", p, 4);
    munmap(p, 4 * PAGE);
    p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 2 * PAGE);
    parts("memfd from its third page", p, 4);
    munmap(p, 4 * PAGE);
    close(fd);
    fd = file_of(1, 4 * PAGE);
    fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
    p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    parts("sealed memfd shared", p, 4);
    munmap(p, 4 * PAGE);
    p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    parts("sealed memfd private", p, 4);
    munmap(p, 4 * PAGE);
    close(fd);
}

static void without_a_file(void)
{
    static const struct {
        const char *name;
        int prot, flags;
    } kinds[] = {
        { "shared anonymous", PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS },
        { "shared anonymous read-only", PROT_READ, MAP_SHARED | MAP_ANONYMOUS },
        { "shared anonymous none", PROT_NONE, MAP_SHARED | MAP_ANONYMOUS },
        { "write-only", PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS },
        { "executable", PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS },
        { "noreserve", PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE },
        { "private none", PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS },
        { "private read-only", PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS },
    };
    const int advices[] = { MADV_DONTFORK, MADV_DONTDUMP, MADV_WIPEONFORK, MADV_FREE };
    char *p;

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        p = mmap(NULL, 2 * PAGE, kinds[i].prot, kinds[i].flags, -1, 0);
        parts(kinds[i].name, p, 2);
        munmap(p, 2 * PAGE);
    }
    for (unsigned i = 0; i < 4; i++) {
        p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(p, 1, PAGE);
        madvise(p, PAGE, advices[i]);
        map("advised",
            i == 0   ? "dontfork"
            : i == 1 ? "dontdump"
            : i == 2 ? "wipe"
                     : "free",
            p, PAGE);
        munmap(p, PAGE);
    }
    /* three protections in a row */
    p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(p + PAGE, PAGE, PROT_READ);
    parts("read-only in the middle", p, 3);
    mprotect(p + PAGE, PAGE, PROT_NONE);
    parts("none in the middle", p, 3);
    munmap(p, 3 * PAGE);
}

/* What the driver, the kernel or a device has put there. */
static void of_others(void)
{
    union hl_cb_args cb = { .in = { .op = HL_CB_OP_CREATE, .cb_size = PAGE } };
    int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
    static const int text = 1;
    char byte = 0;
    char *p, *before;

    p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    parts("/dev/zero private", p, 2);
    munmap(p, 2 * PAGE);
    p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    parts("/dev/zero shared", p, 2);
    munmap(p, 2 * PAGE);
    close(fd);
    map("constant", "page", (const void *)((uintptr_t)&text & -(uintptr_t)PAGE), PAGE);
    map("text", "page", (const void *)((uintptr_t)&map & -(uintptr_t)PAGE), PAGE);
    map("stack", "byte", &byte, 1);
    if (request(w.fd, OP_CB, &cb))
        return;
    /* behind a page that cannot be pinned, wherever the kernel puts it: its last byte is asked for,
     * too */
    before = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (before == MAP_FAILED)
        return;
    p = mmap(before + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, w.fd,
             (off_t)cb.out.cb_handle);
    parts("command buffer", p, 1);
    munmap(before, 2 * PAGE);
}

void host_cases(void)
{
    past_the_end();
    that_change();
    without_a_file();
    of_others();
    w.dirty = true;
}
