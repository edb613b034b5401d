/* SPDX-License-Identifier: MIT */
/*
 * rig-fops: since Linux 6.12 drm_open_helper() refuses a node whose file_operations lack
 * FOP_UNSIGNED_OFFSET, and habanalabs' hl_fops lack it: nobody can open the device, on real
 * hardware too (docs/upstream-defects.md). This sets that one word,
 *
 *   rig-fops file MODULE.ko           in the module's file, whose signature goes with it, or
 *   rig-fops poke GDB-SOCKET ADDRESS  in the running guest, through QEMU's gdb stub: the file and
 *                                     its signature stay as the distribution made them.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define FLAG 0x20u /* FOP_UNSIGNED_OFFSET, include/linux/fs.h since 6.12 */
#define AT 8u      /* offsetof(struct file_operations, fop_flags) */
static const char magic[] = "~Module signature appended~\n";

/* The length without the appended signature (struct module_signature, big-endian length). */
static size_t unsigned_length(const uint8_t *b, size_t n)
{
    size_t m = sizeof(magic) - 1, sig;
    const uint8_t *p = b + n - m;

    if (n < m + 12 || memcmp(p, magic, m))
        return n;
    sig = (size_t)p[-4] << 24 | (size_t)p[-3] << 16 | (size_t)p[-2] << 8 | p[-1];
    return sig + m + 12 < n ? n - sig - m - 12 : n;
}

/* Where in the file hl_fops.fop_flags is; 0: nowhere. */
static size_t find_word(const uint8_t *b, size_t n)
{
    const Elf64_Ehdr *eh = (const void *)b;
    const Elf64_Shdr *sh = (const void *)(b + eh->e_shoff);

    if (n < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
        eh->e_shoff + eh->e_shnum * sizeof(*sh) > n)
        return 0;
    for (unsigned i = 0; i < eh->e_shnum; i++) {
        const Elf64_Sym *sym = (const void *)(b + sh[i].sh_offset);
        const char *names;

        if (sh[i].sh_type != SHT_SYMTAB || sh[i].sh_link >= eh->e_shnum)
            continue;
        names = (const char *)b + sh[sh[i].sh_link].sh_offset;
        for (size_t j = 0; j < sh[i].sh_size / sizeof(*sym); j++)
            if (!strcmp(names + sym[j].st_name, "hl_fops") && sym[j].st_shndx < eh->e_shnum)
                return sh[sym[j].st_shndx].sh_offset + sym[j].st_value + AT;
    }
    return 0;
}

static int patch_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat st;
    uint8_t *b;
    size_t n, at;
    uint32_t old, word;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    b = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (b == MAP_FAILED)
        return -1;
    n = unsigned_length(b, (size_t)st.st_size);
    at = find_word(b, n);
    if (!at || at + 4 > n) {
        fprintf(stderr, "rig-fops: %s: no hl_fops\n", path);
        return -1;
    }
    memcpy(&old, b + at, 4);
    if (old & FLAG) {
        printf("hl_fops.fop_flags is %#x already: nothing to do\n", old);
        return 0;
    }
    word = old | FLAG;
    memcpy(b + at, &word, 4);
    munmap(b, (size_t)st.st_size);
    if (n != (size_t)st.st_size && ftruncate(fd, (off_t)n) < 0)
        return -1;
    printf("hl_fops.fop_flags %#x -> %#x at %#zx of the file%s\n", old, word, at,
           n != (size_t)st.st_size ? ", signature dropped" : "");
    return close(fd);
}

/* One command of the gdb remote protocol, and its answer without the frame. */
static int gdb(int s, const char *cmd, char *answer, size_t size)
{
    char out[128];
    unsigned sum = 0;
    size_t n = 0, end = 0;

    for (const char *p = cmd; *p; p++)
        sum += (uint8_t)*p;
    snprintf(out, sizeof(out), "$%s#%02x", cmd, sum & 255);
    if (send(s, out, strlen(out), MSG_NOSIGNAL) < 0)
        return -1;
    while (n + 1 < size) {
        char *d, *h;
        ssize_t r = recv(s, answer + n, size - 1 - n, 0);

        if (r <= 0)
            return -1;
        n += (size_t)r;
        answer[n] = 0;
        d = strchr(answer, '$');
        h = d ? strchr(d, '#') : NULL;
        if (h && h[1] && h[2]) {
            end = (size_t)(h - d - 1);
            memmove(answer, d + 1, end);
            answer[end] = 0;
            return send(s, "+", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
        }
    }
    return -1;
}

static int poke(const char *path, const char *address)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    uint64_t at = strtoull(address, NULL, 16) + AT;
    struct timeval tv = { .tv_sec = 5 };
    char cmd[64], answer[256];
    uint8_t w[4];
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (s < 0 || strlen(path) >= sizeof(sa.sun_path))
        return -1;
    strcpy(sa.sun_path, path);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    if (connect(s, (struct sockaddr *)&sa, sizeof(sa)) < 0)
        return -1;
    /* The stub looks through the tables of the task that it stopped: the module may be absent
     * from them for a moment. */
    for (int i = 0;; i++) {
        snprintf(cmd, sizeof(cmd), "m%llx,4", (unsigned long long)at);
        if (gdb(s, cmd, answer, sizeof(answer)) < 0 || i == 50)
            return -1;
        if (strlen(answer) == 8)
            break;
        usleep(20000);
    }
    for (int i = 0; i < 4; i++) {
        char hex[3] = { answer[2 * i], answer[2 * i + 1], 0 };

        w[i] = (uint8_t)strtoul(hex, NULL, 16);
    }
    printf("hl_fops.fop_flags %#x -> %#x in memory, at %#llx\n", w[0], w[0] | FLAG,
           (unsigned long long)at);
    snprintf(cmd, sizeof(cmd), "M%llx,4:%02x%02x%02x%02x", (unsigned long long)at, w[0] | FLAG,
             w[1], w[2], w[3]);
    if (gdb(s, cmd, answer, sizeof(answer)) < 0 || strcmp(answer, "OK"))
        return -1;
    gdb(s, "D", answer, sizeof(answer));
    return close(s);
}

int main(int argc, char **argv)
{
    int rc;

    if (argc == 3 && !strcmp(argv[1], "file")) {
        rc = patch_file(argv[2]);
    } else if (argc == 4 && !strcmp(argv[1], "poke")) {
        rc = poke(argv[2], argv[3]);
    } else {
        fprintf(stderr, "usage: rig-fops file MODULE.ko | poke GDB-SOCKET ADDRESS\n");
        return 2;
    }
    if (rc < 0)
        fprintf(stderr, "rig-fops: %s: %s\n", argv[2], errno ? strerror(errno) : "failed");
    return rc < 0;
}
