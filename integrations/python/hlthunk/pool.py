# SPDX-License-Identifier: MIT
"""Pools: many small buffers in few big allocations."""
from typing import NamedTuple, Optional

from . import _native as n
from ._object import Object
from .buffer import Buffer
from .statistics import MemoryStatistics, _read


class Statistics(NamedTuple):
    """granted = taken + cached + held + free"""

    chunks: int
    empty_chunks: int
    granted_bytes: int
    live_buffers: int
    used_bytes: int
    taken_bytes: int
    cached_bytes: int
    held_bytes: int
    free_bytes: int
    largest_free_bytes: int
    allocations: int


class Pool(Object):
    """Made by Device.pool()."""

    _unref = "hlthunk_pool_unref"

    def alloc(self, size: int, *, alignment: int = 0, exportable: bool = False,
              label: Optional[str] = None) -> Buffer:
        options = n.options(n.PoolBufferOptions, alignment=alignment, exportable=exportable,
                            label=label)
        return Buffer._new(n.made(n.lib.hlthunk_pool_alloc, self.handle, size, n.byref(options)))

    def trim(self, keep_chunks: int = 0) -> int:
        """Gives chunks without buffers back to the device; how many bytes."""
        released = n.c_uint64()
        n.check(n.lib.hlthunk_pool_trim(self.handle, keep_chunks, n.byref(released)))
        return released.value

    @property
    def statistics(self) -> Statistics:
        s = n.result(n.PoolStatistics, n.lib.hlthunk_pool_get_statistics, self.handle)
        return Statistics(*(getattr(s, name) for name in Statistics._fields))

    @property
    def memory_statistics(self) -> MemoryStatistics:
        """With peaks; of a pool that was made with statistics=True."""
        return _read(n.lib.hlthunk_pool_get_memory_statistics, self.handle)

    def reset_memory_peaks(self) -> None:
        n.check(n.lib.hlthunk_pool_reset_memory_peaks(self.handle))
