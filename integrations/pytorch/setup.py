# SPDX-License-Identifier: MIT
"""The extension; pyproject.toml has the rest.  CFLAGS and LDFLAGS say where the library is."""
import glob

from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CppExtension

setup(
    ext_modules=[
        CppExtension(
            "torch_hlthunk._C",
            sorted(glob.glob("csrc/*.cpp")),
            extra_compile_args=["-O2", "-Wall", "-Wextra", "-Wno-unused-parameter"],
            libraries=["hlthunk"],
        )
    ],
    cmdclass={"build_ext": BuildExtension},
)
