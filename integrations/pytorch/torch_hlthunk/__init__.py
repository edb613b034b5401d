# SPDX-License-Identifier: MIT
"""PyTorch on Habana accelerators: torch.device("hlthunk"), torch.hlthunk.

Memory, copies, streams and events are the device's, by libhlthunk.  What computes is the CPU: an
operator that is more than a copy goes there and back.
"""
import sys


def _autoload():
    """PyTorch calls this when it is imported: an entry point of torch.backends.

    It is here before PyTorch is imported by the next line, for a program that imports this first.
    """


import torch  # noqa: E402

from . import _C
from .device import (
    current_device,
    device,
    device_count,
    device_of,
    fileno,
    get_device_name,
    get_device_properties,
    init,
    is_available,
    is_initialized,
    set_device,
    synchronize,
)
from .memory import (
    empty_cache,
    max_memory_allocated,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_reserved,
    memory_stats,
    memory_summary,
    reset_peak_memory_stats,
)
from .random import (
    default_generator,
    get_rng_state,
    get_rng_state_all,
    initial_seed,
    manual_seed,
    manual_seed_all,
    seed,
    seed_all,
    set_rng_state,
    set_rng_state_all,
)
from .streams import Event, Stream, current_stream, default_stream, set_stream, stream

_is_in_bad_fork = _C.is_in_bad_fork
_lazy_init = init


def get_amp_supported_dtype():
    return [torch.bfloat16, torch.float16]


def is_bf16_supported():
    return True


def _register():
    from . import dlpack, sharing

    # "hpu" is the vendor's, in PyTorch itself and in his own backend: both may be in one process
    torch.utils.rename_privateuse1_backend("hlthunk")
    if not hasattr(torch, "hlthunk"):
        torch._register_device_module("hlthunk", sys.modules[__name__])
        torch.utils.generate_methods_for_privateuse1_backend(for_storage=True)
        sharing.register()
        dlpack.register()


_register()
