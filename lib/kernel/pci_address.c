/* SPDX-License-Identifier: MIT */
#include "lib/kernel/pci_address.h"

#include <stdio.h>

/* Hex digits up to a value of max; false when there is none or it is more. */
static bool hex(const char **s, uint64_t max, uint32_t *out)
{
    uint64_t x = 0;
    const char *p = *s;

    for (;; p++) {
        unsigned c = (unsigned char)*p, d;

        if (c >= '0' && c <= '9')
            d = c - '0';
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            d = (c | 32) - 'a' + 10;
        else
            break;
        x = x * 16 + d;
        if (x > max)
            return false;
    }
    if (p == *s)
        return false;
    *s = p;
    *out = (uint32_t)x;
    return true;
}

bool hl_pci_parse(const char *s, struct hl_pci_address *a)
{
    uint32_t first, second, dev, fn;

    if (!hex(&s, UINT32_MAX, &first) || *s++ != ':' || !hex(&s, UINT32_MAX, &second))
        return false;
    if (*s == ':') { /* the domain was given */
        s++;
        if (second > 0xff || !hex(&s, 0x1f, &dev))
            return false;
    } else {
        if (first > 0xff || second > 0x1f)
            return false;
        dev = second;
        second = first;
        first = 0;
    }
    if (*s++ != '.' || !hex(&s, 7, &fn) || *s)
        return false;
    a->domain = first;
    a->bus = (uint8_t)second;
    a->device = (uint8_t)dev;
    a->function = (uint8_t)fn;
    return true;
}

bool hl_pci_equal(const struct hl_pci_address *a, const struct hl_pci_address *b)
{
    return a->domain == b->domain && a->bus == b->bus && a->device == b->device &&
           a->function == b->function;
}

void hl_pci_format(const struct hl_pci_address *a, char *s, size_t size)
{
    snprintf(s, size, "%04x:%02x:%02x.%x", a->domain, a->bus, a->device, a->function);
}
