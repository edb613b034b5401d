# SPDX-License-Identifier: MIT
"""The C library by ctypes: its functions, its structs, its errors."""
import ctypes
import os
from ctypes import CFUNCTYPE, ArgumentError, Structure, byref, c_bool, c_char, c_char_p, c_int, c_int32, c_int64
from ctypes import c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p, sizeof
from typing import Any, Iterable, List, Optional, Tuple, Type, TypeVar


class Error(OSError):
    """A call of the library failed: errno, and the library's sentence."""


lib: Any = ctypes.CDLL(os.environ.get("HLTHUNK_LIBRARY", "libhlthunk.so.0"))


def check(rc: int) -> int:
    if rc < 0:
        raise Error(-rc, lib.hlthunk_last_error().decode(errors="replace"))
    return rc


def made(function: Any, *arguments: Any) -> c_void_p:
    """The object that a function gives as its last argument."""
    handle = c_void_p()
    check(function(*arguments, byref(handle)))
    return handle


T = TypeVar("T", bound=Structure)


def options(kind: Type[T], **values: Any) -> T:
    """A struct of options; what is None has its default.  Text is encoded."""
    struct = kind(sizeof(kind))
    for name, value in values.items():
        if isinstance(value, str):
            value = value.encode()
        if value is None:
            continue
        setattr(struct, name, value)
        held = getattr(struct, name)
        if isinstance(value, int) and not isinstance(held, bool) and held != value:
            raise OverflowError(f"{name} {value} does not fit")
    return struct


def result(kind: Type[T], function: Any, *arguments: Any) -> T:
    """A struct that a function fills as its last argument."""
    struct = kind(sizeof(kind))
    check(function(*arguments, byref(struct)))
    return struct


def nanoseconds(seconds: float) -> int:
    """A timeout of the library: 0 does not wait, a negative one waits without limit.

    What the library cannot count (292 years) is without limit, too.
    """
    return -1 if seconds < 0 or seconds * 1e9 >= 2.0**63 else int(seconds * 1e9)


class DeviceEntry(Structure):
    _fields_ = [("struct_size", c_size_t), ("index", c_uint32), ("asic", c_int),
                ("pci_device_id", c_uint16), ("legacy", c_bool), ("reserved", c_uint8 * 5),
                ("pci_address", c_char * 24), ("node", c_char * 40), ("control_node", c_char * 40)]


class DeviceOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("select", c_int), ("index", c_uint32),
                ("module_id", c_uint32), ("asic", c_int), ("pci_address", c_char_p),
                ("timeout_ns", c_int64), ("control", c_bool), ("reserved", c_uint8 * 3),
                ("list_count", c_uint32), ("list", c_void_p)]


class DeviceProperties(Structure):
    _fields_ = [("struct_size", c_size_t), ("asic", c_int), ("generation", c_int),
                ("index", c_uint32), ("module_id", c_uint32), ("pci_device_id", c_uint16),
                ("number_of_user_interrupts", c_uint16), ("first_user_interrupt", c_uint16),
                ("pci_revision", c_uint8), ("control", c_bool), ("has_device_mmu", c_bool),
                ("secured", c_bool), ("reserved", c_uint8 * 2), ("sram_size", c_uint32),
                ("sram_base", c_uint64), ("memory_base", c_uint64), ("memory_size", c_uint64),
                ("memory_page_size", c_uint64), ("pci_address", c_char * 24),
                ("card_name", c_char * 20), ("firmware_version", c_char * 132)]


class MemoryUsage(Structure):
    _fields_ = [("struct_size", c_size_t), ("free_bytes", c_uint64), ("used_bytes", c_uint64)]


class BufferOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("contiguous", c_bool), ("shared", c_bool),
                ("unmapped", c_bool), ("force_hint", c_bool), ("reserved", c_uint8 * 4),
                ("hint", c_uint64), ("label", c_char_p)]


class BufferFromHostOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("hint", c_uint64), ("label", c_char_p),
                ("force_hint", c_bool), ("reserved", c_uint8 * 7)]


class LabelOptions(Structure):
    """hlthunk_buffer_from_dmabuf_options, hlthunk_buffer_from_address_options"""

    _fields_ = [("struct_size", c_size_t), ("label", c_char_p)]


class PoolOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("chunk_bytes", c_uint64), ("max_bytes", c_uint64),
                ("exportable", c_bool), ("statistics", c_bool), ("reserved", c_uint8 * 6),
                ("label", c_char_p)]


class PoolBufferOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("alignment", c_uint64), ("exportable", c_bool),
                ("reserved", c_uint8 * 7), ("label", c_char_p)]


class PoolStatistics(Structure):
    _fields_ = [("struct_size", c_size_t), ("chunks", c_uint32), ("empty_chunks", c_uint32)] + [
        (name, c_uint64) for name in (
            "granted_bytes", "live_buffers", "used_bytes", "taken_bytes", "cached_bytes",
            "held_bytes", "free_bytes", "largest_free_bytes", "allocations")]


class MemoryCounter(Structure):
    _fields_ = [(name, c_uint64) for name in ("current", "peak", "total", "freed")]


class MemoryStatistics(Structure):
    _fields_ = [("struct_size", c_size_t)] + [
        (name, MemoryCounter) for name in (
            "buffers", "allocated_bytes", "active_bytes", "segments", "reserved_bytes",
            "host_allocated_bytes", "host_reserved_bytes")] + [
        (name, c_uint64) for name in ("retries", "failures")]


class DmabufOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("read_only", c_bool), ("whole_pages", c_bool),
                ("reserved", c_uint8 * 6), ("label", c_char_p)]


class QueueOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("engine", c_int), ("depth", c_uint32),
                ("label", c_char_p)]


class FenceOptions(Structure):
    _fields_ = [("struct_size", c_size_t), ("timestamp", c_bool), ("reserved", c_uint8 * 7),
                ("label", c_char_p)]


class FenceResult(Structure):
    _fields_ = [("struct_size", c_size_t), ("status", c_int), ("error", c_int),
                ("timestamp_ns", c_int64)]


class Copy2d(Structure):
    _fields_ = [("struct_size", c_size_t), ("destination", c_void_p), ("source", c_void_p),
                ("destination_offset", c_uint64), ("source_offset", c_uint64),
                ("destination_pitch", c_uint64), ("source_pitch", c_uint64),
                ("width_bytes", c_uint64), ("rows", c_uint64)]


class Number:
    """An argument that is refused where ctypes would cut it to its size."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def from_param(self, value: Any) -> Any:
        number = self._kind(value)
        if number.value != value:
            raise OverflowError(f"{value} does not fit into {8 * sizeof(number)} bits")
        return number


Release = CFUNCTYPE(None, c_void_p)  # hlthunk_buffer_release_fn
I32, U32, U64, SIZE = Number(c_int32), Number(c_uint32), Number(c_uint64), Number(c_size_t)
FD = I32
OBJECT = c_void_p
OUT = c_void_p  # byref() of a handle or a struct

# name: (what it returns, its arguments).  None returned: nothing.
_FUNCTIONS: List[Tuple[str, Optional[Any], Iterable[Any]]] = [
    ("hlthunk_last_error", c_char_p, []),
    ("hlthunk_asic_get_name", c_char_p, [c_int]),
    ("hlthunk_device_enumerate", c_int, [OUT, SIZE, SIZE, OUT]),
    ("hlthunk_device_open", c_int, [OUT, OUT]),
    ("hlthunk_device_from_fd", c_int, [FD, OUT]),
    ("hlthunk_device_unref", None, [OBJECT]),
    ("hlthunk_device_borrow_fd", c_int, [OBJECT]),
    ("hlthunk_device_get_properties", c_int, [OBJECT, OUT]),
    ("hlthunk_device_get_memory_usage", c_int, [OBJECT, OUT]),
    ("hlthunk_device_send", c_int, [FD, OBJECT, c_int64]),
    ("hlthunk_device_receive", c_int, [FD, OUT, c_int64]),
    ("hlthunk_device_find_buffer", c_int, [OBJECT, U64, U64, OUT, OUT]),
    ("hlthunk_device_export_range", c_int, [OBJECT, U64, U64, OUT, OUT, OUT]),
    ("hlthunk_device_get_memory_statistics", c_int, [OBJECT, OUT]),
    ("hlthunk_device_reset_memory_peaks", c_int, [OBJECT]),
    ("hlthunk_release_inherited", c_size_t, []),
    ("hlthunk_buffer_alloc", c_int, [OBJECT, U64, OUT, OUT]),
    ("hlthunk_buffer_from_host", c_int, [OBJECT, c_void_p, U64, OUT, OUT]),
    ("hlthunk_buffer_from_dmabuf", c_int, [OBJECT, OBJECT, OUT, OUT]),
    ("hlthunk_buffer_from_address", c_int, [OBJECT, U64, U64, OUT, OUT]),
    ("hlthunk_buffer_ref", c_void_p, [OBJECT]),
    ("hlthunk_buffer_unref", None, [OBJECT]),
    ("hlthunk_buffer_set_user", c_int, [OBJECT, c_void_p, Release]),
    ("hlthunk_buffer_borrow_host", c_void_p, [OBJECT]),
    ("hlthunk_buffer_get_address", c_uint64, [OBJECT]),
    ("hlthunk_buffer_get_size", c_uint64, [OBJECT]),
    ("hlthunk_buffer_get_granted_size", c_uint64, [OBJECT]),
    ("hlthunk_dmabuf_export", c_int, [OBJECT, U64, U64, OUT, OUT]),
    ("hlthunk_dmabuf_import", c_int, [FD, OUT]),
    ("hlthunk_dmabuf_unref", None, [OBJECT]),
    ("hlthunk_dmabuf_dup_fd", c_int, [OBJECT, OUT]),
    ("hlthunk_dmabuf_borrow_fd", c_int, [OBJECT]),
    ("hlthunk_dmabuf_get_size", c_uint64, [OBJECT]),
    ("hlthunk_dmabuf_get_offset", c_uint64, [OBJECT]),
    ("hlthunk_dmabuf_get_data_offset", c_uint64, [OBJECT]),
    ("hlthunk_dmabuf_get_data_size", c_uint64, [OBJECT]),
    ("hlthunk_dmabuf_get_identity", c_uint64, [OBJECT]),
    ("hlthunk_dmabuf_send", c_int, [FD, OUT, SIZE, c_int64]),
    ("hlthunk_dmabuf_receive", c_int, [FD, OUT, SIZE, OUT, c_int64]),
    ("hlthunk_pool_create", c_int, [OBJECT, OUT, OUT]),
    ("hlthunk_pool_unref", None, [OBJECT]),
    ("hlthunk_pool_alloc", c_int, [OBJECT, U64, OUT, OUT]),
    ("hlthunk_pool_trim", c_int, [OBJECT, U32, OUT]),
    ("hlthunk_pool_get_statistics", c_int, [OBJECT, OUT]),
    ("hlthunk_pool_get_memory_statistics", c_int, [OBJECT, OUT]),
    ("hlthunk_pool_reset_memory_peaks", c_int, [OBJECT]),
    ("hlthunk_handle_server_create", c_int, [OUT]),
    ("hlthunk_handle_server_unref", None, [OBJECT]),
    ("hlthunk_handle_server_borrow_fd", c_int, [OBJECT]),
    ("hlthunk_handle_server_offer", c_int, [OBJECT, OBJECT, c_void_p]),
    ("hlthunk_handle_server_withdraw", c_int, [OBJECT, c_void_p]),
    ("hlthunk_handle_server_serve", c_int, [OBJECT, c_int64]),
    ("hlthunk_dmabuf_open_handle", c_int, [c_void_p, c_int64, OUT]),
    ("hlthunk_queue_create", c_int, [OBJECT, OUT, OUT]),
    ("hlthunk_queue_unref", None, [OBJECT]),
    ("hlthunk_queue_copy", c_int, [OBJECT, OBJECT, U64, OBJECT, U64, U64]),
    ("hlthunk_queue_copy_2d", c_int, [OBJECT, OUT]),
    ("hlthunk_queue_fill", c_int, [OBJECT, OBJECT, U64, U64, U64, U32]),
    ("hlthunk_queue_write", c_int, [OBJECT, OBJECT, U64, c_void_p, U64]),
    ("hlthunk_queue_read", c_int, [OBJECT, c_void_p, OBJECT, U64, U64]),
    ("hlthunk_queue_read_sync", c_int, [OBJECT, c_void_p, OBJECT, U64, U64]),
    ("hlthunk_queue_flush", c_int, [OBJECT]),
    ("hlthunk_queue_finish", c_int, [OBJECT, c_int64]),
    ("hlthunk_queue_create_fence", c_int, [OBJECT, OUT, OUT]),
    ("hlthunk_queue_wait_fence", c_int, [OBJECT, OBJECT, OUT]),
    ("hlthunk_fence_ref", c_void_p, [OBJECT]),
    ("hlthunk_fence_unref", None, [OBJECT]),
    ("hlthunk_fence_wait", c_int, [OBJECT, c_int64]),
    ("hlthunk_fence_get_result", c_int, [OBJECT, OUT]),
    ("hlthunk_fence_create_eventfd", c_int, [OBJECT, OUT]),
]

for _name, _result, _arguments in _FUNCTIONS:
    _function = getattr(lib, _name)
    _function.restype = _result
    _function.argtypes = list(_arguments)
