# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines on a network of the test's own: network namespaces that bridges join, each machine with a bus and istd
on it."""
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(os.environ["SOURCE_ROOT"])
sys.path.append(str(ROOT / "tests/lab/lib"))  # mail, which the lab has too

import namespaces  # noqa: E402
from jeepney import DBusAddress, MatchRule, Properties  # noqa: E402
from jeepney.bus_messages import message_bus  # noqa: E402
from jeepney.io.blocking import open_dbus_connection  # noqa: E402
from private_bus import BUS_CONFIG, Client, Lines  # noqa: E402
from service import Started  # noqa: E402
from telling import Telling  # noqa: E402

ISTD = os.environ["ISTD"]
DEADLINE = 60
NAME, PATH = "org.mpapi.Discovery1", "/org/mpapi/Discovery1"


def run(*words, **more):
    return subprocess.run(words, check=True, text=True, **more)


def until(what, condition):
    """For what has no event to wait for."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"{what}: not in {DEADLINE} s"
        time.sleep(0.05)


def own_namespaces():
    """This process, and what it starts, have mounts and a network where nothing else is, until it ends."""
    namespaces.own(namespaces.NETWORK | namespaces.MOUNTS | namespaces.HOST_NAME)
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    socket.sethostname("lan")


class Lan:
    """Networks 10.77.0.0/24 (of bridge lan0), 10.78.0.0/24 (lan1) and so on, and machines on them."""

    def __init__(self, networks=1):
        self.directory = tempfile.TemporaryDirectory(prefix="istd-lan.")
        self.work = pathlib.Path(self.directory.name)
        os.chmod(self.work, 0o755)
        self.machines = []
        run("ip", "netns", "add", "switch")
        for number in range(networks):
            self.switch("link", "add", f"lan{number}", "type", "bridge", "mcast_snooping", "0")
            self.switch("link", "set", f"lan{number}", "up")

    @staticmethod
    def switch(*words):
        run("ip", "-n", "switch", *words)

    def machine(self, name, number, networks=(0,), **more):
        made = Machine(self, name, number, networks, **more)
        self.machines.append(made)
        return made

    def close(self):
        for machine in self.machines:
            machine.close()
        run("ip", "netns", "del", "switch")
        self.directory.cleanup()


class Machine:
    def __init__(self, lan, name, number, networks):
        self.lan, self.name, self.full = lan, name, f"{name}.example.org"
        self.work = lan.work / name
        self.work.mkdir()
        self.addresses = {}
        self.istd = self.bus = None
        self.targets = self.work / "targets"
        self.targets.mkdir()
        self.unexpected = self.work / "nmbd" / "unexpected"
        run("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")
        for network in networks:
            self.plug(network, number)

    def ip(self, *words):
        run("ip", "-n", self.name, *words)

    def plug(self, network, number):
        """A cable to that network."""
        here, address = f"eth{network}", f"10.{77 + network}.0.{number}"
        port = f"{self.name[:10]}-{network}"
        self.lan.switch("link", "add", port, "type", "veth", "peer", "name", here, "netns", self.name)
        self.lan.switch("link", "set", port, "master", f"lan{network}", "up")
        self.ip("link", "set", here, "up")
        self.ip("addr", "add", f"{address}/24", "brd", "+", "dev", here)
        self.addresses[network] = address

    def unplug(self, network):
        self.ip("link", "del", f"eth{network}")
        del self.addresses[network]

    @property
    def address(self):
        return next(iter(self.addresses.values()))

    def inside(self, *command):
        """The command, run in here, as the process itself."""
        return ["nsenter", f"--net=/run/netns/{self.name}", *command]

    def environment(self):
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus_address}

    def start_bus(self):
        config = self.work / "bus.conf"
        config.write_text(BUS_CONFIG, encoding="utf-8")
        self.bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address=1"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.bus_address = Lines(self.bus, "dbus-daemon").next()

    def serve(self, answer="always", more="", given=None):
        """istd, ready when this returns. `given` is a socket as systemd hands it over."""
        if self.bus is None:
            self.start_bus()
        config = self.work / "istd.toml"
        config.write_text(f"""answer = "{answer}"
name = "{self.full}"
workgroups = ["EXAMPLE"]
targets = "{self.targets}"
smb_conf = "/nowhere/smb.conf"
{more}
[nmbd]
socket = "{self.unexpected}"
""", encoding="utf-8")
        self.istd = Started(self.work, self.inside(ISTD, "--config", str(config)),
                            {"DBUS_SYSTEM_BUS_ADDRESS": self.bus_address}, port=given)
        return self.istd

    def enable_target(self, enabled):
        """As LIO lays it out in configfs."""
        group = self.targets / "iqn.2003-01.org.linux-iscsi.node:sn.1" / "tpgt_1"
        group.mkdir(parents=True, exist_ok=True)
        (group / "enable").write_text(f"{int(enabled)}\n", encoding="utf-8")

    def discover(self, *options, check=True, environment=None):
        done = subprocess.run(self.inside(ISTD, "discover", *options), text=True, capture_output=True,
                              env={**self.environment(), **(environment or {})}, timeout=DEADLINE, check=False)
        if check:
            assert done.returncode == 0, f"{done.returncode}: {done.stdout}{done.stderr}"
        return done

    def socket(self, port=138, address=""):
        """A UDP socket of this machine's."""
        with namespaces.inside(self.name):
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        made.settimeout(DEADLINE)
        made.bind((address, port))
        return made

    def property(self, name):
        connection = open_dbus_connection(bus=self.bus_address)
        with contextlib.closing(connection):
            address = DBusAddress(PATH, bus_name=NAME, interface=NAME)
            reply = connection.send_and_get_reply(Properties(address).get(name), timeout=DEADLINE)
            return Client.unpack(reply)[0][1]

    def wait_for(self, name, wanted):
        """Until the property is so; its changes are signals."""
        with contextlib.closing(open_dbus_connection(bus=self.bus_address)) as connection:
            rule = MatchRule(type="signal", sender=NAME, path=PATH, member="PropertiesChanged")
            local = MatchRule(type="signal", path=PATH, member="PropertiesChanged")
            with connection.filter(local, bufsize=1000) as queue:
                Client.unpack(connection.send_and_get_reply(message_bus.AddMatch(rule)))
                address = DBusAddress(PATH, bus_name=NAME, interface=NAME)
                end = time.monotonic() + DEADLINE
                while True:
                    value = Client.unpack(connection.send_and_get_reply(Properties(address).get(name)))[0][1]
                    if wanted(value):
                        return value
                    left = end - time.monotonic()
                    assert left > 0, f"{self.name}: {name} is {value!r} after {DEADLINE} s"
                    try:
                        connection.recv_until_filtered(queue, timeout=left)
                    except TimeoutError:
                        pass

    def stop(self):
        """istd ends well."""
        if self.istd is not None:
            self.istd.end()
            self.istd = None

    def close(self):
        if self.istd is not None:
            self.istd.kill()
        if self.bus is not None:
            self.bus.terminate()
            self.bus.wait()
            self.bus.stdout.close()
        run("ip", "netns", "del", self.name)


__all__ = ["DEADLINE", "ISTD", "Lan", "Telling", "Started", "own_namespaces", "run", "until"]
