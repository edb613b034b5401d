/* SPDX-License-Identifier: MIT */
/*
 * usage: test_killed RIG_EMU RIG_EFA [ROUNDS]: the emulated devices, and their client, are killed
 * at random points of the client's work, and the emulators are told to end. Whoever lives on
 * notices and ends; nothing is left; the next emulator takes the same paths and serves at once.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/rig/client.h"

#define STEPS 150  /* of which one is the last: more than a round of work */
#define HANGS 300u /* seconds for what takes milliseconds */

enum victim { EMULATOR, CLIENT, TOLD_TO_END, VICTIMS };
static const char *const victims[] = { "the emulator is killed", "the client is killed",
                                       "the emulator is told to end" };
static const char *const asics[] = { "goya", "gaudi", "gaudi2" };

static char folder[] = "/tmp/hlthunk-killed-XXXXXX";
static struct progress *progress;
static pid_t emulator, client;
static char doing[160];

static char *at(const char *name)
{
    static char path[5][300];
    static unsigned i;
    char *p = path[i++ % 5];

    snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
    return p;
}

/* The folder, and what is in it. */
static int clear(void)
{
    static const char *const names[] = { "socket", "control", "window", "cable", "log" };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(at(names[i]));
    return rmdir(folder);
}

static void fail(const char *what)
{
    fprintf(stderr, "FAIL: %s, after %u steps: %s\n", doing, progress->steps, what);
    if (emulator > 0)
        kill(emulator, SIGKILL);
    if (client > 0)
        kill(client, SIGKILL);
    clear();
    exit(1);
}

static void hangs(int signo)
{
    (void)signo;
    fail("it hangs");
}

/* asic NULL: a card */
static void start_emulator(char *const *programs, const char *asic)
{
    emulator = fork();
    if (emulator)
        return;
    if (asic)
        execl(programs[0], programs[0], "--asic", asic, "--socket", at("socket"), "--log",
              at("log"), "--control", at("control"), "--window", at("window"), NULL);
    else
        execl(programs[1], programs[1], "--link-listen", at("cable"), "--socket", at("socket"),
              "--log", at("log"), "--control", at("control"), NULL);
    _exit(1);
}

static void start_client(const char *asic)
{
    client = fork();
    if (client)
        return;
    if (client_connect(at("socket"), progress) && client_set_up())
        while (asic ? client_work_accelerator(asic) : client_work_card())
            ;
    client_touch();
    _exit(0);
}

static bool has_ended(pid_t *pid, int *status)
{
    pid_t ended = waitpid(*pid, status, WNOHANG);

    if (ended < 0)
        fail(strerror(errno));
    if (ended)
        *pid = 0;
    return ended > 0;
}

/* Until so much is done, and a little longer. */
static void await(unsigned steps)
{
    int status;

    while (progress->steps < steps) {
        if (has_ended(&client, &status))
            fail("the client has ended by itself");
        if (has_ended(&emulator, &status))
            fail("the emulator has ended by itself");
        usleep(20);
    }
    usleep((useconds_t)(random() % (steps ? 200 : 10000)));
}

static void end(pid_t *pid, int signo, bool cleanly)
{
    int status;

    kill(*pid, signo);
    while (!has_ended(pid, &status))
        usleep(20);
    if (cleanly && status)
        fail("the emulator ended with an error");
    if (!cleanly && !(WIFSIGNALED(status) && WTERMSIG(status) == signo))
        fail("it has ended before");
}

static void client_ends(void)
{
    int status;

    progress->over = true;
    while (!has_ended(&client, &status))
        usleep(20);
    if (status)
        fail("the client did not see the end of its device");
}

/* Its client, or, where that had not come, the next one was the last. */
static void emulator_ends(void)
{
    int status;

    while (!has_ended(&emulator, &status)) {
        client_knock(at("socket"));
        usleep(100);
    }
    if (status)
        fail("the emulator ended with an error");
}

/* The log, and what only the emulator itself could have taken away. */
static void nothing_is_left(bool sockets)
{
    DIR *d = opendir(folder);
    struct dirent *e;

    if (!d)
        fail(strerror(errno));
    while ((e = readdir(d))) {
        struct stat st;

        if (e->d_name[0] == '.' || !strcmp(e->d_name, "log"))
            continue;
        if (!sockets || stat(at(e->d_name), &st) < 0 || !S_ISSOCK(st.st_mode))
            fail(e->d_name);
    }
    closedir(d);
    if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
        fail("a process is left");
}

static unsigned descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static void play(char *const *programs, const char *asic, enum victim victim)
{
    /* who is told to end before it is ready for that just ends */
    unsigned steps = (unsigned)random() % STEPS + (victim == TOLD_TO_END);

    snprintf(doing, sizeof(doing), "%s (%s, %u steps)", victims[victim], asic ? asic : "card",
             steps);
    alarm(HANGS);
    progress->steps = 0;
    progress->over = false;
    start_emulator(programs, asic);
    start_client(asic);
    if (emulator < 0 || client < 0)
        fail(strerror(errno));
    await(steps);
    if (victim == CLIENT) {
        end(&client, SIGKILL, false);
        emulator_ends();
    } else {
        end(&emulator, victim == EMULATOR ? SIGKILL : SIGTERM, victim == TOLD_TO_END);
        client_ends();
    }
    nothing_is_left(victim == EMULATOR);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 3 ? (unsigned)atoi(argv[3]) : 20, seed = (unsigned)getpid(), before;

    if (argc < 3 || !rounds || !mkdtemp(folder))
        return 2;
    progress =
        mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED)
        return 2;
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what they leave behind is ours */
    signal(SIGALRM, hangs);
    srandom(seed);
    printf("seed %u\n", seed);
    before = descriptors();
    for (unsigned i = 0; i < 2 * rounds; i++)
        for (unsigned victim = 0; victim < VICTIMS; victim++)
            play(argv + 1, i & 1 ? NULL : asics[i / 2 % 3], victim);
    if (descriptors() != before)
        fail("descriptors are left");
    if (clear() < 0)
        fail(strerror(errno));
    printf("%u times each: accelerator and card killed, told to end, and left by their client\n",
           rounds);
    return 0;
}
