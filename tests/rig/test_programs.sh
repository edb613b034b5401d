#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_programs.sh RIG_EMU RIG_EFA: the emulated devices as programs: what they refuse, and that
# they end with their client, and leave no socket
set -u
emu=$1 efa=$2 failed=0
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 143' HUP INT TERM # dash ends without the trap above otherwise

# ends CODE COMMAND…
ends() {
    code=$1
    shift
    "$@" >"$room/said" 2>&1
    rc=$?
    [ $rc = "$code" ] || { echo "FAIL $*: $rc, not $code"; cat "$room/said"; failed=1; }
}
s="--socket $room/s" l="--log $room/log"
long=$room/$(printf '%0200d' 0)
# shellcheck disable=SC2086
{
    for options in '' '--nonsense' "--asic gaudi $s" "--asic gaudi $l" "$s $l" "--asic gaudi3 $s $l" \
        "--asic gaudi $s $l more" "--asic gaudi $s $l --driver 1.0"; do
        ends 2 "$emu" $options
        grep -q '^usage: rig-emu' "$room/said" || { echo "FAIL rig-emu $options: no usage"; failed=1; }
    done
    for options in '' '--nonsense' "$s" "$l $s" "--control $room/c" "$s $l more" "$s $l --first 129" \
        "$(yes -- "$s" | head -n 9 | tr '\n' ' ') $l"; do
        ends 2 "$efa" $options
        grep -q '^usage: rig-efa' "$room/said" || { echo "FAIL rig-efa $options: no usage"; failed=1; }
    done
    ends 1 "$emu" --asic gaudi $s --log "$room/none/log"
    ends 1 "$emu" --asic gaudi --socket "$long" $l
    ends 1 "$emu" --asic gaudi $s $l --control "$long"
    ends 1 "$emu" --asic gaudi $s $l --window "$long"
    ends 1 "$efa" $s --log "$room/none/log"
    ends 1 "$efa" --socket "$long" $l
    ends 1 "$efa" $s $l --control "$long"
    ends 1 "$efa" $s $l --window "$room/none"
    ends 1 "$efa" $s $l --link "$room/none"
    ends 1 "$efa" $s $l --link-listen "$room/none/cable"
    # no memory for the BARs: a file may not be so long
    for program in "$emu --asic gaudi" "$efa"; do
        ends 1 sh -c "trap '' XFSZ; ulimit -f 1000; exec $program $s $l"
    done
    rm -f "$room"/*
}
python3 - "$emu" "$efa" "$room" <<'TEXT' || failed=1
import os, socket, subprocess, sys, time

emu, efa, room = sys.argv[1:]


def at(name):
    return os.path.join(room, name)


def connect(name):
    """As soon as it listens: a program needs a moment to start."""
    for _ in range(3000):
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(at(name))
            return s
        except OSError:
            s.close()
            time.sleep(0.01)
    sys.exit(f"FAIL nobody listens at {name}")


def say(name, line):
    with connect(name) as s:
        s.sendall(line.encode() + b"\n")
        return s.makefile().readline().strip()


def check(what, got, wanted):
    if got != wanted:
        sys.exit(f"FAIL {what}: {got}, not {wanted}")


devices = [subprocess.Popen([emu, "--asic", asic, "--socket", at(asic), "--log", at(asic + ".log"),
                             "--control", at(asic + ".control"), "--window", at(asic + ".window"), "--verbose",
                             "--dram-bar", "1000" if asic == "goya" else "1", "--driver", "6.1" if asic == "goya" else "6.12"])
           for asic in ("goya", "gaudi", "gaudi2")]
connect("gaudi.window").close()
connect("gaudi2.window").close()
cards = [subprocess.Popen([efa, "--verbose", "--acs", "--window", at("gaudi.window"), "--window",
                           at("gaudi2.window"), link, at("cable"), "--first", first, "--socket", at(first),
                           "--log", at(first + ".log"), "--control", at(first + ".control")])
         for link, first in (("--link-listen", "0"),)]
connect("0.control").close()
cards.append(subprocess.Popen([efa, "--link", at("cable"), "--first", "8", "--socket", at("8"), "--log", at("8.log")]))
check("a fault on request", say("0.control", "drop 3"), "ok")
check("nonsense", say("0.control", "nonsense"), "Invalid argument")
# clients that say nothing, or half of a line, are not waited for
silent = [connect("0.control") for _ in range(3)]
silent[0].sendall(b"dr")
check("beside silent ones", say("0.control", "drop 3"), "ok")
time.sleep(0.3)
silent[0].sendall(b"op 3\n")
check("a line in two parts", silent[0].makefile().readline().strip(), "ok")
for c in silent:
    c.close()
check("nonsense", say("gaudi.control", "nonsense"), "Invalid argument")
clients = [connect(name) for name in ("goya", "gaudi", "gaudi2", "0", "8")]
for c in clients:
    c.close()
for p in devices + cards:
    check(f"{p.args[0]} without its client", p.wait(60), 0)
left = [f for f in os.listdir(room) if f in ("goya", "gaudi", "gaudi2", "0", "8")]
check("sockets that are left", left, [])
# and by a signal, without a client
p = subprocess.Popen([emu, "--asic", "gaudi", "--socket", at("last"), "--log", at("last.log"), "--control", at("c")])
check("nonsense", say("c", "nonsense"), "Invalid argument")
p.terminate()
check("after SIGTERM", p.wait(60), 0)
check("its socket is left", os.path.exists(at("last")), False)
TEXT
exit $failed
