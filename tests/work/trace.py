#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A trace shows what was called and what ran, as text and as JSON.

usage: trace.py HLSIM PIPELINE
"""
import json
import os
import re
import subprocess
import sys
import tempfile

hlsim, pipeline = sys.argv[1:3]
with tempfile.TemporaryDirectory() as folder:
    def run(name, mib):
        path = os.path.join(folder, name)
        subprocess.run([hlsim, 'run', '--device', 'gaudi', '--trace', path, '--', pipeline,
                        str(mib), '1'], check=True, stdout=subprocess.DEVNULL, timeout=120)
        with open(path, encoding='utf-8') as f:
            return f.read()

    text = run('t.txt', 4)
    for pattern in (r'accel0: opened', r'\] accel0 INFO HW_IP \d+ bytes = 0 <',
                    r'MEMORY MAP host 0x[0-9a-f]+ 4194304 bytes USERPTR -> 0x[0-9a-f]+ = 0',
                    r'MEMORY EXPORT 0x[0-9a-f]+ \+ 0, \d+ bytes, flags 0x80000 -> fd \d+',
                    r'CS 0, 1 chunks -> seq 4 = 0', r'WAIT seq 4 .* -> COMPLETED = 0',
                    r'queue 0: CS 4, 40 bytes ended <', r'LIN_DMA 0x[0-9a-f]+ -> 0x[0-9a-f]+',
                    r'dma-buf closed', r'accel0: closed'):
        assert re.search(pattern, text), pattern
    times = [float(line.split()[0]) for line in text.splitlines()]
    assert len(times) > 20

    events = json.loads(run('t.json', 32))['traceEvents']
    calls = [e for e in events if e.get('cat') == 'call']
    work = [e for e in events if e.get('cat') == 'work']
    assert len(work) == 32, len(work)
    assert {e['pid'] for e in work} == {100000000} and {e['tid'] for e in work} == {1}
    assert sum(e['name'].startswith('CS ') for e in calls) == 32
    assert all(e['dur'] >= 0 and e['ts'] >= 0 for e in calls + work)
    names = {e['args']['name'] for e in events if e['ph'] == 'M'}
    assert names == {'accel0', 'queue 0', 'work-pipeline'}, names
    named = {e['pid'] for e in events if e['ph'] == 'M' and e['name'] == 'process_name'}
    assert {e['pid'] for e in calls} | {100000000} == named, named
    # in a queue one thing runs at a time
    work.sort(key=lambda e: e['ts'])
    assert all(a['ts'] + a['dur'] <= b['ts'] + 1 for a, b in zip(work, work[1:]))

    bad = subprocess.run([hlsim, 'run', '--trace', os.path.join(folder, 'no', 'such'), '--', 'true'],
                         capture_output=True, text=True)
    assert bad.returncode == 125 and 'No such file' in bad.stderr, bad
