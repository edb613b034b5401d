# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # the variables are nightly's
# The parts of ./dev nightly, run from the top of the tree.  They take, from the environment:
#   NIGHTLY_TIMES       how often the suite runs on a loaded machine (20)
#   NIGHTLY_LOAD        0: the machine is loaded already
#   NIGHTLY_SECONDS     of ThreadSanitizer, and of each fuzzer in one call (600)
#   NIGHTLY_CYCLES      of each function; 250 times as many of each kind of object (4000)
#   NIGHTLY_KIND        seconds after which a kind of object has had enough cycles (180)
#   NIGHTLY_MACHINES    of the rig, that are killed (100: a quarter of an hour without KVM; a thousand of the
#                       emulators alone are killed in killed_emulator)
#   NIGHTLY_WAYS        to build, in lines: a compiler and Meson's options (six of them)
#   NIGHTLY_EXECUTIONS  of each fuzzer (10,000,000; of the cheap message and address ten times as many)
machines=${NIGHTLY_MACHINES:-100}
cycles=${NIGHTLY_CYCLES:-4000}
kind_seconds=${NIGHTLY_KIND:-180}
seconds=${NIGHTLY_SECONDS:-600}
executions=${NIGHTLY_EXECUTIONS:-10000000}
parts="loaded sweeps cycles_gaudi2 cycles_gaudi cycles_goya kinds copies killed killed_regions killed_supervisor interrupted killed_emulator killed_machine tsan \
fuzz_message fuzz_address fuzz_tree fuzz_packets fuzz_ioctl fuzz_efa fuzz_emu builds compilers arm64 coverage mutate"

# tests FOLDER [ARGUMENT…]: two parts may run at once, each with a log of its own.  Ends with the
# failed ones, or how many passed.
tests() {
    dir=$1 bad=
    shift
    said=$(meson test -C "$dir" --no-rebuild --print-errorlogs --timeout-multiplier 10 --logbase "nightly-$one" "$@") ||
        bad=1
    echo "$said"
    if [ -z "$bad" ]; then
        echo "$said" | sed -n 's/^Ok: *\([0-9]*\).*/\1 tests passed/p'
    else
        echo "failed: $(echo "$said" | sed -nE 's|^ *[0-9]+/[0-9]+ [^/]*/ (.*[^ ]) +(FAIL\|TIMEOUT) .*|\1|p' | sort -u | tr '\n' ',')"
    fi
    [ -z "$bad" ]
}

# A round of what ./dev test runs, as many tests at once as there, while each processor has something
# else to do.
wants_loaded=${NIGHTLY_TIMES:-20} unit_loaded='rounds in a row'
loaded() {
    burners=
    [ "${NIGHTLY_LOAD:-1}" = 0 ] || for _ in $(seq "$(nproc)"); do
        sh -c 'while kill -0 '$$' 2>/dev/null; do i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; done' &
        burners="$burners $!"
    done
    did=1 rc=0
    tests build --num-processes "$((2 * $(nproc)))" --no-suite rig --no-suite slow --no-suite long --no-suite valgrind --no-suite bench || rc=1
    # shellcheck disable=SC2086
    [ -z "$burners" ] || kill $burners
    return $rc
}

# simulated ASIC KERNEL PROGRAM [ARGUMENT…]
simulated() {
    asic=$1 kernel=$2
    shift 2
    TEST_ASIC=$asic TEST_KERNEL=$kernel build/sim/hlsim run --quiet --device "$asic" --kernel "$kernel" -- "$@"
}

sweeps() { tests build --suite sweep; }

cycles_of() {
    simulated "$1" "$2" build/tests/sweep/sweep --cycles "$cycles"
}
cycles_gaudi2() { cycles_of gaudi2 6.12; }
cycles_gaudi() { cycles_of gaudi vendor; }
cycles_goya() { cycles_of goya 6.6; }

# The next kind of object: a row with its figures.
kinds_of_objects() {
    for program in test_cycles test_cycles_of_regions; do
        TEST_KIND=list "build/tests/cycles/$program" 2>/dev/null | sed "s/^/$program /"
    done
}
wants_kinds=$(kinds_of_objects | wc -l) unit_kinds='kinds of object'
kinds() {
    row=$(kinds_of_objects | sed -n "$((count + 1))p")
    did=1
    TEST_CYCLES=$((cycles * 250)) TEST_SECONDS=$kind_seconds TEST_KIND=${row#* } \
        simulated gaudi2 6.12 "build/tests/cycles/${row% *}"
}

copies() {
    TEST_COPIES=$((cycles * 250)) HLSIM_PROGRAM="$PWD/build/sim/hlsim" \
        simulated gaudi2 6.12 build/tests/queue/test_queues || return 1
    echo "$((cycles * 250)) copies of a queue: nothing grew"
}

killed() { simulated gaudi2 6.12 build/tests/sim/sim_killed 1000 && simulated gaudi vendor build/tests/sim/sim_killed 1000; }
killed_regions() { simulated gaudi2 6.12 build/tests/verbs/verbs_killed 1000; }
killed_supervisor() { tests/sim/test_supervisor_killed.sh build/sim/hlsim build/tests/sim/sim_killed 1000; }
interrupted() { tests/sim/test_ctrl_c.py build/sim/hlsim build/tests/sim/sim_killed 1000; }

# The emulators and their client, without a machine.
killed_emulator() { build/tests/rig/rig_emu_killed build/rig/rig-emu build/rig/rig-efa 1000; }

# Emulators, QEMU and the rig's own command, at random moments of a machine's life.
wants_killed_machine=$machines unit_killed_machine=machines
killed_machine() {
    did=10
    HLTHUNK_RIG_BUILD=$PWD/build tests/rig/killed.sh "$PWD/rig/run" 10
}

# The mixed loads of all objects; it looks for locks taken in two orders, too.
wants_tsan=$seconds unit_tsan=seconds
tsan() {
    step=$(date +%s)
    TSAN_OPTIONS="detect_deadlocks=1:second_deadlock_stack=1" \
        tests build-tsan --suite threads --suite share --suite verbs || return 1
    did=$(seconds_since "$step")
}

# fuzz TARGET: from the corpus of the tree
fuzz() {
    here=$(left)
    [ "$here" -lt "$seconds" ] || here=$seconds
    output=$(tests/fuzz/run build-fuzz "$1" "$here") || { echo "$output"; return 1; }
    did=$output enough=1
}
wants_fuzz_address=$((executions * 10)) unit_fuzz_address=executions
wants_fuzz_message=$((executions * 10)) unit_fuzz_message=executions
wants_fuzz_packets=$executions unit_fuzz_packets=executions
wants_fuzz_tree=$executions unit_fuzz_tree=executions
wants_fuzz_ioctl=$executions unit_fuzz_ioctl=executions
wants_fuzz_efa=$executions unit_fuzz_efa=executions
wants_fuzz_emu=$executions unit_fuzz_emu=executions
fuzz_address() { fuzz address; }
fuzz_message() { fuzz message; }
fuzz_packets() { fuzz packets; }
fuzz_tree() { fuzz tree; }
fuzz_ioctl() { fuzz ioctl; }
fuzz_efa() { fuzz efa; }
fuzz_emu() { fuzz emu; }

# The library and what needs no device, as others build it: the next way.
ways_to_build=${NIGHTLY_WAYS:-"gcc -Doptimization=0
gcc -Doptimization=3 -Db_lto=true
gcc --unity=on
gcc -Ddefault_library=shared
clang -Doptimization=0
clang -Doptimization=3"}
wants_builds=$(echo "$ways_to_build" | wc -l) unit_builds='ways to build'
builds() {
    how=$(echo "$ways_to_build" | sed -n "$((count + 1))p")
    dir=$logs/$(echo "$how" | tr -c 'a-z0-9\n' -)
    did=1
    # shellcheck disable=SC2086
    [ -f "$dir/build.ninja" ] || CC=${how%% *} meson setup "$dir" --werror -Ddocs=disabled ${how#* } || return 1
    ninja -C "$dir" && tests "$dir" --suite fast && echo "$how: passed"
}

# In clean folders of Debian, which take a gigabyte each; as root.
compilers() { tests/build/compilers.sh; }
arm64() { tests/build/arm64.sh; }

coverage() { ./dev coverage --json "$logs/coverage.json"; }
mutate() { ./dev mutate --seconds "$((seconds * 24))" --wanted 90; }
