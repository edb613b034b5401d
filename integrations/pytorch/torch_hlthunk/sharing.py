# SPDX-License-Identifier: MIT
"""torch.multiprocessing: a tensor's storage is sent as a dma-buf, with the device."""
import os
from multiprocessing import context, reduction, util

import torch
from torch.multiprocessing import reductions

from . import _C

_received = {}  # by the device, too: several devices have the same addresses


def _rebuild_empty(index):
    return torch.empty(0, dtype=torch.uint8, device=f"hlthunk:{index}").untyped_storage()


def _rebuild_storage(socket, device, address, size):
    key = (device, address, size)
    known = _received.get(key)
    if known is not None:
        storage = torch.UntypedStorage._new_with_weak_ptr(known.cdata)
        if storage is not None:
            os.close(socket.detach())
            return storage
    fd = socket.detach()
    try:
        storage = _C.storage_receive(fd, address, size)
    finally:
        os.close(fd)
    _received[key] = reductions.StorageWeakRef(storage)
    return storage


def _rebuild_tensor(kind, storage, dtype, offset, size, stride, requires_grad):
    tensor = torch.empty(0, dtype=dtype, device=storage.device)
    tensor.set_(storage, offset, size, stride)
    if kind is torch.nn.Parameter:
        return torch.nn.Parameter(tensor, requires_grad)
    return tensor.requires_grad_(requires_grad)


def _given(fd):
    """The descriptor as a process receives it; ours is closed as soon as it may be."""
    starting = context.get_spawning_popen()
    if starting is not None:
        # an argument of a process: DupFd() takes the number alone, the start passes what it is then
        util.Finalize(starting, os.close, (fd,))
        return reduction.DupFd(fd)
    try:
        return reduction.DupFd(fd)
    finally:
        os.close(fd)


def _reduce_storage(storage):
    index = storage.device.index
    if not storage.nbytes():  # no memory, so nothing to export
        return _rebuild_empty, (index,)
    socket = _given(_C.storage_send(storage))
    return _rebuild_storage, (socket, _C.properties(index)["pci_address"], storage.data_ptr(),
                              storage.nbytes())


def _reduce_tensor(tensor):
    if tensor.device.type != "hlthunk":
        return reductions.reduce_tensor(tensor)
    if tensor.requires_grad and not tensor.is_leaf:
        raise RuntimeError("Cowardly refusing to serialize non-leaf tensor which requires_grad, "
                           "since autograd does not support crossing process boundaries.")
    return _rebuild_tensor, (type(tensor), tensor.untyped_storage(), tensor.dtype,
                             tensor.storage_offset(), tensor.size(), tensor.stride(),
                             tensor.requires_grad)


def _reduce_untyped(storage):
    if storage.device.type != "hlthunk":
        return reductions.reduce_storage(storage)
    return _reduce_storage(storage)


def register():
    reduction.register(torch.UntypedStorage, _reduce_untyped)
    reduction.register(torch.Tensor, _reduce_tensor)
    reduction.register(torch.nn.Parameter, _reduce_tensor)
