/* SPDX-License-Identifier: MIT */
/* What the parts of the preloaded library share. */
#ifndef SIM_PRELOAD_H
#define SIM_PRELOAD_H

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "sim/client.h"
#include "sim/lock.h"
#include "sim/model/model.h"

/* The kernel's flag of every file that open() made on 64-bit machines; the C library has it as 0.
 */
#ifdef __aarch64__
#define KERNEL_O_LARGEFILE 0400000
#else
#define KERNEL_O_LARGEFILE 0100000
#endif

#define HOOK __attribute__((visibility("default")))

/* The C library's function of the same name, looked up once. */
#define REAL(name) ((__typeof__(&name))real_function(&real_##name, #name))
#define DECLARE_REAL(name) static void *real_##name
void *real_function(void **cache, const char *name);

/*
 * The simulation, or NULL: then every function is the C library's.  Whoever asks first joins it
 * (init.c): constructors of other libraries run before ours.
 */
extern const struct sim_state *sim_joined;
const struct sim_state *sim_join(void);
/*
 * Whose memory this is (fdtable.c); 0: it has not joined yet, or is a child that does not know it
 * yet, since no handler of pthread_atfork() has run.
 */
extern pid_t *sim_owner;

static inline const struct sim_state *sim_now(void)
{
    return __atomic_load_n(sim_owner, __ATOMIC_ACQUIRE) ? sim_joined : sim_join();
}
#define sim sim_now()

/* ---- descriptors (fdtable.c) ---- */

/*
 * The simulated file behind fd, SIM_NONE for any other.  Known ones cost a table lookup;
 * fd_find() asks the kernel about the others, too (one fstat).
 */
uint32_t fd_known(int fd);
uint32_t fd_find(int fd);
void fd_learn(int fd); /* fd is new, a duplicate of an unknown file */
void fd_note(int fd, uint32_t file);
bool fd_forget(int fd); /* true: it was a simulated one */
bool fd_forget_range(unsigned first, unsigned last);
/* After a close: returns once the supervisor has noticed. */
void fd_closed(void);
/* ... of a file that was this one: the device that it held has been released when this returns. */
void fd_closed_file(uint32_t file);
/*
 * A duplicate for ourselves, away from the numbers that a program expects where there is room; the
 * table does not know it.  -1: there is none.
 */
int fd_duplicate_away(int fd);
void fd_scan(void);     /* what this program was started with */
bool fd_borrowed(void); /* in a child of vfork(), which has descriptors of its own, but no memory */
void fd_own(void);      /* the table is this process's from here on */
/* The file behind a socket's inode, SIM_NONE for none. */
uint32_t file_of_inode(uint64_t inode);

/*
 * ---- room that a small stack lacks (scratch.c): a thread may have 16 KiB, a handler less ----
 */
void *scratch_take(size_t size); /* NULL: there is none */
void scratch_give(void *p, size_t size);

/* ---- paths (path.c) ---- */

#define PATH_BUFFER 4352
/* Where a path really is, relative to dir: path itself, or buffer. */
const char *path_map_at(int dir, const char *path, char *buffer);
/* The same for functions that do not follow a link at its end, if follow is false. */
const char *path_map_link(int dir, const char *path, bool follow, char *buffer);
/* Where a path that is absolute, without links or "..", really is: path itself, or buffer. */
const char *path_place(const char *plain, char *buffer);
/* The folder that a relative path starts from, into folder[PATH_BUFFER], as this machine knows it.
 */
bool path_folder(int dir, char *folder);
/*
 * A path as the program's kernel would follow it (resolve.c), into plain[PATH_BUFFER]: absolute,
 * without links, except for one at its end if follow is false.  False where nothing is there.
 */
bool path_resolve(int dir, const char *path, bool follow, char *plain);
static inline const char *path_map(const char *path, char *buffer)
{
    return path_map_at(AT_FDCWD, path, buffer);
}
/* Is a path really one of the simulation's files, of sysfs? */
bool path_of_tree(const char *mapped);
bool path_of_sysfs(const char *mapped);
/* A link in /proc to an open simulated file. */
bool path_fd_file(const char *path);
/* ... to an open node: opening it opens the node. */
bool path_fd_node(const char *path, uint32_t *device, bool *control);
/* ... to an open file of debugfs: that one's path. */
bool path_fd_debugfs(const char *path, char *text, size_t size);
/* A node of the simulation: which, by its original path. */
bool path_node(const char *path, uint32_t *device, bool *control);
/* Is fd a file that stands for one of the simulation, whatever path led there? */
bool path_stands_in(int fd, uint64_t *inode);
/* ... for a node: which. */
bool node_of_inode(uint64_t inode, uint32_t *device, bool *control);
/* Does the simulation show or hide the entry of that name in a folder of the machine? */
bool path_owned(const char *folder, const char *name);
/* The reverse, in place: the path that a program sees for one below the tree. */
void path_unmap(char *path);
/* What readlink() of a /proc/PID/fd link says for a simulated file. */
void file_link(uint32_t file, char *text, size_t size);
/* /proc/PID/fdinfo/N of a node or a dma-buf: its text, false for other files. */
bool path_fdinfo(const char *path, char *text, size_t size);
/*
 * /proc/PID/maps of a process with a mapping of a node: its text as the kernel would write it, to
 * be freed; NULL for other files.
 */
char *path_maps(const char *path);

/* ---- what a program sees of a file (stat.c) ---- */
void face_put_on(struct stat *st);

/* ---- the contents of folders (list.c, walk.c) ---- */
void list_after_fork(void);
void walk_after_fork(void);

/* ---- programs that start others (exec.c) ---- */
void exec_note(void); /* what this program has in its environment */

/* ---- files of /proc, whole (read_below.c) ---- */
/* Their text, to be freed, or NULL; below the preloaded functions. */
char *read_below(const char *path);

/* ---- who holds a dma-buf (holders.c) ---- */
unsigned count_holders(uint32_t file);

/* ---- files of debugfs (debugfs.c): false: it is not one ---- */
bool debugfs_path(const char *mapped);
/* Does fd, which path_stands_in(), stand for one: its path. */
bool debugfs_of_fd(int fd, char *text, size_t size);
void debugfs_name(uint32_t file, char *text, size_t size);
bool debugfs_open(const char *mapped, int flags, int *fd);
/* at: -1 for a read() or write() where the file stands. */
bool debugfs_read(int fd, void *to, size_t n, off_t at, ssize_t *got);
bool debugfs_write(int fd, const void *from, size_t n, off_t at, ssize_t *put);
bool debugfs_readv(int fd, const struct iovec *v, int n, off_t at, ssize_t *got);
bool debugfs_writev(int fd, const struct iovec *v, int n, off_t at, ssize_t *put);

/* ---- opening (open.c) ---- */
int open_any(int dir, const char *path, int flags, mode_t mode);

/* ---- requests that are not the driver's (vfs_ioctl.c) ---- */
/* False: it is for the driver.  True: *rc is 0 or a negative errno. */
bool vfs_ioctl(int fd, unsigned request, uint64_t user, int *rc);

/* ---- sync files of dma-bufs (sync_file.c) ---- */
/* True: a request to a dma-buf or a sync file that is about one; *rc is 0 or a negative errno. */
bool sync_file_ioctl(int fd, uint32_t file, unsigned request, uint64_t user, int *rc);

/* ---- requests to the driver (call.c) ---- */
/* 0 or a negative errno. */
int call_ioctl(uint32_t file, unsigned request, uint64_t user);

/* ---- the model's surroundings (environment.c) ---- */
extern const struct sim_env *preload_env(void);

/* ---- mappings of nodes (mmap.c) ---- */
void mmap_after_fork(void);

/* ---- our own locks: no handler runs while this thread has one ---- */
static inline void signals_block(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

static inline void signals_restore(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

#endif
