/* SPDX-License-Identifier: MIT */
#include "lib/share/handle.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
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
    if (status)
        return hl_err(-ENOENT, "the handle is not known to its server: withdrawn, or forged");
    return 0;
}

static int ask(int fd, const struct hl_handle *h, int64_t timeout_ns, struct hlthunk_dmabuf **out)
{
    uint64_t deadline = timeout_ns ? hl_deadline_after(timeout_ns) : 0;
    struct hlthunk_dmabuf *m;
    size_t count;
    int rc = check_server(fd);

    if (rc)
        return rc;
    if (send(fd, h->token, sizeof(h->token), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(h->token))
        return hl_err(-ENOENT, "the handle's server has ended");
    rc = receive_status(fd, deadline);
    /* sent together with the status */
    rc = rc ? rc : hlthunk_dmabuf_receive(fd, &m, 1, &count, timeout_ns);
    if (rc == 0)
        *out = m;
    return rc == -EPIPE || rc == -ECONNRESET ? -ENOENT : rc;
}

int hlthunk_dmabuf_open_handle(const uint8_t handle[HLTHUNK_HANDLE_SIZE], int64_t timeout_ns,
                               struct hlthunk_dmabuf **dmabuf)
{
    struct sockaddr_un address;
    struct hl_handle h;
    socklen_t size;
    int fd, rc;

    if (!handle || !dmabuf)
        return hl_err(-EINVAL, "%s is NULL", handle ? "dmabuf" : "handle");
    memcpy(&h, handle, sizeof(h));
    if (!hl_handle_is_valid(&h))
        return hl_err(-EINVAL, "the bytes are not a handle of this version of the library");
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    fd = fd < 0 ? -errno : hl_fd_sanitize(fd);
    if (fd < 0)
        return hl_err(fd, "no socket: %s", strerror(-fd));
    size = hl_handle_address(h.name, &address);
    if (connect(fd, (struct sockaddr *)&address, size) == 0)
        rc = ask(fd, &h, timeout_ns, dmabuf);
    else if (errno == EAGAIN)
        rc = hl_err(-EAGAIN, "too many processes wait for the handle's server");
    else if (errno == ECONNREFUSED)
        rc = hl_err(-ENOENT, "nobody serves this handle: its server has ended, or is in another "
                             "network namespace or on another machine");
    else
        rc = hl_err(-errno, "the handle's server cannot be reached: %s", strerror(errno));
    close(fd);
    return rc;
}
