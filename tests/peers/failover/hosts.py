# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several hosts on one network: network namespaces on a bridge, each with a bus and an ipfailoverd of its own.

Names of namespaces are of this process's own mounts, so that nothing is left behind, however it ends."""
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import namespaces
import needs
from service import Started
from telling import Telling

DEADLINE = 60
BUS = """<busconfig>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>
"""


def own_world():
    """This process gets a network of its own, and a place for the names of others."""
    namespaces.own(namespaces.NETWORK | namespaces.MOUNTS)
    os.makedirs("/run/netns", exist_ok=True)
    run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE, **more)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


def until(what, true, deadline=DEADLINE):
    """Asked again and again, for what nobody tells of."""
    end = time.monotonic() + deadline
    while not (value := true()):
        assert time.monotonic() < end, f"not in {deadline} s: {what}"
        time.sleep(0.02)
    return value


class Network:
    def __init__(self, subnet="10.77.0"):
        self.subnet = subnet
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="failover-"))
        # As /run is: records of addresses are flushed, and a disk may take its time.
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "none", str(self.directory))
        self.hosts = []
        run("ip", "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
        run("ip", "link", "set", "bridge", "up")

    def host(self, name, number):
        self.hosts.append(Host(self, name, number))
        return self.hosts[-1]

    def close(self):
        for host in self.hosts:
            host.close()
        run("ip", "link", "del", "bridge")
        run("umount", str(self.directory))
        self.directory.rmdir()


class Host:
    """10.77.0.NUMBER and fd77::NUMBER at 02:00:00:00:00:NUMBER."""

    def __init__(self, network, name, number):
        self.network, self.name, self.number = network, name, number
        self.mac = f"02:00:00:00:00:{number:02x}"
        self.directory = network.directory / name
        self.directory.mkdir()
        self.running, self.daemon, self.bus = [], None, None
        run("ip", "netns", "add", name)
        run("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", f"to-{name}", "master", "bridge", "up")
        self.ip("link set lo up")
        self.ip(f"link set eth0 address {self.mac}")
        self.ip("link set eth0 up")
        self.ip(f"addr add {network.subnet}.{number}/24 dev eth0")
        self.ip(f"addr add fd77::{number:x}/64 dev eth0 nodad")
        until(f"{name} has a carrier", lambda: "LOWER_UP" in self.ip("link show eth0"))

    def command(self, *words):
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, *words, **more):
        return run(*self.command(*words), **more)

    def ip(self, words):
        return run("ip", "-n", self.name, *words.split())

    def start(self, *words, stream="stdout", **more):
        self.running.append(Telling(self.command(*words), stream, **more))
        return self.running[-1]

    def has(self, address, interface="eth0"):
        return f" {address}/" in self.ip(f"addr show dev {interface}")

    def addresses(self):
        return json.loads(run("ip", "-n", self.name, "-j", "addr", "show", "dev", "eth0"))[0]["addr_info"]

    def neighbour(self, address):
        found = json.loads(run("ip", "-n", self.name, "-j", "neigh", "show", address) or "[]")
        return found[0].get("lladdr") if found else None

    # Its daemon.

    def environment(self):
        return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.directory}/bus"}

    def begin(self, settings="", as_user=None):
        """As root; or as a user with the capabilities that the unit gives, and no way to others."""
        if not self.bus:
            (self.directory / "bus.conf").write_text(BUS.format(self.directory / "bus"))
            self.bus = Telling(["dbus-daemon", f"--config-file={self.directory}/bus.conf", "--nofork",
                                "--nopidfile", "--print-address=1"], stderr=subprocess.DEVNULL)
            self.bus.wait_for("unix:")
        state = self.directory / "state"
        state.mkdir(exist_ok=True)
        config = self.directory / "ipfailoverd.toml"
        config.write_text(f'state_directory = "{state}"\n{settings}')
        command = [os.environ["IPFAILOVERD"], "--config", str(config)]
        if as_user:
            shutil.chown(state, as_user)
            command[0] = shutil.copy(command[0], self.directory)  # where that user can reach it
            command = ["setpriv", f"--reuid={as_user}", "--regid=nogroup", "--clear-groups", "--no-new-privs",
                       *(f"--{kind}={change}+net_admin,+net_raw" for kind, change in (
                           ("inh-caps", "-all,"), ("ambient-caps", ""), ("bounding-set", "-all,"))), *command]
        self.daemon = Started(self.directory, self.command(*command), self.environment())
        return self

    def kill(self):
        """As nothing can be done against."""
        self.daemon.kill()
        self.daemon = None

    def end(self):
        self.daemon.end()
        self.daemon = None

    def failover(self, *words, expect=0, **more):
        done = subprocess.run([os.environ["IPFAILOVER"], *words], env=self.environment(), capture_output=True,
                              text=True, timeout=2 * DEADLINE, check=False, **more)
        assert done.returncode == expect, f"ipfailover {words} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout if expect == 0 else done.stdout + done.stderr

    def online(self, address, *options, expect=0):
        length = 64 if ":" in address else 24
        return self.failover("online", f"{address}/{length}", "eth0", *options, expect=expect)

    def status(self, address):
        done = subprocess.run([os.environ["IPFAILOVER"], "--json", "status", address], env=self.environment(),
                              capture_output=True, text=True, timeout=DEADLINE, check=False)
        return json.loads(done.stdout) if done.stdout else {"state": None}

    def state(self, address):
        return self.status(address)["state"]

    def until_state(self, address, *states):
        until(f"{address} on {self.name} is {states}; is {self.status(address)}",
              lambda: self.state(address) in states)

    def capture(self, *expression):
        return Capture(self, expression)

    def child(self, work):
        """Works in the network of this host. To be waited for by what is returned."""
        child = os.fork()
        if child == 0:
            try:
                with namespaces.inside(self.name):
                    work()
                os._exit(0)
            finally:
                os._exit(1)

        def wait():
            assert os.waitpid(child, 0)[1] == 0
        return wait

    def send(self, packets, apart=0.0, interface="eth0"):
        """Ethernet frames, as they are."""
        def work():
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
                raw.bind((interface, 0))
                for packet in packets:
                    raw.send(packet)
                    if apart:
                        time.sleep(apart)
        self.child(work)()

    def send_after(self, meant, packets):
        """The moment it sees a frame that is meant. To be waited for by what is returned."""
        ready, is_ready = os.pipe()

        def work():
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)) as raw:
                raw.bind(("eth0", 0x0003))
                raw.settimeout(DEADLINE)
                os.write(is_ready, b"!")
                while not meant(raw.recv(2048)):
                    pass
                for packet in packets:
                    raw.send(packet)
        wait = self.child(work)
        os.close(is_ready)
        assert os.read(ready, 1) == b"!"
        os.close(ready)
        return wait

    def close(self):
        for program in self.running:
            program.kill()
        for program in (self.daemon, self.bus):
            if program:
                program.kill()
        run("ip", "link", "del", f"to-{self.name}")
        run("ip", "netns", "del", self.name)


class Capture:
    """What a host sees on its interface, and as tshark reads it."""

    END = b"the end of the capture"  # in a frame of a type that is left to experiments

    def __init__(self, host, expression):
        self.host, self.file = host, host.directory / f"capture-{time.monotonic_ns()}.pcap"
        # With room for a burst while it does not run; a place in it is as large as what is taken of a packet.
        self.program = host.start("tcpdump", "-i", "eth0", "-U", "--immediate-mode", "-Z", "root", "-B", "16384", "-s",
                                  "512", "-w", str(self.file), "ether proto 0x88b5 or (" + " ".join(expression) + ")",
                                  stream="stderr")
        self.program.wait_for("listening on")

    def packets(self, fields, only="not eth.type == 0x88b5"):
        """One list for each packet, of these fields' values. From any host that is not the one that captures."""
        other = next(each for each in self.host.network.hosts if each is not self.host)
        other.send([mac("ff:ff:ff:ff:ff:ff") + mac(other.mac) + b"\x88\xb5" + self.END.ljust(46)])
        until("the capture has ended", lambda: self.END in self.file.read_bytes())
        self.program.process.send_signal(signal.SIGINT)
        self.program.process.wait(DEADLINE)
        command = ["tshark", "-r", str(self.file), "-T", "fields", "-E", "separator=|"]
        for field in fields:
            command += ["-e", field]
        return [line.split("|") for line in run(*command, "-Y", only).splitlines()]


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ip(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


MARK = b"mpapi/ipfailover/1"  # by which two ipfailoverd know each other


def advertisement(sender, address):
    """To all nodes, as an ipfailoverd sends it."""
    target, everybody = ip(address), ip("ff02::1")
    options = b"\x02\x01" + mac(sender) + (b"\xfd\x03" + MARK).ljust(24, b"\x00")
    message = bytearray(struct.pack(">BBHI", 136, 0, 0, 0x20000000) + target + options)
    total = sum(struct.unpack(f">{(36 + len(message)) // 2}H", target + everybody + struct.pack(">HH", len(message), 58)
                              + message))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    message[2:4] = struct.pack(">H", total ^ 0xffff)
    return (mac("33:33:00:00:00:01") + mac(sender) + struct.pack(">HIHBB", 0x86dd, 0x60000000, len(message), 58, 255)
            + target + everybody + bytes(message))


def arp(sender, sender_ip, target_ip, operation=2, target="00:00:00:00:00:00", to="ff:ff:ff:ff:ff:ff"):
    return (mac(to) + mac(sender) + struct.pack(">HHHBBH", 0x0806, 1, 0x0800, 6, 4, operation) + mac(sender)
            + socket.inet_aton(sender_ip) + mac(target) + socket.inet_aton(target_ip))
