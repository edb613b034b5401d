#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The picture of docs/architecture.md, kept: reads the tree's #includes and fails on an arrow that
goes up and on circles between files.  With --self-test also shows that it would."""

import os
import re
import sys
import tempfile

# From the bottom up: a file may include files of its own layer and of those before it.
LIB = ["lib", "lib/kernel", "lib/op", "lib/core", "lib/device", "lib/memory", "lib/pool",
       "lib/wait", "lib/queue", "lib/share"]
# Beside the objects, on the operations alone.
BESIDE = {"lib/classic": {"lib", "lib/kernel", "lib/op"},
          "diag": {"lib", "lib/kernel", "lib/op"}}
# Folders that never see the library's insides.
OUTSIDE = ["tools", "examples", "verbs", "sim", "engine", "rig/emu"]
# Units (a header and its source) that need each other by nature.
CIRCLES = {
    frozenset({"lib/memory/buffer", "lib/memory/dmabuf"}):
        "a dma-buf holds its buffer, an imported buffer its dma-buf",
    frozenset({"engine/asic", "engine/engine"}):
        "the engine follows an ASIC's table, whose functions act on the engine",
    frozenset({"sim/hlsim/call", "sim/hlsim/debugfs", "sim/hlsim/memory"}):
        "a call is handed on to what serves it, which works on the call",
    frozenset({"rig/emu/vfu", "rig/emu/vfu_wire"}):
        "the wire's messages are of the server's own types, and nobody else reads them",
    frozenset({"lib/kernel/discovery", "lib/kernel/node"}):
        "discovery finds a node by its number, a node is described by its entry",
}
CHECKED = ["lib", "diag", "sim", "engine", "rig/emu"]
SKIP = {".git", "subprojects"}


def sources(top):
    for folder, folders, files in os.walk(top):
        folders[:] = [f for f in folders if f not in SKIP and not f.startswith("build")]
        for name in files:
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(folder, name), top)


def includes(top):
    """{file: files of the tree that it includes}"""
    known = set(sources(top))
    graph = {}
    for path in sorted(known):
        with open(os.path.join(top, path), encoding="utf-8") as f:
            names = re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', f.read(), re.M)
        found = set()
        for name in names:
            for place in (name, os.path.join("include", name),
                          os.path.normpath(os.path.join(os.path.dirname(path), name))):
                if place in known:
                    found.add(place)
                    break
        graph[path] = found
    return graph


def is_within(path, folder):
    return path.startswith(folder + "/")


def layer(path):
    folder = os.path.dirname(path)
    return folder if folder in LIB or folder in BESIDE else None


def arrow(path, target):
    """Why path may not include target; None: it may."""
    for folder in OUTSIDE:
        if is_within(path, folder) and is_within(target, "lib"):
            return f"{folder} stands on the public headers, not on the library's insides"
    if layer(path) is None and not is_within(path, "lib"):
        return None
    for folder in OUTSIDE + ["tests", "bench", "rig"]:
        if is_within(target, folder):
            return f"the library includes nothing of {folder}"
    if layer(target) is None and not is_within(target, "lib"):
        return None
    mine, its = layer(path), layer(target)
    if mine is None or its is None:
        return "a folder of lib that has no place in the picture"
    if mine in BESIDE:
        return None if its == mine or its in BESIDE[mine] else f"{mine} does not stand on {its}"
    if its in BESIDE or LIB.index(its) > LIB.index(mine):
        return f"{its} is above {mine}"
    return None


def unit(path):
    return os.path.splitext(path)[0]


def circles(graph):
    """Sets of units that include each other, directly or around."""
    edges = {}
    for path, targets in graph.items():
        if not any(is_within(path, c) for c in CHECKED):
            continue
        for target in targets:
            if any(is_within(target, c) for c in CHECKED) and unit(target) != unit(path):
                edges.setdefault(unit(path), set()).add(unit(target))
    # Tarjan's strongly connected components
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in sorted(edges.get(v, ())):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            part = set()
            while True:
                w = stack.pop()
                part.add(w)
                if w == v:
                    break
            if len(part) > 1:
                found.append(frozenset(part))

    for v in sorted(edges):
        if v not in index:
            visit(v)
    return found


def check(top):
    """What is wrong, a line each."""
    graph = includes(top)
    wrong = []
    for path, targets in graph.items():
        for target in sorted(targets):
            why = arrow(path, target)
            if why:
                wrong.append(f"{path} includes {target}: {why}")
    for part in circles(graph):
        if part not in CIRCLES:
            wrong.append("a circle: " + ", ".join(sorted(part)))
    return wrong


def self_test():
    """A small tree of its own, right at first, then with each kind of wrong include."""
    right = {
        "include/hlthunk/a.h": "",
        "lib/error.h": "",
        "lib/kernel/door.h": '#include "lib/error.h"\n',
        "lib/core/object.h": "",
        "lib/device/device.h": '#include "lib/core/object.h"\n',
        "lib/device/device.c": '#include "lib/device/device.h"\n#include <hlthunk/a.h>\n',
        "lib/classic/open.c": '#include "lib/kernel/door.h"\n',
        "diag/process.h": "",
        "diag/holders.c": '#include "diag/process.h"\n#include "lib/error.h"\n',
        "tools/main.c": "#include <hlthunk/a.h>\n",
        "sim/a.h": "",
        "sim/a.c": '#include "sim/a.h"\n#include "sim/b.h"\n',
        "sim/b.h": "",
        "sim/b.c": '#include "b.h"\n',
    }
    bad = [
        ("lib/core/object.h", '#include "lib/device/device.h"\n'),
        ("lib/kernel/door.c", '#include "lib/core/object.h"\n'),
        ("lib/error.c", '#include "lib/kernel/door.h"\n'),
        ("lib/classic/open.c", '#include "lib/device/device.h"\n'),
        ("lib/odd/new.c", '#include "lib/error.h"\n'),
        ("tools/main.c", '#include "lib/error.h"\n'),
        ("sim/a.c", '#include "../lib/error.h"\n'),
        ("lib/error.c", '#include "sim/a.h"\n'),
        ("sim/b.c", '#include "sim/a.h"\n'),
        ("diag/holders.c", '#include "lib/device/device.h"\n'),
        ("lib/kernel/door.c", '#include "diag/process.h"\n'),
    ]
    for change in [None] + bad:
        with tempfile.TemporaryDirectory() as top:
            files = dict(right)
            if change:
                files[change[0]] = files.get(change[0], "") + change[1]
            for path, text in files.items():
                os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
                with open(os.path.join(top, path), "w", encoding="utf-8") as f:
                    f.write(text)
            wrong = check(top)
            if bool(wrong) != bool(change):
                return f"self-test: {change}: {wrong}"
    return None


def main():
    if "--self-test" in sys.argv:
        failure = self_test()
        if failure:
            sys.exit(failure)
        sys.argv.remove("--self-test")
    wrong = check(sys.argv[1])
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
