/* SPDX-License-Identifier: MIT */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"

static const char usage[] =
    "usage: hlthunk who [--json] [DEVICE]\n\n"
    "Lists the processes that have a device's node open, a dma-buf of it or a mapping of it, as far\n"
    "as this user may see them, and says what could not be seen.  DEVICE is an index (0), a PCI\n"
    "address (0000:10:00.0) or an ASIC's name (gaudi2); without one, every device.\n"
    "A device is free again when its node, its dma-bufs and its mappings are all gone.\n";

/* What is printed, row by row. */
struct output {
    cJSON *rows; /* NULL: a table */
    unsigned count;
};

static const char *user_name(uint32_t uid, char *text, size_t size)
{
    const struct passwd *p = getpwuid(uid);

    if (p)
        return printable(p->pw_name, text, size);
    snprintf(text, size, "%u", uid);
    return text;
}

static const char *device_name(const struct hlthunk_holder *h, char *text, size_t size)
{
    if (h->index == HLTHUNK_HOLDER_ANY_DEVICE)
        snprintf(text, size, "?");
    else
        snprintf(text, size, "%s%u", h->legacy ? "hl" : "accel", h->index);
    return text;
}

/* When a node was opened or mapped is not known: not before its process started. */
static const char *age_of(const struct hlthunk_holder *h, char *text, size_t size)
{
    char age[24];

    if (h->age_ns || !h->process_age_ns)
        return format_age(h->age_ns, text, size);
    snprintf(text, size, "< %s", format_age(h->process_age_ns, age, sizeof(age)));
    return text;
}

/* The details: of a dma-buf its identity, name, importers; of a mapping its address. */
static void print_detail(const struct hlthunk_holder *h)
{
    char text[256];

    if (h->kind == HLTHUNK_HOLDER_MAPPING)
        printf("at %#llx", (unsigned long long)h->address);
    if (h->kind != HLTHUNK_HOLDER_DMABUF && h->kind != HLTHUNK_HOLDER_KERNEL)
        return;
    printf("identity %llu", (unsigned long long)h->identity);
    if (*h->name)
        printf(", named \"%s\"", printable(h->name, text, sizeof(text)));
    if (*h->importers)
        printf(", imported by %s", printable(h->importers, text, sizeof(text)));
    if (h->kind == HLTHUNK_HOLDER_KERNEL)
        printf(", no process with a descriptor was seen");
}

static void print_row(struct output *o, const struct hlthunk_holder *h)
{
    char pid[16] = "-", fd[16] = "-", user[40], comm[24], device[24], size[32] = "-", age[32];

    if (!o->count)
        printf("%7s  %-10s  %-15s  %-8s  %-12s  %4s  %9s  %9s\n", "PID", "USER", "COMMAND",
               "DEVICE", "HOLDS", "FD", "SIZE", "AGE");
    if (h->pid)
        snprintf(pid, sizeof(pid), "%d", h->pid);
    if (h->fd >= 0)
        snprintf(fd, sizeof(fd), "%d", h->fd);
    if (h->size_bytes)
        format_size(h->size_bytes, size, sizeof(size));
    printf("%7s  %-10s  %-15s  %-8s  %-12s  %4s  %9s  %9s  ", pid,
           h->pid ? user_name(h->uid, user, sizeof(user)) : "-",
           h->pid ? printable(h->comm, comm, sizeof(comm)) : "(kernel)",
           device_name(h, device, sizeof(device)),
           h->kind == HLTHUNK_HOLDER_KERNEL ? "dma-buf" : hlthunk_holder_kind_get_name(h->kind), fd,
           size, age_of(h, age, sizeof(age)));
    print_detail(h);
    putchar('\n');
}

static void add_row(const struct output *o, const struct hlthunk_holder *h)
{
    cJSON *r = cJSON_CreateObject();
    bool dmabuf = h->kind == HLTHUNK_HOLDER_DMABUF || h->kind == HLTHUNK_HOLDER_KERNEL;

    cJSON_AddItemToArray(o->rows, r);
    cJSON_AddStringToObject(r, "kind", hlthunk_holder_kind_get_name(h->kind));
    if (h->pid) {
        cJSON_AddNumberToObject(r, "pid", h->pid);
        cJSON_AddNumberToObject(r, "uid", h->uid);
        add_text(r, "command", h->comm);
        cJSON_AddNumberToObject(r, "process_age_seconds", (double)h->process_age_ns / 1e9);
    }
    if (h->fd >= 0)
        cJSON_AddNumberToObject(r, "fd", h->fd);
    if (h->index != HLTHUNK_HOLDER_ANY_DEVICE)
        cJSON_AddNumberToObject(r, "device", h->index);
    if (h->size_bytes)
        cJSON_AddNumberToObject(r, "size_bytes", (double)h->size_bytes);
    if (h->kind == HLTHUNK_HOLDER_MAPPING)
        add_hex(r, "address", h->address);
    if (!dmabuf)
        return;
    cJSON_AddNumberToObject(r, "identity", (double)h->identity);
    if (h->age_ns)
        cJSON_AddNumberToObject(r, "age_seconds", (double)h->age_ns / 1e9);
    cJSON_AddNumberToObject(r, "references", (double)h->references);
    add_text(r, "name", h->name);
    if (h->attachments_known)
        add_text(r, "importers", h->importers);
}

static int row(const struct hlthunk_holder *h, void *user)
{
    struct output *o = user;

    if (o->rows)
        add_row(o, h);
    else
        print_row(o, h);
    o->count++;
    return 0;
}

static void print_seen(const struct output *o, const struct hlthunk_holders_seen *s)
{
    if (!o->count)
        puts("No holder of a device was found.");
    printf("\nLooked at %u process%s.\n", s->processes, s->processes == 1 ? "" : "es");
    if (s->hidden_processes)
        printf("Not seen: %u process%s that this user may not look into%s.\n", s->hidden_processes,
               s->hidden_processes == 1 ? "" : "es", geteuid() ? " (root may)" : "");
    if (s->unlisted_processes)
        puts("Not seen: processes of other users, which /proc does not list here (hidepid).");
    if (s->other_namespace)
        puts("Not seen: processes outside this container.");
    if (!s->kernel_list)
        puts("Not seen: dma-bufs that a driver has imported, or that are on their way between\n"
             "processes, and nobody else has (root may, with debugfs mounted).");
}

static int print_json(struct output *o, const struct hlthunk_holders_seen *s)
{
    cJSON *top = cJSON_CreateObject();

    cJSON_AddItemToObject(top, "holders", o->rows);
    cJSON_AddNumberToObject(top, "processes", s->processes);
    cJSON_AddNumberToObject(top, "hidden_processes", s->hidden_processes);
    cJSON_AddBoolToObject(top, "unlisted_processes", s->unlisted_processes);
    cJSON_AddBoolToObject(top, "other_namespace", s->other_namespace);
    cJSON_AddBoolToObject(top, "kernel_list", s->kernel_list);
    return print_object(top);
}

int command_who(int argc, char **argv)
{
    struct hlthunk_holders_options options = { .struct_size = sizeof(options) };
    struct hlthunk_holders_seen seen = { .struct_size = sizeof(seen) };
    struct hlthunk_device_entry entry;
    struct output o = { 0 };
    const char *device;
    int code = EXIT_OK;
    bool json;

    if (!parse_common(argc, argv, usage, &json, &code))
        return code;
    code = find_operand("who", argc, argv, usage, &device, &entry);
    if (code != EXIT_OK)
        return code;
    options.device = device ? &entry : NULL;
    o.rows = json ? cJSON_CreateArray() : NULL;
    if (hlthunk_holders_list(&options, row, &o, &seen)) {
        cJSON_Delete(o.rows);
        return fail_with("who", hlthunk_diag_last_error());
    }
    if (json)
        return print_json(&o, &seen);
    print_seen(&o, &seen);
    return EXIT_OK;
}
