/* SPDX-License-Identifier: MIT */
/* What the kernel around the driver says of its files: fdinfo, DRM's requests with arguments. */
#include "tests/rig/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uapi/requests.h"

/* Of a request: its struct is read and written. */
#define BOTH_WAYS (_IOC_READ | _IOC_WRITE)

static int raw(int fd, unsigned long number, void *args)
{
    return ioctl(fd, number, args) < 0 ? -errno : 0;
}

static bool same_mount(int fd, unsigned long long id)
{
    struct statx x;

    return statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &x) == 0 &&
           x.stx_mnt_id == id;
}

/* Its lines; numbers of the kernel's choice are compared with what other calls say. */
static void fdinfo(int fd, const char *which)
{
    char path[64], line[256];
    unsigned long long n;
    struct stat st;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "mnt_id: %llu", &n) == 1)
            say("%s fdinfo mnt_id is statx's %d", which, same_mount(fd, n));
        else if (sscanf(line, "ino: %llu", &n) == 1)
            say("%s fdinfo ino is fstat's %d", which, !fstat(fd, &st) && st.st_ino == n);
        else if (!strncmp(line, "drm-", 4))
            say("%s fdinfo %.*s", which, (int)strcspn(line, ":"), line);
        else
            say("%s fdinfo %s", which, line);
    }
    say("%s fdinfo -> %s", which, f ? "0" : answer(-errno));
    if (f)
        fclose(f);
}

static void prime(int buffer)
{
    int event = eventfd(0, EFD_CLOEXEC), zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
    const struct value fds[] = {
        { "-1", UINT32_MAX },
        { "-2", UINT32_MAX - 1 },
        { "900", 900 },
        { "2^31", 1u << 31 },
        { "2^30", 1u << 30 },
        { "eventfd", (uint32_t)event },
        { "/dev/zero", (uint32_t)zero },
        { "node", (uint32_t)w.fd },
        { "control", (uint32_t)w.control },
        { "dma-buf", (uint32_t)buffer },
    };
    static const uint32_t flags[] = { 0, O_CLOEXEC, O_RDWR, O_RDWR | O_CLOEXEC, 1, 0x100, ~0u };
    struct {
        uint32_t handle, flags;
        int32_t fd;
    } a;

    FOR_EACH(f, fds)
    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        int rc;

        a.handle = 7;
        a.flags = flags[i];
        a.fd = (int32_t)f->n;
        rc = raw(w.fd, _IOWR('d', 0x2e, a), &a);
        say("PRIME_FD_TO_HANDLE %s flags %#x -> %s handle %u flags %#x fd kept %d", f->name,
            flags[i], answer(rc), a.handle, a.flags, a.fd == (int32_t)f->n);
        a.handle = (uint32_t)f->n;
        a.flags = flags[i];
        a.fd = 77;
        rc = raw(w.fd, _IOWR('d', 0x2d, a), &a);
        say("PRIME_HANDLE_TO_FD %s flags %#x -> %s fd %d", f->name, flags[i], answer(rc), a.fd);
    }
    say("PRIME_FD_TO_HANDLE out only -> %s", answer(raw(w.fd, _IOR('d', 0x2e, a), &a)));
    a.fd = -1;
    say("PRIME_FD_TO_HANDLE in only -> %s", answer(raw(w.fd, _IOW('d', 0x2e, a), &a)));
    say("PRIME_FD_TO_HANDLE of a kernel's address -> %s",
        answer(raw(w.fd, _IOWR('d', 0x2e, a), (void *)(uintptr_t)0xffff888000000000)));
    say("PRIME_FD_TO_HANDLE size 4 -> %s", answer(raw(w.fd, _IOC(BOTH_WAYS, 'd', 0x2e, 4), &a)));
    close(event);
    close(zero);
}

static void clients(void)
{
    for (int index = -2; index < 4; index++) {
        struct {
            int32_t index, authenticated;
            unsigned long pid, user, magic, requests;
        } c = { .index = index, .authenticated = 9, .pid = 9, .user = 9, .magic = 9 };
        int rc = raw(w.fd, _IOWR('d', 5, c), &c);

        say("GET_CLIENT %d -> %s index %d authenticated %d own %d user %lu magic %lu", index,
            answer(rc), c.index, c.authenticated, c.pid == (unsigned long)getpid(), c.user,
            c.magic);
    }
}

static void versions(void)
{
    struct hl_drm_version v;
    char room[64];
    char *places[] = { NULL, (char *)8, room, (char *)(uintptr_t)0xffff888000000000 };

    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < 3; k++)
            for (unsigned long length = 0; length < 65; length += 32) {
                int rc;

                memset(&v, 0, sizeof(v));
                v.name_len = v.date_len = v.desc_len = length;
                v.name = k == 0 ? places[i] : room;
                v.date = k == 1 ? places[i] : room;
                v.desc = k == 2 ? places[i] : room;
                rc = raw(w.fd, HL_REQ_DRM_VERSION, &v);
                say("VERSION place %u of %u length %lu -> %s lengths %lu %lu %lu", i, k, length,
                    answer(rc), v.name_len, v.date_len, v.desc_len);
            }
    memset(&v, 0, sizeof(v));
    v.name_len = UINT64_MAX;
    say("VERSION length -1 -> %s %lu", answer(raw(w.fd, HL_REQ_DRM_VERSION, &v)), v.name_len);
}

/* Refusals do not look at arguments. */
static void refused_anyway(void)
{
    for (unsigned nr = 0; nr < 256; nr++) {
        unsigned char bytes[256];

        /* 0, 5, 0xc: above and elsewhere; 1, 2: docs/upstream-defects.md; the driver's own */
        if (nr == 0 || nr == 1 || nr == 2 || nr == 5 || nr == 0xc || nr == 0x2d || nr == 0x2e ||
            nr == 0xd1 || (nr >= 0x40 && nr < 0x46))
            continue;
        memset(bytes, 0xff, sizeof(bytes));
        say("request d %#x of ones -> %s", nr,
            answer(raw(w.fd, _IOC(BOTH_WAYS, 'd', nr, 64), bytes)));
        say("request d %#x of a bad address -> %s", nr,
            answer(raw(w.fd, _IOC(BOTH_WAYS, 'd', nr, 64), (void *)8)));
        say("control request d %#x -> %s", nr,
            answer(raw(w.control, _IOC(BOTH_WAYS, 'd', nr, 64), bytes)));
    }
}

void face_cases(void)
{
    int buffer = state_dmabuf();

    fdinfo(w.fd, "primary");
    fdinfo(w.control, "control");
    if (buffer >= 0)
        fdinfo(buffer, "dma-buf");
    if (!w.old) {
        prime(buffer);
        clients();
        versions();
        refused_anyway();
    }
    if (buffer >= 0)
        close(buffer);
    w.dirty = true;
}
