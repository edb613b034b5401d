#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages as HTML, with an index of them.

    as_html.py MANDOC OUT PAGE-OR-FOLDER …
"""
import glob
import html
import os
import re
import shutil
import subprocess
import sys

STYLE = '''
body { max-width: 60em; margin: 2em auto; padding: 0 1em; font-family: sans-serif;
       line-height: 1.45; color: #222; background: #fff; }
pre, code, .Nm, .Fn, .Fa, .Ft, .Vt, .Fl, .Cm, .Dv, .Er, .Ev, .In { font-family: monospace; }
pre { background: #f4f4f4; padding: .6em; overflow-x: auto; }
table.head, table.foot { width: 100%; color: #666; font-size: 90%; }
td.head-vol, td.foot-date { text-align: center; }
td.head-rtitle, td.foot-os { text-align: right; }
h1.Sh { font-size: 110%; border-bottom: 1px solid #ccc; margin-top: 1.6em; }
dl.Bl-tag > dt { font-weight: bold; margin-top: .5em; }
dl.Bl-tag > dd { margin-left: 2em; }
table.Nm + br { display: none; }
table.Nm td { vertical-align: top; }
table.Nm td:first-child { white-space: nowrap; }
table.index td { vertical-align: top; padding: .1em 1em .1em 0; }
table.index td:first-child { max-width: 26em; }
table.index td:last-child { min-width: 20em; }
a.permalink { color: inherit; text-decoration: none; }
'''


def name_line(path):
    """All names of a page, and what it says about them."""
    with open(path, encoding='utf-8') as f:
        text = f.read()
    names = re.findall(r'^\.Nm (\S+)', text.split('.Sh LIBRARY')[0].split('.Sh SYNOPSIS')[0], re.M)
    about = re.search(r'^\.Nd (.*)', text, re.M)
    header = re.search(r'^\.In (\S+)', text, re.M)
    return names, about.group(1) if about else '', header.group(1) if header else ''


def main():
    mandoc, out, *sources = sys.argv[1:]
    files = [p for s in sources
             for p in (sorted(glob.glob(s + '/*.3')) if os.path.isdir(s) else [s])]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    with open(out + '/style.css', 'w', encoding='utf-8') as f:
        f.write(STYLE)
    rows = {}
    for path in files:
        page = os.path.basename(path)
        with open(path, encoding='utf-8') as f:
            first = f.readline()
        target = f'{out}/{page}.html'
        if first.startswith('.so '):
            other = os.path.basename(first.split()[1])
            with open(target, 'w', encoding='utf-8') as f:
                f.write(f'<meta http-equiv="refresh" content="0; url={other}.html">\n')
            continue
        with open(target, 'w', encoding='utf-8') as f:
            subprocess.run([mandoc, '-T', 'html', '-O', 'style=style.css,man=%N.%S.html', path],
                           stdout=f, check=True)
        names, about, header = name_line(path)
        group = {'1': 'Commands', '7': 'Overviews'}.get(page[-1], f'<{header}>')
        rows.setdefault(group, []).append((names, page, about))
    order = sorted(rows, key=lambda g: (g != 'Overviews', g != 'Commands', g))
    with open(out + '/index.html', 'w', encoding='utf-8') as f:
        f.write('<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
                '<title>libhlthunk</title><link rel="stylesheet" href="style.css"></head>\n<body>\n'
                '<h1>libhlthunk: reference</h1>\n')
        for group in order:
            f.write(f'<h2>{html.escape(group)}</h2>\n<table class="index">\n')
            for names, page, about in rows[group]:
                links = ', '.join(f'<a href="{page}.html">{html.escape(n)}</a>' for n in names)
                f.write(f'<tr><td>{links}</td><td>{html.escape(about)}</td></tr>\n')
            f.write('</table>\n')
        f.write('</body>\n</html>\n')


if __name__ == '__main__':
    main()
