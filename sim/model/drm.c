/* SPDX-License-Identifier: MIT */
/*
 * The DRM core's own requests on an accel node (drm_ioctl.c, drm_accel.c): most of them are for
 * other kinds of drivers, or for a master, which an accel node does not have.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sim/model/model.h"
#include "uapi/requests.h"

#define NR_VERSION 0x00
#define NR_GET_CLIENT 0x05
#define NR_GET_STATS 0x06
#define NR_GET_CAP 0x0c
#define NR_AGP 0x2c /* kept as a number that does nothing */
#define NR_PRIME_HANDLE_TO_FD 0x2d
#define NR_PRIME_FD_TO_HANDLE 0x2e

#define CAP_PRIME 0x05
#define CAP_TIMESTAMP_MONOTONIC 0x06
#define CAP_SYNCOBJ 0x13
#define CAP_SYNCOBJ_TIMELINE 0x14

struct client {
    int32_t index, authenticated;
    uint64_t pid, user, magic, requests;
};

struct capability {
    uint64_t number, value;
};

struct prime {
    uint32_t handle, flags;
    int32_t fd;
};

/* Copies as much of the text as there is room for; reports its full length. */
static int put_text(const struct sim_env *env, char *to, unsigned long *room, const char *text)
{
    size_t length = strlen(text), n = *room < length ? *room : length;
    char first;

    /* what cannot be read cannot be written either: the kernel stops here */
    if (to && n && env->copy_in(&first, (uint64_t)(uintptr_t)to, 1)) {
        *room = length;
        return -EFAULT;
    }

    *room = length;
    return to && n && env->copy_out((uint64_t)(uintptr_t)to, text, n) ? -EFAULT : 0;
}

/* The driver has the kernel's version; the numbers are those of the kernel in
 * docs/driver-semantics.md. */
static int version(const struct sim_env *env, struct hl_drm_version *v)
{
    int rc;

    v->version_major = 6;
    v->version_minor = 12;
    v->version_patchlevel = 117;
    rc = put_text(env, v->name, &v->name_len, "habanalabs");
    rc = rc ? rc : put_text(env, v->date, &v->date_len, "0");
    return rc ? rc
              : put_text(env, v->desc, &v->desc_len, "Driver for HabanaLabs's AI Accelerators");
}

static int client(const struct sim_env *env, struct client *c)
{
    if (c->index)
        return -EINVAL;
    /* a caller is only told about itself */
    *c = (struct client){ .authenticated = 1, .pid = (uint64_t)env->pid, .user = 65534 };
    return 0;
}

static int capability(struct capability *c)
{
    c->value = 0;
    switch (c->number) {
    case CAP_PRIME:
        c->value = 3; /* the core imports and exports for every driver */
        return 0;
    case CAP_TIMESTAMP_MONOTONIC:
        c->value = 1;
        return 0;
    case CAP_SYNCOBJ:
    case CAP_SYNCOBJ_TIMELINE:
        return 0;
    default:
        return -EOPNOTSUPP; /* the rest is for displays */
    }
}

/* What the core answers before or instead of a lookup: 0 where nothing has that number. */
static int refusal(unsigned nr)
{
    static const struct {
        uint8_t first, last;
        int error;
    } rows[] = {
        { 0x07, 0x07, EACCES },     { 0x09, 0x0b, EOPNOTSUPP }, { 0x0d, 0x0d, EOPNOTSUPP },
        { 0x10, 0x13, EACCES },     { 0x27, 0x28, EACCES },     { 0x3a, 0x3c, EOPNOTSUPP },
        { 0x3f, 0x3f, EACCES },     { 0xa0, 0xa1, EOPNOTSUPP }, { 0xa2, 0xa3, EACCES },
        { 0xa4, 0xa4, EOPNOTSUPP }, { 0xa5, 0xa5, EACCES },     { 0xa6, 0xa7, EOPNOTSUPP },
        { 0xa8, 0xa9, EACCES },     { 0xaa, 0xaa, EOPNOTSUPP }, { 0xab, 0xab, EACCES },
        { 0xac, 0xaf, EOPNOTSUPP }, { 0xb0, 0xb1, EACCES },     { 0xb2, 0xb4, ENOSYS },
        { 0xb5, 0xb6, EOPNOTSUPP }, { 0xb7, 0xb7, EACCES },     { 0xb8, 0xb9, EOPNOTSUPP },
        { 0xba, 0xbc, EACCES },     { 0xbd, 0xc5, EOPNOTSUPP }, { 0xc6, 0xc9, EACCES },
        { 0xca, 0xcd, EOPNOTSUPP }, { 0xce, 0xce, EINVAL },     { 0xcf, 0xd0, EOPNOTSUPP },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (nr >= rows[i].first && nr <= rows[i].last)
            return -rows[i].error;
    return 0;
}

bool sim_drm_knows(unsigned nr)
{
    return nr == NR_VERSION || nr == NR_GET_CLIENT || nr == NR_GET_STATS || nr == NR_GET_CAP ||
           nr == NR_AGP || nr == NR_PRIME_HANDLE_TO_FD || nr == NR_PRIME_FD_TO_HANDLE ||
           refusal(nr);
}

int sim_drm(const struct sim_env *env, unsigned nr, void *args)
{
    switch (nr) {
    case NR_VERSION:
        return version(env, args);
    case NR_GET_CLIENT:
        return client(env, args);
    case NR_GET_STATS:
        memset(args, 0, 16 * sizeof(uint64_t));
        return 0;
    case NR_GET_CAP:
        return capability(args);
    case NR_AGP:
        return 0;
    case NR_PRIME_HANDLE_TO_FD:
        /* O_CLOEXEC and O_RDWR; and no handle was ever made */
        return ((struct prime *)args)->flags & ~(unsigned)(O_CLOEXEC | O_RDWR) ? -EINVAL : -ENOENT;
    case NR_PRIME_FD_TO_HANDLE:
        /* not a dma-buf, or one that a driver without GEM cannot import */
        return env->is_open(((struct prime *)args)->fd) ? -EINVAL : -EBADF;
    default:
        return refusal(nr);
    }
}
