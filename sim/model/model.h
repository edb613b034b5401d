/* SPDX-License-Identifier: MIT */
/*
 * The model: what the driver answers.
 *
 * Functions take the state and a file number, return 0 or -errno as the driver does, and are
 * called with the state's lock held.  What happens outside of the state (files are created, memory
 * of a process is read) goes through struct sim_env, so that tests run the model without preload.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include <stddef.h>
#include <time.h>

#include "sim/asic.h"
#include "sim/state.h"

#define SIM_PAGE 4096ull

/* The surroundings of a call. */
struct sim_env {
    struct sim_state *state;
    pid_t pid, tid; /* who calls, as the supervisor sees them */
    /* user memory: 0 or -EFAULT */
    int (*copy_in)(void *to, uint64_t user, size_t n);
    int (*copy_out)(uint64_t user, const void *from, size_t n);
    /* pins a range for the device: 0, -EFAULT (first page) or -ENOMEM (a later one) */
    int (*pin)(const struct sim_state *s, uint64_t user, uint64_t size);
    /* a descriptor of a new dma-buf: the fd or -errno */
    int (*new_dmabuf)(struct sim_state *s, uint32_t device, const struct sim_dmabuf *b,
                      uint32_t flags);
    /* imports a descriptor's dma-buf into a device's context: its import or -errno */
    int (*import_dmabuf)(struct sim_state *s, uint32_t device, uint32_t context, int fd);
    /* is it a descriptor of the caller? */
    bool (*is_open)(int fd);
    /* closed dma-bufs have been noticed when it returns */
    void (*settle)(struct sim_state *s);
    /* registers an eventfd of the caller; -1 removes it: 0 or -errno */
    int (*eventfd)(struct sim_state *s, uint32_t file, int fd);
    /* the bytes of a new buffer are zero */
    void (*clear_buffer)(struct sim_state *s, struct sim_device *d, uint32_t index);
    /* has the caller received a signal, or been killed?  Then a wait ends with -EINTR */
    bool (*interrupted)(void);
    /* reports what is not part of the interface */
    void (*complain)(const struct sim_state *s, const char *what, unsigned long value);
};

/* ioctl() on a node: a request from beginning to end, as the kernel handles it. */
int sim_ioctl(const struct sim_env *env, uint32_t file, unsigned request, uint64_t argument);

#define SIM_RESET_NS 20000000ull
#define SIM_RELEASE_NS 4000000ull

/* Requests of the DRM core. args: 128 bytes. */
bool sim_drm_knows(unsigned nr);
int sim_drm(const struct sim_env *env, unsigned nr, void *args);

/* One argument, in place (model/<name>.c); the file is a primary node's unless said otherwise. */
int sim_info(const struct sim_env *env, uint32_t file, struct hl_info_args *args);
int sim_memory(const struct sim_env *env, uint32_t file, union hl_mem_args *args);
int sim_cb(const struct sim_env *env, uint32_t file, union hl_cb_args *args);
int sim_cs(const struct sim_env *env, uint32_t file, union hl_cs_args *args);
int sim_debug(const struct sim_env *env, uint32_t file, struct hl_debug_args *args);
int sim_wait(const struct sim_env *env, uint32_t file, union hl_wait_cs_args *args);

/* Files. */
uint32_t sim_file_by_inode(const struct sim_state *s, uint64_t inode);
uint32_t sim_file_new(struct sim_state *s, enum sim_file_kind kind, uint64_t inode);
void sim_file_free(struct sim_state *s, uint32_t file);

/* May the node be opened now?  0 or the driver's -errno. */
int sim_open_check(struct sim_state *s, struct sim_device *d, bool control);
void sim_opened(struct sim_state *s, uint32_t file);
/* The last descriptor of a file is gone. */
void sim_released(struct sim_state *s, uint32_t file);

/* Devices. */
void sim_device_init(struct sim_state *s, struct sim_device *d, enum sim_asic_id asic,
                     uint32_t index);
/* One that was pulled is plugged in again: a fresh device. */
void sim_device_return(struct sim_state *s, struct sim_device *d);
uint32_t sim_device_status(const struct sim_device *d);
/* Is it in a reset that ends by itself, whether its user closes it or not? */
bool sim_device_recovers(const struct sim_device *d);
/*
 * The driver takes a while to release a device (Gaudi2: resets it), during its user's close(), or
 * during its exit: others that open it meanwhile get EAGAIN.  Begins when a living user has
 * closed it (killed: 0), or when a killed one has lost it: then it ends at the latest
 * when that process has been waited for; the kernel does not report its end earlier.
 */
void sim_device_releases(struct sim_device *d, pid_t killed);
bool sim_device_releasing(const struct sim_device *d);
/* When that ends; false: it has. */
bool sim_device_release_ends(const struct sim_device *d, struct timespec *end);
bool sim_device_operational(const struct sim_device *d);
void sim_device_reset(struct sim_state *s, struct sim_device *d);
/* The same because its firmware fails, of which its users are told. */
void sim_device_fail(struct sim_state *s, struct sim_device *d);
/* Those that are over. */
uint32_t sim_device_hard_resets(const struct sim_device *d);
uint32_t sim_device_soft_resets(const struct sim_device *d);
/* A reset because of an error, of which events tell: deferred while a user that listens for events
 * has the device. */
void sim_device_error_reset(struct sim_state *s, struct sim_device *d, uint64_t events);
/* What is due of one that was deferred, now that its user has closed the device. */
void sim_device_postponed_reset(struct sim_state *s, struct sim_device *d);
void sim_device_remove(struct sim_state *s, struct sim_device *d);
/* Sets event bits for every user of the device that can see them. */
void sim_device_event(struct sim_state *s, struct sim_device *d, uint64_t events);

/* The context that a primary node's file works in; NULL once it is gone. */
struct sim_context *sim_context_of(struct sim_state *s, uint32_t file);
void sim_context_init(const struct sim_asic *a, struct sim_context *c);

/* Address spaces. */
void sim_space_init(struct sim_space *sp, uint64_t first, uint64_t last);
/*
 * A block of size bytes: its address, 0 when there is none.  page: of the space; align: of the
 * address, a power of two (ignored where page is none).  reserved: [first, last] to keep clear of
 * without a hint, or NULL.
 */
uint64_t sim_space_get(struct sim_space *sp, uint64_t size, uint64_t hint, bool force,
                       uint64_t page, uint64_t align, const uint64_t reserved[2]);
/* The first block with room for it, as gen_pool_alloc() finds it: its address, 0: there is none. */
uint64_t sim_space_first(struct sim_space *sp, uint64_t size);
void sim_space_put(struct sim_space *sp, uint64_t start, uint64_t size);

/* Mappings. */
struct sim_map *sim_map_find(struct sim_context *c, uint64_t va);
void sim_map_remove(struct sim_context *c, struct sim_map *m);

/*
 * Where byte `at` of an exported range is in the device's memory; *left: bytes that follow it
 * there.
 */
uint64_t sim_dmabuf_locate(const struct sim_device *d, const struct sim_dmabuf *b, uint64_t at,
                           uint64_t *left);

/*
 * Imported dma-bufs (model/import.c).  sim_import_new(): an entry, SIM_NONE when all are taken.
 * sim_imports_drop(): a context has ended, and its imports with it.
 */
uint32_t sim_import_new(struct sim_state *s, uint32_t device, uint32_t context, uint32_t file,
                        uint64_t size);
void sim_import_drop(struct sim_state *s, uint32_t import);
void sim_imports_drop(struct sim_state *s, struct sim_device *d);

/* Buffers behind mmap() of a node (model/cb.c). */
struct sim_buffer *sim_buffer_new(struct sim_context *c, enum sim_buffer_kind kind, uint64_t size,
                                  uint64_t *number); /* NULL: no room */
/* May it be mapped?  The caller records by whom. */
int sim_buffer_mmap(struct sim_context *c, uint64_t offset, uint64_t length, uint32_t *index);
void sim_buffer_munmap(struct sim_context *c, uint32_t index);
void sim_buffer_gone(struct sim_context *c, struct sim_buffer *b);

/* Which operations a fault script names. */
enum sim_op {
    SIM_OP_ANY,
    SIM_OP_OPEN,
    SIM_OP_INFO,
    SIM_OP_ALLOC,
    SIM_OP_FREE,
    SIM_OP_MAP,
    SIM_OP_UNMAP,
    SIM_OP_EXPORT,
    SIM_OP_IMPORT,
    SIM_OP_CB,
    SIM_OP_CS,
    SIM_OP_WAIT,
    SIM_OP_DEBUG,
    SIM_OP_MEMORY, /* the other MEMORY operations */
    SIM_OP_COUNT
};
extern const char *const sim_op_names[SIM_OP_COUNT];

/* "OP:N[-M|+]:ACTION" into *f: NULL, or what is wrong with it. */
const char *sim_fault_parse(const char *spec, struct sim_fault *f);
/*
 * Counts a call and carries out what the script says about it: 0, or the -errno that the call has
 * to return.  *delay_us: how long the caller has to sleep, without the lock.
 */
int sim_fault_check(struct sim_state *s, struct sim_device *d, enum sim_op op, uint64_t *delay_us);

#endif
