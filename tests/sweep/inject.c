/* SPDX-License-Identifier: MIT */
#include "tests/sweep/inject.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* glibc's own, which malloc() replaced by a program still finds */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static const struct {
    const char *name;
    int errors[16];
    int release_errors[4];
} kinds[KIND_COUNT] = {
    [KIND_MEMORY] = { "memory", { ENOMEM }, { ENOMEM } },
    [KIND_THREAD] = { "thread", { EAGAIN }, { EAGAIN } },
    [KIND_OPEN] = { "open",
                    { EMFILE, ENFILE, ENOMEM, EACCES, EPERM, ENOENT, ENODEV, ENXIO, EBUSY, EIO,
                      EINTR },
                    { EMFILE, ENFILE, ENOMEM } },
    [KIND_DESCRIPTOR] = { "descriptor", { EMFILE, ENFILE, ENOMEM }, { EMFILE, ENFILE } },
    [KIND_FCNTL] = { "fcntl", { EBADF }, { 0 } },
    [KIND_IOCTL] = { "ioctl",
                     { EINTR, EINVAL, ENOMEM, EFAULT, EPERM, EACCES, EBUSY, ENODEV, EIO, ENOTTY,
                       EAGAIN, ENOSPC, EMFILE, 524 },
                     { EINTR } },
    [KIND_MMAP] = { "mmap", { ENOMEM, EAGAIN, EACCES, EINVAL, ENODEV, EPERM }, { 0 } },
    [KIND_POLL] = { "poll", { EINTR, ENOMEM }, { EINTR } },
    [KIND_READ] = { "read", { EINTR, EIO, ENODEV, EACCES, ENOMEM }, { EINTR } },
    [KIND_WRITE] = { "write", { EINTR, EIO, EAGAIN, EPIPE, ENOSPC }, { EINTR } },
    [KIND_SEND] = { "sendmsg",
                    { EINTR, EPIPE, ECONNRESET, ENOBUFS, ENOMEM, ETOOMANYREFS, EMSGSIZE },
                    { 0 } },
    [KIND_RECEIVE] = { "recvmsg", { EINTR, ECONNRESET, ENOMEM }, { 0 } },
    [KIND_SOCKET] = { "socket", { ECONNREFUSED, EACCES, ENOMEM, EINTR, ENOENT }, { 0 } },
    [KIND_RANDOM] = { "getrandom", { EINTR, ENOSYS }, { 0 } },
    /* of an open descriptor, which is all that a release asks about, only EBADF */
    [KIND_STAT] = { "stat", { ENOENT, EACCES, ENOMEM, EIO }, { 0 } },
};

const char *kind_name(enum kind kind)
{
    return kinds[kind].name;
}

const int *kind_errors(enum kind kind, bool release)
{
    return release ? kinds[kind].release_errors : kinds[kind].errors;
}

static uintptr_t ranges[2]
                       [2]; /* the library's code, and this program's (for calls in tail place) */
static int armed;           /* 0, or 1: calls are counted */
static unsigned seen;
static unsigned target;
static int target_error;
static bool target_sticky, happened;
static enum kind target_kind;
static unsigned char seen_kinds[INJECT_MAX];

static int find(struct dl_phdr_info *info, size_t size, void *unused)
{
    bool library = strstr(info->dlpi_name, "/libhlthunk.so") != NULL;

    (void)size, (void)unused;
    if (!library && info->dlpi_name[0])
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type == PT_LOAD && (p->p_flags & PF_X)) {
            ranges[library][0] = info->dlpi_addr + p->p_vaddr;
            ranges[library][1] = ranges[library][0] + p->p_memsz;
        }
    }
    return 0;
}

bool inject_start(void)
{
    dl_iterate_phdr(find, NULL);
    return ranges[1][0] != 0;
}

static bool within(const void *caller, bool library)
{
    return (uintptr_t)caller >= ranges[library][0] && (uintptr_t)caller < ranges[library][1];
}

/* One call of the library: 0, or the errno with which it is to fail. */
static int fate(enum kind kind, const void *caller)
{
    unsigned n;

    if (!__atomic_load_n(&armed, __ATOMIC_ACQUIRE) ||
        (!within(caller, true) && !within(caller, false)))
        return 0;
    n = __atomic_fetch_add(&seen, 1, __ATOMIC_ACQ_REL);
    if (n < INJECT_MAX)
        seen_kinds[n] = (unsigned char)kind;
    if (n == target && kind == target_kind) {
        __atomic_store_n(&happened, true, __ATOMIC_RELEASE);
        return target_error;
    }
    if (target_sticky && n > target && kind == target_kind &&
        __atomic_load_n(&happened, __ATOMIC_ACQUIRE))
        return target_error;
    return 0;
}

static void begin(unsigned n, int error, bool sticky)
{
    target = n;
    target_error = error;
    target_sticky = sticky;
    happened = false;
    seen = 0;
    __atomic_store_n(&armed, 1, __ATOMIC_RELEASE);
}

void inject_count(void)
{
    begin(INJECT_MAX, 0, false);
}

void inject_fail(unsigned n, enum kind kind, int error, bool sticky)
{
    target_kind = kind;
    begin(n, error, sticky);
}

unsigned inject_stop(void)
{
    __atomic_store_n(&armed, 0, __ATOMIC_RELEASE);
    return seen < INJECT_MAX ? seen : INJECT_MAX;
}

enum kind inject_kind(unsigned n)
{
    return seen_kinds[n];
}

bool inject_happened(void)
{
    return __atomic_load_n(&happened, __ATOMIC_ACQUIRE);
}

/* The library's memory: a set of addresses, open addressing with linear probing. */
#define SLOTS 65536u
static void *slots[SLOTS];
static size_t live;
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned home(const void *p)
{
    return (unsigned)((uintptr_t)p >> 4) * 2654435761u % SLOTS;
}

static void *note(void *p, const void *caller)
{
    unsigned i;

    if (!p || !within(caller, true))
        return p;
    pthread_mutex_lock(&slots_lock);
    for (i = home(p); slots[i]; i = (i + 1) % SLOTS)
        ;
    slots[i] = p;
    live++;
    pthread_mutex_unlock(&slots_lock);
    return p;
}

static bool forget(void *p)
{
    unsigned i, j;

    if (!p || !ranges[1][0])
        return false;
    pthread_mutex_lock(&slots_lock);
    for (i = home(p); slots[i] && slots[i] != p; i = (i + 1) % SLOTS)
        ;
    if (!slots[i]) {
        pthread_mutex_unlock(&slots_lock);
        return false;
    }
    live--;
    slots[i] = NULL;
    /* whoever was pushed past this place moves back */
    for (j = (i + 1) % SLOTS; slots[j]; j = (j + 1) % SLOTS) {
        unsigned h = home(slots[j]);

        if ((j > i && (h <= i || h > j)) || (j < i && h <= i && h > j)) {
            slots[i] = slots[j];
            slots[j] = NULL;
            i = j;
        }
    }
    pthread_mutex_unlock(&slots_lock);
    return true;
}

size_t inject_live_memory(void)
{
    size_t n;

    pthread_mutex_lock(&slots_lock);
    n = live;
    pthread_mutex_unlock(&slots_lock);
    return n;
}

void inject_child_ends(void)
{
    slots_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

#define CALLER __builtin_return_address(0)
#define FAIL(kind, value)                                                                          \
    do {                                                                                           \
        int error = fate(kind, CALLER);                                                            \
        if (error) {                                                                               \
            errno = error;                                                                         \
            return value;                                                                          \
        }                                                                                          \
    } while (0)
/* The next one of this name: the simulator's, or the C library's. */
#define NEXT(name)                                                                                 \
    static __typeof__(&name) next;                                                                 \
    if (!next)                                                                                     \
    next = (__typeof__(&name))dlsym(RTLD_NEXT, SYMBOL(name))
/* With 64-bit file offsets the C library's headers give these names to their 64-bit twins. */
#define SYMBOL(name) symbol(#name)

static const char *symbol(const char *name)
{
    static const char *const large[][2] = {
        { "open", "open64" },   { "fcntl", "fcntl64" }, { "mmap", "mmap64" },
        { "fstat", "fstat64" }, { "stat", "stat64" },   { "pread", "pread64" },
    };

    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
        if (!strcmp(name, large[i][0]))
            return large[i][1];
    return name;
}

void *malloc(size_t size)
{
    FAIL(KIND_MEMORY, NULL);
    return note(__libc_malloc(size), CALLER);
}

void *calloc(size_t n, size_t size)
{
    FAIL(KIND_MEMORY, NULL);
    return note(__libc_calloc(n, size), CALLER);
}

void *realloc(void *p, size_t size)
{
    bool ours;
    void *q;

    FAIL(KIND_MEMORY, NULL);
    ours = forget(p);
    q = __libc_realloc(p, size);
    if (ours && !q && size)
        note(p, (void *)ranges[1][0]);
    return note(q, CALLER);
}

void *reallocarray(void *p, size_t n, size_t size)
{
    size_t bytes;
    void *q;

    FAIL(KIND_MEMORY, NULL);
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    forget(p);
    q = __libc_realloc(p, bytes);
    return note(q, CALLER);
}

void free(void *p)
{
    forget(p);
    __libc_free(p);
}

char *strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy;

    FAIL(KIND_MEMORY, NULL);
    copy = __libc_malloc(n);
    return copy ? note(memcpy(copy, s, n), CALLER) : NULL;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
    int error = fate(KIND_THREAD, CALLER);
    NEXT(pthread_create);

    return error ? error : next(thread, attr, fn, arg);
}

int open(const char *path, int flags, ...)
{
    va_list ap;
    mode_t mode;
    NEXT(open);

    va_start(ap, flags);
    mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    FAIL(KIND_OPEN, -1);
    return next(path, flags, mode);
}

DIR *opendir(const char *path)
{
    NEXT(opendir);

    FAIL(KIND_OPEN, NULL);
    return next(path);
}

int fcntl(int fd, int command, ...)
{
    va_list ap;
    void *arg;
    NEXT(fcntl);

    va_start(ap, command);
    arg = va_arg(ap, void *);
    va_end(ap);
    FAIL(command == F_DUPFD_CLOEXEC || command == F_DUPFD ? KIND_DESCRIPTOR : KIND_FCNTL, -1);
    return next(fd, command, arg);
}

int eventfd(unsigned count, int flags)
{
    NEXT(eventfd);

    FAIL(KIND_DESCRIPTOR, -1);
    return next(count, flags);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list ap;
    void *arg;
    NEXT(ioctl);

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    FAIL(KIND_IOCTL, -1);
    return next(fd, request, arg);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    NEXT(mmap);

    FAIL(KIND_MMAP, MAP_FAILED);
    return next(address, size, protection, flags, fd, offset);
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    NEXT(poll);

    FAIL(KIND_POLL, -1);
    return next(fds, n, timeout);
}

ssize_t read(int fd, void *buffer, size_t n)
{
    NEXT(read);

    FAIL(KIND_READ, -1);
    return next(fd, buffer, n);
}

ssize_t pread(int fd, void *buffer, size_t n, off_t offset)
{
    NEXT(pread);

    FAIL(KIND_READ, -1);
    return next(fd, buffer, n, offset);
}

ssize_t write(int fd, const void *buffer, size_t n)
{
    NEXT(write);

    FAIL(KIND_WRITE, -1);
    return next(fd, buffer, n);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    NEXT(sendmsg);

    FAIL(KIND_SEND, -1);
    return next(fd, message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    NEXT(recvmsg);

    FAIL(KIND_RECEIVE, -1);
    return next(fd, message, flags);
}

int fstat(int fd, struct stat *s)
{
    NEXT(fstat);

    FAIL(KIND_STAT, -1);
    return next(fd, s);
}

int stat(const char *path, struct stat *s)
{
    NEXT(stat);

    FAIL(KIND_STAT, -1);
    return next(path, s);
}

int statx(int fd, const char *path, int flags, unsigned mask, struct statx *s)
{
    NEXT(statx);

    FAIL(KIND_STAT, -1);
    return next(fd, path, flags, mask, s);
}

ssize_t readlink(const char *path, char *buffer, size_t n)
{
    NEXT(readlink);

    FAIL(KIND_STAT, -1);
    return next(path, buffer, n);
}

int access(const char *path, int mode)
{
    NEXT(access);

    FAIL(KIND_STAT, -1);
    return next(path, mode);
}

int socket(int domain, int type, int protocol)
{
    NEXT(socket);

    FAIL(KIND_DESCRIPTOR, -1);
    return next(domain, type, protocol);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    NEXT(accept4);

    FAIL(KIND_DESCRIPTOR, -1);
    return next(fd, address, size, flags);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    NEXT(connect);

    FAIL(KIND_SOCKET, -1);
    return next(fd, address, size);
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    NEXT(bind);

    FAIL(KIND_SOCKET, -1);
    return next(fd, address, size);
}

int listen(int fd, int backlog)
{
    NEXT(listen);

    FAIL(KIND_SOCKET, -1);
    return next(fd, backlog);
}

ssize_t getrandom(void *buffer, size_t n, unsigned flags)
{
    NEXT(getrandom);

    FAIL(KIND_RANDOM, -1);
    return next(buffer, n, flags);
}
