# SPDX-License-Identifier: MIT
"""Which device."""
from types import SimpleNamespace

import torch

from . import _C


def index_of(device=None):
    """The index of a device given as torch.device, string, number or None: the current one."""
    if device is None:
        return _C.current_device()
    if isinstance(device, int):
        return _C.current_device() if device < 0 else device
    device = torch.device(device)
    if device.type != "hlthunk":
        raise ValueError(f"expected a hlthunk device, but got: {device}")
    return _C.current_device() if device.index is None else device.index


def device_count():
    return _C.device_count()


def is_available():
    return device_count() > 0


def current_device():
    return _C.current_device()


def set_device(device):
    _C.set_device(index_of(device))


def init():
    """Opens the current device; otherwise its first use does."""
    _C.open(_C.current_device())


def is_initialized():
    return any(_C.is_open(i) for i in range(device_count()))


def synchronize(device=None):
    """Waits for all streams of a device."""
    _C.synchronize(index_of(device))


def get_device_properties(device=None):
    return SimpleNamespace(**_C.properties(index_of(device)))


def get_device_name(device=None):
    return get_device_properties(device).name


def fileno(device=None):
    """The device's own descriptor, not to be closed: hlthunk.Device.from_fd() is that device."""
    return _C.fileno(index_of(device))


class device:
    """Context manager: another current device."""

    def __init__(self, device):
        self.index = index_of(device)
        self.before = -1

    def __enter__(self):
        self.before = _C.current_device()
        _C.set_device(self.index)

    def __exit__(self, *exception):
        _C.exchange_device(self.before)
        return False


class device_of(device):
    """Context manager: the device of a tensor; nothing changes for one that is elsewhere."""

    def __init__(self, tensor):
        super().__init__(tensor.device if tensor.device.type == "hlthunk" else None)
