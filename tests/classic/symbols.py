#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a library exports, what its map lists and what its headers declare are one set.

symbols.py LIBRARY MAP FOLDER[:FOLDER…] HEADER[,HEADER…] [FILE-OF-NAMES]
"""
import re
import subprocess
import sys


def exported(library):
    out = subprocess.run(['nm', '-D', '--defined-only', library], check=True,
                         capture_output=True, text=True).stdout
    return {line.split()[-1].split('@')[0] for line in out.splitlines()
            if line.split()[-2] in 'TtDdBbRrVvWw'}


def listed(path):
    text = re.sub(r'/\*.*?\*/', '', open(path).read(), flags=re.S)
    names = set()
    for block in re.findall(r'global:(.*?)(?:local:|})', text, re.S):
        names |= set(re.findall(r'([\w*]+);', block))
    return names


def declared(include, header):
    flags = [f'-I{folder}' for folder in include.split(':')]
    for name in header.split(','):
        flags += ['-include', name]
    text = subprocess.run(['cc', '-E', '-P', *flags, '-x', 'c', '/dev/null'],
                          check=True, capture_output=True, text=True).stdout
    # without what is in braces: members that are pointers to functions
    previous = None
    while previous != text:
        previous = text
        text = re.sub(r'\{[^{}]*\}', '', text)
    return set(re.findall(r'\b(hlthunk_\w+)\s*\(', text))


def main():
    library, map_path, include, header = sys.argv[1:5]
    sets = {library: exported(library), map_path: listed(map_path),
            header: declared(include, header)}
    if len(sys.argv) > 5:
        wanted = set(open(sys.argv[5]).read().split())
        missing = wanted - sets[library]
        for name in sorted(missing):
            print(f'{name} is in {sys.argv[5]}, but {library} does not export it')
        if missing:
            return 1
    failures = 0
    for a, names in sets.items():
        for b, others in sets.items():
            for name in sorted(names - others):
                print(f'{name} is in {a}, but not in {b}')
                failures += 1
    if not sets[library]:
        print(f'{library} exports nothing')
        failures += 1
    print(f'{len(sets[library])} functions')
    return failures != 0


sys.exit(main())
