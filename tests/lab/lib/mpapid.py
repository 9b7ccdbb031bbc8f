# SPDX-License-Identifier: LGPL-2.1-or-later
"""mpapid as a client sees it: its service, its objects as values, its signals counted.

An object is the dictionary of its properties, and where it stands: `path` and `interface`.
"""

import os
import time
from pathlib import Path

from bus import Bus, BusError, Signals
from shell import read, sh, status, wait_for
from tap import check_that, note

SERVICE = "org.mpapi.Multipath1"
ROOT = "/org/mpapi/Multipath1"
UNIT = "mpapid.service"
CONFIG = Path("/etc/mpapi/mpapid.toml")
MANAGER, LOGICAL_UNIT, PATH, GROUP, DISK, TARGET_PORT, INITIATOR_PORT, PRODUCT, LOAD_BALANCE, PLUGIN = (
    f"{SERVICE}.{name}" for name in ("Manager", "LogicalUnit", "Path", "TargetPortGroup", "Disk", "TargetPort",
                                     "InitiatorPort", "DeviceProduct", "LoadBalance", "Plugin"))
NO_TROUBLE = (0, "", "")


def manager_property(name):
    with Bus() as bus:
        return bus.get(SERVICE, ROOT, MANAGER, name)


def call(method, signature="", *arguments, path=ROOT, interface=MANAGER, deadline=30.0):
    with Bus() as bus:
        return bus.call(SERVICE, path, interface, method, signature, *arguments, deadline=deadline)


def get_all(path, interface):
    with Bus() as bus:
        return bus.get_all(SERVICE, path, interface)


def settled(seconds=120):
    """Waits until the daemon has taken in all that happened so far."""
    call("Settled", "t", seconds * 1000000, deadline=seconds + 10)


def owner():
    """The process that owns the name on the bus, 0 if there is none. Starts nobody."""
    with Bus() as bus:
        try:
            return bus.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                            "GetConnectionUnixProcessID", "s", SERVICE)
        except BusError:
            return 0


def main_pid():
    return int(sh(f"systemctl show -P MainPID {UNIT}") or 0)


def service_is_up(deadline=60):
    """Waits until the service is active and owns its name; gives its process."""
    return wait_for("mpapid is active and owns its name", lambda: owner() != 0 and owner() == main_pid() and
                    status(f"systemctl is-active --quiet {UNIT}")[0] == 0 and owner(), deadline, every=0.2)


def restart():
    # systemd refuses a unit that is started too often in a short time; a script may.
    sh(f"systemctl reset-failed {UNIT}; systemctl restart {UNIT}", timeout=120)
    return service_is_up()


def configure(text):
    """Runs the daemon with this configuration; `configure_as_installed` undoes it."""
    saved = CONFIG.with_suffix(".installed")
    if not saved.exists():
        saved.write_text(CONFIG.read_text())
    CONFIG.write_text(text)
    return restart()


def configure_as_installed():
    saved = CONFIG.with_suffix(".installed")
    if saved.exists():
        CONFIG.write_text(saved.read_text())
        saved.unlink()
    return restart()


class Objects:
    """Everything that is published, at one moment."""

    def __init__(self):
        with Bus() as bus:
            told = bus.managed_objects(SERVICE, ROOT)
        self.all = [{**properties, "path": path, "interface": interface} for path, interfaces in told.items()
                    for interface, properties in interfaces.items() if interface.startswith(SERVICE)]

    def of(self, interface, **fields):
        return [one for one in self.all if one["interface"] == interface and
                all(one.get(name) == value for name, value in fields.items())]

    def one(self, interface, **fields):
        """The only object of an interface with these properties."""
        found = self.of(interface, **fields)
        if len(found) != 1:
            names = ("path", "Name", "Device", "Number", "Selector")
            there = [{name: one[name] for name in names if name in one} for one in self.of(interface)]
            raise LookupError(f"{len(found)} of {interface} with {fields}; there are: {there}")
        return found[0]

    def at(self, path, interface):
        return self.one(interface, path=path)

    def ids(self):
        """{object path: id} of all that has one."""
        return {one["path"]: one["ObjectId"] for one in self.all if "ObjectId" in one}


class Story:
    """What the bus says while something happens: `with Story() as story: …; story.settled(); check(story.values(…))`.

    Its end is told by the daemon itself, so that "once" means once, and not "once so far".
    """

    def __init__(self):
        self.signals = Signals(SERVICE)

    def __enter__(self):
        self.signals.__enter__()
        self.began = time.monotonic()
        return self

    def __exit__(self, *what):
        self.signals.__exit__(*what)

    def settled(self):
        """Waits until the daemon has taken in and told all that happened so far, and all that is recorded here."""
        settled()
        self.signals.catch_up()

    def becomes(self, one, name, value, deadline=20.0, since=None):
        """Waits for the PropertiesChanged of an object with this value; gives when it came."""
        return self.signals.expect_change(one["path"], one["interface"], name, value,
                                          self.began if since is None else since, deadline)["at"]

    def values(self, one, name):
        """Every value that signals have given a property, in order."""
        return [signal["body"][1][name] for signal in self.signals.matching(
            lambda s: s["path"] == one["path"] and s["member"] == "PropertiesChanged" and
            s["body"][0] == one["interface"] and name in s["body"][1], self.began)]

    def objects(self, member, path):
        """Every InterfacesAdded or InterfacesRemoved of an object."""
        return self.signals.matching(lambda s: s["member"] == member and s["body"][0] == path, self.began)

    def added(self, path, deadline=30.0):
        return self.signals.expect(f"InterfacesAdded of {path}", lambda s: s["member"] == "InterfacesAdded" and
                                   s["body"][0] == path, self.began, deadline)

    def removed(self, path, deadline=30.0):
        return self.signals.expect(f"InterfacesRemoved of {path}", lambda s: s["member"] == "InterfacesRemoved" and
                                   s["body"][0] == path, self.began, deadline)


def memory_kib(pid):
    """Resident memory of a process."""
    return int(next(line.split()[1] for line in read(f"/proc/{pid}/status").splitlines() if line.startswith("VmRSS")))


def thread_count(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def pings(count=3):
    """How long a hand-over between processes takes on this host now."""
    with Bus() as bus:
        return [bus.ping() for _ in range(count)]


def check_prompt(delays, handed_over, what):
    """The middle one of some delays is under 100 ms, not counting three hand-overs, which are long where the host is busy."""
    note(f"{what}: {milliseconds(delays)}; a ping of the bus meanwhile: {milliseconds(handed_over)}")
    middle, ping = sorted(delays)[len(delays) // 2], sorted(handed_over)[len(handed_over) // 2]
    return check_that(middle < 0.1 + 3 * ping, f"{what} within 100 ms", delays)


def milliseconds(seconds):
    """Latencies for the log: the middle one, the worst, how many."""
    ordered = sorted(1000 * value for value in seconds)
    return f"median {ordered[len(ordered) // 2]:.1f} ms, worst {ordered[-1]:.1f} ms of {len(ordered)}"
