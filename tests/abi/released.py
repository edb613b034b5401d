#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs built with the last release run with this library: what a release declared is recorded.

    released.py SOURCE BUILD LIBRARY RECORD -- COMPILER…           still as recorded?
    released.py SOURCE BUILD LIBRARY RECORD --write -- COMPILER…   a release (docs/release.md)

A line is a fact: a function's prototype, a member's place and type, an enumerator's value, a symbol
with its version.  Each recorded one must still be there.  What is new is free, also members at the end
of a struct that says its own size.  Sizes and places are the compiler's, for 64-bit machines.
"""
import os
import re
import subprocess
import sys
import tempfile


def plain(text):
    return re.sub(r' ?\* ?', '*', re.sub(r'\s+', ' ', text)).strip()


def without_name(text):
    """The type of a parameter or a member: what it is called is free."""
    name = headers.declarator(text)
    return plain(re.sub(r'\b%s\b(?=[^\w]*$|\s*\))' % name, '', text, count=1))


def members(item):
    """Name and type, also of what is in unnamed unions and structs."""
    inner = item.code[item.code.index('{') + 1:item.code.rindex('}')]
    inner = re.sub(r'\b(__extension__|union|struct)\s*(?=\{)|[{}]', '', inner)
    for member in inner.split(';'):
        parts = headers.split(plain(member)) if member.strip() else []
        for part in parts:
            yield headers.declarator(part), without_name(parts[0])


def prototype(item):
    inner = item.code[item.code.index('(', item.code.index(item.name)) + 1:item.code.rindex(')')]
    if item.kind == 'typedef':
        inner = item.code[item.code.rindex('(') + 1:item.code.rindex(')')]
    types = [plain(p) if plain(p) in ('void', '...') else without_name(p) for p in headers.split(inner)]
    return f'{item.kind} {plain(item.returns)} {item.name}({", ".join(types)})'


def printed(items):
    """Lines of C that print what only a compiler knows."""
    for item in items:
        if item.kind == 'struct':
            found = list(members(item))
            grows = ', may grow' if found[0][0] == 'struct_size' else ''
            yield f'printf("struct {item.name}: %zu bytes{grows}\\n", sizeof(struct {item.name}));'
            for name, kind in found:
                yield f'printf("struct {item.name}, at %zu: {kind} {name}\\n", offsetof(struct {item.name}, {name}));'
        elif item.kind == 'enum':
            for name in item.declared:
                yield f'printf("enum {item.name}: {name} = %lld\\n", (long long){name});'


def facts(source, build, library, compiler):
    group = os.path.basename(library).split('.')[0]
    names = [name for _, name in generate.public_headers(source) if generate.library(name).split()[0] == group]
    items = [item for path, name in generate.public_headers(source) if name in names
             for item in headers.parse(path, name)[0]]
    lines = {prototype(item) for item in items if item.kind in ('function', 'typedef')}
    # constants; a release has another version
    lines |= {plain(item.code.removeprefix('#')) for item in items
              if item.kind == 'define' and not item.header.endswith('/version.h') and
              re.match(r'#define \w+ +\S', item.code)}
    with tempfile.TemporaryDirectory() as folder:
        text = ''.join(f'#include <{name}>\n' for name in names)
        text += '#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n'
        text += '\n'.join(printed(items)) + '\nreturn 0;\n}\n'
        with open(f'{folder}/print.c', 'w', encoding='utf-8') as f:
            f.write(text)
        subprocess.run([*compiler, '-D_GNU_SOURCE', f'-I{source}/include', f'-I{build}/include', f'{folder}/print.c',
                        '-o', f'{folder}/print'], check=True)
        out = subprocess.run([f'{folder}/print'], check=True, capture_output=True, text=True).stdout
    lines |= set(out.splitlines())
    out = subprocess.run(['nm', '-D', '--defined-only', library], check=True, capture_output=True, text=True).stdout
    # the version's own symbol is absolute
    return lines | {'symbol ' + line.split()[2] for line in out.splitlines() if line.split()[1] != 'A'}


def grown(line):
    """A struct that says its own size, and that size."""
    m = re.fullmatch(r'(struct \w+): (\d+) bytes, may grow', line)
    return (m.group(1), int(m.group(2))) if m else None


def lost(recorded, now):
    sizes = dict(grown(line) for line in now if grown(line))
    for line in sorted(recorded - now):
        if re.search(r', at \d+: .* reserved\d*$', line):
            continue  # it has got a use: the places of the others and the size say that nothing moved
        struct = grown(line)
        if not struct or sizes.get(struct[0], 0) < struct[1]:
            yield line


def main():
    at = sys.argv.index('--')
    source, build, library, record, *more = sys.argv[1:at]
    now = facts(source, build, library, sys.argv[at + 1:])
    for kind in ('function ', 'struct ', 'symbol '):
        if not any(line.startswith(kind) for line in now):
            sys.exit(f'{library}: no {kind}was found')
    if more == ['--write']:
        with open(record, 'w', encoding='utf-8') as f:
            f.writelines(line + '\n' for line in sorted(now))
        return
    with open(record, encoding='utf-8') as f:
        recorded = set(f.read().splitlines())
    gone = list(lost(recorded, now))
    for line in gone:
        print(f'released, and not so any more: {line}')
    print(f'{len(recorded)} facts of the last release, {len(gone)} changed, {len(now - recorded)} new')
    sys.exit(bool(gone))


if __name__ == '__main__':
    sys.path.insert(0, f'{sys.argv[1]}/docs/reference')
    import generate
    import headers
    main()
