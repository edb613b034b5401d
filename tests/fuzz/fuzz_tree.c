/* SPDX-License-Identifier: MIT */
/*
 * Recorded machines whose files hold anything: who holds the devices, what is near one, and the
 * whole preflight; the first byte chooses. The rest is a list of changes to a sound machine; each
 * is a byte that chooses an entry, one that says what becomes of it, one for the length, and bytes:
 *   all that it holds; a part of it from an offset on; its name in its folder; an error.
 * What is told must be whole texts, and a failure has a sentence.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hlthunk-diag/diag.h>

#include "lib/kernel/pci_address.h"
#include "tests/fuzz/memory_tree.h"

#define CHANGES 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* A text of its own, that ends within what such a text may be long. */
static void must_be_text(const char *s, size_t most)
{
    must(s && strnlen(s, most) < most);
}

static void must_be_address(const char *s)
{
    struct hl_pci_address a;

    must_be_text(s, 24);
    must(hl_pci_parse(s, &a));
}

static int holder(const struct hlthunk_holder *h, void *user)
{
    (void)user;
    must(strcmp(hlthunk_holder_kind_get_name(h->kind), "unknown") != 0);
    must_be_text(h->comm, 24);
    must_be_text(h->name, 40);
    must_be_text(h->importers, 160);
    must(h->pid >= 0 && h->fd >= -1);
    return 0;
}

static int neighbour(const struct hlthunk_neighbour *n, void *user)
{
    (void)user;
    must_be_text(n->pci_address, 24);
    must_be_text(n->driver, 32);
    must_be_text(n->rdma_device, 64);
    must_be_text(n->bridge, 24);
    must((unsigned)n->route < 4 && n->hops < 16);
    if (*n->bridge)
        must_be_address(n->bridge);
    return 0;
}

static int check(const struct hlthunk_check *c, void *user)
{
    enum hlthunk_verdict *worst = user;

    must((unsigned)c->verdict < 4);
    must_be_text(c->id, 32);
    must_be_text(c->text, 4096);
    must(*c->id && *c->text);
    *worst = c->verdict > *worst ? c->verdict : *worst;
    return 0;
}

static void must_end_well(int rc)
{
    must(rc == 0 || (rc < 0 && *hlthunk_diag_last_error()));
}

static void look_for_holders(void)
{
    struct hlthunk_holders_options o = { .struct_size = sizeof(o), .root = MEMORY_ROOT };
    struct hlthunk_holders_seen seen = { .struct_size = sizeof(seen) };

    must_end_well(hlthunk_holders_list(&o, holder, NULL, &seen));
}

static void look_for_neighbours(void)
{
    struct hlthunk_neighbours_options o = { .struct_size = sizeof(o), .root = MEMORY_ROOT };
    struct hlthunk_location l = { .struct_size = sizeof(l) };

    must_end_well(hlthunk_neighbours_list("0000:03:00.0", &o, neighbour, NULL, &l));
    must_be_text(l.processors, sizeof(l.processors));
}

static void look_for_problems(void)
{
    struct hlthunk_preflight_options o = { .struct_size = sizeof(o), .root = MEMORY_ROOT };
    enum hlthunk_verdict worst = HLTHUNK_VERDICT_OK, told = HLTHUNK_VERDICT_OK;
    int rc = hlthunk_preflight_run(&o, check, &told, &worst);

    must_end_well(rc);
    must(rc || worst == told);
}

/* A part of what an entry usually holds is another one; zeros fill what is between them. */
static const uint8_t *patch(uint8_t *to, size_t entry, const uint8_t *bytes, size_t n, size_t *size)
{
    size_t offset = bytes[0] | (n > 1 ? (size_t)bytes[1] << 8 & 0x1f00 : 0), old;
    const uint8_t *usual = memory_tree_usual(entry, &old);

    bytes += n > 1 ? 2 : 1;
    n -= n > 1 ? 2 : 1;
    *size = old > offset + n ? old : offset + n;
    memset(to, 0, *size);
    memcpy(to, usual, old);
    memcpy(to + offset, bytes, n);
    return to;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int errors[] = { EACCES, EIO, ENOENT, ENOTDIR, ESRCH, EMFILE, EPERM, EINVAL };
    static void (*const looks[])(void) = { look_for_holders, look_for_neighbours,
                                           look_for_problems };
    static uint8_t patched[CHANGES][0x2000 + 1024];
    unsigned look;

    if (!size)
        return 0;
    look = data[0] % 3;
    data++;
    size--;
    memory_tree_reset();
    for (unsigned i = 0; i < CHANGES && size > 3; i++) {
        size_t entry = data[0] % memory_tree_count(), n = data[2], whole;
        unsigned what = data[1];

        data += 3;
        size -= 3;
        n = n * (1 + (what >> 4)); /* up to 4 KiB */
        n = n < size ? n : size;
        switch (what % 4) {
        case 0:
            memory_tree_put(entry, data, n);
            break;
        case 1:
            if (n && n <= 1024) {
                const uint8_t *bytes = patch(patched[i], entry, data, n, &whole);

                memory_tree_put(entry, bytes, whole);
            }
            break;
        case 2:
            memory_tree_rename(entry, data, n);
            break;
        default:
            memory_tree_fail(entry, errors[n % 8]);
            n = 0;
            break;
        }
        data += n;
        size -= n;
    }
    looks[look]();
    return 0;
}
