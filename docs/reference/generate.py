#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Manual pages of section 3, from the comments in the public headers.

    generate.py SOURCE --out DIR [--date DATE] [--depfile FILE]
    generate.py SOURCE --check

Writes a page for each function, type and macro, or for several that belong together, and a link for
each further name of a page.  --check only says what the comments lack.
"""
import argparse
import glob
import os
import re
import shutil
import sys

import headers
import mdoc

# The header's page in section 7, besides hlthunk(7).
OVERVIEWS = {
    'share.h': 'hlthunk-sharing', 'dmabuf.h': 'hlthunk-sharing', 'verbs.h': 'hlthunk-sharing',
    'sync.h': 'hlthunk-sharing', 'holders.h': 'hlthunk-sharing',
    'preflight.h': 'hlthunk-sharing',
    'queue.h': 'hlthunk-queues', 'fence.h': 'hlthunk-queues', 'completion.h': 'hlthunk-queues',
    'command_buffer.h': 'hlthunk-queues',
    'address_range.h': 'hlthunk-lifetimes',
    'buffer.h': 'hlthunk-lifetimes', 'pool.h': 'hlthunk-lifetimes', 'reset.h': 'hlthunk-lifetimes',
    'leaks.h': 'hlthunk-lifetimes', 'notifier.h': 'hlthunk-lifetimes',
}

LIBRARIES = (
    (r'hlthunk/verbs\.h', 'libhlthunk-verbs (pkg-config hlthunk-verbs, -lhlthunk-verbs)'),
    (r'hlthunk-diag/.*', 'libhlthunk-diag (pkg-config hlthunk-diag, '
     '-lhlthunk-diag)'),
    (r'.*', 'libhlthunk (pkg-config hlthunk, -lhlthunk)'),
)


def public_headers(source):
    """Paths and names as programs include them."""
    for path in sorted(glob.glob(f'{source}/include/hlthunk*/**/*.h*', recursive=True)) + [
            f'{source}/include/habanalabs/hlthunk.h',
            f'{source}/include/habanalabs/hlthunk_types.h']:
        name = os.path.relpath(path, f'{source}/include').removesuffix('.in')
        if os.path.basename(name) not in ('attributes.h', 'diag.h', 'hlthunk.h') or 'habanalabs' in name:
            yield path, name


def library(name):
    for pattern, text in LIBRARIES:
        if re.fullmatch(pattern, name):
            return text
    return ''


def accessor(item):
    """Only returns something that the object has."""
    return (item.kind == 'function' and 'Errors' not in item.comment.sections and
            re.search(r'_(get|borrow|is)_', item.name))


def together(previous, item):
    """Do they share a page?"""
    if previous.comment is item.comment:
        return True
    if previous.name.endswith('_ref') and item.name == previous.name[:-3] + 'unref':
        return True
    if previous.kind == item.kind == 'define':
        return True
    if accessor(previous) and accessor(item):
        named = [i.name.endswith('_get_name') for i in (previous, item)]
        stems = {re.sub(r'_(get|borrow|is)_.*', '', i.name) for i in (previous, item)}
        return all(named) or (not any(named) and len(stems) == 1)
    return False


def pages(items):
    """Lists of items, each a page; the first item gives it its name."""
    result = []
    for item in items:
        if result and together(result[-1][-1], item):
            result[-1].append(item)
        else:
            result.append([item])
    return result


def write(folder, name, text):
    with open(os.path.join(folder, name + '.3'), 'w', encoding='utf-8') as f:
        f.write(text)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('source')
    p.add_argument('--out')
    p.add_argument('--date', default='')
    p.add_argument('--depfile')
    p.add_argument('--check', action='store_true')
    args = p.parse_args()
    everything, page_of, complaints, read = [], {}, [], []
    for path, name in public_headers(args.source):
        items, bad = headers.parse(path, name)
        complaints += bad
        read.append(path)
        new = [i for i in items if i.comment and i.name not in page_of]
        for one in pages(new):
            everything.append(one)
            page_of.update({item.name: one[0].name for item in one})
    if args.check:
        print('\n'.join(complaints))
        return 1 if complaints else 0
    # a new folder: what is gone from the headers is gone from it
    shutil.rmtree(args.out, ignore_errors=True)
    os.makedirs(args.out)
    for one in everything:
        title, header = one[0].name, one[0].header
        also = [OVERVIEWS[os.path.basename(header)]] if os.path.basename(header) in OVERVIEWS else []
        write(args.out, title, mdoc.page(one, title, page_of, ['hlthunk'] + also, args.date,
                                         library(header)))
        for item in one[1:]:
            write(args.out, item.name, '.so man3/%s.3\n' % title)
    if args.depfile:
        here = os.path.dirname(os.path.abspath(__file__))
        read += sorted({os.path.dirname(path) for path in read}) + glob.glob(here + '/*.py')
        with open(args.depfile, 'w', encoding='utf-8') as f:
            f.write('%s: %s\n' % (args.out, ' '.join(read)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
