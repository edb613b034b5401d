# SPDX-License-Identifier: MIT
# Sourced by ../run: what batching gains. The same cases, once with a submission for each row.
for where in ${*:-gaudi2}; do
    for rows in many one; do
        case $rows in
        one) export HL_GGML_UNBATCHED=1 ;;
        *) unset HL_GGML_UNBATCHED ;;
        esac
        from=$(date +%s%N)
        started "$root/usr/libexec/$triplet/ggml/test-backend-ops" -b HL0 -o "$operations" > "$work/log" 2>&1 ||
            failed=1
        took=$((($(date +%s%N) - from) / 1000000))
        echo "ggml on $where, $rows to a submission: $(sed -n 's/^ *\([0-9]*\/[0-9]*\) tests passed.*/\1/p' "$work/log")," \
            "$took ms"
        [ $rows = one ] || batched=$took
    done
    echo "ggml on $where: batching is $((took * 10 / batched))/10 times as fast"
done
