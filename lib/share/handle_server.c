/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hlthunk/share.h>

#include "lib/core/object.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/kernel/deadline.h"
#include "lib/kernel/owned.h"
#include "lib/kernel/sysfs.h"
#include "lib/memory/dmabuf.h"
#include "lib/share/handle.h"

#define CLIENTS 64u /* that have connected and said nothing yet */

struct offer {
    struct offer *next;
    struct hlthunk_dmabuf *dmabuf; /* a reference */
    uint8_t token[HL_HANDLE_RANDOM];
};

struct owned_fd {
    int fd;
    struct hl_file_id id;
};

struct client {
    struct owned_fd connection; /* fd -1: none */
    uint64_t number;            /* which it was of all, from 1: what epoll calls it */
};

struct hlthunk_handle_server {
    struct hl_object object; /* first */
    uint8_t name[HL_HANDLE_RANDOM];
    struct owned_fd listener, epoll;
    struct client client[CLIENTS]; /* of serve(): the oldest goes when there is no room */
    uint64_t clients;              /* that have come so far */
    pthread_mutex_t lock;          /* guards the offers */
    struct offer *offers;
};

/* Takes over a new descriptor (or -errno). */
static int own(struct owned_fd *o, int fd, const char *what)
{
    o->fd = hl_owned_adopt(fd, &o->id);
    return o->fd < 0 ? hl_err(o->fd, "no %s for a handle server: %s", what, strerror(-o->fd)) : 0;
}

/*
 * Ends a socket, and whatever copies of it a forked child has, which close() would leave connected.
 * What a client said too late is read: unread, it would take the answer away from the client.
 */
static void hang_up(int fd)
{
    char byte;

    shutdown(fd, SHUT_RDWR);
    while (recv(fd, &byte, 1, MSG_DONTWAIT) > 0)
        ;
}

static void hang_up_owned(const struct owned_fd *o)
{
    if (o->fd >= 0 && hl_fd_is(o->fd, &o->id))
        hang_up(o->fd);
}

static void drop_client(struct hlthunk_handle_server *s, struct client *c)
{
    struct owned_fd *o = &c->connection;

    hang_up_owned(o);
    /* nor does close() take a copied one out of the set */
    epoll_ctl(s->epoll.fd, EPOLL_CTL_DEL, o->fd, NULL);
    hl_owned_close(o->fd, &o->id, s->object.epoch);
    o->fd = -1;
}

/* Nobody connects from now on, and who waits for an answer is told that none will come. */
static void stop_listening(struct hlthunk_handle_server *s)
{
    int fd;

    hang_up_owned(&s->listener);
    while (hl_fd_is(s->listener.fd, &s->listener.id) &&
           (fd = accept4(s->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        close(fd);
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (s->client[i].connection.fd >= 0)
            drop_client(s, &s->client[i]);
    }
}

static void destroy(struct hl_object *o)
{
    struct hlthunk_handle_server *s = (struct hlthunk_handle_server *)o;
    bool ours = hl_object_is_ours(o);
    struct offer *f;

    if (ours)
        stop_listening(s);
    for (unsigned i = 0; !ours && i < CLIENTS; i++)
        hl_owned_close(s->client[i].connection.fd, &s->client[i].connection.id, o->epoch);
    hl_owned_close(s->epoll.fd, &s->epoll.id, o->epoch);
    hl_owned_close(s->listener.fd, &s->listener.id, o->epoch);
    while ((f = s->offers)) {
        s->offers = f->next;
        hlthunk_dmabuf_unref(f->dmabuf);
        free(f);
    }
    if (ours)
        pthread_mutex_destroy(&s->lock);
    hl_object_free(o);
}

static const struct hl_object_ops ops = { .kind = "handle server", .destroy = destroy };

static int random_bytes(uint8_t *bytes, size_t n)
{
    ssize_t got;

    do
        got = getrandom(bytes, n, 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)n ? 0 : hl_err(-EIO, "the kernel gives no random numbers");
}

static int listen_on(struct hlthunk_handle_server *s)
{
    struct epoll_event e = { .events = EPOLLIN, .data.u64 = 0 };
    struct sockaddr_un address;
    socklen_t size;
    int fd, rc = random_bytes(s->name, sizeof(s->name));

    if (rc)
        return rc;
    size = hl_handle_address(s->name, &address);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    rc = own(&s->listener, fd < 0 ? -errno : hl_fd_sanitize(fd), "socket");
    if (rc)
        return rc;
    fd = s->listener.fd;
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, (int)CLIENTS) < 0)
        return hl_err(-errno, "a handle server cannot listen: %s", strerror(errno));
    fd = epoll_create1(EPOLL_CLOEXEC);
    rc = own(&s->epoll, fd < 0 ? -errno : hl_fd_sanitize(fd), "epoll");
    if (rc)
        return rc;
    hl_owned_is_epoll(s->epoll.fd, s->listener.fd);
    if (epoll_ctl(s->epoll.fd, EPOLL_CTL_ADD, s->listener.fd, &e) < 0)
        return hl_err(-errno, "a handle server cannot be waited for: %s", strerror(errno));
    return 0;
}

int hlthunk_handle_server_create(struct hlthunk_handle_server **server)
{
    struct hlthunk_handle_server *s;
    int rc;

    if (!server)
        return hl_err(-EINVAL, "server is NULL");
    s = hl_object_new(sizeof(*s));
    if (!s)
        return hl_err(-ENOMEM, "no memory for a handle server");
    hl_object_init(&s->object, &ops, NULL, NULL, __builtin_return_address(0));
    pthread_mutex_init(&s->lock, NULL); /* without attributes: it cannot fail here */
    s->listener.fd = s->epoll.fd = -1;
    for (unsigned i = 0; i < CLIENTS; i++)
        s->client[i].connection.fd = -1;
    rc = listen_on(s);
    if (rc) {
        hl_object_put(&s->object);
        return rc;
    }
    *server = s;
    return 0;
}

void hlthunk_handle_server_unref(struct hlthunk_handle_server *s)
{
    if (s)
        hl_object_put(&s->object);
}

int hlthunk_handle_server_borrow_fd(const struct hlthunk_handle_server *s)
{
    return s->epoll.fd;
}

static int check(const struct hlthunk_handle_server *s)
{
    return hl_object_check(s ? &s->object : NULL, "server");
}

int hlthunk_handle_server_offer(struct hlthunk_handle_server *s, struct hlthunk_dmabuf *dmabuf,
                                uint8_t handle[HLTHUNK_HANDLE_SIZE])
{
    struct hl_handle h;
    struct offer *f;
    int rc = check(s);

    rc = rc ? rc : hl_object_check(dmabuf ? &dmabuf->object : NULL, "dmabuf");
    if (rc)
        return rc;
    if (!handle)
        return hl_err(-EINVAL, "handle is NULL");
    f = malloc(sizeof(*f));
    if (!f)
        return hl_err(-ENOMEM, "no memory for a handle");
    rc = random_bytes(f->token, sizeof(f->token));
    if (rc) {
        free(f);
        return rc;
    }
    f->dmabuf = hlthunk_dmabuf_ref(dmabuf);
    hl_handle_init(&h, s->name, f->token);
    memcpy(handle, &h, sizeof(h));
    pthread_mutex_lock(&s->lock);
    f->next = s->offers;
    s->offers = f;
    pthread_mutex_unlock(&s->lock);
    return 0;
}

/* In a time that does not depend on where they differ. */
static bool same(const uint8_t *a, const uint8_t *b)
{
    unsigned differ = 0;

    for (unsigned i = 0; i < HL_HANDLE_RANDOM; i++)
        differ |= a[i] ^ b[i];
    return !differ;
}

int hlthunk_handle_server_withdraw(struct hlthunk_handle_server *s,
                                   const uint8_t handle[HLTHUNK_HANDLE_SIZE])
{
    struct offer **at, *f;
    struct hl_handle h;
    int rc = check(s);

    if (rc)
        return rc;
    if (!handle)
        return hl_err(-EINVAL, "handle is NULL");
    memcpy(&h, handle, sizeof(h));
    pthread_mutex_lock(&s->lock);
    for (at = &s->offers; *at && !same((*at)->token, h.token); at = &(*at)->next)
        ;
    f = *at;
    if (f)
        *at = f->next;
    pthread_mutex_unlock(&s->lock);
    if (!f)
        return hl_err(-ENOENT, "the handle is not one of this server's, or withdrawn already");
    hlthunk_dmabuf_unref(f->dmabuf);
    free(f);
    return 0;
}

static struct hlthunk_dmabuf *find(struct hlthunk_handle_server *s, const uint8_t *token)
{
    struct hlthunk_dmabuf *m = NULL;

    pthread_mutex_lock(&s->lock);
    for (const struct offer *f = s->offers; f; f = f->next) {
        if (same(f->token, token))
            m = hlthunk_dmabuf_ref(f->dmabuf);
    }
    pthread_mutex_unlock(&s->lock);
    return m;
}

static bool may_ask(int client)
{
    struct ucred c;
    socklen_t n = sizeof(c);

    return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &c, &n) == 0 &&
           (c.uid == geteuid() || !c.uid);
}

static bool tell(int client, int32_t status)
{
    return send(client, &status, sizeof(status), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(status);
}

/* One client's request, if there is one: was a dma-buf handed out? */
static bool answer(struct hlthunk_handle_server *s, int client)
{
    uint8_t token[HL_HANDLE_RANDOM + 1];
    ssize_t n = recv(client, token, sizeof(token), MSG_DONTWAIT);
    struct hlthunk_dmabuf *m = NULL;
    int32_t status = -ENOENT;
    bool given = false;

    if (n < 0 && errno == EAGAIN)
        status = -EAGAIN; /* it has said nothing while others came, and may come again */
    else if (n == HL_HANDLE_RANDOM && (m = find(s, token)))
        status = 0;
    if (tell(client, status) && m)
        given = hlthunk_dmabuf_send(client, &m, 1, 0) == 0;
    hlthunk_dmabuf_unref(m);
    return given;
}

/* One that has said something, has gone, or makes room for others: answered and dropped. */
static int serve_client(struct hlthunk_handle_server *s, uint64_t number)
{
    struct client *c = &s->client[number % CLIENTS];
    const struct owned_fd *o = &c->connection;
    int given = 0;

    if (c->number != number || o->fd < 0)
        return 0;
    if (hl_fd_is(o->fd, &o->id))
        given = answer(s, o->fd);
    drop_client(s, c);
    return given;
}

/* Takes a place, whose client makes room: how many were handed out to it. */
static int seat(struct hlthunk_handle_server *s, int fd)
{
    struct client *c = &s->client[++s->clients % CLIENTS];
    /* once: a connection that the program has closed and a child keeps is out of our reach */
    struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT, .data.u64 = s->clients };
    struct owned_fd *o = &c->connection;
    int given = serve_client(s, c->number);

    c->number = s->clients;
    o->fd = hl_owned_adopt(hl_fd_sanitize(fd), &o->id);
    if (epoll_ctl(s->epoll.fd, EPOLL_CTL_ADD, o->fd, &e) < 0)
        drop_client(s, c);
    return given;
}

/*
 * Those who have connected; *given: how many were handed out on the way.  Strangers take nobody's
 * place.  0, or -errno with a text: the next one cannot be accepted, and waits.
 */
static int accept_some(struct hlthunk_handle_server *s, int *given)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        int fd = accept4(s->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
            break;
        if (fd < 0)
            return hl_err(-errno, "a client cannot be accepted: %s", strerror(errno));
        if (may_ask(fd)) {
            *given += seat(s, fd);
        } else {
            tell(fd, -EACCES);
            hang_up(fd);
            close(fd);
        }
    }
    return 0;
}

static int serve(struct hlthunk_handle_server *s, int64_t timeout_ns)
{
    uint64_t deadline = hl_deadline_after(timeout_ns);
    struct epoll_event e;
    int given = 0, rc = check(s);
    bool any = false;

    if (rc)
        return rc;
    /* no more at the end of the time than have room: a flood does not keep the caller */
    for (unsigned late = 0; late < 2 * CLIENTS;) {
        uint64_t left = any ? 0 : hl_left_us(deadline);

        rc = epoll_wait(s->epoll.fd, &e, 1, left > 1000000 ? 1000 : (int)((left + 999) / 1000));
        if (rc < 0 && errno != EINTR)
            return hl_err(-errno, "the server cannot be waited for: %s", strerror(errno));
        late += !left;
        if (rc == 0 && !left)
            break;
        if (rc <= 0)
            continue;
        if (e.data.u64)
            given += serve_client(s, e.data.u64);
        else if ((rc = accept_some(s, &given)))
            return given ? given : rc;
        any = any || e.data.u64;
    }
    return given;
}

/* What fails for one client is no failure of the call. */
int hlthunk_handle_server_serve(struct hlthunk_handle_server *s, int64_t timeout_ns)
{
    struct hl_err_kept kept;
    int rc;

    hl_err_begin(&kept);
    rc = serve(s, timeout_ns);
    hl_err_end(&kept, rc < 0 ? rc : 0);
    return rc;
}
