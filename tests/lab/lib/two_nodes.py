# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two guests that share a LIO unit: `main`, which exports it, over loopback paths; `peer` over two iSCSI sessions.

Each is a node with mpapid, clusprepd and a path manager of its own: on `main` mpapid's own (standalone), on
`peer` multipathd.
"""

import importlib
import os
import threading
import time

import managers
import peer
import shared_disks
from bus import BusError, Signals
from iscsi import iscsi_login, iscsi_logout, iscsi_target, sessions
from mpapid import CONFIG, SERVICE, configure_as_installed, main_pid, restart, settled
from multipathd import multipathd_start, with_keys
from san import maps_down
from shared_disks import path_of
from shell import TooLate, sh, status, wait_for

TARGET, INITIATOR = "iqn.2026-01.org.example:shared", "iqn.2026-01.org.example:peer"
PORTALS = ("10.8.0.1", "10.8.0.3")  # a target port group each, on the one wire


def share(interface="eth0"):
    """On main: exports lu0 to the peer, in both its target port groups."""
    sh(f"ip addr add {PORTALS[1]}/24 dev {interface}")
    iscsi_target(TARGET, {tag: (address, {0: ("lu0", group)})
                          for tag, (address, group) in enumerate(zip(PORTALS, ("gA", "gB")), 1)})


def unshare(interface="eth0"):
    status(f"ip addr del {PORTALS[1]}/24 dev {interface}")


def join():
    """On the peer: logs in, has multipathd make the map, and runs mpapid with the unit on its list."""
    iscsi_login(PORTALS[0], {"shared": INITIATOR}, count=2, each=1)
    # The key goes to multipathd, which registers paths that return.
    multipathd_start(maps=1, settings=with_keys())
    saved = CONFIG.with_suffix(".installed")
    if not saved.exists():
        saved.write_text(CONFIG.read_text())
    CONFIG.write_text(f'[disks]\nallow = ["{managers.NAMES["lu0"]}"]\n')
    restart()
    wait_for("the disk is there, with both paths", lambda: there() and shared_disks.disk()["UsablePathCount"] == 2,
             deadline=120, every=0.5)
    settled()
    return members()


def there():
    try:
        return bool(shared_disks.disk())
    except BusError:
        return False


def leave():
    """On the peer."""
    for method in ("TakeOffline", "StopDefense", "BringOnline"):
        shared_disks.refused(method)
    sh("systemctl stop mpapid.service multipathd.socket multipathd.service", timeout=120)
    maps_down()
    iscsi_logout()
    configure_as_installed()


def members():
    """The paths of the unit on this node, by their device nodes."""
    return [f"/dev/{one}" for one in managers.units.get("lu0", ())] or \
        sorted(f"/dev/{disk}" for session in sessions() for disk in session["disks"])


def paths_answer():
    """Each path has answered an INQUIRY. One whose connection was silent does so when TCP sends again only, which
    may be as long after the silence as the silence was."""
    for device in members():
        wait_for(f"{device} answers", lambda: status(f"sg_inq {device}")[0] == 0, deadline=150, every=1)


def writes(device=None):
    """A real WRITE, past the page cache; "" when it went well, else what was said."""
    code, told = status(f"dd if=/dev/zero of={device or shared_disks.node()} bs=4096 seek=1024 count=1 "
                        "oflag=direct conv=notrunc status=none")
    return "" if code == 0 else told or "it failed"


def arbitrate():
    """{won, why, seconds, stood_still}: of the seconds, those in which nothing at all ran in this guest."""
    with StoodStill() as stalls:
        began = time.monotonic()
        why = shared_disks.refused("Arbitrate")
        seconds = time.monotonic() - began
    return {"won": not why, "why": why, "seconds": round(seconds, 2), "stood_still": round(stalls.seconds, 2)}


class StoodStill:
    """How long the host let this guest wait: a thread that does nothing but look at the clock is late by that."""

    EVERY, NOTHING = 0.05, 0.25

    def __init__(self):
        self.seconds = 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        before = time.monotonic()
        while not self.over.wait(self.EVERY):
            now = time.monotonic()
            late = now - before - self.EVERY
            self.seconds += late if late > self.NOTHING else 0
            before = now

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def freeze():
    os.kill(main_pid(), 19)


def thaw():
    os.kill(main_pid(), 18)


def expect_loss(signals, seconds):
    """Waits for OwnershipLost of the unit; gives its text."""
    return signals.expect("OwnershipLost", lambda one: one["member"] == "OwnershipLost" and one["path"] == path_of(),
                          deadline=seconds)["body"][0]


def lost_within(seconds):
    with Signals(SERVICE) as signals:
        return expect_loss(signals, seconds)


class Node:
    """One of the two. Functions are named as for peer.call."""

    def __init__(self, name):
        self.name = name

    def call(self, function, *arguments, **named):
        if self.name == "peer":
            return peer.call(function, *arguments, **named)
        module, _, name = function.rpartition(".")
        return getattr(importlib.import_module(module), name)(*arguments, **named)

    def later(self, function, *arguments, **named):
        return Later(lambda: self.call(function, *arguments, **named))

    def do(self, method, *arguments):
        return self.call("shared_disks.do", method, *arguments)

    def refused(self, method, *arguments):
        return self.call("shared_disks.refused", method, *arguments)

    def disk(self):
        return self.call("shared_disks.disk")

    def owns(self):
        return self.disk()["Ownership"]

    def key(self):
        return self.call("shared_disks.our_key")

    def members(self):
        return self.call("two_nodes.members")

    def writes(self, device=None):
        return self.call("two_nodes.writes", device)

    def status(self, line):
        return tuple(self.call("shell.status", line))

    def give_up(self):
        """Ownership, as the protocol wants it: offline first."""
        for method in ("TakeOffline", "StopDefense", "BringOnline"):
            self.do(method)


class Later:
    """Something that goes on meanwhile; `result` waits for it."""

    def __init__(self, work):
        self.value = self.error = None
        self.thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self.thread.start()

    def _run(self, work):
        try:
            self.value = work()
        except Exception as error:  # told to whoever waits
            self.error = error

    def result(self, deadline=200):
        self.thread.join(deadline)
        if self.thread.is_alive():
            raise TooLate(f"not within {deadline} s: what was begun ends")
        if self.error:
            raise self.error
        return self.value
