# SPDX-License-Identifier: MIT
# Sourced. The same test programs that run in the simulator (tests/sim), on the real driver: one
# machine for each kernel and ASIC, all suites in it one after the other, and one table.
#
# A suite counts as passed only when its program said how many tests it has, reported on each,
# and exited with 0: a program that crashes, hangs or prints nothing has failed.

RIG_SUITES="objects lifetime semantics processes threads holders cycles work completion sync hard pool share leaks queues address address_range host_memory statistics inherited handle"

# The program of a suite: of the simulator's tests, or of those only for the rig.
suite_program() {
    for rig_p in "$RIG_BUILD/tests/rig/rig_$1" "$RIG_BUILD/tests/sim/sim_$1" \
        "$RIG_BUILD/tests/queue/test_$1" "$RIG_BUILD/tests/cycles/test_$1"; do
        [ ! -x "$rig_p" ] || { readlink -f "$rig_p"; return 0; }
    done
    return 1
}

# table [SUITE…]: every combination of $KERNELS and $ASICS.
table() {
    suites=${*:-$RIG_SUITES}
    for suite in $suites; do
        suite_program "$suite" > /dev/null || rig_skip "no test program $suite: ./dev setup"
    done
    LOGS=${LOGS:-$RIG_BUILD/rig-logs}
    mkdir -p "$LOGS"
    RESULTS=$LOGS/results
    : > "$RESULTS"
    RIG_TIMEOUT=${RIG_TIMEOUT:-1800}    # suites have limits of their own
    for kernel in ${KERNELS:-6.1 6.12 7}; do
        asics="gaudi gaudi2"
        [ "$kernel" != 6.1 ] || asics="goya gaudi gaudi2"
        for asic in ${ASICS:-$asics}; do
            if [ "$asic" = goya ] && [ "$kernel" != 6.1 ]; then
                echo "$kernel goya all 0 0 0 - skip the_driver_does_not_probe_it_since_6.12" \
                    >> "$RESULTS"
                continue
            fi
            # shellcheck disable=SC2086
            table_machine "$kernel" "$asic" $suites
            rc=$?
            # One more machine each for an importer with a route to the device, and without.
            if [ $rc = 0 ] && [ $# = 0 ] && [ "$kernel" != 6.1 ]; then
                (RIG_P2P=yes table_machine "$kernel" "$asic" p2p) &&
                    (RIG_P2P=no table_machine "$kernel" "$asic" p2p)
                rc=$?
            fi
            if [ $rc = 77 ]; then
                echo "$kernel $asic all 0 0 0 - skip what_is_missing_was_said_above" >> "$RESULTS"
            elif [ $rc != 0 ]; then
                echo "$kernel $asic machine 0 1 0 - fail see_$LOGS/$kernel-$asic" >> "$RESULTS"
            fi
        done
    done
    table_print
}

table_machine() (
    kernel=$1
    asic=$2
    shift 2
    rig_work
    RIG_LOGS=$LOGS/$kernel-$asic${RIG_P2P:+-p2p-$RIG_P2P}
    rm -rf "$RIG_LOGS"
    mkdir -p "$RIG_LOGS"
    machine "$kernel"
    {
        # Kernel 7's driver behaves like 6.12's; the tests call both "6.12".
        echo "export CMOCKA_MESSAGE_OUTPUT=TAP TEST_ASIC=$asic TEST_CYCLES=10000 TEST_SECONDS=1 TEST_KERNEL=$kernel" |
            sed 's/TEST_KERNEL=7$/TEST_KERNEL=6.12/'
        rig_p2p_environment "$kernel"
        rig_address_environment
        cat "$RIG_TREE/rig/machine/suite"
        for suite in "$@"; do
            (rig_stage "$(suite_program "$suite")") || exit
            echo "suite $suite $(rig_quote "$(suite_program "$suite")")"
        done
    } > "$RIG_STAGE/rig/job"
    RIG_OUT=$RIG_LOGS/output.log RIG_ERR=$RIG_LOGS/errors.log
    rig_boot "$kernel" "$asic"
    cp "$RIG_FACTS" "$RIG_LOGS/facts"
    rig_say "$asic on $(rig_fact kernel), $RIG_ACCEL: driver up after $(rig_fact up) s," \
        "end at $(rig_fact end) s"
    for suite in "$@"; do
        table_result "$suite"
    done >> "$RESULTS"
    if [ -z "$(rig_fact end)" ] || [ -n "$(rig_fact failed)" ]; then
        rig_say "the machine failed: $(rig_fact failed)"
        tail -n 40 "$RIG_LOGS/kernel.log" >&2
        return 1
    fi
    # A driver that complains about itself is a failure too, whatever the tests saw.
    if grep -E 'BUG:|Oops|general protection|KASAN|refcount_t' "$RIG_LOGS/kernel.log" >&2; then
        rig_say "the kernel has complained"
        return 1
    fi
)

# table_result SUITE: one line of the results, from what the machine reported and the TAP output.
table_result() {
    sed -n "/^@begin $1\$/,/^@end $1\$/p" "$RIG_LOGS/output.log" | grep -v '^@' \
        > "$RIG_LOGS/$1.log"
    ended=$(sed -n "s/^suite $1 //p" "$RIG_FACTS")      # exit code, seconds
    plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$RIG_LOGS/$1.log" | head -n 1)
    skipped=$(grep -cE '^(not )?ok .*# *SKIP' "$RIG_LOGS/$1.log")
    bad=$(grep -E '^not ok ' "$RIG_LOGS/$1.log" | grep -cvE '# *SKIP')
    good=$(grep -E '^ok ' "$RIG_LOGS/$1.log" | grep -cvE '# *SKIP')
    verdict=pass
    reason=
    if [ -z "$ended" ]; then
        verdict=fail reason=did_not_end
    elif [ "${ended% *}" != 0 ]; then
        verdict=fail reason=exit_code_${ended% *}
    elif [ "${plan:-0}" = 0 ] || [ $((good + skipped)) != "$plan" ]; then
        verdict=fail reason=reported_$((good + skipped + bad))_of_${plan:-none}
    fi
    if [ $verdict = fail ]; then
        [ "$bad" != 0 ] || bad=1
        reason="$reason:$(sed -n 's/^not ok [0-9]* - //p' "$RIG_LOGS/$1.log" | tr '\n' ',')"
    elif [ "$skipped" != 0 ]; then
        reason="skipped:$(sed -n 's/.*# *SKIP *//p' "$RIG_LOGS/$1.log" | tr ' \n' '_,')"
    fi
    seconds=${ended#* }
    echo "$kernel $asic $1 $good $bad $skipped ${seconds:--} $verdict ${reason%,}"
}

table_print() {
    awk '
    BEGIN {
        format = "%-7s %-7s %-10s %7s %7s %8s %8s  %s\n"
        printf format, "KERNEL", "ASIC", "SUITE", "PASSED", "FAILED", "SKIPPED", "SECONDS", ""
    }
    {
        note = $9
        gsub(/_/, " ", note)
        if ($8 == "fail") note = "FAILED " $9
        if ($8 == "skip") { note = "skipped: " note; skips++ }
        printf format, $1, $2, $3, $4, $5, $6, $7, note
        passed += $4; failed += $5; skipped += $6
        if ($8 == "fail") bad = 1
    }
    END {
        printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped
        if (bad || failed) exit 1
        if (!passed) exit 77
    }' "$RESULTS"
    rc=$?
    echo "logs: $LOGS"
    return $rc
}
