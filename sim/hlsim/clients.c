/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/clients.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/wire.h"

#define CLIENTS 8192u

static struct client {
    pid_t pid; /* 0: nobody */
    int pidfd;
} clients[CLIENTS]; /* name n is entry n - 1 */
static int gone_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards clients */

int clients_create(void)
{
    gone_fd = epoll_create1(EPOLL_CLOEXEC);
    return gone_fd < 0 ? -errno : gone_fd;
}

static void forget(struct client *c)
{
    epoll_ctl(gone_fd, EPOLL_CTL_DEL, c->pidfd, NULL);
    close(c->pidfd);
    c->pid = 0;
}

static bool add(uint32_t place, pid_t pid)
{
    struct epoll_event e = { .events = EPOLLIN, .data.u32 = place };
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);

    if (fd < 0)
        return false;
    if (epoll_ctl(gone_fd, EPOLL_CTL_ADD, fd, &e) < 0) {
        close(fd);
        return false;
    }
    clients[place] = (struct client){ pid, fd };
    return true;
}

uint32_t clients_new(pid_t pid)
{
    uint32_t place = CLIENTS, i;

    pthread_mutex_lock(&lock);
    for (i = 0; i < CLIENTS && clients[i].pid != pid; i++) {
        if (!clients[i].pid && place == CLIENTS)
            place = i;
    }
    if (i == CLIENTS)
        i = place < CLIENTS && add(place, pid) ? place : CLIENTS;
    pthread_mutex_unlock(&lock);
    return i == CLIENTS ? SIM_NO_CLIENT : i + 1;
}

pid_t clients_pid(uint32_t client)
{
    pid_t pid;

    if (client == SIM_NO_CLIENT || client > CLIENTS)
        return 0;
    pthread_mutex_lock(&lock);
    pid = clients[client - 1].pid;
    pthread_mutex_unlock(&lock);
    return pid;
}

static pid_t running_client(void)
{
    pid_t pid = 0;

    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < CLIENTS && !pid; i++) {
        struct pollfd p = { .fd = clients[i].pidfd, .events = POLLIN };

        if (clients[i].pid && poll(&p, 1, 0) == 0)
            pid = clients[i].pid;
    }
    pthread_mutex_unlock(&lock);
    return pid;
}

static bool was_started_with(long pid, const char *variable)
{
    char path[40], *one = NULL;
    bool found = false;
    size_t size = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/environ", pid);
    f = fopen(path, "re");
    if (!f)
        return false;
    while (!found && getdelim(&one, &size, '\0', f) > 0)
        found = !strcmp(one, variable);
    free(one);
    fclose(f);
    return found;
}

/* One whose parent has ended before it could say HELLO: daemon() does that. */
static pid_t running_stranger(const struct sim_state *s)
{
    char variable[sizeof(SIM_ENV_VARIABLE) + sizeof(s->tree) + sizeof(SIM_SOCKET)];
    DIR *processes = opendir("/proc");
    const struct dirent *e;
    long pid = 0;

    if (!processes)
        return 0;
    snprintf(variable, sizeof(variable), "%s=%s%s", SIM_ENV_VARIABLE, s->tree, SIM_SOCKET);
    while (!pid && (e = readdir(processes))) {
        long one = strtol(e->d_name, NULL, 10);

        if (one > 0 && was_started_with(one, variable))
            pid = one;
    }
    closedir(processes);
    return (pid_t)pid;
}

pid_t clients_survivor(const struct sim_state *s)
{
    pid_t pid = running_client();

    return pid ? pid : running_stranger(s);
}

void clients_reap(void (*gone)(uint32_t client))
{
    struct epoll_event e[32];
    int n;

    do {
        n = epoll_wait(gone_fd, e, 32, 0);
        for (int i = 0; i < n; i++) {
            gone(e[i].data.u32 + 1);
            pthread_mutex_lock(&lock);
            forget(&clients[e[i].data.u32]);
            pthread_mutex_unlock(&lock);
        }
    } while (n > 0);
}
