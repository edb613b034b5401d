#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: silent_server.py LIBRARY: hlthunk_holders_list() does not wait for the server (FUSE) of a
file that some process has mapped."""
import ctypes
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time

LOOKUP, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, OPENDIR, RELEASEDIR = 1, 3, 14, 15, 18, 25, 26, 27, 29
FORGET, INTERRUPT, BATCH_FORGET = 2, 36, 42
# of linux/fuse.h: a request begins with length, operation, number, inode; an answer with length,
# error, number
answering = True


def attributes(inode):
    mode = 0o40755 if inode == 1 else 0o100644
    return struct.pack("<6Q10I", inode, 4096, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(operation, inode, arguments):
    """Bytes, or an errno.  All is valid for no time, so that every walk asks again."""
    if operation == INIT:
        return struct.pack("<4I2H2I2HI", 7, 31, 0, 0, 1, 1, 4096, 1, 0, 0, 0) + bytes(24)
    if operation == LOOKUP:
        if arguments.rstrip(b"\0") != b"f":
            return 2
        return struct.pack("<4Q2I", 2, 0, 0, 0, 0, 0) + attributes(2)
    if operation == GETATTR:
        return struct.pack("<Q2I", 0, 0, 0) + attributes(inode)
    if operation in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 0, 0, 0)
    if operation == READ:
        return b"x" * 4096
    return b"" if operation in (RELEASE, RELEASEDIR, FLUSH) else 38


def serve(fd):
    while True:
        try:
            request = os.read(fd, 1 << 20)
        except OSError:
            return  # unmounted
        _, operation, number, inode = struct.unpack("<2I2Q", request[:24])
        if not answering or operation in (FORGET, INTERRUPT, BATCH_FORGET):
            continue
        said = answer(operation, inode, request[40:])
        error, said = (-said, b"") if isinstance(said, int) else (0, said)
        os.write(fd, struct.pack("<IiQ", 16 + len(said), error, number) + said)


def own_mounts():
    """As root of a user and a mount namespace, where that is allowed."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(0x10000000 | 0x00020000):  # CLONE_NEWUSER | CLONE_NEWNS
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open("/proc/self/" + name, "w") as file:
            file.write(text)
    return True


def look():
    """0, or -errno.  Without devices, too, each mapping is looked at."""
    visit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda holder, user: 0)
    return ctypes.CDLL(library).hlthunk_holders_list(None, visit, None, None)


def keep_mapped():
    """In the child: a mapping of the file, and no descriptor."""
    f = os.open(folder + "/f", os.O_RDWR)
    libc.mmap.restype = ctypes.c_void_p
    at = libc.mmap(None, ctypes.c_size_t(4096), mmap.PROT_READ, mmap.MAP_SHARED, f, ctypes.c_long(0))
    os.close(f)
    os.write(1, ctypes.string_at(at, 1))
    time.sleep(60)


libc = ctypes.CDLL(None, use_errno=True)
library = sys.argv[1]
if sys.argv[2:] == ["look"]:
    sys.exit(-look())
if sys.argv[2:]:
    folder = sys.argv[2]
    keep_mapped()
    sys.exit(0)
folder = tempfile.mkdtemp()
try:
    fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC) if own_mounts() else -1
except OSError:
    fd = -1
if fd < 0 or libc.mount(b"silent", folder.encode(), b"fuse", 0,
                        b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fd):
    os.rmdir(folder)
    print("no FUSE for this user")
    sys.exit(77)
threading.Thread(target=serve, args=(fd,), daemon=True).start()
again = [sys.executable, sys.argv[0], library]
child = subprocess.Popen(again + [folder], stdout=subprocess.PIPE)
child.stdout.read(1)
answering = False
process = subprocess.Popen(again + ["look"])
try:
    code = process.wait(30)
except subprocess.TimeoutExpired:
    code = 1
    print("it waits for the server")
libc.umount2(folder.encode(), 2)  # MNT_DETACH
os.rmdir(folder)
child.kill()
sys.stdout.flush()
os._exit(code)  # which ends the server
