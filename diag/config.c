/* SPDX-License-Identifier: MIT */
#include "diag/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kernel/sysfs.h"
#include "lib/kernel/tree.h"

int hl_kernel_version(const char *root, struct hl_kernel_version *v)
{
    int rc;

    memset(v, 0, sizeof(*v));
    rc = hl_tree_read(root, v->release, sizeof(v->release), "/proc/sys/kernel/osrelease");
    if (rc)
        return rc;
    return sscanf(v->release, "%u.%u", &v->major, &v->minor) == 2 ? 0 : -EPROTO;
}

bool hl_kernel_at_least(const struct hl_kernel_version *v, unsigned major, unsigned minor)
{
    return v->major > major || (v->major == major && v->minor >= minor);
}

/* Is it set in a configuration's text?  An option that is not mentioned is not set. */
static int is_set(const char *text, const char *option)
{
    size_t n = strlen(option);

    for (const char *p = text; (p = strstr(p, option)); p += n) {
        if ((p == text || p[-1] == '\n') && p[n] == '=')
            return p[n + 1] == 'y' || p[n + 1] == 'm';
    }
    return 0;
}

/* A text that is not a configuration at all must not count as "not set". */
static int answer(char *text, const char *option, const char *where, char *source, size_t size)
{
    int rc = text ? -ENOENT : -errno;

    if (text && strstr(text, "CONFIG_")) {
        rc = is_set(text, option);
        snprintf(source, size, "%s", where);
    }
    free(text);
    return rc;
}

/* "ADDRESS TYPE NAME [MODULE]": every kernel lists the names, whoever asks. */
static int from_symbols(const char *root, const char *symbol, char *source, size_t size)
{
    size_t n, k = strlen(symbol);
    char *text = hl_tree_read_all(root, &n, "/proc/kallsyms");
    int rc = 0;

    if (!text)
        return -errno;
    if (n < 4096) { /* hidden, as in some containers */
        free(text);
        return -ENOENT;
    }
    for (const char *p = text; !rc && (p = strstr(p, symbol)); p += k)
        rc = p > text && p[-1] == ' ' && (p[k] == '\n' || p[k] == '\t' || !p[k]);
    free(text);
    snprintf(source, size, "/proc/kallsyms");
    return rc;
}

/* Of two failed looks the one that says why: absence says less than an error. */
static int worse(int a, int b)
{
    return hl_is_absent(a) ? b : a;
}

int hl_kernel_option(const char *root, const struct hl_kernel_version *v, const char *option,
                     const char *symbol, char *source, size_t size)
{
    static const char *const places[] = { "/boot/config-%s", "/lib/modules/%s/config",
                                          "/usr/lib/modules/%s/config" };
    int rc = -ENOENT, one;
    char path[160];
    size_t n;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(path, sizeof(path), places[i], v->release);
#pragma GCC diagnostic pop
        one = answer(hl_tree_read_all(root, &n, "%s", path), option, path, source, size);
        if (one >= 0)
            return one;
        rc = worse(rc, one);
    }
    one = from_symbols(root, symbol, source, size);
    return one >= 0 ? one : worse(rc, one);
}
