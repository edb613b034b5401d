/* SPDX-License-Identifier: MIT */
/*
 * ftw(), nftw() and fts use the C library's internal functions: they are sent to where the files
 * really are, and the paths that they report are corrected.  In folders of the machine, such as
 * /dev, they only see the machine's entries.
 */
#include <fts.h>
#include <ftw.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/preload/preload.h"

#undef ftw64
#undef nftw64

DECLARE_REAL(ftw);
DECLARE_REAL(nftw);
DECLARE_REAL(fts_open);
DECLARE_REAL(fts_read);
DECLARE_REAL(fts_children);
DECLARE_REAL(fts_close);

/* How much of a path is hidden from the program. */
static size_t hidden(const char *path)
{
    size_t n = sim ? strlen(sim->tree) : 0;

    return n && !strncmp(path, sim->tree, n) && path[n] == '/' ? n : 0;
}

typedef int (*ftw_fn)(const char *, const struct stat *, int);
typedef int (*nftw_fn)(const char *, const struct stat *, int, struct FTW *);

/* The callbacks of the walks in progress in this thread. */
static __thread ftw_fn ftw_visit;
static __thread nftw_fn nftw_visit;

static int visit(const char *path, const struct stat *st, int type)
{
    struct stat seen = *st;

    face_put_on(&seen);
    return ftw_visit(path + hidden(path), &seen, type);
}

static int visit_with_level(const char *path, const struct stat *st, int type, struct FTW *f)
{
    struct FTW level = *f;
    struct stat seen = *st;

    face_put_on(&seen);
    level.base -= (int)hidden(path);
    return nftw_visit(path + hidden(path), &seen, type, &level);
}

HOOK int ftw(const char *path, ftw_fn fn, int fds)
{
    char buffer[PATH_BUFFER];
    ftw_fn outer = ftw_visit;
    int rc;

    if (!sim)
        return REAL(ftw)(path, fn, fds);
    ftw_visit = fn;
    rc = REAL(ftw)(path_map(path, buffer), visit, fds);
    ftw_visit = outer;
    return rc;
}

HOOK int nftw(const char *path, nftw_fn fn, int fds, int flags)
{
    char buffer[PATH_BUFFER];
    nftw_fn outer = nftw_visit;
    int rc;

    if (!sim)
        return REAL(nftw)(path, fn, fds, flags);
    nftw_visit = fn;
    rc = REAL(nftw)(path_map(path, buffer), visit_with_level, fds, flags);
    nftw_visit = outer;
    return rc;
}

HOOK int ftw64(const char *path, int (*fn)(const char *, const struct stat64 *, int), int fds)
{
    return ftw(path, (ftw_fn)fn, fds);
}

HOOK int nftw64(const char *path, int (*fn)(const char *, const struct stat64 *, int, struct FTW *),
                int fds, int flags)
{
    return nftw(path, (nftw_fn)fn, fds, flags);
}

/*
 * fts: an entry is corrected before the program sees it, and restored before fts continues with it.
 */
struct walk {
    struct walk *next;
    FTS *fts;
    FTSENT *entry;        /* that the program has now */
    char *path, *accpath; /* as fts has them */
    unsigned short pathlen;
};
static struct walk *walks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards walks */

/* Another thread may have had it. */
void walk_after_fork(void)
{
    pthread_mutex_init(&lock, NULL);
}

static void show_stat(FTSENT *e)
{
    if (e->fts_info != FTS_F)
        return;
    face_put_on(e->fts_statp);
    if (!S_ISREG(e->fts_statp->st_mode))
        e->fts_info = FTS_DEFAULT;
}

static FTSENT *show(struct walk *w, FTSENT *e)
{
    size_t n = hidden(e->fts_path);

    show_stat(e);
    w->entry = e;
    w->path = e->fts_path;
    w->accpath = e->fts_accpath;
    w->pathlen = e->fts_pathlen;
    if (hidden(e->fts_accpath))
        e->fts_accpath += n;
    e->fts_path += n;
    e->fts_pathlen = (unsigned short)(e->fts_pathlen - n);
    return e;
}

/* The record of a walk, its entry as fts left it. */
static struct walk *walk_of(FTS *fts)
{
    struct walk *w;

    pthread_mutex_lock(&lock);
    for (w = walks; w && w->fts != fts; w = w->next)
        ;
    pthread_mutex_unlock(&lock);
    if (w && w->entry) {
        w->entry->fts_path = w->path;
        w->entry->fts_accpath = w->accpath;
        w->entry->fts_pathlen = w->pathlen;
        w->entry = NULL;
    }
    return w;
}

typedef int (*fts_fn)(const FTSENT **, const FTSENT **);

HOOK FTS *fts_open(char *const *paths, int options, fts_fn compare)
{
    size_t n = 0;
    struct walk *w;
    char **mapped;
    FTS *fts;

    while (paths[n])
        n++;
    mapped = sim ? calloc(n + 1, sizeof(*mapped) + PATH_BUFFER) : NULL;
    w = mapped ? calloc(1, sizeof(*w)) : NULL;
    if (!w) {
        free(mapped);
        return REAL(fts_open)(paths, options, compare);
    }
    for (size_t i = 0; i < n; i++)
        mapped[i] = (char *)(uintptr_t)path_map(paths[i], (char *)&mapped[n + 1] + i * PATH_BUFFER);
    fts = REAL(fts_open)(mapped, options, compare);
    free(mapped); /* fts has copies */
    if (!fts) {
        free(w);
        return NULL;
    }
    w->fts = fts;
    pthread_mutex_lock(&lock);
    w->next = walks;
    walks = w;
    pthread_mutex_unlock(&lock);
    return fts;
}

HOOK FTSENT *fts_read(FTS *fts)
{
    struct walk *w = walk_of(fts);
    FTSENT *e = REAL(fts_read)(fts);

    return w && e ? show(w, e) : e;
}

HOOK FTSENT *fts_children(FTS *fts, int options)
{
    struct walk *w = walk_of(fts);
    FTSENT *first = REAL(fts_children)(fts, options);

    for (FTSENT *e = first; w && e && !(options & FTS_NAMEONLY); e = e->fts_link)
        show_stat(e);
    return first;
}

HOOK int fts_close(FTS *fts)
{
    struct walk *w = walk_of(fts), **at;

    if (w) {
        pthread_mutex_lock(&lock);
        for (at = &walks; *at != w; at = &(*at)->next)
            ;
        *at = w->next;
        pthread_mutex_unlock(&lock);
        free(w);
    }
    return REAL(fts_close)(fts);
}

/* The same layouts on 64-bit machines, under other names. */
HOOK FTS64 *fts64_open(char *const *paths, int options,
                       int (*compare)(const FTSENT64 **, const FTSENT64 **))
{
    return (FTS64 *)fts_open(paths, options, (fts_fn)compare);
}

HOOK FTSENT64 *fts64_read(FTS64 *fts)
{
    return (FTSENT64 *)fts_read((FTS *)fts);
}

HOOK FTSENT64 *fts64_children(FTS64 *fts, int options)
{
    return (FTSENT64 *)fts_children((FTS *)fts, options);
}

HOOK int fts64_close(FTS64 *fts)
{
    return fts_close((FTS *)fts);
}
