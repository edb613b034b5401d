/* SPDX-License-Identifier: MIT */
#include "lib/share/handle.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <hlthunk/share.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/kernel/deadline.h"

static const char magic[8] = "hlhndl1";

void hl_handle_init(struct hl_handle *h, const uint8_t *name, const uint8_t *token)
{
    memset(h, 0, sizeof(*h));
    memcpy(h->magic, magic, sizeof(magic));
    memcpy(h->name, name, sizeof(h->name));
    memcpy(h->token, token, sizeof(h->token));
}

bool hl_handle_is_valid(const struct hl_handle *h)
{
    struct hl_handle same;

    hl_handle_init(&same, h->name, h->token);
    return !memcmp(h, &same, sizeof(same));
}

socklen_t hl_handle_address(const uint8_t *name, struct sockaddr_un *a)
{
    int n;

    memset(a, 0, sizeof(*a));
    a->sun_family = AF_UNIX;
    /* sun_path[0] is 0: abstract */
    n = snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "hlthunk-handle-");
    for (unsigned i = 0; i < HL_HANDLE_RANDOM; i++)
        n += snprintf(a->sun_path + 1 + n, sizeof(a->sun_path) - 1 - (size_t)n, "%02x", name[i]);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

/* Is the server one of our user's or of root's?  A name is anybody's who takes it first. */
static int check_server(int fd)
{
    struct ucred c;
    socklen_t n = sizeof(c);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) < 0)
        return hl_err(-errno, "whose server it is cannot be known: %s", strerror(errno));
    if (c.uid == geteuid() || !c.uid || !geteuid())
        return 0;
    return hl_err(-EACCES, "the handle is served by user %u, not by this process's, %u", c.uid,
                  geteuid());
}

/* Of the whole call, for what is called on its way. */
static int64_t left_ns(uint64_t deadline)
{
    return deadline == UINT64_MAX ? -1 : (int64_t)hl_left_us(deadline) * 1000;
}

static int too_many(int rc)
{
    return hl_err(rc, "too many processes wait for the handle's server");
}

/* How long connect() waits; 0 would be without end. */
static struct timeval patience(uint64_t deadline)
{
    uint64_t left = hl_left_us(deadline);

    left = left < 1 ? 1 : left > INT32_MAX ? INT32_MAX : left;
    return (struct timeval){ .tv_sec = (time_t)(left / 1000000),
                             .tv_usec = (suseconds_t)(left % 1000000) };
}

/* Waits, half an hour at most, while as many as there is room for wait to be accepted. */
static int reach(int fd, const struct hl_handle *h, uint64_t deadline)
{
    struct sockaddr_un address;
    socklen_t size = hl_handle_address(h->name, &address);
    int rc;

    do {
        struct timeval t = patience(deadline);

        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) < 0)
            return hl_err(-errno, "the time to wait cannot be set: %s", strerror(errno));
        rc = connect(fd, (struct sockaddr *)&address, size);
    } while (rc < 0 && errno == EINTR);
    if (rc == 0)
        return 0;
    if (errno == EAGAIN)
        return too_many(-EAGAIN);
    if (errno == ECONNREFUSED)
        return hl_err(-ENOENT, "nobody serves this handle: its server has ended, or is in another "
                               "network namespace or on another machine");
    return hl_err(-errno, "the handle's server cannot be reached: %s", strerror(errno));
}

static int receive_status(int fd, uint64_t deadline)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int32_t status;
    ssize_t n;

    for (;;) {
        uint64_t left = hl_left_us(deadline);
        int rc = poll(&p, 1, left > 1000000 ? 1000 : (int)((left + 999) / 1000));

        if (rc < 0 && errno != EINTR)
            return hl_err(-errno, "the server cannot be waited for: %s", strerror(errno));
        if (rc > 0)
            break;
        if (!left)
            return hl_err(deadline ? -ETIMEDOUT : -EAGAIN, "the handle's server has not answered");
    }
    n = recv(fd, &status, sizeof(status), MSG_DONTWAIT);
    if (n != sizeof(status))
        return hl_err(-ENOENT, "the handle's server has ended");
    if (status == -EACCES)
        return hl_err(-EACCES, "the handle's server does not serve user %u", geteuid());
    if (status == -EAGAIN)
        return too_many(-EAGAIN);
    if (status)
        return hl_err(-ENOENT, "the handle is not known to its server: withdrawn, or forged");
    return 0;
}

static int ask(int fd, const struct hl_handle *h, uint64_t deadline, struct hlthunk_dmabuf **out)
{
    struct hlthunk_dmabuf *m;
    size_t count;
    int rc = check_server(fd);

    if (rc)
        return rc;
    if (send(fd, h->token, sizeof(h->token), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EPIPE &&
        errno != ECONNRESET)
        return hl_err(-errno, "the handle's server cannot be asked: %s", strerror(errno));
    /* a server that hung up has said why, or has ended */
    rc = receive_status(fd, deadline);
    /* sent together with the status */
    rc = rc ? rc : hlthunk_dmabuf_receive(fd, &m, 1, &count, left_ns(deadline));
    if (rc == 0)
        *out = m;
    return rc == -EPIPE ? -ENOENT : rc;
}

static int try_to_open(const struct hl_handle *h, uint64_t deadline, struct hlthunk_dmabuf **dmabuf)
{
    int type = SOCK_SEQPACKET | SOCK_CLOEXEC | (deadline ? 0 : SOCK_NONBLOCK);
    int rc, fd = socket(AF_UNIX, type, 0);

    fd = fd < 0 ? -errno : hl_fd_sanitize(fd);
    if (fd < 0)
        return hl_err(fd, "no socket: %s", strerror(-fd));
    rc = reach(fd, h, deadline);
    rc = rc ? rc : ask(fd, h, deadline, dmabuf);
    close(fd);
    return rc;
}

int hlthunk_dmabuf_open_handle(const uint8_t handle[HLTHUNK_HANDLE_SIZE], int64_t timeout_ns,
                               struct hlthunk_dmabuf **dmabuf)
{
    uint64_t deadline = timeout_ns ? hl_deadline_after(timeout_ns) : 0;
    struct hl_err_kept kept;
    struct hl_handle h;
    int rc;

    if (!handle || !dmabuf)
        return hl_err(-EINVAL, "%s is NULL", handle ? "dmabuf" : "handle");
    memcpy(&h, handle, sizeof(h));
    if (!hl_handle_is_valid(&h))
        return hl_err(-EINVAL, "the bytes are not a handle of this version of the library");
    hl_err_begin(&kept);
    do
        rc = try_to_open(&h, deadline, dmabuf);
    while (rc == -EAGAIN && hl_left_us(deadline));
    rc = rc == -EAGAIN && deadline ? too_many(-ETIMEDOUT) : rc;
    return hl_err_end(&kept, rc);
}
