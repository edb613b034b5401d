# SPDX-License-Identifier: MIT
"""Memory as frameworks print it: what is allocated now, at most, in all, and freed."""
from typing import Any, NamedTuple

from . import _native as n


class Counter(NamedTuple):
    current: int
    peak: int
    total: int
    freed: int


class MemoryStatistics(NamedTuple):
    """Of a device, or of a pool that was made with statistics=True."""

    buffers: Counter
    allocated_bytes: Counter
    active_bytes: Counter
    segments: Counter
    reserved_bytes: Counter
    host_allocated_bytes: Counter
    host_reserved_bytes: Counter
    retries: int
    failures: int


def _read(function: Any, handle: n.c_void_p) -> MemoryStatistics:
    s = n.result(n.MemoryStatistics, function, handle)
    values: Any = [getattr(s, name) for name in MemoryStatistics._fields]
    fields: Any = [Counter(v.current, v.peak, v.total, v.freed) if isinstance(v, n.MemoryCounter) else v
                   for v in values]
    return MemoryStatistics(*fields)
