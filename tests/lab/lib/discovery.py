# SPDX-License-Identifier: LGPL-2.1-or-later
"""istd as it is installed, and an asker beside it: in a network namespace, with packets made by hand. Nothing of ours
runs in the namespace, and no name is looked up there."""

import json
import socket

import mail
from bus import Bus
from clusprep import network_beside, network_beside_down
from namespaces import socket_in
from shell import sh, wait_for

HERE, THERE = "10.9.0.1", "10.9.0.2"
GROUP = "WORKGROUP"  # without Samba
NAME, PATH = "org.mpapi.Discovery1", "/org/mpapi/Discovery1"


def start():
    network_beside("there", HERE, THERE)
    # Not the socket: systemd starts none while its service runs, and the service brings it along.
    sh("systemctl reset-failed istd.socket istd.service; systemctl restart istd.service", timeout=120)
    wait_for("istd has the wire", lambda: "to-there" in get("Interfaces"), deadline=60)


def stop():
    network_beside_down("there")


def get(name):
    with Bus() as bus:
        # Where it is down the bus starts it: that takes its time in here.
        return bus.call(NAME, PATH, "org.freedesktop.DBus.Properties", "Get", "ss", NAME, name, deadline=60)


def count(name):
    return get("Counters")[name]


def main_pid():
    return int(sh("systemctl show -P MainPID istd.service") or 0)


class Asker:
    """A discoverer by hand, on the other end of the wire."""

    def __init__(self):
        self.socket = socket_in("there")
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.socket.bind(("", mail.PORT))

    def close(self):
        self.socket.close()

    def ask(self):
        self.socket.sendto(mail.ask("asker.example.org", THERE, GROUP), ("10.9.0.255", mail.PORT))

    def heard(self, seconds=20):
        """The next answer, or None; questions of others are passed over."""
        self.socket.settimeout(seconds)
        try:
            while True:
                read = mail.read(self.socket.recv(2048))
                if read.mailslot == mail.DISCOVERER:
                    return read
        except TimeoutError:
            return None

    def met_by_silence(self):
        """A question that istd has seen, and left alone."""
        before = count("not-serving")
        self.ask()
        wait_for("istd has seen the question", lambda: count("not-serving") == before + 1, deadline=30)
        return self.heard(0.01) is None


def discovered(*options):
    """What the command finds."""
    words = " ".join(("--json", *options))
    return json.loads(sh(f"istd discover {words}", timeout=120))["servers"]
