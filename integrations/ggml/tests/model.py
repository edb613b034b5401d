# SPDX-License-Identifier: MIT
"""Writes a tiny Llama with random weights, the same ones each time, as GGUF: model.py FILE."""
import random
import struct
import sys

WIDTH, HEADS, INNER, LAYERS, CONTEXT = 64, 4, 128, 2, 512
ALIGNMENT = 32
U32, F32, I32, STRING, ARRAY = 4, 6, 5, 8, 9

# Three control tokens, then one for each byte value, so that any text is a sequence of tokens.
TOKENS = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
UNKNOWN, CONTROL, BYTE = 2, 3, 6
TYPES = [UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256


def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def value(kind, of):
    return string(of) if kind == STRING else struct.pack({U32: "<I", I32: "<i", F32: "<f"}[kind], of)


def entry(key, kind, of):
    if isinstance(of, list):
        body = struct.pack("<IIQ", ARRAY, kind, len(of)) + b"".join(value(kind, v) for v in of)
    else:
        body = struct.pack("<I", kind) + value(kind, of)
    return string(key) + body


METADATA = [
    ("general.architecture", STRING, "llama"),
    ("general.name", STRING, "random"),
    ("llama.context_length", U32, CONTEXT),
    ("llama.embedding_length", U32, WIDTH),
    ("llama.block_count", U32, LAYERS),
    ("llama.feed_forward_length", U32, INNER),
    ("llama.attention.head_count", U32, HEADS),
    ("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
    ("llama.rope.dimension_count", U32, WIDTH // HEADS),
    ("tokenizer.ggml.model", STRING, "llama"),
    ("tokenizer.ggml.tokens", STRING, TOKENS),
    ("tokenizer.ggml.scores", F32, [0.0] * len(TOKENS)),
    ("tokenizer.ggml.token_type", I32, TYPES),
    ("tokenizer.ggml.bos_token_id", U32, 1),
    ("tokenizer.ggml.eos_token_id", U32, 2),
]


def shapes():
    yield "token_embd.weight", (WIDTH, len(TOKENS))
    for layer in range(LAYERS):
        for name, shape in (
            ("attn_norm", (WIDTH,)),
            ("attn_q", (WIDTH, WIDTH)),
            ("attn_k", (WIDTH, WIDTH)),
            ("attn_v", (WIDTH, WIDTH)),
            ("attn_output", (WIDTH, WIDTH)),
            ("ffn_norm", (WIDTH,)),
            ("ffn_gate", (WIDTH, INNER)),
            ("ffn_up", (WIDTH, INNER)),
            ("ffn_down", (INNER, WIDTH)),
        ):
            yield f"blk.{layer}.{name}.weight", shape
    yield "output_norm.weight", (WIDTH,)
    yield "output.weight", (WIDTH, len(TOKENS))


def weights(shape, numbers):
    if len(shape) == 1:
        return struct.pack(f"<{shape[0]}f", *[1.0] * shape[0])
    count = shape[0] * shape[1]
    return struct.pack(f"<{count}f", *[numbers.gauss(0, shape[0] ** -0.5) for _ in range(count)])


def model():
    numbers = random.Random(1)
    tensors = [(name, shape, weights(shape, numbers)) for name, shape in shapes()]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(METADATA))
    head += b"".join(entry(*e) for e in METADATA)
    offset = 0
    for name, shape, data in tensors:
        head += string(name) + struct.pack("<I", len(shape))
        head += struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", 0, offset)
        offset += len(data)  # each is a multiple of ALIGNMENT long
    head += bytes(-len(head) % ALIGNMENT)
    return head + b"".join(data for _, _, data in tensors)


with open(sys.argv[1], "wb") as file:
    file.write(model())
