/* SPDX-License-Identifier: MIT */
/* A kernel, or an emulator of one (qemu-user before version 8), that accepts MADV_WIPEONFORK and
 * leaves a child its parent's memory: there the library cannot tell the two apart. */
#ifndef TESTS_UNIT_WIPED_H
#define TESTS_UNIT_WIPED_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool advice_is_ignored(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    pid_t pid;

    if (p == MAP_FAILED || madvise(p, size, MADV_WIPEONFORK))
        return false; /* told so, the library asks for process IDs */
    *p = 1;
    pid = fork();
    if (pid == 0)
        _exit(*p);
    if (pid > 0)
        waitpid(pid, &status, 0);
    munmap(p, size);
    if (status)
        puts("MADV_WIPEONFORK is accepted and has no effect here");
    return status != 0;
}

#endif
