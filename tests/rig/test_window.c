/* SPDX-License-Identifier: MIT */
/* The window through which one emulated device reaches another's memory: both ends of it. */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig/emu/vfu.h"
#include "rig/emu/window.h"

#define BAR 0x10000u
#define BASE 0x40000000u

static char folder[32], path[64];

FIXTURE(a_folder)
{
    strcpy(folder, "/tmp/hlthunk-window-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/socket", folder);
    return 0;
}

FIXTURE(no_folder)
{
    unlink(path);
    return rmdir(folder);
}

static int file(off_t size)
{
    int fd = memfd_create("bar", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_true(fd >= 0 && ftruncate(fd, size) == 0);
    return fd;
}

/* One that nobody can make shorter. */
static int sealed(off_t size)
{
    int fd = file(size);

    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    return fd;
}

/* Listeners do not block. */
static void await(int listener)
{
    struct pollfd p = { .fd = listener, .events = POLLIN };

    poll(&p, 1, 60000);
}

static void *accept_one(void *owner)
{
    await(((struct window_owner *)owner)->listener);
    window_accept(owner);
    return NULL;
}

/* The configuration space of a device whose second BAR is at base. */
static void configure(struct window_owner *o, uint64_t base, uint16_t command)
{
    uint8_t cfg[64] = { 0 };

    base |= 0xc; /* what kind of BAR it is */
    memcpy(cfg + 4, &command, 2);
    memcpy(cfg + 0x18, &base, 8);
    window_update(o, cfg);
}

TEST(what_is_enabled_is_reached)
{
    int bars[WINDOW_BARS] = { -1, sealed(BAR), -1 };
    uint64_t sizes[WINDOW_BARS] = { 7, BAR, 0 };
    struct window_owner o = { .listener = -1 };
    uint8_t *mem = mmap(NULL, BAR, PROT_READ | PROT_WRITE, MAP_SHARED, bars[1], 0);
    struct window *w;
    pthread_t thread;

    window_update(&o, NULL); /* of a device that has none */
    assert_int_equal(window_open(&o, path, bars, sizes), 0);
    /* whom the page is handed out to cannot shorten it */
    assert_int_equal(ftruncate(o.fd, 0), -1);
    assert_int_equal(pthread_create(&thread, NULL, accept_one, &o), 0);
    w = window_connect(path);
    pthread_join(thread, NULL);
    assert_non_null(w);
    assert_null(window_ptr(w, BASE, 4)); /* no BAR has a place */
    configure(&o, 0, 2);
    assert_null(window_ptr(w, 0, 4));
    configure(&o, BASE, 2);
    strcpy((char *)mem + 0x800, "here");
    assert_string_equal(window_ptr(w, BASE + 0x800, 5), "here");
    assert_non_null(window_ptr(w, BASE, BAR));
    assert_null(window_ptr(w, BASE, BAR + 1));
    assert_null(window_ptr(w, BASE + BAR, 1));
    assert_null(window_ptr(w, BASE - 1, 1));
    assert_null(window_ptr(w, BASE + BAR - 1, UINT64_MAX));
    configure(&o, 2ull * BASE, 2);
    assert_null(window_ptr(w, BASE, 4));
    assert_non_null(window_ptr(w, 2ull * BASE, 4));
    configure(&o, 2ull * BASE, 1); /* without memory accesses */
    assert_null(window_ptr(w, 2ull * BASE, 4));
    /* a page that promises more than the file has */
    o.page->size[1] = 2 * BAR;
    configure(&o, BASE, 2);
    assert_null(window_ptr(w, BASE + BAR, 1));
    window_close(w);
    munmap(mem, BAR);
    munmap(o.page, sizeof(*o.page));
    close(o.fd);
    close(o.listener);
    close(bars[1]);
}

/* What an owner that is none sends: bytes, and descriptors. */
struct speech {
    int listener, fds[2];
    size_t bytes, count;
};

static void *speak(void *user)
{
    const struct speech *s = user;
    uint8_t has[WINDOW_BARS] = { 1, 1, 1 };
    char control[CMSG_SPACE(sizeof(s->fds))] = { 0 };
    struct iovec iov = { has, s->bytes };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    int fd;

    await(s->listener);
    fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
    if (s->count) {
        struct cmsghdr *c;

        m.msg_control = control;
        m.msg_controllen = CMSG_SPACE(s->count * sizeof(int));
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(s->count * sizeof(int));
        memcpy(CMSG_DATA(c), s->fds, s->count * sizeof(int));
    }
    if (s->bytes)
        sendmsg(fd, &m, MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

TEST(an_owner_is_not_trusted)
{
    int page = sealed(sizeof(struct window_page)), empty = file(0), small = sealed(8),
        bar = file(BAR);
    int loose = file(sizeof(struct window_page));
    const struct {
        size_t bytes, count;
        int fds[2];
        bool connects;
    } cases[] = {
        { 0, 0, { -1, -1 }, false },
        { WINDOW_BARS, 0, { -1, -1 }, false },
        { WINDOW_BARS - 1, 1, { page, -1 }, false },
        { WINDOW_BARS, 1, { empty, -1 }, false },
        { WINDOW_BARS, 1, { small, -1 }, false },
        { WINDOW_BARS, 1, { loose, -1 }, false }, /* it could become shorter */
        { WINDOW_BARS, 2, { page, bar }, true },  /* and two BARs that did not come */
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct speech s = { .listener = vfu_listen(path, SOCK_STREAM),
                            .bytes = cases[i].bytes,
                            .count = cases[i].count,
                            .fds = { cases[i].fds[0], cases[i].fds[1] } };
        struct window *w;
        pthread_t thread;

        assert_true(s.listener >= 0);
        assert_int_equal(pthread_create(&thread, NULL, speak, &s), 0);
        w = window_connect(path);
        pthread_join(thread, NULL);
        if (cases[i].connects != !!w || (!w && errno != ECONNREFUSED))
            fail_msg("case %u: %s, %s", i, w ? "connected" : "refused", strerror(errno));
        if (w) {
            assert_null(window_ptr(w, 0, 1));
            window_close(w);
        }
        close(s.listener);
    }
    close(page);
    close(empty);
    close(small);
    close(loose);
    close(bar);
}

TEST(nobody_is_there)
{
    int bars[WINDOW_BARS] = { -1, -1, -1 };
    uint64_t sizes[WINDOW_BARS] = { 0 };
    struct window_owner o = { .listener = -1 };
    char long_path[200];

    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    assert_null(window_connect(path));
    assert_null(window_connect(long_path));
    assert_true(window_open(&o, "/no/such/folder/socket", bars, sizes) < 0);
    munmap(o.page, sizeof(*o.page));
    close(o.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_enabled_is_reached, a_folder, no_folder),
        cmocka_unit_test_setup_teardown(an_owner_is_not_trusted, a_folder, no_folder),
        cmocka_unit_test_setup_teardown(nobody_is_there, a_folder, no_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
