# SPDX-License-Identifier: MIT
"""What all objects have: a reference to a C object, which close() gives back."""
from typing import Any, ClassVar, Optional, Type, TypeVar

from ._native import c_void_p, lib

S = TypeVar("S", bound="Object")


class Object:
    """Give it back with close() or a with statement; the garbage collector does it otherwise."""

    _unref: ClassVar[str]
    _handle: Optional[c_void_p] = None

    def __init__(self, handle: c_void_p) -> None:
        self._handle = handle

    @property
    def handle(self) -> c_void_p:
        """The C object, for calls of one's own by ctypes."""
        if self._handle is None:
            raise ValueError(f"this {type(self).__name__} is closed")
        return self._handle

    @property
    def closed(self) -> bool:
        return self._handle is None

    def close(self) -> None:
        """Gives the reference back; once, then it does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            getattr(lib, self._unref)(handle)

    def __enter__(self: S) -> S:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    @classmethod
    def _new(cls: Type[S], handle: c_void_p) -> S:
        self = cls.__new__(cls)
        Object.__init__(self, handle)
        return self
