# SPDX-License-Identifier: MIT
"""dma-bufs: device memory as a file descriptor, for other drivers and other processes."""
import socket
from typing import List, Sequence

from . import _native as n
from ._object import Object

SEND_MAX = 253


class Dmabuf(Object):
    """Made by Buffer.export(), receive() and Dmabuf(fd)."""

    _unref = "hlthunk_dmabuf_unref"

    def __init__(self, fd: int) -> None:
        """Of a descriptor, which is taken over."""
        super().__init__(n.made(n.lib.hlthunk_dmabuf_import, fd))

    def fileno(self) -> int:
        """The object's own descriptor, not to be closed."""
        return int(n.lib.hlthunk_dmabuf_borrow_fd(self.handle))

    def dup(self) -> int:
        """A fresh descriptor, the caller's to close."""
        fd = n.c_int()
        n.check(n.lib.hlthunk_dmabuf_dup_fd(self.handle, n.byref(fd)))
        return fd.value

    @property
    def size(self) -> int:
        return int(n.lib.hlthunk_dmabuf_get_size(self.handle))

    @property
    def offset(self) -> int:
        """Where it starts in its exporter's buffer."""
        return int(n.lib.hlthunk_dmabuf_get_offset(self.handle))

    @property
    def data_offset(self) -> int:
        """Where in it the exported range starts: 0, but for whole_pages."""
        return int(n.lib.hlthunk_dmabuf_get_data_offset(self.handle))

    @property
    def data_size(self) -> int:
        return int(n.lib.hlthunk_dmabuf_get_data_size(self.handle))

    @property
    def identity(self) -> int:
        """A number that is the same in every process."""
        return int(n.lib.hlthunk_dmabuf_get_identity(self.handle))


def send(sock: socket.socket, dmabufs: Sequence[Dmabuf], timeout: float = -1) -> None:
    """To the process at the other end of a UNIX socket, with what it needs to know."""
    handles = (n.c_void_p * len(dmabufs))(*(d.handle.value for d in dmabufs))
    n.check(n.lib.hlthunk_dmabuf_send(sock.fileno(), handles, len(dmabufs),
                                      n.nanoseconds(timeout)))


def receive(sock: socket.socket, timeout: float = -1) -> List[Dmabuf]:
    """What one send() has sent."""
    handles, count = (n.c_void_p * SEND_MAX)(), n.c_size_t()
    n.check(n.lib.hlthunk_dmabuf_receive(sock.fileno(), handles, SEND_MAX, n.byref(count),
                                         n.nanoseconds(timeout)))
    return [Dmabuf._new(n.c_void_p(handle)) for handle in handles[:count.value]]
