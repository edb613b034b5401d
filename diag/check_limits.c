/* SPDX-License-Identifier: MIT */
/* Limits of this process and settings of the machine that sharing memory runs into. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag/preflight.h"
#include "lib/kernel/capability.h"
#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"

#define ENOUGH_MEMLOCK (64ull << 20)
#define ENOUGH_FILES 4096u

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

/*
 * May this process lock memory without a limit?  1, 0, or -errno.  What locks asks for the
 * machine's capability (can_do_mlock(), ib_umem_get()), which "root" of a rootless container has
 * not.
 */
static int may_lock(const char *root)
{
    size_t n;
    char *text;
    const char *at;
    int rc;

    if (!hl_in_first_user_namespace(root))
        return 0;
    text = hl_tree_read_all(root, &n, "/proc/self/status");
    at = text ? strstr(text, "CapEff:") : NULL;
    rc = !text ? -errno : at ? (int)(strtoull(at + 7, NULL, 16) >> CAP_IPC_LOCK & 1) : -EPROTO;
    free(text);
    return rc;
}

static void check_memlock(struct hl_preflight *p, const char *limits, int error)
{
    uint64_t soft, hard;
    int exempt;

    if (!limits || !soft_limit(limits, "Max locked memory", &soft, &hard)) {
        hl_preflight_tell(p, "memlock", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "RLIMIT_MEMLOCK cannot be read: %s.", strerror(error));
        return;
    }
    exempt = soft == UINT64_MAX ? 1 : may_lock(p->root);
    if (soft == UINT64_MAX)
        hl_preflight_tell(p, "memlock", HLTHUNK_VERDICT_OK, NULL, "RLIMIT_MEMLOCK is unlimited.");
    else if (exempt > 0)
        hl_preflight_tell(p, "memlock", HLTHUNK_VERDICT_OK, NULL,
                          "RLIMIT_MEMLOCK is %" PRIu64 " KiB, and does not count for this process "
                          "(CAP_IPC_LOCK).",
                          soft >> 10);
    else if (exempt < 0 && soft < ENOUGH_MEMLOCK)
        hl_preflight_tell(p, "memlock", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "RLIMIT_MEMLOCK is %" PRIu64 " KiB; whether it counts for this process "
                          "(CAP_IPC_LOCK) cannot be read: %s.",
                          soft >> 10, strerror(-exempt));
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

static void check_files(struct hl_preflight *p, const char *limits, int error)
{
    uint64_t soft, hard;
    char remedy[128];

    if (!limits || !soft_limit(limits, "Max open files", &soft, &hard)) {
        hl_preflight_tell(p, "nofile", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "RLIMIT_NOFILE cannot be read: %s.", strerror(error));
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

/* The setting for transparent huge pages, in words; *good: they can be used. */
static const char *transparent(const char *root, bool *good, char *text, size_t size)
{
    size_t n;
    char *setting = hl_tree_read_all(root, &n, "/sys/kernel/mm/transparent_hugepage/enabled");
    int rc = setting ? 0 : -errno;
    const char *words;

    if (hl_is_absent(rc) && hl_tree_exists(root, "/sys/kernel/mm") <= 0) {
        snprintf(text, size, "cannot be known (there is no /sys)");
        words = text;
    } else if (rc && !hl_is_absent(rc)) {
        snprintf(text, size, "cannot be known (%s)", strerror(-rc));
        words = text;
    } else {
        words = rc                             ? "are not built in"
                : strstr(setting, "[always]")  ? "are used always"
                : strstr(setting, "[madvise]") ? "are used on request (madvise)"
                                               : "are never used";
    }
    *good = setting && (strstr(setting, "[always]") || strstr(setting, "[madvise]"));
    free(setting);
    return words;
}

static void check_huge_pages(struct hl_preflight *p)
{
    size_t n;
    char *text = hl_tree_read_all(p->root, &n, "/proc/meminfo"), buffer[96];
    uint64_t total, unused, size;
    const char *words;
    bool good;

    if (!text) {
        hl_preflight_tell(p, "huge-pages", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "/proc/meminfo cannot be read: %s.", strerror(errno));
        return;
    }
    total = meminfo(text, "HugePages_Total:");
    unused = meminfo(text, "HugePages_Free:");
    size = meminfo(text, "Hugepagesize:");
    free(text);
    words = transparent(p->root, &good, buffer, sizeof(buffer));
    if (total || good)
        hl_preflight_tell(p, "huge-pages", HLTHUNK_VERDICT_OK, NULL,
                          "Huge pages: %" PRIu64 " of %" PRIu64 " free, %" PRIu64 " KiB each; "
                          "transparent ones %s.",
                          unused, total, size, words);
    else if (words == buffer)
        hl_preflight_tell(p, "huge-pages", HLTHUNK_VERDICT_UNKNOWN, NULL,
                          "There are no reserved huge pages; transparent ones %s.", words);
    else
        hl_preflight_tell(
            p, "huge-pages", HLTHUNK_VERDICT_WARNING,
            "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, or reserve some "
            "with vm.nr_hugepages.",
            "There are no huge pages, and transparent ones %s: host buffers are mapped "
            "into the device in pages of 4 KiB, which is slow for large ones.",
            words);
}

void hl_preflight_limits(struct hl_preflight *p)
{
    size_t n;
    char *limits = hl_tree_read_all(p->root, &n, "/proc/self/limits");
    int error = limits ? EPROTO : errno;

    check_memlock(p, limits, error);
    check_files(p, limits, error);
    free(limits);
    check_huge_pages(p);
}
