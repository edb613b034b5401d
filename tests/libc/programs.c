/* SPDX-License-Identifier: MIT */
/* Programs that this one starts, in every way, with and without its environment. */
#include "tests/libc/libc.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const nothing[] = { NULL };
static char test[] = "test", option[] = "-c";
static char *arguments[] = { test, option, NULL, NULL };

static bool succeeded(pid_t pid)
{
    int s = -1;

    return pid > 0 && waitpid(pid, &s, 0) == pid && s == 0;
}

/* The way in which a child becomes another program: that finds the node, or not. */
enum becoming { EXECVE, EXECV, EXECVP, EXECVPE, EXECL, EXECLP, EXECLE, FEXECVE };

static void become(enum becoming how)
{
    switch (how) {
    case EXECVE:
        execve("/usr/bin/test", arguments, nothing);
        break;
    case EXECV:
        environ = NULL;
        execv("/usr/bin/test", arguments);
        break;
    case EXECVP:
        execvp("test", arguments);
        break;
    case EXECVPE:
        execvpe("test", arguments, nothing);
        break;
    case EXECL:
        execl("/usr/bin/test", "test", "-c", node, NULL);
        break;
    case EXECLP:
        execlp("test", "test", "-c", node, NULL);
        break;
    case EXECLE:
        execle("/usr/bin/test", "test", "-c", node, NULL, nothing);
        break;
    case FEXECVE:
        fexecve(open("/usr/bin/test", O_RDONLY | O_CLOEXEC), arguments, nothing);
        break;
    }
    _exit(9);
}

static const char *fork_and_exec(void)
{
    arguments[2] = (char *)node;
    for (int how = EXECVE; how <= FEXECVE; how++) {
        pid_t pid = fork();

        if (pid == 0)
            become(how);
        CHECK(succeeded(pid));
    }
    return NULL;
}

/* The child has its parent's memory: what it does to its descriptors is its own business. */
static const char *vfork_and_exec(void)
{
    int fd = open(node, O_RDWR), out = dup(1);
    unsigned long long handle = new_buffer(fd);
    void *p;
    pid_t pid;

    arguments[2] = (char *)node;
    CHECK(handle && out >= 0);
    pid = vfork();
    if (pid == 0) {
        dup2(fd, out);
        close_range(3, 500, 0);
        execve("/usr/bin/test", arguments, nothing);
        _exit(9);
    }
    CHECK(succeeded(pid));
    CHECK(write(out, "", 0) == 0);
    p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)handle);
    CHECK(p != MAP_FAILED && munmap(p, 4096) == 0);
    CHECK(free_buffer(fd, handle));
    close(out);
    CHECK(is_node(fd));
    return NULL;
}

static const char *spawn(void)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;

    arguments[2] = (char *)node;
    CHECK(posix_spawn(&pid, "/usr/bin/test", NULL, NULL, arguments, nothing) == 0);
    CHECK(succeeded(pid));
    CHECK(posix_spawnp(&pid, "test", NULL, NULL, arguments, environ) == 0);
    CHECK(succeeded(pid));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    CHECK(posix_spawn(&pid, "/usr/bin/test", &actions, NULL, arguments, nothing) == 0);
    posix_spawn_file_actions_destroy(&actions);
    CHECK(succeeded(pid));
    return NULL;
}

static const char *shells(void)
{
    char command[128], line[64] = "";
    char **before = environ;
    FILE *f;

    snprintf(command, sizeof(command), "test -c %s", node);
    CHECK(system(command) == 0);
    environ = NULL;
    CHECK(system(command) == 0);
    snprintf(command, sizeof(command), "cat %s/device_type", attributes);
    f = popen(command, "r");
    CHECK(f && fgets(line, sizeof(line), f) && !strcmp(line, "GAUDI2\n") && pclose(f) == 0);
    environ = before;
    return NULL;
}

/* A child that no atfork handler has seen. */
static const char *raw_children(void)
{
    int fd = open(node, O_RDWR);
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0) {
        int copy = dup(fd);

        _exit(!(is_node(copy) && close(fd) == 0 && open("/dev/null", O_RDWR) >= 0));
    }
    CHECK(succeeded(pid));
    CHECK(open(node, O_RDWR) == -1 && errno == EBUSY);
    CHECK(is_node(fd));
    return NULL;
}

/* ... has none of its parent's mappings, and does not hold the node. */
static const char *raw_children_of_mappings(void)
{
    int fd = open(node, O_RDWR), go[2], s;
    unsigned long long handle = new_buffer(fd);
    char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)handle), byte = 0;
    pid_t pid;

    CHECK(handle && p != MAP_FAILED && pipe(go) == 0);
    pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        char *own =
            mmap(p, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        bool right = own == p && madvise(p, 4096, MADV_DONTNEED) == 0 && munmap(p, 4096) == 0;

        close(fd);
        if (write(go[1], "", 1) != 1)
            right = false;
        pause();
        _exit(!right);
    }
    CHECK(read(go[0], &byte, 1) == 1);
    /* the parent's is still mapped */
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)handle) == MAP_FAILED);
    CHECK(munmap(p, 4096) == 0 && close(fd) == 0);
    CHECK(is_node(open(node, O_RDWR)));
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &s, 0) == pid);
    return NULL;
}

const struct way programs[] = {
    { "fork and exec", fork_and_exec },
    { "vfork and exec", vfork_and_exec },
    { "spawn", spawn },
    { "shells", shells },
    { "raw children", raw_children },
    { "raw children of mappings", raw_children_of_mappings },
    { NULL, NULL },
};
