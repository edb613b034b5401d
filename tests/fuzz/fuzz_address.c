/* SPDX-License-Identifier: MIT */
/*
 * Any text as a PCI address: what is taken for one is judged in another way here, and is the same
 * address after it was written; what is refused leaves the address alone.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/kernel/pci_address.h"

#define MOST 63u /* bytes of a text */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A part in hex of at most max, behind which `end` follows; NULL: it is not one. */
static const char *part(const char *s, char end, unsigned long long max, unsigned long long *value)
{
    size_t n = strspn(s, "0123456789abcdefABCDEF");

    if (!n || s[n] != end)
        return NULL;
    *value = strtoull(s, NULL, 16); /* too large: ULLONG_MAX */
    return *value <= max ? s + n + 1 : NULL;
}

static bool judge(const char *s, unsigned long long v[4])
{
    const char *colon = strchr(s, ':');

    v[0] = 0;
    if (colon && strchr(colon + 1, ':'))
        s = part(s, ':', UINT32_MAX, &v[0]);
    s = s ? part(s, ':', 0xff, &v[1]) : NULL;
    s = s ? part(s, '.', 0x1f, &v[2]) : NULL;
    return s && part(s, '\0', 7, &v[3]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hl_pci_address before = { 0xdeadbeef, 0xee, 0xdd, 0xcc };
    struct hl_pci_address a = before, b;
    unsigned long long v[4];
    char text[MOST + 1], again[24];

    size = size < MOST ? size : MOST;
    memcpy(text, data, size);
    text[size] = '\0';
    if (hl_pci_parse(text, &a) != judge(text, v))
        abort();
    if (!judge(text, v)) {
        if (!hl_pci_equal(&a, &before))
            abort();
        return 0;
    }
    if (a.domain != v[0] || a.bus != v[1] || a.device != v[2] || a.function != v[3])
        abort();
    hl_pci_format(&a, again, sizeof(again));
    if (!hl_pci_parse(again, &b) || !hl_pci_equal(&a, &b))
        abort();
    return 0;
}
