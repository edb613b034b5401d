# SPDX-License-Identifier: MIT
"""What PyTorch's test_openreg.py imports of its own backend, for this one."""
import torch_hlthunk

NUM_DEVICES = torch_hlthunk.device_count()
