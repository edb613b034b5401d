/* SPDX-License-Identifier: MIT */
/* open() and its kin, streams, and mapping what was opened. */
#include "tests/libc/libc.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/libc/early.h"
#include "uapi/habanalabs_accel.h"
#include "uapi/requests.h"

/* What fortified programs call. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

static int folder_fd(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static const char *names_of_open(void)
{
    CHECK(is_node(open(node, O_RDWR)));
    CHECK(is_node(open64(node, O_RDWR | O_CLOEXEC)));
    CHECK(is_node(openat(AT_FDCWD, node, O_RDONLY)));
    CHECK(is_node(openat64(-1, node, O_RDWR)));
    CHECK(is_node(creat(node, 0600)));
    CHECK(is_node(creat64(node, 0600)));
    CHECK(is_node(open(node, O_RDWR | O_CREAT | O_TRUNC, 0600)));
    CHECK(open(node, O_RDWR | O_CREAT | O_EXCL, 0600) == -1 && errno == EEXIST);
    CHECK(open(node, O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
    return NULL;
}

static const char *fortified_open(void)
{
    CHECK(is_node(__open_2(node, O_RDWR)));
    CHECK(is_node(__open64_2(node, O_RDWR)));
    CHECK(is_node(__openat_2(AT_FDCWD, node, O_RDWR)));
    CHECK(is_node(__openat64_2(AT_FDCWD, node, O_RDWR)));
    return NULL;
}

static const char *spellings(void)
{
    char path[128];

    snprintf(path, sizeof(path), "//dev//%s", node + strlen("/dev/"));
    CHECK(is_node(open(path, O_RDWR)));
    snprintf(path, sizeof(path), "/dev/./%s", node + strlen("/dev/"));
    CHECK(is_node(open(path, O_RDWR)));
    snprintf(path, sizeof(path), "%s/./%s", folder, name);
    CHECK(is_node(open(path, O_RDWR)));
    CHECK(open("/dev/accel/accel99", O_RDWR) == -1 && errno == ENOENT);
    CHECK(open("/dev/hl99", O_RDWR) == -1 && errno == ENOENT);
    return NULL;
}

static const char *relative_to_a_folder(void)
{
    int dev = folder_fd("/dev"), own = folder_fd(folder), root = folder_fd("/");

    CHECK(dev >= 0 && own >= 0 && root >= 0);
    CHECK(is_node(openat(own, name, O_RDWR)));
    CHECK(is_node(openat(dev, node + strlen("/dev/"), O_RDWR)));
    CHECK(is_node(openat(root, node + 1, O_RDWR)));
    close(dev);
    close(own);
    close(root);
    return NULL;
}

/* Where there are links to what is simulated. */
static char links[] = "/tmp/libc-links-XXXXXX";

static const char *make_links(void)
{
    CHECK(mkdtemp(links) && chdir(links) == 0);
    CHECK(symlink(node, "node") == 0 && symlink("node", "again") == 0);
    CHECK(symlink(folder, "folder") == 0 && symlink(attributes, "attributes") == 0);
    CHECK(symlink("loop", "loop") == 0);
    return NULL;
}

static const char *remove_links(void)
{
    CHECK(chdir(links) == 0);
    CHECK(!unlink("node") && !unlink("again") && !unlink("folder") && !unlink("attributes"));
    CHECK(!unlink("loop") && chdir("/") == 0 && rmdir(links) == 0);
    return NULL;
}

static const char *links_are_opened(void)
{
    char path[256];
    int dir = folder_fd(links);

    CHECK(is_node(open("node", O_RDWR)));
    CHECK(is_node(open("again", O_RDWR)));
    CHECK(is_node(openat(dir, "node", O_RDWR)) && close(dir) == 0);
    CHECK(open("node", O_RDWR | O_NOFOLLOW) == -1 && errno == ELOOP);
    CHECK(open("loop", O_RDWR) == -1 && errno == ELOOP);
    CHECK(open("node/", O_RDWR) == -1 && (errno == ENOTDIR || old_kernel));
    snprintf(path, sizeof(path), "folder/%s", name);
    CHECK(is_node(open(path, O_RDWR)));
    return NULL;
}

static const char *links_are_looked_at(void)
{
    char text[256], whole[512] = "";
    struct stat st;
    FILE *f;

    CHECK(stat("node", &st) == 0 && looks_like_node(&st));
    CHECK(lstat("node", &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(readlink("node", text, sizeof(text)) == (ssize_t)strlen(node));
    CHECK(access("again", R_OK | W_OK) == 0);
    CHECK(realpath("again", whole) && !strcmp(whole, node));
    f = fopen("attributes/device_type", "r");
    CHECK(f && fgets(text, sizeof(text), f) && !strncmp(text, "GAUDI2", 6) && fclose(f) == 0);
    return NULL;
}

/* Into the simulation by "..", and out of it. */
static const char *dots_are_followed(void)
{
    char path[256], text[256];
    struct stat st;

    CHECK(open("missing/../node", O_RDWR) == -1 && errno == ENOENT);
    snprintf(path, sizeof(path), "/proc/self/root%s", node);
    CHECK(is_node(open(path, O_RDWR)));
    snprintf(path, sizeof(path), "../..%s", node);
    CHECK(is_node(open(path, O_RDWR)));
    snprintf(path, sizeof(path), "%s/../../dev/null", folder);
    CHECK(old_kernel || (stat(path, &st) == 0 && S_ISCHR(st.st_mode)));
    CHECK(chdir("folder") == 0 && is_node(open(name, O_RDWR)));
    CHECK(old_kernel || (stat("../null", &st) == 0 && S_ISCHR(st.st_mode)));
    CHECK(chdir(class_folder) == 0 && chdir("..") == 0 && getcwd(text, sizeof(text)));
    CHECK(!strcmp(text, "/sys/class") && access("tty", F_OK) == access("/sys/class/tty", F_OK));
    return NULL;
}

/* Links anywhere that lead to the simulation, and "..". */
static const char *by_links(void)
{
    const char *why = make_links();

    why = why ? why : links_are_opened();
    why = why ? why : links_are_looked_at();
    why = why ? why : dots_are_followed();
    return why ? why : remove_links();
}

static const char *relative_to_where_one_stands(void)
{
    int before = folder_fd("."), own = folder_fd(folder);
    char *(*getwd_chk)(char *, size_t); /* by its name: linkers warn of it */
    char *here, old[4096];

    *(void **)&getwd_chk = dlsym(RTLD_DEFAULT, "__getwd_chk");
    CHECK(before >= 0 && own >= 0);
    CHECK(chdir(folder) == 0);
    CHECK(is_node(open(name, O_RDWR)));
    here = getcwd(NULL, 0);
    CHECK(here && !strcmp(here, folder));
    free(here);
    here = get_current_dir_name();
    CHECK(here && !strcmp(here, folder));
    free(here);
    CHECK(getwd_chk && getwd_chk(old, sizeof(old)) && !strcmp(old, folder));
    CHECK(chdir("/") == 0 && is_node(open(node + 1, O_RDWR)));
    CHECK(chdir("dev") == 0 && is_node(open(node + strlen("/dev/"), O_RDWR)));
    CHECK(fchdir(own) == 0 && is_node(open(name, O_RDWR)));
    CHECK(fchdir(before) == 0);
    close(before);
    close(own);
    return NULL;
}

static const char *streams(void)
{
    FILE *f = fopen(node, "r+e");

    CHECK(f && is_node(dup(fileno(f))) && fclose(f) == 0);
    f = fopen64(node, "r");
    CHECK(f && is_node(dup(fileno(f))) && fclose(f) == 0);
    CHECK(chdir(folder) == 0);
    f = fopen(name, "r");
    CHECK(f && is_node(dup(fileno(f))) && fclose(f) == 0);
    CHECK(chdir("/") == 0);
    f = fopen("/dev/null", "r");
    CHECK(f);
    f = freopen(node, "r", f);
    CHECK(f && is_node(dup(fileno(f))) && fclose(f) == 0);
    CHECK(is_node(open(node, O_RDWR))); /* none has stayed open */
    return NULL;
}

static const char *debug_address = "/sys/kernel/debug/habanalabs/hl0/addr";

/* A file of simple_attr_open(): there are no places. */
static bool has_no_places(int fd)
{
    char text[8];
    const struct iovec v = { text, sizeof(text) };

    return pread(fd, text, 2, 0) == -1 && errno == ESPIPE && preadv(fd, &v, 1, 0) == -1 &&
           errno == ESPIPE && lseek(fd, 0, SEEK_SET) == -1 && errno == ESPIPE;
}

static bool is_read_in_parts(int fd, const char *wanted)
{
    char line[64] = "", rest;
    const struct iovec first = { line, 2 }, second = { line + 2, sizeof(line) - 3 };

    return readv(fd, &first, 1) == 2 && readv(fd, &second, 1) == (ssize_t)strlen(wanted) - 2 &&
           !strcmp(line, wanted) && read(fd, &rest, 1) == 0;
}

static bool has_address(const char *wanted)
{
    FILE *f = fopen(debug_address, "r");
    char line[64] = "";
    bool has = f && fgets(line, sizeof(line), f) && !strcmp(line, wanted) && fgetc(f) == EOF;
    int fd = open(debug_address, O_RDONLY);

    has = has && fclose(f) == 0 && has_no_places(fd) && is_read_in_parts(fd, wanted);
    f = fdopen(fd, "r");
    return has && f && fgetc(f) == EOF && fclose(f) == 0 && fcntl(fd, F_GETFD) == -1;
}

/* What is nobody's memory, and calls that these files do not have. */
static const char *refusals_of_debugfs(void)
{
    char *nobodys = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), text[32] = "";
    int fd = open(debug_address, O_RDWR), n = 1;
    struct iovec bad = { nobodys, 8 }, good = { text, sizeof(text) };
    struct hl_info_args info = { .op = HL_INFO_DEVICE_STATUS };

    CHECK(fd >= 0 && nobodys != MAP_FAILED);
    CHECK(write(fd, "0x5000", 6) == 6);
    CHECK(write(fd, nobodys, 8) == -1 && errno == EFAULT);
    CHECK(writev(fd, &bad, 1) == -1 && errno == EFAULT);
    CHECK(read(fd, nobodys, 8) == -1 && errno == EFAULT);
    CHECK(readv(fd, &bad, 1) == -1 && errno == EFAULT);
    CHECK(readlink("/proc/self/exe", nobodys, 8) == -1 && errno == EFAULT);
    CHECK(preadv2(fd, &good, 1, -1, 0) == 19 && !strcmp(text, "0x0000000000005000\n"));
    CHECK(preadv2(fd, &good, 1, 0, 0) == -1 && errno == ESPIPE);
    CHECK(pwritev2(fd, &good, 1, -1, RWF_DSYNC) == -1 && errno == EOPNOTSUPP);
    CHECK(ioctl(fd, HL_REQ_H_INFO, &info) == -1 && errno == ENOTTY);
    CHECK(ioctl(fd, TCGETS, &n) == -1 && errno == ENOTTY);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
    close(fd);
    munmap(nobodys, 4096);
    return NULL;
}

/* The C library's streams read and write with functions of its own. */
static const char *streams_of_debugfs(void)
{
    char text[] = "0x4000\n";
    const struct iovec v = { text, 7 };
    FILE *f = fopen(debug_address, "w");
    int fd;

    CHECK(f && fputs("0x1000\n", f) >= 0 && fclose(f) == 0);
    CHECK(has_address("0x0000000000001000\n"));
    f = fdopen(open(debug_address, O_WRONLY), "w");
    CHECK(f && fputs("2000", f) >= 0 && fflush(f) == 0);
    CHECK(has_address("0x00000000000007d0\n")); /* no "0x": decimal */
    CHECK(fputs("none", f) >= 0 && fflush(f) == EOF && errno == EINVAL);
    fclose(f);
    /* one that becomes it, and one whose descriptor becomes it */
    f = freopen(debug_address, "w", fopen("/dev/null", "w"));
    CHECK(f && fputs("0x3000\n", f) >= 0 && fflush(f) == 0);
    CHECK(has_address("0x0000000000003000\n"));
    fputs("none", f);
    CHECK(fclose(f) == 0 && has_address("0x0000000000003000\n"));
    fd = open(debug_address, O_WRONLY);
    CHECK(dprintf(fd, "0x%x", 0x5000) == 6 && dprintf(fd, "0x%x", 0x5008) == 6);
    CHECK(has_address("0x0000000000005008\n"));
    CHECK(writev(fd, &v, 1) == 7 && has_address("0x0000000000004000\n"));
    CHECK(close(fd) == 0);
    f = fopen(node, "r");
    CHECK(f && fgetc(f) == EOF && fclose(f) == 0);
    return NULL;
}

/* As who changes to their folder does. */
static const char *debugfs_from_its_folder(void)
{
    int own = folder_fd("/sys/kernel/debug/habanalabs/hl0"), fd;
    char text[32] = "";
    FILE *f;

    CHECK(own >= 0);
    fd = openat(own, "addr", O_RDWR);
    CHECK(fd >= 0 && write(fd, "0x77\n", 5) == 5 && has_address("0x0000000000000077\n"));
    CHECK(close(fd) == 0 && fchdir(own) == 0);
    fd = open("addr", O_RDONLY);
    CHECK(read(fd, text, sizeof(text)) == 19 && !strncmp(text, "0x0000000000000077\n", 19));
    f = fopen("./addr", "w");
    CHECK(f && fputs("0x78\n", f) >= 0 && fclose(f) == 0 && has_address("0x0000000000000078\n"));
    f = freopen("addr", "w", fopen("/dev/null", "w"));
    CHECK(f && fputs("0x79\n", f) >= 0 && fclose(f) == 0 && has_address("0x0000000000000079\n"));
    CHECK(chdir("/") == 0 && close(fd) == 0 && close(own) == 0);
    return NULL;
}

static bool refuses(int fd, const char *text, int why)
{
    errno = 0;
    return write(fd, text, strlen(text)) == -1 && errno == why;
}

/* The driver's own reads give one part, and its numbers are hexadecimal. */
static const char *numbers_of_debugfs(void)
{
    const char *data = "/sys/kernel/debug/habanalabs/hl0/data32";
    char text[32] = "";
    int at = open(debug_address, O_WRONLY), fd = open(data, O_RDWR), other;

    CHECK(refuses(at, "none", EINVAL) && refuses(at, " 1", EINVAL) && refuses(at, "-1", EINVAL));
    CHECK(refuses(at, "0x123456789123456789", ERANGE) && refuses(at, "1\n\n", EINVAL));
    CHECK(pwrite(at, "0x1000", 6, 0) == -1 && errno == ESPIPE);
    CHECK(write(at, "0x1000fffffd000000", 18) == 18);
    CHECK(refuses(fd, "123456789", ERANGE) && refuses(fd, "", EINVAL));
    CHECK(write(fd, "12\n", 3) == 3 && pread(fd, text, sizeof(text), 0) == 11);
    CHECK(!strcmp(text, "0x00000012\n") && pread(fd, text, sizeof(text), 1) == 0);
    CHECK(read(fd, text, 4) == 4 && read(fd, text, sizeof(text)) == 0);
    /* another file under its number is at its own beginning */
    other = open(data, O_RDWR);
    CHECK(dup2(other, fd) == fd && read(fd, text, sizeof(text)) == 11);
    CHECK(read(other, text, sizeof(text)) == 0);
    CHECK(pwrite(fd, "13", 2, 0) == 2 && pread(other, text, sizeof(text), 0) == 11);
    CHECK(!strcmp(text, "0x00000013\n"));
    CHECK(close(at) == 0 && close(fd) == 0 && close(other) == 0);
    return NULL;
}

/* A descriptor of one is a file of its own, not the device. */
static const char *descriptors_of_debugfs(void)
{
    int fd = open(debug_address, O_RDONLY), again;
    char link[64], target[128] = "", text[32] = "";
    struct stat by_path, st;

    CHECK(stat(debug_address, &by_path) == 0 && fstat(fd, &st) == 0);
    CHECK(S_ISREG(st.st_mode) && st.st_mode == by_path.st_mode && st.st_rdev == 0);
    CHECK(st.st_ino == by_path.st_ino && st.st_dev == by_path.st_dev);
    CHECK(st.st_size == 0 && by_path.st_size == 0);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    CHECK(readlink(link, target, sizeof(target) - 1) > 0);
    CHECK(!strncmp(target, "/sys/kernel/debug/", 18) && !strcmp(strrchr(target, '/'), "/addr"));
    CHECK(stat(link, &st) == 0 && st.st_ino == by_path.st_ino);
    again = open(link, O_RDONLY);
    CHECK(again >= 0 && read(again, text, sizeof(text)) == 19 && !strncmp(text, "0x", 2));
    CHECK(is_node(open(node, O_RDWR)));
    close(again);
    close(fd);
    return NULL;
}

static const char *files_of_sysfs(void)
{
    char path[128], line[64] = "", *all = NULL;
    size_t room = 0;
    FILE *f;
    int fd;

    snprintf(path, sizeof(path), "%s/device_type", attributes);
    fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && read(fd, line, sizeof(line)) > 0 && !strncmp(line, "GAUDI2", 6));
    close(fd);
    f = fopen(path, "r");
    CHECK(f && getline(&all, &room, f) > 0 && !strcmp(all, line));
    fclose(f);
    free(all);
    CHECK(truncate(path, 0) == -1 || geteuid() == 0);
    return NULL;
}

/* A descriptor that only names the node; the link of /proc; the link of an open one. */
static const char *by_descriptor(void)
{
    int path = open(node, O_PATH | O_CLOEXEC), control;
    char link[64], text[64] = "";
    struct stat st;

    CHECK(path >= 0 && fstat(path, &st) == 0 && looks_like_node(&st));
    snprintf(link, sizeof(link), "/proc/self/fd/%d", path);
    CHECK(readlink(link, text, sizeof(text) - 1) > 0 && !strcmp(text, node));
    CHECK(is_node(open(link, O_RDWR)));
    close(path);
    /* a second user of a primary node is refused, one of a control node is not */
    snprintf(text, sizeof(text), "%s/%s", folder, old_kernel ? "hl_controlD0" : "accel_controlD0");
    control = open(text, O_RDWR);
    CHECK(control >= 0);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", control);
    CHECK(is_node(open(link, O_RDWR)));
    snprintf(link, sizeof(link), "/dev/fd/%d", control);
    CHECK(is_node(open(link, O_RDWR)));
    close(control);
    return NULL;
}

static const char *mappings(void)
{
    int fd = open(node, O_RDWR), copy;
    unsigned long long handle = fd < 0 ? 0 : new_buffer(fd);
    unsigned char *p;

    CHECK(handle);
    p = mmap64(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off64_t)handle);
    CHECK(p != MAP_FAILED);
    p[4095] = 7;
    CHECK(mremap(p, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    CHECK(munmap(p, 4096) == 0);
    /* by a number that nobody has told the C library about */
    copy = (int)syscall(SYS_dup, fd);
    CHECK(copy >= 0);
    p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, copy, (off_t)handle);
    CHECK(p != MAP_FAILED && p[4095] == 7 && munmap(p, 4096) == 0);
    syscall(SYS_close, copy);
    CHECK(free_buffer(fd, handle));
    CHECK(is_node(fd));
    CHECK(is_node(open(node, O_RDWR)));
    return NULL;
}

/* The machine of the simulation has huge pages, whether this one has them or not. */
static const char *huge_pages(void)
{
    const size_t huge = 2 << 20;
    const int flags[] = { MAP_SHARED, MAP_PRIVATE, MAP_SHARED | 21 << 26 };

    for (unsigned i = 0; i < 3; i++) {
        unsigned char *p = mmap(NULL, 2 * huge, PROT_READ | PROT_WRITE,
                                flags[i] | MAP_HUGETLB | MAP_ANONYMOUS, -1, 0);

        CHECK(p != MAP_FAILED);
        CHECK(((uintptr_t)p & (huge - 1)) == 0);
        p[0] = p[2 * huge - 1] = 5;
        CHECK(munmap(p, 2 * huge) == 0);
    }
    return NULL;
}

static void *with_paths(void *wrong_ones)
{
    unsigned *wrong = wrong_ones;
    struct stat st;
    char text[64];
    FILE *f;

    *wrong += close(open("/proc/self/status", O_RDONLY)) != 0;
    *wrong += open("/no/such/file", O_RDONLY) != -1;
    *wrong += close(open("dev/null", O_RDONLY)) != 0;
    *wrong += close(open("/dev/../dev/null", O_RDONLY)) != 0;
    *wrong += close(open(node, O_RDWR)) != 0;
    *wrong += stat("/tmp", &st) != 0 || stat(node, &st) != 0 || !looks_like_node(&st);
    *wrong += readlink("/proc/self/exe", text, sizeof(text)) <= 0;
    f = fopen("/dev/null", "r");
    *wrong += !f || fclose(f);
    return NULL;
}

/* The smallest that a thread may have is enough. */
static const char *small_stacks(void)
{
    unsigned wrong_ones = 0;
    pthread_attr_t a;
    pthread_t t;

    CHECK(chdir("/") == 0 && pthread_attr_init(&a) == 0);
    CHECK(pthread_attr_setstacksize(&a, (size_t)sysconf(_SC_THREAD_STACK_MIN) + SANITIZER_STACK) ==
          0);
    CHECK(pthread_create(&t, &a, with_paths, &wrong_ones) == 0);
    CHECK(pthread_join(t, NULL) == 0 && wrong_ones == 0);
    pthread_attr_destroy(&a);
    return NULL;
}

static const char *before_main(void)
{
    CHECK(early_opened());
    return NULL;
}

const struct way opening[] = {
    { "before main", before_main },
    { "small stacks", small_stacks },
    { "huge pages", huge_pages },
    { "names of open", names_of_open },
    { "fortified open", fortified_open },
    { "spellings", spellings },
    { "relative to a folder", relative_to_a_folder },
    { "by links", by_links },
    { "relative to where one stands", relative_to_where_one_stands },
    { "streams", streams },
    { "refusals of debugfs", refusals_of_debugfs },
    { "streams of debugfs", streams_of_debugfs },
    { "debugfs from its folder", debugfs_from_its_folder },
    { "numbers of debugfs", numbers_of_debugfs },
    { "descriptors of debugfs", descriptors_of_debugfs },
    { "files of sysfs", files_of_sysfs },
    { "by descriptor", by_descriptor },
    { "mappings", mappings },
    { NULL, NULL },
};
