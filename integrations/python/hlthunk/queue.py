# SPDX-License-Identifier: MIT
"""Queues move bytes; fences say when."""
from contextlib import suppress
from enum import IntEnum
from errno import ETIMEDOUT
from sys import byteorder
from typing import Any, List, NamedTuple, Optional

from . import _native as n
from ._memory import Memory
from ._object import Object
from .buffer import Buffer, _kept


class Engine(IntEnum):
    ANY = 0
    TO_DEVICE = 1
    FROM_DEVICE = 2
    WITHIN_DEVICE = 3


class Status(IntEnum):
    PENDING = 0
    DONE = 1
    LOST = 2


class WaitPlace(IntEnum):
    NONE = 0
    DEVICE = 1
    HOST = 2


class Result(NamedTuple):
    status: Status
    error: int
    timestamp_ns: int


class Fence(Object):
    """What a queue had been given when it was made."""

    _unref = "hlthunk_fence_unref"

    def wait(self, timeout: float = -1) -> bool:
        """True: done.  False: not within timeout seconds.  An Error where the work was lost."""
        rc = n.lib.hlthunk_fence_wait(self.handle, n.nanoseconds(timeout))
        if rc == -ETIMEDOUT:
            return False
        n.check(rc)
        return True

    @property
    def result(self) -> Result:
        r = n.result(n.FenceResult, n.lib.hlthunk_fence_get_result, self.handle)
        return Result(Status(r.status), r.error, r.timestamp_ns)

    def eventfd(self) -> int:
        """A fresh descriptor that becomes readable when the fence is over; for event loops."""
        fd = n.c_int()
        n.check(n.lib.hlthunk_fence_create_eventfd(self.handle, n.byref(fd)))
        return fd.value


class _Read:
    """Memory that work of a queue writes, held until it is over."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.fence: Optional[Fence] = None

    def is_over(self) -> bool:
        return self.fence is not None and self.fence.result.status is not Status.PENDING


class Queue(Object):
    """Made by Device.queue().  What it is given happens in that order."""

    _unref = "hlthunk_queue_unref"
    _reads: "List[_Read]"

    def copy(self, destination: Buffer, source: Buffer, size: Optional[int] = None, *,
             destination_offset: int = 0, source_offset: int = 0) -> None:
        """size: as much as the source has."""
        if size is None:
            size = source.size - source_offset
        n.check(n.lib.hlthunk_queue_copy(self.handle, destination.handle, destination_offset,
                                         source.handle, source_offset, size))

    def copy_2d(self, destination: Buffer, source: Buffer, *, width: int, rows: int,
                destination_pitch: int, source_pitch: int, destination_offset: int = 0,
                source_offset: int = 0) -> None:
        copy = n.options(n.Copy2d, destination=destination.handle,
                         source=source.handle, destination_offset=destination_offset,
                         source_offset=source_offset, destination_pitch=destination_pitch,
                         source_pitch=source_pitch, width_bytes=width, rows=rows)
        n.check(n.lib.hlthunk_queue_copy_2d(self.handle, n.byref(copy)))

    def fill(self, destination: Buffer, pattern: bytes = b"\0", size: Optional[int] = None, *,
             offset: int = 0) -> None:
        """Repeats 1, 2, 4 or 8 bytes."""
        if size is None:
            size = destination.size - offset
        n.check(n.lib.hlthunk_queue_fill(self.handle, destination.handle, offset, size,
                                         int.from_bytes(pattern, byteorder), len(pattern)))

    def write(self, destination: Buffer, data: Any, *, offset: int = 0) -> None:
        """An object's bytes (bytes, memoryview, numpy array) to the device.

        They are copied before it returns, and are there for what this queue does next.
        """
        with Memory(data) as memory:
            n.check(n.lib.hlthunk_queue_write(self.handle, destination.handle, offset,
                                              memory.address, memory.size))

    def read(self, source: Buffer, size: Optional[int] = None, *, offset: int = 0) -> bytes:
        """Waits, and returns a copy."""
        data = bytearray(source.size - offset if size is None else size)
        self.read_into(data, source, offset=offset)
        return bytes(data)

    def read_into(self, target: Any, source: Buffer, *, offset: int = 0) -> None:
        """Waits until all of a writable object has been filled."""
        with Memory(target, writable=True) as memory:
            n.check(n.lib.hlthunk_queue_read_sync(self.handle, memory.address, source.handle,
                                                  offset, memory.size))

    def read_later(self, target: Any, source: Buffer, *, offset: int = 0) -> Fence:
        """Fills a writable object by the time that the fence is done; holds it until then."""
        read = _Read(Memory(target, writable=True))
        self._forget()
        self._pending().append(read)
        try:
            n.check(n.lib.hlthunk_queue_read(self.handle, read.memory.address, source.handle,
                                             offset, read.memory.size))
        except (ValueError, TypeError, OverflowError, n.ArgumentError):
            # refused before the call: an object is closed, or a number does not fit
            self._pending().remove(read)
            read.memory.close()
            raise
        except BaseException:
            with suppress(n.Error):
                read.fence = self.fence()  # part of it may be recorded
            raise
        read.fence = self.fence()
        return Fence._new(n.c_void_p(n.lib.hlthunk_fence_ref(read.fence.handle)))

    def _pending(self) -> "List[_Read]":
        reads: "List[_Read]" = self.__dict__.setdefault("_reads", [])
        return reads

    def _forget(self) -> None:
        """Reads that are over; other threads may add some meanwhile."""
        reads = self._pending()
        for read in list(reads):
            if read.is_over():
                read.memory.close()
                with suppress(ValueError):  # another thread did
                    reads.remove(read)

    def fence(self, *, timestamp: bool = False, label: Optional[str] = None) -> Fence:
        """After everything that the queue has been given; starts it."""
        options = n.options(n.FenceOptions, timestamp=timestamp, label=label)
        return Fence._new(n.made(n.lib.hlthunk_queue_create_fence, self.handle, n.byref(options)))

    def wait(self, fence: Fence) -> WaitPlace:
        """What follows in this queue starts after another queue's fence; where it is waited."""
        place = n.c_int()
        n.check(n.lib.hlthunk_queue_wait_fence(self.handle, fence.handle, n.byref(place)))
        return WaitPlace(place.value)

    def flush(self) -> None:
        """Starts what was recorded."""
        n.check(n.lib.hlthunk_queue_flush(self.handle))

    def finish(self, timeout: float = -1) -> bool:
        """Starts it and waits.  False: not within timeout seconds.  An Error where it was lost."""
        rc = n.lib.hlthunk_queue_finish(self.handle, n.nanoseconds(timeout))
        if rc == -ETIMEDOUT:
            return False
        n.check(rc)
        self._forget()
        return True

    def close(self) -> None:
        """Waits for the reads that are not done, and gives the queue back."""
        reads = self._pending()
        if self._handle is not None and (reads or _kept):
            n.lib.hlthunk_queue_finish(self.handle, -1)
        super().close()
        reads.clear()
