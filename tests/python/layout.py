# SPDX-License-Identifier: MIT
"""The structs of integrations/python are the headers': layout.py SOURCE BUILD COMPILER..."""
import ctypes
import re
import subprocess
import sys
import tempfile

from hlthunk import _native

# one ctypes struct for several of C
SEVERAL = {"LabelOptions": ["buffer_from_dmabuf_options", "buffer_from_address_options"]}


def c_names(name):
    return SEVERAL.get(name, [re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "_", name).lower()])


def assertions(name, struct):
    c = f"struct hlthunk_{name}"
    yield f"sizeof({c}) == {ctypes.sizeof(struct)}"
    for field, _ in struct._fields_:
        member = getattr(struct, field)
        yield f"offsetof({c}, {field}) == {member.offset}"
        yield f"sizeof((({c} *)0)->{field}) == {member.size}"


def main(source, build, *compiler):
    structs = [s for s in vars(_native).values()
               if isinstance(s, type) and issubclass(s, ctypes.Structure) and
               s is not ctypes.Structure]
    lines = [f'_Static_assert({a}, "{name}");' for s in structs for name in c_names(s.__name__)
             for a in assertions(name, s)]
    with tempfile.NamedTemporaryFile("w", suffix=".c") as program:
        program.write("\n".join(["#include <hlthunk/hlthunk.h>", "#include <stddef.h>", *lines, ""]))
        program.flush()
        subprocess.run([*compiler, "-fsyntax-only", f"-I{source}/include", f"-I{build}/include",
                        program.name], check=True)
    print(f"{len(lines)} members and sizes of {len(structs)} structs")
    return 0 if structs else 1


sys.exit(main(*sys.argv[1:]))
