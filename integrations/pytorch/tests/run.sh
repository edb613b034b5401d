# SPDX-License-Identifier: MIT
# Sourced by ../run: our tests, then PyTorch's own, from Debian's source package. A PyTorch
# test that fails must be listed in tests/known, with the reason.
rig_lock "$torch-source" torch_bring_source || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT # dash ends without the trap above otherwise
trap 'exit 143' TERM HUP
TORCH_PYTHON=$here/tests:$here/tests/shim:$TORCH_PYTHON
failed=0

# judge NAME FILE [PYTEST-ARGUMENT…]
judge() {
    torch_name=$1
    shift
    # only our device's variants of PyTorch's generic tests
    torch_in PYTORCH_TESTING_DEVICE_ONLY_FOR=privateuse1 PYTORCH_TEST_WITH_SLOW=0 \
        "$build/sim/hlsim" run --quiet --device gaudi2 --device gaudi2 -- \
        python3 -m pytest -q -p no:cacheprovider -rfE --tb=line "$@" > "$work/log" 2>&1
    torch_rc=$?
    # "FAILED [0.1s] path/test.py::Class::test - message"
    sed -nE 's,^(FAILED|ERROR) (\[[^]]*\] )?[^ ]*/([^ ]*\.py(::[^ ]*)?).*,\3,p' "$work/log" |
        sort > "$work/now"
    sed 's/[[:space:]].*//; /^#/d' "$here/tests/known" | sort > "$work/known"
    new=$(comm -23 "$work/now" "$work/known")
    echo "torch: $torch_name: $(tail -n 1 "$work/log" | tr -d =)"
    # 0: all passed, 1: some failed; anything else is a crash
    if [ -n "$new" ] || [ $torch_rc -gt 1 ]; then
        [ -z "$new" ] || echo "$new" | sed 's/^/torch: failed: /'
        tail -n 30 "$work/log" >&2
        failed=1
    fi
}

judge "this backend" "$here/tests/test_backend.py"
sed 's/"openreg/"hlthunk/g' "$source/test/cpp_extensions/open_registration_extension/test/test_openreg.py" \
    > "$work/test_openreg.py"
judge test_openreg.py "$work/test_openreg.py"
for torch_file in test_dlpack test_view_ops test_indexing; do
    judge $torch_file.py "$source/test/$torch_file.py" -k PRIVATEUSE1
done
exit $failed
