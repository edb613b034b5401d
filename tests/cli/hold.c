/* SPDX-License-Identifier: MIT */
/*
 * usage: hold [dmabuf|twice|many|mapping|fault|opcode|closed]... -- PROGRAM [ARGUMENT]...
 * Opens a device, does what is named, and keeps it while PROGRAM runs, whose exit code it returns.
 *   dmabuf   exports 2 MiB; twice: with a second descriptor of it; many: 300 of its
 *            pages, each with a second descriptor
 *   mapping  maps a command buffer
 *   fault    lets an engine read from nowhere; opcode: lets it execute what is not a packet
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

/* Executes n bytes, and does not wait for them: they end with a record of an error. */
static void execute(const void *packet, uint32_t n)
{
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o),
                                                .device_mapped = asic == HLTHUNK_ASIC_GAUDI2 };
    struct hl_cs_chunk chunk = { .cb_size = n };
    struct hlthunk_cs_in in = { .chunks_execute = &chunk, .num_chunks_execute = 1 };
    struct hlthunk_command_buffer *cb;
    struct hlthunk_cs_out out;

    must(hlthunk_command_buffer_create(device, 4096, &o, &cb), "command buffer");
    memcpy(hlthunk_command_buffer_borrow_data(cb), packet, n);
    chunk.cb_handle = hlthunk_command_buffer_borrow_handle(cb);
    if (o.device_mapped) {
        chunk.cb_handle = hlthunk_command_buffer_get_address(cb);
        chunk.cs_chunk_flags = HL_CS_CHUNK_FLAGS_USER_ALLOC_CB;
    }
    must(hlthunk_command_submission(hlthunk_device_borrow_fd(device), &in, &out), "submit");
}

static void fault(void)
{
    bool gaudi2 = asic == HLTHUNK_ASIC_GAUDI2;
    struct {
        uint32_t size, control;
        uint64_t from, to;
    } dma = { 4096, 9u << 24 | 3u << 30 | (gaudi2 ? 0 : 8),
              gaudi2 ? 0xFFF0123450000000 : 0x1000000ABCD000, hlthunk_buffer_get_address(buffer) };

    execute(&dma, sizeof(dma));
}

static void duplicate(struct hlthunk_dmabuf *dmabuf)
{
    must(fcntl(hlthunk_dmabuf_borrow_fd(dmabuf), F_DUPFD_CLOEXEC, 0) < 0, "dup");
}

static void act(const char *what)
{
    static const uint32_t no_packet[2] = { 0, 0x1fu << 24 };
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
    if (!strcmp(what, "mapping"))
        must(hlthunk_command_buffer_create(device, 4096, NULL, &cb), "command buffer");
    if (!strcmp(what, "fault"))
        fault();
    if (!strcmp(what, "opcode"))
        execute(no_packet, sizeof(no_packet));
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
