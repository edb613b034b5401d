/* SPDX-License-Identifier: MIT */
/* Load, power, temperature, throttling: they follow the work and never jump. */
#include "tests/submit/bench.h"

#include <stdlib.h>

#define MS 1000000ll

TEST(health)
{
    struct sim_submit *s = calloc(1, sizeof(*s));
    const struct sim_sub_health *h = &s->health;
    int64_t now = 1000 * MS, start;
    uint64_t energy;

    sim_sub_health(s, now, 0, 400000);
    assert_int_equal(h->power_mw, 100000);
    assert_int_equal(h->temperature, 48000);
    /* a minute of work */
    for (int i = 0; i < 1200; i++) {
        uint32_t power = h->power_mw;
        int32_t temperature = h->temperature;

        now += 50 * MS;
        sim_sub_health(s, now, 50 * MS, 400000);
        assert_true(h->power_mw >= power && h->power_mw - power < 10000);
        assert_true(h->temperature >= temperature && h->temperature - temperature < 100);
        if (i == 10)
            assert_int_equal(h->throttling, 0);
    }
    assert_true(h->load > 970000 && h->load <= 1000000);
    assert_uint_in_range(h->power_mw, 380000, 400000);
    assert_uint_in_range(h->temperature, 76000, 84000);
    assert_true(h->throttling & 1);
    start = h->throttle_start_ns[0];
    assert_true(start > 1000 * MS && start < now);
    energy = h->energy_uj;
    assert_uint_in_range(energy / 1000000, 20000, 24000); /* a minute at about 400 W, in J */
    /* and of rest: throttling ends, and is remembered */
    for (int i = 0; i < 1200; i++) {
        now += 50 * MS;
        sim_sub_health(s, now, 0, 400000);
    }
    assert_int_equal(h->throttling, 0);
    assert_true(h->throttled & 1);
    assert_true(h->throttle_end_ns[0] > start && h->throttle_start_ns[0] == start);
    assert_uint_in_range(h->power_mw, 100000, 101000);
    assert_uint_in_range(h->temperature, 48000, 55000);
    /* long silence: no overflow, no overshoot */
    now += 3600 * 1000 * MS;
    sim_sub_health(s, now, 0, 400000);
    assert_int_equal(h->load, 0);
    assert_uint_in_range(h->temperature, 47900, 48100);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(health) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
