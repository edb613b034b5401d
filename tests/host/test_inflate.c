/* SPDX-License-Identifier: MIT */
/* gzip files: what gzip(1) makes of texts, and what is none. */
#include "tests/unit/test.h"

#include <unistd.h>

#include "lib/kernel/inflate.h"

/* A file of gzip -LEVEL, of n bytes of a text that repeats itself now and then. */
static unsigned char *compress(const char *text, size_t n, int level, size_t *size)
{
    char name[] = "/tmp/hlthunk-inflate-XXXXXX", command[96];
    unsigned char *bytes = malloc(n + 4096);
    int fd = mkstemp(name);
    FILE *f;

    assert_true(fd >= 0 && bytes);
    assert_int_equal(write(fd, text, n), (ssize_t)n);
    close(fd);
    snprintf(command, sizeof(command), "gzip -c -%d %s", level, name);
    f = popen(command, "r");
    assert_non_null(f);
    *size = fread(bytes, 1, n + 4096, f);
    assert_int_equal(pclose(f), 0);
    unlink(name);
    return bytes;
}

static char *make_text(size_t n, unsigned kinds)
{
    char *text = malloc(n + 1);
    unsigned seed = 1;

    assert_non_null(text);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1103515245u + 12345;
        text[i] = i > 300 && seed >> 28 > 3 ? text[i - 200 - (seed >> 16) % 50]
                                            : (char)(' ' + (seed >> 16) % kinds);
    }
    text[n] = '\0';
    return text;
}

static void what_gzip_makes(void **state)
{
    static const size_t sizes[] = { 1, 100, 5000, 400000 };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int level = 1; level <= 9; level += 4) {
            size_t n = sizes[i], packed, size = 0;
            char *text = make_text(n, 90), *out;
            unsigned char *bytes = compress(text, n, level, &packed);

            out = hl_gunzip(bytes, packed, 1 << 20, &size);
            assert_non_null(out);
            assert_int_equal(size, n);
            assert_memory_equal(out, text, n + 1);
            free(out);
            free(bytes);
            free(text);
        }
    }
}

/* Bytes that do not compress are stored as they are. */
static void stored_blocks(void **state)
{
    size_t n = 70000, packed, size = 0;
    char *noise = malloc(n), *out;
    unsigned char *bytes;
    unsigned long long seed = 88172645463325252ull;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        noise[i] = (char)seed;
    }
    bytes = compress(noise, n, 6, &packed);
    assert_true(packed > n);
    out = hl_gunzip(bytes, packed, 1 << 20, &size);
    assert_non_null(out);
    assert_int_equal(size, n);
    assert_memory_equal(out, noise, n);
    free(out);
    free(bytes);
    free(noise);
}

/* Whatever the bytes are: an end, and nothing outside of the buffers (a sanitizer looks). */
static void broken_files(void **state)
{
    size_t n = 5000, packed, size;
    char *text = make_text(n, 60), *out;
    unsigned char *bytes = compress(text, n, 9, &packed), *copy = malloc(packed);
    unsigned seed = 7;

    (void)state;
    assert_null(hl_gunzip(bytes, 0, 1 << 20, &size));
    assert_null(hl_gunzip((const unsigned char *)"CONFIG_PCI=y", 12, 1 << 20, &size));
    assert_null(hl_gunzip(bytes, packed, 1000, &size)); /* more than is wanted */
    for (size_t cut = 0; cut < packed - 8; cut++) {
        memcpy(copy, bytes, cut);
        assert_null(hl_gunzip(copy, cut, 1 << 20, &size));
    }
    for (unsigned i = 0; i < 20000; i++) {
        memcpy(copy, bytes, packed);
        for (unsigned k = 0; k < 3; k++) {
            seed = seed * 1103515245u + 12345;
            copy[(seed >> 8) % packed] ^= (unsigned char)(1u << (seed >> 28) % 8);
        }
        out = hl_gunzip(copy, packed, 1 << 16, &size);
        free(out);
    }
    free(copy);
    free(bytes);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_gzip_makes),
        cmocka_unit_test(stored_blocks),
        cmocka_unit_test(broken_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
