#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_table.py STAMP MAP TABLE...: every function of the export map has an entry, and the reverse.

Runs as part of the build: a new public function without an entry in the fault sweep fails it.
"""
import re
import sys


def main():
    stamp, export_map, *tables = sys.argv[1:]
    with open(export_map, encoding="ascii") as f:
        public = set(re.findall(r"^\s*(hlthunk_\w+);", f.read(), re.M))
    swept = []
    for name in tables:
        with open(name, encoding="ascii") as f:
            swept += re.findall(r"^(?:ENTRY|INFO|LOOKED_AT)\((hlthunk_\w+)", f.read(), re.M)
    for name in sorted(public - set(swept)):
        print(f"{export_map}: {name} has no entry in the fault sweep (tests/sweep)")
    for name in sorted(set(swept) - public):
        print(f"tests/sweep: {name} is not a public function")
    for name in sorted({n for n in swept if swept.count(n) > 1}):
        print(f"tests/sweep: {name} has two entries")
    if public != set(swept) or len(swept) != len(public):
        return 1
    with open(stamp, "w", encoding="ascii") as f:
        f.write("")
    return 0


sys.exit(main())
