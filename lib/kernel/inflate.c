/* SPDX-License-Identifier: MIT */
#include "lib/kernel/inflate.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BITS 15
#define LITERALS 288
#define DISTANCES 30

struct stream {
    const unsigned char *in, *end;
    uint32_t bits; /* read and not used yet */
    unsigned have;
    char *out;
    size_t n, room, max;
    bool bad;
};

/* A canonical code: how many symbols have each length, and the symbols in order of their codes. */
struct code {
    uint16_t count[MAX_BITS + 1];
    uint16_t symbol[LITERALS];
};

static unsigned take(struct stream *s, unsigned n)
{
    unsigned v;

    while (s->have < n) {
        if (s->in == s->end) {
            s->bad = true;
            return 0;
        }
        s->bits |= (uint32_t)*s->in++ << s->have;
        s->have += 8;
    }
    v = s->bits & ((1u << n) - 1);
    s->bits >>= n;
    s->have -= n;
    return v;
}

static void put(struct stream *s, unsigned char c)
{
    if (s->bad)
        return;
    if (s->n == s->max) {
        s->bad = true;
        return;
    }
    if (s->n + 1 >= s->room) {
        size_t room = s->room ? 2 * s->room : 65536;
        char *out = realloc(s->out, room);

        if (!out) {
            s->bad = true;
            return;
        }
        s->out = out;
        s->room = room;
    }
    s->out[s->n++] = (char)c;
}

/* A code from the lengths of its symbols; more codes than there is room for are bad. */
static void make_code(struct stream *s, struct code *c, const uint8_t *length, unsigned n)
{
    uint16_t at[MAX_BITS + 2] = { 0 };
    int left = 1;

    memset(c, 0, sizeof(*c));
    for (unsigned i = 0; i < n; i++)
        c->count[length[i]]++;
    c->count[0] = 0;
    for (unsigned b = 1; b <= MAX_BITS; b++) {
        left = 2 * left - c->count[b];
        if (left < 0) {
            s->bad = true;
            return;
        }
        at[b + 1] = (uint16_t)(at[b] + c->count[b]);
    }
    for (unsigned i = 0; i < n; i++) {
        if (length[i])
            c->symbol[at[length[i]]++] = (uint16_t)i;
    }
}

/* The next symbol: its code comes bit by bit, and those of one length follow each other. */
static unsigned decode(struct stream *s, const struct code *c)
{
    unsigned code = 0, first = 0, index = 0;

    for (unsigned b = 1; b <= MAX_BITS && !s->bad; b++) {
        code |= take(s, 1);
        if (code < first + c->count[b])
            return c->symbol[index + code - first];
        index += c->count[b];
        first = (first + c->count[b]) << 1;
        code <<= 1;
    }
    s->bad = true;
    return 0;
}

static void copy_back(struct stream *s, unsigned length, unsigned distance)
{
    if (distance > s->n) {
        s->bad = true;
        return;
    }
    while (length-- && !s->bad)
        put(s, (unsigned char)s->out[s->n - distance]);
}

static void compressed(struct stream *s, const struct code *literals, const struct code *distances)
{
    static const uint16_t length_base[] = { 3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                            15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                            67, 83, 99, 115, 131, 163, 195, 227, 258 };
    static const uint8_t length_bits[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                           2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
    static const uint16_t distance_base[] = { 1,    2,    3,    4,     5,     7,    9,    13,
                                              17,   25,   33,   49,    65,    97,   129,  193,
                                              257,  385,  513,  769,   1025,  1537, 2049, 3073,
                                              4097, 6145, 8193, 12289, 16385, 24577 };
    unsigned symbol, length, distance;

    while (!s->bad && (symbol = decode(s, literals)) != 256) {
        if (symbol < 256) {
            put(s, (unsigned char)symbol);
            continue;
        }
        symbol -= 257;
        if (symbol >= sizeof(length_bits)) {
            s->bad = true;
            return;
        }
        length = length_base[symbol] + take(s, length_bits[symbol]);
        symbol = decode(s, distances);
        if (symbol >= DISTANCES) {
            s->bad = true;
            return;
        }
        distance = distance_base[symbol] + take(s, symbol < 4 ? 0 : symbol / 2 - 1);
        copy_back(s, length, distance);
    }
}

static void stored(struct stream *s)
{
    unsigned n, inverse;

    s->bits = s->have = 0; /* to the next byte; take() never holds a whole one */
    n = take(s, 8);
    n |= take(s, 8) << 8;
    inverse = take(s, 8);
    inverse |= take(s, 8) << 8;
    if (s->bad || n != (~inverse & 0xffff) || (size_t)(s->end - s->in) < n) {
        s->bad = true;
        return;
    }
    while (n--)
        put(s, *s->in++);
}

static void fixed(struct stream *s)
{
    uint8_t length[LITERALS], distance[DISTANCES];
    struct code literals, distances;

    for (unsigned i = 0; i < LITERALS; i++)
        length[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    memset(distance, 5, sizeof(distance));
    make_code(s, &literals, length, LITERALS);
    make_code(s, &distances, distance, DISTANCES);
    compressed(s, &literals, &distances);
}

static void dynamic(struct stream *s)
{
    static const uint8_t order[] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                     11, 4,  12, 3, 13, 2, 14, 1, 15 };
    unsigned literals = take(s, 5) + 257, distances = take(s, 5) + 1, lengths = take(s, 4) + 4,
             i = 0;
    uint8_t length[LITERALS + 32] = { 0 };
    struct code code, other;

    if (literals > 286 || distances > DISTANCES) {
        s->bad = true;
        return;
    }
    for (unsigned k = 0; k < lengths; k++)
        length[order[k]] = (uint8_t)take(s, 3);
    make_code(s, &code, length, 19);
    memset(length, 0, sizeof(length));
    while (!s->bad && i < literals + distances) {
        unsigned symbol = decode(s, &code), repeat = 1;
        uint8_t value = (uint8_t)symbol;

        if (symbol >= 16) {
            if (symbol == 16 && !i)
                s->bad = true;
            value = symbol == 16 && i ? length[i - 1] : 0;
            repeat = symbol == 16   ? 3 + take(s, 2)
                     : symbol == 17 ? 3 + take(s, 3)
                                    : 11 + take(s, 7);
        }
        if (repeat > literals + distances - i)
            s->bad = true;
        for (; repeat && !s->bad; repeat--)
            length[i++] = value;
    }
    if (s->bad)
        return;
    make_code(s, &code, length, literals);
    make_code(s, &other, length + literals, distances);
    compressed(s, &code, &other);
}

/* Over the header with its optional parts; NULL when it is none. */
static const unsigned char *skip_header(const unsigned char *p, const unsigned char *end)
{
    unsigned flags;

    if (end - p < 10 || p[0] != 0x1f || p[1] != 0x8b || p[2] != 8)
        return NULL;
    flags = p[3];
    p += 10;
    if (flags & 4) { /* extra field */
        if (end - p < 2 || end - p - 2 < (p[0] | p[1] << 8))
            return NULL;
        p += 2 + (p[0] | p[1] << 8);
    }
    for (unsigned text = 8; text <= 16; text *= 2) { /* name, comment */
        if (!(flags & text))
            continue;
        p = memchr(p, 0, (size_t)(end - p));
        if (!p)
            return NULL;
        p++;
    }
    if (flags & 2) /* checksum of the header */
        p = end - p < 2 ? NULL : p + 2;
    return p;
}

char *hl_gunzip(const unsigned char *bytes, size_t n, size_t max, size_t *size)
{
    struct stream s = { .in = skip_header(bytes, bytes + n), .end = bytes + n, .max = max };
    bool last = false;

    if (!s.in)
        return NULL;
    while (!last && !s.bad) {
        last = take(&s, 1);
        switch (take(&s, 2)) {
        case 0:
            stored(&s);
            break;
        case 1:
            fixed(&s);
            break;
        case 2:
            dynamic(&s);
            break;
        default:
            s.bad = true;
        }
    }
    if (s.bad || !s.out) {
        free(s.out);
        return NULL;
    }
    s.out[s.n] = '\0';
    *size = s.n;
    return s.out;
}
