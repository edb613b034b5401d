#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares uapi/ with a kernel's own habanalabs header: every struct, member and number in it.

layout.py ROOT 6.1|6.12 HEADER [INCLUDE-DIR]...

The list of what to compare is read from the kernel's header; what is meant to differ is named
below, and nothing else may.  Exit code 77: there is no such header.
"""
import os
import re
import subprocess
import sys
import tempfile

# What the kernel's headers use and user space does not have.
KERNEL_MACROS = ['-DBIT(n)=(1UL<<(n))', '-DU16_MAX=0xffff', '-DSZ_1M=0x100000']

# Our name for what 6.1 calls otherwise or lays out otherwise.
RENAMED = {
    '6.1': {
        'struct hl_info_razwi_event': 'struct hl_6_1_razwi_event',
        'HL_RAZWI_PAGE_FAULT': 'HL_6_1_RAZWI_PAGE_FAULT',
        'HL_RAZWI_MMU_ACCESS_ERROR': 'HL_6_1_RAZWI_MMU_ACCESS_ERROR',
        'hl_mem_in.export_dmabuf_fd.handle': 'export_dmabuf_fd.addr',
    },
    '6.12': {},
}
# What is a prefix of ours in 6.1, or a number that has grown: (ours need not be equal)
DIFFERENT = {
    '6.1': {
        'size struct hl_info_hw_ip_info': 'HL_6_1_HW_IP_INFO_SIZE',
        'size struct hl_info_hw_idle': 'HL_6_1_HW_IDLE_SIZE',
        'size struct hl_info_time_sync': 'HL_6_1_TIME_SYNC_SIZE',
        'member hl_info_hw_ip_info.pad2': None,             # reserved1, reserved2
        'member hl_info_hw_ip_info.reserved4': None,        # at another place since
        'member hl_info_hw_idle.busy_engines_mask_ext': None,
        'member hl_mem_in.export_dmabuf_fd': None,          # has no offset
        'number HL_BUSY_ENGINES_MASK_EXT_SIZE': None,
        'number GAUDI2_ENGINE_ID_SIZE': None,
    },
    # bare indices there, whole request numbers in ours
    '6.12': {'number ' + name: None for name in (
        'HL_IOCTL_INFO', 'HL_IOCTL_CB', 'HL_IOCTL_CS', 'HL_IOCTL_WAIT_CS', 'HL_IOCTL_MEMORY',
        'HL_IOCTL_DEBUG', 'HL_COMMAND_START', 'HL_COMMAND_END')},
}


def skip(why):
    print(why)
    sys.exit(77)


def text_of(header):
    """Without comments and line continuations, macros kept."""
    return subprocess.run(['cc', '-fpreprocessed', '-dD', '-E', '-P', '-x', 'c', header],
                          check=True, capture_output=True, text=True).stdout


def matching(text, start):
    depth = 0
    for i in range(start, len(text)):
        depth += {'{': 1, '}': -1}.get(text[i], 0)
        if depth == 0:
            return i
    raise ValueError('unbalanced braces')


def members(body, prefix=''):
    """Paths of the members of a struct's body."""
    i, paths = 0, []
    while True:
        m = re.compile(r'\s*([^;{}]*)([;{])').match(body, i)
        if not m:
            return paths
        if m.group(2) == ';':
            name = re.search(r'(\w+)\s*(?:\[[^\]]*\]\s*)*$', m.group(1))
            if name:
                paths.append(prefix + name.group(1))
            i = m.end()
            continue
        end = matching(body, m.end() - 1)
        tail = re.compile(r'\s*(\w*)\s*;').match(body, end + 1)
        inner = prefix + (tail.group(1) + '.' if tail.group(1) else '')
        if tail.group(1):
            paths.append(prefix + tail.group(1))
        paths += members(body[m.end():end], inner)
        i = tail.end()


def contents(header):
    """(kind, name, member) of everything the header defines."""
    text = text_of(header)
    items = []
    for m in re.finditer(r'^(struct|union|enum) (\w+)\s*\{', text, re.M):
        body = text[m.end():matching(text, m.end() - 1)]
        if m.group(1) == 'enum':
            items += [('number', n, '') for n in re.findall(r'(\w+)\s*(?:=[^,]*)?(?:,|$)', body)]
            continue
        items.append(('size', m.group(1) + ' ' + m.group(2), ''))
        items += [('member', m.group(1) + ' ' + m.group(2), p) for p in members(body)]
    for m in re.finditer(r'^#define (\w+)[ \t]+\S', text, re.M):
        items.append(('number', m.group(1), ''))
    return items


def key(item):
    kind, name, member = item
    return f'{kind} {name.split()[-1]}.{member}' if kind == 'member' else f'{kind} {name}'


def measure(items, includes, flags):
    """What a compiler makes of each item, or None where it does not know it."""
    def program(chosen):
        lines = [f'#include "{i}"' for i in includes]
        lines += ['#include <stddef.h>', '#include <stdio.h>', 'int main(void)', '{']
        for n, (kind, name, member) in chosen:
            if kind == 'member':
                lines.append(f'printf("{n} %zu %zu\\n", offsetof({name}, {member}), '
                             f'sizeof((({name} *)0)->{member}));')
            elif kind == 'size':
                lines.append(f'printf("{n} %zu\\n", sizeof({name}));')
            else:
                lines.append(f'printf("{n} %lld\\n", (long long)({name}));')
        return '\n'.join(lines + ['return 0;', '}', ''])

    chosen = list(enumerate(items))
    unknown = set()
    with tempfile.TemporaryDirectory() as tmp:
        exe = os.path.join(tmp, 'probe')
        for _ in range(2):
            source = program([c for c in chosen if c[0] not in unknown])
            r = subprocess.run(['cc', '-w', '-fmax-errors=0', *flags, '-x', 'c', '-', '-o', exe],
                               input=source, capture_output=True, text=True)
            if r.returncode == 0:
                break
            # lines that do not compile are what is not there
            offset = len(includes) + 5
            kept = [c for c in chosen if c[0] not in unknown]
            bad = {int(x) for x in re.findall(r'^<stdin>:(\d+):\d+: error', r.stderr, re.M)}
            if not bad or max(bad) >= offset + len(kept) or min(bad) < offset:
                raise RuntimeError(r.stderr)
            unknown |= {kept[line - offset][0] for line in bad}
        out = subprocess.run([exe], check=True, capture_output=True, text=True).stdout
    values = dict(line.split(' ', 1) for line in out.splitlines())
    return [values.get(str(n)) for n, _ in enumerate(items)]


def main():
    root, kernel, header = sys.argv[1:4]
    if not os.path.exists(header):
        skip(f'no {header}: this system has no kernel header of that kind')
    items = contents(header)
    if len(items) < 900:
        print(f'only {len(items)} items were found in {header}: the parser is broken')
        return 1
    theirs = measure(items, [header], KERNEL_MACROS + ['-I' + d for d in sys.argv[4:]])

    def our_name(item):
        kind, name, member = item
        renamed = RENAMED[kernel]
        path = renamed.get(f'{name.split()[-1]}.{member}', member)
        return kind, renamed.get(name, name), path

    ours = measure([our_name(i) for i in items],
                   [root + '/uapi/' + h for h in ('habanalabs_accel.h', 'habanalabs_6_1.h',
                                                  'requests.h')], [])
    different, used = DIFFERENT[kernel], set()
    failures = compared = 0
    for item, a, b in zip(items, theirs, ours):
        name = key(item)
        if a is None:
            # a macro that is not a number in the kernel's header either
            continue
        compared += 1
        if name in different:
            used.add(name)
            constant = different[name]
            if constant:
                b = measure([('number', constant, '')],
                            [root + '/uapi/habanalabs_6_1.h'], [])[0]
            else:
                continue
        if a != b:
            print(f'{name}: {a} in {header}, {b} in uapi/')
            failures += 1
    for name in set(different) - used:
        print(f'{name} is said to differ, but is not in {header}')
        failures += 1
    print(f'{compared} sizes, members and numbers of {header} compared, {failures} differ')
    return failures != 0


sys.exit(main())
