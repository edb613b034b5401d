# SPDX-License-Identifier: MIT
# Sourced by ../run: a tiny Llama with random weights generates text, on the CPU alone and with its weights
# and its cache of keys and values in device memory.  The sessions that llama.cpp saves, which hold
# every token and that cache, must be equal to the bit.
tokens=200

rig_lock llama bring llama forky llama.cpp-tools || exit
use llama
python3 "$here/tests/model.py" "$work/model.gguf" || exit 1

# generate OUTPUT ARGUMENT…
generate() {
    generate_to=$1
    shift
    # on a device, attention runs without its fused kernel: do the same here, to get the same numbers
    started "$root/usr/bin/llama-completion" -m "$work/model.gguf" -p "There and back" -n "$tokens" \
        --seed 1 --temp 1 --ignore-eos --threads 1 --flash-attn off --no-repack -ctk f32 -ctv f32 \
        --no-conversation --no-warmup --prompt-cache "$generate_to" --prompt-cache-all -v "$@" \
        < /dev/null > "$generate_to.text" 2> "$generate_to.log"
}

where=cpu
generate "$work/cpu" || { tail -n 5 "$work/cpu.log" >&2; exit 1; }
for where in ${*:-goya gaudi gaudi2}; do
    rm -f "$work/device"
    generate "$work/device" --gpu-layers 99 --override-tensor '.*=HL'
    rc=$?
    if grep -q 'incompatible API version' "$work/device.log"; then
        rig_skip "llama.cpp's ggml has another backend API: $(grep -o 'incompatible API version.*' "$work/device.log")"
    fi
    # shown by llama.cpp itself: where weights and cache are
    on_device=$(grep -cE 'HL0? (model|KV) buffer size' "$work/device.log")
    if [ $rc = 0 ] && [ "$on_device" -ge 2 ] && cmp "$work/cpu" "$work/device"; then
        echo "llama.cpp on $where: $tokens tokens and their cache equal the CPU's, $(wc -c < "$work/device") bytes"
    else
        echo "llama.cpp on $where: failed (exit code $rc, $on_device kinds of buffers on the device)"
        tail -n 5 "$work/device.log" >&2
        failed=1
    fi
done
