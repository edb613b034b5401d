/* SPDX-License-Identifier: MIT */
/* What a queue submits, byte for byte, with a driver that notes it and completes all at once. */
#include "tests/test.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hlthunk/hlthunk.h>

#include "lib/core/attachment.h"
#include "lib/core/errand.h"
#include "lib/device/device.h"
#include "lib/memory/buffer.h"
#include "lib/queue/format.h"
#include "lib/queue/queue.h"
#include "tests/unit/wiped.h"
#include "uapi/habanalabs_accel.h"
#include "uapi/requests.h"

#define MAPPED 0x1001000000000000ull
#define HANDLE(n) (2ull << 59 | (uint64_t)((n) + 1) << 12)
#define NUMBER(handle) (((handle) & ((1ull << 59) - 1)) / 4096 - 1)
#define DMA_BYTES 24u
#define ok(call)                                                                                   \
    do {                                                                                           \
        int ok_rc = (call);                                                                        \
        if (ok_rc)                                                                                 \
            fail_msg("%s: %d: %s", #call, ok_rc, hlthunk_last_error());                            \
    } while (0)

static uint8_t packets[1 << 20];
static uint32_t length, queue_index, chunk_flags;
static atomic_uint submissions;
static int refuse;
static atomic_int refusals; /* errno for so many submissions */
/* What a wait finds: an errno for so many of them, then this. */
static int wait_error, wait_errors;
static int waits_before; /* so many are answered before those */
static atomic_uint waits;
static _Atomic uint32_t wait_status = HL_WAIT_CS_STATUS_COMPLETED;
static int64_t wait_timestamp;
static bool no_room_for_waits;    /* of a queue for a signal: answered as if it were over */
static uint64_t is_completed;     /* this submission, whatever wait_status is */
static uint64_t is_aborted;       /* and this one was */
static int refuse_command_buffer; /* errno */
static uint32_t device_status;    /* what the driver says of the device */
static uint64_t forgotten;        /* submissions up to this one: told as completed, and gone */
static uint32_t soft_resets;      /* how often the driver has reset only the engines */
static int refuse_reset_count;    /* errno, once */
static uint8_t command_memory[64][64 << 10] __attribute__((aligned(4096)));
static unsigned command_buffers;

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (fd < 0)
        return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
    return command_memory[NUMBER((uint64_t)offset)];
}

int munmap(void *address, size_t size)
{
    uint8_t *p = address;

    if (p >= command_memory[0] && p < command_memory[0] + sizeof(command_memory))
        return 0;
    return (int)syscall(SYS_munmap, address, size);
}

static bool refuse_threads;
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *arg)
{
    return refuse_threads ? EAGAIN : __real_pthread_create(t, a, run, arg);
}

/* A child that is forked while a queue takes a reference to a buffer. */
static struct hlthunk_queue *child_drops;
static int child_status;
struct hlthunk_buffer *__real_hlthunk_buffer_ref(struct hlthunk_buffer *);
struct hlthunk_buffer *__wrap_hlthunk_buffer_ref(struct hlthunk_buffer *);

struct hlthunk_buffer *__wrap_hlthunk_buffer_ref(struct hlthunk_buffer *b)
{
    struct hlthunk_queue *q = child_drops;
    pid_t child;

    child_drops = NULL;
    child = q ? fork() : -1;
    if (child == 0) {
        hlthunk_queue_unref(q);
        _exit(0);
    }
    if (child > 0)
        assert_int_equal(waitpid(child, &child_status, 0), child);
    return __real_hlthunk_buffer_ref(b);
}

/* What is unlocked is locked. */
int __real_pthread_mutex_unlock(pthread_mutex_t *);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *);

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
    assert_int_equal(pthread_mutex_trylock(m), EBUSY);
    return __real_pthread_mutex_unlock(m);
}

/*
 * Two threads whose submissions the driver has no room for: the first one tries again while the
 * second one pauses, and is refused.
 */
static struct meeting {
    struct hlthunk_queue *q;
    pthread_t first;
    unsigned tries; /* of the first */
    sem_t tried, pauses, refused;
    struct hlthunk_fence *fence;
    struct world *w;
    int rc, answer; /* errno for the second */
} * meeting;

static int answer_of_the_meeting(void)
{
    if (!pthread_equal(pthread_self(), meeting->first))
        return meeting->answer;
    return meeting->tries++ ? EINVAL : EAGAIN;
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
    if (!meeting)
        return (int)syscall(SYS_nanosleep, time, left);
    if (pthread_equal(pthread_self(), meeting->first)) {
        sem_post(&meeting->tried);
        sem_wait(&meeting->pauses);
    } else {
        sem_post(&meeting->pauses);
        sem_wait(&meeting->refused);
    }
    return 0;
}

static int submit(union hl_cs_args *a)
{
    const struct hl_cs_chunk *k = (const void *)(uintptr_t)a->in.chunks_execute;
    bool dropped_wait;
    uint64_t index;

    if (meeting) {
        errno = answer_of_the_meeting();
        return -1;
    }
    if (refusals) {
        refusals--;
        errno = refuse;
        return -1;
    }
    if (!(a->in.cs_flags & (HL_CS_FLAGS_SIGNAL | HL_CS_FLAGS_WAIT))) {
        index = k->cs_chunk_flags & HL_CS_CHUNK_FLAGS_USER_ALLOC_CB ? (k->cb_handle - MAPPED) >> 16
                                                                    : NUMBER(k->cb_handle);
        assert_true(length + k->cb_size <= sizeof(packets));
        memcpy(packets + length, command_memory[index], k->cb_size);
        length += k->cb_size;
        queue_index = k->queue_index;
        chunk_flags = k->cs_chunk_flags;
    }
    dropped_wait = no_room_for_waits && a->in.cs_flags & HL_CS_FLAGS_WAIT;
    memset(a, 0, sizeof(*a));
    a->out.seq = dropped_wait ? UINT64_MAX : ++submissions;
    return 0;
}

static int command_buffer(union hl_cb_args *a)
{
    if (refuse_command_buffer) {
        errno = refuse_command_buffer;
        return -1;
    }
    if (a->in.op == HL_CB_OP_CREATE)
        a->out.cb_handle = HANDLE(command_buffers++ % 64);
    else if (a->in.op == HL_CB_OP_INFO)
        a->out.device_va = MAPPED + (NUMBER(a->in.cb_handle) << 16);
    return 0;
}

static int wait_for(union hl_wait_cs_args *a)
{
    uint64_t sequence = a->in.seq;

    waits++;
    if (waits_before) {
        waits_before--;
    } else if (wait_errors) {
        wait_errors--;
        errno = wait_error;
        return -1;
    }
    memset(a, 0, sizeof(*a));
    if (sequence <= forgotten) {
        a->out.status = HL_WAIT_CS_STATUS_COMPLETED;
        a->out.flags = HL_WAIT_CS_STATUS_FLAG_GONE;
        return 0;
    }
    if (sequence == is_aborted) {
        a->out.status = HL_WAIT_CS_STATUS_ABORTED;
        errno = EIO;
        return -1;
    }
    a->out.status = sequence == is_completed ? HL_WAIT_CS_STATUS_COMPLETED : wait_status;
    if (wait_timestamp) {
        a->out.flags = HL_WAIT_CS_STATUS_FLAG_TIMESTAMP_VLD;
        a->out.timestamp_nsec = wait_timestamp + (int64_t)sequence;
    }
    return 0;
}

static int query(const struct hl_info_args *a)
{
    void *answer = (void *)(uintptr_t)a->return_pointer;

    if (a->op == HL_INFO_DEVICE_STATUS) {
        ((struct hl_info_device_status *)answer)->status = device_status;
    } else if (a->op == HL_INFO_RESET_COUNT && refuse_reset_count) {
        errno = refuse_reset_count;
        refuse_reset_count = 0;
        return -1;
    } else if (a->op == HL_INFO_RESET_COUNT) {
        ((struct hl_info_reset_count *)answer)->soft_reset_cnt = soft_resets;
    }
    return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    union hl_mem_args *a;
    va_list ap;
    void *arg;

    (void)fd;
    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    switch (request) {
    case HL_REQ_D_CS:
        return submit(arg);
    case HL_REQ_D_CB:
        return command_buffer(arg);
    case HL_REQ_D_WAIT_CS:
        return wait_for(arg);
    case HL_REQ_D_INFO:
        return query(arg);
    case HL_REQ_D_MEMORY:
        a = memset(arg, 0, sizeof(*a));
        a->out.device_virt_addr = 0x7000000; /* of the staging memory */
        return 0;
    default:
        return 0;
    }
}

/* A device and buffers as the queue sees them, of any size. */
struct world {
    struct hlthunk_device d;
    struct hlthunk_buffer device_memory, other, host;
    struct hlthunk_queue *q;
};

static void init_buffer(struct world *w, struct hlthunk_buffer *b, uint64_t address)
{
    atomic_init(&b->object.refs, 1);
    b->object.device = &w->d;
    b->object.epoch = hl_process_epoch();
    b->size = 1ull << 40;
    b->memory.address = address;
}

static struct world *begin(enum hlthunk_asic asic, enum hlthunk_engine engine)
{
    struct hlthunk_queue_options o = { .struct_size = sizeof(o), .engine = engine };
    struct world *w = calloc(1, sizeof(*w));

    hl_parent_init(&w->d.base, NULL);
    atomic_store(&w->d.base.object.refs, 1000);
    w->d.props.asic = asic;
    init_buffer(w, &w->device_memory, 0x20000000);
    init_buffer(w, &w->other, 0x20000000000);
    init_buffer(w, &w->host, 0x1000000000000);
    w->host.host = w; /* any place */
    length = 0;
    submissions = 0;
    wait_status = HL_WAIT_CS_STATUS_COMPLETED; /* whatever a failed test has left */
    no_room_for_waits = false;
    is_completed = is_aborted = forgotten = 0;
    waits_before = wait_errors = 0;
    refusals = 0;
    device_status = HL_DEVICE_STATUS_OPERATIONAL;
    assert_int_equal(hlthunk_queue_create(&w->d, &o, &w->q), 0);
    return w;
}

static void end(struct world *w)
{
    hlthunk_queue_unref(w->q);
    /* every reference has come back */
    assert_int_equal(atomic_load(&w->device_memory.object.refs), 1);
    assert_int_equal(atomic_load(&w->other.object.refs), 1);
    assert_int_equal(atomic_load(&w->host.object.refs), 1);
    assert_int_equal(atomic_load(&w->d.base.object.refs), 1000);
    hl_attachments_destroy(&w->d.base);
    pthread_mutex_destroy(&w->d.base.lock);
    free(w);
}

static void expect(unsigned n, uint32_t size, uint32_t control, uint64_t from, uint64_t to)
{
    uint8_t want[DMA_BYTES];

    memcpy(want, &size, 4);
    memcpy(want + 4, &control, 4);
    memcpy(want + 8, &from, 8);
    memcpy(want + 16, &to, 8);
    assert_memory_equal(packets + (size_t)n * DMA_BYTES, want, DMA_BYTES);
}

#define FIRST 0xE9000000u /* LIN_DMA, all barriers */
#define NEXT 0xC9000000u  /* without the engine's */

static void copies(enum hlthunk_asic asic, uint32_t linear, const uint32_t direction[4])
{
    struct world *w = begin(asic, HLTHUNK_ENGINE_TO_DEVICE);

    ok(hlthunk_queue_copy(w->q, &w->device_memory, 1, &w->host, 2, 3));
    ok(hlthunk_queue_copy(w->q, &w->host, 4, &w->device_memory, 5, 6));
    ok(hlthunk_queue_copy(w->q, &w->other, 7, &w->device_memory, 8, 9));
    ok(hlthunk_queue_copy(w->q, &w->host, 100, &w->host, 8, 9));
    assert_int_equal(submissions, 0); /* recorded */
    ok(hlthunk_queue_flush(w->q));
    assert_int_equal(submissions, 1); /* all in one */
    assert_int_equal(length, 4 * DMA_BYTES);
    expect(0, 3, FIRST | linear | direction[0], 0x1000000000002, 0x20000001);
    expect(1, 6, FIRST | linear | direction[1], 0x20000005, 0x1000000000004);
    expect(2, 9, FIRST | linear | direction[2], 0x20000008, 0x20000000007);
    expect(3, 9, FIRST | linear | direction[3], 0x1000000000008, 0x1000000000064);
    assert_int_equal(chunk_flags,
                     asic == HLTHUNK_ASIC_GAUDI2 ? HL_CS_CHUNK_FLAGS_USER_ALLOC_CB : 0);
    end(w);
}

TEST(the_packets_of_each_asic)
{
    static const uint32_t none[4] = { 0 }, goya[4] = { 0, 5u << 20, 6u << 20, 0 };

    copies(HLTHUNK_ASIC_GOYA, 0, goya);
    copies(HLTHUNK_ASIC_GAUDI, 8, none);
    copies(HLTHUNK_ASIC_GAUDI2, 0, none);
}

/* Over 4 GiB: packets of 256 MiB, submissions of 1 GiB, nothing left out and nothing twice. */
TEST(more_than_four_gigabytes)
{
    const uint64_t size = (5ull << 30) + 7;
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    uint64_t at = 0;

    ok(hlthunk_queue_copy(w->q, &w->other, 3, &w->device_memory, 1, size));
    ok(hlthunk_queue_finish(w->q, -1));
    assert_int_equal(length, 21 * DMA_BYTES);
    assert_int_equal(submissions, 6);
    for (unsigned i = 0; i < 21; i++) {
        uint32_t n = i < 20 ? 256u << 20 : 7;

        expect(i, n, i ? NEXT : FIRST, 0x20000001 + at, 0x20000000003 + at);
        at += n;
    }
    assert_int_equal(at, size);
    end(w);
}

TEST(fills)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);

    ok(hlthunk_queue_fill(w->q, &w->other, 16, 800, 0xab, 1));
    assert_int_equal(atomic_load(&w->other.object.refs), 2);
    ok(hlthunk_queue_fill(w->q, &w->other, 6, 12, 0x0201, 2));
    ok(hlthunk_queue_finish(w->q, -1));
    assert_int_equal(length, 4 * DMA_BYTES);
    expect(0, 800, FIRST | 1u << 4, 0xabababababababab, 0x20000000010);
    /* two bytes to the alignment, eight, and two: the edges come from staging memory */
    expect(1, 2, FIRST, 0x7000000, 0x20000000006);
    expect(2, 8, FIRST | 1u << 4, 0x0201020102010201, 0x20000000008);
    expect(3, 2, FIRST, 0x7000008, 0x20000000010);
    end(w);
}

TEST(rows)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI, HLTHUNK_ENGINE_ANY);
    struct hlthunk_copy_2d c = { .struct_size = sizeof(c),
                                 .destination = &w->other,
                                 .source = &w->device_memory,
                                 .destination_pitch = 16,
                                 .source_pitch = 32,
                                 .width_bytes = 8,
                                 .rows = 3 };

    ok(hlthunk_queue_copy_2d(w->q, &c));
    c.destination_pitch = c.source_pitch = 8; /* all of a piece */
    ok(hlthunk_queue_copy_2d(w->q, &c));
    ok(hlthunk_queue_flush(w->q));
    assert_int_equal(length, 4 * DMA_BYTES);
    for (unsigned i = 0; i < 3; i++)
        expect(i, 8, (i ? NEXT : FIRST) | 8, 0x20000000 + 32 * i, 0x20000000000 + 16 * i);
    expect(3, 24, FIRST | 8, 0x20000000, 0x20000000000);
    end(w);
}

/* Whatever the driver answers: what is recorded is submitted once, or stays, or is lost. */
TEST(a_refused_submission_stays_recorded)
{
    static const int errors[] = { ENOMEM, EINVAL, EPERM, EFAULT, EMFILE };

    for (unsigned i = 0; i < 5; i++) {
        struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
        struct hlthunk_fence *f = NULL;

        ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
        refuse = errors[i];
        refusals = 2;
        assert_int_equal(hlthunk_queue_flush(w->q), -errors[i]);
        assert_int_equal(hlthunk_queue_create_fence(w->q, NULL, &f), -errors[i]);
        assert_null(f);
        assert_int_equal(length, 0);
        assert_true(atomic_load(&w->other.object.refs) > 1);
        ok(hlthunk_queue_finish(w->q, -1));
        assert_int_equal(length, DMA_BYTES);
        assert_int_equal(submissions, 1);
        end(w);
    }
}

/* The driver's answer is EPERM then, as if it refused the packets. */
TEST(a_reset_overtakes_a_submission)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);

    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    refuse = EPERM;
    refusals = 1;
    device_status = HL_DEVICE_STATUS_NEEDS_RESET;
    assert_int_equal(hlthunk_queue_flush(w->q), -ENODEV);
    assert_int_equal(hlthunk_device_get_stale_reason(&w->d), HLTHUNK_STALE_RESET);
    device_status = HL_DEVICE_STATUS_OPERATIONAL;
    end(w);
}

TEST(a_full_driver_is_waited_out)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);

    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    refuse = EAGAIN;
    refusals = 5; /* nothing of ours is in flight: somebody else's is */
    ok(hlthunk_queue_flush(w->q));
    assert_int_equal(refusals, 0);
    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    refuse = EINTR;
    refusals = 3;
    ok(hlthunk_queue_flush(w->q));
    assert_int_equal(length, 2 * DMA_BYTES);
    assert_int_equal(submissions, 2);
    end(w);
}

static void *submit_own_packets(void *arg)
{
    struct world *w = arg;
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o), .device_mapped = true };
    struct hlthunk_packets p = { .struct_size = sizeof(p), .size_bytes = DMA_BYTES };

    ok(hlthunk_command_buffer_create(&w->d, 4096, &o, &p.command_buffer));
    memset(hlthunk_command_buffer_borrow_data(p.command_buffer), 0x55, DMA_BYTES);
    ok(hlthunk_queue_submit_packets(w->q, &p));
    hlthunk_command_buffer_unref(p.command_buffer);
    return NULL;
}

/* While a program's own packets wait for room, another thread's work is not recorded behind them.
 */
TEST(packets_of_the_program_are_a_batch_to_themselves)
{
    static const uint8_t own[DMA_BYTES] = { [0 ... DMA_BYTES - 1] = 0x55 };
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    pthread_t other;

    refuse = EAGAIN;
    refusals = 20;
    assert_int_equal(pthread_create(&other, NULL, submit_own_packets, w), 0);
    while (refusals == 20)
        sched_yield();
    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    pthread_join(other, NULL);
    ok(hlthunk_queue_flush(w->q));
    assert_int_equal(submissions, 2);
    assert_int_equal(length, 2 * DMA_BYTES);
    assert_memory_equal(packets, own, DMA_BYTES);
    expect(1, 64, FIRST, 0x20000000, 0x20000000000);
    end(w);
}

static void expect_soon(sem_t *told)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 5;
    assert_int_equal(sem_timedwait(told, &end), 0);
}

static struct hlthunk_command_buffer *packets_of(struct hlthunk_device *d)
{
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o), .device_mapped = true };
    struct hlthunk_command_buffer *cb;

    ok(hlthunk_command_buffer_create(d, 4096, &o, &cb));
    return cb;
}

static void refused_packets(struct world *w, const struct hlthunk_packets *p, const char *why)
{
    assert_int_equal(hlthunk_queue_submit_packets(w->q, p), -EINVAL);
    assert_non_null(strstr(hlthunk_last_error(), why));
    assert_int_equal(submissions, 0);
}

/* A handle of another device's is a number that may name something else here. */
TEST(packets_of_another_device)
{
    struct world *other = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_buffer *buffers[2] = { &w->other };
    struct hlthunk_packets p = { .struct_size = sizeof(p),
                                 .size_bytes = DMA_BYTES,
                                 .command_buffer = packets_of(&other->d),
                                 .buffers = buffers,
                                 .buffer_count = 2 };

    refused_packets(w, &p, "command_buffer belongs to another device");
    hlthunk_command_buffer_unref(p.command_buffer);
    p.command_buffer = packets_of(&w->d);
    refused_packets(w, &p, "buffers[1] is NULL");
    buffers[1] = &other->other;
    refused_packets(w, &p, "buffers[1] belongs to another device");
    buffers[1] = &w->host;
    ok(hlthunk_queue_submit_packets(w->q, &p));
    hlthunk_command_buffer_unref(p.command_buffer);
    end(w);
    end(other);
}

static struct hlthunk_fence *copy_and_fence(struct world *w)
{
    struct hlthunk_fence_options o = { .struct_size = sizeof(o), .timestamp = true };
    struct hlthunk_fence *f;

    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    ok(hlthunk_queue_create_fence(w->q, &o, &f));
    return f;
}

static struct hlthunk_fence_result result_of(struct hlthunk_fence *f)
{
    struct hlthunk_fence_result r = { .struct_size = sizeof(r) };

    ok(hlthunk_fence_get_result(f, &r));
    return r;
}

/* A wait that fails for a passing reason is asked again; for a lasting one the queue is lost. */
static void *fence_meanwhile(void *arg)
{
    struct meeting *m = arg;

    sem_wait(&m->tried);
    m->rc = hlthunk_queue_create_fence(m->q, NULL, &m->fence);
    return NULL;
}

/* Packets are refused to their thread, while another one does something with the queue. */
static void refused_meanwhile(struct meeting *m, const struct hlthunk_packets *p,
                              void *(*meanwhile)(void *))
{
    pthread_t second;

    sem_init(&m->tried, 0, 0);
    sem_init(&m->pauses, 0, 0);
    sem_init(&m->refused, 0, 0);
    meeting = m;
    assert_int_equal(pthread_create(&second, NULL, meanwhile, m), 0);
    assert_int_equal(hlthunk_queue_submit_packets(m->q, p), -EINVAL);
    sem_post(&m->refused);
    pthread_join(second, NULL);
    meeting = NULL;
    ok(m->rc);
    sem_destroy(&m->tried);
    sem_destroy(&m->pauses);
    sem_destroy(&m->refused);
}

/* A fence behind packets that their own thread takes back is over when what was before them is. */
TEST(a_fence_behind_what_is_taken_back)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_command_buffer_options o = { .struct_size = sizeof(o), .device_mapped = true };
    struct hlthunk_packets p = { .struct_size = sizeof(p), .size_bytes = DMA_BYTES };
    struct meeting m = { .q = w->q, .first = pthread_self(), .answer = EAGAIN };
    struct hlthunk_fence_result r;

    ok(hlthunk_command_buffer_create(&w->d, 4096, &o, &p.command_buffer));
    refused_meanwhile(&m, &p, fence_meanwhile);
    ok(hlthunk_fence_wait(m.fence, 0));
    r = result_of(m.fence);
    assert_int_equal(r.status, HLTHUNK_FENCE_DONE);
    hlthunk_fence_unref(m.fence);
    hlthunk_command_buffer_unref(p.command_buffer);
    end(w);
}

static void *copy_meanwhile(void *arg)
{
    struct meeting *m = arg;

    sem_wait(&m->tried);
    m->rc = hlthunk_queue_copy(m->q, &m->w->other, 0, &m->w->device_memory, 0, 64);
    sem_post(&m->pauses);
    return NULL;
}

/* Packets that are refused are the error of who gave them, whoever needs their place. */
TEST(packets_are_refused_to_their_thread)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_packets p = { .struct_size = sizeof(p),
                                 .size_bytes = DMA_BYTES,
                                 .command_buffer = packets_of(&w->d) };
    struct meeting m = { .q = w->q, .w = w, .first = pthread_self(), .answer = EINVAL };

    refused_meanwhile(&m, &p, copy_meanwhile);
    ok(hlthunk_queue_finish(w->q, -1));
    assert_int_equal(submissions, 1);
    expect(0, 64, FIRST, 0x20000000, 0x20000000000);
    hlthunk_command_buffer_unref(p.command_buffer);
    end(w);
}

static struct hlthunk_queue *to_flush;

static void flush_at_the_end(struct hl_object *o)
{
    (void)o;
    ok(hlthunk_queue_flush(to_flush));
    to_flush = NULL;
}

/* What runs while packets wait for room may use the queue, also in the thread that gave them. */
TEST(a_release_flushes_while_packets_wait)
{
    static const struct hl_object_ops ops = { .destroy = flush_at_the_end };
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_packets p = { .struct_size = sizeof(p),
                                 .size_bytes = DMA_BYTES,
                                 .command_buffer = packets_of(&w->d) };
    struct hlthunk_buffer last = { .object.ops = &ops };

    init_buffer(w, &last, 0x30000000);
    to_flush = w->q;
    ok(hlthunk_queue_copy(w->q, &w->other, 0, &last, 0, 64));
    ok(hlthunk_queue_flush(w->q));
    hlthunk_buffer_unref(&last);
    refuse = EAGAIN;
    refusals = 3;
    alarm(20); /* it waited for itself */
    ok(hlthunk_queue_submit_packets(w->q, &p));
    alarm(0);
    assert_null(to_flush);
    assert_int_equal(submissions, 2);
    assert_int_equal(length, 2 * DMA_BYTES);
    hlthunk_command_buffer_unref(p.command_buffer);
    end(w);
}

static unsigned lines;

/* Takes and releases the queue's lock, as a program's thread would that calls it. */
static void use_the_queue(enum hlthunk_log_level level, const char *message, void *user)
{
    struct hlthunk_queue *q = user;

    (void)level, (void)message;
    lines++;
    assert_int_equal(pthread_mutex_trylock(&q->lock), 0);
    pthread_mutex_unlock(&q->lock);
}

/* That the device is lost is found out with the lock held, and told without it. */
TEST(the_log_is_called_without_the_lock)
{
    for (unsigned way = 0; way < 3; way++) {
        struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);

        lines = 0;
        if (way)
            ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
        if (way == 2)
            ok(hlthunk_queue_flush(w->q));
        hlthunk_log_set(use_the_queue, w->q, HLTHUNK_LOG_WARNING);
        device_status = HL_DEVICE_STATUS_NEEDS_RESET;
        refuse = EBUSY;
        refusals = way == 1;
        wait_error = EBUSY;
        wait_errors = way == 2;
        refuse_command_buffer = way ? 0 : EBUSY;
        if (way)
            assert_true(hlthunk_queue_finish(w->q, -1) < 0);
        else
            assert_true(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64) < 0);
        assert_int_equal(lines, 1);
        hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_WARNING);
        refuse_command_buffer = 0;
        device_status = HL_DEVICE_STATUS_OPERATIONAL;
        end(w);
    }
}

TEST(a_refused_wait)
{
    static const struct {
        int error, times;
        uint32_t status; /* the device's */
        int lost;        /* 0: it passes */
    } cases[] = {
        { EINTR, 3, HL_DEVICE_STATUS_OPERATIONAL, 0 },
        { ENOMEM, 3, HL_DEVICE_STATUS_OPERATIONAL, 0 },
        { EBUSY, 1, HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE, 0 },
        { EPERM, 5, HL_DEVICE_STATUS_OPERATIONAL, 0 },
        { ETIMEDOUT, 1, HL_DEVICE_STATUS_OPERATIONAL, ETIMEDOUT },
        { EIO, 1, HL_DEVICE_STATUS_OPERATIONAL, EIO },
        { EIO, 1, HL_DEVICE_STATUS_NEEDS_RESET, EIO },
        { ENODEV, 1, HL_DEVICE_STATUS_OPERATIONAL, ENODEV },
        { EBUSY, 2, HL_DEVICE_STATUS_OPERATIONAL, ENODEV }, /* it is about to be reset */
        { EBUSY, 1, HL_DEVICE_STATUS_NEEDS_RESET, ENODEV },
        { EPERM, 1000, HL_DEVICE_STATUS_OPERATIONAL, EPERM },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
        struct hlthunk_fence *f = copy_and_fence(w), *later = NULL;
        struct hlthunk_fence_result r;
        bool stale;
        int rc;

        wait_error = cases[i].error;
        wait_errors = cases[i].times;
        device_status = cases[i].status;
        assert_int_equal(hlthunk_fence_wait(f, -1), cases[i].lost ? -EIO : 0);
        r = result_of(f);
        assert_int_equal(r.status, cases[i].lost ? HLTHUNK_FENCE_LOST : HLTHUNK_FENCE_DONE);
        assert_int_equal(r.error, -cases[i].lost);
        wait_errors = 0;
        /* and the device's other objects learn of it */
        if (cases[i].status == HL_DEVICE_STATUS_NEEDS_RESET)
            assert_int_equal(hlthunk_device_get_stale_reason(&w->d), HLTHUNK_STALE_RESET);
        device_status = HL_DEVICE_STATUS_OPERATIONAL;
        if (cases[i].lost) {
            assert_true(hlthunk_queue_create_fence(w->q, NULL, &later) < 0);
            assert_null(later);
            assert_true(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64) < 0);
            /* for good, however often it is called */
            stale = cases[i].status == HL_DEVICE_STATUS_NEEDS_RESET;
            for (unsigned n = 0; n < 2; n++)
                assert_int_equal(hlthunk_queue_flush(w->q), stale ? -ENODEV : -cases[i].lost);
            /* which is no "not yet" */
            rc = hlthunk_queue_finish(w->q, 0);
            assert_true(rc < 0 && rc != -ETIMEDOUT);
        }
        hlthunk_fence_unref(f);
        end(w);
    }
}

/* Before 6.3 only a device in reset refuses waits: where it is operational, that is over. */
TEST(a_wait_refused_until_a_reset_ends)
{
    struct world *w = begin(HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *f = copy_and_fence(w);

    w->d.props.generation = HLTHUNK_GENERATION_MISC;
    wait_error = EBUSY;
    wait_errors = 3;
    ok(hlthunk_fence_wait(f, -1));
    assert_int_equal(wait_errors, 0);
    assert_int_equal(hlthunk_device_get_stale_reason(&w->d), HLTHUNK_STALE_NOT);
    hlthunk_fence_unref(f);
    end(w);
}

TEST(work_that_was_aborted)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *f = copy_and_fence(w);

    wait_status = HL_WAIT_CS_STATUS_ABORTED;
    assert_int_equal(hlthunk_fence_wait(f, -1), -EIO);
    assert_int_equal(result_of(f).error, -EIO);
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    hlthunk_fence_unref(f);
    end(w);
}

/* What has not ended when the device is stale never will. */
TEST(work_on_a_stale_device)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *done = copy_and_fence(w), *f;

    ok(hlthunk_fence_wait(done, -1));
    f = copy_and_fence(w);
    wait_status = HL_WAIT_CS_STATUS_BUSY;
    assert_int_equal(hlthunk_fence_wait(f, 0), -ETIMEDOUT);
    atomic_store(&w->d.base.stale, HLTHUNK_STALE_RESET);
    assert_int_equal(hlthunk_fence_wait(f, -1), -EIO);
    assert_int_equal(result_of(f).error, -ENODEV);
    assert_int_equal(result_of(done).status, HLTHUNK_FENCE_DONE);
    assert_int_equal(hlthunk_queue_flush(w->q), -ENODEV);
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    atomic_store(&w->d.base.stale, HLTHUNK_STALE_NOT);
    hlthunk_fence_unref(f);
    hlthunk_fence_unref(done);
    end(w);
}

/* What was done before stays done, though nobody had asked. */
TEST(work_done_on_a_stale_device)
{
    for (unsigned way = 0; way < 3; way++) {
        struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
        struct hlthunk_fence *done = copy_and_fence(w), *f = copy_and_fence(w);

        wait_status = HL_WAIT_CS_STATUS_BUSY;
        is_completed = 1;
        if (way < 2)
            atomic_store(&w->d.base.stale, HLTHUNK_STALE_RESET);
        if (way == 0)
            assert_int_equal(hlthunk_queue_flush(w->q), -ENODEV);
        refuse = ENODEV;
        refusals = way == 2;
        if (way == 2)
            assert_int_equal(hlthunk_queue_fill(w->q, &w->other, 0, 64, 1, 8) ||
                                 hlthunk_queue_flush(w->q),
                             true);
        assert_int_equal(result_of(f).status, HLTHUNK_FENCE_LOST);
        assert_int_equal(result_of(done).status, HLTHUNK_FENCE_DONE);
        wait_status = HL_WAIT_CS_STATUS_COMPLETED;
        atomic_store(&w->d.base.stale, HLTHUNK_STALE_NOT);
        hlthunk_fence_unref(f);
        hlthunk_fence_unref(done);
        end(w);
    }
}

/* On Goya a reset of only the engines aborts what runs, and the queue may have gone on. */
TEST(work_that_was_aborted_before_other_work)
{
    struct world *w = begin(HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_ANY);
    const enum hlthunk_fence_status want[] = { HLTHUNK_FENCE_DONE, HLTHUNK_FENCE_LOST,
                                               HLTHUNK_FENCE_LOST };
    struct hlthunk_fence *f[3];

    for (unsigned i = 0; i < 3; i++) {
        ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
        ok(hlthunk_queue_create_fence(w->q, NULL, &f[i]));
    }
    is_aborted = 2;
    assert_int_equal(hlthunk_fence_wait(f[2], -1), -EIO);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(result_of(f[i]).status, want[i]);
        hlthunk_fence_unref(f[i]);
    }
    end(w);
}

/* The same, where the driver is in its next reset when it is asked. */
TEST(work_that_was_aborted_before_the_next_reset)
{
    struct world *w = begin(HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *f[2] = { copy_and_fence(w), copy_and_fence(w) };

    is_aborted = 1;
    device_status = HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE;
    wait_error = EBUSY;
    waits_before = wait_errors = 1; /* the second one is done, of the first it does not say */
    assert_int_equal(hlthunk_fence_wait(f[1], -1), -EIO);
    assert_int_equal(wait_errors, 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(result_of(f[i]).status, HLTHUNK_FENCE_LOST);
        hlthunk_fence_unref(f[i]);
    }
    end(w);
}

/* Goya's driver remembers 64 submissions: of older ones it says that they are done, and gone. */
TEST(work_that_was_forgotten)
{
    for (unsigned resets = 0; resets < 2; resets++) {
        for (unsigned way = 0; way < 3; way++) {
            struct world *w = begin(HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_ANY);
            struct hlthunk_fence *before = copy_and_fence(w), *f, *later = NULL;
            uint8_t host = 1;

            /* a reset before the work is none of it */
            ok(hlthunk_fence_wait(before, -1));
            soft_resets++;
            ok(hlthunk_queue_read(w->q, &host, &w->device_memory, 0, 1));
            f = copy_and_fence(w);
            forgotten = 2;
            soft_resets += resets;
            if (way)
                later = copy_and_fence(w); /* which the driver does remember */
            refuse_reset_count = way == 2 ? ENOMEM : 0;
            assert_int_equal(hlthunk_fence_wait(way ? later : f, -1), resets ? -EIO : 0);
            assert_int_equal(refuse_reset_count, 0);
            assert_int_equal(result_of(before).status, HLTHUNK_FENCE_DONE);
            assert_int_equal(result_of(f).status, resets ? HLTHUNK_FENCE_LOST : HLTHUNK_FENCE_DONE);
            assert_int_equal(host, resets); /* the staging memory's byte is 0 */
            hlthunk_fence_unref(before);
            hlthunk_fence_unref(f);
            hlthunk_fence_unref(later);
            end(w);
        }
    }
}

/* References to a stale device's objects are dropped without a request to the driver. */
TEST(a_stale_queue_is_dropped)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    unsigned asked = waits;

    ok(hlthunk_queue_fill(w->q, &w->other, 0, 64, 1, 8));
    ok(hlthunk_queue_flush(w->q));
    ok(hlthunk_queue_fill(w->q, &w->other, 0, 64, 1, 8)); /* recorded */
    atomic_store(&w->d.base.stale, HLTHUNK_STALE_RESET);
    hlthunk_queue_unref(w->q);
    w->q = NULL;
    assert_int_equal(submissions, 1);
    assert_int_equal(waits, asked);
    atomic_store(&w->d.base.stale, HLTHUNK_STALE_NOT);
    end(w);
}

struct flushed {
    struct hlthunk_queue *q;
    int rc;
    sem_t over;
};

static void *flush_and_tell(void *arg)
{
    struct flushed *f = arg;

    f->rc = hlthunk_queue_flush(f->q);
    sem_post(&f->over);
    return NULL;
}

/* A queue that waits for another device's work is lost with its own device, and does not wait on.
 */
TEST(a_stale_queue_waits_for_nobody)
{
    struct world *other = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *f = copy_and_fence(other);
    struct flushed flushed = { .q = w->q };
    pthread_t thread;
    unsigned n;

    sem_init(&flushed.over, 0, 0);
    wait_status = HL_WAIT_CS_STATUS_BUSY;
    ok(hlthunk_queue_wait_fence(w->q, f, NULL));
    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    n = waits;
    assert_int_equal(pthread_create(&thread, NULL, flush_and_tell, &flushed), 0);
    while (waits == n)
        sched_yield();
    atomic_store(&w->d.base.stale, HLTHUNK_STALE_RESET);
    expect_soon(&flushed.over);
    pthread_join(thread, NULL);
    assert_int_equal(flushed.rc, -ENODEV);
    assert_int_equal(submissions, 1); /* the other's */
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    atomic_store(&w->d.base.stale, HLTHUNK_STALE_NOT);
    hlthunk_fence_unref(f);
    sem_destroy(&flushed.over);
    end(w);
    end(other);
}

/* Each has its own, whichever is waited for. */
TEST(timestamps)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *first = copy_and_fence(w), *plain, *second;

    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    ok(hlthunk_queue_create_fence(w->q, NULL, &plain));
    second = copy_and_fence(w);
    wait_timestamp = 1000;
    ok(hlthunk_fence_wait(second, -1));
    wait_timestamp = 0;
    assert_int_equal(result_of(first).timestamp_ns, 1001);
    assert_int_equal(result_of(plain).timestamp_ns, 0);
    assert_int_equal(result_of(second).timestamp_ns, 1003);
    hlthunk_fence_unref(first);
    hlthunk_fence_unref(plain);
    /* with nothing recorded and nothing in flight there is nothing to stamp: a packet is */
    ok(hlthunk_queue_create_fence(
        w->q,
        &(struct hlthunk_fence_options){ .struct_size = sizeof(struct hlthunk_fence_options) },
        &plain));
    assert_int_equal(submissions, 3);
    assert_int_equal(result_of(plain).status, HLTHUNK_FENCE_DONE);
    hlthunk_fence_unref(plain);
    ok(hlthunk_queue_create_fence(
        w->q,
        &(struct hlthunk_fence_options){ .struct_size = sizeof(struct hlthunk_fence_options),
                                         .timestamp = true },
        &plain));
    assert_int_equal(submissions, 4);
    hlthunk_fence_unref(plain);
    hlthunk_fence_unref(second);
    end(w);
}

/* In any order, pending or not: none is told about afterwards. */
TEST(fences_of_one_submission)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *f[3];

    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    for (unsigned i = 0; i < 3; i++)
        ok(hlthunk_queue_create_fence(w->q, NULL, &f[i]));
    assert_int_equal(submissions, 1);
    hlthunk_fence_unref(f[1]); /* between the others */
    hlthunk_fence_unref(f[0]); /* the last of the list */
    ok(hlthunk_fence_wait(f[2], -1));
    hlthunk_fence_unref(f[2]);
    end(w);
}

static void dropped(enum hlthunk_log_level level, const char *text, void *user)
{
    if (level == HLTHUNK_LOG_WARNING && strstr(text, "queue: the work recorded last is dropped"))
        ++*(unsigned *)user;
}

TEST(work_that_is_refused_at_the_end)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    unsigned warnings = 0;

    hlthunk_log_set(dropped, &warnings, HLTHUNK_LOG_WARNING);
    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    refuse = EINVAL;
    refusals = 1;
    end(w);
    hlthunk_log_set(NULL, NULL, HLTHUNK_LOG_ERROR);
    assert_int_equal(warnings, 1);
    assert_int_equal(refusals, 0);
}

/* A reset of only the engines is over in a moment. */
TEST(work_that_is_refused_for_a_moment_at_the_end)
{
    struct world *w = begin(HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_ANY);

    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    device_status = HL_DEVICE_STATUS_IN_RESET_AFTER_DEVICE_RELEASE;
    refuse = EBUSY;
    refusals = 4;
    hlthunk_queue_unref(w->q);
    w->q = NULL;
    assert_int_equal(refusals, 0);
    assert_int_equal(submissions, 1);
    end(w);
}

/* What is made up for leaves the text of the thread's last failure alone. */
TEST(the_text_stays_where_a_call_succeeds)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *f;

    assert_int_equal(hlthunk_queue_flush(NULL), -EINVAL);
    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    refuse = EAGAIN;
    refusals = 2;
    ok(hlthunk_queue_flush(w->q));
    assert_string_equal(hlthunk_last_error(), "queue is NULL");
    wait_error = ENOMEM;
    wait_errors = 2;
    ok(hlthunk_queue_finish(w->q, -1));
    assert_string_equal(hlthunk_last_error(), "queue is NULL");
    f = copy_and_fence(w);
    wait_errors = 2;
    ok(hlthunk_fence_wait(f, -1));
    hlthunk_fence_unref(f);
    assert_string_equal(hlthunk_last_error(), "queue is NULL");
    ok(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64));
    atomic_store(&w->d.base.stale, HLTHUNK_STALE_RESET);
    hlthunk_queue_unref(w->q);
    w->q = NULL;
    assert_string_equal(hlthunk_last_error(), "queue is NULL");
    atomic_store(&w->d.base.stale, HLTHUNK_STALE_NOT);
    end(w);
}

/* Of the same device, for copies within it. */
static struct hlthunk_queue *another_queue(struct world *w)
{
    struct hlthunk_queue_options o = { .struct_size = sizeof(o),
                                       .engine = HLTHUNK_ENGINE_WITHIN_DEVICE };
    struct hlthunk_queue *q;

    ok(hlthunk_queue_create(&w->d, &o, &q));
    return q;
}

/* Without signals of the driver's a queue waits on the host, for several fences one by one. */
TEST(waits_on_the_host)
{
    struct world *w = begin(HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_TO_DEVICE);
    struct hlthunk_queue *q = another_queue(w);
    enum hlthunk_wait_place place = HLTHUNK_WAIT_NONE;
    struct hlthunk_fence *a, *b, *own;

    a = copy_and_fence(w);
    b = copy_and_fence(w);
    wait_status = HL_WAIT_CS_STATUS_BUSY;
    assert_int_equal(hlthunk_queue_flush(NULL), -EINVAL);
    assert_int_equal(result_of(a).status, HLTHUNK_FENCE_PENDING);
    ok(hlthunk_queue_wait_fence(q, a, &place));
    assert_int_equal(place, HLTHUNK_WAIT_HOST);
    assert_string_equal(hlthunk_last_error(), "queue is NULL"); /* no call has failed since */
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    /* the look at the second one, which then has to wait for the first: until that is done */
    wait_error = ENOMEM;
    wait_errors = 4;
    place = HLTHUNK_WAIT_NONE;
    ok(hlthunk_queue_wait_fence(q, b, &place));
    assert_int_equal(wait_errors, 0);
    assert_int_equal(place, HLTHUNK_WAIT_HOST);
    assert_int_equal(result_of(a).status, HLTHUNK_FENCE_DONE);
    assert_int_equal(submissions, 2);
    ok(hlthunk_queue_copy(q, &w->other, 0, &w->device_memory, 0, 64));
    ok(hlthunk_queue_create_fence(q, NULL, &own));
    ok(hlthunk_fence_wait(own, -1));
    assert_int_equal(submissions, 3);
    ok(hlthunk_queue_wait_fence(q, own, &place));
    assert_int_equal(place, HLTHUNK_WAIT_NONE);
    hlthunk_fence_unref(own);
    hlthunk_fence_unref(a);
    hlthunk_fence_unref(b);
    hlthunk_queue_unref(q);
    end(w);
}

static int count_waits(const struct hlthunk_live_object *o, void *user)
{
    *(unsigned *)user += strcmp(hlthunk_live_object_get_kind(o), "queue wait") == 0;
    return 0;
}

static unsigned live_waits(struct world *w)
{
    unsigned n = 0;

    ok(hlthunk_device_list_live_objects(&w->d, count_waits, &n));
    return n;
}

/* What keeps a device open is listed, a wait for its work as well. */
TEST(waits_for_another_device_are_listed)
{
    struct world *other = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *f = copy_and_fence(other);
    enum hlthunk_wait_place place;

    wait_status = HL_WAIT_CS_STATUS_BUSY;
    ok(hlthunk_queue_wait_fence(w->q, f, &place));
    assert_int_equal(place, HLTHUNK_WAIT_HOST);
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    ok(hlthunk_fence_wait(f, -1));
    hlthunk_fence_unref(f);
    hlthunk_queue_unref(other->q);
    other->q = NULL;
    assert_int_equal(live_waits(other), 1);
    assert_int_equal(live_waits(w), 0);
    ok(hlthunk_queue_finish(w->q, -1));
    assert_int_equal(live_waits(other), 0);
    end(w);
    end(other);
}

/* A wait that the driver dropped, and one whose signal is over, have the same answer. */
TEST(a_wait_without_room)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_queue *q = another_queue(w);
    struct hlthunk_fence *f = copy_and_fence(w);
    enum hlthunk_wait_place place;

    wait_status = HL_WAIT_CS_STATUS_BUSY;
    ok(hlthunk_queue_wait_fence(q, f, &place));
    assert_int_equal(place, HLTHUNK_WAIT_DEVICE);
    assert_int_equal(submissions, 3); /* the copy, a signal and the wait for it */
    no_room_for_waits = true;
    is_completed = 4; /* the next signal */
    ok(hlthunk_queue_wait_fence(q, f, &place));
    assert_int_equal(place, HLTHUNK_WAIT_DEVICE);
    assert_int_equal(submissions, 4);
    ok(hlthunk_queue_wait_fence(q, f, &place));
    assert_int_equal(place, HLTHUNK_WAIT_HOST);
    assert_int_equal(submissions, 5);
    no_room_for_waits = false;
    is_completed = 0;
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    ok(hlthunk_queue_finish(q, -1));
    hlthunk_fence_unref(f);
    hlthunk_queue_unref(q);
    end(w);
}

/* A wait on the device is in the driver, with no batch behind it: it would keep the device busy. */
TEST(a_wait_on_the_device_is_part_of_its_queue)
{
    static const uint8_t nop[HL_NOP_PACKET_SIZE] = { [7] = HL_PACKET_NOP >> 24 };
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_queue *q = another_queue(w);
    struct hlthunk_fence *f = copy_and_fence(w);
    enum hlthunk_wait_place place;
    unsigned n;

    wait_status = HL_WAIT_CS_STATUS_BUSY;
    ok(hlthunk_queue_wait_fence(q, f, &place));
    assert_int_equal(place, HLTHUNK_WAIT_DEVICE);
    assert_int_equal(submissions, 3); /* the copy, a signal and the wait for it */
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    n = waits;
    hlthunk_queue_unref(q);
    assert_int_equal(submissions, 4);
    assert_int_equal(length, DMA_BYTES + sizeof(nop));
    assert_memory_equal(packets + DMA_BYTES, nop, sizeof(nop));
    assert_true(waits > n);
    hlthunk_fence_unref(f);
    end(w);
}

static void *flush(void *q)
{
    ok(hlthunk_queue_flush(q));
    return NULL;
}

/* While one thread waits for what the work comes after, another one does not submit it. */
TEST(nobody_overtakes_a_wait_on_the_host)
{
    struct world *w = begin(HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_TO_DEVICE);
    struct hlthunk_fence *a = copy_and_fence(w);
    struct hlthunk_queue *q = another_queue(w);
    pthread_t one;
    unsigned n;

    wait_status = HL_WAIT_CS_STATUS_BUSY;
    ok(hlthunk_queue_wait_fence(q, a, NULL));
    ok(hlthunk_queue_copy(q, &w->other, 0, &w->device_memory, 0, 64));
    n = waits;
    assert_int_equal(pthread_create(&one, NULL, flush, q), 0);
    while (waits == n)
        sched_yield();
    assert_int_equal(hlthunk_queue_finish(q, 0), -ETIMEDOUT);
    assert_int_equal(submissions, 1);
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    pthread_join(one, NULL);
    assert_int_equal(submissions, 2);
    ok(hlthunk_queue_finish(q, -1));
    hlthunk_fence_unref(a);
    hlthunk_queue_unref(q);
    end(w);
}

/* Neither for another queue's fence nor for room in the driver is waited beyond the time. */
TEST(finishing_takes_no_longer_than_it_may)
{
    struct world *w = begin(HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_TO_DEVICE);
    struct hlthunk_fence *a = copy_and_fence(w);
    struct hlthunk_queue *q = another_queue(w);

    ok(hlthunk_queue_copy(q, &w->other, 0, &w->device_memory, 0, 64));
    refuse = EAGAIN;
    refusals = 5;
    for (int64_t timeout = 0; timeout <= 1; timeout++)
        assert_int_equal(hlthunk_queue_finish(q, timeout), -ETIMEDOUT);
    assert_true(refusals > 0);
    ok(hlthunk_queue_finish(q, -1));
    assert_int_equal(submissions, 2);
    wait_status = HL_WAIT_CS_STATUS_BUSY;
    ok(hlthunk_queue_wait_fence(q, a, NULL));
    for (int64_t timeout = 0; timeout <= 1; timeout++) /* with nothing recorded, and with a copy */
        assert_int_equal(hlthunk_queue_finish(q, timeout), -ETIMEDOUT);
    ok(hlthunk_queue_copy(q, &w->other, 0, &w->device_memory, 0, 64));
    for (int64_t timeout = 0; timeout <= 1; timeout++)
        assert_int_equal(hlthunk_queue_finish(q, timeout), -ETIMEDOUT);
    assert_int_equal(submissions, 2);
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    ok(hlthunk_queue_finish(q, -1));
    assert_int_equal(submissions, 3);
    hlthunk_fence_unref(a);
    hlthunk_queue_unref(q);
    end(w);
}

/* The pieces of a large transfer are on their way while the next ones are prepared. */
TEST(large_transfers_are_submitted_at_once)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    char *host = calloc(8, HL_STAGING_PIECE);

    assert_non_null(host);
    ok(hlthunk_queue_write(w->q, &w->device_memory, 0, host, 8ull * HL_STAGING_PIECE));
    assert_int_equal(submissions, 8);
    ok(hlthunk_queue_read(w->q, host, &w->device_memory, 0, 8ull * HL_STAGING_PIECE));
    assert_int_equal(submissions, 16);
    ok(hlthunk_queue_write(w->q, &w->device_memory, 0, host, 64));
    ok(hlthunk_queue_read(w->q, host, &w->device_memory, 0, 64));
    assert_int_equal(submissions, 16);
    ok(hlthunk_queue_finish(w->q, -1));
    assert_int_equal(submissions, 17);
    end(w);
    free(host);
}

/* A call that waits is over when it returns, also with an error: nothing comes later. */
TEST(a_read_that_fails_writes_nothing_later)
{
    static const size_t sizes[] = { 64, 3 * HL_STAGING_PIECE };
    char *host = malloc(3 * HL_STAGING_PIECE), later[64];

    assert_non_null(host);
    for (unsigned i = 0; i < 2; i++) {
        struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);

        memset(later, 1, sizeof(later));
        ok(hlthunk_queue_read(w->q, later, &w->device_memory, 0, sizeof(later)));
        refuse = ENOMEM;
        refusals = 1;
        assert_int_equal(hlthunk_queue_read_sync(w->q, host, &w->device_memory, 0, sizes[i]),
                         -ENOMEM);
        memset(host, 0x5a, sizes[i]);
        ok(hlthunk_queue_finish(w->q, -1));
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(host[k], 0x5a);
        assert_int_equal(later[0], 0); /* the staging memory's byte */
        end(w);
    }
    free(host);
}

static void note(struct hlthunk_fence *f, void *user)
{
    (void)f;
    sem_post(user);
}

/* A callback on a fence that is over does not wait for work that is not. */
TEST(a_callback_comes_late)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *over = copy_and_fence(w), *f;
    sem_t told;
    unsigned n;

    sem_init(&told, 0, 0);
    ok(hlthunk_fence_wait(over, -1));
    wait_status = HL_WAIT_CS_STATUS_BUSY;
    f = copy_and_fence(w);
    n = waits;
    ok(hlthunk_fence_set_callback(f, note, &told));
    while (waits == n) /* the thread waits in the driver */
        sched_yield();
    ok(hlthunk_fence_set_callback(over, note, &told));
    expect_soon(&told);
    assert_int_equal(result_of(f).status, HLTHUNK_FENCE_PENDING);
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    expect_soon(&told);
    hlthunk_fence_unref(over);
    hlthunk_fence_unref(f);
    hlthunk_queue_unref(w->q); /* the thread may hold the fence still */
    w->q = NULL;
    hl_errands_wait(&w->d.base, UINT64_MAX);
    sem_destroy(&told);
    end(w);
}

/* Reads that were given before it are not those of a call that is refused. */
TEST(a_read_that_is_refused_leaves_others_alone)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    const uint64_t more = w->device_memory.size + 1;
    char host[64];

    memset(host, 1, sizeof(host));
    ok(hlthunk_queue_read(w->q, host, &w->device_memory, 0, sizeof(host)));
    assert_int_equal(hlthunk_queue_read_sync(w->q, host, &w->device_memory, 0, more), -EINVAL);
    assert_int_equal(hlthunk_queue_read_sync(w->q, host, NULL, 0, 64), -EINVAL);
    ok(hlthunk_queue_finish(w->q, -1));
    for (size_t i = 0; i < sizeof(host); i++)
        assert_int_equal(host[i], 0); /* the staging memory's bytes */
    end(w);
}

/* Without a descriptor or a thread nobody is told, and the caller is told why. */
TEST(fences_that_cannot_notify)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), fd = -7, next;
    struct rlimit before, none;
    struct hlthunk_fence *f;
    uint64_t count;

    assert_true(wake >= 0);
    next = dup(wake);
    close(next);
    wait_status = HL_WAIT_CS_STATUS_BUSY;
    f = copy_and_fence(w);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){ (rlim_t)next, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(hlthunk_fence_create_eventfd(f, &fd), -EMFILE);
    assert_non_null(strstr(hlthunk_last_error(), "no eventfd"));
    assert_int_equal(hlthunk_fence_signal_eventfd(f, wake), -EMFILE);
    assert_non_null(strstr(hlthunk_last_error(), "cannot be duplicated"));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    refuse_threads = true;
    assert_int_equal(hlthunk_fence_create_eventfd(f, &fd), -EAGAIN);
    assert_non_null(strstr(hlthunk_last_error(), "no thread to watch a fence"));
    assert_int_equal(hlthunk_fence_signal_eventfd(f, wake), -EAGAIN);
    refuse_threads = false;
    assert_int_equal(fd, -7);
    wait_status = HL_WAIT_CS_STATUS_COMPLETED;
    ok(hlthunk_fence_wait(f, -1));
    assert_int_equal(read(wake, &count, sizeof(count)), -1);
    assert_int_equal(dup(wake), next); /* no duplicate is left open */
    close(next);
    close(wake);
    hlthunk_fence_unref(f);
    end(w);
}

/* A buffer is held once for each batch, however often it is used and with however many others. */
TEST(many_buffers)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_buffer many[40] = { 0 };

    for (unsigned i = 0; i < 40; i++) {
        init_buffer(w, &many[i], 0x30000000 + i * 4096u);
        ok(hlthunk_queue_copy(w->q, &many[i], 0, &w->device_memory, 0, 64));
        ok(hlthunk_queue_copy(w->q, &many[i], 0, &w->device_memory, 0, 64));
        assert_int_equal(atomic_load(&many[i].object.refs), 2);
        assert_true(atomic_load(&w->device_memory.object.refs) > 1);
    }
    assert_int_equal(submissions, 0);
    ok(hlthunk_queue_finish(w->q, -1));
    assert_int_equal(length, 80 * DMA_BYTES);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(atomic_load(&many[i].object.refs), 1);
    end(w);
}

/* What a child drops is whole, wherever the thread was that records. */
TEST(a_child_is_forked_while_a_buffer_is_held)
{
    struct world *w;

#ifdef TEST_NO_WRAP
    skip();
#endif
    if (advice_is_ignored())
        skip();
    w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    ok(hlthunk_queue_fill(w->q, &w->other, 0, 64, 1, 8));
    assert_int_equal(hl_queue_batch(w->q, 0)->held->count, 1);
    hl_queue_batch(w->q, 0)->held->buffer[1] = (void *)8; /* what the memory held before */
    child_drops = w->q;
    child_status = -1;
    ok(hlthunk_queue_fill(w->q, &w->device_memory, 0, 64, 1, 8));
    assert_null(child_drops);
    assert_int_equal(child_status, 0);
    ok(hlthunk_queue_finish(w->q, -1));
    end(w);
}

static uint8_t *page;

static void open_page(int s, siginfo_t *info, void *context)
{
    (void)s, (void)context;
    if (info->si_addr != page || mprotect(page, 4096, PROT_READ | PROT_WRITE))
        _exit(9);
}

static void write_to_page(struct hlthunk_fence *f, void *told)
{
    (void)f;
    page[0] = 1;
    sem_post(told);
}

/* A callback is the program's code: it may fault where the program's handler sees to it. */
TEST(a_fault_in_a_callback_is_the_programs)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct sigaction a = { .sa_sigaction = open_page, .sa_flags = SA_SIGINFO }, before;
    struct hlthunk_fence *f = copy_and_fence(w);
    sem_t told;

    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    assert_int_equal(sigaction(SIGSEGV, &a, &before), 0);
    sem_init(&told, 0, 0);
    ok(hlthunk_fence_set_callback(f, write_to_page, &told));
    expect_soon(&told);
    assert_int_equal(page[0], 1);
    hlthunk_fence_unref(f);
    hlthunk_queue_unref(w->q); /* the thread may hold the fence still */
    w->q = NULL;
    hl_errands_wait(&w->d.base, UINT64_MAX);
    sigaction(SIGSEGV, &before, NULL);
    munmap(page, 4096);
    sem_destroy(&told);
    end(w);
}

/* Which hardware queues an engine is, in the order in which queues get them. */
TEST(the_queues_of_each_engine)
{
    static const struct {
        enum hlthunk_asic asic;
        enum hlthunk_engine engine;
        const char *queues;
    } engines[] = {
        { HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_ANY, " 1" },
        { HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_TO_DEVICE, " 1" },
        { HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_FROM_DEVICE, " 2" },
        { HLTHUNK_ASIC_GOYA, HLTHUNK_ENGINE_WITHIN_DEVICE, " 3 4" },
        { HLTHUNK_ASIC_GAUDI, HLTHUNK_ENGINE_ANY, " 0 4 1 5 2 6 3 7" },
        { HLTHUNK_ASIC_GAUDI, HLTHUNK_ENGINE_TO_DEVICE, " 0 1 2 3" },
        { HLTHUNK_ASIC_GAUDI, HLTHUNK_ENGINE_FROM_DEVICE, " 4 5 6 7" },
        { HLTHUNK_ASIC_GAUDI, HLTHUNK_ENGINE_WITHIN_DEVICE, " 1 5 2 6 3 7" },
        { HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY, " 0 4 1" },
        { HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_TO_DEVICE, " 0 1" },
        { HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_FROM_DEVICE, " 4" },
        { HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_WITHIN_DEVICE, " 8 12 9 13 10 14 11 15" },
    };

    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        const struct hl_queue_format *f = hl_queue_format(engines[i].asic);
        char queues[64] = "";

        for (unsigned k = 0; k < f->engine[engines[i].engine].count; k++)
            snprintf(queues + strlen(queues), sizeof(queues) - strlen(queues), " %u",
                     f->engine[engines[i].engine].queue[k]);
        assert_string_equal(queues, engines[i].queues);
    }
    assert_int_equal(hl_queue_format(HLTHUNK_ASIC_GOYA)->memset, 1u << 6);
    assert_int_equal(hl_queue_format(HLTHUNK_ASIC_GAUDI)->memset, 1u << 4);
}

/* Nowhere to record: nothing is. */
TEST(no_command_buffer)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_fence *f = NULL;

    refuse_command_buffer = ENOMEM;
    assert_int_equal(hlthunk_queue_copy(w->q, &w->other, 0, &w->device_memory, 0, 64), -ENOMEM);
    assert_int_equal(hlthunk_queue_fill(w->q, &w->other, 0, 64, 0, 1), -ENOMEM);
    refuse_command_buffer = 0;
    ok(hlthunk_queue_finish(w->q, -1));
    assert_int_equal(submissions, 0);
    ok(hlthunk_queue_create_fence(w->q, NULL, &f));
    assert_int_equal(result_of(f).status, HLTHUNK_FENCE_DONE);
    hlthunk_fence_unref(f);
    end(w);
}

TEST(an_asic_without_packets)
{
    struct world *w = begin(HLTHUNK_ASIC_GAUDI2, HLTHUNK_ENGINE_ANY);
    struct hlthunk_queue *q = NULL;

    w->d.props.asic = HLTHUNK_ASIC_UNKNOWN;
    assert_int_equal(hlthunk_queue_create(&w->d, NULL, &q), -EOPNOTSUPP);
    assert_null(q);
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_packets_of_each_asic),
        cmocka_unit_test(more_than_four_gigabytes),
        cmocka_unit_test(fills),
        cmocka_unit_test(rows),
        cmocka_unit_test(a_refused_submission_stays_recorded),
        cmocka_unit_test(a_reset_overtakes_a_submission),
        cmocka_unit_test(a_full_driver_is_waited_out),
        cmocka_unit_test(packets_of_the_program_are_a_batch_to_themselves),
        cmocka_unit_test(packets_of_another_device),
        cmocka_unit_test(a_fence_behind_what_is_taken_back),
        cmocka_unit_test(packets_are_refused_to_their_thread),
        cmocka_unit_test(a_release_flushes_while_packets_wait),
        cmocka_unit_test(the_log_is_called_without_the_lock),
        cmocka_unit_test(a_refused_wait),
        cmocka_unit_test(a_wait_refused_until_a_reset_ends),
        cmocka_unit_test(work_that_was_aborted),
        cmocka_unit_test(work_on_a_stale_device),
        cmocka_unit_test(work_done_on_a_stale_device),
        cmocka_unit_test(work_that_was_aborted_before_other_work),
        cmocka_unit_test(work_that_was_aborted_before_the_next_reset),
        cmocka_unit_test(work_that_was_forgotten),
        cmocka_unit_test(a_stale_queue_is_dropped),
        cmocka_unit_test(a_stale_queue_waits_for_nobody),
        cmocka_unit_test(timestamps),
        cmocka_unit_test(fences_of_one_submission),
        cmocka_unit_test(work_that_is_refused_at_the_end),
        cmocka_unit_test(work_that_is_refused_for_a_moment_at_the_end),
        cmocka_unit_test(the_text_stays_where_a_call_succeeds),
        cmocka_unit_test(waits_on_the_host),
        cmocka_unit_test(waits_for_another_device_are_listed),
        cmocka_unit_test(a_wait_without_room),
        cmocka_unit_test(a_wait_on_the_device_is_part_of_its_queue),
        cmocka_unit_test(large_transfers_are_submitted_at_once),
        cmocka_unit_test(nobody_overtakes_a_wait_on_the_host),
        cmocka_unit_test(finishing_takes_no_longer_than_it_may),
        cmocka_unit_test(a_read_that_fails_writes_nothing_later),
        cmocka_unit_test(a_read_that_is_refused_leaves_others_alone),
        cmocka_unit_test(a_callback_comes_late),
        cmocka_unit_test(fences_that_cannot_notify),
        cmocka_unit_test(many_buffers),
        cmocka_unit_test(a_child_is_forked_while_a_buffer_is_held),
        cmocka_unit_test(a_fault_in_a_callback_is_the_programs),
        cmocka_unit_test(the_queues_of_each_engine),
        cmocka_unit_test(no_command_buffer),
        cmocka_unit_test(an_asic_without_packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
