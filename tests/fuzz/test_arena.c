/* SPDX-License-Identifier: MIT */
/* Memory comes back as it was kept: of pages that every input changes, and that one does. */
#include "tests/fuzz/arena.h"
#include "tests/test.h"

#define SIZE (64 * 4096u)
#define ROUNDS 3000u /* some windows in which pages become hot */

static struct arena arena;
static uint8_t *memory;
static uint8_t first[SIZE];

static void must_be_as_kept(unsigned round)
{
    for (unsigned i = 0; i < SIZE; i++)
        if (memory[i] != first[i])
            fail_msg("round %u: byte %u is %u, and was %u", round, i, memory[i], first[i]);
}

TEST(each_input_begins_alike)
{
    memory = arena_add(&arena, SIZE);
    for (unsigned i = 0; i < SIZE; i++)
        first[i] = memory[i] = (uint8_t)(i * 7 + i / 4096);
    arena_keep(&arena);
    for (unsigned round = 0; round < ROUNDS; round++) {
        arena_begin();
        memory[5] ^= 0xff; /* always */
        memory[4096 * (1 + round % 9)] ^= 1;
        if (round % 61 == 0)
            memset(memory + 4096 * (round % 64u), (int)round, 4096);
        if (round % 3 == 0)
            memset(memory, 0, round % SIZE);
        arena_restore(&arena);
        must_be_as_kept(round);
    }
}

SUITE(arena)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_input_begins_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
