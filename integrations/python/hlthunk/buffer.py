# SPDX-License-Identifier: MIT
"""Buffers: memory with an address on the device."""
from typing import Any, Optional

from . import _native as n
from ._memory import Memory
from ._object import Object
from .dmabuf import Dmabuf


class Buffer(Object):
    """Made by Device, Pool and Dmabuf.  A queue holds the buffers of its work by itself."""

    _unref = "hlthunk_buffer_unref"

    @property
    def address(self) -> int:
        """In the device's address space; 0 while it is not mapped."""
        return int(n.lib.hlthunk_buffer_get_address(self.handle))

    @property
    def size(self) -> int:
        return int(n.lib.hlthunk_buffer_get_size(self.handle))

    @property
    def granted_size(self) -> int:
        """What it takes on the device."""
        return int(n.lib.hlthunk_buffer_get_granted_size(self.handle))

    def _another(self) -> "Buffer":
        return Buffer._new(n.c_void_p(n.lib.hlthunk_buffer_ref(self.handle)))

    def __len__(self) -> int:
        return self.size

    def export(self, offset: int = 0, size: int = 0, *, read_only: bool = False,
               whole_pages: bool = False, label: Optional[str] = None) -> Dmabuf:
        """A range as a dma-buf; size 0: to the end."""
        options = n.options(n.DmabufOptions, read_only=read_only, whole_pages=whole_pages,
                            label=label)
        return Dmabuf._new(n.made(n.lib.hlthunk_dmabuf_export, self.handle, offset, size,
                                  n.byref(options)))


class HostBuffer(Buffer):
    """Host memory that the device reaches, held in place until close()."""

    _owner: Any = None
    _held: Optional[Memory] = None
    _array: Any = None  # the object that owns the memory, when that is not the owner itself

    @classmethod
    def _of(cls, handle: n.c_void_p, owner: Any, held: Memory) -> "HostBuffer":
        self = cls._new(handle)
        self._owner, self._held = owner, held
        return self

    @property
    def memory(self) -> memoryview:
        """The same bytes, for the host.  For DLPack: numpy.asarray(buffer.memory)."""
        if self._owner is None:
            raise ValueError("this HostBuffer is closed")
        return memoryview(self._owner).cast("B")

    def _another(self) -> "HostBuffer":
        owner = self.memory
        handle = n.c_void_p(n.lib.hlthunk_buffer_ref(self.handle))
        other = HostBuffer._of(handle, owner, Memory(owner, writable=True))
        other._array = self._array
        return other

    def _address(self) -> int:
        return self._held.address if self._held is not None else 0

    def close(self) -> None:
        """The memory stays mapped for the device until the queues' work with it is done."""
        super().close()
        held, self._held, self._owner, self._array = self._held, None, None, None
        if held is not None:
            held.close()
