/* SPDX-License-Identifier: MIT */
/* A machine whose one RDMA card this user may not open, for a program that looks for cards. */
#include <errno.h>
#include <infiniband/verbs.h>

static struct ibv_device card = { .name = "closed_0" };

struct ibv_device **ibv_get_device_list(int *n)
{
    static struct ibv_device *list[2] = { &card, NULL };

    *n = 1;
    return list;
}

void ibv_free_device_list(struct ibv_device **list)
{
    (void)list;
}

struct ibv_context *ibv_open_device(struct ibv_device *device)
{
    (void)device;
    errno = EACCES;
    return NULL;
}
