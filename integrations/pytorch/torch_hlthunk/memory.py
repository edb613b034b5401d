# SPDX-License-Identifier: MIT
"""Memory statistics, by the names of torch.cuda."""
from . import _C
from .device import index_of


def memory_stats(device=None):
    """A flat dictionary: allocated_bytes.current, .peak, .allocated, .freed; reserved_bytes …"""
    flat = {}
    for key, value in _C.memory_statistics(index_of(device)).items():
        if isinstance(value, dict):
            flat.update({f"{key}.{name}": number for name, number in value.items()})
        else:
            flat[key] = value
    return flat


def memory_allocated(device=None):
    return memory_stats(device)["allocated_bytes.current"]


def max_memory_allocated(device=None):
    return memory_stats(device)["allocated_bytes.peak"]


def memory_reserved(device=None):
    return memory_stats(device)["reserved_bytes.current"]


def max_memory_reserved(device=None):
    return memory_stats(device)["reserved_bytes.peak"]


def reset_peak_memory_stats(device=None):
    _C.memory_reset_peaks(index_of(device))


def empty_cache():
    """Waits for what is running, and gives the device back what no tensor uses."""
    _C.memory_empty_cache(_C.current_device())


def mem_get_info(device=None):
    """Free and total bytes of the device."""
    return _C.memory_info(index_of(device))


def memory_summary(device=None):
    stats = memory_stats(device)
    lines = [f"hlthunk memory of device {index_of(device)}, in bytes",
             f"{'':12}{'current':>14}{'peak':>14}{'allocated':>14}{'freed':>14}"]
    for key in ("allocated_bytes", "reserved_bytes", "allocation"):
        row = (f"{stats[f'{key}.{name}']:>14}" for name in ("current", "peak", "allocated", "freed"))
        lines.append(f"{key.split('_')[0]:12}" + "".join(row))
    lines.append(f"retries {stats['num_alloc_retries']}, out of memory {stats['num_ooms']}")
    return "\n".join(lines)
