# SPDX-License-Identifier: LGPL-2.1-or-later
"""ipfailoverd as it is installed, a neighbour in a network namespace, and a service that answers on every address
with its node's name, with clients that note who answered and for how long nobody did."""

import json
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from namespaces import socket_in
from shell import CommandFailed, TooLate, sh, status, wait_for

UNIT = "ipfailoverd.service"
CONFIG = Path("/etc/mpapi/ipfailoverd.toml")
HELD = ("announcing", "online", "defending")
PORT = 7777
# Exit statuses of ipfailover(8).
CONFLICT, NO_INTERFACE, NO_PERMISSION, NOT_MANAGED, NO_DAEMON, NOT_LET_IN = 3, 4, 5, 6, 8, 9


def ended(*words, user=None):
    """(exit status, all that it said), as root or as this user."""
    line = " ".join(f"'{word}'" for word in words)
    become = f"setpriv --reuid={user} --regid=nogroup --clear-groups " if user else ""
    return status(f"{become}ipfailover {line}", timeout=120)


def ipfailover(*words, expect=0):
    """What it said, where it ended as expected."""
    code, told = ended(*words)
    if code != expect:
        raise CommandFailed(f"ipfailover {' '.join(words)} ended with {code}, not {expect}: {told}\n"
                            f"{journal()[-2000:]}")
    return told


def managed(address):
    """All about an address; None where it is not managed here."""
    told = sh(f"ipfailover --json status {address} 2>/dev/null", check=False)
    return json.loads(told) if told else None


def state(address):
    known = managed(address)
    return known["state"] if known else None


def all_states():
    """{address: state}."""
    return {one["address"].partition("/")[0]: one["state"]
            for one in json.loads(sh("ipfailover --json status"))["addresses"]}


def until_state(address, *states, deadline=60):
    return wait_for(f"{address} is {' or '.join(states)}", lambda: state(address) in states, deadline, every=0.1)


def announcements(address):
    return managed(address)["counters"]["announcements"]


def on_interface(address, interface, namespace=None):
    """What iproute2 tells of the address there; None where it is not."""
    where = f"-n {namespace} " if namespace else ""
    told = sh(f"ip {where}-j addr show dev {interface}", check=False)
    links = json.loads(told) if told else []
    return next((one for link in links for one in link.get("addr_info", ()) if one.get("local") == address), None)


def mac_of(interface, namespace=None):
    where = f"-n {namespace} " if namespace else ""
    return json.loads(sh(f"ip {where}-j link show dev {interface}"))[0]["address"]


def main_pid():
    return int(sh(f"systemctl show -P MainPID {UNIT}") or 0)


def kill():
    """As nothing can be done against. Gives the process that systemd started then, and after how many seconds it
    answered."""
    pid = main_pid()
    sh(f"kill -9 {pid}")
    began = time.monotonic()
    wait_for("another one runs", lambda: main_pid() not in (0, pid), deadline=60)
    ipfailover("status")
    return main_pid(), time.monotonic() - began


def journal(since="-10min"):
    sh("journalctl --sync")
    return sh(f"journalctl --no-pager -o cat --since='{since}' -u {UNIT}")


def configure(text):
    """Runs it with this file; `as_installed` undoes it."""
    saved = CONFIG.with_suffix(".installed")
    if not saved.exists():
        saved.write_text(CONFIG.read_text())
    CONFIG.write_text(text)


def as_installed():
    saved = CONFIG.with_suffix(".installed")
    if saved.exists():
        CONFIG.write_text(saved.read_text())
        saved.unlink()
    status(f"systemctl reset-failed {UNIT}; systemctl restart {UNIT}", timeout=120)


def nothing_managed():
    for address in all_states():
        ended("offline", address)


class Removals:
    """What the kernel told of addresses that went, while the block ran: {address}."""

    def __enter__(self):
        # On a tmpfs; a pipe would have to be read meanwhile.
        self.file = tempfile.NamedTemporaryFile(dir="/run", suffix=".monitor")
        self.process = subprocess.Popen(["ip", "-o", "monitor", "address"], stdout=self.file, stderr=subprocess.STDOUT)
        # It listens once it tells of this.
        sh("ip addr add 127.9.9.9/32 dev lo")
        wait_for("the monitor tells", lambda: "127.9.9.9" in self.text(), deadline=30)
        return self

    def __exit__(self, *_):
        sh("ip addr del 127.9.9.9/32 dev lo")
        wait_for("the monitor has told all", lambda: "127.9.9.9" in self.gone(), deadline=30)
        self.seen = self.gone() - {"127.9.9.9"}
        self.process.kill()
        self.process.wait()
        self.file.close()

    def text(self):
        return Path(self.file.name).read_text(errors="replace")

    def gone(self):
        return set(re.findall(r"^Deleted .* inet6? (\S+)/\d+ ", self.text(), re.M))


class Ears:
    """ARP as the neighbour hears it on an interface of its namespace."""

    def __init__(self, namespace, interface):
        self.socket = socket_in(namespace, socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.socket.bind((interface, 0x0806))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def announced(self, address, operation=2, seconds=30):
        """The hardware address of the next announcement in this form. Replies are made by ipfailoverd alone: kernels
        announce by requests."""
        end = time.monotonic() + seconds
        ip = socket.inet_aton(address)
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(256)
            except TimeoutError:
                break
            if len(data) < 28 or struct.unpack_from(">H", data, 6)[0] != operation:
                continue
            if data[14:18] == ip == data[24:28]:
                return data[8:14].hex(":")
        raise TooLate(f"no announcement of {address} within {seconds} s")


def claim(namespace, interface, address):
    """An ARP announcement by hand, as of a host there that takes the address without asking."""
    with socket_in(namespace, socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((interface, 0))
        hardware, ip = raw.getsockname()[4], socket.inet_aton(address)
        raw.send(bytes([255] * 6) + hardware + struct.pack(">HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + hardware + ip +
                 bytes(6) + ip)


class Service:
    """Answers on every address of this node, by UDP and TCP, with the node's name."""

    def __init__(self, name):
        self.name = name.encode()
        self.ending = False
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        self.datagrams.bind(("", PORT))
        self.listener = socket.create_server(("", PORT), family=socket.AF_INET6, dualstack_ipv6=True)
        for work in (self._answer_datagrams, self._accept):
            threading.Thread(target=work, daemon=True).start()

    def _answer_datagrams(self):
        while not self.ending:
            data, control, _, sender = self.datagrams.recvmsg(64, 256)
            try:  # from the address that was asked: control goes back as it came
                self.datagrams.sendmsg([self.name], control, 0, sender)
            except OSError:
                pass  # which has gone meanwhile

    def _accept(self):
        while not self.ending:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection:
            try:
                while connection.recv(64):
                    connection.send(self.name)
            except OSError:
                pass

    def end(self):
        self.ending = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", PORT))


def serve(name):
    """For a node that is told by peer.call; it serves until it ends."""
    Service(name)


class Connection:
    """A client's, from the namespace; it sends nothing unless it is asked to."""

    def __init__(self, namespace, address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket_in(namespace, family, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect((address, PORT))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ours(self):
        """As `ipfailover offline` tells it, and `tickle` takes it."""
        here, port, *_ = self.socket.getsockname()
        return f"{PORT},{here},{port}"

    def asks(self):
        self.socket.send(b"?")
        return self.socket.recv(64).decode()

    def was_reset(self, seconds=20):
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(64)
        except ConnectionResetError:
            return True
        except TimeoutError:
            pass
        return False


class Client:
    """Asks an address each few milliseconds, from a namespace. `answers` are the changes of who answered: (node, the
    seconds for which nobody had); `longest` is the longest gap since it was last reset."""

    EVERY = 0.01

    def __init__(self, namespace, address, kind):
        self.namespace, self.address, self.kind = namespace, address, kind
        self.answers, self.longest, self.ending = [], 0.0, False
        self.last = None  # (node, when)
        self.news = threading.Condition()
        self.thread = threading.Thread(target=self._datagrams if kind == "udp" else self._connections, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join(10)

    def _answered(self, node):
        now = time.monotonic()
        with self.news:
            gap = now - self.last[1] if self.last else 0.0
            self.longest = max(self.longest, gap)
            if not self.last or self.last[0] != node:
                self.answers.append((node, round(gap, 3)))
            self.last = (node, now)
            self.news.notify_all()

    def _datagrams(self):
        with socket_in(self.namespace) as here:
            here.connect((self.address, PORT))
            here.settimeout(self.EVERY)
            while not self.ending:
                began = time.monotonic()
                try:
                    here.send(b"?")
                    self._answered(here.recv(64).decode())
                except OSError:
                    pass
                time.sleep(max(0.0, began + self.EVERY - time.monotonic()))

    def _connections(self):
        """One, for as long as it lasts; then the next. Who gives no answer in a second is given up."""
        while not self.ending:
            try:
                with socket_in(self.namespace, kind=socket.SOCK_STREAM) as there:
                    there.settimeout(1)
                    there.connect((self.address, PORT))
                    while not self.ending:
                        there.send(b"?")
                        node = there.recv(64).decode()
                        if not node:
                            break
                        self._answered(node)
                        time.sleep(self.EVERY)
            except OSError:
                time.sleep(self.EVERY)

    def answered_by(self, node, deadline=120):
        """Waits for an answer of this node, and gives the seconds for which nobody had answered before it did."""
        with self.news:
            if not self.news.wait_for(lambda: self.last and self.last[0] == node, deadline):
                raise TooLate(f"not within {deadline} s: {node} answers {self.kind} to {self.address}; so far: "
                              f"{self.answers[-10:]}")
            return self.answers[-1][1]
