/* SPDX-License-Identifier: MIT */
/*
 * Only for ./dev coverage, which makes the compiler include it first: coverage data are
 * written when a process exits, but not by _exit(), with which children of tests end, nor when it
 * becomes another program.  The simulator's library in the process has counters of its own.
 */
#ifndef TESTS_MEASURE_EXIT_H
#define TESTS_MEASURE_EXIT_H

/* only for this project's files, not for Meson's own compiler checks */
#ifdef _GNU_SOURCE

/* no headers: a file's own static names may be those of libc */
_Noreturn void _exit(int code);
void *dlopen(const char *name, int how);
void *dlsym(void *library, const char *name);
void __gcov_dump(void);
void __gcov_reset(void);
void hl_coverage_dump(void);
__attribute__((weak, visibility("default"))) void hl_coverage_dump(void)
{
    __gcov_dump();
}

static inline _Noreturn void hl_coverage_exit(int code)
{
    void *library = dlopen("libhlsim.so", 1 | 4 /* RTLD_LAZY | RTLD_NOLOAD */), *dump;

    if (library && (dump = dlsym(library, "hl_coverage_dump")))
        ((void (*)(void))dump)();
    __gcov_dump();
    _exit(code);
}

#define _exit hl_coverage_exit

/*
 * The simulator's exec functions call those of the C library by pointers, which each looks up when
 * it is first called: mostly in a child that has just been made for that.
 */
static inline void *hl_coverage_dlsym(void *library, const char *name)
{
    if (__builtin_strstr(name, "exec")) {
        __gcov_dump();
        __gcov_reset();
    }
    return dlsym(library, name);
}

#define dlsym hl_coverage_dlsym
#endif
#endif
