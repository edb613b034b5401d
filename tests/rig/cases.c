/* SPDX-License-Identifier: MIT */
/* States, the call and its line. */
#include "tests/rig/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uapi/requests.h"

struct world w;
static unsigned count;

static unsigned device_index;
static char nodes[2][2][40] = {
    { "/dev/accel/accel0", "/dev/accel/accel_controlD0" },
    { "/dev/hl0", "/dev/hl_controlD0" },
};

static const unsigned long requests[2][OP_COUNT] = {
    { HL_REQ_D_INFO, HL_REQ_D_CB, HL_REQ_D_CS, HL_REQ_D_WAIT_CS, HL_REQ_D_MEMORY, HL_REQ_D_DEBUG },
    { HL_REQ_H_INFO, HL_REQ_H_CB, HL_REQ_H_CS, HL_REQ_H_WAIT_CS, HL_REQ_H_MEMORY, HL_REQ_H_DEBUG },
};

static void fail(const char *what)
{
    fprintf(stderr, "cases: %s: %s\n", what, strerror(errno));
    exit(1);
}

unsigned long request_of(enum op op)
{
    return requests[w.old][op];
}

int request(int fd, enum op op, void *args)
{
    return ioctl(fd, requests[w.old][op], args) < 0 ? -errno : 0;
}

int state_dmabuf(void)
{
    union hl_mem_args a = { .in = { .alloc = { .mem_size = 1 << 20 }, .op = HL_MEM_OP_ALLOC } };
    uint64_t va = 0x20000000;

    if (request(w.fd, OP_MEMORY, &a))
        return -1;
    if (a.out.handle) {
        a = (union hl_mem_args){ .in = { .map_device = { 0, a.out.handle }, .op = HL_MEM_OP_MAP } };
        if (request(w.fd, OP_MEMORY, &a))
            return -1;
        va = a.out.device_virt_addr;
    }
    a = (union hl_mem_args){ .in = { .export_dmabuf_fd = { va, 1 << 20, 0 },
                                     .op = HL_MEM_OP_EXPORT_DMABUF_FD,
                                     .flags = O_RDWR | O_CLOEXEC } };
    return request(w.fd, OP_MEMORY, &a) ? -1 : a.out.fd;
}

const char *answer(long rc)
{
    static char text[16];

    if (rc >= 0)
        return "0";
    snprintf(text, sizeof(text), "%s", strerrorname_np((int)-rc) ? strerrorname_np((int)-rc) : "?");
    return text;
}

void say(const char *format, ...)
{
    va_list ap;

    printf("%s ", w.name);
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    count++;
}

int run_case(int fd, enum op op, void *args, size_t size, const char *format, ...)
{
    unsigned char before[128];
    unsigned changed = 0;
    char line[256];
    va_list ap;
    int rc;

    va_start(ap, format);
    vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    if (w.dirty)
        state_again();
    memcpy(before, args, size);
    rc = request(fd, op, args);
    for (size_t i = 0; i < size; i += 4)
        if (memcmp((char *)args + i, before + i, 4))
            changed |= 1u << i / 4;
    /* which 32-bit words of the argument the driver has changed: values are its own */
    printf("%s %s -> %s words %#x\n", w.name, line, answer(rc), changed);
    count++;
    if (!rc && op != OP_INFO)
        w.dirty = true;
    return rc;
}

static int memory(union hl_mem_args *a)
{
    return request(w.fd, OP_MEMORY, a);
}

static void allocate(void)
{
    union hl_mem_args a = { .in = { .alloc = { .mem_size = 4 << 20 }, .op = HL_MEM_OP_ALLOC } };

    if (memory(&a))
        fail("alloc");
    w.handle = a.out.handle;
}

/* Where there is no MMU for device memory, its addresses are physical and need no mapping. */
static uint64_t map(void)
{
    union hl_mem_args a = { .in = { .map_device = { 0, w.handle }, .op = HL_MEM_OP_MAP } };

    if (!w.handle)
        return 0x20000000;
    if (memory(&a))
        fail("map");
    return a.out.device_virt_addr;
}

static void map_host(void)
{
    union hl_mem_args a = { .in = { .map_host = { (uintptr_t)w.host, 0, 65536 },
                                    .op = HL_MEM_OP_MAP,
                                    .flags = HL_MEM_USERPTR } };

    if (memory(&a))
        fail("map host");
    w.host_va = a.out.device_virt_addr;
}

static void make_cb(void)
{
    union hl_cb_args a = { .in = { .op = HL_CB_OP_CREATE, .cb_size = 4096 } };

    if (request(w.fd, OP_CB, &a))
        fail("cb");
    w.cb = a.out.cb_handle;
}

static const char *const states[] = { "fresh", "allocated", "mapped", "twice", "host", "freed" };
static unsigned current;

static void prepare(void)
{
    union hl_mem_args a = { .in = { .op = HL_MEM_OP_FREE } };

    w.handle = w.va = w.second = w.host_va = 0;
    make_cb();
    switch (current) {
    case 1:
        allocate();
        break;
    case 2:
        allocate();
        w.va = map();
        break;
    case 3:
        allocate();
        w.va = map();
        w.second = map();
        break;
    case 4:
        map_host();
        break;
    case 5:
        allocate();
        a.in.free.handle = w.handle;
        if (memory(&a))
            fail("free");
        break;
    }
    /* a state without one probes with what another state has: never mapped, never granted */
    w.dirty = false;
}

const char *node(bool control)
{
    return nodes[w.old_nodes][control];
}

void world_open(void)
{
    for (unsigned i = 0; i < 3000; i++) {
        w.fd = open(node(false), O_RDWR | O_CLOEXEC);
        if (w.fd >= 0)
            return;
        if (errno != EBUSY && errno != EAGAIN)
            break;
        usleep(20000);
    }
    fail("open");
}

/*
 * Two megabytes of small pages, whatever the machine's habit, from the second page behind a
 * boundary of a huge one: both decide about the device's addresses of what is mapped.
 */
static char *host_memory(void)
{
    const uintptr_t huge = 2 << 20;
    char *start = mmap(NULL, 3 * huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (start == MAP_FAILED)
        fail("mmap");
    start += -(uintptr_t)start & (huge - 1);
    start += 4096;
    madvise(start, huge, MADV_NOHUGEPAGE);
    memset(start, 0, huge);
    return start;
}

static void first_open(void)
{
    uint64_t status[2];
    struct hl_info_args a = { .op = HL_INFO_DEVICE_STATUS,
                              .return_pointer = (uintptr_t)status,
                              .return_size = sizeof(status) };

    w.old_nodes = access(nodes[0][0], F_OK) != 0;
    world_open();
    w.control = open(node(true), O_RDWR | O_CLOEXEC);
    if (w.control < 0)
        fail("control node");
    w.old = request(w.fd, OP_INFO, &a) == -ENOTTY;
    w.host = host_memory();
    {
        struct hl_info_args ip = { .op = HL_INFO_HW_IP_INFO,
                                   .return_pointer = (uintptr_t)&w.ip,
                                   .return_size = sizeof(w.ip) };

        if (request(w.fd, OP_INFO, &ip))
            fail("properties");
    }
    close(w.fd);
}

const char *state_enter(unsigned state)
{
    if (state >= sizeof(states) / sizeof(states[0]))
        return NULL;
    if (!w.host)
        first_open();
    current = state;
    w.name = states[state];
    world_open();
    prepare();
    return w.name;
}

void state_leave(void)
{
    close(w.fd);
}

void state_again(void)
{
    state_leave();
    state_enter(current);
}

#define EVERY (~0u)
#define STATE(n) (1u << (n))

/* Groups of cases, the states that each is for, and what it asks. */
static const struct {
    const char *name;
    unsigned states;
    void (*run)(void);
    const char *what;
} groups[] = {
    { "memory", EVERY, memory_cases,
      "MEMORY: allocate, map, unmap, free; good and bad arguments, in six states" },
    { "file", STATE(0), file_cases, "the node as a file: read, write, seek, ioctls of others" },
    { "info", STATE(0), info_cases, "INFO: each query, with each size of room" },
    { "cb", STATE(0), cb_cases, "command buffers: create, look up, destroy" },
    { "cs", STATE(0), cs_cases, "submissions that the driver refuses" },
    { "wait", STATE(0), wait_cases, "waits for submissions that do not exist" },
    { "debug", STATE(0), debug_cases, "DEBUG: requests without a trace unit" },
    { "export", STATE(0) | STATE(2) | STATE(4), export_cases,
      "exports of memory as dma-bufs; good and bad ranges" },
    { "dmabuf", STATE(2), dmabuf_cases, "a dma-buf as a file" },
    { "values", STATE(0), value_cases, "what INFO tells in numbers, and how these move with use" },
    { "argument", STATE(0), argument_cases,
      "arguments at bad addresses, and sizes that requests claim" },
    { "node", STATE(0), node_cases, "opens, descriptors, processes" },
    { "sysfs", STATE(0), sysfs_cases, "the driver's attributes" },
    { "work", STATE(0), work_cases, "submissions that run: packets that copy, fill and signal" },
    { "interrupt", STATE(0), interrupt_cases, "waits for interrupts of the user's" },
    { "sequence", STATE(0), sequence_cases,
      "sequences of several steps, descriptors and processes" },
    { "host", STATE(0), host_cases, "host memory that the device maps" },
    { "mmap", STATE(0), mmap_cases, "mappings of command buffers and device memory" },
    { "face", STATE(0), face_cases, "DRM's own requests" },
    { "release", STATE(0), release_cases,
      "what others see while a user closes the device or dies" },
    { "random", STATE(0), random_cases,
      "random sequences of memory operations, the same in each run" },
    { "reset", STATE(0), reset_cases, "what is answered during a hard reset (--reset, as root)" },
};

const char *cases_group(unsigned i, const char **what)
{
    if (i >= sizeof(groups) / sizeof(groups[0]))
        return NULL;
    if (what)
        *what = groups[i].what;
    return groups[i].name;
}

void cases_choose_device(unsigned index)
{
    device_index = index;
    snprintf(nodes[0][0], sizeof(nodes[0][0]), "/dev/accel/accel%u", index);
    snprintf(nodes[0][1], sizeof(nodes[0][1]), "/dev/accel/accel_controlD%u", index);
    snprintf(nodes[1][0], sizeof(nodes[1][0]), "/dev/hl%u", index);
    snprintf(nodes[1][1], sizeof(nodes[1][1]), "/dev/hl_controlD%u", index);
}

unsigned cases_device(void)
{
    return device_index;
}

static bool wanted(const char *group, char **names)
{
    if (!*names)
        return true;
    for (; *names; names++)
        if (!strcmp(group, *names))
            return true;
    return false;
}

/* Does any of these groups have cases for this state? */
static bool state_wanted(unsigned state, char **names)
{
    for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
        if ((groups[g].states & STATE(state)) && wanted(groups[g].name, names))
            return true;
    return false;
}

unsigned cases_run(char **names)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned s = 0; s < sizeof(states) / sizeof(states[0]); s++) {
        if (!state_wanted(s, names))
            continue;
        state_enter(s);
        for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
            if (!(groups[g].states & STATE(s)) || !wanted(groups[g].name, names))
                continue;
            if (w.dirty)
                state_again();
            groups[g].run();
        }
        state_leave();
    }
    return count;
}
