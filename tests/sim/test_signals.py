#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_signals.py HLSIM: the program has the signals that hlsim is sent, once those of its terminal,
and Ctrl-Z gives the terminal back to the shell."""
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time

hlsim = sys.argv[1]
PATIENCE = 60  # seconds of a busy machine

# says each signal's name; ends with SIGTERM.  It takes them one by one: a handler could be called within
# another one's print(), or between a look and a pause().
COUNTER = """
import signal
ours = {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, ours)
print("ready", flush=True)
number = None
while number != signal.SIGTERM:
    number = signal.Signals(signal.sigwait(ours))
    print(number.name, flush=True)
"""


def start(**more):
    return subprocess.Popen([hlsim, "run", "--", sys.executable, "-c", COUNTER],
                            stdout=subprocess.PIPE, text=True, **more)


def sent_to_hlsim():
    p = start()
    said = [p.stdout.readline()]
    for s in signal.SIGINT, signal.SIGQUIT, signal.SIGTERM:
        p.send_signal(s)
        said.append(p.stdout.readline())
    rc = p.wait(PATIENCE)
    if rc or said != ["ready\n", "SIGINT\n", "SIGQUIT\n", "SIGTERM\n"]:
        sys.exit(f"sent to hlsim: {said}, {rc}")


class Terminal:
    """A shell with job control on a terminal."""

    def __init__(self):
        self.said = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="", PS2="")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, what):
        end = time.time() + PATIENCE
        while what not in self.said:
            if time.time() > end:
                sys.exit(f"no {what!r} in {self.said!r}")
            if not select.select([self.fd], [], [], 1)[0]:
                continue
            self.said += os.read(self.fd, 4096).decode(errors="replace")
        self.said = self.said.split(what, 1)[1]

    def end(self):
        self.send("exit\n")
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def on_a_terminal():
    t = Terminal()
    t.send(f"{hlsim} run -- sh -c 'echo up\"\"and; exec sleep 1000'\n")
    t.wait_for("upand")
    for _ in range(3):
        t.send("\x1a")
        t.wait_for("Stopped")
        t.send("echo the she\"\"ll\n")
        t.wait_for("the shell")
        t.send("fg; echo co\"\"de $?\n")
        t.wait_for("run --")
        time.sleep(0.2)
    t.send("\x03")
    t.send("\necho co\"\"de $?\n")
    t.wait_for("code 130")
    t.end()


sent_to_hlsim()
if shutil.which("bash"):
    on_a_terminal()
print("as told")
