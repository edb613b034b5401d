#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the pipeline under random fault scripts: right bytes, or the error that was injected.

usage: faults.py HLSIM PIPELINE DEVICE RUNS SEED MIB PIECE-MIB
"""
import random
import re
import subprocess
import sys

hlsim, pipeline, device = sys.argv[1:4]
runs, seed, mib, piece = map(int, sys.argv[4:8])
rng = random.Random(seed)

# What each call may be refused with, and how often the pipeline makes it.
CALLS = {
    'open': (['EPERM', 'ENODEV', 'EBUSY'], 1),
    'info': (['EIO', 'ENODEV'], 2),
    'alloc': (['ENOMEM', 'EIO'], 1),
    'map': (['ENOMEM', 'EIO', 'EFAULT'], 6),
    'export': (['EMFILE', 'ENOMEM'], 1),
    'cb': (['ENOMEM'], 4),
    'cs': (['EAGAIN', 'ENOMEM', 'EIO', 'EBUSY'], mib // piece),
    'wait': (['EINTR', 'EIO', 'ETIMEDOUT'], mib // piece),
}
# A reset or a removal shows as one of these, whatever was called.
GONE = {'EBUSY', 'EIO', 'ENODEV', 'EPERM', 'ETIMEDOUT', 'EAGAIN', 'EINVAL', 'ENOENT'}


def script():
    """A fault for --fault, and the errors that may come of it."""
    op = rng.choice(list(CALLS))
    names, count = CALLS[op]
    call = rng.randint(1, max(1, count + 1))
    kind = rng.random()
    if kind < 0.55:
        name = rng.choice(names)
        return f'{op}:{call}:{name}', {name}
    if kind < 0.7:
        return f'{op}:{call}-{call + 3}:delay={rng.randint(1, 20)}', set()
    if kind < 0.8:
        return f'{op}:{call}:event={1 << rng.randint(0, 10)}', set()
    return f'{op}:{call}:{rng.choice(["reset", "remove"])}', GONE


right = wrong = errors = 0
for number in range(runs):
    faults, allowed = [], set()
    for _ in range(rng.randint(1, 3)):
        fault, names = script()
        faults += ['--fault', fault]
        allowed |= names
    argv = [hlsim, 'run', '--device', device, '--seed', str(rng.randint(0, 1 << 30)),
            *faults, '--', pipeline, str(mib), str(piece)]
    try:
        out = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        print('hangs:', ' '.join(argv))
        wrong += 1
        continue
    told = re.search(r'^error: (\w+) (\w+)$', out.stdout, re.M)
    # what the helpers of the program check by themselves ends it with the errno in a line
    checked = re.search(r'\(errno (\d+)', out.stderr)
    if out.returncode == 0 and 'every byte right' in out.stdout:
        right += 1
    elif out.returncode == 2 and told and told.group(2) in allowed:
        errors += 1
    elif out.returncode == 77 and 'ENOENT' in allowed: # no node
        errors += 1
    elif out.returncode == 1 and checked and 'wrong' not in out.stdout and allowed:
        import errno
        if errno.errorcode.get(int(checked.group(1))) in allowed:
            errors += 1
        else:
            print('other error:', ' '.join(argv), out.stdout, out.stderr)
            wrong += 1
    else:
        print('exit', out.returncode, ':', ' '.join(argv), '\n', out.stdout, out.stderr)
        wrong += 1

print(f'{device}: {runs} runs: {right} with right bytes, {errors} with the right error, '
      f'{wrong} wrong')
sys.exit(1 if wrong or not right or not errors else 0)
