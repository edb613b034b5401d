/* SPDX-License-Identifier: MIT */
/*
 * Two EFA cards for hlthunk demo --rdma, in the program itself: what the demo calls of libibverbs
 * and libefa.  Regions are those of tests/verbs/provider.c.  A queue pair that is written to or
 * read from belongs to another process: a thread there answers at a socket that has its number.
 *
 * EFA_DOUBLE=CALL:N makes the N-th call of that name fail in the first process, CALL:N:other in
 * the second.
 */
#include <errno.h>
#include <infiniband/efadv.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/verbs/provider.h"

#define PART (1024u * 1024)

struct request {
    uint32_t write, rkey, bytes;
    uint64_t address;
};

/* A queue pair, and the request that is being described to it. */
struct pair {
    struct ibv_qp_ex ex; /* first: what the program has */
    struct card *card;
    int listener;
    pthread_t server;
    struct request request;
    uint32_t lkey, remote_qpn;
    uint64_t local;
    struct ibv_wc done[16];
    unsigned first, count;
};

static struct card cards[2];
static pid_t first_process;

static __attribute__((constructor)) void begin(void)
{
    first_process = getpid();
}

static bool fails(const char *call)
{
    static unsigned calls; /* of the one that the rule names */
    const char *rule = getenv("EFA_DOUBLE");
    size_t n = strlen(call);

    if (!rule || strncmp(rule, call, n) || rule[n] != ':' ||
        (strstr(rule, ":other") != NULL) == (getpid() == first_process))
        return false;
    errno = EIO;
    return ++calls == (unsigned)atoi(rule + n + 1);
}

/* ---- the cards ------------------------------------------------------------------------------ */

struct ibv_device **ibv_get_device_list(int *count)
{
    struct ibv_device **list;

    if (count)
        *count = 2;
    if (fails("list"))
        return NULL;
    list = calloc(3, sizeof(*list));
    for (unsigned i = 0; list && i < 2; i++) {
        card_init(&cards[i], i ? "double1" : "double0", true);
        list[i] = &cards[i].device;
    }
    return list;
}

void ibv_free_device_list(struct ibv_device **list)
{
    free(list);
}

static int poll_cq(struct ibv_cq *cq, int n, struct ibv_wc *wc)
{
    struct pair *p = cq->cq_context;

    if (fails("poll"))
        return -1;
    if (!p || !p->count || !n)
        return 0;
    *wc = p->done[p->first++ % 16];
    p->count--;
    return 1;
}

struct ibv_context *ibv_open_device(struct ibv_device *device)
{
    struct card *c = device == &cards[1].device ? &cards[1] : &cards[0];

    if (fails("open"))
        return NULL;
    c->context.ops.poll_cq = poll_cq;
    return &c->context;
}

int ibv_close_device(struct ibv_context *context)
{
    (void)context;
    return 0;
}

int efadv_query_device(struct ibv_context *context, struct efadv_device_attr *attr, uint32_t n)
{
    (void)context;
    memset(attr, 0, n);
    return fails("query") ? EOPNOTSUPP : 0;
}

int ibv_query_gid(struct ibv_context *context, uint8_t port, int index, union ibv_gid *gid)
{
    (void)context;
    (void)port;
    (void)index;
    memset(gid, 0x11, sizeof(*gid));
    return fails("gid") ? -1 : 0;
}

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
{
    struct card *c = context == &cards[1].context ? &cards[1] : &cards[0];

    if (fails("register"))
        c->register_error = EIO;
    return fails("pd") ? NULL : &c->pd;
}

int ibv_dealloc_pd(struct ibv_pd *pd)
{
    (void)pd;
    return 0;
}

struct ibv_cq *ibv_create_cq(struct ibv_context *context, int depth, void *user,
                             struct ibv_comp_channel *channel, int vector)
{
    struct ibv_cq *cq = fails("cq") ? NULL : calloc(1, sizeof(*cq));

    (void)depth;
    (void)user;
    (void)channel;
    (void)vector;
    if (cq)
        cq->context = context;
    return cq;
}

int ibv_destroy_cq(struct ibv_cq *cq)
{
    free(cq);
    return 0;
}

struct ibv_ah *ibv_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr)
{
    struct ibv_ah *ah = fails("ah") ? NULL : calloc(1, sizeof(*ah));

    (void)attr;
    if (ah)
        ah->pd = pd;
    return ah;
}

int ibv_destroy_ah(struct ibv_ah *ah)
{
    free(ah);
    return 0;
}

/* ---- the network ---------------------------------------------------------------------------- */

/* A socket for the queue pair of that number: it listens there, or speaks to it. */
static int at_number(uint32_t number, bool listens)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "hlthunk-efa-double-%u", number);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr *name = (const struct sockaddr *)&a;

    if (fd >= 0 && (listens ? bind(fd, name, size) || listen(fd, 4) : connect(fd, name, size))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* All bytes in or out, or false. */
static bool carry(int fd, void *bytes, size_t n, bool out)
{
    for (char *p = bytes; n;) {
        ssize_t some = out ? send(fd, p, n, MSG_NOSIGNAL) : recv(fd, p, n, 0);

        if (some <= 0)
            return false;
        p += some;
        n -= (size_t)some;
    }
    return true;
}

static void answer(struct pair *p, int fd, char *bytes)
{
    struct request r;
    int32_t rc = -EINVAL;

    if (!carry(fd, &r, sizeof(r), false) || r.bytes > PART ||
        (r.write && !carry(fd, bytes, r.bytes, false)))
        return;
    rc = r.write ? card_write(p->card, r.rkey, r.address, bytes, r.bytes)
                 : card_read(p->card, r.rkey, r.address, bytes, r.bytes);
    if (carry(fd, &rc, sizeof(rc), true) && !rc && !r.write)
        carry(fd, bytes, r.bytes, true);
}

static void *serve(void *user)
{
    struct pair *p = user;
    char *bytes = malloc(PART);
    int fd;

    while (bytes && (fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        answer(p, fd, bytes);
        close(fd);
    }
    free(bytes);
    return NULL;
}

/* ---- queue pairs ---------------------------------------------------------------------------- */

static void wr_start(struct ibv_qp_ex *qp)
{
    (void)qp;
}

static void describe(struct ibv_qp_ex *qp, bool write, uint32_t rkey, uint64_t address)
{
    struct pair *p = (struct pair *)qp;

    p->request = (struct request){ .write = write, .rkey = rkey, .address = address };
}

static void wr_read(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t address)
{
    describe(qp, false, rkey, address);
}

static void wr_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t address)
{
    describe(qp, true, rkey, address);
}

static void wr_sge(struct ibv_qp_ex *qp, uint32_t lkey, uint64_t address, uint32_t n)
{
    struct pair *p = (struct pair *)qp;

    p->lkey = lkey;
    p->local = address;
    p->request.bytes = n;
}

static void wr_address(struct ibv_qp_ex *qp, struct ibv_ah *ah, uint32_t number, uint32_t key)
{
    (void)ah;
    (void)key;
    ((struct pair *)qp)->remote_qpn = number;
}

static bool transfer(struct pair *p)
{
    struct request *r = &p->request;
    char *bytes = malloc(PART);
    int fd = at_number(p->remote_qpn, false);
    int32_t rc = -EIO;
    bool ok = bytes && fd >= 0 && r->bytes <= PART &&
              (!r->write || !card_read(p->card, p->lkey, p->local, bytes, r->bytes)) &&
              carry(fd, r, sizeof(*r), true) && (!r->write || carry(fd, bytes, r->bytes, true)) &&
              carry(fd, &rc, sizeof(rc), false) && !rc &&
              (r->write || (carry(fd, bytes, r->bytes, false) &&
                            !card_write(p->card, p->lkey, p->local, bytes, r->bytes)));

    if (fd >= 0)
        close(fd);
    free(bytes);
    return ok;
}

static int wr_complete(struct ibv_qp_ex *qp)
{
    struct pair *p = (struct pair *)qp;
    bool ok = !fails("transfer") && transfer(p);

    if (fails("post"))
        return ENOMEM;
    p->done[(p->first + p->count++) % 16] =
        (struct ibv_wc){ .wr_id = qp->wr_id,
                         .status = ok ? IBV_WC_SUCCESS : IBV_WC_REM_ACCESS_ERR };
    return 0;
}

struct ibv_qp *efadv_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
                                  struct efadv_qp_init_attr *efa, uint32_t n)
{
    struct pair *p = fails("qp") ? NULL : calloc(1, sizeof(*p));

    (void)efa;
    (void)n;
    if (!p)
        return NULL;
    p->card = context == &cards[1].context ? &cards[1] : &cards[0];
    p->ex = (struct ibv_qp_ex){ .wr_start = wr_start,
                                .wr_rdma_read = wr_read,
                                .wr_rdma_write = wr_write,
                                .wr_set_sge = wr_sge,
                                .wr_set_ud_addr = wr_address,
                                .wr_complete = wr_complete };
    p->ex.qp_base.qp_num = (uint32_t)getpid();
    p->ex.qp_base.context = context;
    attr->send_cq->cq_context = p;
    p->listener = at_number(p->ex.qp_base.qp_num, true);
    if (p->listener < 0 || pthread_create(&p->server, NULL, serve, p)) {
        free(p);
        return NULL;
    }
    return &p->ex.qp_base;
}

struct ibv_qp_ex *ibv_qp_to_qp_ex(struct ibv_qp *qp)
{
    return (struct ibv_qp_ex *)qp;
}

int ibv_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask)
{
    (void)qp;
    (void)attr;
    (void)mask;
    return fails("modify") ? EINVAL : 0;
}

int ibv_destroy_qp(struct ibv_qp *qp)
{
    struct pair *p = (struct pair *)qp;

    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->server, NULL);
    close(p->listener);
    free(p);
    return 0;
}

const char *ibv_wc_status_str(enum ibv_wc_status status)
{
    return status == IBV_WC_SUCCESS ? "success" : "remote access error";
}
