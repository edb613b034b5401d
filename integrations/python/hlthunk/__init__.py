# SPDX-License-Identifier: MIT
"""Memory of Habana accelerators, by libhlthunk.

    import hlthunk

    with hlthunk.Device() as device, device.queue() as queue:
        a, b = device.alloc(1 << 20), device.alloc(1 << 20)
        queue.write(a, b"there and back")
        queue.copy(b, a)
        print(queue.read(b, 14))

A failed call raises hlthunk.Error, an OSError with the library's sentence.
"""
from ._native import Error, lib as _lib
from .buffer import Buffer, HostBuffer
from .device import Asic, Device, Entry, MemoryUsage, Properties, list_devices
from .dlpack import from_dlpack, to_dlpack
from .dmabuf import Dmabuf, receive, send
from .handle import HandleServer, open_handle
from .pool import Pool, Statistics
from .queue import Engine, Fence, Queue, Result, Status, WaitPlace
from .statistics import Counter, MemoryStatistics

__all__ = ["Asic", "Buffer", "Counter", "Device", "Dmabuf", "Engine", "Entry", "Error", "Fence",
           "HandleServer", "HostBuffer", "MemoryStatistics", "MemoryUsage", "Pool", "Properties",
           "Queue", "Result", "Statistics", "Status", "WaitPlace", "from_dlpack", "list_devices",
           "open_handle", "receive", "release_inherited", "send", "to_dlpack"]


def release_inherited() -> int:
    """In a child after fork(): lets go of all that its parent has; how many descriptors."""
    return int(_lib.hlthunk_release_inherited())
