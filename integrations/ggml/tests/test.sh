# SPDX-License-Identifier: MIT
# Sourced by ../run: every case of the operations that the backend claims, then threads.
build_threads

for where in ${*:-goya gaudi gaudi2}; do
    from=$(date +%s)
    started "$root/usr/libexec/$triplet/ggml/test-backend-ops" -b HL0 -o "$operations" > "$work/log" 2>&1
    rc=$?
    if grep -q 'incompatible API version' "$work/log"; then
        rig_skip "this ggml has another backend API: $(grep -o 'incompatible API version.*' "$work/log")"
    fi
    passed=$(sed -n 's/^ *\([0-9]*\/[0-9]*\) tests passed.*/\1/p' "$work/log")
    # a backend that claims no operation would test nothing
    case ${passed:-0/0} in 0/*) rc=1 ;; esac
    echo "ggml on $where: ${passed:-none} operations of $operations passed, $(($(date +%s) - from)) s"
    if [ $rc != 0 ]; then
        grep -E 'FAIL|hlthunk:|load_backend' "$work/log" | head -n 20 >&2
        failed=1
    fi
    if started "$work/threads" HL0 > "$work/out" 2> "$work/log"; then
        echo "ggml on $where: $(cat "$work/out")"
    else
        tail -n 5 "$work/log" >&2
        failed=1
    fi
done
