#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Manual pages, headers, exported functions and --help say the same, both ways.

    compare_pages.py SOURCE PAGES [PROGRAM …]

PAGES is the folder of section 3.  A PROGRAM's options are those of its --help, and of the --help of
each command that it lists.
"""
import glob
import os
import re
import subprocess
import sys

failures = []


def fail(text):
    failures.append(text)
    print(text)


def names_of(page):
    """The functions and types that a page is about."""
    with open(page, encoding='utf-8') as f:
        text = f.read()
    m = re.match(r'\.so man3/(.*)\n', text)
    if m:
        return names_of(os.path.join(os.path.dirname(page), m.group(1)))
    return set(re.findall(r'^\.Nm (\S+)', text.split('.Sh LIBRARY')[0], re.M))


def exported(source):
    """Every function in a map of symbol versions."""
    result = set()
    for path in glob.glob(f'{source}/*/*.map'):
        with open(path, encoding='utf-8') as f:
            text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
        for block in re.findall(r'global:(.*?)(?:local:|})', text, re.S):
            result |= set(re.findall(r'(hlthunk_\w+);', block))
    return result


def compare_functions(source, folder):
    pages = {os.path.basename(p)[:-2] for p in glob.glob(folder + '/*.3')}
    if not pages:
        fail(f'{folder} has no pages')
    for name in sorted(pages):
        if name not in names_of(f'{folder}/{name}.3'):
            fail(f'{name}.3 leads to a page that does not name it')
    for name in sorted(exported(source) - pages):
        fail(f'{name} is exported, but has no page')
    functions = set()
    for path in glob.glob(folder + '/*.3'):
        with open(path, encoding='utf-8') as f:
            functions |= set(re.findall(r'^\.Fo (\w+)', f.read(), re.M))
    for name in sorted(functions - exported(source)):
        fail(f'{name} has a page, but is not exported')


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def options(text):
    return set(re.findall(r'(?<![\w-])--([a-z][a-z-]*)', text))


def compare_program(source, program):
    name = os.path.basename(program)
    text = run(program, '--help')
    commands = set(re.findall(r'^  ([a-z]+)  ', text, re.M))
    commands |= set(re.findall(r'^\s+(?:usage: )?%s ([a-z]+) ' % name, text, re.M))
    said = options(text)
    for command in sorted(commands - {'run', 'ctl'}):
        said |= options(run(program, command, '--help'))
    with open(f'{source}/docs/man/{name}.1', encoding='utf-8') as f:
        page = f.read()
    # only those that have a text of their own
    written = set(re.findall(r'^\.It Fl -([a-z-]+)', page, re.M))
    for o in sorted(said - written):
        fail(f'{name} --help has --{o}, the page does not describe it')
    for o in sorted(written - said - {'help'}):
        fail(f'{name}(1) describes --{o}, --help does not have it')
    described = set(re.findall(r'^\.(?:It )?Cm ([a-z]+)', page, re.M))
    for c in sorted(commands - described):
        fail(f'{name} --help has the command {c}, the page does not describe it')
    if not commands and not said:
        fail(f'{name} --help has neither a command nor an option')


def main():
    source, folder, *programs = sys.argv[1:]
    check = subprocess.run([sys.executable, f'{source}/docs/reference/generate.py', source, '--check'],
                           capture_output=True, text=True)
    if check.returncode:
        fail(check.stdout + check.stderr)
    compare_functions(source, folder)
    for program in programs:
        compare_program(source, program)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
