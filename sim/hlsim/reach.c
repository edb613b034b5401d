/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/reach.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* The loader itself, run as a program, is a library with a name. */
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

/* A program of 64 bits that names no loader. */
static bool is_static(int fd)
{
    Elf64_Ehdr e;
    Elf64_Phdr p;

    if (pread(fd, &e, sizeof(e), 0) != sizeof(e) || memcmp(e.e_ident, ELFMAG, SELFMAG) ||
        e.e_ident[EI_CLASS] != ELFCLASS64)
        return false;
    for (unsigned i = 0; i < e.e_phnum; i++) {
        off_t at = (off_t)(e.e_phoff + (uint64_t)i * e.e_phentsize);

        if (pread(fd, &p, sizeof(p), at) != sizeof(p) || p.p_type == PT_INTERP ||
            (p.p_type == PT_DYNAMIC && has_name(fd, &p)))
            return false;
    }
    return true;
}

void warn_if_out_of_reach(const char *program)
{
    int fd = open_program(program);

    if (fd < 0)
        return;
    if (is_static(fd))
        fprintf(stderr,
                "hlsim: %s is linked statically: it sees this machine's devices, not the simulated "
                "ones\n",
                program);
    close(fd);
}
