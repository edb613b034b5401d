/* SPDX-License-Identifier: MIT */
/*
 * Raw system calls throughout: this runs beneath the preloaded library's own functions, in a
 * process whose descriptors must not change.  None stays open.
 */
#include "sim/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sim/mailbox.h"
#include "sim/rights.h"

static char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static struct sim_mailbox *mailbox;
static const struct sim_state *joined;
static uint32_t client; /* what the supervisor calls this process */

static int raw_close(int fd)
{
    return (int)syscall(SYS_close, fd);
}

/* ---- the socket ---- */

static int connect_supervisor(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), rc;

    if (fd < 0)
        return -errno;
    memcpy(a.sun_path, socket_path, sizeof(a.sun_path));
    while (syscall(SYS_connect, fd, &a, sizeof(a)) < 0) {
        if (errno == EINTR || errno == EAGAIN)
            continue;
        rc = errno == ENOENT || errno == ECONNREFUSED ? -ENODEV : -errno;
        raw_close(fd);
        return rc;
    }
    return fd;
}

static int transmit(int c, const struct sim_request *q, int pass)
{
    struct iovec iov = { (void *)q, sizeof(*q) };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    union rights room = { { 0 } };
    const int fds[RIGHTS_MAX] = { pass, -1 };
    ssize_t n;

    rights_put(&m, &room, fds);
    do {
        n = syscall(SYS_sendmsg, c, &m, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -(errno == EPIPE ? ECONNRESET : errno) : 0;
}

/*
 * The supervisor has closed the connection without a request: it keeps 256 connections
 * that have not sent one yet.
 */
#define UNHEARD (-ECONNRESET)
#define TRIES 100

/* A received descriptor takes the lowest free number, as open() would: after ours. */
static int receive(int c, struct sim_reply *r, bool cloexec, int fds[2])
{
    union rights room;
    struct iovec iov = { r, sizeof(*r) };
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room)
    };
    ssize_t n;

    do {
        n = syscall(SYS_recvmsg, c, &m, cloexec ? MSG_CMSG_CLOEXEC : 0);
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return UNHEARD;
    if (n < (ssize_t)offsetof(struct sim_reply, out))
        return -ENODEV;
    rights_take(&m, fds);
    return 0;
}

/* Our own number has become free: that is the one that open() would have returned. */
static int lower(int fd, int ours, bool cloexec)
{
    int other;

    if (fd < ours)
        return fd;
    other = (int)syscall(SYS_fcntl, fd, cloexec ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
    if (other < 0)
        return fd;
    raw_close(other < fd ? fd : other);
    return other < fd ? other : fd;
}

static void sign(struct sim_request *q)
{
    q->client = client;
    q->pid = getpid();
    q->tid = (int32_t)syscall(SYS_gettid);
    if (joined && q->file < SIM_MAX_FILES)
        q->serial = joined->files[q->file].serial;
}

static int transfer(struct sim_request *q, struct sim_reply *reply, int pass, bool cloexec,
                    int fds[2])
{
    int c = connect_supervisor(), rc;

    fds[0] = fds[1] = -1;
    if (c < 0)
        return c;
    sign(q);
    rc = transmit(c, q, pass);
    rc = rc ? rc : receive(c, reply, cloexec, fds);
    raw_close(c);
    if (rc)
        return rc;
    if (fds[0] >= 0)
        fds[0] = lower(fds[0], c, cloexec);
    return reply->rc;
}

int client_transfer(struct sim_request *q, struct sim_reply *reply, int pass, bool cloexec,
                    int fds[2])
{
    int rc = UNHEARD;

    for (unsigned i = 0; i < TRIES && rc == UNHEARD; i++)
        rc = transfer(q, reply, pass, cloexec, fds);
    return rc == UNHEARD ? -ENODEV : rc;
}

/* ---- joining ---- */

static void *map_segment(int fd, size_t size, int prot)
{
    void *p = fd < 0 ? MAP_FAILED : mmap(NULL, size, prot, MAP_SHARED, fd, 0);

    return p == MAP_FAILED ? NULL : p;
}

static int hello(int fds[2])
{
    struct sim_request q = { .op = SIM_REQUEST_HELLO };
    struct sim_reply r;
    int rc = client_transfer(&q, &r, -1, true, fds);

    if (!rc)
        client = r.file;
    return rc;
}

int client_join(const struct sim_state **state)
{
    const char *where = secure_getenv(SIM_ENV_VARIABLE);
    const struct sim_state *s;
    int fds[2], rc;

    if (!where)
        return -ENOENT;
    if (strlen(where) >= sizeof(socket_path))
        return -ENAMETOOLONG;
    strcpy(socket_path, where);
    rc = hello(fds);
    if (rc)
        return rc;
    if (fds[1] < 0) {
        rights_close(fds);
        return -EMFILE; /* there was no room for both */
    }
    s = map_segment(fds[0], sizeof(*s), PROT_READ);
    mailbox = map_segment(fds[1], sizeof(*mailbox), PROT_READ | PROT_WRITE);
    rights_close(fds);
    if (!s || !mailbox)
        return -ENOMEM;
    if (s->magic != SIM_MAGIC || s->size != sizeof(*s))
        return -EPROTO;
    joined = *state = s;
    return 0;
}

void client_forked(void)
{
    int fds[2];

    /* without a descriptor for it: the supervisor trusts what we say who we are */
    client = SIM_NO_CLIENT;
    if (joined && !hello(fds))
        rights_close(fds);
}

/* ---- the mailbox ---- */

static long futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

static struct sim_slot *claim(unsigned *index)
{
    const uint32_t mine = sim_slot_state(SIM_SLOT_CLAIMED, client);

    for (;;) {
        for (unsigned i = 0; i < SIM_SLOTS; i++) {
            uint32_t free = __atomic_load_n(&mailbox->slots[i].state, __ATOMIC_RELAXED);

            if ((free & 0xff) == SIM_SLOT_FREE &&
                __atomic_compare_exchange_n(&mailbox->slots[i].state, &free, mine, false,
                                            __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
                *index = i;
                return &mailbox->slots[i];
            }
        }
        usleep(100); /* a thousand calls are in progress */
    }
}

static void post(unsigned i)
{
    __atomic_or_fetch(&mailbox->posted[i / 64], 1ull << (i % 64), __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&mailbox->work, 1, __ATOMIC_SEQ_CST);
    futex(&mailbox->work, FUTEX_WAKE, 1, NULL);
}

/*
 * Sleeps until the answer has come, or a moment.  True: a handler ran meanwhile.  (A futex with a
 * timeout is never restarted after one, as the driver's waits are not.)
 */
static bool interrupted(struct sim_slot *slot, uint32_t posted, bool *moment)
{
    const struct timespec second = { .tv_sec = 1 };
    long rc = futex(&slot->state, FUTEX_WAIT, posted, &second);

    *moment = rc < 0 && errno == ETIMEDOUT;
    return rc < 0 && errno == EINTR;
}

static bool supervisor_gone(void)
{
    int c = connect_supervisor();

    if (c >= 0)
        raw_close(c);
    return c == -ENODEV;
}

int client_call(struct sim_request *q, struct sim_reply *reply, bool interruptible)
{
    struct sim_slot *slot;
    uint32_t posted;
    unsigned i;
    int rc;

    if (!mailbox)
        return -ENODEV;
    sign(q);
    slot = claim(&i);
    posted = sim_slot_state(SIM_SLOT_POSTED, client);
    slot->request = *q;
    slot->cancel = 0;
    __atomic_store_n(&slot->state, posted, __ATOMIC_RELEASE);
    post(i);
    while (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == posted) {
        bool moment;

        if (interrupted(slot, posted, &moment) && interruptible &&
            !__atomic_exchange_n(&slot->cancel, 1, __ATOMIC_SEQ_CST))
            post(i);
        if (moment && supervisor_gone())
            return -ENODEV;
    }
    rc = slot->reply.rc;
    if (reply) {
        memcpy(reply, &slot->reply, offsetof(struct sim_reply, out));
        if (reply->out_size > sizeof(reply->out))
            reply->out_size = 0;
        memcpy(reply->out, slot->reply.out, reply->out_size);
    }
    __atomic_store_n(&slot->state, SIM_SLOT_FREE, __ATOMIC_RELEASE);
    return rc;
}

void client_moved(uint32_t file)
{
    __atomic_fetch_add(&mailbox->moves[file % SIM_MOVES], 1, __ATOMIC_SEQ_CST);
}

uint32_t client_moves(uint32_t file)
{
    return __atomic_load_n(&mailbox->moves[file % SIM_MOVES], __ATOMIC_SEQ_CST);
}
