# SPDX-License-Identifier: MIT
"""dma-bufs as bytes, for transports that carry no descriptors."""
from typing import Any

from . import _native as n
from ._object import Object
from .dmabuf import Dmabuf

HANDLE_SIZE = 64


class HandleServer(Object):
    """Serves the handles that it has made, to processes of the same user on this machine."""

    _unref = "hlthunk_handle_server_unref"

    def __init__(self) -> None:
        super().__init__(n.made(n.lib.hlthunk_handle_server_create))

    def fileno(self) -> int:
        """Readable when serve() has something to do; not to be closed."""
        return int(n.lib.hlthunk_handle_server_borrow_fd(self.handle))

    def offer(self, dmabuf: Dmabuf) -> bytes:
        """A handle, with which another process opens it until it is withdrawn."""
        handle = (n.c_uint8 * HANDLE_SIZE)()
        n.check(n.lib.hlthunk_handle_server_offer(self.handle, dmabuf.handle, handle))
        return bytes(handle)

    def withdraw(self, handle: bytes) -> None:
        n.check(n.lib.hlthunk_handle_server_withdraw(self.handle, _bytes(handle)))

    def serve(self, timeout: float = 0) -> int:
        """Answers those who ask; how many dma-bufs were handed out."""
        return n.check(n.lib.hlthunk_handle_server_serve(self.handle, n.nanoseconds(timeout)))


def open_handle(handle: bytes, timeout: float = -1) -> Dmabuf:
    """The dma-buf that another process has offered, while that process serves."""
    return Dmabuf._new(n.made(n.lib.hlthunk_dmabuf_open_handle, _bytes(handle),
                              n.nanoseconds(timeout)))


def _bytes(handle: bytes) -> Any:
    if len(handle) != HANDLE_SIZE:
        raise ValueError(f"a handle has {HANDLE_SIZE} bytes, this has {len(handle)}")
    return (n.c_uint8 * HANDLE_SIZE)(*handle)
