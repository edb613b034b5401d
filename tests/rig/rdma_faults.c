/* SPDX-License-Identifier: MIT */
/* What breaks while a card has an accelerator's memory registered. */
#include "tests/rig/rdma_pair.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Until something of another thread's has happened, which may take its time on a busy machine. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        for (unsigned waited = 0; !(condition) && waited < 3000; waited++)                         \
            usleep(10000);                                                                         \
        assert_true(condition);                                                                    \
    } while (0)

#define KEEP_ALIVES "hw_counters/keep_alive_rcvd"
#define SENT_AGAIN "ports/1/hw_counters/retrans_pkts"

/* A number that the card's driver counts, or asks the card for. */
static uint64_t counter(const char *name)
{
    char path[128];
    unsigned long long n = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/sys/class/infiniband/efa_0/%s", name);
    f = fopen(path, "re");
    if (!f || fscanf(f, "%llu", &n) != 1)
        fail_msg("%s cannot be read", path);
    fclose(f);
    return n;
}

/* Lost packets are sent again; a card without a cable, and one that refuses, say so. */
TEST(faults_on_request)
{
    const uint32_t reg_mr = 7, no_resources = 1;
    struct hlthunk_verbs_mr *mr, *none = (void *)&none;
    struct hlthunk_dmabuf *m;
    uint64_t before;
    struct pair p;

    if (!route())
        skip();
    set_up(&p, SIZE);
    ok(hlthunk_dmabuf_export(p.buffer, 0, 0, NULL, &m));
    nic_fault(0, NIC_REFUSE, reg_mr << 8 | no_resources);
    assert_int_equal(hlthunk_verbs_mr_register(p.nic.pd, m, NIC_ALL, NULL, &none), -ENOMEM);
    assert_non_null(strstr(hlthunk_verbs_last_error(), "efa_0"));
    assert_ptr_equal(none, &none);
    nic_fault(0, NIC_HEAL, 0);
    vok(hlthunk_verbs_mr_register(p.nic.pd, m, NIC_ALL, NULL, &mr));
    work_fill(p.in.at, SIZE, 8);
    before = counter(SENT_AGAIN);
    nic_fault(0, NIC_DROP, 3);
    assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, SIZE), IBV_WC_SUCCESS);
    WAIT_UNTIL(counter(SENT_AGAIN) ==
               before + 3); /* the kernel may tell what it read a moment ago */
    device_copy(&p, 0, SIZE, true);
    assert_true(work_same(p.out.at, SIZE, 8));
    nic_fault(0, NIC_UNPLUG, 0);
    assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, SIZE), IBV_WC_RESP_TIMEOUT_ERR);
    nic_fault(0, NIC_HEAL, 0);
    assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, SIZE), IBV_WC_SUCCESS);
    hlthunk_verbs_mr_unref(mr);
    hlthunk_dmabuf_unref(m);
    tear_down(&p);
}

/* The driver counts keep-alives and does nothing else with them: a card without them serves. */
TEST(lost_keep_alives)
{
    struct hlthunk_verbs_mr *mr;
    struct hlthunk_dmabuf *m;
    uint64_t before;
    struct pair p;

    if (!route())
        skip();
    set_up(&p, SIZE);
    before = counter(KEEP_ALIVES);
    WAIT_UNTIL(counter(KEEP_ALIVES) > before);
    nic_fault(0, NIC_NO_KEEP_ALIVE, 0);
    before = counter(KEEP_ALIVES);
    sleep(3);                                        /* one comes each second */
    assert_true(counter(KEEP_ALIVES) <= before + 1); /* one may have been on its way */
    register_whole(&p, &m, &mr);
    assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, SIZE), IBV_WC_SUCCESS);
    nic_fault(0, NIC_HEAL, 0);
    before = counter(KEEP_ALIVES);
    WAIT_UNTIL(counter(KEEP_ALIVES) > before);
    hlthunk_verbs_mr_unref(mr);
    hlthunk_dmabuf_unref(m);
    tear_down(&p);
}

static void bind_card(const char *address, bool bind)
{
    const char *path = bind ? "/sys/bus/pci/drivers/efa/bind" : "/sys/bus/pci/drivers/efa/unbind";
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, address, strlen(address)), (ssize_t)strlen(address));
    close(fd);
}

/* From host memory to host memory, by the card: there is no accelerator in it. */
static struct nic_request within_the_host(const struct pair *p)
{
    return (struct nic_request){ .op = NIC_WRITE,
                                 .ah = p->self,
                                 .qpn = p->nic.qp->qp_num,
                                 .lkey = p->in.mr->lkey,
                                 .local = (uintptr_t)p->in.at,
                                 .length = 4096,
                                 .rkey = p->out.mr->rkey,
                                 .remote = (uintptr_t)p->out.at };
}

/*
 * A process of its own: 0, or which of its steps went otherwise. The first command after the fault
 * times out, and the driver sends no other from then on; what is there already works on, unless the
 * card has forgotten it.
 */
static int without_an_answer(enum nic_fault fault, uint32_t argument, bool registered)
{
    struct hlthunk_verbs_mr *mr, *none = NULL;
    struct hlthunk_dmabuf *m;
    struct nic_request r;
    struct pair p;

    set_up(&p, SIZE);
    ok(hlthunk_dmabuf_export(p.buffer, 0, 0, NULL, &m));
    if (registered)
        vok(hlthunk_verbs_mr_register(p.nic.pd, m, NIC_ALL, NULL, &mr));
    nic_fault(0, fault, argument);
    r = within_the_host(&p);
    if (fault == NIC_RESET && (nic_post(&p.nic, &r) || nic_poll(&p.nic, 1000) != -1))
        return 1;
    if (hlthunk_verbs_mr_register(p.nic.pd, m, NIC_ALL, NULL, &none) != -ETIME || none)
        return 2;
    if (hlthunk_verbs_mr_register(p.nic.pd, m, NIC_ALL, NULL, &none) != -ENODEV || none)
        return 3;
    if (fault != NIC_RESET && nic_do(&p.nic, &r) != IBV_WC_SUCCESS)
        return 4;
    return 0;
}

static void end_without_an_answer(enum nic_fault fault, uint32_t argument, bool registered)
{
    pid_t pid = fork();
    int ended;

    if (pid == 0)
        _exit(without_an_answer(fault, argument, registered));
    ended = rig_ended(pid, 60);
    if (ended)
        fail_msg("fault %d: it ends with %d", (int)fault, ended);
}

/* The card's driver lets go of it and takes it again, which resets it. */
static void renew_the_card(unsigned cards)
{
    char address[32];

    nic_pci_address(0, address, sizeof(address));
    nic_fault(0, NIC_HEAL, 0);
    bind_card(address, false);
    bind_card(address, true);
    WAIT_UNTIL(nic_count() == cards);
}

static void both_serve(void)
{
    struct hlthunk_verbs_mr *mr;
    struct hlthunk_dmabuf *m;
    struct pair p;

    set_up(&p, SIZE);
    register_whole(&p, &m, &mr);
    assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, SIZE), IBV_WC_SUCCESS);
    hlthunk_verbs_mr_unref(mr);
    hlthunk_dmabuf_unref(m);
    tear_down(&p);
}

/* A region that could not be made holds nothing, and the card serves again after a reset. */
TEST(the_card_does_not_answer)
{
    static const struct {
        enum nic_fault fault;
        uint32_t argument;
    } cases[] = { { NIC_MUTE, 7 /* REG_MR */ },
                  { NIC_MUTE_ALL, 0 },
                  { NIC_NO_INTERRUPTS, 0 },
                  { NIC_RESET, 0 } };
    unsigned cards = nic_count();

    if (!route())
        skip();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        end_without_an_answer(cases[i].fault, cases[i].argument, false);
        rig_serves(30);
        renew_the_card(cards);
        both_serve();
    }
}

/*
 * A region that exists while the card falls silent is never given back: the driver cannot
 * deregister it, nor can the kernel when the process ends (docs/upstream-defects.md), and the
 * accelerator stays busy. The last test: only a restart of the machine helps.
 */
TEST(a_region_of_a_silent_card)
{
    struct hlthunk_device_options o = { .struct_size = sizeof(o), .timeout_ns = 2000000000 };
    struct hlthunk_device *d;
    unsigned cards = nic_count();

    if (!route())
        skip();
    end_without_an_answer(NIC_MUTE, 7, true);
    renew_the_card(cards);
    assert_int_equal(hlthunk_device_open(&o, &d), -EBUSY);
}

/* A process that has a region and writes into it until it is killed. It has begun already. */
static pid_t writer(void)
{
    int begun[2];
    pid_t pid;
    char c;

    assert_int_equal(pipe(begun), 0);
    pid = fork();
    if (pid == 0) {
        struct hlthunk_verbs_mr *mr;
        struct hlthunk_dmabuf *m;
        struct pair p;

        set_up(&p, SIZE);
        register_whole(&p, &m, &mr);
        for (unsigned i = 0;; i++) {
            if (transfer(&p, NIC_WRITE, mr, 0, SIZE) || (i == 3 && write(begun[1], "b", 1) != 1))
                _exit(1);
        }
    }
    close(begun[1]);
    assert_int_equal(read(begun[0], &c, 1), 1);
    close(begun[0]);
    return pid;
}

TEST(killed_in_the_middle)
{
    if (!route())
        skip();
    for (unsigned i = 0; i < 5; i++) {
        pid_t pid = writer();

        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(rig_ended(pid, 30), SIGKILL);
        rig_serves(30);
    }
}

/* The driver ends whoever uses a device that is removed; their regions and exports go with them. */
TEST(removed_while_writing)
{
    pid_t pid;

    if (!route())
        skip();
    pid = writer();
    assert_int_equal(rig_poke_attribute("remove"), 0);
    assert_int_equal(rig_ended(pid, 30), SIGKILL);
    rig_rescan();
    rig_serves(60);
}

/* A transfer runs while the accelerator is reset; the library's callback ends it and deregisters.
 */
struct runner {
    struct pair pair;
    struct hlthunk_verbs_mr *mr;
    atomic_bool stop, over;
    atomic_uint done;
    int failed; /* the status of the transfer that did not succeed */
    int deregistered;
};

static void *run(void *arg)
{
    struct runner *r = arg;

    while (!atomic_load(&r->stop)) {
        int status = transfer(&r->pair, NIC_WRITE, r->mr, 0, SIZE);

        if (status) {
            r->failed = status;
            break;
        }
        atomic_fetch_add(&r->done, 1);
    }
    atomic_store(&r->over, true);
    return NULL;
}

/* What a program does when it is told: no more transfers, deregister, let go of all. */
static void let_go(struct hlthunk_device *device, enum hlthunk_stale_reason why, void *user)
{
    struct runner *r = user;

    (void)why;
    atomic_store(&r->stop, true);
    while (!atomic_load(&r->over))
        usleep(1000);
    r->deregistered = hlthunk_verbs_mr_deregister(r->mr);
    hlthunk_verbs_mr_unref(r->mr);
    hlthunk_buffer_unref(r->pair.buffer);
    hlthunk_buffer_unref(r->pair.in.buffer);
    hlthunk_buffer_unref(r->pair.out.buffer);
    r->pair.in.buffer = r->pair.out.buffer = r->pair.buffer = NULL;
    hlthunk_device_unref(device); /* ours: the pair's */
    r->pair.device = NULL;
}

TEST(reset_while_writing)
{
    struct hlthunk_reset_watch *watch;
    struct runner r = { .deregistered = 99 };
    struct hlthunk_dmabuf *m;
    pthread_t t;

    if (!route())
        skip();
    set_up(&r.pair, SIZE);
    register_whole(&r.pair, &m, &r.mr);
    hlthunk_dmabuf_unref(m);
    ok(hlthunk_reset_watch_create(r.pair.device, let_go, &r, NULL, &watch));
    assert_int_equal(pthread_create(&t, NULL, run, &r), 0);
    WAIT_UNTIL(atomic_load(&r.done) > 1);
    assert_int_equal(rig_request(RIG_CRITICAL, 0), 0);
    WAIT_UNTIL(atomic_load(&r.stop));
    hlthunk_reset_watch_unref(watch); /* waits for the callback */
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_int_equal(r.deregistered, 0);
    host_close(&r.pair.in);
    host_close(&r.pair.out);
    assert_int_equal(ibv_destroy_ah(r.pair.self), 0);
    nic_close(&r.pair.nic);
    rig_serves(60);
}

/*
 * The card is removed while a region is registered: its driver waits for whoever has it open, and
 * what is given back in the meantime is given back as always.
 */
TEST(the_card_is_removed)
{
    struct hlthunk_verbs_mr *mr;
    struct hlthunk_dmabuf *m;
    char address[32], command[96];
    unsigned cards = nic_count();
    struct pair p;
    pid_t pid;

    if (!route())
        skip();
    nic_pci_address(0, address, sizeof(address));
    snprintf(command, sizeof(command), "echo 1 > /sys/bus/pci/devices/%s/remove", address);
    set_up(&p, SIZE);
    register_whole(&p, &m, &mr);
    assert_int_equal(transfer(&p, NIC_WRITE, mr, 0, 4096), IBV_WC_SUCCESS);
    pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, NULL); /* none of our descriptors goes along */
        _exit(127);
    }
    usleep(500000);
    hlthunk_verbs_mr_unref(mr);
    hlthunk_dmabuf_unref(m);
    tear_down(&p);
    assert_int_equal(rig_ended(pid, 30), 0);
    rig_rescan();
    rig_serves(30);
    WAIT_UNTIL(nic_count() == cards);
    set_up(&p, SIZE);
    tear_down(&p);
}

int rdma_fault_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(faults_on_request, rig_teardown),
        cmocka_unit_test_teardown(lost_keep_alives, rig_teardown),
        cmocka_unit_test_teardown(killed_in_the_middle, rig_teardown),
        cmocka_unit_test_teardown(reset_while_writing, rig_teardown),
        cmocka_unit_test_teardown(removed_while_writing, rig_teardown),
        cmocka_unit_test_teardown(the_card_is_removed, rig_teardown),
        cmocka_unit_test_teardown(the_card_does_not_answer, rig_teardown),
        cmocka_unit_test(a_region_of_a_silent_card),
    };

    return RUN_GROUP(tests, NULL, NULL);
}
