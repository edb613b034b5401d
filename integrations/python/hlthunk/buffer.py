# SPDX-License-Identifier: MIT
"""Buffers: memory with an address on the device."""
from itertools import count
from typing import Any, Dict, Optional, Tuple

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


# What host buffers stand on, by the number that the C object has: until that has ended, which is
# after the work that uses it, whether or not Python still has a name for it.
_kept: Dict[int, Tuple[Memory, Any]] = {}
_numbers = count(1)


def _let_go(number: int, kept: Dict[int, Tuple[Memory, Any]] = _kept) -> None:
    held = kept.pop(number, None)
    if held is not None:
        held[0].close()


_lets_go = n.Release(_let_go)


class HostBuffer(Buffer):
    """Host memory that the device reaches, held in place until close() and the end of the work."""

    _owner: Any = None

    @classmethod
    def _map(cls, device: n.c_void_p, owner: Any, label: Optional[str],
             also: Any = None) -> "HostBuffer":
        """also: what has to live as long as the owner's memory is used."""
        memory = Memory(owner, writable=True)
        try:
            options = n.options(n.BufferFromHostOptions, label=label)
            self = cls._new(n.made(n.lib.hlthunk_buffer_from_host, device, memory.address,
                                   memory.size, n.byref(options)))
            number = next(_numbers)
            n.check(n.lib.hlthunk_buffer_set_user(self.handle, number, _lets_go))
        except BaseException:
            memory.close()
            raise
        _kept[number] = (memory, also)
        self._owner = owner
        return self

    @property
    def memory(self) -> memoryview:
        """The same bytes, for the host.  For DLPack: numpy.asarray(buffer.memory)."""
        if self._owner is None:
            raise ValueError("this HostBuffer is closed")
        return memoryview(self._owner).cast("B")

    def _another(self) -> "HostBuffer":
        other = HostBuffer._new(n.c_void_p(n.lib.hlthunk_buffer_ref(self.handle)))
        other._owner = self._owner
        return other

    def _address(self) -> int:
        return int(n.lib.hlthunk_buffer_borrow_host(self.handle))

    def close(self) -> None:
        """The memory stays where it is, and mapped, until the queues' work with it is done."""
        super().close()
        self._owner = None
