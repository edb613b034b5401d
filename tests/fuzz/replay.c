/* SPDX-License-Identifier: MIT */
/*
 * Runs the inputs of a corpus through a target, without libFuzzer, with any compiler. A corpus is
 * one file: for each input its length, 4 bytes with the lowest first, and the input.
 *   replay CORPUS            run each once
 *   replay CORPUS --unpack FOLDER
 *   replay CORPUS --pack FILE…  make the corpus of these inputs
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

__attribute__((noreturn)) static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

/* A whole file; its bytes are freed by the caller. */
static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes;
    long end;

    if (!f || fseek(f, 0, SEEK_END) || (end = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
        give_up(path);
    *size = (size_t)end;
    bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, f) != *size)
        give_up(path);
    fclose(f);
    return bytes;
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f))
        give_up(path);
}

static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *alone = malloc(size ? size : 1); /* so that a sanitizer sees its end */

    if (!alone)
        give_up("malloc");
    memcpy(alone, bytes, size);
    LLVMFuzzerTestOneInput(alone, size);
    free(alone);
}

/* folder: NULL to run them. */
static void each(const char *corpus, const char *folder)
{
    size_t size, at = 0, n;
    uint8_t *bytes = read_file(corpus, &size);
    unsigned count = 0;
    char path[4096];

    for (; at + 4 <= size; at += n, count++) {
        n = bytes[at] | (size_t)bytes[at + 1] << 8 | (size_t)bytes[at + 2] << 16 |
            (size_t)bytes[at + 3] << 24;
        at += 4;
        if (n > size - at)
            break;
        if (folder) {
            snprintf(path, sizeof(path), "%s/%s-%04u", folder, "kept", count);
            write_file(path, bytes + at, n);
        } else {
            run(bytes + at, n);
        }
    }
    if (at != size || !count) {
        fprintf(stderr, "%s: damaged behind input %u\n", corpus, count);
        exit(1);
    }
    free(bytes);
    printf("%u inputs\n", count);
}

static void pack(const char *corpus, char *const *files, int count)
{
    FILE *f = fopen(corpus, "wb");

    if (!f)
        give_up(corpus);
    for (int i = 0; i < count; i++) {
        size_t n;
        uint8_t *bytes = read_file(files[i], &n);
        const uint8_t length[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                                    (uint8_t)(n >> 24) };

        if (fwrite(length, 1, 4, f) != 4 || fwrite(bytes, 1, n, f) != n)
            give_up(corpus);
        free(bytes);
    }
    if (fclose(f))
        give_up(corpus);
    printf("%d inputs\n", count);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        each(argv[1], NULL);
    else if (argc == 4 && !strcmp(argv[2], "--unpack"))
        each(argv[1], argv[3]);
    else if (argc > 3 && !strcmp(argv[2], "--pack"))
        pack(argv[1], argv + 3, argc - 3);
    else
        return fprintf(stderr, "usage: replay CORPUS [--unpack FOLDER | --pack FILE...]\n"), 2;
    return 0;
}
