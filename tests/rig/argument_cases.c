/* SPDX-License-Identifier: MIT */
/* The argument of a request: where it lies, which size and direction the request's number claims.
 */
#include "tests/rig/cases.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uapi/requests.h"

static int raw(int fd, unsigned long number, void *args)
{
    return ioctl(fd, number, args) < 0 ? -errno : 0;
}

static unsigned changed(const unsigned char *bytes, unsigned char filling)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < 96; i++)
        if (bytes[i] != filling)
            mask |= 1u << i / 4;
    return mask;
}

/* A call that fails for what it asks, in a number with this size and direction. */
static void shaped(enum op op, unsigned dir, unsigned size, bool control)
{
    static const char *const dirs[] = { "none", "in", "out", "both" };
    unsigned long number = request_of(op);
    /* for MEMORY an allocation of 0 bytes: of many it would be one of many pages */
    const unsigned char filling = op == OP_MEMORY ? 0 : 0xff;
    unsigned char bytes[16384];
    int rc;

    memset(bytes, filling, sizeof(bytes));
    number = _IOC(dir, _IOC_TYPE(number), _IOC_NR(number), size);
    rc = raw(control ? w.control : w.fd, number, bytes);
    say("%soperation %u %s size %u -> %s words %#x", control ? "control " : "", op, dirs[dir], size,
        answer(rc), changed(bytes, filling));
}

/* A good query, with the argument cut: what is missing is 0. */
static void cut_query(unsigned size)
{
    uint32_t status[4] = { 7, 7, 7, 7 };
    struct hl_info_args a = {
        .op = HL_INFO_DEVICE_STATUS, .return_pointer = (uintptr_t)status, .return_size = 8, .pad = 0
    };
    unsigned long number = request_of(OP_INFO);
    static unsigned char bytes[20000];

    memcpy(bytes, &a, sizeof(a));
    memset(bytes + sizeof(a), 0xee, sizeof(bytes) - sizeof(a));
    number = _IOC(_IOC_READ | _IOC_WRITE, _IOC_TYPE(number), _IOC_NR(number), size);
    say("status, size %u -> %s %u %u", size, answer(raw(w.fd, number, bytes)), status[0],
        status[1]);
}

static void places(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *only = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t status[2];
    struct hl_info_args a = { .op = HL_INFO_DEVICE_STATUS,
                              .return_pointer = (uintptr_t)status,
                              .return_size = 8 };

    munmap(page + 4096, 4096);
    for (unsigned op = 0; op < OP_COUNT; op++) {
        const struct {
            const char *name;
            void *at;
        } at[] = {
            { "NULL", NULL },        { "8", (void *)8 },
            { "hole", page + 4096 }, { "half", page + 4096 - 8 },
            { "read-only", only },   { "kernel", (void *)(uintptr_t)0xffff888000000000 },
        };

        for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++)
            say("operation %u argument %s -> %s", op, at[i].name,
                answer(raw(w.fd, request_of(op), at[i].at)));
    }
    memcpy(page + 1, &a, sizeof(a));
    say("status, odd address -> %s", answer(raw(w.fd, request_of(OP_INFO), page + 1)));
    a.return_pointer = (uintptr_t)page + 4096 - 4;
    say("status to a half page -> %s", answer(raw(w.fd, request_of(OP_INFO), &a)));
    a.return_pointer = (uintptr_t)only;
    say("status to a read-only page -> %s", answer(raw(w.fd, request_of(OP_INFO), &a)));
    munmap(page, 4096);
    munmap(only, 4096);
}

/* DRM's own requests: an accel node has few of them. */
static void drm_requests(void)
{
    for (unsigned nr = 0; nr < 256; nr++) {
        unsigned char bytes[256] = { 0 };
        int rc;

        /* 1 and 2 crash kernels (docs/upstream-defects.md); the driver's own are elsewhere;
         * those of the first generation are asked elsewhere */
        if (nr == 1 || nr == 2 || nr == 0xd1 /* since 6.13 */ || (nr >= 0x40 && nr < 0x46))
            continue;
        rc = raw(w.fd, _IOC(_IOC_READ | _IOC_WRITE, 'd', nr, 64), bytes);
        say("request d %#x size 64 -> %s words %#x", nr, answer(rc), changed(bytes, 0));
        rc = raw(w.fd, _IO('d', nr), bytes);
        say("request d %#x size 0 -> %s", nr, answer(rc));
    }
}

static void drm_version(void)
{
    char name[64], date[64], description[64];

    if (w.old)
        return;
    for (unsigned length = 0; length < 64; length += 5) {
        struct hl_drm_version v = { -1, -1, -1, length, name, length, date, length, description };
        int rc;

        memset(name, 0, sizeof(name));
        memset(date, 0, sizeof(date));
        memset(description, 0, sizeof(description));
        rc = raw(w.fd, HL_REQ_DRM_VERSION, &v);
        /* the numbers are the kernel's */
        say("version %u -> %s numbers %d \"%s\" %lu \"%s\" %lu \"%s\" %lu", length, answer(rc),
            v.version_major > 0 && v.version_minor >= 0 && v.version_patchlevel >= 0, name,
            v.name_len, date, v.date_len, description, v.desc_len);
    }
}

static void drm_capabilities(void)
{
    for (uint64_t n = 0; n < 24 && !w.old; n++) {
        uint64_t cap[2] = { n, 99 };
        int rc = raw(w.fd, _IOWR('d', 0x0c, cap), cap);

        say("capability %llu -> %s %lld", (unsigned long long)n, answer(rc),
            rc ? -1ll : (long long)cap[1]);
        cap[0] = n;
        cap[1] = 1;
        say("client capability %llu -> %s", (unsigned long long)n,
            answer(raw(w.fd, _IOW('d', 0x0d, cap), cap)));
    }
}

/* Requests that any file takes, and those of others. */
static void common_requests(int fd, const char *which)
{
    static const struct {
        const char *name;
        unsigned long number;
    } numbers[] = {
        { "FIBMAP", 1 },
        { "FIGETBSZ", 2 },
        { "FIONREAD", 0x541B },
        { "FIONBIO", 0x5421 },
        { "FIOASYNC", 0x5452 },
        { "FIOCLEX", 0x5451 },
        { "FIONCLEX", 0x5450 },
        { "FIOQSIZE", 0x5460 },
        { "TCGETS", 0x5401 },
        { "TIOCGWINSZ", 0x5413 },
        { "TIOCGPGRP", 0x540F },
        { "FIFREEZE", 0xc0045877 },
        { "FITRIM", 0xc0185879 },
        { "FS_IOC_GETFLAGS", 0x80086601 },
        { "FICLONE", 0x40049409 },
        { "FICLONERANGE", 0x4020940d },
        { "BLKGETSIZE64", 0x80081272 },
        { "DMA_BUF_SYNC", 0x40086200 },
        { "DMA_BUF_SET_NAME", 0x40086201 },
        { "VFIO", 0x3b64 },
        { "bare 0", 0 },
        { "bare 3", 3 },
        { "bare 5", 5 },
        { "bare 6", 6 },
        { "bare 7", 7 },
    };

    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uint64_t bytes[32] = { 0 };
        unsigned nr = numbers[i].number & 0xff;

        if (w.old && (nr == 3 || nr == 5))
            continue; /* they run operations */
        say("%s %s -> %s %#x", which, numbers[i].name, answer(raw(fd, numbers[i].number, bytes)),
            changed((unsigned char *)bytes, 0));
    }
}

void argument_cases(void)
{
    static const unsigned sizes[] = { 0,  1,  4,  7,  8,   16,  23,  24,  25,   32,
                                      40, 48, 56, 64, 100, 128, 129, 256, 4096, 16383 };

    for (unsigned op = 0; op < OP_COUNT; op++)
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            for (unsigned dir = 0; dir < 4; dir++) {
                /* all ones are a bad operation everywhere but in CS, whose flags would be all set
                 */
                if (op == OP_CS || op == OP_WAIT)
                    continue;
                shaped(op, dir, sizes[i], false);
                if (op == OP_INFO)
                    shaped(op, dir, sizes[i], true);
            }
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        cut_query(sizes[i]);
    places();
    drm_version();
    drm_capabilities();
    common_requests(w.fd, "primary");
    common_requests(w.control, "control");
    if (!w.old)
        drm_requests();
    w.dirty = true;
}
