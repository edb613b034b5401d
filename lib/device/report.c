/* SPDX-License-Identifier: MIT */
/* Live objects in words: for the log, a buffer, a stream. */
#include "lib/device/report.h"

#include <hlthunk/leaks.h>

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/log.h"
#include "lib/device/device.h"

typedef unsigned long long ull;

/* A text that grows, as snprintf() would have it. */
struct text {
    char *at;
    size_t size, length; /* room, and what all of it takes */
};

static void add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *format, ...)
{
    bool fits = t->length < t->size;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(fits ? t->at + t->length : NULL, fits ? t->size - t->length : 0, format, ap);
    va_end(ap);
    t->length += n > 0 ? (size_t)n : 0;
}

/* What to subtract from an address to get its offset in the file: 0 for a program at a fixed
 * address. */
static uintptr_t load_bias(const void *address, Dl_info *info)
{
#ifdef __GLIBC__
    struct link_map *map = NULL;

    if (!dladdr1(address, info, (void **)&map, RTLD_DL_LINKMAP))
        info->dli_fname = NULL;
    return map ? (uintptr_t)map->l_addr : (uintptr_t)info->dli_fbase;
#else
    if (!dladdr(address, info))
        info->dli_fname = NULL;
    return (uintptr_t)info->dli_fbase;
#endif
}

/*
 * "FILE(+OFFSET) symbol+N" for a return address: the offset is that of the call before it, whose
 * line is meant.
 */
static void add_address(struct text *t, const void *address, bool folder)
{
    Dl_info info = { 0 };
    uintptr_t call = (uintptr_t)address - 1, bias = load_bias((const void *)call, &info);
    const char *file = info.dli_fname;

    if (!file || !*file) {
        add(t, "%p", address);
        return;
    }
    if (!folder && strrchr(file, '/'))
        file = strrchr(file, '/') + 1;
    add(t, "%s(+%#llx)", file, (ull)(call - bias));
    if (info.dli_sname)
        add(t, " %s+%#llx", info.dli_sname, (ull)(call - (uintptr_t)info.dli_saddr));
}

static void add_object(struct text *t, const struct hlthunk_live_object *o)
{
    if (o->count > 1) {
        add(t, "%llu %ss of %llu bytes together are alive, the oldest made %llu ms ago",
            (ull)o->count, o->kind, (ull)o->size_bytes, (ull)o->age_ns / 1000000);
    } else {
        add(t, "%s %s", strchr("aeiou", o->kind[0]) ? "an" : "a", o->kind);
        if (o->size_bytes)
            add(t, " of %llu bytes", (ull)o->size_bytes);
        if (o->address)
            add(t, " at %#llx", (ull)o->address);
        if (o->offset)
            add(t, " (offset %llu)", (ull)o->offset);
        add(t, " is alive, made %llu ms ago", (ull)o->age_ns / 1000000);
    }
    if (o->creator) {
        add(t, " by ");
        add_address(t, o->creator, false);
    }
    if (o->label)
        add(t, ", label %s", o->label);
}

int hlthunk_live_object_format(const struct hlthunk_live_object *o, char *text, size_t size)
{
    struct text t = { .at = text, .size = size };

    if (!o || (!text && size))
        return hl_err(-EINVAL, "%s is NULL", o ? "text" : "object");
    if (size)
        text[0] = '\0';
    add_object(&t, o);
    for (size_t i = 0; i < o->frame_count; i++) {
        add(&t, "\n    #%zu ", i);
        add_address(&t, o->frames[i], true);
    }
    return (int)t.length;
}

int hl_report_to_log(const struct hlthunk_live_object *o, void *user)
{
    const struct hlthunk_device *d = user;
    char line[400];
    struct text t = { .at = line, .size = sizeof(line) };

    add_object(&t, o);
    hl_log(HLTHUNK_LOG_WARNING, "%s stays open: %s", d->name, line);
    for (size_t i = 0; i < o->frame_count; i++) {
        t.length = 0;
        add(&t, "    #%zu ", i);
        add_address(&t, o->frames[i], true);
        hl_log(HLTHUNK_LOG_WARNING, "%s", line);
    }
    return 0;
}

static int to_stream(const struct hlthunk_live_object *o, void *user)
{
    size_t size = (size_t)hlthunk_live_object_format(o, NULL, 0) + 1;
    FILE *stream = user;
    char *text = malloc(size);
    int rc;

    if (!text)
        return hl_err(-ENOMEM, "no memory for a report");
    hlthunk_live_object_format(o, text, size);
    rc = fprintf(stream, "%s\n", text) < 0 ? hl_err(-EIO, "writing to the stream failed") : 0;
    free(text);
    return rc;
}

int hlthunk_device_report(struct hlthunk_device *d, FILE *stream)
{
    int rc = hl_device_check_process(d);

    if (rc)
        return rc;
    if (!stream)
        return hl_err(-EINVAL, "stream is NULL");
    rc = hlthunk_device_list_live_objects(d, to_stream, stream);
    if (rc == 0 && fflush(stream))
        rc = hl_err(-EIO, "the stream failed: %s", strerror(errno));
    return rc;
}
