# SPDX-License-Identifier: MIT
"""Streams and events: PyTorch's own classes, for this device."""
import contextlib

import torch

from . import _C
from .device import index_of


def Stream(device=None, priority=0):
    return torch.Stream(device=f"hlthunk:{index_of(device)}", priority=priority)


def Event(enable_timing=False, blocking=False, interprocess=False):
    return torch.Event(device="hlthunk", enable_timing=enable_timing, blocking=blocking,
                       interprocess=interprocess)


def current_stream(device=None):
    return _C.current_stream(index_of(device))


def default_stream(device=None):
    return _C.default_stream(index_of(device))


def set_stream(stream):
    if stream is not None:
        _C.set_stream(stream.device_index, stream.stream_id)


@contextlib.contextmanager
def stream(stream):
    """Work of this thread on the stream's device goes to that stream."""
    if stream is None:
        yield
        return
    before = _C.set_stream(stream.device_index, stream.stream_id)
    device = _C.exchange_device(stream.device_index)
    try:
        yield
    finally:
        _C.exchange_device(device)
        _C.set_stream(before.device_index, before.stream_id)
