/* SPDX-License-Identifier: MIT */
/*
 * Files of a program's own, by every function that the simulator replaces.  What comes of it is
 * printed, without numbers of descriptors and places: it is the same with and without the
 * simulator.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What fortified programs call. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
ssize_t __read_chk(int fd, void *data, size_t n, size_t room);
char *__getcwd_chk(char *text, size_t size, size_t room);
ssize_t __readlink_chk(const char *path, char *text, size_t size, size_t room);
char *__realpath_chk(const char *path, char *resolved, size_t room);

static void say(const char *what, long rc)
{
    printf("%s: %ld %s\n", what, rc, rc == -1 ? strerrorname_np(errno) : "");
    errno = 0;
}

#define SAY(call) say(#call, (long)(call))
/* A descriptor: which one is not said. */
#define SAY_FD(call) say(#call, ((call) < 0) ? -1 : 0)
#define SAY_POINTER(call) say(#call, ((call) == NULL) ? -1 : 0)

static void say_text(const char *what, const char *text)
{
    const char *last = text ? strrchr(text, '/') : NULL;

    printf("%s: %s\n", what, last ? last : text ? text : "(none)");
}

static void opening(void)
{
    char *memory = NULL;
    size_t size;
    FILE *f, *g;

    SAY_FD(creat("a", 0640));
    SAY_FD(creat64("b", 0600));
    SAY_FD(open("a", O_RDWR | O_CREAT | O_EXCL, 0600));
    SAY_FD(open("a", O_RDONLY));
    SAY_FD(open64("c", O_RDWR | O_CREAT, 0600));
    SAY_FD(openat(AT_FDCWD, "none", O_RDONLY));
    SAY_FD(openat64(AT_FDCWD, "d", O_RDWR | O_CREAT, 0600));
    SAY_FD(__open_2("a", O_RDWR));
    SAY_FD(__open64_2("none", O_RDWR));
    SAY_FD(__openat_2(AT_FDCWD, "a", O_DIRECTORY));
    SAY_FD(__openat64_2(AT_FDCWD, "a", O_RDWR));
    SAY_POINTER(f = fopen("e", "w+e"));
    SAY(fputs("text", f));
    SAY_POINTER(f = freopen("e", "r", f));
    SAY(fgetc(f));
    SAY_POINTER(g = freopen64("none", "r", fopen64("e", "r")));
    SAY_POINTER(fopen("none", "r"));
    SAY_POINTER(fopen64("a", "wx"));
    SAY(fclose(f));
    f = open_memstream(&memory, &size);
    errno = 0;
    SAY(fclose(f) ? -1 : errno);
}

static void descriptors(void)
{
    int fd = open("a", O_RDWR), pair[2], set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLOUT };

    SAY_FD(dup(fd));
    SAY_FD(dup(-1));
    SAY(dup2(fd, 600));
    SAY(dup3(fd, 600, O_CLOEXEC));
    SAY(dup3(fd, fd, 0));
    SAY_FD(fcntl(fd, F_DUPFD, 700));
    SAY(fcntl64(fd, F_SETFL, O_APPEND));
    SAY(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
    SAY(close(600));
    SAY(close(600));
    SAY(dup2(fd, 601));
    SAY(close_range(601, 610, 0));
    SAY(close_range(2, 1, 0));
    SAY(fcntl(601, F_GETFD));
    SAY(ioctl(fd, FIOCLEX));
    SAY(fcntl(fd, F_GETFD));
    SAY(ioctl(-1, FIOCLEX));
    SAY(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    SAY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    SAY(epoll_ctl(set, EPOLL_CTL_ADD, pair[0], &event));
    SAY(dup2(fd, 602));
    closefrom(600);
    SAY(fcntl(602, F_GETFD));
}

static void reading(void)
{
    int fd = open("a", O_RDWR | O_TRUNC);
    char text[8] = "abcdefg";
    struct iovec v = { text, 4 };

    SAY(write(fd, text, 7));
    SAY(pwrite(fd, "x", 1, 0));
    SAY(pwrite64(fd, "y", 1, 1));
    SAY(writev(fd, &v, 1));
    SAY(pwritev(fd, &v, 1, 20));
    SAY(pwritev64(fd, &v, 1, 24));
    SAY(lseek(fd, 0, SEEK_SET));
    SAY(lseek(fd, -1, SEEK_SET));
    SAY(read(fd, text, 3));
    SAY(__read_chk(fd, text, 2, 2));
    SAY(readv(fd, &v, 1));
    SAY(pread(fd, text, 4, 20));
    SAY(pread64(fd, text, 4, 24));
    SAY(preadv(fd, &v, 1, 2));
    SAY(preadv64(fd, &v, 1, 100));
    SAY(lseek64(fd, 0, SEEK_END));
    say_text("read", text);
    SAY(fallocate(-1, 0, 0, 4));
    SAY(fallocate64(fd, 0, 0, 0));
    SAY(ftruncate(fd, 5));
    SAY(ftruncate64(fd, -1));
    SAY(read(-1, text, 1));
    SAY(pread(fd, text, 1, -1));
    SAY(write(open("a", O_RDONLY), text, 1));
}

static void status(void)
{
    int fd = open("a", O_RDONLY), watch = inotify_init1(IN_CLOEXEC);
    struct statvfs64 vfs64;
    struct statvfs vfs;
    struct statfs64 fs64;
    struct statfs fs;
    struct stat64 st64;
    struct statx sx;
    struct stat st;
    char text[64];

    SAY(chmod("a", 0604));
    SAY(stat("a", &st));
    SAY(st.st_mode);
    SAY(st.st_size);
    SAY(stat64("none", &st64));
    SAY(lstat("a", &st));
    SAY(lstat64("a", &st64));
    SAY(fstat(fd, &st));
    SAY(fstat(-1, &st));
    SAY(fstat64(fd, &st64));
    SAY(fstatat(AT_FDCWD, "a", &st, 0));
    SAY(fstatat64(AT_FDCWD, "none", &st64, 0));
    SAY(statx(AT_FDCWD, "a", 0, STATX_BASIC_STATS, &sx));
    SAY(sx.stx_mode);
    SAY(statx(AT_FDCWD, "none", 0, STATX_BASIC_STATS, &sx));
    SAY(statfs("a", &fs));
    SAY(fs.f_type);
    SAY(statfs64("none", &fs64));
    SAY(fstatfs(fd, &fs));
    SAY(fs.f_type);
    SAY(fstatfs64(-1, &fs64));
    SAY(statvfs("a", &vfs));
    SAY(statvfs64("none", &vfs64));
    SAY(access("a", R_OK));
    SAY(access("none", F_OK));
    SAY(faccessat(AT_FDCWD, "a", W_OK, 0));
    SAY(euidaccess("a", R_OK));
    SAY(eaccess("none", R_OK));
    SAY(fchmodat(AT_FDCWD, "a", 0600, 0));
    SAY(chown("a", geteuid(), getegid()));
    SAY(lchown("none", geteuid(), getegid()));
    SAY(fchownat(AT_FDCWD, "a", geteuid(), getegid(), 0));
    SAY_FD(inotify_add_watch(watch, "a", IN_OPEN));
    SAY_FD(inotify_add_watch(watch, "none", IN_OPEN));
    SAY(getxattr("a", "user.none", text, sizeof(text)));
    SAY(lgetxattr("none", "user.none", text, sizeof(text)));
    SAY(listxattr("none", text, sizeof(text)));
    SAY(llistxattr("none", text, sizeof(text)));
}

static void links(void)
{
    char text[PATH_MAX] = "", link[64];

    SAY(symlink("a", "l"));
    SAY(readlink("l", text, sizeof(text)));
    SAY(readlink("a", text, sizeof(text)));
    SAY(readlink("l", text, 0));
    SAY(readlinkat(AT_FDCWD, "l", text, sizeof(text)));
    SAY(__readlink_chk("l", text, 1, sizeof(text)));
    say_text("realpath", realpath("l", NULL));
    say_text("realpath", realpath("none", text));
    say_text("realpath", realpath("", text));
    say_text("realpath", __realpath_chk("l", text, sizeof(text)));
    say_text("canonicalize", canonicalize_file_name("l"));
    snprintf(link, sizeof(link), "/proc/self/fd/%d", open("a", O_RDONLY));
    say_text("realpath of a descriptor", realpath(link, NULL));
    SAY_FD(open(link, O_RDWR));
    SAY_POINTER(fopen(link, "r"));
    SAY(mkdir("sub", 0700));
    SAY(chdir("sub"));
    say_text("getcwd", getcwd(text, sizeof(text)));
    say_text("getcwd", __getcwd_chk(text, sizeof(text), sizeof(text)));
    say_text("get_current_dir_name", get_current_dir_name());
    SAY_POINTER(getcwd(text, 1));
    SAY(chdir("none"));
    SAY(chdir(".."));
    SAY(symlink("sub", "linked"));
    SAY(chdir("linked"));
    strcpy(strrchr(getcwd(text, sizeof(text)), '/'), "/linked");
    SAY(setenv("PWD", text, 1));
    say_text("get_current_dir_name", get_current_dir_name());
    SAY(setenv("PWD", "/dev", 1));
    say_text("get_current_dir_name", get_current_dir_name());
    SAY(chdir(".."));
}

static int any(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int any64(const struct dirent64 *e)
{
    return e->d_name[0] != '.';
}

static void say_entries(const char *what, int n, struct dirent ***list)
{
    struct dirent **entries = *list;

    say(what, n);
    for (int i = 0; i < n; i++) {
        printf(" %s\n", entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static void listing(void)
{
    struct dirent **entries = NULL, *e;
    DIR *d = opendir("."), *other = fdopendir(open("sub", O_RDONLY | O_DIRECTORY));
    unsigned n = 0;
    long at;

    while (readdir(d))
        n++;
    SAY(n);
    rewinddir(d);
    while (readdir64(d))
        n--;
    SAY(n);
    rewinddir(d);
    at = telldir(d);
    e = readdir(d);
    seekdir(d, at);
    SAY(e == readdir(d) || e->d_name[0]);
    SAY(closedir(d));
    SAY_POINTER(readdir(other));
    SAY(closedir(other));
    SAY_POINTER(opendir("none"));
    SAY_POINTER(fdopendir(-1));
    say_entries("scandir", scandir(".", &entries, any, alphasort), &entries);
    say_entries("scandir", scandir("none", &entries, any, alphasort), &entries);
    say_entries("scandir64", scandir64(".", (struct dirent64 ***)&entries, any64, alphasort64),
                &entries);
    say_entries("scandirat", scandirat(AT_FDCWD, "sub", &entries, any, NULL), &entries);
    say_entries("scandirat", scandirat(AT_FDCWD, "a", &entries, any, NULL), &entries);
    say_entries("scandirat64",
                scandirat64(AT_FDCWD, ".", (struct dirent64 ***)&entries, any64, alphasort64),
                &entries);
}

static unsigned visited;

static int visit(const char *path, const struct stat *st, int type)
{
    (void)path;
    visited += S_ISREG(st->st_mode) && type == FTW_F;
    return 0;
}

static int visit64(const char *path, const struct stat64 *st, int type)
{
    return visit(path, (const struct stat *)st, type);
}

static int visit_level(const char *path, const struct stat *st, int type, struct FTW *f)
{
    printf(" %s %d %d\n", path, f->base, f->level);
    return visit(path, st, type);
}

static int visit_level64(const char *path, const struct stat64 *st, int type, struct FTW *f)
{
    return visit(path + f->base, (const struct stat *)st, type);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int by_name64(const FTSENT64 **a, const FTSENT64 **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void walks(void)
{
    static char here[] = ".", nowhere[] = "none";
    char *paths[] = { here, nowhere, NULL }, *none[] = { NULL };
    FTSENT64 *e64;
    FTS64 *f64;
    FTSENT *e;
    FTS *f;
    glob64_t g64;
    glob_t g;

    SAY(ftw(".", visit, 4));
    SAY(ftw64("none", visit64, 4));
    SAY(nftw("sub", visit_level, 4, FTW_PHYS));
    SAY(nftw64(".", visit_level64, 4, FTW_PHYS));
    SAY(visited);
    SAY_POINTER(fts_open(none, 0, by_name));
    f = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    while ((e = fts_read(f))) {
        printf(" %s %d %d\n", e->fts_path, e->fts_info, e->fts_pathlen);
        if (e->fts_info == FTS_D && !e->fts_level)
            for (e = fts_children(f, 0); e; e = e->fts_link)
                printf("  %s %d\n", e->fts_name, e->fts_info);
    }
    SAY(fts_close(f));
    f64 = fts64_open(paths, FTS_LOGICAL, by_name64);
    while ((e64 = fts64_read(f64))) {
        printf(" %s %d\n", e64->fts_path, e64->fts_info);
        if (e64->fts_info == FTS_D)
            for (e64 = fts64_children(f64, FTS_NAMEONLY); e64; e64 = e64->fts_link)
                printf("  %s\n", e64->fts_name);
    }
    SAY(fts64_close(f64));
    SAY(glob("?", 0, NULL, &g));
    SAY(g.gl_pathc);
    globfree(&g);
    SAY(glob64("no*", 0, NULL, &g64));
    globfree64(&g64);
}

static void memory(void)
{
    int fd = open("a", O_RDWR);
    const int both = PROT_READ | PROT_WRITE, own = MAP_PRIVATE | MAP_ANONYMOUS;
    char *p = mmap(NULL, 8192, both, own, -1, 0), *q, byte = 1;
    struct iovec here = { &byte, 1 }, there = { p, 1 };

    SAY_POINTER(p == MAP_FAILED ? NULL : p);
    SAY(mmap(p, 4096, both, own | MAP_FIXED, -1, 0) == p);
    SAY(mmap(NULL, 0, both, own, -1, 0));
    SAY(mmap(NULL, 4096, both, MAP_SHARED, -1, 0));
    SAY(mmap(p, 4096, both, own | MAP_FIXED_NOREPLACE, -1, 0));
    q = mmap64(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    SAY(q != MAP_FAILED && q[0]);
    SAY(msync(q, 4096, MS_SYNC));
    SAY(msync(p + 1, 4096, MS_SYNC));
    SAY(madvise(p, 4096, MADV_DONTNEED));
    SAY(madvise(p, 4096, 9999));
    SAY(process_vm_writev(getpid(), &here, 1, &there, 1, 0));
    SAY(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
    SAY(p[0]);
    there.iov_base = (void *)8;
    SAY(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
    p = mremap(p, 8192, 4096, MREMAP_MAYMOVE);
    SAY(p[0]);
    p = mremap(p, 4096, 16384, MREMAP_MAYMOVE);
    SAY(p[0]);
    SAY(mremap(p, 4096, 4096, 0x80));
    SAY(munmap(p, 16384));
    SAY(munmap(p + 1, 4096));
    SAY(munmap(q, 4096));
}

static void messages(void)
{
    char room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = "", byte = 7;
    struct iovec v = { &byte, 1 };
    struct mmsghdr m = { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } };
    int pair[2], fd = open("a", O_RDONLY), got = -1;
    struct cmsghdr *h;

    SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SAY(sendmsg(pair[0], &m.msg_hdr, 0));
    SAY(sendmsg(-1, &m.msg_hdr, 0));
    m.msg_hdr.msg_control = room;
    m.msg_hdr.msg_controllen = sizeof(room);
    h = CMSG_FIRSTHDR(&m.msg_hdr);
    *h = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
    memcpy(CMSG_DATA(h), &fd, sizeof(fd));
    SAY(sendmmsg(pair[0], &m, 1, 0));
    SAY(sendmmsg(-1, &m, 1, 0));
    h->cmsg_type = 99;
    SAY(sendmsg(pair[0], &m.msg_hdr, 0));
    m.msg_hdr.msg_controllen = 0;
    SAY(recvmsg(pair[1], &m.msg_hdr, 0));
    m.msg_hdr.msg_controllen = sizeof(room);
    SAY(recvmmsg(pair[1], &m, 1, MSG_PEEK, NULL));
    SAY(recvmmsg(pair[1], &m, 1, 0, NULL));
    memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m.msg_hdr)), sizeof(got));
    SAY(m.msg_hdr.msg_controllen);
    SAY(lseek(got, 0, SEEK_END));
    SAY(recvmsg(pair[1], &m.msg_hdr, MSG_DONTWAIT));
    SAY(recvmmsg(-1, &m, 1, 0, NULL));
}

static void become(int how)
{
    static char shell[] = "sh", option[] = "-c", command[] = "exit 5";
    static char *arguments[] = { shell, option, command, NULL };

    switch (how) {
    case 0:
        execve("/bin/sh", arguments, environ);
        break;
    case 1:
        execv("/bin/sh", arguments);
        break;
    case 2:
        execvp("sh", arguments);
        break;
    case 3:
        execvpe("sh", arguments, environ);
        break;
    case 4:
        execl("/bin/sh", shell, option, command, NULL);
        break;
    case 5:
        execlp("sh", shell, option, command, NULL);
        break;
    case 6:
        execle("/bin/sh", shell, option, command, NULL, environ);
        break;
    case 7:
        fexecve(open("/bin/sh", O_RDONLY | O_CLOEXEC), arguments, environ);
        break;
    default:
        execveat(AT_FDCWD, "/bin/sh", arguments, environ, 0);
        break;
    }
    _exit(9);
}

static void programs(void)
{
    static char shell[] = "sh", option[] = "-c", command[] = "exit 6";
    static char *arguments[] = { shell, option, command, NULL };
    char line[16] = "";
    int s = -1;
    pid_t pid;
    FILE *f;

    fflush(NULL);
    for (int how = 0; how < 9; how++) {
        pid = fork();
        if (pid == 0)
            become(how);
        SAY(waitpid(pid, &s, 0) == pid);
        SAY(WEXITSTATUS(s));
        fflush(NULL);
    }
    SAY(posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ));
    SAY(waitpid(pid, &s, 0) == pid && WEXITSTATUS(s) == 6);
    SAY(posix_spawnp(&pid, "sh", NULL, NULL, arguments, environ));
    SAY(waitpid(pid, &s, 0) == pid && WEXITSTATUS(s) == 6);
    SAY(posix_spawn(&pid, "none", NULL, NULL, arguments, environ));
    SAY(WEXITSTATUS(system("exit 3")));
    f = popen("echo word", "r");
    SAY_POINTER(fgets(line, sizeof(line), f));
    say_text("popen", line);
    SAY(pclose(f));
}

int main(void)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof(folder), "%s/own.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    opening();
    descriptors();
    reading();
    status();
    links();
    listing();
    walks();
    memory();
    messages();
    programs();
    return system("rm -rf \"$PWD\"") != 0;
}
