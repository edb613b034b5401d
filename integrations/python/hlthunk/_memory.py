# SPDX-License-Identifier: MIT
"""The address of what an object's buffer protocol gives."""
import ctypes
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_ssize_t, c_void_p, py_object
from types import TracebackType
from typing import Any, Optional, Type

_SIMPLE, _WRITABLE = 0, 1


class _PyBuffer(Structure):
    _fields_ = [("buf", c_void_p), ("obj", c_void_p), ("len", c_ssize_t), ("itemsize", c_ssize_t),
                ("readonly", c_int), ("ndim", c_int), ("format", c_char_p),
                ("shape", POINTER(c_ssize_t)), ("strides", POINTER(c_ssize_t)),
                ("suboffsets", POINTER(c_ssize_t)), ("internal", c_void_p)]


_get = ctypes.pythonapi.PyObject_GetBuffer
_get.argtypes = [py_object, POINTER(_PyBuffer), c_int]
_release = ctypes.pythonapi.PyBuffer_Release
_release.argtypes = [POINTER(_PyBuffer)]
_release.restype = None


class Memory:
    """Holds an object's memory in place.  A BufferError where it is not contiguous bytes."""

    def __init__(self, owner: Any, writable: bool = False) -> None:
        self._view = _PyBuffer()
        self._held = False
        _get(owner, byref(self._view), _WRITABLE if writable else _SIMPLE)
        self._held = True
        self.address: int = self._view.buf or 0
        self.size: int = self._view.len

    def close(self) -> None:
        if self._held:
            self._held = False
            _release(byref(self._view))

    def __enter__(self) -> "Memory":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()
