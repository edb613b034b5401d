#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_ctrl_c.py HLSIM PROGRAM [ROUNDS]: Ctrl-C on a terminal ends a simulation at any moment, and
nothing of it is left."""
import os
import pty
import random
import signal
import sys
import tempfile
import time

hlsim, program = sys.argv[1:3]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 10
random.seed(3)
signal.signal(signal.SIGINT, signal.SIG_DFL)  # of the child, before it is the simulation


def drain(terminal):
    """What is on the terminal, until nobody has it any more."""
    said = b""
    while True:
        try:
            some = os.read(terminal, 4096)
        except OSError:  # EIO: no process has the other side
            return said
        if not some:
            return said
        said += some


def one_round(folder):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TMPDIR=folder, TEST_ASIC="gaudi2", TEST_KERNEL="6.12")
        os.execv(hlsim, [hlsim, "run", "--device", "gaudi2", "--", program, "100000"])
    time.sleep(random.uniform(0, 0.2))
    while os.waitpid(pid, os.WNOHANG)[0] == 0:  # the first may come before the program does
        os.write(terminal, b"\x03")
        time.sleep(0.05)
    drain(terminal)
    os.close(terminal)
    for _ in range(3000):  # before it had a program it did not wait for its guard
        if not os.listdir(folder):
            break
        time.sleep(0.01)
    return os.listdir(folder)


with tempfile.TemporaryDirectory() as folder:
    for n in range(rounds):
        left = one_round(folder)
        if left:
            sys.exit(f"round {n}: left: {left}")
print(f"interrupted {rounds} times")
