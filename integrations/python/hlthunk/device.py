# SPDX-License-Identifier: MIT
"""Devices: find, open, ask."""
import mmap
import socket
from enum import IntEnum
from typing import Any, List, NamedTuple, Optional, Tuple

from . import _native as n
from ._object import Object
from .buffer import Buffer, HostBuffer
from .dmabuf import Dmabuf
from .pool import Pool
from .queue import Engine, Queue
from .statistics import MemoryStatistics, _read


class Asic(IntEnum):
    UNKNOWN = 0
    GOYA = 1
    GAUDI = 2
    GAUDI2 = 3


class Entry(NamedTuple):
    """What sysfs says of a device."""

    index: int  # type: ignore[assignment]  # instead of tuple.index()
    asic: Asic
    pci_address: str
    node: str
    control_node: str


class Properties(NamedTuple):
    asic: Asic
    index: int  # type: ignore[assignment]
    module_id: int
    pci_address: str
    card_name: str
    firmware_version: str
    has_device_mmu: bool
    memory_base: int
    memory_size: int
    memory_page_size: int


class MemoryUsage(NamedTuple):
    free_bytes: int
    used_bytes: int


def _asic(value: int) -> Asic:
    return Asic(value) if value in list(Asic) else Asic.UNKNOWN


def list_devices() -> List[Entry]:
    """The devices of this machine; opens none."""
    count, room = n.c_size_t(), 0
    while True:
        entries = (n.DeviceEntry * room)()
        n.check(n.lib.hlthunk_device_enumerate(entries, n.sizeof(n.DeviceEntry), room,
                                               n.byref(count)))
        if count.value <= room:
            break
        room = count.value
    return [Entry(e.index, _asic(e.asic), e.pci_address.decode(), e.node.decode(),
                  e.control_node.decode()) for e in entries[:count.value]]


class Device(Object):
    """An open device.  What is made on it holds it open."""

    _unref = "hlthunk_device_unref"

    def __init__(self, pci_address: Optional[str] = None, *, index: Optional[int] = None,
                 module_id: Optional[int] = None, asic: Optional[Asic] = None,
                 timeout: float = 0, control: bool = False) -> None:
        """Opens one; any, where none of the first four is given.

        timeout: seconds to wait while it is busy or in reset; negative: without limit.
        """
        ways = {1: pci_address, 2: index, 3: module_id, 4: asic}  # enum hlthunk_device_select
        chosen = [select for select, value in ways.items() if value is not None]
        if len(chosen) > 1:
            raise ValueError("give one of pci_address, index, module_id and asic")
        options = n.options(n.DeviceOptions, select=chosen[0] if chosen else 0, index=index,
                            pci_address=pci_address, module_id=module_id, asic=asic,
                            timeout_ns=n.nanoseconds(timeout), control=control)
        super().__init__(n.made(n.lib.hlthunk_device_open, n.byref(options)))

    @classmethod
    def from_fd(cls, fd: int) -> "Device":
        """Of a node that is open already; the fd stays the caller's.

        A device that this process has gives the same device.
        """
        return cls._new(n.made(n.lib.hlthunk_device_from_fd, fd))

    @classmethod
    def receive(cls, sock: socket.socket, timeout: float = -1) -> "Device":
        """What another process sent by send()."""
        handle = n.c_void_p()
        n.check(n.lib.hlthunk_device_receive(sock.fileno(), n.byref(handle),
                                             n.nanoseconds(timeout)))
        return cls._new(handle)

    def send(self, sock: socket.socket, timeout: float = -1) -> None:
        """Lets the process at the other end of a UNIX socket use the device, too."""
        n.check(n.lib.hlthunk_device_send(sock.fileno(), self.handle, n.nanoseconds(timeout)))

    def fileno(self) -> int:
        """The object's own descriptor, not to be closed."""
        return int(n.lib.hlthunk_device_borrow_fd(self.handle))

    @property
    def properties(self) -> Properties:
        p = n.result(n.DeviceProperties, n.lib.hlthunk_device_get_properties, self.handle)
        return Properties(_asic(p.asic), p.index, p.module_id, p.pci_address.decode(),
                          p.card_name.decode(), p.firmware_version.decode(), p.has_device_mmu,
                          p.memory_base, p.memory_size, p.memory_page_size)

    @property
    def memory_usage(self) -> MemoryUsage:
        u = n.result(n.MemoryUsage, n.lib.hlthunk_device_get_memory_usage, self.handle)
        return MemoryUsage(u.free_bytes, u.used_bytes)

    @property
    def memory_statistics(self) -> MemoryStatistics:
        """What this process has of the device, with peaks."""
        return _read(n.lib.hlthunk_device_get_memory_statistics, self.handle)

    def reset_memory_peaks(self) -> None:
        n.check(n.lib.hlthunk_device_reset_memory_peaks(self.handle))

    def alloc(self, size: int, *, label: Optional[str] = None, contiguous: bool = False,
              hint: int = 0, force_hint: bool = False) -> Buffer:
        """Device memory, mapped.  For many or small buffers: pool()."""
        options = n.options(n.BufferOptions, label=label, contiguous=contiguous, hint=hint,
                            force_hint=force_hint)
        return Buffer._new(n.made(n.lib.hlthunk_buffer_alloc, self.handle, size, n.byref(options)))

    def alloc_host(self, size: int, *, label: Optional[str] = None) -> HostBuffer:
        """Fresh host memory that the device reaches: .memory is a memoryview of it."""
        return self.map_host(mmap.mmap(-1, size), label=label)

    def map_host(self, owner: Any, *, label: Optional[str] = None) -> HostBuffer:
        """A writable object's memory (bytearray, numpy array, mmap), for the device."""
        return HostBuffer._map(self.handle, owner, label)

    def import_dmabuf(self, dmabuf: Dmabuf, *, label: Optional[str] = None) -> Buffer:
        """Maps a dma-buf of any exporter, where the driver can."""
        options = n.options(n.LabelOptions, label=label)
        return Buffer._new(n.made(n.lib.hlthunk_buffer_from_dmabuf, self.handle, dmabuf.handle,
                                  n.byref(options)))

    def name_address(self, address: int, size: int, *, label: Optional[str] = None) -> Buffer:
        """Memory that somebody else manages, in whole pages."""
        options = n.options(n.LabelOptions, label=label)
        return Buffer._new(n.made(n.lib.hlthunk_buffer_from_address, self.handle, address, size,
                                  n.byref(options)))

    def find(self, address: int, size: int = 0) -> Tuple[Buffer, int]:
        """The buffer that has an address (and size bytes from there), and the offset in it."""
        handle, offset = n.c_void_p(), n.c_uint64()
        n.check(n.lib.hlthunk_device_find_buffer(self.handle, address, size, n.byref(handle),
                                                 n.byref(offset)))
        return Buffer._new(handle), offset.value

    def export_range(self, address: int, size: int = 0, *, read_only: bool = False,
                     whole_pages: bool = False,
                     label: Optional[str] = None) -> Tuple[Dmabuf, int]:
        """A dma-buf of what is at an address, anywhere in a buffer, and the offset in it.

        size: 0 for all to the buffer's end.
        """
        options = n.options(n.DmabufOptions, read_only=read_only, whole_pages=whole_pages,
                            label=label)
        handle, offset = n.c_void_p(), n.c_uint64()
        n.check(n.lib.hlthunk_device_export_range(self.handle, address, size, n.byref(options),
                                                  n.byref(handle), n.byref(offset)))
        return Dmabuf._new(handle), offset.value

    def pool(self, *, label: Optional[str] = None, chunk_bytes: int = 0, max_bytes: int = 0,
             exportable: bool = False, statistics: bool = False) -> Pool:
        options = n.options(n.PoolOptions, label=label, chunk_bytes=chunk_bytes,
                            max_bytes=max_bytes, exportable=exportable, statistics=statistics)
        return Pool._new(n.made(n.lib.hlthunk_pool_create, self.handle, n.byref(options)))

    def queue(self, *, engine: Engine = Engine.ANY, depth: int = 0,
              label: Optional[str] = None) -> Queue:
        options = n.options(n.QueueOptions, engine=engine, depth=depth, label=label)
        return Queue._new(n.made(n.lib.hlthunk_queue_create, self.handle, n.byref(options)))
