# SPDX-License-Identifier: MIT
# Sourced by ../run: on the kernel's own driver, in the rig's machine (docs/rig.md). Its processor may be
# emulated, which is slow: OPERATIONS limits the run.
#   rig [ASIC] [OPERATIONS]
rig_asic=${1:-gaudi2}
operations=${2:-CPY,CONT,DUP,SET_ROWS}
case $rig_asic in
goya) rig_kernel=6.1 ;;
*) rig_kernel=6.12 ;;
esac
build_threads
cp -L "$build"/lib/libhlthunk.so.? "$work/"
cat > "$work/job" <<EOC
#!/bin/sh
cd "$libraries/ggml/backends0" || exit
GGML_BACKEND_PATH=$work/libggml-hl.so
export GGML_BACKEND_PATH
in_root() {
    "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries:$work" "\$@"
}
in_root "$work/threads" HL0 && in_root "$root/usr/libexec/$triplet/ggml/test-backend-ops" -b HL0 -o "$operations"
EOC
chmod +x "$work/job"
HLTHUNK_RIG_BUILD=$build "$top/rig/run" --asic "$rig_asic" --kernel "$rig_kernel" --timeout 1500 --ram 2G \
    --file "$root" --file "$work" -- "$work/job" > "$work/log" 2> "$work/err"
rc=$?
[ $rc != 77 ] || { cat "$work/err" >&2; exit 77; }
tail -n 1 "$work/err" >&2
passed=$(sed -n 's/^ *\([0-9]*\/[0-9]*\) tests passed.*/\1/p' "$work/log")
case ${passed:-0/0} in 0/*) rc=1 ;; esac
echo "ggml on $rig_asic, kernel $rig_kernel: ${passed:-none} operations of $operations passed;" \
    "$(sed -n '/graphs right/p' "$work/log")"
if [ $rc != 0 ]; then
    grep -E 'FAIL|hlthunk:|load_backend' "$work/log" "$work/err" | head -n 20 >&2
    failed=1
fi
