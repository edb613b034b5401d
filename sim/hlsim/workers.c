/* SPDX-License-Identifier: MIT */
#include "sim/hlsim/workers.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/hlsim/call.h"
#include "sim/hlsim/clients.h"
#include "sim/rights.h"

#define STACK (256u << 10)
#define MOST (SIM_SLOTS + 256u)

/* A request from a connection, in line. */
struct job {
    struct call call; /* first: finish() gets its address */
    struct job *next;
    int connection;
};

static struct sim_state *state;
static struct sim_mailbox *box;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct job *first, **last = &first;
static struct call *running[SIM_SLOTS]; /* the request of a slot, while a thread has it */
static bool orphan[SIM_SLOTS];          /* ... and its process is gone */
static unsigned threads, idle;

static void futex(uint32_t *word, int op, uint32_t value)
{
    syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* ---- what came over a socket ---- */

static void answer(int connection, const struct sim_reply *r, const int fds[2])
{
    struct iovec iov = { (void *)(uintptr_t)r, offsetof(struct sim_reply, out) + r->out_size };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    union rights room = { { 0 } };

    rights_put(&m, &room, fds);
    /* there is room: this is the first datagram; a client that does not read it delays only itself
     */
    sendmsg(connection, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(connection);
}

static void finish(struct call *c)
{
    struct job *j = (struct job *)(void *)c;

    answer(j->connection, c->reply, c->fds);
    for (unsigned i = 0; i < 2; i++)
        if (c->own[i] && c->fds[i] >= 0)
            close(c->fds[i]);
    if (c->pass >= 0)
        close(c->pass);
}

static void serve_job(struct job *j)
{
    static const struct sim_reply nothing;
    struct sim_reply reply = nothing;

    j->call.reply = &reply;
    if (j->call.request.op == SIM_REQUEST_HELLO) {
        j->call.request.client = clients_new(j->call.pid);
        workers_forget(j->call.request.client); /* its name before its execve() */
    }
    call_serve(&j->call);
    free(j);
}

static struct job *next_job(void)
{
    struct job *j = first;

    if (!j)
        return NULL;
    first = j->next;
    if (!first)
        last = &first;
    return j;
}

static void wake(void)
{
    __atomic_add_fetch(&box->work, 1, __ATOMIC_SEQ_CST);
    futex(&box->work, FUTEX_WAKE, 1);
}

void workers_take(int connection, const struct sim_request *q, pid_t pid, int pass)
{
    struct job *j = malloc(sizeof(*j));

    if (!j) {
        close(connection);
        if (pass >= 0)
            close(pass);
        return;
    }
    *j = (struct job){ .call = { .state = state,
                                 .request = *q,
                                 .pid = pid,
                                 .pass = pass,
                                 .fds = { -1, -1 },
                                 .transfer = true,
                                 .finish = finish },
                       .connection = connection };
    pthread_mutex_lock(&lock);
    *last = j;
    last = &j->next;
    pthread_mutex_unlock(&lock);
    wake();
}

/* ---- what is in the mailbox ---- */

/* A posted slot, or SIM_SLOTS; with our lock. */
static unsigned next_slot(void)
{
    for (unsigned w = 0; w < SIM_SLOTS / 64; w++) {
        uint64_t bits = __atomic_load_n(&box->posted[w], __ATOMIC_SEQ_CST);

        while (bits) {
            unsigned b = (unsigned)__builtin_ctzll(bits);

            bits &= bits - 1;
            __atomic_and_fetch(&box->posted[w], ~(1ull << b), __ATOMIC_SEQ_CST);
            return 64 * w + b;
        }
    }
    return SIM_SLOTS;
}

/* Posted again while in progress: its caller has received a signal. */
static void cancel(unsigned i)
{
    if (__atomic_load_n(&box->slots[i].cancel, __ATOMIC_SEQ_CST)) {
        atomic_store(&running[i]->cancelled, true);
        call_wake(state, running[i]->request.file);
    }
}

/* False: nothing is to be done for this slot.  With our lock. */
static bool begin(unsigned i, struct call *c, uint32_t *posted)
{
    struct sim_slot *slot = &box->slots[i];

    *posted = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
    if ((*posted & 0xff) != SIM_SLOT_POSTED)
        return false;
    if (running[i]) {
        cancel(i);
        return false;
    }
    memcpy(&c->request, &slot->request, sizeof(c->request));
    running[i] = c;
    orphan[i] = false;
    if (__atomic_load_n(&slot->cancel, __ATOMIC_SEQ_CST))
        atomic_store(&c->cancelled, true);
    return true;
}

static void serve_slot(unsigned i, struct call *c, uint32_t posted)
{
    struct sim_slot *slot = &box->slots[i];
    uint32_t client = posted >> 8;
    struct sim_reply *r = c->reply;

    c->pid = clients_pid(client);
    if (!c->pid)
        c->pid = c->request.pid; /* one that could not give us its name */
    call_serve(c);
    pthread_mutex_lock(&lock);
    running[i] = NULL;
    if (!orphan[i])
        memcpy(&slot->reply, r, offsetof(struct sim_reply, out) + r->out_size);
    __atomic_store_n(&slot->state,
                     orphan[i] ? SIM_SLOT_FREE : sim_slot_state(SIM_SLOT_DONE, client),
                     __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
    futex(&slot->state, FUTEX_WAKE, INT_MAX);
}

void workers_forget(uint32_t client)
{
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < SIM_SLOTS; i++) {
        uint32_t was = __atomic_load_n(&box->slots[i].state, __ATOMIC_SEQ_CST);

        if (client == SIM_NO_CLIENT || was >> 8 != client || (was & 0xff) == SIM_SLOT_FREE)
            continue;
        if (running[i]) {
            atomic_store(&running[i]->cancelled, true);
            call_wake(state, running[i]->request.file);
            orphan[i] = true;
            continue;
        }
        __atomic_store_n(&box->slots[i].state, SIM_SLOT_FREE, __ATOMIC_SEQ_CST);
    }
    pthread_mutex_unlock(&lock);
}

/* ---- threads ---- */

static void *work(void *unused);

/* With our lock. */
static int spawn(void)
{
    pthread_attr_t a;
    pthread_t t;
    int rc;

    if (threads == MOST)
        return -EAGAIN;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, STACK);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    rc = pthread_create(&t, &a, work, NULL);
    pthread_attr_destroy(&a);
    if (!rc)
        threads++;
    return -rc;
}

/* Makes sure that another thread is ready for what comes while this one works. */
static void keep_one_idle(void)
{
    if (!idle)
        spawn();
}

static void *work(void *unused)
{
    (void)unused;
    for (;;) {
        uint32_t seen = __atomic_load_n(&box->work, __ATOMIC_SEQ_CST), posted = 0;
        static const struct sim_reply nothing;
        struct sim_reply reply;
        struct call c = { .state = state, .reply = &reply, .pass = -1, .fds = { -1, -1 } };
        struct job *j;
        unsigned i;
        bool todo;

        pthread_mutex_lock(&lock);
        j = next_job();
        i = j ? SIM_SLOTS : next_slot();
        todo = i < SIM_SLOTS && begin(i, &c, &posted);
        if (!j && i == SIM_SLOTS) {
            idle++;
            pthread_mutex_unlock(&lock);
            futex(&box->work, FUTEX_WAIT, seen);
            pthread_mutex_lock(&lock);
            idle--;
            pthread_mutex_unlock(&lock);
            continue;
        }
        keep_one_idle();
        pthread_mutex_unlock(&lock);
        if (j) {
            serve_job(j);
        } else if (todo) {
            memcpy(&reply, &nothing, offsetof(struct sim_reply, out));
            serve_slot(i, &c, posted);
        }
    }
    return NULL;
}

int workers_start(struct sim_state *s, struct sim_mailbox *mailbox)
{
    int rc;

    state = s;
    box = mailbox;
    pthread_mutex_lock(&lock);
    rc = spawn();
    rc = rc ? rc : spawn();
    pthread_mutex_unlock(&lock);
    return rc;
}
