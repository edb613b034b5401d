#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: test_schema.py SCHEMA HLSIM HLTHUNK
What --json prints is what docs/hlthunk.schema.json says, on each ASIC, free and held."""

import json
import re
import subprocess
import sys

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float),
         "integer": int, "null": type(None)}
KNOWN = {"type", "description", "properties", "required", "additionalProperties", "items", "enum",
         "pattern", "minimum"}


def is_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def wrong(value, schema, path):
    """Yields what contradicts the schema, of which it knows what ours uses."""
    assert not set(schema) - KNOWN, set(schema) - KNOWN
    types = schema.get("type")
    if types and not any(is_type(value, t) for t in ([types] if isinstance(types, str) else types)):
        yield f"{path}: {value!r} is not of type {types}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{path}: {value!r} is below {schema['minimum']}"
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from wrong(item, schema["items"], f"{path}[{i}]")
    if isinstance(value, dict):
        for name in schema["required"]:
            if name not in value:
                yield f"{path}: no {name}"
        for name, item in value.items():
            if name in schema["properties"]:
                yield from wrong(item, schema["properties"][name], f"{path}.{name}")
            elif not schema["additionalProperties"]:
                yield f"{path}: {name} is not documented"


def main():
    schema_file, hlsim, hlthunk = sys.argv[1:]
    with open(schema_file, encoding="utf-8") as f:
        defs = json.load(f)["$defs"]
    # the validator can say no
    for bad in ({}, {"devices": 1}, {"devices": [{}]}, {"devices": [], "more": 1}):
        assert list(wrong(bad, defs["list"], "list")), bad
    failed = False
    for setup in (["--device", "gaudi2"], ["--device", "gaudi", "--kernel", "6.1"],
                  ["--device", "goya"], ["--device", "gaudi2", "--device", "gaudi"]):
        for command, schema in defs.items():
            node = "/dev/hl0" if "6.1" in setup else "/dev/accel/accel0"
            for before in ("", f"exec 9<>{node};"):
                more = ["--count", "2", "--interval", "0.1"] if command == "monitor" else []
                run = subprocess.run([hlsim, "run", "--quiet", *setup, "--", "sh", "-c",
                                      before + '"$@"', "sh", hlthunk, command, "--json", *more],
                                     stdout=subprocess.PIPE, check=False)
                text = run.stdout.decode()
                objects = text.splitlines() if command == "monitor" else [text]
                if run.returncode not in (0, 4) or not text:
                    print(f"FAIL {command} on {setup}: exit code {run.returncode}")
                    failed = True
                    continue
                for o in objects:
                    for what in wrong(json.loads(o), schema, command):
                        print(f"FAIL {setup} {before}: {what}")
                        failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
