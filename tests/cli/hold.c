/* SPDX-License-Identifier: MIT */
/*
 * usage: hold [dmabuf|twice|many|inherit|mapping|fault|opcode|closed]... -- PROGRAM [ARGUMENT]...
 * Opens a device, does what is named, and keeps it while PROGRAM runs, whose exit code it returns.
 *   dmabuf   exports 2 MiB; twice: with a second descriptor of it; many: 300 of its
 *            pages, each with a second descriptor; inherit: PROGRAM, too, has one: 50
 *   mapping  maps a command buffer
 *   fault    lets an engine read from nowhere
 *   opcode   lets one of Gaudi2's execute what is not a packet
 *   closed   closes the device, of which a dma-buf is left: the process keeps two descriptors
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <habanalabs/hlthunk.h>
#include <hlthunk/hlthunk.h>

#include "uapi/habanalabs_accel.h"

static struct hlthunk_device *device;
static struct hlthunk_buffer *buffer;
static enum hlthunk_asic asic;

static void must(int rc, const char *what)
{
    if (!rc)
        return;
    fprintf(stderr, "hold: %s: %s\n", what, hlthunk_last_error());
    exit(99);
}

static void open_device(void)
{
    struct hlthunk_device_properties p = { .struct_size = sizeof(p) };

    must(hlthunk_device_open(NULL, &device), "open");
    must(hlthunk_device_get_properties(device, &p), "properties");
    asic = p.asic;
    must(hlthunk_buffer_alloc(device, 2 << 20, NULL, &buffer), "alloc");
}

static struct hlthunk_command_buffer *new_buffer(void)
{
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o),
                                                .device_mapped = asic == HLTHUNK_ASIC_GAUDI2 };
    struct hlthunk_command_buffer *cb;

    must(hlthunk_command_buffer_create(device, 4096, &o, &cb), "command buffer");
    return cb;
}

/* Does not wait for it: it ends with a record of an error. */
static void execute(struct hlthunk_command_buffer *cb, const void *packets, uint32_t n)
{
    uint64_t seq;

    memcpy(hlthunk_command_buffer_borrow_data(cb), packets, n);
    must(hlthunk_command_buffer_submit(cb, 0, n, &seq), "submit");
}

static void fault(void)
{
    bool gaudi2 = asic == HLTHUNK_ASIC_GAUDI2;
    struct {
        uint32_t size, control;
        uint64_t from, to;
    } dma = { 4096, 9u << 24 | 3u << 30 | (gaudi2 ? 0 : 8),
              gaudi2 ? 0xFFF0123450000000 : 0x1000000ABCD000, hlthunk_buffer_get_address(buffer) };

    execute(new_buffer(), &dma, sizeof(dma));
}

/* Gaudi2's driver records it where the lower queue meets it, which gets its work by a CP_DMA. */
static void opcode(void)
{
    struct hlthunk_command_buffer *lower = new_buffer();
    static const uint32_t no_packet[2] = { 0, 0x1fu << 24 };
    struct {
        uint32_t size, control;
        uint64_t from;
    } cp_dma = { sizeof(no_packet), 5u << 24, hlthunk_command_buffer_get_address(lower) };

    memcpy(hlthunk_command_buffer_borrow_data(lower), no_packet, sizeof(no_packet));
    execute(new_buffer(), &cp_dma, sizeof(cp_dma));
}

static void duplicate(struct hlthunk_dmabuf *dmabuf)
{
    must(fcntl(hlthunk_dmabuf_borrow_fd(dmabuf), F_DUPFD_CLOEXEC, 0) < 0, "dup");
}

static void act(const char *what)
{
    static struct hlthunk_dmabuf *dmabuf;
    struct hlthunk_command_buffer *cb;

    for (uint64_t i = 0; !strcmp(what, "many") && i < 300; i++) {
        must(hlthunk_dmabuf_export(buffer, i << 12, 1 << 12, NULL, &dmabuf), "export");
        duplicate(dmabuf);
    }
    if (!strcmp(what, "dmabuf") || !strcmp(what, "twice"))
        must(hlthunk_dmabuf_export(buffer, 0, 0, NULL, &dmabuf), "export");
    if (!strcmp(what, "twice"))
        duplicate(dmabuf);
    if (!strcmp(what, "inherit")) {
        act("dmabuf");
        must(fcntl(hlthunk_dmabuf_borrow_fd(dmabuf), F_DUPFD, 50) != 50, "dup");
    }
    if (!strcmp(what, "mapping"))
        must(hlthunk_command_buffer_create(device, 4096, NULL, &cb), "command buffer");
    if (!strcmp(what, "fault"))
        fault();
    if (!strcmp(what, "opcode"))
        opcode();
    if (!strcmp(what, "closed")) {
        act("twice");
        duplicate(dmabuf);
        hlthunk_dmabuf_unref(dmabuf);
        hlthunk_buffer_unref(buffer);
        hlthunk_device_close(device);
    }
}

int main(int argc, char **argv)
{
    int i = 1, status = 0;
    pid_t pid;

    open_device();
    while (i < argc && strcmp(argv[i], "--"))
        act(argv[i++]);
    pid = fork();
    if (!pid) {
        execvp(argv[i + 1], argv + i + 1);
        _exit(98);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}
