# SPDX-License-Identifier: MIT
"""DLPack: PyTorch 2.6 makes and takes arrays of this device, and does not name the device."""
import torch

EXTENSION = 12  # kDLExtDev


def register():
    theirs = torch.Tensor.__dlpack_device__

    def __dlpack_device__(self):
        if self.device.type == "hlthunk":
            return EXTENSION, self.device.index
        return theirs(self)

    torch.Tensor.__dlpack_device__ = __dlpack_device__
