/* SPDX-License-Identifier: MIT */
/* Limits of this process and settings of the machine that sharing memory runs into. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/host/preflight.h"
#include "lib/kernel/tree.h"

#define ENOUGH_MEMLOCK (64ull << 20)
#define ENOUGH_FILES 4096u
#define CAPABILITY_IPC_LOCK 14

/* The soft limit in a line of /proc/self/limits; UINT64_MAX: unlimited. */
static bool soft_limit(const char *text, const char *name, uint64_t *soft, uint64_t *hard)
{
    const char *at = strstr(text, name);
    char s[24], h[24];

    if (!at || sscanf(at + strlen(name), " %23s %23s", s, h) != 2)
        return false;
    *soft = strcmp(s, "unlimited") ? strtoull(s, NULL, 10) : UINT64_MAX;
    *hard = strcmp(h, "unlimited") ? strtoull(h, NULL, 10) : UINT64_MAX;
    return true;
}

/* May this process lock memory without a limit? */
static bool may_lock(const char *root)
{
    char text[4096];
    const char *at;

    return hl_tree_read(root, text, sizeof(text), "/proc/self/status") == 0 &&
           (at = strstr(text, "CapEff:")) != NULL &&
           (strtoull(at + 7, NULL, 16) >> CAPABILITY_IPC_LOCK & 1);
}

static void check_memlock(struct hl_preflight *p, const char *limits)
{
    uint64_t soft, hard;

    if (!soft_limit(limits, "Max locked memory", &soft, &hard))
        hl_preflight_tell(p, "memlock", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "RLIMIT_MEMLOCK cannot be read.");
    else if (soft == UINT64_MAX)
        hl_preflight_tell(p, "memlock", HLTHUNK_VERDICT_OK, NULL, "RLIMIT_MEMLOCK is unlimited.");
    else if (may_lock(p->root))
        hl_preflight_tell(p, "memlock", HLTHUNK_VERDICT_OK, NULL,
                          "RLIMIT_MEMLOCK is %" PRIu64 " KiB, and does not count for this process "
                          "(CAP_IPC_LOCK).",
                          soft >> 10);
    else if (soft < ENOUGH_MEMLOCK)
        hl_preflight_tell(
            p, "memlock", HLTHUNK_VERDICT_WARNING,
            "ulimit -l unlimited, or \"memlock unlimited\" in "
            "/etc/security/limits.d/, or LimitMEMLOCK=infinity in the service.",
            "RLIMIT_MEMLOCK is %" PRIu64 " KiB. The accelerator's driver and imports of "
            "dma-bufs do not count, but RDMA locks its queues and every region of host "
            "memory, and fails with ENOMEM.",
            soft >> 10);
    else
        hl_preflight_tell(p, "memlock", HLTHUNK_VERDICT_OK, NULL,
                          "RLIMIT_MEMLOCK is %" PRIu64 " MiB.", soft >> 20);
}

static void check_files(struct hl_preflight *p, const char *limits)
{
    uint64_t soft, hard;
    char remedy[128];

    if (!soft_limit(limits, "Max open files", &soft, &hard)) {
        hl_preflight_tell(p, "nofile", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "RLIMIT_NOFILE cannot be read.");
        return;
    }
    if (soft >= ENOUGH_FILES) {
        hl_preflight_tell(p, "nofile", HLTHUNK_VERDICT_OK, NULL, "RLIMIT_NOFILE is %" PRIu64 ".",
                          soft);
        return;
    }
    if (hard > soft)
        snprintf(remedy, sizeof(remedy),
                 "ulimit -n %" PRIu64 " (the hard limit allows it), or export in "
                 "larger pieces.",
                 hard < 65536 ? hard : 65536);
    else
        snprintf(remedy, sizeof(remedy),
                 "Raise \"nofile\" in /etc/security/limits.d/, or export in "
                 "larger pieces.");
    hl_preflight_tell(p, "nofile", HLTHUNK_VERDICT_WARNING, remedy,
                      "RLIMIT_NOFILE is %" PRIu64
                      ". Each dma-buf takes a descriptor: 8 GiB in pieces "
                      "of 4 MiB are 2048, and EMFILE comes at %" PRIu64 ".",
                      soft, soft);
}

static uint64_t meminfo(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void check_huge_pages(struct hl_preflight *p)
{
    char text[8192], thp[128] = "";
    uint64_t total, unused, size;
    const char *mode = "not built in";

    if (hl_tree_read(p->root, text, sizeof(text), "/proc/meminfo")) {
        hl_preflight_tell(p, "huge-pages", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "/proc/meminfo cannot be read.");
        return;
    }
    total = meminfo(text, "HugePages_Total:");
    unused = meminfo(text, "HugePages_Free:");
    size = meminfo(text, "Hugepagesize:");
    hl_tree_read(p->root, thp, sizeof(thp), "/sys/kernel/mm/transparent_hugepage/enabled");
    if (strstr(thp, "[always]"))
        mode = "always";
    else if (strstr(thp, "[madvise]"))
        mode = "on request (madvise)";
    else if (*thp)
        mode = "never";
    if (total || strstr(thp, "[always]") || strstr(thp, "[madvise]"))
        hl_preflight_tell(p, "huge-pages", HLTHUNK_VERDICT_OK, NULL,
                          "Huge pages: %" PRIu64 " of %" PRIu64 " free, %" PRIu64 " KiB each; "
                          "transparent ones %s.",
                          unused, total, size, mode);
    else
        hl_preflight_tell(
            p, "huge-pages", HLTHUNK_VERDICT_WARNING,
            "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, or reserve some "
            "with vm.nr_hugepages.",
            "There are no huge pages, and transparent ones are %s: host buffers are mapped "
            "into the device in pages of 4 KiB, which is slow for large ones.",
            mode);
}

void hl_preflight_limits(struct hl_preflight *p)
{
    char limits[4096];

    if (hl_tree_read(p->root, limits, sizeof(limits), "/proc/self/limits"))
        limits[0] = '\0';
    check_memlock(p, limits);
    check_files(p, limits);
    check_huge_pages(p);
}
