# SPDX-License-Identifier: LGPL-2.1-or-later
"""The second guest of a script that says `peer`: a node of its own, at the other end of a wire.

The script runs on the node `main`, which has the SAN, and has the other do things by `call`: any function
of a module here, by its name, with arguments and an answer that JSON can carry (bytes as hexadecimal
digits). Its agent serves that for as long as the main one's runs.
"""

import json
import socket
import threading
from pathlib import Path

from bus import BusError
from shell import CommandFailed, TooLate, sh, wait_for

ADDRESSES = {"main": "10.8.0.1", "peer": "10.8.0.2"}
PORT = 7000
ERRORS = {"CommandFailed": CommandFailed, "TooLate": TooLate}


def connect_wire(node):
    """Gives this guest its name and its address. The other one has its name too."""
    hosts = "".join(f"{address} {name}\n" for name, address in ADDRESSES.items())
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n{hosts}")
    Path("/etc/hostname").write_text(f"{node}\n")
    sh(f"hostname {node}; modprobe virtio_net; ip link set lo up")
    wait_for("the network card is there", lambda: Path("/sys/class/net/eth0").exists(), deadline=60)
    sh(f"ip addr add {ADDRESSES[node]}/24 dev eth0; ip link set eth0 up")


class Refused(Exception):
    """What a function of the peer ended with, where it is none of ours."""


def call(function, *arguments, deadline=180, **named):
    """Calls "module.function" on the peer."""
    with socket.create_connection((ADDRESSES["peer"], PORT), timeout=deadline) as connection:
        connection.sendall(json.dumps([function, arguments, named]).encode() + b"\n")
        with connection.makefile("rb") as answers:
            told = answers.readline()
    if not told:
        raise CommandFailed(f"the peer ended without an answer to {function}{arguments}")
    answer = json.loads(told)
    if "value" in answer:
        return answer["value"]
    name, text = answer["error"]
    if name == "BusError":
        raise BusError(*text.split(": ", 1))
    raise ERRORS.get(name, Refused)(f"on the peer, {function}: {text}")


def up(deadline=600):
    """Waits until the peer has booted and installed the packages."""
    def answers():
        try:
            return call("peer.ready", deadline=20)
        except OSError:
            return False
    wait_for("the peer answers", answers, deadline=deadline, every=1)


def ready():
    return True


def alive():
    try:
        return call("peer.ready", deadline=20)
    except (OSError, CommandFailed):
        return False


def crash():
    """The peer's kernel stops at once, as when the power fails; its QEMU ends."""
    try:
        call("peer.die", deadline=20)
    except (OSError, CommandFailed):
        pass
    wait_for("the peer is gone", lambda: not alive(), deadline=60, every=0.1)


def die():
    Path("/proc/sysrq-trigger").write_text("b")


def serve(ending):
    """Answers calls, each in a thread, until `ending` (a threading.Event) is set by `end_peer`."""
    def answer(connection):
        import importlib
        with connection, connection.makefile("rb") as lines:
            try:
                function, arguments, named = json.loads(lines.readline())
                if function == "end":
                    ending.set()
                    told = {"value": True}
                else:
                    module, _, name = function.rpartition(".")
                    value = getattr(importlib.import_module(module), name)(*arguments, **named)
                    told = {"value": value}
            except Exception as error:  # the caller is told
                told = {"error": [type(error).__name__, str(error)]}
            connection.sendall(json.dumps(told, default=bytes.hex).encode() + b"\n")

    listener = socket.create_server((ADDRESSES["peer"], PORT))

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    ending.wait()


def end_peer():
    """It keeps its logs and powers off. It may have ended already."""
    try:
        call("end", deadline=20)
    except (OSError, CommandFailed):
        pass
