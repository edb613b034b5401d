/* SPDX-License-Identifier: MIT */
/*
 * A program that loads the library, uses it, and unloads it: no thread of the library may be left
 * in code that is not there any more.  argv[1]: the shared library.
 */
#include <dlfcn.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

#define EACH(X)                                                                                    \
    X(hlthunk_device_open)                                                                         \
    X(hlthunk_device_unref)                                                                        \
    X(hlthunk_reset_watch_create)                                                                  \
    X(hlthunk_reset_watch_unref)                                                                   \
    X(hlthunk_completion_create_for_interrupt)                                                     \
    X(hlthunk_completion_unref)                                                                    \
    X(hlthunk_buffer_alloc)                                                                        \
    X(hlthunk_buffer_unref)

static struct {
    void *handle;
#define MEMBER(name) __typeof__(name) *name;
    EACH (MEMBER)
} lib;

static struct hlthunk_device *device;
static struct hlthunk_reset_watch *watch;
static sem_t called, go_on;

static void load(const char *path)
{
    lib.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!lib.handle) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
#define LOOK_UP(name) lib.name = (__typeof__(name) *)dlsym(lib.handle, #name);
    EACH (LOOK_UP)
}

static void open_it(void)
{
    const struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = 20000000000 };

    if (lib.hlthunk_device_open(&o, &device))
        abort();
}

static void reset_it(void)
{
    if (system("\"$HLSIM_PROGRAM\" ctl reset 0"))
        abort();
}

static void give_all_back(struct hlthunk_device *d, enum hlthunk_stale_reason why, void *user)
{
    (void)d, (void)why, (void)user;
    lib.hlthunk_reset_watch_unref(watch);
    lib.hlthunk_device_unref(device);
    sem_post(&called);
    sem_wait(&go_on);
}

static void only_say(struct hlthunk_device *d, enum hlthunk_stale_reason why, void *user)
{
    (void)d, (void)why, (void)user;
    sem_post(&called);
}

static void watch_it(hlthunk_reset_fn fn)
{
    if (lib.hlthunk_reset_watch_create(device, fn, NULL, NULL, &watch))
        abort();
}

static void unused(void)
{
}

static void closed(void)
{
    struct hlthunk_buffer *b;

    open_it();
    if (lib.hlthunk_buffer_alloc(device, 4096, NULL, &b))
        abort();
    lib.hlthunk_buffer_unref(b);
    lib.hlthunk_device_unref(device);
}

static void watched(void)
{
    open_it();
    watch_it(only_say);
    lib.hlthunk_reset_watch_unref(watch);
    lib.hlthunk_device_unref(device);
}

static void was_reset(void)
{
    open_it();
    watch_it(only_say);
    reset_it();
    sem_wait(&called);
    lib.hlthunk_reset_watch_unref(watch);
    lib.hlthunk_device_unref(device);
}

/* The thread is in the callback, which has given everything back, until after dlclose(). */
static void in_the_callback(void)
{
    open_it();
    watch_it(give_all_back);
    reset_it();
    sem_wait(&called);
}

static void waited(void)
{
    static uint64_t word;
    struct hlthunk_completion *c;

    open_it();
    if (lib.hlthunk_completion_create_for_interrupt(device, 0, &word, 1, NULL, &c))
        abort();
    lib.hlthunk_completion_unref(c);
    lib.hlthunk_device_unref(device);
}

/* Objects that the program has lost: their threads go on. */
static void with_everything_alive(void)
{
    static uint64_t word;
    struct hlthunk_completion *c;

    open_it();
    watch_it(only_say);
    if (lib.hlthunk_completion_create_for_interrupt(device, 0, &word, 1, NULL, &c))
        abort();
}

static const struct {
    const char *name;
    void (*reach)(void);
    int stays; /* in memory */
} states[] = {
    { "unused", unused, 0 },
    { "device closed", closed, 0 },
    { "watch given back", watched, 1 },
    { "reset, then given back", was_reset, 1 },
    { "all given back by the callback", in_the_callback, 1 },
    { "waited", waited, 1 },
    { "everything alive", with_everything_alive, 1 },
};

static int is_mapped(const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512];
    int found = 0;

    while (f && !found && fgets(line, sizeof(line), f))
        found = strstr(line, name) != NULL;
    if (f)
        fclose(f);
    return found;
}

static long resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0;

    if (!f || fscanf(f, "%*d %ld", &pages) != 1)
        abort();
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

/* What a cycle of loading, using and unloading leaves in memory, in bytes. */
static long left_by_a_cycle(const char *path)
{
    enum { CYCLES = 50 };
    long before = 0;

    for (unsigned i = 0; i < 2 * CYCLES; i++) {
        if (i == CYCLES) /* what is loaded and allocated once is there */
            before = resident_bytes();
        load(path);
        closed();
        dlclose(lib.handle);
    }
    return (resident_bytes() - before) / CYCLES;
}

/* A sanitizer keeps what was freed for a while. */
static bool is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}

int main(int argc, char **argv)
{
    int failed = 0;
    long left;

    if (argc != 2)
        return 2;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            sem_init(&called, 0, 0);
            sem_init(&go_on, 0, 0);
            load(argv[1]);
            states[i].reach();
            dlclose(lib.handle);
            sem_post(&go_on);
            usleep(200000); /* a thread that is left returns within it */
            _exit(is_mapped(argv[1]) != states[i].stays ? 3 : 0);
        }
        if (waitpid(pid, &status, 0) != pid || status) {
            fprintf(stderr, "%s: status %#x\n", states[i].name, (unsigned)status);
            failed = 1;
        }
    }
    left = is_sanitized() ? 0 : left_by_a_cycle(argv[1]);
    if (left > 2048) {
        fprintf(stderr, "each cycle leaves %ld bytes\n", left);
        failed = 1;
    }
    return failed;
}
