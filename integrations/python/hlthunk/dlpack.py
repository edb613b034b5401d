# SPDX-License-Identifier: MIT
"""DLPack: a buffer as an array of bytes for other libraries, and their arrays as buffers."""
import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int32, c_int64, c_uint8, c_uint16
from ctypes import c_uint64, c_void_p, py_object
from typing import Any, Dict, Tuple

from . import _native as n
from .buffer import Buffer, HostBuffer
from .device import Device

CPU, EXTENSION = 1, 12  # kDLCPU, kDLExtDev
_UINT = 1


class _Device(Structure):
    _fields_ = [("type", c_int32), ("id", c_int32)]


class _Tensor(Structure):
    _fields_ = [("data", c_void_p), ("device", _Device), ("ndim", c_int32), ("code", c_uint8),
                ("bits", c_uint8), ("lanes", c_uint16), ("shape", POINTER(c_int64)),
                ("strides", POINTER(c_int64)), ("byte_offset", c_uint64)]


class _Managed(Structure):
    pass


_Deleter = CFUNCTYPE(None, POINTER(_Managed))
_Managed._fields_ = [("tensor", _Tensor), ("context", c_void_p), ("deleter", _Deleter)]

_api = ctypes.pythonapi
_Destructor = CFUNCTYPE(None, c_void_p)
_api.PyCapsule_New.restype = py_object
_api.PyCapsule_New.argtypes = [c_void_p, c_char_p, _Destructor]
_api.PyCapsule_GetPointer.restype = c_void_p
_api.PyCapsule_GetPointer.argtypes = [py_object, c_char_p]
# of a capsule that is being destroyed: an address, not a new reference
_is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, c_void_p, c_char_p)(("PyCapsule_IsValid", _api))
_pointer = ctypes.PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", _api))
_NAME = b"dltensor"

_lent: Dict[int, Tuple[Any, ...]] = {}  # by the managed tensor's address


def _forget(managed: Any) -> None:
    _lent.pop(ctypes.addressof(managed.contents), None)


def _destroy(capsule: int) -> None:
    if _is_valid(capsule, _NAME):  # it has not been consumed
        _lent.pop(_pointer(capsule, _NAME), None)


_forgets = _Deleter(_forget)
_destroys = ctypes.PYFUNCTYPE(None, c_void_p)(_destroy)


def to_dlpack(buffer: Buffer, device_id: int = 0) -> Any:
    """A capsule: an array of the buffer's bytes, on the CPU or on an extension device.

    It keeps the buffer, whether or not that is closed here.
    """
    managed, shape = _Managed(), (c_int64 * 1)(buffer.size)
    tensor = managed.tensor
    tensor.code, tensor.bits, tensor.lanes = _UINT, 8, 1
    tensor.ndim, tensor.shape = 1, shape
    if isinstance(buffer, HostBuffer):
        tensor.device = _Device(CPU, 0)
        tensor.data = buffer._address()
    else:
        tensor.device = _Device(EXTENSION, n.I32.from_param(device_id))
        tensor.data = buffer.address
    managed.deleter = _forgets
    address = ctypes.addressof(managed)
    _lent[address] = (managed, shape, buffer._another())
    return _api.PyCapsule_New(address, _NAME, ctypes.cast(_destroys, _Destructor))


def from_dlpack(device: Device, array: Any) -> Tuple[Buffer, int, int]:
    """An array's memory as a buffer of a device, the offset in it and its bytes.

    An array on the CPU is mapped for the device.  One on an extension device is looked for among
    the device's buffers.  Elements must be contiguous.
    """
    kind, _ = array.__dlpack_device__()
    capsule = array.__dlpack__()
    managed = ctypes.cast(_api.PyCapsule_GetPointer(capsule, _NAME), POINTER(_Managed))
    tensor = managed.contents.tensor
    expected = 1
    for i in reversed(range(tensor.ndim)):
        if tensor.strides and tensor.shape[i] > 1 and tensor.strides[i] != expected:
            raise BufferError("the array's elements are not contiguous")
        expected *= tensor.shape[i]
    size = (tensor.bits * tensor.lanes * expected + 7) // 8
    address = (tensor.data or 0) + tensor.byte_offset
    if kind == EXTENSION:
        return (*device.find(address, size), size)
    if kind != CPU:
        raise BufferError(f"the array is on a device of DLPack's type {kind}")
    memory = (ctypes.c_char * size).from_address(address)
    return HostBuffer._map(device.handle, memory, None, capsule), 0, size
