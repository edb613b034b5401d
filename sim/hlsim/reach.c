/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/reach.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What matters about a file that may be a program. */
struct program {
    bool elf, native; /* native: of this program's own word size and architecture */
    bool library;     /* it has a name as a library: the loader itself, run as a program */
    bool go;
    char loader[128]; /* the file's name in its path; "": none */
};

/* The file that execvp() would take, or -1. */
static int open_program(const char *program)
{
    const char *at = getenv("PATH"), *end;
    char path[PATH_MAX];

    if (strchr(program, '/'))
        return open(program, O_RDONLY | O_CLOEXEC);
    for (at = at ? at : "/bin:/usr/bin"; at; at = *end ? end + 1 : NULL) {
        end = strchrnul(at, ':');
        snprintf(path, sizeof(path), "%.*s%s%s", (int)(end - at), at, end == at ? "" : "/",
                 program);
        if (access(path, X_OK) == 0)
            return open(path, O_RDONLY | O_CLOEXEC);
    }
    return -1;
}

static bool has_name(int fd, const Elf64_Phdr *dynamic)
{
    Elf64_Dyn d;

    for (uint64_t at = 0; at < dynamic->p_filesz; at += sizeof(d)) {
        if (pread(fd, &d, sizeof(d), (off_t)(dynamic->p_offset + at)) != sizeof(d) ||
            d.d_tag == DT_NULL)
            break;
        if (d.d_tag == DT_SONAME)
            return true;
    }
    return false;
}

static void read_loader(int fd, const Elf64_Phdr *p, struct program *out)
{
    char path[PATH_MAX];
    size_t size = p->p_filesz < sizeof(path) ? p->p_filesz : sizeof(path) - 1;
    ssize_t n = pread(fd, path, size, (off_t)p->p_offset);

    if (n <= 0)
        return;
    path[n] = '\0';
    snprintf(out->loader, sizeof(out->loader), "%.*s", (int)sizeof(out->loader) - 1,
             strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

/* Go's linker leaves a note of its own. */
static bool is_go(int fd, const Elf64_Phdr *notes)
{
    struct {
        Elf64_Nhdr header;
        char name[4];
    } n;

    for (uint64_t at = 0; at + sizeof(n) <= notes->p_filesz;) {
        if (pread(fd, &n, sizeof(n), (off_t)(notes->p_offset + at)) != sizeof(n))
            return false;
        if (n.header.n_namesz == sizeof(n.name) && !memcmp(n.name, "Go\0", sizeof(n.name)))
            return true;
        at += sizeof(n.header) + ((uint64_t)n.header.n_namesz + 3) / 4 * 4 +
              ((uint64_t)n.header.n_descsz + 3) / 4 * 4;
    }
    return false;
}

static void read_program(int fd, struct program *out)
{
    Elf64_Ehdr e, own;
    Elf64_Phdr p;
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    memset(out, 0, sizeof(*out));
    out->elf = pread(fd, &e, sizeof(e), 0) == sizeof(e) && !memcmp(e.e_ident, ELFMAG, SELFMAG);
    out->native = out->elf && self >= 0 && pread(self, &own, sizeof(own), 0) == sizeof(own) &&
                  e.e_ident[EI_CLASS] == own.e_ident[EI_CLASS] && e.e_machine == own.e_machine;
    if (self >= 0)
        close(self);
    for (unsigned i = 0; out->native && i < e.e_phnum; i++) {
        off_t at = (off_t)(e.e_phoff + (uint64_t)i * e.e_phentsize);

        if (pread(fd, &p, sizeof(p), at) != sizeof(p))
            return;
        if (p.p_type == PT_INTERP)
            read_loader(fd, &p, out);
        else if (p.p_type == PT_DYNAMIC)
            out->library = has_name(fd, &p);
        else if (p.p_type == PT_NOTE)
            out->go |= is_go(fd, &p);
    }
}

/* What "#!" in a file leads to; false where there is none. */
static bool interpreter(int fd, char *path, size_t size)
{
    char line[256];
    ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
    size_t skip, length;

    if (n < 3 || line[0] != '#' || line[1] != '!')
        return false;
    line[n] = '\0';
    skip = 2 + strspn(line + 2, " \t");
    length = strcspn(line + skip, " \t\r\n");
    return snprintf(path, size, "%.*s", (int)length, line + skip) < (int)size;
}

static int other_library(const char *program, const struct program *p)
{
    struct program own;
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    if (self < 0)
        return 0;
    read_program(self, &own);
    close(self);
    if (!p->loader[0] || !strcmp(p->loader, own.loader))
        return 0;
    fprintf(stderr,
            "hlsim: %s is for another C library (its loader is %s, this one's %s): the simulation "
            "cannot be loaded into it\n",
            program, p->loader, own.loader);
    return -ENOEXEC;
}

int reach_check(const char *program)
{
    int fd = open_program(program);
    char script[PATH_MAX];
    const char *why = NULL;
    struct program p;

    if (fd < 0)
        return 0;
    if (interpreter(fd, script, sizeof(script))) {
        close(fd);
        fd = open(script, O_RDONLY | O_CLOEXEC);
        program = script;
        if (fd < 0)
            return 0;
    }
    read_program(fd, &p);
    close(fd);
    if (p.elf && !p.native)
        why = "is of another word size or architecture than the simulator";
    else if (p.elf && !p.loader[0] && !p.library)
        why = "is linked statically";
    else if (p.go)
        why = "is written in Go, which makes system calls of its own";
    if (why)
        fprintf(stderr, "hlsim: %s %s: it sees this machine's devices, not the simulated ones\n",
                program, why);
    return p.elf && p.native ? other_library(program, &p) : 0;
}
