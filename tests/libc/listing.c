/* SPDX-License-Identifier: MIT */
/* What is in a folder: by readdir() and its kin, by patterns, by walking a tree. */
#include "tests/libc/libc.h"

#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How many entries of that name there are. */
static unsigned count(DIR *d, const char *wanted, unsigned char *type)
{
    struct dirent *e;
    unsigned n = 0;

    while (d && (e = readdir(d))) {
        if (strcmp(e->d_name, wanted))
            continue;
        *type = e->d_type;
        n++;
    }
    return n;
}

static const char *a_folder(void)
{
    DIR *d = opendir(folder);
    unsigned char type = 0;

    CHECK(count(d, name, &type) == 1 && type == DT_CHR);
    rewinddir(d);
    CHECK(count(d, name, &type) == 1);
    closedir(d);
    d = fdopendir(open(folder, O_RDONLY | O_DIRECTORY));
    CHECK(count(d, name, &type) == 1 && type == DT_CHR);
    closedir(d);
    return NULL;
}

/* The machine's own, with what the simulation adds. */
static const char *a_folder_of_the_machine(void)
{
    unsigned char type = 0;
    DIR *d = opendir("/dev");

    CHECK(count(d, "null", &type) == 1);
    rewinddir(d);
    CHECK(count(d, old_kernel ? "hl0" : "accel", &type) == 1);
    rewinddir(d);
    CHECK(count(d, old_kernel ? "accel" : "hl0", &type) == 0);
    closedir(d);
    d = opendir("/sys/class");
    CHECK(count(d, strrchr(class_folder, '/') + 1, &type) == 1 && type == DT_DIR);
    closedir(d);
    CHECK(chdir("/dev") == 0);
    d = opendir(".");
    CHECK(count(d, old_kernel ? "hl0" : "accel", &type) == 1);
    closedir(d);
    CHECK(chdir("/") == 0);
    return NULL;
}

static int entries_of(const char *path)
{
    DIR *d = opendir(path);
    int n = 0;

    while (d && readdir(d))
        n++;
    return d && closedir(d) == 0 ? n : -1;
}

/* ".." of a simulated folder has what only this machine has, too. */
static const char *parents(void)
{
    int n = entries_of("/sys/class");
    char path[64];

    snprintf(path, sizeof(path), "%s/..", class_folder);
    CHECK(n > 0 && entries_of(path) == n);
    CHECK(chdir(class_folder) == 0 && entries_of("..") == n && chdir("/") == 0);
    return NULL;
}

static const char *positions(void)
{
    DIR *d = opendir("/dev");
    char first[256] = "";
    struct dirent *e;
    long at;

    /* everything, one by one, each time from where it was */
    for (;;) {
        at = telldir(d);
        e = readdir(d);
        if (!e)
            break;
        snprintf(first, sizeof(first), "%s", e->d_name);
        seekdir(d, at);
        e = readdir(d);
        CHECK(e && !strcmp(e->d_name, first));
    }
    closedir(d);
    return NULL;
}

static const char *reentrant(void)
{
    struct dirent entry, *e;
    DIR *d = opendir(folder);
    unsigned n = 0;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    while (readdir_r(d, &entry, &e) == 0 && e)
        n += !strcmp(e->d_name, name) && e->d_type == DT_CHR;
#pragma GCC diagnostic pop
    CHECK(n == 1);
    closedir(d);
    return NULL;
}

static int only_ours(const struct dirent *e)
{
    return !strcmp(e->d_name, name);
}

/* As one does whose check has failed. */
static int ours_by_failing(const struct dirent *e)
{
    errno = ENOENT;
    return only_ours(e);
}

static const char *scans(void)
{
    int root = open("/", O_RDONLY | O_DIRECTORY), n;
    struct dirent **list = NULL;

    n = scandir(folder, &list, only_ours, alphasort);
    CHECK(n == 1 && list[0]->d_type == DT_CHR);
    free(list[0]);
    free(list);
    n = scandirat(root, folder + 1, &list, only_ours, alphasort);
    CHECK(n == 1);
    free(list[0]);
    free(list);
    n = scandir("/dev", &list, ours_by_failing, alphasort);
    CHECK(n == (old_kernel ? 1 : 0));
    while (n)
        free(list[--n]);
    free(list);
    CHECK(scandir(folder, &list, ours_by_failing, NULL) == 1);
    free(list[0]);
    free(list);
    n = scandir(class_folder, &list, NULL, alphasort);
    CHECK(n == 4 && !strcmp(list[0]->d_name, "."));
    while (n)
        free(list[--n]);
    free(list);
    CHECK(scandir("/dev/no", &list, NULL, NULL) == -1 && errno == ENOENT);
    close(root);
    return NULL;
}

static const char *patterns(void)
{
    const char *pattern = old_kernel ? "/dev/hl[0-9]*" : "/dev/accel/accel[0-9]*";
    glob_t g;

    CHECK(glob(pattern, 0, NULL, &g) == 0 && g.gl_pathc == 1 && !strcmp(g.gl_pathv[0], node));
    globfree(&g);
    CHECK(glob("/dev/*/accel0", 0, NULL, &g) == (old_kernel ? GLOB_NOMATCH : 0));
    globfree(&g);
    CHECK(glob("/sys/class/*/*/device/device_type", 0, NULL, &g) ==
          (old_kernel ? GLOB_NOMATCH : 0));
    globfree(&g);
    return NULL;
}

static atomic_bool enough;

static bool open_one(void)
{
    DIR *d = opendir("/dev");

    return d && readdir(d) && closedir(d) == 0;
}

static void *open_again_and_again(void *unused)
{
    while (!enough)
        open_one();
    return unused;
}

/* A child of fork() opens folders, whatever other threads did in that moment. */
static const char *in_a_child(void)
{
    pthread_t t[3];
    int s = 0;

    if (SANITIZER_STACK)
        return NULL; /* a sanitizer's allocator may be locked in a child */
    for (unsigned i = 0; i < 3; i++)
        CHECK(pthread_create(&t[i], NULL, open_again_and_again, NULL) == 0);
    for (unsigned i = 0; s == 0 && i < 60; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            alarm(20);
            _exit(!open_one());
        }
        CHECK(waitpid(pid, &s, 0) == pid);
    }
    enough = true;
    for (unsigned i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    CHECK(s == 0);
    return NULL;
}

static unsigned nodes, folders;

static int visit(const char *path, const struct stat *st, int type, struct FTW *f)
{
    nodes += looks_like_node(st) && !strcmp(path, node) && !strcmp(path + f->base, name);
    folders += type == FTW_D || type == FTW_DP;
    return strncmp(path, "/dev", 4) && strncmp(path, "/sys", 4);
}

static int visit_simply(const char *path, const struct stat *st, int type)
{
    (void)type;
    nodes += looks_like_node(st) && !strcmp(path, node);
    return 0;
}

static const char *walks(void)
{
    const char *start = old_kernel ? node : folder;

    nodes = folders = 0;
    CHECK(nftw(start, visit, 8, FTW_PHYS) == 0 && nodes == 1);
    CHECK(nftw(start, visit, 8, FTW_PHYS | FTW_DEPTH | FTW_CHDIR) == 0 && nodes == 2);
    CHECK(ftw(start, visit_simply, 8) == 0 && nodes == 3);
    folders = 0;
    CHECK(nftw(class_folder, visit, 8, 0) == 0 && folders > 2);
    return NULL;
}

static const char *the_other_walk(void)
{
    char *paths[] = { (char *)(old_kernel ? node : folder), NULL };
    static const int options[] = { FTS_PHYSICAL, FTS_PHYSICAL | FTS_NOCHDIR };
    FTSENT *e;
    FTS *f;

    for (unsigned i = 0; i < 2; i++) {
        unsigned found = 0;

        f = fts_open(paths, options[i], NULL);
        CHECK(f);
        while ((e = fts_read(f))) {
            CHECK(!strncmp(e->fts_path, "/dev", 4) && strlen(e->fts_path) == e->fts_pathlen);
            found += e->fts_info == FTS_DEFAULT && looks_like_node(e->fts_statp) &&
                     !strcmp(e->fts_path, node) && !strcmp(e->fts_name, name);
        }
        CHECK(found == 1);
        CHECK(fts_close(f) == 0);
    }
    return NULL;
}

const struct way listing[] = {
    { "a folder", a_folder },
    { "a folder of the machine", a_folder_of_the_machine },
    { "parents", parents },
    { "positions", positions },
    { "reentrant", reentrant },
    { "scans", scans },
    { "in a child", in_a_child },
    { "patterns", patterns },
    { "walks", walks },
    { "the other walk", the_other_walk },
    { NULL, NULL },
};
