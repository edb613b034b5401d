/* SPDX-License-Identifier: MIT */
#include "tests/rig/guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAILBOX 0xFE0
#define DEVICE "/sys/bus/pci/devices/%s"

void require_rig(void)
{
    if (!in_rig() || geteuid() != 0) {
        fprintf(stderr, "this test runs on the real driver only: rig/run -- PROGRAM\n");
        exit(1);
    }
}

int rig_request(enum rig_command command, uint64_t argument)
{
    uint32_t words[3] = { (uint32_t)argument, (uint32_t)(argument >> 32), command }, error = 0;
    const off_t at[3] = { MAILBOX + 8, MAILBOX + 12, MAILBOX };
    char path[96];
    int fd;

    snprintf(path, sizeof(path), DEVICE "/config", test_pci_address());
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pwrite(fd, &words[i], 4, at[i]), 4);
    assert_int_equal(pread(fd, &error, 4, MAILBOX + 4), 4);
    close(fd);
    return (int)error;
}

static int write_one(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), rc;

    if (fd < 0)
        return -errno;
    rc = write(fd, "1", 1) == 1 ? 0 : -errno;
    close(fd);
    return rc;
}

/* In the device's folder, or in its class device's (accel/accel0, habanalabs/hl0). */
static bool attribute_path(const char *name, char *path, size_t size)
{
    static const char *const classes[] = { "accel", "habanalabs" };
    char dir[128];

    snprintf(path, size, DEVICE "/%s", test_pci_address(), name);
    if (access(path, F_OK) == 0)
        return true;
    for (unsigned i = 0; i < 2; i++) {
        struct dirent *e;
        DIR *d;

        snprintf(dir, sizeof(dir), DEVICE "/%s", test_pci_address(), classes[i]);
        d = opendir(dir);
        while (d && (e = readdir(d))) {
            snprintf(path, size, "%s/%s/%s", dir, e->d_name, name);
            if (e->d_name[0] != '.' && access(path, F_OK) == 0) {
                closedir(d);
                return true;
            }
        }
        if (d)
            closedir(d);
    }
    return false;
}

bool rig_has_attribute(const char *name)
{
    char path[512];

    return attribute_path(name, path, sizeof(path));
}

int rig_poke_attribute(const char *name)
{
    char path[512];

    return attribute_path(name, path, sizeof(path)) ? write_one(path) : -ENOENT;
}

int rig_rescan(void)
{
    return write_one("/sys/bus/pci/rescan");
}

int rig_unload(void)
{
    return syscall(SYS_delete_module, "habanalabs", O_NONBLOCK) < 0 ? -errno : 0;
}

int rig_load(void)
{
    int fd = open("/lib/modules/habanalabs.ko", O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0 ? -errno : 0;

    if (fd >= 0)
        close(fd);
    return rc;
}

bool rig_can_reload(void)
{
    char line[64];
    bool yes = true;
    FILE *f = fopen("/rig/config", "re");

    while (f && fgets(line, sizeof(line), f))
        if (!strcmp(line, "STRICT=1\n"))
            yes = false;
    if (f)
        fclose(f);
    return yes;
}

pid_t rig_holder(void)
{
    int ready[2];
    char c = 0;
    pid_t pid;

    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct hlthunk_device_options o = { .size = sizeof(o), .timeout_us = 10000000 };
        struct hlthunk_device *d;
        struct hlthunk_buffer *b;
        struct hlthunk_dmabuf *m;

        if (hlthunk_device_open(&o, &d) || hlthunk_buffer_alloc(d, 64 * MIB, NULL, &b) ||
            (can_export() && hlthunk_dmabuf_export(b, 0, 64 * MIB, NULL, &m)) ||
            write(ready[1], "r", 1) != 1) {
            fprintf(stderr, "%s\n", hlthunk_last_error());
            _exit(1);
        }
        for (;;)
            pause();
    }
    close(ready[1]);
    if (read(ready[0], &c, 1) != 1)
        fail_msg("the process that should hold the device did not get that far");
    close(ready[0]);
    return pid;
}

int rig_ended(pid_t pid, unsigned seconds)
{
    int status;

    for (unsigned i = 0; i < seconds * 100; i++) {
        pid_t r = waitpid(pid, &status, WNOHANG);

        assert_true(r >= 0);
        if (r == pid)
            return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
        usleep(10000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    fail_msg("the process lives after %u seconds", seconds);
    return 0;
}

void rig_serves(unsigned seconds)
{
    struct hlthunk_device_options o = { .size = sizeof(o), .timeout_us = 1000000 };
    struct timespec until, now;
    struct hlthunk_device *d;
    struct hlthunk_buffer *b;
    struct hlthunk_dmabuf *m;
    int rc;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    do {
        rc = hlthunk_device_open(&o, &d);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (rc)
            usleep(50000);
    } while (rc && now.tv_sec < until.tv_sec);
    if (rc)
        fail_msg("not open after %u seconds: %s", seconds, hlthunk_last_error());
    ok(hlthunk_buffer_alloc(d, 64 * MIB, NULL, &b));
    if (can_export()) {
        ok(hlthunk_dmabuf_export(b, 0, 64 * MIB, NULL, &m));
        hlthunk_dmabuf_unref(m);
    }
    hlthunk_buffer_unref(b);
    assert_int_equal(hlthunk_device_close(d), 0);
}
