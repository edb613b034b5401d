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

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), rc;

    if (fd < 0)
        return -errno;
    rc = write(fd, text, strlen(text)) > 0 ? 0 : -errno;
    close(fd);
    return rc;
}

/* Is this folder of a class (hl0, accel0) our device's? */
static bool ours(const char *dir)
{
    char path[400], line[64] = "";
    FILE *f;

    if (strstr(dir, "control"))
        return false;
    snprintf(path, sizeof(path), "%s/pci_addr", dir); /* 6.1 has no link to the device */
    f = fopen(path, "re");
    if (!f) {
        snprintf(path, sizeof(path), "%s/device/pci_addr", dir);
        f = fopen(path, "re");
    }
    if (f && !fgets(line, sizeof(line), f))
        line[0] = 0;
    if (f)
        fclose(f);
    line[strcspn(line, "\n")] = 0;
    return !strcmp(line, test_pci_address());
}

/* In the PCI device's folder, or in its class device's. */
static bool attribute_path(const char *name, char *path, size_t size)
{
    static const char *const classes[] = { "/sys/class/accel", "/sys/class/habanalabs" };

    snprintf(path, size, DEVICE "/%s", test_pci_address(), name);
    if (access(path, F_OK) == 0)
        return true;
    for (unsigned i = 0; i < 2; i++) {
        struct dirent *e;
        DIR *d = opendir(classes[i]);
        bool found = false;

        while (d && !found && (e = readdir(d))) {
            char dir[300];

            snprintf(dir, sizeof(dir), "%.30s/%s", classes[i], e->d_name);
            snprintf(path, size, "%s/%s", dir, name);
            found = e->d_name[0] != '.' && access(path, F_OK) == 0 && ours(dir);
        }
        if (d)
            closedir(d);
        if (found)
            return true;
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

    return attribute_path(name, path, sizeof(path)) ? write_text(path, "1") : -ENOENT;
}

int rig_rescan(void)
{
    return write_text("/sys/bus/pci/rescan", "1");
}

int rig_bind(bool bind)
{
    return write_text(bind ? "/sys/bus/pci/drivers/habanalabs/bind"
                           : "/sys/bus/pci/drivers/habanalabs/unbind",
                      test_pci_address());
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

static pid_t holder;

/* After a test that failed half-way: the next one finds the device closed. */
int rig_teardown(void **state)
{
    (void)state;
    if (holder > 0 && kill(holder, SIGKILL) == 0)
        waitpid(holder, NULL, 0);
    holder = 0;
    syscall(SYS_close_range, 3, ~0u, 0);
    return 0;
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
        struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = 10000000000 };
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
    holder = pid;
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
        if (r == pid && holder == pid)
            holder = 0;
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
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = 1000000000 };
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
