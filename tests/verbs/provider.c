/* SPDX-License-Identifier: MIT */
#include "tests/verbs/provider.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/importer.h"

struct region {
    struct ibv_mr mr; /* first: what the program has */
    struct region *next;
    struct hlsim_attachment *attachment; /* NULL: the program's own memory */
    char *own;
    uint64_t offset, iova;
    int access;
};

static struct region *regions;
static uint32_t next_key = 0x100;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct card *card_of(struct ibv_pd *pd)
{
    return (struct card *)((char *)pd - offsetof(struct card, pd));
}

void card_init(struct card *c, const char *name, bool peer_to_peer)
{
    memset(c, 0, sizeof(*c));
    c->peer_to_peer = peer_to_peer;
    strncat(c->device.name, name, sizeof(c->device.name) - 1);
    c->context.device = &c->device;
    c->pd.context = &c->context;
}

const char *ibv_get_device_name(struct ibv_device *device)
{
    return device->name;
}

/* Attached and mapped, as ib_umem_dmabuf_get() does. */
static int attach(const struct card *c, int fd, struct hlsim_attachment **a)
{
    const struct hlsim_importer *driver = hlsim_importer();
    int rc = driver->attach(fd, c->peer_to_peer, a);

    if (rc)
        return rc;
    rc = driver->map(*a);
    if (rc)
        driver->detach(*a);
    return rc;
}

static struct ibv_mr *enter(struct region *r, struct ibv_pd *pd, size_t length)
{
    r->mr.context = pd->context;
    r->mr.pd = pd;
    r->mr.length = length;
    pthread_mutex_lock(&lock);
    r->mr.lkey = next_key++;
    r->mr.rkey = next_key++;
    r->next = regions;
    regions = r;
    card_of(pd)->registered++;
    pthread_mutex_unlock(&lock);
    return &r->mr;
}

struct ibv_mr *ibv_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
                                 int fd, int access)
{
    uint64_t in_page = (uint64_t)sysconf(_SC_PAGESIZE) - 1;
    struct card *c = card_of(pd);
    struct region *r;
    struct stat st;
    int rc;

    if (c->register_error) {
        errno = c->register_error > 0 ? c->register_error : 0;
        return NULL;
    }
    /* as the kernel checks (uverbs) */
    if ((offset & in_page) != (iova & in_page) || !length ||
        ((access & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)) &&
         !(access & IBV_ACCESS_LOCAL_WRITE))) {
        errno = EINVAL;
        return NULL;
    }
    r = calloc(1, sizeof(*r));
    rc = !r ? -ENOMEM : fstat(fd, &st) < 0 ? -errno : attach(c, fd, &r->attachment);
    if (!rc && (offset > (uint64_t)st.st_size || length > (uint64_t)st.st_size - offset)) {
        hlsim_importer()->detach(r->attachment);
        rc = -EINVAL;
    }
    if (rc) {
        free(r);
        errno = -rc;
        return NULL;
    }
    r->offset = offset;
    r->iova = iova;
    r->access = access;
    pthread_mutex_lock(&lock);
    c->last_inode = st.st_ino;
    pthread_mutex_unlock(&lock);
    return enter(r, pd, length);
}

/* By which of the two names the header's macro calls it depends on the compiler's optimisation. */
struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *address, size_t length, uint64_t iova,
                                unsigned int access)
{
    struct region *r;

    if (card_of(pd)->register_error) {
        errno = card_of(pd)->register_error;
        return NULL;
    }
    r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->own = address;
    r->iova = iova;
    r->access = (int)access;
    return enter(r, pd, length);
}

#undef ibv_reg_mr
struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *address, size_t length, int access)
{
    return ibv_reg_mr_iova2(pd, address, length, (uintptr_t)address, (unsigned)access);
}

int ibv_dereg_mr(struct ibv_mr *mr)
{
    const struct hlsim_importer *driver = hlsim_importer();
    struct card *c = card_of(mr->pd);
    struct region *r = (struct region *)mr;

    if (c->at_deregister)
        c->at_deregister(c);
    if (c->deregister_error)
        return c->deregister_error;
    pthread_mutex_lock(&lock);
    for (struct region **p = &regions; *p; p = &(*p)->next) {
        if (*p == r) {
            *p = r->next;
            break;
        }
    }
    c->deregistered++;
    pthread_mutex_unlock(&lock);
    if (r->attachment) {
        driver->unmap(r->attachment);
        driver->detach(r->attachment);
    }
    memset(r, 0xa5, sizeof(*r)); /* nobody reads a key of it any more */
    free(r);
    return 0;
}

/* The region that a key means, and the place in it; NULL where the card says no.  With the lock. */
static struct region *translate(struct card *c, uint32_t key, int right, uint64_t *address,
                                size_t n)
{
    struct region *r;

    for (r = regions; r && ((r->mr.rkey != key && r->mr.lkey != key) || r->mr.pd != &c->pd);
         r = r->next)
        ;
    if (!r || !(r->access & right) || *address < r->iova || *address - r->iova > r->mr.length ||
        n > r->mr.length - (*address - r->iova))
        return NULL;
    *address = *address - r->iova + r->offset;
    return r;
}

int card_read(struct card *c, uint32_t key, uint64_t address, void *data, size_t n)
{
    struct region *r;
    ssize_t done;

    pthread_mutex_lock(&lock);
    r = translate(c, key, IBV_ACCESS_REMOTE_READ, &address, n);
    done = r ? (ssize_t)n : -EACCES;
    if (r && r->attachment)
        done = hlsim_importer()->read(r->attachment, address, data, n);
    else if (r)
        memcpy(data, r->own + address, n);
    pthread_mutex_unlock(&lock);
    return done == (ssize_t)n ? 0 : done < 0 ? (int)done : -EIO;
}

int card_write(struct card *c, uint32_t key, uint64_t address, const void *data, size_t n)
{
    struct region *r;
    ssize_t done;

    pthread_mutex_lock(&lock);
    r = translate(c, key, IBV_ACCESS_REMOTE_WRITE, &address, n);
    done = r ? (ssize_t)n : -EACCES;
    if (r && r->attachment)
        done = hlsim_importer()->write(r->attachment, address, data, n);
    else if (r)
        memcpy(r->own + address, data, n);
    pthread_mutex_unlock(&lock);
    return done == (ssize_t)n ? 0 : done < 0 ? (int)done : -EIO;
}
