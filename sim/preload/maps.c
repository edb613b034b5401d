/* SPDX-License-Identifier: MIT */
/* /proc/PID/maps: shows a mapping of a node as one of the node, not of a memory file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/layout.h"
#include "sim/preload/preload.h"

/* Is it /proc/self/maps, /proc/PID/maps?  *pid: 0 for self. */
static bool is_maps(const char *path, long *pid)
{
    char *end;

    if (strncmp(path, "/proc/", 6))
        return false;
    path += 6;
    *pid = strtol(path, &end, 10);
    if (end == path) {
        if (strncmp(path, "self", 4))
            return false;
        end += 4;
    }
    return !strcmp(end, "/maps");
}

/* The name of this simulation's files, up to the index of the device. */
struct names {
    char buffers[48], registers[48];
};

static void make_names(struct names *n)
{
    snprintf(n->buffers, sizeof(n->buffers), "/memfd:" LAYOUT_BUFFERS, (int)sim->supervisor);
    snprintf(n->registers, sizeof(n->registers), "/memfd:" LAYOUT_REGISTERS, (int)sim->supervisor);
}

/* The index of the device whose mapping the line shows, or -1. */
static long device_of_line(const struct names *n, const char *line, const char *end)
{
    const char *at = strstr(line, n->buffers);

    if (at && at < end)
        return atol(at + strlen(n->buffers));
    at = strstr(line, n->registers);
    return at && at < end ? atol(at + strlen(n->registers)) : -1;
}

/* "START-END PERMS OFFSET" stay; device, inode and path are the node's. */
static size_t put_line(char *out, size_t size, const char *line, long device)
{
    unsigned long long start, stop, offset;
    char perms[8], node[64];

    if (sscanf(line, "%llx-%llx %7s %llx", &start, &stop, perms, &offset) != 4)
        return 0;
    layout_node(sim, (uint32_t)device, false, node, sizeof(node));
    return (size_t)snprintf(out, size, "%llx-%llx %s %08llx 00:06 %-26ld %s\n", start, stop, perms,
                            offset, 500 + 2 * device, node);
}

char *path_maps(const char *path)
{
    char *text, *out;
    const char *at;
    int saved = errno;
    long pid, device;
    size_t n = 0, lines = 1;
    struct names names;

    if (!sim || !path || !is_maps(path, &pid) || pid == sim->supervisor)
        return NULL;
    text = read_below(path);
    errno = saved;
    make_names(&names);
    if (!text || (!strstr(text, names.buffers) && !strstr(text, names.registers))) {
        free(text);
        return NULL;
    }
    for (at = text; (at = strchr(at, '\n')); at++)
        lines++;
    out = malloc(strlen(text) + lines * 64 + 1); /* a line grows by less */
    for (const char *line = text; out && *line; line = at) {
        at = strchr(line, '\n');
        at = at ? at + 1 : text + strlen(text);
        device = device_of_line(&names, line, at);
        if (device >= 0) {
            n += put_line(out + n, 192, line, device);
        } else {
            memcpy(out + n, line, (size_t)(at - line));
            n += (size_t)(at - line);
        }
    }
    if (out)
        out[n] = '\0';
    free(text);
    return out;
}
